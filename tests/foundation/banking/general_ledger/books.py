"""A general ledger for tests: real tables, a bank-side ledger that is a dictionary."""

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from yunjin.chassis.persistence import RoomDatabase
from yunjin.foundation.banking import migrations
from yunjin.foundation.banking.api.general_ledger import (
    GlEntry,
    ManualEntry,
    ManualLine,
    Movement,
)
from yunjin.foundation.banking.domain.products.slots import Slot
from yunjin.foundation.banking.service.general_ledger import GeneralLedger
from yunjin.foundation.database.api import DatabaseApi
from yunjin.foundation.database.wiring import Settings, build
from yunjin.kernel.clock import SystemClock
from yunjin.kernel.ids import uuid7

CLOCK = SystemClock()


@dataclass
class Subledger:
    """What the ledger's bank side came to, by slot, branch and currency; posts by id, once."""

    balances: Counter[tuple[int, str, str]] = field(default_factory=Counter)
    posted: dict[UUID, list[Movement]] = field(default_factory=dict)
    fails: list[Exception] = field(default_factory=list)  # raised in turn, after it posted
    refuses: list[Exception] = field(default_factory=list)  # raised in turn, before it posts

    def __call__(
        self, command_id: UUID, date: dt.date, movements: Sequence[Movement], reference: str
    ) -> None:
        if self.refuses:
            raise self.refuses.pop(0)
        if command_id not in self.posted:
            self.posted[command_id] = list(movements)
            self.add(movements)
        assert self.posted[command_id] == list(movements)
        if self.fails:
            raise self.fails.pop(0)

    def add(self, movements: Sequence[Movement]) -> None:
        """Count what agreements or the bank's side moved by."""
        for one in movements:
            place = (int(one.slot), one.branch, one.currency)
            self.balances[place] += one.debit_minor - one.credit_minor


@dataclass
class Books:
    """A general ledger and the little around it that a story needs."""

    room: RoomDatabase
    ledger: Subledger = field(default_factory=Subledger)
    closed: dt.date | None = None
    is_joined: bool = True

    def __post_init__(self) -> None:
        self.gl = GeneralLedger(
            self.room,
            page_key=b"k" * 16,
            last_closed=lambda: self.closed,
            post_slots=self.ledger if self.is_joined else None,
        )

    def book(self, day: str, *movements: Movement, source: str = "", counted: bool = True) -> None:
        """Book movements on a day as a step of its close."""
        date = dt.date.fromisoformat(day)
        source = source or f"close/{date}/1"
        self.room.run(lambda work: self.gl.book(work, date, movements, source=source))
        if counted:
            self.ledger.add(movements)

    def enter(self, day: str, *lines: ManualLine, **more: Any) -> GlEntry:
        """Enter a manual entry."""
        return self.gl.enter(manual(day, *lines, **more))

    def balance(self, account: str, day: str, *, branch: str = "", currency: str = "CNY") -> int:
        """Return debits less credits of an account at the end of a day."""
        date = dt.date.fromisoformat(day)
        report = self.gl.trial_balance(date, date, branch=branch, currency=currency)
        rows = [row for row in report.rows if row.account == account]
        return rows[0].closing_minor if rows else 0


def manual(day: str, *lines: ManualLine, **more: Any) -> ManualEntry:
    """Return a manual entry with the words nobody looks at."""
    words = {"command_id": uuid7(CLOCK), "reason": "as agreed", "by": "Li Wei"}
    return ManualEntry(date=dt.date.fromisoformat(day), lines=lines, **(words | more))


def debit(account: str, minor: int, branch: str = "head", currency: str = "CNY") -> ManualLine:
    """Return a debit line."""
    return ManualLine(account=account, branch=branch, currency=currency, debit_minor=minor)


def credit(account: str, minor: int, branch: str = "head", currency: str = "CNY") -> ManualLine:
    """Return a credit line."""
    return ManualLine(account=account, branch=branch, currency=currency, credit_minor=minor)


def moved(
    slot: Slot,
    *,
    dr: int = 0,
    cr: int = 0,
    product: str = "loan",
    branch: str = "head",
    currency: str = "CNY",
) -> Movement:
    """Return a movement of a slot."""
    return Movement(
        product=product,
        branch=branch,
        currency=currency,
        slot=slot,
        debit_minor=dr,
        credit_minor=cr,
    )


def pair(debits: Slot, credits: Slot, minor: int, **where: Any) -> tuple[Movement, Movement]:
    """Return two movements that balance."""
    return moved(debits, dr=minor, **where), moved(credits, cr=minor, **where)


def day(text: str) -> dt.date:
    """Read a date."""
    return dt.date.fromisoformat(text)


def january(books: Books) -> None:
    """A loan of 1,000.00 is paid out, earns 10.00 and is provided for; costs are 3.00."""
    books.book("2026-01-05", *pair(Slot.LOANS, Slot.CLEARING, 100_000))
    books.book("2026-01-31", *pair(Slot.INTEREST_ACCRUED, Slot.INTEREST_INCOME, 1_000))
    books.book("2026-01-31", *pair(Slot.IMPAIRMENT, Slot.PROVISION, 200), source="close/x/2")
    books.enter("2026-01-31", debit("6601", 300), credit("2202", 300))


@contextmanager
def opened(url: str, home: Path, *, is_joined: bool = True) -> Iterator[Books]:
    """Open an empty general ledger."""
    found = build(Settings(url=url), tenant="demo", clock=CLOCK, home=home)
    try:
        room = found.doors[DatabaseApi].open(
            "banking", source="/foundation/banking", migrations=migrations
        )
        yield Books(room, is_joined=is_joined)
    finally:
        assert found.close is not None
        found.close()
