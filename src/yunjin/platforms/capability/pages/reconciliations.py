"""Reconciliation: which files were held against the books, and holding another one."""

from collections.abc import Sequence
from typing import Final

from yunjin.chassis.console import (
    Address,
    Ask,
    Column,
    Markup,
    Row,
    Table,
    ask,
    box,
    choice_field,
    empty,
    formats,
    html,
    markup,
    page,
    panel,
    t,
    title_row,
)
from yunjin.kernel.clock import Clock, nanoseconds
from yunjin.kernel.ids import uuid7
from yunjin.platforms.capability.api.clearing import ClearingApi
from yunjin.platforms.capability.api.reconciliation import ReconciliationApi, Run
from yunjin.platforms.capability.pages.uploads import upload_button

PAGE_ROWS: Final = 50
BYTES_MAX: Final = 256 << 20


class Reconciliations:
    """One reader's list of runs."""

    def __init__(self, centre: ReconciliationApi, clearing: ClearingApi, clock: Clock) -> None:
        self._centre, self._clearing, self._clock = centre, clearing, clock
        self._address = Address()

    async def draw(self) -> None:
        """Lay the list."""
        names = [one.terms.channel for one in await ask(self._clearing.channels)]
        with title_row(t("reconciliation.runs"), note=t("reconciliation.runs_note")):
            if names:
                self._offer(names)
        self._said = html("").props('role="status"')
        with panel(classes="yj-panel-table"):
            table = Table(
                _columns(),
                self._load,
                caption=t("reconciliation.runs"),
                empty=lambda: empty(
                    t("reconciliation.none"), hint=t("reconciliation.none_hint"), icon="rule"
                ),
                address=self._address,
            )
        await table.show()

    def _offer(self, names: Sequence[str]) -> None:
        with box("yj-push yj-deeds"):
            label = t("reconciliation.upload_for")
            self._channel = choice_field(label, {one: one for one in names}, names[0])
            upload_button(
                t("reconciliation.upload"),
                self._take,
                lambda words: self._said.set_content(words),
                accept=".xml,.csv,.txt",
                bytes_max=BYTES_MAX,
                too_large="reconciliation.too_large",
            )

    async def _take(self, content: bytes) -> str:
        channel = str(self._channel.value)
        run = await ask(self._centre.reconcile, uuid7(self._clock), channel, content)
        return f"/reconciliations/{run.run_id}"

    async def _load(self, wanted: Ask) -> tuple[Sequence[Row], str | None]:
        found = await ask(self._centre.runs, limit=PAGE_ROWS, cursor=wanted.cursor)
        return [_row(one) for one in found.items], found.next_cursor


def still_open(one: Run) -> int:
    """Return how many differences of a run's day wait to be settled."""
    return one.found - one.settled


def open_chip(one: Run) -> Markup:
    """Return how a run's day stands."""
    left = still_open(one)
    if not one.found:
        return markup.chip(t("reconciliation.no_differences"), "good")
    words = f"{formats.number(left)} / {formats.number(one.found)}"
    return markup.chip(words, "bad" if left else "good")


def _columns() -> list[Column]:
    return [
        Column(key="id", label=t("reconciliation.run"), card="lead"),
        Column(key="channel", label=t("reconciliation.channel"), card="line"),
        Column(key="day", label=t("reconciliation.day"), is_whole=True, card="left"),
        Column(key="file", label=t("reconciliation.file"), card="line"),
        Column(key="lines", label=t("reconciliation.lines"), is_number=True, card="right"),
        Column(key="matched", label=t("reconciliation.matched"), is_number=True),
        Column(key="open", label=t("reconciliation.open"), card="side"),
    ]


def _row(one: Run) -> Row:
    text = str(one.run_id)
    return {
        "id": markup.stacked(
            markup.ident(text, formats.shortened(text), f"/reconciliations/{text}"),
            formats.moment(nanoseconds(one.at)),
        ),
        "channel": one.channel,
        "day": one.day.isoformat(),
        "file": markup.stacked(one.name, one.file_id),
        "lines": formats.number(one.lines),
        "matched": formats.number(one.matched),
        "open": open_chip(one),
    }


def register(centre: ReconciliationApi, clearing: ClearingApi, clock: Clock) -> None:
    """Put the list of runs on the console."""

    @page("/reconciliations", title="reconciliation.runs", active="reconciliation.runs")
    async def listed() -> None:
        await Reconciliations(centre, clearing, clock).draw()
