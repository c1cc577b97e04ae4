"""Who serves which cell, over HTTP and Flight: asked by clients that look for a writer."""

from functools import partial
from typing import Any, Self

from fastapi import APIRouter
from pydantic import Field

from yunjin.chassis.transport.streams import Action
from yunjin.chassis.transport.values import Digits, Form
from yunjin.foundation.ledger.api.members import Member, MembersApi
from yunjin.foundation.ledger.routes.values import Answer
from yunjin.kernel.errors import Malformed


class MemberOut(Answer):
    """A process that serves a cell."""

    cell: int
    holder: str
    http: str
    flight: str
    sequence: int
    seen_at_ns: Digits
    epoch: int
    writes: bool
    version: str
    form: int
    home: int
    depth: int
    residue: int

    @classmethod
    def of(cls, one: Member) -> Self:
        return cls(
            cell=one.cell,
            holder=one.holder,
            http=one.http,
            flight=one.flight,
            sequence=one.sequence,
            seen_at_ns=one.seen_at_ns,
            epoch=one.epoch,
            writes=one.writes,
            version=one.version,
            form=one.form,
            home=one.serves.home,
            depth=one.serves.depth,
            residue=one.serves.residue,
        )


class HandOver(Form):
    """Which lease is given up, and to whom."""

    epoch: int = Field(ge=1, description="The epoch of the lease, as `GET /members` tells it.")
    to: str = Field("", max_length=200, description="Holder that gets it; else who read furthest.")


class MembersOut(Answer):
    """The processes of all cells, those that write a cell first."""

    items: list[MemberOut]

    @classmethod
    def of(cls, members: list[Member]) -> Self:
        return cls(items=[MemberOut.of(one) for one in members])


def router(api: MembersApi) -> APIRouter:
    """Return the router of `GET /members`."""
    made = APIRouter(tags=["ledger"])

    @made.get("/members")
    def members() -> MembersOut:
        """Return the processes of every cell, and where each is reached."""
        return MembersOut.of(api.members())

    @made.post("/cell/hand_over")
    def hand_over(form: HandOver) -> MemberOut:
        """Let another process of the cell write it from now on."""
        return MemberOut.of(api.hand_over(form.epoch, form.to))

    return made


def actions(api: MembersApi) -> dict[str, Action]:
    """Return the same over Flight."""
    return {
        "members": Action(
            "List the processes of every cell.",
            lambda _: MembersOut.of(api.members()).model_dump_json().encode(),
        ),
        "hand_over": Action(
            'Let another process of the cell write it: {"epoch", "to"}.', partial(_hand_over, api)
        ),
    }


def _hand_over(api: MembersApi, asked: Any) -> bytes:
    try:
        form = HandOver.model_validate(asked)
    except ValueError:
        raise Malformed('expected {"epoch": a number from 1 on, "to": a holder}') from None
    return MemberOut.of(api.hand_over(form.epoch, form.to)).model_dump_json().encode()
