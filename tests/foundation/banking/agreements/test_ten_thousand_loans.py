"""Goal: a book of loans that is lived through the doors is, to the unit, what the definitions say.

Method: borrowers from a seed, of every method, day count, interval and grace, who pay in time,
late, in part, early or all at once, whose rates change, who draw more and are re-aged. Each life
is first calculated alone in plain Python (plain_loans.py), which also says what is paid; then the
bank lives them all together, day by day, and on the marks every column is held against it.
"""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from heapq import heappop, heappush
from pathlib import Path
from random import Random

import numpy as np
import pytest

from tests.foundation.banking.agreements.plain_loans import (
    BULLET,
    DUES,
    LOWERS,
    ONE_DAY,
    SHORTENS,
    WAITS,
    YEAR,
    PlainLoan,
    Terms,
)
from tests.foundation.banking.bank import Bank, open_bank
from yunjin.foundation.banking.api.agreements import ENTRIES_MAX, EntryStatus, Opening
from yunjin.foundation.banking.domain.daycount import DayCount
from yunjin.foundation.banking.domain.products import run
from yunjin.foundation.banking.domain.products.slots import Slot
from yunjin.foundation.banking.service.registry import shipped
from yunjin.kernel.ids import uuid7

SEED = 20_261_124
FIRST = dt.date(2027, 10, 25)  # then come month ends, a leap year and its February
OPENING_DAYS = 10
ACCOUNTS = ("main", "unbilled", *DUES, "paid_in")
NEAR_E8 = 1_000  # nights are rounded to 10⁻⁸, the calculation is not


def codes() -> dict[str, str]:
    """Return the product's code by day count."""
    return {count: f"loan-{number}" for number, count in enumerate(YEAR)}


def source(day_count: str) -> str:
    """Return the shipped loan's file with another day count."""
    text = shipped()["instalment-loan"].replace('"instalment-loan"', f'"{codes()[day_count]}"')
    return text.replace("DayCount.THIRTY_E_360", f"DayCount.{DayCount(day_count).name}")


@dataclass
class Life:
    """What a borrower does, and how the loan stands on the mornings of the marks."""

    loan: PlainLoan
    entries: dict[dt.date, list[int]] = field(default_factory=lambda: defaultdict(list))
    changes: dict[dt.date, dict[str, int]] = field(default_factory=dict)
    seen: list[tuple[int, ...]] = field(default_factory=list)


def drawn_terms(chance: Random) -> Terms:
    """Return terms of some loan."""
    every = chance.choice([1, 1, 1, 2, 3, 4, 5])
    term = chance.randint(1, {1: 12, 2: 4, 3: 1, 4: 30, 5: 20}[every])
    is_odd, has_grace = chance.random() < 0.2, chance.random() < 0.25 and term > 2
    return Terms(
        amount=int(10 ** chance.uniform(2, 8)),
        rate=chance.choice([0, 36_000, chance.randint(1, 240_000), 240_000]),
        term=term,
        method=chance.choice([1, 1, 2, 3, 4]),
        every=every,
        first_due=chance.randint(1, 70) if is_odd else 0,
        no_principal=chance.randint(0, term - 1) if has_grace else 0,
        no_interest=chance.randint(0, term - 1) if has_grace else 0,
        surplus=chance.choice([WAITS, SHORTENS, LOWERS]),
        late_fee=chance.choice([0, 0, 500]),
    )


def deeds(chance: Random, days: int) -> Iterator[tuple[int, str]]:
    """Yield what a borrower does of its own accord, and what the bank does: (day, word)."""
    odds = {"prepay": 0.3, "settle": 0.25, "rate": 0.12, "more": 0.08, "longer": 0.08, "part": 0.1}
    for word, odd in odds.items():
        if chance.random() < odd:
            yield chance.randint(0, days - 2), word


class Borrower:
    """Lives one loan, alone."""

    def __init__(self, number: int, days: int, marks: list[dt.date], counts: list[str]) -> None:
        self.chance = Random(SEED * 100_000 + number)
        self.opened = FIRST + self.chance.randrange(OPENING_DAYS) * ONE_DAY
        self.day_count = self.chance.choice(counts)
        terms = drawn_terms(self.chance)
        self.life = Life(PlainLoan(self.opened, terms, self.day_count))
        self.terms = Terms(**vars(terms))
        self.is_late = self.chance.random() < 0.35
        self.todo: list[tuple[dt.date, int, str]] = []
        for day, word in deeds(self.chance, days):
            self._plan(max(FIRST + day * ONE_DAY, self.opened), word)
        self.marks = marks
        for mark in marks:
            self._plan(mark, "mark")

    def _plan(self, day: dt.date, word: str) -> None:
        order = ("mark", "prepay", "settle", "part", "pay", "rate", "more", "longer").index(word)
        heappush(self.todo, (day, order, word))

    def live(self) -> Life:
        """Live until the last mark."""
        loan = self.life.loan
        while len(self.life.seen) < len(self.marks):
            day, _, word = self.todo[0]
            if loan.due is not None and loan.due <= day:
                loan.live_until(loan.due)
                loan.fall_due()
                self._plan(loan.day + self._delay() * ONE_DAY, "pay")
                continue
            heappop(self.todo)
            if day > loan.day:
                loan.live_until(day)
            if word == "mark":
                self.life.seen.append(standing(loan))
            elif word in ("rate", "more", "longer"):
                self._change(word)
            else:
                self._pay(word)
        return self.life

    def _delay(self) -> int:
        return self.chance.randint(0, 60) if self.is_late else 0

    def _pay(self, word: str) -> None:
        loan, share = self.life.loan, self.chance.random()
        amount = {
            "pay": loan.dues,
            "part": int(loan.dues * share),
            "prepay": loan.dues + int(loan.owe["main"] * share * 0.7),
            "settle": loan.payoff() if loan.terms.surplus != WAITS else 0,
        }[word]
        if amount > 0:
            self.life.entries[loan.day].append(amount)
            loan.enter(amount)

    def _change(self, word: str) -> None:
        loan, terms = self.life.loan, self.life.loan.terms
        if loan.day in self.life.changes:
            return
        name, value = {
            "rate": ("rate", self.chance.randint(0, 240_000)),
            "more": ("amount", loan.drawn + 1 + loan.drawn * self.chance.randint(0, 50) // 100),
            "longer": ("term", max(terms.term, loan.number) + self.chance.randint(1, 6)),
        }[word]
        self.life.changes[loan.day] = {name: value}
        loan.change(name, value)


def standing(loan: PlainLoan) -> tuple[int, ...]:
    """Return what a mark looks at: accounts, accruals, memory, payoff."""
    due = -1 if loan.due is None else (loan.due - dt.date(1970, 1, 1)).days
    accrued = round(loan.interest * 10**8), loan.late_e8
    own = [loan.owe[name] for name in ACCOUNTS]
    return *own, *accrued, loan.number, loan.level, due, max(loan.payoff(), 0)


class Book:
    """The same lives, all together in a bank."""

    def __init__(self, bank: Bank, lives: list[Life], counts: list[str]) -> None:
        self.bank, self.lives = bank, lives
        self.ids = np.zeros(len(lives), np.int64)
        self.entries: dict[dt.date, list[tuple[int, int]]] = defaultdict(list)
        self.changes: dict[dt.date, list[tuple[int, dict[str, int]]]] = defaultdict(list)
        for at, life in enumerate(lives):
            for day, amounts in life.entries.items():
                self.entries[day] += [(at, amount) for amount in amounts]
            for day, terms in life.changes.items():
                self.changes[day].append((at, terms))
        for day_count in counts:
            bank.registry.register(uuid7(bank.clock), source(day_count))

    def live(self, terms: list[Terms], marks: list[dt.date]) -> None:
        """Live until the last mark, and look at all on every mark."""
        for number in range((marks[-1] - FIRST).days):
            day = FIRST + number * ONE_DAY
            self._look(day, marks)
            self._open(day, terms)
            self._post(day)
            for at, changed in self.changes[day]:
                command = uuid7(self.bank.clock)
                self.bank.agreements.change(command, int(self.ids[at]), changed)
            assert self.bank.days.close(day).status == "closed"
        self._look(marks[-1], marks)

    def _open(self, day: dt.date, terms: list[Terms]) -> None:
        some = [at for at, life in enumerate(self.lives) if life.loan.opened == day]
        if some:
            wanted = [
                Opening(
                    product=codes()[self.lives[at].loan.day_count],
                    party_id=f"p-{at}",
                    terms=terms[at].of_opening(),
                    branch=("head", "east")[at % 2],
                )
                for at in some
            ]
            self.ids[some] = self.bank.agreements.open(uuid7(self.bank.clock), wanted)

    def _post(self, day: dt.date) -> None:
        todo = self.entries[day]
        for start in range(0, len(todo), ENTRIES_MAX):
            some = todo[start : start + ENTRIES_MAX]
            answers = self.bank.post(*(self.bank.entry(int(self.ids[at]), it) for at, it in some))
            assert {one["status"] for one in answers} == {EntryStatus.BOOKED}

    def _look(self, day: dt.date, marks: list[dt.date]) -> None:
        """Hold every column against the calculation, on the morning of a mark."""
        if day not in marks:
            return
        place = marks.index(day)
        core = self.bank.core
        numbers, rows = core.books.find(self.ids)
        for number, kept in core.books.kept.items():
            mine = np.flatnonzero(numbers == number)
            some, columns = rows[mine], kept.book.columns
            sign = np.array([1] * (len(ACCOUNTS) - 1) + [-1])[:, np.newaxis]
            money = sign * np.stack([columns[name][some] for name in ACCOUNTS])
            due = columns["due"][some]
            due = np.where(np.isnat(due), -1, due.astype(np.int64))
            memory = [columns["number"][some], columns["instalment"][some], due]
            payoff = run.derived(kept.book, some, core.today)["payoff"]
            accrued = np.stack([columns["interest"][some], columns["late"][some]])
            ours = np.concatenate([money, accrued, memory, [payoff]])
            told = np.array([self.lives[at].seen[place] for at in mine.tolist()]).T
            apart = np.abs(ours - told)
            apart[len(ACCOUNTS)] //= NEAR_E8
            wrong = np.flatnonzero(apart.any(axis=0))
            if len(wrong):
                at = int(mine[wrong[0]])
                pytest.fail(
                    f"{len(wrong)} of {len(mine)} differ on {day}; loan {at}: was "
                    f"{ours[:, wrong[0]].tolist()}, expected {list(self.lives[at].seen[place])}, "
                    f"{self.lives[at].loan.terms}, {self.lives[at].loan.day_count}, "
                    f"{dict(self.lives[at].entries)} {self.lives[at].changes}"
                )

    def expect_income(self) -> None:
        """Hold the general ledger's interest income against the interest that loans earned."""
        gl, accrued = self.bank.general_ledger.balances, 0
        for kept in self.bank.core.books.kept.values():
            accrued += int(kept.book.columns["interest.booked"].sum())
        income = -sum(minor for key, minor in gl.items() if key[0] == Slot.INTEREST_INCOME)
        assert income == accrued + sum(life.loan.earned for life in self.lives)

    def close(self, most: int) -> int:
        """Close loans on which nothing is left; the others are refused."""
        done = 0
        for at, life in enumerate(self.lives):
            loan = life.loan
            if not any(loan.owe.values()) and loan.late_e8 < 5 * 10**7 and done < most:
                closed = self.bank.agreements.close(uuid7(self.bank.clock), int(self.ids[at]))
                assert closed.status == "closed"
                done += 1
        return done


def expect_agreement(
    home: Path, loans: int, days: int, looks: int, closed: int, counts: list[str]
) -> Counter[str]:
    """Live loans for a number of days; return how many there were of what kind."""
    end = FIRST + days * ONE_DAY
    marks = [end - number * days // looks * ONE_DAY for number in reversed(range(looks))]
    borrowers = [Borrower(number, days, marks, counts) for number in range(loans)]
    lives = [one.live() for one in borrowers]
    with open_bank(home, first_day=FIRST) as bank:
        bank.core.repaid_open_days = days + 1  # who is closed, this test decides
        book = Book(bank, lives, counts)
        book.live([one.terms for one in borrowers], marks)
        book.expect_income()
        done = book.close(closed)
    kinds = Counter({"closed": done})
    for life in lives:
        kinds[f"method {life.loan.terms.method}"] += 1
        kinds.update(name for terms in life.changes.values() for name in terms)
        kinds["late"] += life.loan.owe["due_penalty"] > 0 or life.loan.late_e8 > 0
    return kinds


def test_five_hundred_loans_are_to_the_unit_what_the_definitions_say(tmp_path: Path) -> None:
    counts = ["30/360 US", "ACT/365F", "ACT/ACT ISDA"]
    kinds = expect_agreement(tmp_path, 500, days=80, looks=4, closed=40, counts=counts)
    assert kinds["closed"] == 40
    assert min(kinds[name] for name in ("rate", "amount", "term", f"method {BULLET}", "late")) > 10


@pytest.mark.slow
@pytest.mark.timeout(1_800)
def test_ten_thousand_loans_are_to_the_unit_what_the_definitions_say(tmp_path: Path) -> None:
    kinds = expect_agreement(tmp_path, 10_000, days=376, looks=12, closed=10_000, counts=list(YEAR))
    assert kinds["closed"] > 5_000
    assert min(kinds[name] for name in ("rate", "amount", "term", "late")) > 500
