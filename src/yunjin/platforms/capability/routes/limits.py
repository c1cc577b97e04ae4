"""Limits over HTTP: trees, holds, what becomes of them."""

import datetime as dt
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import Field

from yunjin.chassis.transport.values import Answer, Command, Exact, Form, Key, facts_of, id_of
from yunjin.kernel.money import MINOR_MAX
from yunjin.platforms.capability.api.limits import (
    Hold,
    HoldState,
    Limit,
    LimitsApi,
    LimitState,
    NewLimit,
    Period,
    Reservation,
)
from yunjin.platforms.capability.routes.values import Amount, Code, Cursor, Name, Note
from yunjin.platforms.capability.routes.values import Limit as Count

Ceiling = Annotated[int, Field(strict=True, ge=0, le=MINOR_MAX)]
Kind = Annotated[str, Field(min_length=1, max_length=40, pattern="^[!-~]+$")]
Currency = Annotated[str, Field(pattern="^[A-Z]{3}$")]


class LimitForm(Command):
    """A limit to open; its id is the command's."""

    name: Name
    kind: Kind
    currency: Currency
    ceiling_minor: Ceiling
    parent_id: UUID | None = None
    party_id: Code = ""
    period: Period = Period.ALL
    since: dt.date | None = None
    until: dt.date | None = None


class LimitChangeForm(Command):
    """A limit's other ceiling or end; null: as it is."""

    ceiling_minor: Ceiling | None = None
    until: dt.date | None = None
    note: Note = ""


class NotedForm(Command):
    """A command with a word why."""

    note: Note = ""


class LimitOut(Answer):
    """A limit as it stands now. path: ids from the root to itself."""

    limit_id: UUID
    path: list[UUID]
    name: str
    kind: str
    currency: str
    party_id: str
    period: Period
    since: dt.date | None
    until: dt.date | None
    state: LimitState
    ceiling_minor: Exact
    held_minor: Exact
    used_minor: Exact
    left_minor: Exact


class LimitsOut(Answer):
    """A page of limits."""

    items: list[LimitOut]
    next_cursor: str | None


class HoldForm(Command):
    """A part of a limit that is wanted; the hold's id is the command's."""

    limit_id: UUID
    amount_minor: Amount
    subject: Annotated[str, Field(max_length=80, pattern="^[ -~]*$")] = ""


class ReservationForm(Form):
    """One hold of many."""

    hold_id: UUID
    limit_id: UUID
    amount_minor: Amount
    subject: Annotated[str, Field(max_length=80, pattern="^[ -~]*$")] = ""


class ReservationsForm(Command):
    """Many holds, each by itself and under its own id."""

    holds: Annotated[list[ReservationForm], Field(min_length=1, max_length=10_000)]


class ReservedOut(Answer):
    """What came of one. status: reserved, exists, exists_otherwise, limit_not_found, …"""

    hold_id: UUID
    status: str
    limit_id: UUID | None
    left_minor: Exact


class UseForm(Command):
    """How much of a hold is used; null: all of it."""

    amount_minor: Amount | None = None


class RestoreForm(Command):
    """How much of what was used comes back."""

    amount_minor: Amount


class HoldOut(Answer):
    """A hold, and what became of it."""

    hold_id: UUID
    limit_id: UUID
    amount_minor: Exact
    used_minor: Exact
    restored_minor: Exact
    state: HoldState
    subject: str
    at: dt.datetime


class HoldsOut(Answer):
    """A page of holds."""

    items: list[HoldOut]
    next_cursor: str | None


class LimitRoutes:
    """The addresses of limits."""

    def __init__(self, limits: LimitsApi) -> None:
        self._limits = limits

    def limits(
        self, party_id: Code = "", roots: bool = False, limit: Count = 50, cursor: Cursor = None
    ) -> LimitsOut:
        """Return limits, newest first: a party's, or the roots."""
        found = self._limits.limits(party_id=party_id, roots=roots, limit=limit, cursor=cursor)
        return LimitsOut.model_validate(found)

    def open_limit(self, form: LimitForm, key: Key = None) -> LimitOut:
        """Open a limit."""
        return _out(self._limits.open(id_of(form, key), NewLimit(**facts_of(form))))

    def limit(self, limit_id: UUID) -> LimitOut:
        """Return a limit."""
        return _out(self._limits.limit(limit_id))

    def tree(self, limit_id: UUID) -> list[LimitOut]:
        """Return a limit and all below it, parents first."""
        return [_out(one) for one in self._limits.below(limit_id)]

    def change_limit(self, limit_id: UUID, form: LimitChangeForm, key: Key = None) -> LimitOut:
        """Set another ceiling or end."""
        return _out(self._limits.change(id_of(form, key), limit_id, **facts_of(form)))

    def freeze(self, limit_id: UUID, form: NotedForm, key: Key = None) -> LimitOut:
        """Let nothing new be reserved here or below."""
        return _out(self._limits.freeze(id_of(form, key), limit_id, form.note))

    def thaw(self, limit_id: UUID, form: NotedForm, key: Key = None) -> LimitOut:
        """Open a frozen limit again."""
        return _out(self._limits.thaw(id_of(form, key), limit_id, form.note))

    def close_limit(self, limit_id: UUID, form: Command, key: Key = None) -> LimitOut:
        """Close a limit that nothing is reserved or used of."""
        return _out(self._limits.close(id_of(form, key), limit_id))

    def limit_holds(self, limit_id: UUID, limit: Count = 50, cursor: Cursor = None) -> HoldsOut:
        """Return a limit's own holds, newest first."""
        return HoldsOut.model_validate(self._limits.holds(limit_id, limit=limit, cursor=cursor))

    def reserve(self, form: HoldForm, key: Key = None) -> HoldOut:
        """Reserve a part of a limit, and of all above it."""
        command_id = id_of(form, key)
        return _hold(
            self._limits.reserve(command_id, form.limit_id, form.amount_minor, form.subject)
        )

    def reserve_all(self, form: ReservationsForm, key: Key = None) -> list[ReservedOut]:
        """Reserve many, each by itself; answers are in their order."""
        wanted = [Reservation(**one.model_dump()) for one in form.holds]
        return [
            ReservedOut(
                hold_id=one.hold_id,
                status=one.status.name.lower(),
                limit_id=one.limit_id,
                left_minor=one.left_minor,
            )
            for one in self._limits.reserve_all(id_of(form, key), wanted)
        ]

    def hold(self, hold_id: UUID) -> HoldOut:
        """Return a hold."""
        return _hold(self._limits.hold(hold_id))

    def confirm(self, hold_id: UUID, form: UseForm, key: Key = None) -> HoldOut:
        """Use a hold, or a part of it; the rest is free again."""
        return _hold(self._limits.confirm(id_of(form, key), hold_id, form.amount_minor))

    def cancel(self, hold_id: UUID, form: Command, key: Key = None) -> HoldOut:
        """Give a hold back unused."""
        return _hold(self._limits.cancel(id_of(form, key), hold_id))

    def restore(self, hold_id: UUID, form: RestoreForm, key: Key = None) -> HoldOut:
        """Give back a part of what a hold was used for."""
        return _hold(self._limits.restore(id_of(form, key), hold_id, form.amount_minor))


def router(limits: LimitsApi) -> APIRouter:
    """Return the router of limits."""
    made, to = APIRouter(tags=["limits"]), LimitRoutes(limits)
    made.get("/limits")(to.limits)
    made.post("/limits", status_code=201)(to.open_limit)
    made.get("/limits/{limit_id}")(to.limit)
    made.get("/limits/{limit_id}/tree")(to.tree)
    made.get("/limits/{limit_id}/holds")(to.limit_holds)
    made.post("/limits/{limit_id}/change")(to.change_limit)
    made.post("/limits/{limit_id}/freeze")(to.freeze)
    made.post("/limits/{limit_id}/thaw")(to.thaw)
    made.post("/limits/{limit_id}/close")(to.close_limit)
    made.post("/limit_holds", status_code=201)(to.reserve)
    made.post("/limit_holds/batch")(to.reserve_all)
    made.get("/limit_holds/{hold_id}")(to.hold)
    made.post("/limit_holds/{hold_id}/confirm")(to.confirm)
    made.post("/limit_holds/{hold_id}/cancel")(to.cancel)
    made.post("/limit_holds/{hold_id}/restore")(to.restore)
    return made


def _out(one: Limit) -> LimitOut:
    return LimitOut.model_validate(one)


def _hold(one: Hold) -> HoldOut:
    return HoldOut.model_validate(one)
