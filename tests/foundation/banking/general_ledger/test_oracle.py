"""Goal: whatever is booked in whatever order, the books are what the lines add up to, on any day.

Method: random histories of movements, replays, manual entries, reversals, mappings, closes and
year ends, beside an oracle that keeps a list of lines and adds them up anew each time.
"""

import datetime as dt
import tempfile
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import event, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from tests.foundation.banking.general_ledger.books import (
    CLOCK,
    credit,
    debit,
    manual,
    opened,
    pair,
)
from yunjin.foundation.banking.api.general_ledger import GlMapping, LineQuery, Movement
from yunjin.foundation.banking.domain.general_ledger.preset import SLOTS
from yunjin.foundation.banking.domain.products.slots import Slot
from yunjin.foundation.banking.errors import MappingRefused, PeriodClosed, PeriodNotReady
from yunjin.kernel.ids import uuid7

START = dt.date(2025, 11, 25)
BRANCHES, CURRENCIES = ("head", "west"), ("CNY", "USD")
FREE = ("1601", "2202", "4002", "6601", "6301", "6801")  # accounts of no slot
JOINED = ("1001", "1003", "4001", "6021")  # accounts of bank-side slots
PROFIT = "6"
INCOME_ACCOUNTS = ("601101", "601109")

amounts = st.integers(1, 10**12)
branches, currencies = st.sampled_from(BRANCHES), st.sampled_from(CURRENCIES)
movements = st.lists(
    st.tuples(
        st.sampled_from(Slot),
        st.sampled_from(Slot),
        amounts,
        branches,
        currencies,
        st.sampled_from(["loan", "deposit"]),
    ),
    min_size=1,
    max_size=4,
)


@dataclass
class Oracle:
    """Lines of all entries: (day, account, branch, currency, debit, credit, is_closing)."""

    lines: list[tuple[dt.date, str, str, str, int, int, bool]] = field(default_factory=list)
    income: str = "601101"

    def account(self, slot: Slot) -> str:
        return self.income if slot is Slot.INTEREST_INCOME else SLOTS[slot]

    def add(self, day: dt.date, account: str, branch: str, currency: str, net: int) -> None:
        self.lines.append((day, account, branch, currency, max(net, 0), max(-net, 0), False))

    def nets(self, day: dt.date, *, with_closing: bool = True) -> Counter[tuple[str, str, str]]:
        found: Counter[tuple[str, str, str]] = Counter()
        for at, account, branch, currency, debits, credits, is_closing in self.lines:
            if at <= day and (with_closing or not is_closing):
                found[account, branch, currency] += debits - credits
        return Counter({place: net for place, net in found.items() if net})


class Histories(RuleBasedStateMachine):
    """The general ledger on SQLite, and the oracle."""

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        home = Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        self.books = self.stack.enter_context(opened(f"sqlite:///{home / 'rooms.db'}", home))
        self.oracle = Oracle()
        self.today = START
        self.step = 0
        self.booked: dict[str, tuple[dt.date, tuple[Movement, ...]]] = {}
        self.entries: dict[int, list[tuple[str, str, str, int]]] = {}
        self.frozen: set[tuple[int, int]] = set()
        self.remapped: dt.date | None = None

    def teardown(self) -> None:
        self.stack.close()

    @initialize()
    def begin(self) -> None:
        self.books.closed = self.today - dt.timedelta(days=1)

    def _is_open(self, day: dt.date) -> bool:
        return not self.frozen or (day.year, day.month) > max(self.frozen)

    @rule(moves=movements, back=st.integers(0, 40))
    def book(self, moves: list[Any], back: int) -> None:
        day = max(self.today - dt.timedelta(days=back), START)
        asked = tuple(
            one
            for debits, credits, minor, branch, currency, product in moves
            for one in pair(
                debits, credits, minor, branch=branch, currency=currency, product=product
            )
        )
        self.step += 1
        source = f"close/{day}/{self.step}"
        touched = {slot for move in moves for slot in move[:2]}
        is_late = self.remapped and day < self.remapped and Slot.INTEREST_INCOME in touched
        try:
            self.books.book(str(day), *asked, source=source)
        except PeriodClosed:
            assert not self._is_open(day)
            return
        except MappingRefused:
            assert is_late
            assert self._is_open(day)
            return
        assert self._is_open(day)
        assert not is_late
        self.booked[source] = (day, asked)
        for one in asked:
            net = one.debit_minor - one.credit_minor
            account = self.oracle.account(Slot(one.slot))
            self.oracle.add(day, account, one.branch, one.currency, net)

    @precondition(lambda self: self.booked)
    @rule(data=st.data())
    def replay(self, data: st.DataObject) -> None:
        source = data.draw(st.sampled_from(sorted(self.booked)))
        day, asked = self.booked[source]
        self.books.book(str(day), *reversed(asked), source=source, counted=False)

    @rule(
        sides=st.lists(st.sampled_from(FREE + JOINED), min_size=2, max_size=2, unique=True),
        minor=amounts,
        branch=branches,
        currency=currencies,
        back=st.integers(0, 30),
    )
    def enter(self, sides: list[str], minor: int, branch: str, currency: str, back: int) -> None:
        is_joined = any(account in JOINED for account in sides)
        day = self.today if is_joined else max(self.today - dt.timedelta(days=back), START)
        lines = (
            debit(sides[0], minor, branch, currency),
            credit(sides[1], minor, branch, currency),
        )
        try:
            entry = self.books.gl.enter(manual(str(day), *lines))
        except PeriodClosed:
            assert not self._is_open(day)
            return
        assert self._is_open(day)
        nets = [(sides[0], branch, currency, minor), (sides[1], branch, currency, -minor)]
        self.entries[entry.number] = nets
        for place in nets:
            self.oracle.add(day, *place)

    @precondition(lambda self: self.entries)
    @rule(data=st.data())
    def reverse(self, data: st.DataObject) -> None:
        number = data.draw(st.sampled_from(sorted(self.entries)))
        words = {"date": self.today, "reason": "wrong", "by": "Chen"}
        self.books.gl.reverse(uuid7(CLOCK), number, **words)
        for *place, net in self.entries.pop(number):
            self.oracle.add(self.today, *place, -net)

    @rule(days=st.integers(1, 40))
    def close_days(self, days: int) -> None:
        self.books.closed = self.today + dt.timedelta(days=days - 1)
        self.today += dt.timedelta(days=days)

    @rule()
    def close_month(self) -> None:
        assert self.books.closed is not None
        first = min((line[0] for line in self.oracle.lines), default=self.today)
        last = max(self.frozen, default=None)
        year, month = (first.year, first.month) if last is None else _after(*last)
        end = _after_day(year, month) - dt.timedelta(days=1)
        is_ready = self.books.closed >= end
        left = {p: n for p, n in self.oracle.nets(end).items() if p[0][0] == PROFIT}
        try:
            self.books.gl.close_period(uuid7(CLOCK), f"{year}-{month:02}", by="Chen")
        except PeriodNotReady:
            assert not is_ready or (month == 12 and left)
            return
        assert is_ready
        assert not (month == 12 and left)
        event("a month was closed")
        self.frozen.add((year, month))

    @rule(year=st.sampled_from([2025, 2025, 2026]))
    def end_year(self, year: int) -> None:
        end = dt.date(year, 12, 31)
        assert self.books.closed is not None
        before = self.oracle.nets(dt.date(year - 1, 12, 31))
        is_ready = self.books.closed >= end and not any(p[0][0] == PROFIT for p in before)
        left = {p: n for p, n in self.oracle.nets(end).items() if p[0][0] == PROFIT}
        try:
            self.books.gl.year_end(uuid7(CLOCK), year, by="Chen")
        except PeriodNotReady:
            assert not is_ready
            return
        except PeriodClosed:
            assert is_ready
            assert not self._is_open(end)
            return
        assert is_ready
        event("a year was carried" if left else "nothing was left of a year")
        for (account, branch, currency), net in left.items():
            for at, part in ((account, -net), ("410401", net)):
                sides = (max(part, 0), max(-part, 0))
                self.oracle.lines.append((end, at, branch, currency, *sides, True))

    @rule()
    def map_income_elsewhere(self) -> None:
        """Let interest income follow to another account, with what it came to this year."""
        if not self._is_open(self.today):
            return
        other = next(one for one in INCOME_ACCOUNTS if one != self.oracle.income)
        change = GlMapping(slot="interest_income", account=other, since=self.today)
        try:
            self.books.gl.map_slot(uuid7(CLOCK), change)
        except MappingRefused:
            return
        self.books.enter(str(self.today), debit("6601", 1), credit("2202", 1))
        self.oracle.add(self.today, "6601", "head", "CNY", 1)
        self.oracle.add(self.today, "2202", "head", "CNY", -1)
        this_year = self.oracle.nets(self.today)
        this_year.subtract(self.oracle.nets(dt.date(self.today.year - 1, 12, 31)))
        for (account, branch, currency), net in this_year.items():
            if account == self.oracle.income and net:
                self.oracle.add(self.today, account, branch, currency, -net)
                self.oracle.add(self.today, other, branch, currency, net)
        event("a slot was mapped elsewhere")
        self.oracle.income, self.remapped = other, self.today

    @invariant()
    def any_day_is_what_its_lines_add_up_to(self) -> None:
        for day in (self.today, self.today - dt.timedelta(days=17), START):
            report = self.books.gl.trial_balance(day, day, by_branch=True)
            found = {
                (row.account, row.branch, row.currency): row.closing_minor
                for row in report.rows
                if not row.is_total and row.closing_minor
            }
            assert found == self.oracle.nets(day)
            assert report.is_balanced

    @invariant()
    def the_statements_balance(self) -> None:
        sheet = self.books.gl.balance_sheet(self.today)
        assert not any(x.difference_minor or x.prior_difference_minor for x in sheet.checks)
        income = self.books.gl.income_statement(START, self.today)
        profit = sum(row.amount_minor for row in income.rows if row.key == "net_profit")
        nets = self.oracle.nets(self.today, with_closing=False)
        assert profit == -sum(net for (account, *_), net in nets.items() if account[0] == PROFIT)
        assert not any(check.difference_minor for check in income.checks)

    @invariant()
    def subledger_and_general_ledger_agree(self) -> None:
        proof = self.books.room.run(
            lambda work: self.books.gl.prove(work, self.today, self.books.ledger.balances)
        )
        assert not [line for line in proof if line.difference_minor]

    @invariant()
    def the_days_of_a_heading_add_up(self) -> None:
        end = self.today
        for currency in CURRENCIES:
            days = self.books.gl.daily("6601", START, end, currency=currency)
            nets = self.oracle.nets(end)
            expected = sum(n for (a, _, c), n in nets.items() if a == "6601" and c == currency)
            assert (days[-1].balance_minor if days else 0) == expected
        lines = self.books.gl.lines(LineQuery(account="6601", limit=200)).items
        every = [line for line in self.oracle.lines if line[1] == "6601"]
        assert len(lines) == min(len(every), 200)


def _after(year: int, month: int) -> tuple[int, int]:
    return (year + 1, 1) if month == 12 else (year, month + 1)


def _after_day(year: int, month: int) -> dt.date:
    return dt.date(*_after(year, month), 1)


class LongHistories(Histories):
    """The same, for longer."""


TestHistories = Histories.TestCase
TestHistories.settings = settings(max_examples=6, stateful_step_count=25)
TestLongHistories = pytest.mark.slow(LongHistories.TestCase)
TestLongHistories.settings = settings(max_examples=100, stateful_step_count=40)
