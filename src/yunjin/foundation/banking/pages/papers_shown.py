"""How papers look on the page: what they come to, their lines, what they are checked by."""

from collections.abc import Sequence
from typing import Final

from yunjin.chassis.console import (
    Column,
    Figure,
    Markup,
    Row,
    Tone,
    empty,
    figures,
    formats,
    html,
    markup,
    notice,
    panel,
    quiet,
    t,
    table_html,
)
from yunjin.foundation.banking.api.statements import (
    Instalment,
    InterestCertificate,
    LoanCost,
    LoanSchedule,
    PayoffQuote,
    Seal,
    Statement,
)
from yunjin.foundation.banking.pages import terms

LINES_SHOWN: Final = 200
TONES: Final[dict[str, Tone]] = {
    "paid": "good",
    "due": "warn",
    "overdue": "bad",
    "coming": "neutral",
    "prepaid": "info",
}


def _figure(key: str, minor: int, currency: str, note: str = "", tone: str = "") -> None:
    Figure(f"{t(key)} {currency}", formats.money(minor, currency), note, tone=tone)


def _seal(seal: Seal) -> None:
    """Show what a paper is checked by."""
    digest = markup.ident(seal.digest, formats.shortened(seal.digest))
    words = Markup('<p class="yj-note yj-more">{} {} · {}</p>').format(
        t("banking.seal"),
        digest,
        t("banking.seal_row", sequence=formats.number(seal.journal_sequence)),
    )
    html(words)


def statement(one: Statement) -> None:
    """Lay a statement."""
    currency = one.currency
    with figures():
        _figure("banking.statement.opening", one.opening_minor, currency, str(one.query.start))
        _figure("banking.statement.debits", one.debit_minor, currency)
        _figure("banking.statement.credits", one.credit_minor, currency)
        _figure("banking.statement.closing", one.closing_minor, currency, str(one.query.end))
    columns = [
        Column(key="date", label=t("banking.business_date"), is_whole=True, card="lead"),
        Column(key="text", label=t("banking.what"), card="left"),
        Column(key="other", label=t("banking.other_side"), card="right"),
        Column(key="debit", label=t("banking.side.debit"), is_number=True, card="side"),
        Column(key="credit", label=t("banking.side.credit"), is_number=True, card="side"),
        Column(
            key="balance", label=f"{t('banking.balance')} {currency}", is_number=True, card="line"
        ),
    ]
    rows: list[Row] = [
        {
            "date": str(line["business_date"]),
            "text": line["text"],
            "other": line["counterparty"] or "—",
            "debit": formats.money(line["debit_minor"], currency) if line["debit_minor"] else "",
            "credit": formats.money(line["credit_minor"], currency) if line["credit_minor"] else "",
            "balance": formats.money(line["balance_minor"], currency),
        }
        for line in one.lines.slice(0, LINES_SHOWN).to_pylist()
    ]
    count = t("banking.statement.lines", count=formats.number(one.line_count))
    with panel(t("banking.paper.statement"), note=count):
        if rows:
            html(table_html(columns, rows, caption=t("banking.paper.statement")))
        else:
            empty(
                t("banking.statement.none"), hint=t("banking.statement.none_hint"), icon="history"
            )
        if one.line_count > LINES_SHOWN:
            html(t("banking.statement.rest", count=LINES_SHOWN), classes="yj-note")
        _seal(one.seal)


def interest(one: InterestCertificate) -> None:
    """Lay an interest certificate."""
    currency = one.currency
    accrued = one.accrued_earned_minor + one.accrued_charged_minor
    with figures():
        _figure("banking.interest.earned", one.earned_minor, currency)
        _figure("banking.interest.charged", one.charged_minor, currency)
        _figure("banking.interest.paid", one.paid_minor, currency)
        _figure("banking.accrued", accrued, currency, t("banking.interest.on", date=one.issued))
    columns = [
        Column(key="date", label=t("banking.business_date"), is_whole=True, card="lead"),
        Column(key="what", label=t("banking.what"), card="left"),
        Column(
            key="amount", label=f"{t('banking.amount')} {currency}", is_number=True, card="side"
        ),
    ]
    rows: list[Row] = [
        {
            "date": str(line.date),
            "what": t(f"banking.interest.{line.kind}")
            + (f" · {t('banking.interest.penalty')}" if line.is_penalty else ""),
            "amount": formats.money(line.amount_minor, currency),
        }
        for line in one.lines
    ]
    with panel(t("banking.paper.interest"), note=f"{one.start} – {one.end}"):
        if rows:
            html(table_html(columns, rows, caption=t("banking.paper.interest")))
        else:
            html(quiet("savings", t("banking.interest.none"), t("banking.interest.none_hint")))
        _seal(one.seal)
    if one.rates:
        with panel(t("banking.interest.rates")):
            facts: list[tuple[str, Markup | str]] = [
                (f"{terms.term_name(line.name)} · {line.since}", f"{terms.percent(line.rate_ppm)}%")
                for line in one.rates
            ]
            html(markup.facts(facts))


def schedule(one: LoanSchedule) -> None:
    """Lay a loan's schedule."""
    currency = one.currency
    coming = [each for each in one.instalments if each.status == "coming"]
    with figures():
        _figure("banking.schedule.drawn", one.drawn_minor, currency)
        tone = "bad" if one.overdue_minor else ""
        _figure("banking.schedule.overdue", one.overdue_minor, currency, tone=tone)
        _figure(
            "banking.schedule.to_come",
            sum(each.total_minor for each in coming),
            currency,
            t("banking.schedule.count", count=len(coming)),
        )
        Figure(t("banking.next_due"), str(coming[0].due) if coming else "—")
    with panel(t("banking.paper.schedule"), note=t("banking.schedule.note")):
        html(instalments(one.instalments, currency))
        _seal(one.seal)


def instalments(found: Sequence[Instalment], currency: str, *, is_plan: bool = False) -> Markup:
    """Return instalments as a table; a plan's say nothing of what was paid."""
    paid = () if is_plan else ("paid",)
    sums = ("principal", "interest", "other", "total", *paid, "left")
    columns = [
        Column(key="number", label=t("banking.schedule.number"), card="none"),
        Column(key="due", label=t("banking.due_date"), is_whole=True, card="lead"),
        *(
            Column(
                key=name,
                label=f"{t(f'banking.schedule.{name}')} {currency}",
                is_number=True,
                card="side"
                if name == "total"
                else "left"
                if name in ("principal", "other")
                else "right",
            )
            for name in sums
        ),
        *([] if is_plan else [Column(key="state", label=t("banking.state"), card="left")]),
    ]
    rows: list[Row] = []
    for one in found:
        amounts = {
            "principal": one.principal_minor,
            "interest": one.interest_minor,
            "other": one.penalty_minor + one.fee_minor,
            "total": one.total_minor,
            "paid": one.paid_minor,
            "left": one.balance_minor,
        }
        chip = markup.chip(t(f"banking.instalment.{one.status}"), TONES.get(one.status, "neutral"))
        rows.append(
            {
                "number": str(one.number or "—"),
                "due": str(one.due),
                **{name: formats.money(minor, currency) for name, minor in amounts.items()},
                "state": chip,
            }
        )
    return table_html(columns, rows, caption=t("banking.paper.schedule"))


def payoff(one: PayoffQuote) -> None:
    """Lay a payoff quote."""
    currency = one.currency
    with figures():
        _figure("banking.payoff.total", one.total_minor, currency, str(one.date))
        _figure("banking.payoff.per_day", one.per_day_minor, currency)
        Figure(t("banking.payoff.until"), str(one.valid_until), t("banking.payoff.until_note"))
    with panel(t("banking.payoff.parts")):
        facts: list[tuple[str, Markup | str]] = [
            (
                terms.known(f"banking.payoff.{part.name}", part.name.replace("_", " ")),
                Markup('<span class="num">{}</span>').format(
                    formats.money(part.amount_minor, currency)
                ),
            )
            for part in one.parts
        ]
        html(markup.facts(facts) if facts else quiet("task_alt", t("banking.payoff.nothing")))
        _seal(one.seal)
    if one.before:
        with panel(t("banking.payoff.before"), note=t("banking.payoff.before_note")):
            html(instalments(one.before, currency))


def cost(one: LoanCost) -> None:
    """Lay what a loan costs."""
    currency = one.currency
    if one.warning:
        with panel(classes="yj-first"):
            html(notice("warn", t(f"banking.cost.{one.warning}"), t("banking.cost.warning_note")))
    with figures():
        for name, ppm in (
            ("nominal", one.nominal_ppm),
            ("effective", one.effective_ppm),
            ("apr", one.apr_ppm),
        ):
            key = f"banking.cost.{name}"
            Figure(t(key), f"{terms.percent(ppm)}%", t(f"{key}_note"))
        _figure("banking.cost.charged", one.charged_minor, currency, t("banking.cost.charged_note"))
    with panel(t("banking.cost.payments"), note=t(f"banking.cost.basis.{one.basis}")):
        html(instalments(one.payments, currency, is_plan=True))
        _seal(one.seal)
