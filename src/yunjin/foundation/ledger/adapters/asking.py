"""Another process of a cell, asked over HTTP: who writes, and to hand the cell over."""

from typing import Any, Final

import httpx

from yunjin.chassis.transport import connect
from yunjin.foundation.ledger.api.members import Member
from yunjin.kernel.errors import Malformed, Outage, Unknown, of_document

_ANSWER_S: Final = 30  # what waits is served first


def members_at(address: str) -> list[Member]:
    """Return the processes of all cells, as one of them tells. Raises: Outage, Refusal."""
    found = _asked(address, "GET", "/v1/members", None)
    try:
        return [_member(one) for one in found["items"]]
    except (KeyError, TypeError, ValueError) as error:
        raise Malformed(f"expected a cell's process at {address}, was something else") from error


def ask_to_hand_over(writer: Member, to: str) -> Member:
    """Have the writer of a cell hand it over; return who has it then.

    to: the holder that gets it; "": whoever has read furthest.
    Raises: Outage, Unknown (ask who writes), Refusal.
    """
    body = {"epoch": writer.epoch, "to": to}
    return _member(_asked(writer.http, "POST", "/v1/cell/hand_over", body))


def _asked(address: str, method: str, path: str, body: Any) -> Any:
    try:
        with connect(address, timeout_s=_ANSWER_S) as client:
            answer = client.request(method, path, json=body)
            document = answer.json()
    except httpx.ConnectError as error:
        raise Outage(f"Nobody answers at {address}: {error}.") from error
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise Unknown(f"The answer of {address} was lost: {error}.") from error
    if answer.is_error:
        raise of_document(document)
    return document


def _member(one: dict[str, Any]) -> Member:
    return Member(
        cell=int(one["cell"]),
        holder=str(one["holder"]),
        http=str(one["http"]),
        flight=str(one["flight"]),
        sequence=int(one["sequence"]),
        seen_at_ns=int(one["seen_at_ns"]),
        epoch=int(one["epoch"]),
    )
