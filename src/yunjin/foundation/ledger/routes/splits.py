"""Splitting a cell over HTTP: asked of the process that writes it, again until it is done."""

from fastapi import APIRouter
from pydantic import Field

from yunjin.chassis.transport.values import Form
from yunjin.foundation.ledger.api.splits import WAIT_S_MAX, SplitApi, SplitState
from yunjin.foundation.ledger.routes.members import MemberOut
from yunjin.foundation.ledger.routes.values import Answer
from yunjin.kernel.ids import CELL_MAX


class SplitForm(Form):
    """Which lease the cell is split under, and into which new cell."""

    epoch: int = Field(ge=1, description="The epoch of the lease, as `GET /members` tells it.")
    into: int = Field(ge=1, le=CELL_MAX, description="Number of the new cell, which none has yet.")
    to: str = Field("", max_length=200, description="Holder that gets it; else who read furthest.")
    wait_s: float = Field(
        10.0,
        ge=0,
        le=WAIT_S_MAX,
        description="How long to wait before telling how far it has come.",
    )


class GiveUp(Form):
    """Which copy is deleted that no split came of."""

    epoch: int = Field(ge=1, description="The epoch of the lease, as `GET /members` tells it.")
    into: int = Field(ge=1, le=CELL_MAX, description="Number of the cell that was not made.")


class SplitOut(Answer):
    """How far a split has come; ask again until `is_done`."""

    cell: int
    into: int
    is_done: bool
    row_count: int
    rows_left: int
    says: str
    pause_ms: int
    writer: MemberOut | None

    @classmethod
    def of(cls, state: SplitState) -> "SplitOut":
        return cls(
            cell=state.cell,
            into=state.into,
            is_done=state.is_done,
            row_count=state.row_count,
            rows_left=state.rows_left,
            says=state.says,
            pause_ms=state.pause_ms,
            writer=None if state.writer is None else MemberOut.of(state.writer),
        )


def router(api: SplitApi) -> APIRouter:
    """Return the router of `POST /cell/split`."""
    made = APIRouter(tags=["ledger"])

    @made.post("/cell/split")
    def split(form: SplitForm) -> SplitOut:
        """Give half of this cell's accounts to a new cell, or go on with that."""
        return SplitOut.of(api.split(form.epoch, form.into, to=form.to, wait_s=form.wait_s))

    @made.post("/cell/split/give_up", status_code=204)
    def give_up(form: GiveUp) -> None:
        """Delete what was copied for a split that was not done."""
        api.give_up(form.epoch, form.into)

    return made
