"""Day close: which day is open, closing it, how that goes on, the days before, what waits."""

import datetime as dt
from typing import Final

from yunjin.chassis.console import (
    Column,
    Deed,
    Done,
    Figure,
    Markup,
    Progress,
    ask,
    box,
    button,
    contact_chip,
    day_field,
    figures,
    formats,
    html,
    live,
    markup,
    notice,
    notice_of,
    page,
    panel,
    t,
    table_html,
    title_row,
    turn_calendar,
)
from yunjin.foundation.banking.api.days import DayReport
from yunjin.foundation.banking.pages.desk import Desk, day_chip, day_link, flow_link
from yunjin.foundation.banking.pages.tasks import TASKS_MAX, Tasks, count_words

DAYS_MAX: Final = 62
AHEAD_MAX: Final = 366
TASKS_SHOWN: Final = 5
UNDER_WAY: Final = ("closing", "opening")


class Days:
    """One operator's view of the calendar. The close belongs to the process; all see the same."""

    def __init__(self, desk: Desk) -> None:
        self._desk, self._job = desk, desk.closing
        self._seen: tuple[str, int] | None = None
        self._alone: DayReport | None = None  # a close that a restart left to the flow's worker

    async def draw(self) -> None:
        """Lay the page."""
        self._today = await ask(self._desk.doors.days.business_date)
        with title_row(t("banking.days"), note=t("banking.days_note")):
            contact_chip()
        with figures():
            self._date = Figure(t("banking.open_day"), self._today.isoformat())
            self._last = Figure(t("banking.last_close"), "—")
            self._books = Figure(t("banking.proof"), "—")
            self._tasks_figure = Figure(t("banking.tasks"), "0", t("banking.tasks_note"))
        with panel(t("banking.close_day")):
            self._words = html("")
            self._progress = Progress()
            with box("yj-actions"):
                self._button = button(
                    t("banking.close_now"), self._ask, icon="event_available", primary=True
                )
        with panel(t("banking.tasks")), box("") as self._tasks_box:
            pass
        with panel(t("banking.days_before")):
            self._table = html("")
        await self._refresh()
        self._beat_words()
        await self._follow()
        live(0.5, self.beat)

    async def _refresh(self) -> None:
        doors = self._desk.doors
        self._today = await ask(doors.days.business_date)
        found = await ask(doors.days.days, limit=DAYS_MAX)
        waiting = await ask(doors.agreements.waiting, limit=TASKS_MAX)
        self._alone = next((one for one in found[:1] if one.status in UNDER_WAY), None)
        self._date.show(self._today.isoformat(), weekday(self._today))
        ended = [one for one in found if one.status in ("closed", "unproven")]
        if ended:
            self._last.show(seconds(ended[0].seconds), last_words(ended[0]))
            is_off = ended[0].status == "unproven"
            word = t("banking.proof_off" if is_off else "banking.proof_good")
            note = t("banking.proof_of", date=ended[0].date)
            self._books.show(word, note, tone="bad" if is_off else "good")
        count = count_words(len(waiting), TASKS_MAX)
        tone = "warn" if waiting else ""
        self._tasks_figure.show(count, t("banking.tasks_note"), tone=tone)
        self._tasks_box.clear()
        with self._tasks_box:
            Tasks(self._desk, self._refresh).draw(waiting[:TASKS_SHOWN])
            if len(waiting) > TASKS_SHOWN:
                every = markup.link(t("banking.tasks_all", count=count), "/waiting")
                html(every, classes="yj-more")
        self._table.set_content(str(days_table(found)))

    async def beat(self) -> None:
        """Show how the close is getting on, where that changed."""
        was_running = self._seen is not None and self._seen[0] == "running"
        self._beat_words()
        if was_running and self._job.state != "running":
            await self._refresh()
            turn_calendar()
        await self._follow()

    async def _follow(self) -> None:
        """Show a close that nobody here waits for, as its flow tells."""
        if self._alone is None or self._job.state == "running":
            return
        one = await ask(self._desk.doors.days.day, self._alone.date)
        if one.status not in UNDER_WAY:
            self._seen = None
            await self._refresh()
            self._beat_words()
            turn_calendar()
            return
        words = note(t("banking.close_alone"))
        if one.flow_id is not None:
            words += Markup("<p>{}</p>").format(flow_link(one.flow_id))
        self._words.set_content(str(words))
        self._button.set_enabled(False)
        self._progress.show_only(True)
        closing = one.date - dt.timedelta(days=one.status == "opening")
        self._show_step(one, (closing, closing), int(one.seconds))

    def _beat_words(self) -> None:
        job = self._job
        told = self._desk.told
        step = told.steps[-1].done if told and told.steps else 0
        place = told.date.toordinal() * 100_000 + step if told else 0
        running = job.elapsed_s * 10**12 + place
        now = (job.state, running if job.state == "running" else job.ended_ns)
        if now == self._seen:
            return
        self._seen = now
        is_running = job.state == "running"
        self._progress.show_only(is_running)
        self._button.set_enabled(not is_running)
        if is_running:
            self._show_progress()
        elif job.state == "failed" and job.problem is not None:
            self._words.set_content(str(notice_of(job.problem)))
        elif job.state == "done" and job.result is not None:
            self._words.set_content(str(report_words(job.result)))
        else:
            self._words.set_content(str(note(t("banking.close_note"))))

    def _show_progress(self) -> None:
        self._words.set_content(str(note(t("banking.close_leave"))))
        self._show_step(self._desk.told, self._desk.span, self._job.elapsed_s)

    def _show_step(
        self, told: DayReport | None, span: tuple[dt.date, dt.date] | None, elapsed_s: int
    ) -> None:
        elapsed = formats.duration(elapsed_s)
        if told is None or span is None or not told.steps:
            self._progress.show(t("banking.close_begins", elapsed=elapsed))
            return
        percent = percent_of(told, span)
        step = told.steps[-1]
        words = t(
            "banking.close_running",
            date=told.date,
            step=t(f"banking.step.{step.name}"),
            done=formats.number(step.done),
            total=formats.number(step.total),
            elapsed=elapsed,
        )
        if percent >= 5:
            left = max(1, elapsed_s * (100 - percent) // percent)
            words = f"{words} · {t('banking.close_left', left=formats.duration(left))}"
        self._progress.show(words, percent=percent)

    def _ask(self) -> None:
        def build(deed: Deed) -> None:
            self._until = day_field(
                t("banking.close_until"),
                value=self._today.isoformat(),
                hint=t("banking.close_until_hint"),
            )
            self._until.props("autofocus").on_value_change(deed.changed)

        def chosen() -> dt.date | None:
            day = formats.parse_day(str(self._until.value or ""))
            if day is None or not 0 <= (day - self._today).days <= AHEAD_MAX:
                return None
            return day

        def effect() -> str:
            day = chosen()
            if day is None:
                return ""
            count = (day - self._today).days + 1
            key = "banking.effect.close_day" if count == 1 else "banking.effect.close_days"
            return t(key, date=self._today, count=count, until=day)

        Deed(
            clock=self._desk.clock,
            title=t("banking.close_day"),
            action=t("banking.close_now"),
            build=build,
            effect=effect,
            act=lambda _: Done(t("banking.close_started")),
            done=lambda: self._start(chosen()),
            typed=self._today.isoformat(),
        ).open()

    async def _start(self, until: dt.date | None) -> None:
        if until is not None:
            self._desk.close_days(until)
            self._beat_words()


def percent_of(told: DayReport, span: tuple[dt.date, dt.date]) -> int:
    """Return how far a close of some days is, as the last step of the running day tells."""
    first, last = span
    step = told.steps[-1]
    is_opening = step.name == "open"
    day = told.date - dt.timedelta(days=1) if is_opening else told.date
    parts = (day - first).days * 2 + is_opening
    count = ((last - first).days + 1) * 2
    return min(99, (100 * (parts * step.total + step.done)) // (count * max(step.total, 1)))


def note(text: str) -> Markup:
    """Return a muted paragraph."""
    return Markup('<p class="yj-note">{}</p>').format(text)


def weekday(date: dt.date) -> str:
    """Name the day of the week."""
    return t(f"banking.weekday.{date.weekday()}")


def seconds(took: float) -> str:
    """Write how long a close took."""
    return f"{took:.1f} {t('unit.second')}" if took >= 0.1 else f"< 0.1 {t('unit.second')}"


def last_words(report: DayReport) -> str:
    """Say what a day was in a line."""
    return t("banking.day_line", date=report.date, transfers=formats.number(report.transfers))


def report_words(report: DayReport) -> Markup:
    """Say what a close came to."""
    facts = {"date": report.date, "transfers": formats.number(report.transfers)}
    if report.status == "unproven":
        return notice("bad", t("banking.day.unproven"), t("banking.unproven_note"))
    lead = t("banking.close_done_note", **facts, seconds=seconds(report.seconds))
    return notice("good", t("banking.close_done", date=report.date), lead)


def days_table(found: list[DayReport]) -> Markup:
    """Return business days as a table."""
    columns = [
        Column(key="date", label=t("banking.business_date"), card="lead"),
        Column(key="state", label=t("banking.state"), card="side"),
        Column(key="agreements", label=t("banking.agreements"), is_number=True, card="left"),
        Column(key="transfers", label=t("banking.transfers"), is_number=True, card="right"),
        Column(key="accrued", label=t("banking.accrued_day"), is_number=True, card="line"),
        Column(key="provision", label=t("banking.provision_day"), is_number=True, card="line"),
        Column(key="waiting", label=t("banking.tasks"), is_number=True, card="left"),
        Column(key="took", label=t("banking.took"), is_number=True, card="right"),
    ]
    rows = [
        {
            "date": Markup("{} <small class='yj-side'>{}</small>").format(
                day_link(one.date), weekday(one.date)
            ),
            "state": day_chip(one.status),
            "agreements": formats.number(one.agreements) if _is_ended(one) else "—",
            "transfers": formats.number(one.transfers) if _is_ended(one) else "—",
            "accrued": amounts_words(one, "accrued"),
            "provision": amounts_words(one, "provision"),
            "waiting": formats.number(one.waiting) if _is_ended(one) else "—",
            "took": seconds(one.seconds) if _is_ended(one) else "—",
        }
        for one in found
    ]
    return table_html(columns, rows, caption=t("banking.days_before"))


def amounts_of(one: DayReport, name: str) -> list[tuple[str, str]]:
    """Return what a day "accrued" or its "provision", by currency: an amount and its code."""
    return [
        (formats.money(getattr(each, f"{name}_minor"), each.currency), each.currency)
        for each in one.sums
    ]


def amounts_words(one: DayReport, name: str) -> Markup:
    """Write what a day came to; the currency stands small behind each amount."""
    if not one.sums:
        return Markup("—")
    return Markup("<br>").join(
        Markup('<span>{} <small class="yj-side">{}</small></span>').format(amount, code)
        for amount, code in amounts_of(one, name)
    )


def _is_ended(one: DayReport) -> bool:
    return one.status in ("closed", "unproven")


def register(desk: Desk) -> None:
    """Put day close on the console."""

    @page("/days", title="banking.days", active="banking.days")
    async def days() -> None:
        await Days(desk).draw()
