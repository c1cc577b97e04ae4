"""Reports over HTTP: defined, run, read, compared, taken away."""

import datetime as dt
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import Field

from yunjin.chassis.transport.values import Answer, Command, Key, exact, facts_of, id_of
from yunjin.platforms.capability.api.reports import (
    Changed,
    Definition,
    Form,
    ReportsApi,
    Run,
    Source,
    SourceColumn,
)
from yunjin.platforms.capability.routes.values import Code, Cursor
from yunjin.platforms.capability.routes.values import Limit as Count

_MEDIA = {Form.CSV: "text/csv; charset=utf-8", Form.JSON: "application/json"}
Version = Annotated[int, Query(ge=0, le=2**31 - 1)]
Who = Annotated[str, Field(max_length=64)]
Wire = str | int  # numbers beyond 2^53-1 as strings


class DefinitionForm(Command):
    """A report to add, or a version of one."""

    definition: Definition


class RunForm(Command):
    """A report to run as of a business date; null: today's."""

    day: dt.date | None = None
    by: Who = ""


class RunOut(Answer):
    """A report as it ran."""

    run_id: UUID
    code: str
    version: int
    day: dt.date
    rows: int
    source_rows: int
    hash: str
    source_hash: str
    by: str
    at: dt.datetime


class RunsOut(Answer):
    """A page of runs."""

    items: list[RunOut]
    next_cursor: str | None


class TableOut(Answer):
    """A run's rows: dimensions, then measures; money in minor units."""

    columns: list[SourceColumn]
    rows: list[list[Wire]]


class ChangedOut(Answer):
    """A group that differs; null: it is not in that run."""

    key: list[Wire]
    before: list[Wire] | None
    after: list[Wire] | None


class DifferenceOut(Answer):
    """What differs between two runs."""

    before: RunOut
    after: RunOut
    columns: list[SourceColumn]
    same: int
    changed: list[ChangedOut]


class VerifiedOut(Answer):
    """Whether a run made anew from what is kept is the same, to the byte."""

    is_same: bool


class ReportRoutes:
    """The addresses of reports."""

    def __init__(self, reports: ReportsApi) -> None:
        self._reports = reports

    def report_sources(self) -> list[Source]:
        """Return what reports can be made of here."""
        return self._reports.sources()

    def reports(self) -> list[Definition]:
        """Return all reports, by code."""
        return self._reports.definitions()

    def define_report(self, form: DefinitionForm, key: Key = None) -> Definition:
        """Add a report, or a version of one."""
        return self._reports.define(id_of(form, key), form.definition)

    def report(self, code: str, version: Version = 0) -> Definition:
        """Return a report's definition, 0 for the newest."""
        return self._reports.definition(code, version)

    def run_report(self, code: str, form: RunForm, key: Key = None) -> RunOut:
        """Run a report; the run's id is the command's."""
        return _run(self._reports.run(id_of(form, key), code, **facts_of(form)))

    def report_runs(
        self,
        code: Code = "",
        day: dt.date | None = None,
        limit: Count = 50,
        cursor: Cursor = None,
    ) -> RunsOut:
        """Return runs, newest first."""
        found = self._reports.runs(code=code, day=day, limit=limit, cursor=cursor)
        return RunsOut.model_validate(found)

    def report_run(self, run_id: UUID) -> RunOut:
        """Return a run."""
        return _run(self._reports.result(run_id))

    def report_table(self, run_id: UUID) -> TableOut:
        """Return a run's rows."""
        found = self._reports.table(run_id)
        return TableOut(columns=list(found.columns), rows=[_wire(row) for row in found.rows])

    def verify_report_run(self, run_id: UUID) -> VerifiedOut:
        """Make a run anew from what is kept of its source."""
        return VerifiedOut(is_same=self._reports.verify(run_id))

    def compare_report_runs(self, run_id: UUID, other_id: UUID) -> DifferenceOut:
        """Return what differs between a run and a later one."""
        found = self._reports.difference(run_id, other_id)
        return DifferenceOut(
            before=_run(found.before),
            after=_run(found.after),
            columns=list(found.columns),
            same=found.same,
            changed=[_changed(one) for one in found.changed],
        )

    def report_file(self, run_id: UUID, form: Form = Form.CSV) -> Response:
        """Return a run as a file."""
        run = self._reports.result(run_id)
        name = f"{run.code}-{run.day}.{form.value}"
        return Response(
            self._reports.export(run_id, form),
            media_type=_MEDIA[form],
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )


def router(reports: ReportsApi) -> APIRouter:
    """Return the router of reports."""
    made, to = APIRouter(tags=["reports"]), ReportRoutes(reports)
    made.get("/report_sources")(to.report_sources)
    made.get("/reports")(to.reports)
    made.post("/reports", status_code=201)(to.define_report)
    made.get("/reports/{code}")(to.report)
    made.post("/reports/{code}/runs", status_code=201)(to.run_report)
    made.get("/report_runs")(to.report_runs)
    made.get("/report_runs/{run_id}")(to.report_run)
    made.get("/report_runs/{run_id}/table")(to.report_table)
    made.get("/report_runs/{run_id}/verify")(to.verify_report_run)
    made.get("/report_runs/{run_id}/difference/{other_id}")(to.compare_report_runs)
    made.get("/report_runs/{run_id}/file", response_class=Response)(to.report_file)
    return made


def _run(one: Run) -> RunOut:
    return RunOut.model_validate(one)


def _wire(row: tuple[str | int, ...]) -> list[Wire]:
    return [exact(cell) if isinstance(cell, int) else cell for cell in row]


def _changed(one: Changed) -> ChangedOut:
    return ChangedOut(
        key=_wire(one.key),
        before=None if one.before is None else _wire(one.before),
        after=None if one.after is None else _wire(one.after),
    )
