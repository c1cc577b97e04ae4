"""Reports: what there is, what ran last, running one now."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from nicegui import ui

from yunjin.chassis.console import (
    Address,
    Ask,
    Column,
    Filters,
    Markup,
    Row,
    Table,
    ask,
    box,
    empty,
    formats,
    html,
    markup,
    menu_button,
    notice_of,
    one_of,
    page,
    panel,
    person,
    static_table,
    t,
    title_row,
)
from yunjin.kernel.clock import Clock, nanoseconds
from yunjin.kernel.errors import Problem
from yunjin.kernel.ids import uuid7
from yunjin.platforms.capability.api.reports import Definition, ReportsApi, Run
from yunjin.platforms.capability.pages.price_words import named

PAGE_ROWS: Final = 50
SCHEDULE: Final = "schedule"  # who runs reports by themselves, as the centre writes it


class Reports:
    """One reader's list of reports."""

    def __init__(self, reports: ReportsApi, clock: Clock) -> None:
        self._reports, self._clock, self._address = reports, clock, Address()

    async def draw(self) -> None:
        """Lay the page."""
        every = await ask(self._reports.definitions)
        names = {one.code: name_of(one) for one in every}
        with title_row(t("report.reports"), note=t("report.reports_note")), box("yj-push"):
            deeds: dict[str, Callable[[], object]] = {
                name: partial(self._run, code) for code, name in names.items()
            }
            menu_button(t("report.run_it"), deeds)
        self._words = html("")
        with panel(classes="yj-panel-table"):
            last = await ask(self._last, list(names))
            rows = [definition_row(one, last.get(one.code)) for one in every]
            static_table(definition_columns(), rows, caption=t("report.reports"))
        with Filters(self._address, self._restart) as row:
            row.choice("report", t("report.choose"), t("report.all"), names)
            row.day("day", t("report.day"))
        with panel(t("report.runs")):
            self._names = names
            self._table = Table(
                run_columns(),
                self._load,
                caption=t("report.runs"),
                empty=lambda: empty(
                    t("report.no_runs"), hint=t("report.no_runs_hint"), icon="summarize"
                ),
                address=self._address,
            )
        await self._table.show()

    def _last(self, codes: Sequence[str]) -> dict[str, Run]:
        """Return the newest run of each report that has one."""
        return {code: run for code in codes for run in self._reports.runs(code=code, limit=1).items}

    async def _restart(self) -> None:
        await self._table.restart()

    async def _load(self, wanted: Ask) -> tuple[Sequence[Row], str | None]:
        said = self._address.all()
        found = await ask(
            self._reports.runs,
            code=said.get("report", ""),
            day=formats.parse_day(said.get("day", "")),
            limit=PAGE_ROWS,
            cursor=wanted.cursor,
        )
        return [run_row(one, self._names) for one in found.items], found.next_cursor

    async def _run(self, code: str) -> None:
        try:
            made = await ask(self._reports.run, uuid7(self._clock), code, by=person())
        except Problem as problem:
            self._words.set_content(str(notice_of(problem)))
            return
        ui.navigate.to(f"/reports/{made.run_id}")


def name_of(one: Definition) -> str:
    """Return a report's name."""
    return one_of(one.zh, one.en)


def by_words(one: Run) -> str:
    """Say who ran a report."""
    return t("report.by_schedule") if one.by == SCHEDULE else one.by or "—"


def definition_columns() -> list[Column]:
    """Return the columns of reports."""
    return [
        Column(key="report", label=t("report.report"), card="lead"),
        Column(key="source", label=t("report.source"), card="left"),
        Column(key="daily", label=t("report.daily"), card="side"),
        Column(key="last", label=t("report.last_run"), is_whole=True, card="right"),
    ]


def definition_row(one: Definition, last: Run | None) -> Row:
    """Return a report as a row."""
    shown: Markup | str = t("report.never")
    if last is not None:
        shown = markup.link(last.day.isoformat(), f"/reports/{last.run_id}")
    daily = t("report.is_daily") if one.is_daily else t("report.by_hand")
    return {
        "report": named(name_of(one), one.code),
        "source": one.source,
        "daily": markup.chip(daily, "info" if one.is_daily else "neutral"),
        "last": shown,
    }


def run_columns() -> list[Column]:
    """Return the columns of runs."""
    return [
        Column(key="run", label=t("report.run"), card="lead"),
        Column(key="day", label=t("report.day"), is_whole=True, card="side"),
        Column(key="rows", label=t("report.rows"), is_number=True, card="left"),
        Column(key="by", label=t("report.by"), card="right"),
        Column(key="at", label=t("report.at"), is_whole=True, card="line"),
        Column(key="hash", label=t("report.hash"), card="none"),
    ]


def run_row(one: Run, names: dict[str, str]) -> Row:
    """Return a run as a row."""
    return {
        "run": markup.link(names.get(one.code, one.code), f"/reports/{one.run_id}"),
        "day": one.day.isoformat(),
        "rows": formats.number(one.rows),
        "by": by_words(one),
        "at": formats.moment(nanoseconds(one.at)),
        "hash": markup.ident(one.hash, formats.shortened(one.hash)),
    }


def register(reports: ReportsApi, clock: Clock) -> None:
    """Put the list of reports on the console."""

    @page("/reports", title="report.reports", active="report.reports")
    async def listed() -> None:
        await Reports(reports, clock).draw()
