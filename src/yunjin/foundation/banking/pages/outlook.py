"""What is to come of an agreement: its own past is run again through its product, and then on."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from yunjin.chassis.console import (
    Column,
    Markup,
    Row,
    ask,
    box,
    formats,
    html,
    panel,
    problem_title,
    skeleton,
    switch,
    t,
    table_html,
)
from yunjin.foundation.banking.api.agreements import Agreement
from yunjin.foundation.banking.api.products import (
    Change,
    Entry,
    ProductInfo,
    Simulation,
)
from yunjin.foundation.banking.pages import terms
from yunjin.foundation.banking.pages.desk import Desk
from yunjin.foundation.banking.pages.movements import AccountOf, newest
from yunjin.foundation.banking.pages.reading import ENTRY
from yunjin.kernel.errors import Problem

LEDGER_PAGES: Final = 3
SPANS: Final[dict[str, int]] = {"1": 366, "3": 1_096, "10": 3_653}  # years, days
ROWS_MAX: Final = 130
BILLED: Final = {"due_principal": "principal", "due_interest": "interest"}


@dataclass(frozen=True, slots=True)
class Coming:
    """A date on which something happens. amounts: by (debit, credit), minor units."""

    date: dt.date
    amounts: dict[tuple[str, str], int]
    balance_minor: int


@dataclass(frozen=True, slots=True)
class Outlook:
    """What would happen if nobody did anything more. is_same: the past came out as it was."""

    coming: list[Coming]
    is_same: bool


def outlook(
    desk: Desk,
    one: Agreement,
    info: ProductInfo,
    accounts: Sequence[AccountOf],
    days: int,
    *,
    changes: Mapping[str, int] | None = None,
) -> Outlook:
    """Run an agreement's past again, then the days to come. Raises: what simulating raises.

    changes : terms that have other values from today on.
    """
    today = desk.doors.days.business_date()
    entries, is_whole = entries_of(desk, accounts)
    turns = [
        Change(date=today, parameter=name, value=value) for name, value in (changes or {}).items()
    ]
    events: list[Entry | Change] = [*entries, *turns]
    found = desk.doors.products.simulate(
        info.source,
        [dict(one.terms)],
        start=one.opened,
        end=today + dt.timedelta(days=days),
        events=events,
    )
    columns = found.balances.to_pydict()
    dates = columns["date"]
    evening = dates.index(today)
    there = {name: columns[name][evening] for name in one.balances}
    main = dict(zip(dates, columns["main"], strict=True))
    return Outlook(coming_of(found, today, main), is_whole and there == dict(one.balances))


def entries_of(desk: Desk, accounts: Sequence[AccountOf]) -> tuple[list[Entry], bool]:
    """Return what came in and went out so far, and whether that is all of it."""
    entries: list[Entry] = []
    is_whole = True
    for account in accounts:
        found, is_all = newest(desk.doors.ledger, account, LEDGER_PAGES)
        is_whole = is_whole and is_all
        entries += [
            Entry(date=each.business_date, amount_minor=each.amount_minor)
            for each in reversed(found)
            if each.code == ENTRY and each.is_booked and each.business_date and each.amount_minor
        ]
    return sorted(entries, key=lambda each: each.date), is_whole


def coming_of(found: Simulation, today: dt.date, main: dict[dt.date, int]) -> list[Coming]:
    """Gather what happens after a day by date; daily accruals are no happening."""
    by_date: dict[dt.date, dict[tuple[str, str], int]] = {}
    for row in found.transfers.to_pylist():
        if row["date"] > today and row["amount_minor"]:
            amounts = by_date.setdefault(row["date"], {})
            pair = (row["debit"], row["credit"])
            amounts[pair] = amounts.get(pair, 0) + row["amount_minor"]
    return [Coming(date, amounts, main.get(date, 0)) for date, amounts in sorted(by_date.items())]


class ComingPanel:
    """The panel of what is to come; it fills itself after the page is there."""

    def __init__(
        self, desk: Desk, one: Agreement, info: ProductInfo, accounts: Sequence[AccountOf]
    ) -> None:
        self._desk, self._one, self._info, self._accounts = desk, one, info, accounts
        self._is_loan = set(BILLED) <= set(info.accounts)
        self._span = "1"

    def draw(self) -> None:
        """Lay the panel; `fill` says what is to come."""
        title = "banking.schedule" if self._is_loan else "banking.coming"
        with panel():
            with box("yj-chart-head"):
                html(Markup("<h2>{}</h2>").format(t(title)))
                self._note = html("", tag="span", classes="yj-note")
                spans = {one: t(f"banking.span.{one}") for one in SPANS}
                switch(spans, self._span, self._choose, name=t("banking.span"))
            with box("") as self._box:
                skeleton(3)

    async def _choose(self, span: str) -> None:
        self._span = span
        await self.fill()

    async def fill(self) -> None:
        """Run the agreement ahead and show what comes."""
        try:
            found = await ask(
                outlook, self._desk, self._one, self._info, self._accounts, SPANS[self._span]
            )
        except Problem as problem:
            self._fill(empty_words(problem_title(problem), problem.detail))
            return
        key = "banking.coming_exact" if found.is_same else "banking.coming_estimate"
        self._note.set_content(t(key))
        if not found.coming:
            self._fill(empty_words(t("banking.nothing_comes"), t("banking.nothing_comes_hint")))
            return
        columns, rows = self._loan(found) if self._is_loan else self._plain(found)
        table = table_html(columns, rows[:ROWS_MAX], caption=t("banking.coming"))
        if len(rows) > ROWS_MAX:
            table += Markup('<p class="yj-note">{}</p>').format(
                t("banking.first_rows", count=ROWS_MAX)
            )
        self._fill(table)

    def _fill(self, content: Markup) -> None:
        self._box.clear()
        with self._box:
            html(content)

    def _loan(self, found: Outlook) -> tuple[list[Column], list[Row]]:
        names = ("principal", "interest", "other", "instalment", "left")
        currency = self._one.currency
        columns = [
            Column(key="date", label=t("banking.due_date"), card="lead"),
            *(
                Column(
                    key=name,
                    label=f"{t(f'banking.schedule.{name}')} {currency}",
                    is_number=True,
                    card="side"
                    if name == "instalment"
                    else "left"
                    if name in ("principal", "other")
                    else "right",
                )
                for name in names
            ),
        ]
        rows: list[Row] = []
        for one in found.coming:
            parts = {"principal": 0, "interest": 0, "other": 0}
            for (debit, _), minor in one.amounts.items():
                if debit.startswith("due_"):
                    parts[BILLED.get(debit, "other")] += minor
            if any(parts.values()):
                shown = {**parts, "instalment": sum(parts.values()), "left": one.balance_minor}
                texts = {name: formats.money(minor, currency) for name, minor in shown.items()}
                rows.append({"date": one.date.isoformat(), **texts})
        return columns, rows

    def _plain(self, found: Outlook) -> tuple[list[Column], list[Row]]:
        currency = self._one.currency
        columns = [
            Column(key="date", label=t("banking.business_date"), card="lead"),
            Column(key="what", label=t("banking.from_to_short"), card="line"),
            Column(
                key="amount",
                label=f"{t('banking.amount')} {currency}",
                is_number=True,
                card="side",
            ),
            Column(
                key="left", label=f"{t('banking.balance')} {currency}", is_number=True, card="line"
            ),
        ]
        rows: list[Row] = [
            {
                "date": one.date.isoformat(),
                "what": f"{_side(debit)} → {_side(credit)}",
                "amount": formats.money(minor, currency),
                "left": formats.money(one.balance_minor, currency),
            }
            for one in found.coming
            for (debit, credit), minor in one.amounts.items()
        ]
        return columns, rows


def _side(name: str) -> str:
    """Name an account of the agreement or a slot of the bank."""
    account = terms.account_name(name)
    return account if account != name.replace("_", " ") else terms.slot_name(name)


def empty_words(what: str, hint: str) -> Markup:
    """Return two quiet lines."""
    return Markup('<div class="yj-empty"><p class="yj-empty-what">{}</p><p>{}</p></div>').format(
        what, hint
    )
