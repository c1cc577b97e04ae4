"""Points over HTTP: programmes, what a party earns and spends."""

import datetime as dt
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import Field

from yunjin.chassis.transport.values import Answer, Command, Exact, Key, facts_of, id_of
from yunjin.platforms.capability.api.points import (
    EARNINGS_MAX,
    POINTS_MAX,
    Earning,
    Entry,
    EntryKind,
    PointsAccount,
    PointsApi,
    PointsHold,
    PointsHoldState,
    Programme,
)
from yunjin.platforms.capability.routes.values import Cursor, Note
from yunjin.platforms.capability.routes.values import Limit as Count

Some = Annotated[int, Field(strict=True, ge=1, le=POINTS_MAX)]
Code = Annotated[str, Field(min_length=1, max_length=40, pattern="^[!-~]+$")]
Party = Annotated[str, Field(min_length=1, max_length=64, pattern="^[!-~]+$")]
Subject = Annotated[str, Field(max_length=80, pattern="^[!-~]*$")]


class ProgrammeForm(Command):
    """A programme to add or change."""

    programme: Programme


class EarningsForm(Command):
    """What points are earned by; each event earns once."""

    earnings: Annotated[list[Earning], Field(min_length=1, max_length=EARNINGS_MAX)]


class GrantForm(Command):
    """Points to be given."""

    programme: Code
    party_id: Party
    points: Some
    note: Annotated[str, Field(min_length=1, max_length=200)]
    expires: dt.date | None = None


class ReverseForm(Command):
    """Why points are taken back."""

    note: Note = ""


class PointsHoldForm(Command):
    """Points to be put aside; the hold's id is the command's."""

    programme: Code
    party_id: Party
    points: Some
    subject: Subject = ""


class GiveBackForm(Command):
    """How much of what was spent comes back."""

    points: Some


class TransferForm(Command):
    """Points to be moved to another party."""

    programme: Code
    from_id: Party
    to_id: Party
    points: Some


class PointsAccountOut(Answer):
    """A party's points in a programme."""

    programme: str
    party_id: str
    balance: Exact
    held: Exact
    owed: Exact
    came: Exact
    went: Exact
    soon: Exact
    soon_by: dt.date | None


class LotOut(Answer):
    """Points that end together; expires null: never."""

    expires: dt.date | None
    points: Exact
    left: Exact


class EntryOut(Answer):
    """A line of a party's account."""

    entry_id: UUID
    programme: str
    party_id: str
    kind: EntryKind
    points: Exact
    owed: Exact
    balance: Exact
    subject: str
    note: str
    rules: list[str]
    capped: Exact
    expires: dt.date | None
    reverses: UUID | None
    day: dt.date
    at: dt.datetime


class EntriesOut(Answer):
    """A page of entries."""

    items: list[EntryOut]
    next_cursor: str | None


class PointsHoldOut(Answer):
    """Points that are being spent, and what became of them."""

    hold_id: UUID
    programme: str
    party_id: str
    points: Exact
    returned: Exact
    state: PointsHoldState
    subject: str
    at: dt.datetime


class LiabilityOut(Answer):
    """What a programme's points would cost."""

    programme: str
    accounts: int
    points: Exact
    owed: Exact
    value_minor: Exact
    currency: str


class PointsRoutes:
    """The addresses of points."""

    def __init__(self, points: PointsApi) -> None:
        self._points = points

    def point_programmes(self) -> list[Programme]:
        """Return all programmes, by code."""
        return self._points.programmes()

    def put_point_programme(self, form: ProgrammeForm, key: Key = None) -> Programme:
        """Add a programme, or change one."""
        return self._points.put_programme(id_of(form, key), form.programme)

    def point_programme(self, code: str) -> Programme:
        """Return a programme."""
        return self._points.programme(code)

    def points_liability(self) -> list[LiabilityOut]:
        """Return what each programme's points would cost now."""
        return [LiabilityOut.model_validate(one) for one in self._points.liability()]

    def party_points(self, party_id: Party) -> list[PointsAccountOut]:
        """Return a party's accounts, by programme."""
        return [_account(one) for one in self._points.accounts(party_id)]

    def points_account(self, code: str, party_id: str) -> PointsAccountOut:
        """Return a party's account in a programme."""
        return _account(self._points.account(code, party_id))

    def points_lots(self, code: str, party_id: str) -> list[LotOut]:
        """Return the lots that have something left, those that end first in front."""
        return [LotOut.model_validate(one) for one in self._points.lots(code, party_id)]

    def points_entries(
        self, code: str, party_id: str, limit: Count = 50, cursor: Cursor = None
    ) -> EntriesOut:
        """Return an account's entries, newest first."""
        found = self._points.entries(code, party_id, limit=limit, cursor=cursor)
        return EntriesOut.model_validate(found)

    def earn_points(self, form: EarningsForm, key: Key = None) -> list[EntryOut]:
        """Earn points by events; answers are in their order."""
        found = self._points.earn_all(id_of(form, key), form.earnings)
        return [_entry(one) for one in found]

    def grant_points(self, form: GrantForm, key: Key = None) -> EntryOut:
        """Give points, whatever the rules."""
        return _entry(self._points.grant(id_of(form, key), **facts_of(form)))

    def points_entry(self, entry_id: UUID) -> EntryOut:
        """Return an entry."""
        return _entry(self._points.entry(entry_id))

    def reverse_points(self, entry_id: UUID, form: ReverseForm, key: Key = None) -> EntryOut:
        """Take back what an entry brought; what is spent already is owed."""
        return _entry(self._points.reverse(id_of(form, key), entry_id, form.note))

    def hold_points(self, form: PointsHoldForm, key: Key = None) -> PointsHoldOut:
        """Put points aside to be spent."""
        return _hold(self._points.hold(id_of(form, key), **facts_of(form)))

    def points_hold(self, hold_id: UUID) -> PointsHoldOut:
        """Return a hold of points."""
        return _hold(self._points.held(hold_id))

    def confirm_points(self, hold_id: UUID, form: Command, key: Key = None) -> PointsHoldOut:
        """Spend what is held."""
        return _hold(self._points.confirm(id_of(form, key), hold_id))

    def cancel_points(self, hold_id: UUID, form: Command, key: Key = None) -> PointsHoldOut:
        """Put what is held back into its lots."""
        return _hold(self._points.cancel(id_of(form, key), hold_id))

    def give_points_back(self, hold_id: UUID, form: GiveBackForm, key: Key = None) -> PointsHoldOut:
        """Give back a part of what was spent."""
        return _hold(self._points.give_back(id_of(form, key), hold_id, form.points))

    def transfer_points(self, form: TransferForm, key: Key = None) -> EntryOut:
        """Move points to another party, with the days they end on."""
        return _entry(self._points.transfer(id_of(form, key), **facts_of(form)))


def router(points: PointsApi) -> APIRouter:
    """Return the router of points."""
    made, to = APIRouter(tags=["points"]), PointsRoutes(points)
    made.get("/point_programmes")(to.point_programmes)
    made.post("/point_programmes", status_code=201)(to.put_point_programme)
    made.get("/point_programmes/{code}")(to.point_programme)
    made.get("/point_programmes/{code}/accounts/{party_id}")(to.points_account)
    made.get("/point_programmes/{code}/accounts/{party_id}/lots")(to.points_lots)
    made.get("/point_programmes/{code}/accounts/{party_id}/entries")(to.points_entries)
    made.get("/points/liability")(to.points_liability)
    made.get("/points/accounts")(to.party_points)
    made.post("/points/earnings", status_code=201)(to.earn_points)
    made.post("/points/grants", status_code=201)(to.grant_points)
    made.get("/points/entries/{entry_id}")(to.points_entry)
    made.post("/points/entries/{entry_id}/reverse")(to.reverse_points)
    made.post("/points/holds", status_code=201)(to.hold_points)
    made.get("/points/holds/{hold_id}")(to.points_hold)
    made.post("/points/holds/{hold_id}/confirm")(to.confirm_points)
    made.post("/points/holds/{hold_id}/cancel")(to.cancel_points)
    made.post("/points/holds/{hold_id}/give_back")(to.give_points_back)
    made.post("/points/transfers", status_code=201)(to.transfer_points)
    return made


def _account(one: PointsAccount) -> PointsAccountOut:
    return PointsAccountOut.model_validate(one)


def _entry(one: Entry) -> EntryOut:
    return EntryOut.model_validate(one)


def _hold(one: PointsHold) -> PointsHoldOut:
    return PointsHoldOut.model_validate(one)
