"""Another process of a cell, asked over HTTP: who writes, to hand the cell over, to split it."""

from typing import Any, Final

import httpx

from yunjin.chassis.transport import connect
from yunjin.foundation.ledger.api.members import Member
from yunjin.foundation.ledger.api.splits import WAIT_S_MAX, SplitState
from yunjin.foundation.ledger.errors import SplitRefused, SplitWaits
from yunjin.kernel.errors import Malformed, Outage, Unknown, of_document
from yunjin.kernel.shares import Share

_ANSWER_S: Final = 30  # what waits is served first


def members_at(address: str) -> list[Member]:
    """Return the processes of all cells, as one of them tells. Raises: Outage, Refusal."""
    found = _asked(address, "GET", "/v1/members", None)
    try:
        return [member_of(one) for one in found["items"]]
    except (KeyError, TypeError, ValueError) as error:
        raise Malformed(f"expected a cell's process at {address}, was something else") from error


def ask_to_hand_over(writer: Member, to: str) -> Member:
    """Have the writer of a cell hand it over; return who has it then.

    to: the holder that gets it; "": whoever has read furthest.
    Raises: Outage, Unknown (ask who writes), Refusal.
    """
    body = {"epoch": writer.epoch, "to": to}
    return member_of(_asked(writer.http, "POST", "/v1/cell/hand_over", body))


def ask_to_split(writer: Member, into: int, to: str, wait_s: float) -> SplitState:
    """Have the writer of a cell split it, or go on; return how far that has come.

    to: the holder that gets the new half; "": whoever has read furthest.
    Raises: Outage, Unknown (ask again), Refusal.
    """
    body = {"epoch": writer.epoch, "into": into, "to": to, "wait_s": min(wait_s, WAIT_S_MAX)}
    found = _asked(writer.http, "POST", "/v1/cell/split", body)
    found["writer"] = None if found["writer"] is None else member_of(found["writer"])
    return SplitState(**found)


def ask_to_give_up(writer: Member, into: int) -> None:
    """Have the writer of a cell delete what it copied for a split that was not done."""
    body = {"epoch": writer.epoch, "into": into}
    _asked(writer.http, "POST", "/v1/cell/split/give_up", body)


def _asked(address: str, method: str, path: str, body: Any) -> Any:
    try:
        with connect(address, timeout_s=_ANSWER_S) as client:
            answer = client.request(method, path, json=body)
            document = answer.json() if answer.content else {}
    except httpx.ConnectError as error:
        raise Outage(f"Nobody answers at {address}: {error}.") from error
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise Unknown(f"The answer of {address} was lost: {error}.") from error
    if answer.is_error:
        raise of_document(document, known=(SplitWaits, SplitRefused))
    return document


def member_of(one: dict[str, Any]) -> Member:
    """Return a member as another process tells of it. Raises: KeyError, TypeError, ValueError."""
    return Member(
        cell=int(one["cell"]),
        holder=str(one["holder"]),
        http=str(one["http"]),
        flight=str(one["flight"]),
        sequence=int(one["sequence"]),
        seen_at_ns=int(one["seen_at_ns"]),
        epoch=int(one["epoch"]),
        version=str(one.get("version", "")),  # an older process does not tell
        form=int(one.get("form", 0)),
        share=Share(int(one["home"]), int(one["depth"]), int(one["residue"]))
        if "home" in one
        else None,
    )
