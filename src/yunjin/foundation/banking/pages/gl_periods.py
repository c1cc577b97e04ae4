"""Months of the books: closed in their order, opened again, locked; a year carried over."""

from collections.abc import Callable
from uuid import UUID

from nicegui import ui
from nicegui.events import GenericEventArguments

from yunjin.chassis.console import (
    Column,
    Deed,
    Done,
    Markup,
    Row,
    Tone,
    ask,
    box,
    button,
    empty,
    formats,
    html,
    markup,
    page,
    panel,
    t,
    table_html,
    text_field,
    title_row,
)
from yunjin.foundation.banking.api.general_ledger import GeneralLedgerApi, GlPeriod
from yunjin.foundation.banking.pages.books import BY, book_tabs, who
from yunjin.foundation.banking.pages.desk import Desk
from yunjin.foundation.banking.pages.movements import deed_button

TONES: dict[str, Tone] = {"open": "info", "closed": "good", "locked": "neutral"}
DEEDS = ("close", "reopen", "lock")
REASON_MAX = 200


def deeds_of(periods: list[GlPeriod]) -> dict[str, tuple[str, ...]]:
    """Return what may be done with each month: they close in their order, newest first here."""
    found: dict[str, tuple[str, ...]] = {}
    ended = [one.month for one in periods if one.status != "open"]
    opened = [one.month for one in periods if one.status == "open"]
    if len(opened) > 1:  # the newest is the open business day's
        found[opened[-1]] = ("close",)
    for one in periods:
        if one.status == "closed":
            found[one.month] = ("reopen", "lock") if one.month == ended[0] else ("lock",)
    return found


class Periods:
    """One accountant's view of the months."""

    def __init__(self, desk: Desk, books: GeneralLedgerApi) -> None:
        self._desk, self._books = desk, books

    async def draw(self) -> None:
        """Lay the page."""
        with (
            title_row(t("banking.gl_tab.periods"), note=t("banking.periods_note")),
            box("yj-push yj-deeds"),
        ):
            button(t("banking.deed.year_end"), self._year_end, icon="event_repeat")
        book_tabs("periods")
        with panel(classes="yj-panel-table"), box("") as self._box:
            self._box.mark("periods")
            for deed in DEEDS:
                self._box.on(
                    f"yj-{deed}-month",
                    lambda event, deed=deed: self._asked(event, deed),
                    js_handler="(e) => emit(e.target.dataset.value)",
                )
        await self._show()

    async def _show(self) -> None:
        self._periods = await ask(self._books.periods)
        self._box.clear()
        with self._box:
            if self._periods:
                html(periods_table(self._periods))
            else:
                empty(t("banking.gl_none"), hint=t("banking.gl_none_hint"), icon="date_range")

    def _asked(self, event: GenericEventArguments, deed: str) -> None:
        month = str(event.args)
        acts: dict[str, Callable[[UUID, str], GlPeriod]] = {
            "close": lambda command, _: self._books.close_period(command, month, by=BY),
            "lock": lambda command, _: self._books.lock_period(command, month, by=BY),
            "reopen": lambda command, reason: self._books.reopen_period(
                command, month, by=BY, reason=reason
            ),
        }
        fields: list[ui.input] = []

        def build(shown: Deed) -> None:
            if deed == "reopen":
                fields.append(text_field(t("banking.reason"), hint=t("banking.reason_hint")))
                fields[0].props(f"autofocus maxlength={REASON_MAX}").on_value_change(shown.changed)

        def reason() -> str:
            return str(fields[0].value or "").strip() if fields else ""

        def act(command_id: UUID) -> Done:
            acts[deed](command_id, reason())
            return Done(t(f"banking.done.{deed}_month", month=month))

        Deed(
            clock=self._desk.clock,
            title=t(f"banking.deed.{deed}_month", month=month),
            action=t(f"banking.deed.{deed}_month_now"),
            build=build,
            effect=lambda: (
                "" if fields and not reason() else t(f"banking.effect.{deed}_month", month=month)
            ),
            act=act,
            done=self._show,
            typed="" if deed == "close" else month,
        ).open()

    def _year_end(self) -> None:
        fields: list[ui.input] = []
        years = [int(one.month[:4]) for one in self._periods]

        def build(deed: Deed) -> None:
            year = str(max(years) - 1) if years else ""
            fields.append(text_field(t("banking.year"), value=year))
            fields[0].props("autofocus inputmode=numeric").on_value_change(deed.changed)

        def year() -> int:
            text = str(fields[0].value or "").strip()
            return int(text) if text.isascii() and text.isdecimal() and len(text) == 4 else 0

        def act(command_id: UUID) -> Done:
            made = self._books.year_end(command_id, year(), by=BY)
            if made is None:
                return Done(t("banking.done.year_end_nothing"))
            return Done(t("banking.done.year_end", number=made.number))

        Deed(
            clock=self._desk.clock,
            title=t("banking.deed.year_end"),
            action=t("banking.deed.year_end_now"),
            build=build,
            effect=lambda: t("banking.effect.year_end", year=year()) if year() else "",
            act=act,
            done=self._show,
        ).open()


def periods_table(periods: list[GlPeriod]) -> Markup:
    """Return months as a table with what may be done."""
    columns = [
        Column(key="month", label=t("banking.month"), card="lead"),
        Column(key="state", label=t("banking.state"), card="side"),
        Column(key="by", label=t("banking.by"), card="left"),
        Column(key="at", label=t("time.at", zone=formats.zone_name()), is_whole=True, card="line"),
        Column(key="reason", label=t("banking.reason"), card="line"),
        Column(key="deed", label="", card="line"),
    ]
    may = deeds_of(periods)
    rows: list[Row] = [
        {
            "month": one.month,
            "state": markup.chip(t(f"banking.period.{one.status}"), TONES[one.status]),
            "by": who(one.by) if one.by else "",
            "at": formats.moment(one.at_us * 1_000) if one.at_us else "",
            "reason": one.reason,
            "deed": Markup("").join(
                deed_button(f"yj-{deed}-month", one.month, t(f"banking.deed.{deed}_month_now"))
                for deed in may.get(one.month, ())
            ),
        }
        for one in periods
    ]
    return table_html(columns, rows, caption=t("banking.gl_tab.periods"))


def register(desk: Desk) -> None:
    """Put the months on the console where the bank keeps a general ledger."""
    books = desk.doors.general_ledger
    if books is None:
        return

    @page("/gl/periods", title="banking.gl_tab.periods", active="banking.general_ledger")
    async def periods() -> None:
        await Periods(desk, books).draw()
