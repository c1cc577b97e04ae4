"""A business day: what it came to, and its proof: the general ledger beside what makes it up."""

from collections.abc import Sequence

from yunjin.chassis.console import (
    Column,
    Figure,
    Markup,
    Row,
    ask,
    box,
    figures,
    formats,
    html,
    markup,
    notice,
    page,
    panel,
    quiet,
    t,
    table_html,
    title_row,
)
from yunjin.foundation.banking.api.days import DayReport, ProofLine
from yunjin.foundation.banking.pages import terms
from yunjin.foundation.banking.pages.days import amounts_of, seconds, weekday
from yunjin.foundation.banking.pages.desk import Desk, day_chip, flow_link
from yunjin.foundation.banking.pages.tasks import TASKS_MAX, Tasks
from yunjin.kernel.errors import NotFound


class Day:
    """One reader's view of a business day."""

    def __init__(self, desk: Desk, report: DayReport) -> None:
        self._desk, self._report = desk, report

    async def draw(self) -> None:
        """Lay the page."""
        one = self._report
        title = Markup("{} {}").format(t("banking.business_date"), one.date.isoformat())
        with title_row(title, note=weekday(one.date)):
            html(day_chip(one.status), tag="span")
            if one.flow_id is not None:
                html(flow_link(one.flow_id), tag="span", classes="yj-push")
        with figures():
            Figure(
                t("banking.transfers"), formats.number(one.transfers), t("banking.transfers_note")
            )
            for name in ("accrued", "provision"):
                amounts = amounts_of(one, name)
                first, unit = amounts[0] if amounts else ("—", "")
                others = " · ".join(f"{amount} {code}" for amount, code in amounts[1:])
                note = others or t(f"banking.{name}_day_note")
                Figure(t(f"banking.{name}_day"), first, note, unit=unit)
            agreements = t("banking.of_agreements", count=formats.number(one.agreements))
            Figure(t("banking.took"), seconds(one.seconds), agreements)
        wrong = [line for line in one.proof if line.difference_minor]
        if wrong:
            with panel(classes="yj-first"):
                html(notice("bad", t("banking.proof_differs"), t("banking.unproven_note")))
        with panel(t("banking.proof"), note=self._proof_note(wrong)):
            html(proof_table(one.proof) if one.proof else self._no_proof())
        with panel(t("banking.tasks")), box("") as self._box:
            await self._tasks()

    def _proof_note(self, wrong: Sequence[ProofLine]) -> str:
        if not self._report.proof:
            return ""
        if wrong:
            return t("banking.proof_lines_off", count=len(wrong))
        return t("banking.proof_lines_good", count=len(self._report.proof))

    def _no_proof(self) -> Markup:
        return quiet("hourglass_empty", t("banking.no_proof"), t("banking.no_proof_hint"))

    async def _tasks(self) -> None:
        waiting = await ask(self._desk.doors.agreements.waiting, limit=TASKS_MAX)
        self._box.clear()
        with self._box:
            mine = [one for one in waiting if one.date == self._report.date]
            Tasks(self._desk, self._tasks).draw(mine)


def proof_table(lines: Sequence[ProofLine]) -> Markup:
    """Return the proof as a table; what differs comes first and stands out."""
    columns = [
        Column(key="slot", label=t("banking.slot"), card="lead"),
        Column(key="branch", label=t("banking.branch"), card="left"),
        Column(key="currency", label=t("banking.currency"), card="right"),
        Column(key="subledger", label=t("banking.subledger"), is_number=True, card="line"),
        Column(key="ledger", label=t("banking.general_ledger"), is_number=True, card="line"),
        Column(key="difference", label=t("banking.difference"), is_number=True, card="side"),
    ]
    ordered = sorted(lines, key=lambda one: one.difference_minor == 0)
    rows = [_line(one) for one in ordered]
    totals: dict[str, int] = {}
    for one in lines:
        totals[one.currency] = totals.get(one.currency, 0) + one.ledger_minor
    table = table_html(columns, rows, caption=t("banking.proof"))
    sums = " · ".join(f"{formats.money(minor, code)} {code}" for code, minor in totals.items())
    return table + Markup('<p class="yj-note yj-more num">{}</p>').format(
        t("banking.proof_sum", sums=sums)
    )


def _line(one: ProofLine) -> Row:
    off = one.difference_minor != 0
    amount = formats.money(one.difference_minor, one.currency)
    chip = markup.chip(amount, "bad") if off else Markup("{}").format(amount)
    return {
        "slot": terms.slot_name(one.slot),
        "branch": terms.branch_name(one.branch),
        "currency": one.currency,
        "subledger": sided(one.subledger_minor, one.currency),
        "ledger": sided(one.ledger_minor, one.currency),
        "difference": chip,
    }


def sided(minor: int, currency: str) -> Markup:
    """Write a balance, debits less credits, with the side it stands on."""
    side = "debit" if minor > 0 else "credit" if minor else "even"
    return Markup('<span>{} <small class="yj-side yj-drcr">{}</small></span>').format(
        formats.money(abs(minor), currency), t(f"banking.side.{side}")
    )


def register(desk: Desk) -> None:
    """Put the page of a business day on the console."""

    @page("/days/{date}", title="banking.business_date", active="banking.days")
    async def day(date: str) -> None:
        wanted = formats.parse_day(date)
        if wanted is None:
            raise NotFound(f"Expected a day such as 2026-01-05, was {date[:20]!r}.")
        await Day(desk, await ask(desk.doors.days.day, wanted)).draw()
