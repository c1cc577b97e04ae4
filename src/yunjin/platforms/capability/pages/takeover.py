"""Replacing an old core: the deliveries, and checking another one."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from yunjin.chassis.console import (
    Address,
    Ask,
    Column,
    Fields,
    Row,
    Table,
    ask,
    box,
    button,
    empty,
    formats,
    markup,
    page,
    panel,
    person_field,
    t,
    text_field,
    title_row,
    value_deed,
)
from yunjin.kernel.clock import Clock, nanoseconds
from yunjin.platforms.capability.api.takeover import Run, RunState, TakeoverApi
from yunjin.platforms.capability.errors.takeover import TakeoverNotFound
from yunjin.platforms.capability.pages.takeover_run import OneRun

PAGE_ROWS: Final = 50
_TONES: Final[dict[RunState, Any]] = {RunState.CHECKED: "good", RunState.REFUSED: "bad"}


class Runs:
    """One reader's list of deliveries."""

    def __init__(self, takeover: TakeoverApi, clock: Clock) -> None:
        self._takeover, self._clock = takeover, clock

    async def draw(self) -> None:
        """Lay the list."""
        with title_row(t("takeover.runs"), note=t("takeover.runs_note")), box("yj-push"):
            button(t("takeover.deed.check"), self._check, icon="fact_check", primary=True)
        with panel(classes="yj-panel-table"):
            self._table = Table(
                _columns(),
                self._load,
                caption=t("takeover.runs"),
                empty=lambda: empty(
                    t("takeover.no_runs"), hint=t("takeover.no_runs_hint"), icon="move_down"
                ),
                address=Address(),
            )
        await self._table.show()

    async def _load(self, wanted: Ask) -> tuple[Sequence[Row], str | None]:
        found = await ask(self._takeover.runs, limit=PAGE_ROWS, cursor=wanted.cursor)
        return [_row(one) for one in found.items], found.next_cursor

    async def _again(self) -> None:
        await self._table.restart()

    def _check(self) -> None:
        def build(fields: Fields) -> None:
            fields["source"] = text_field(t("takeover.source"), hint=t("takeover.source_hint"))
            fields["source"].props("autofocus maxlength=100")
            fields["person"] = person_field()

        def made(fields: Fields) -> tuple[str, str] | None:
            source, by = (str(fields[key].value or "").strip() for key in ("source", "person"))
            return (source, by) if source else None

        def keep(command_id: UUID, given: tuple[str, str]) -> Run:
            return self._takeover.check(command_id, given[0], by=given[1])

        value_deed(
            self._clock,
            "takeover",
            "check",
            build=build,
            made=made,
            effect=lambda given: t("takeover.effect.check", source=given[0]),
            keep=keep,
            done=self._again,
        )


def _columns() -> list[Column]:
    return [
        Column(key="run", label=t("takeover.run"), card="lead"),
        Column(key="at", label=t("takeover.checked_at"), is_whole=True, card="line"),
        Column(key="as_of", label=t("takeover.as_of"), is_whole=True),
        Column(key="agreements", label=t("takeover.agreements"), is_number=True),
        Column(key="refused", label=t("takeover.refused"), is_number=True, card="right"),
        Column(key="findings", label=t("takeover.findings"), is_number=True, card="right"),
        Column(key="state", label=t("takeover.state"), card="side"),
    ]


def _row(one: Run) -> Row:
    return {
        "run": markup.link(f"{one.name} · {one.source}", f"/takeover/{one.run_id}"),
        "at": formats.moment(nanoseconds(one.at)),
        "as_of": one.as_of.isoformat(),
        "agreements": formats.number(one.agreements),
        "refused": formats.number(one.refused),
        "findings": formats.number(sum(one.findings.values())),
        "state": markup.chip(t(f"takeover.run_state.{one.state.value}"), _TONES[one.state]),
    }


def register(takeover: TakeoverApi, clock: Clock) -> None:
    """Put the pages of replacing an old core on the console."""

    @page("/takeover", title="takeover.runs", active="takeover.runs")
    async def runs() -> None:
        await Runs(takeover, clock).draw()

    @page("/takeover/{run_id}", title="takeover.run", active="takeover.runs")
    async def run(run_id: str) -> None:
        try:
            number = UUID(run_id)
        except ValueError:
            raise TakeoverNotFound("There is no such run.", run_id=run_id[:40]) from None
        await OneRun(takeover, clock, number).draw()
