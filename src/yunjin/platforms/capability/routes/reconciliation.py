"""Reconciliation over HTTP: a channel's file as the body, its run and differences, their cures."""

import datetime as dt
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Query
from pydantic import Field

from yunjin.chassis.transport.values import Answer, Command, CommandId, Exact, Int63, Key, id_of
from yunjin.platforms.capability.api.reconciliation import (
    CsvMapping,
    Cure,
    Difference,
    DifferenceKind,
    ReconciliationApi,
    Run,
)
from yunjin.platforms.capability.routes.values import Code, Cursor, Limit

File = Annotated[bytes, Body(media_type="application/octet-stream", max_length=256 << 20)]
Name = Annotated[str, Field(max_length=80)]
Names = Annotated[tuple[Name, ...], Field(max_length=20)]


class MappingForm(Command):
    """How a channel's CSV is read: names of its columns, "" where it has none."""

    reference: Name = ""
    end_to_end_id: Name = ""
    batch: Name = ""
    line_id: Name = ""
    amount: Name = "amount"
    fee: Name = ""
    currency: Name = "CNY"
    date: Name = ""
    side: Name = ""
    state: Name = ""
    account: Name = ""
    amount_is_minor: bool = False
    inward: Names = CsvMapping().inward
    settled: Names = CsvMapping().settled
    rejected: Names = CsvMapping().rejected
    returned: Names = CsvMapping().returned
    date_format: Name = "%Y-%m-%d"
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    encoding: Name = "utf8"


class MappingOut(Answer):
    """How a channel's CSV is read."""

    reference: str
    end_to_end_id: str
    batch: str
    line_id: str
    amount: str
    fee: str
    currency: str
    date: str
    side: str
    state: str
    account: str
    amount_is_minor: bool
    inward: list[str]
    settled: list[str]
    rejected: list[str]
    returned: list[str]
    date_format: str
    delimiter: str
    encoding: str


class SettleForm(Command):
    """What is done about a difference, and why. agreement_id: whom "book" books it to."""

    cure: Cure
    reason: Annotated[str, Field(min_length=1, max_length=200)]
    by: Annotated[str, Field(min_length=1, max_length=64)]
    agreement_id: Int63 = 0


class TotalOut(Answer):
    """Both sides in a currency; explained: what the differences come to."""

    currency: str
    theirs_count: int
    theirs_minor: Exact
    ours_count: int
    ours_minor: Exact
    matched_count: int
    explained_minor: Exact
    gap_minor: Exact


class RunOut(Answer):
    """A file that was reconciled, with all that came for its day before."""

    run_id: UUID
    channel: str
    day: dt.date
    file_id: str
    name: str
    lines: int
    files: int
    matched: int
    found: int
    settled: int
    cleared: int
    totals: list[TotalOut]
    seconds: float
    at: dt.datetime


class RunsOut(Answer):
    """A page of runs."""

    items: list[RunOut]
    next_cursor: str | None


class DifferenceOut(Answer):
    """A difference. state: "open", "settled" or "cleared"."""

    difference_id: UUID
    run_id: UUID
    channel: str
    day: dt.date
    kind: DifferenceKind
    currency: str
    theirs_minor: Exact
    ours_minor: Exact
    reference: str
    payment_id: UUID | None
    detail: str
    cure: Cure
    state: str
    reason: str
    by: str
    at: dt.datetime
    settled_at: dt.datetime | None


class DifferencesOut(Answer):
    """A page of differences."""

    items: list[DifferenceOut]
    next_cursor: str | None


class CountOut(Answer):
    """How many differences of a kind a day has."""

    kind: DifferenceKind
    found: int
    open: int


class ReconciliationRoutes:
    """The addresses of reconciliation."""

    def __init__(self, centre: ReconciliationApi) -> None:
        self._centre = centre

    def reconcile(
        self,
        content: File,
        command_id: CommandId,
        channel: Annotated[str, Query(min_length=1, max_length=40)],
        day: dt.date | None = None,
    ) -> RunOut:
        """Hold a channel's file (camt.053, camt.054, CSV) against payments and ledger."""
        return _run(self._centre.reconcile(command_id, channel, content, day=day))

    def runs(self, channel: Code = "", limit: Limit = 50, cursor: Cursor = None) -> RunsOut:
        """Return runs, newest first."""
        return RunsOut.model_validate(
            self._centre.runs(channel=channel, limit=limit, cursor=cursor)
        )

    def run(self, run_id: UUID) -> RunOut:
        """Return a run."""
        return _run(self._centre.run(run_id))

    def counts(self, run_id: UUID) -> list[CountOut]:
        """Return how many differences of each kind the run's day has."""
        return [
            CountOut(kind=kind, found=count, open=still)
            for kind, count, still in self._centre.counts(run_id)
        ]

    def differences(
        self,
        run_id: UUID | None = None,
        kind: DifferenceKind | None = None,
        state: Annotated[str, Query(pattern="^(|open|settled|cleared)$")] = "",
        limit: Limit = 50,
        cursor: Cursor = None,
    ) -> DifferencesOut:
        """Return differences, newest first."""
        found = self._centre.differences(
            run_id=run_id, kind=kind, state=state, limit=limit, cursor=cursor
        )
        return DifferencesOut.model_validate(found)

    def difference(self, difference_id: UUID) -> DifferenceOut:
        """Return a difference."""
        return _difference(self._centre.difference(difference_id))

    def settle(self, difference_id: UUID, form: SettleForm, key: Key = None) -> DifferenceOut:
        """Settle a difference with a reason; do what the cure asks for."""
        return _difference(
            self._centre.settle(
                id_of(form, key),
                difference_id,
                form.cure,
                reason=form.reason,
                by=form.by,
                agreement_id=form.agreement_id,
            )
        )

    def mapping(self, channel: str) -> MappingOut:
        """Return how a channel's CSV is read."""
        return MappingOut.model_validate(self._centre.mapping(channel))

    def put_mapping(self, channel: str, form: MappingForm, key: Key = None) -> MappingOut:
        """Keep how a channel's CSV is read."""
        mapping = CsvMapping(**form.model_dump(exclude={"id"}))
        kept = self._centre.put_mapping(id_of(form, key), channel, mapping)
        return MappingOut.model_validate(kept)


def router(centre: ReconciliationApi) -> APIRouter:
    """Return the router of reconciliation."""
    made = APIRouter(prefix="/reconciliations", tags=["reconciliation"])
    to = ReconciliationRoutes(centre)
    made.post("")(to.reconcile)
    made.get("")(to.runs)
    made.get("/differences")(to.differences)
    made.get("/differences/{difference_id}")(to.difference)
    made.post("/differences/{difference_id}/settle")(to.settle)
    made.get("/mappings/{channel}")(to.mapping)
    made.put("/mappings/{channel}")(to.put_mapping)
    made.get("/{run_id}")(to.run)
    made.get("/{run_id}/counts", operation_id="reconciliation_counts")(to.counts)
    return made


def _run(one: Run) -> RunOut:
    return RunOut.model_validate(one)


def _difference(one: Difference) -> DifferenceOut:
    return DifferenceOut.model_validate(one)
