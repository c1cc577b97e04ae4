"""The parts of a day's close: each may be asked for again, by anybody, and acts once.

Which parts are kept, the waves tell; how far the day has come, its row does. So a part that is
asked for after its time does nothing, and a close that stopped anywhere goes on.
"""

import datetime as dt
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final, Protocol

import numpy as np

from yunjin.chassis.persistence import SqlUnitOfWork, instant_us
from yunjin.foundation.banking.api.days import ProofLine
from yunjin.foundation.banking.api.general_ledger import Movement, Rule
from yunjin.foundation.banking.domain.products.slots import Slot
from yunjin.foundation.banking.errors import AnotherWriter, DayNotProven
from yunjin.foundation.banking.events import DayClosed
from yunjin.foundation.banking.service.books import PAGE_ROWS
from yunjin.foundation.banking.service.closing import Closing
from yunjin.foundation.banking.service.core import HALF_CLOSED, Core, Wave
from yunjin.foundation.banking.service.entries import Entries
from yunjin.foundation.banking.service.orders import Orders, Payments
from yunjin.foundation.banking.service.registry import Registry, number_of
from yunjin.foundation.banking.store import keeping
from yunjin.kernel import check
from yunjin.kernel.errors import Unknown

PART_ROWS: Final = 4 * PAGE_ROWS  # some tenths of a second: what a part costs beside is little
ORDERS_AT_ONCE: Final = 4_000
_ACCRUED: Final = (Slot.INTEREST_ACCRUED, Slot.INTEREST_EXPENSE)
Came = tuple[str, int, int]  # the stage that follows, the place this one came to, rows done
Subledger = Mapping[tuple[int, str, str], int]


class GeneralLedgerPort(Protocol):
    """What a close asks of the general ledger, inside its own transaction."""

    def book(
        self, work: SqlUnitOfWork, date: dt.date, movements: list[Movement], *, source: str
    ) -> None:
        """Book what moved."""

    def prove(
        self, work: SqlUnitOfWork, date: dt.date, subledger: Subledger
    ) -> tuple[ProofLine, ...]:
        """Hold the general ledger against the accounts that make it up."""

    def finish_waiting(self) -> int:
        """Finish manual entries whose money moved in the ledger already; return how many."""

    def rule_of(self, product: str, date: dt.date) -> Rule:
        """Return whether a product's interest counts as it accrues or as it is paid."""


class Attempt(Protocol):
    """The running close of a day, told how it gets on."""

    def passed(self, stage: str, done: int, total: int) -> None:
        """Say how many pages of a stage are done, where it is not done at once."""

    def go_on(self, date: dt.date, work: SqlUnitOfWork) -> None:
        """Let the close of the next day begin too, if the transaction commits."""


class DayParts:
    """What closes a day, part by part. A part takes the bank's lock, and gives it back."""

    def __init__(self, core: Core, registry: Registry, general_ledger: GeneralLedgerPort) -> None:
        self._core, self._registry, self._gl = core, registry, general_ledger
        self._closing, self._orders = Closing(core), Orders(core.room)
        self._ruled = 0  # the load since which the books know how their interest counts

    def go_on(self, date: str, stage: str, place: int, attempt: Attempt) -> tuple[str, int]:
        """Close a day from a stage and a place in it on, for so many agreements as a part has.

        Returns where to go on: stage "close", "prove" or "open", or "" once the next day is open.
        A small bank comes that far at once.

        Raises: DayNotProven, as the general ledger refuses, AnotherWriter, Outage, Unknown.
        """
        left = PART_ROWS
        while stage and left > 0:
            was, before = stage, place
            if stage == "close":
                stage, place, rows = self._close_pages(date, place, left)
            elif stage == "prove":
                stage, place, rows = self._prove_day(date)
            else:
                stage, place, rows = self._open_pages(date, place, left, attempt)
            if was != "prove" and (before or stage == was):
                attempt.passed(was, place, len(self._closing.parts()))
            place = place if stage == was else 0
            left -= rows
        return stage, place

    def _close_pages(self, date: str, place: int, left: int) -> Came:
        """Close the day for some pages."""
        with self._turn(date) as (day, row):
            if day < self._core.today or row.status not in ("open", "closing"):
                return "prove", place, 0
            if row.status == "open":
                self._begin(row)
            return self._pages("close", "prove", self._closing.close, place, left)

    def _prove_day(self, date: str) -> Came:
        """Book the day in the general ledger, hold it against the subledger, end the day."""
        with self._turn(date) as (day, row):
            if day == self._core.today:
                lines = self._prove(day, row)
                wrong = [line.slot for line in lines if line.difference_minor]
                self._core.lock.set_closing(not wrong)
                if wrong:
                    said = f"expected the books of {_date(day)} to agree, was a difference"
                    raise DayNotProven(said, lines=wrong)
                self._core.new_day(day + np.timedelta64(1, "D"))
            return "open", 0, 0

    def _open_pages(self, date: str, place: int, left: int, attempt: Attempt) -> Came:
        """Open the day after for some pages; with the last one orders are paid, and it is open."""
        with self._turn(date) as (day, row):
            if row.status != "opening" or day + np.timedelta64(1, "D") != self._core.today:
                return "", place, 0
            if not place:
                self.bring_terms()
            stage, place, rows = self._pages("open", "", self._closing.open, place, left)
            if not stage:
                self._pay_orders()
                self._open(day, row, attempt)
                self._core.lock.set_closing(False)
            return stage, place, rows

    def bring_terms(self) -> None:
        """Bring changed terms that act by now to the agreements."""
        core = self._core
        for one in self._registry.due(_days(core.today)):
            template = number_of(one.template)
            apart = self._registry.overriding(one.product, one.parameter, _days(core.today))
            part, kept_parts = f"terms/{one.change_id.hex}", self._closing.kept_parts(one.date)
            for number, page in self._closing.parts():
                kept = core.books.kept[number]
                is_new = f"{part}/{number}/{page}" not in kept_parts
                if kept.code == one.product and one.parameter in kept.book.parameters and is_new:
                    self._closing.terms(number, page, one, template=template, apart=apart)
            self._registry.end(one.change_id)

    def tell_refused(self) -> None:
        """Leave to a person what the ledger refused of a close before the bank stopped."""
        with self._core.lock.closing():
            self._closing.tell_refused()

    def take_rules(self) -> None:
        """Tell the books how their interest counts, where a day begins or they were read again."""
        today = _date(self._core.today)
        for kept in self._core.books.kept.values():
            kept.book.is_cash = self._gl.rule_of(kept.code, today) is Rule.CASH
        self._ruled = self._core.loads

    def newest(self) -> Any:
        """Return the row of the newest business day, None before the first.

        Raises: AnotherWriter, where it is not the one we hold open.
        """
        self._core.ready()
        row, today = self._core.room.read(keeping.newest_day), self._core.today
        if row is not None and np.datetime64(row.date, "D") != today:
            raise AnotherWriter(f"expected {today} to be the newest day, was another writer's")
        return row

    @contextmanager
    def _turn(self, date: str) -> Iterator[tuple[Any, Any]]:
        """Take the lock for a part; give the date (datetime64[D]) and the newest day's row."""
        core, day = self._core, np.datetime64(date, "D")
        with core.lock.closing():
            row = self.newest()
            check.that(bool(day <= core.today), f"expected a day up to {core.today}, was {day}")
            self._closing.tell_refused()
            try:
                yield day, row
            except Unknown:
                core.doubt()  # the day may have come further than we know
                raise

    # the pages ----------------------------------------------------------------------------------

    def _begin(self, row: Any) -> None:
        core = self._core
        wave = Wave(core.draft(), {})  # a wave: another writer gets no further
        wave.columns = wave.draft.finish()
        now_us = instant_us(core.clock.now_ns())
        facts = {**row.report, "began_us": now_us}
        core.commit(
            wave, lambda work: keeping.put_day(work.connection, row.date, "closing", facts, now_us)
        )
        core.lock.set_closing(True)

    def _pages(
        self, stage: str, following: str, act: Callable[[int, int], int], place: int, left: int
    ) -> Came:
        """Do pages from a place on, until so many rows are done or none is left."""
        if not place or self._ruled != self._core.loads:
            self.take_rules()
        kept, parts = self._closing.kept_parts(), self._closing.parts()
        rows = 0
        while place < len(parts) and rows < left:
            number, page = parts[place]
            if f"{stage}/{number}/{page}" not in kept:
                rows += act(number, page)
            place += 1
        return stage if place < len(parts) else following, place, rows

    # the books ----------------------------------------------------------------------------------

    def _prove(self, date: Any, row: Any) -> tuple[ProofLine, ...]:
        core, day, days = self._core, _date(date), _days(date)
        self._gl.finish_waiting()
        core.refresh_all()
        subledger: Counter[tuple[int, str, str]] = Counter()
        for key, minor in (*core.books.balances(), *core.slot_balances().items()):
            subledger[key] += minor
        movements, facts = self._movements(), {**row.report, **self._facts()}
        lines: tuple[ProofLine, ...] = ()

        def booked(work: SqlUnitOfWork) -> bool:
            nonlocal lines
            self._gl.book(work, day, movements, source=f"close/{day}")
            lines = self._gl.prove(work, day, subledger)
            if any(line.difference_minor for line in lines):
                raise _Unproven  # nothing of it is booked: it is proven again with what mends it
            now_us = self._put_proof(work, days, "closed", facts, lines)
            closed = DayClosed(
                date=str(day), transfers=facts["transfers"], agreements=facts["agreements"]
            )
            work.outbox.add(closed)
            wish = {name: until for name, until in row.report.items() if name == "until"}
            keeping.put_day(work.connection, days + 1, "opening", wish, now_us)
            return True

        try:
            core.room.run(booked)
        except _Unproven:
            core.room.run(lambda work: self._put_proof(work, days, "unproven", facts, lines))
        return lines

    def _put_proof(
        self,
        work: SqlUnitOfWork,
        days: int,
        status: str,
        facts: dict[str, Any],
        lines: tuple[ProofLine, ...],
    ) -> int:
        """Keep a day with its proof; return the time of it, µs."""
        now_us = instant_us(self._core.clock.now_ns())
        proof = [
            [line.slot, line.branch, line.currency, line.subledger_minor, line.ledger_minor]
            for line in lines
        ]
        report = {**facts, "proof": proof, "seconds": seconds_of(facts, now_us)}
        keeping.put_day(work.connection, days, status, report, now_us)
        return now_us

    def _facts(self) -> dict[str, Any]:
        core, days = self._core, _days(self._core.today)
        sums: dict[str, list[int]] = {}  # currency → accrued, provided, minor
        for book, branch, slot in core.debits.keys() | core.credits.keys():
            debit, credit = core.debits[book, branch, slot], core.credits[book, branch, slot]
            mine = sums.setdefault(core.books.kept[book].book.product.currency, [0, 0])
            mine[0] += debit if slot in _ACCRUED else 0
            mine[1] += debit - credit if slot == Slot.IMPAIRMENT else 0
        return {
            "agreements": core.books.count(),
            "transfers": core.transfers_today,
            "sums": [[currency, *sums[currency]] for currency in sorted(sums)],
            "waiting": core.room.read(lambda connection: keeping.count_tasks(connection, days)),
        }

    def _movements(self) -> list[Movement]:
        core = self._core
        keys = sorted(core.debits.keys() | core.credits.keys())
        return [
            Movement(
                product=core.books.kept[book].code,
                branch=core.books.branches[branch],
                currency=core.books.kept[book].book.product.currency,
                slot=slot,
                debit_minor=core.debits[book, branch, slot],
                credit_minor=core.credits[book, branch, slot],
            )
            for book, branch, slot in keys
        ]

    # the next day -------------------------------------------------------------------------------

    def _pay_orders(self) -> None:
        """Pay what is due; an order that is refused becomes a task, and goes on next time."""
        core = self._core
        while due := self._orders.due(core.today, ORDERS_AT_ONCE):
            payments = Payments(self._orders, due, core.today)
            answers = Entries(core, payments).post(payments.entries()).to_pydict()
            wave = Wave(core.draft(), {})
            wave.tasks += payments.decide([], answers["status"], answers["reason"])
            wave.columns = wave.draft.finish()
            core.commit(wave, payments.keep)
            self._closing.tell_refused()

    def _open(self, date: Any, row: Any, attempt: Attempt) -> None:
        """Let the next day be open, say how long all of it took, and go on where that is wished."""
        days, coming = _days(date), row.date
        until = row.report.get("until", 0)

        def opened(work: SqlUnitOfWork) -> None:
            now_us = instant_us(self._core.clock.now_ns())
            closed = keeping.day(work.connection, days)
            facts = {**closed.report, "seconds": seconds_of(closed.report, now_us)}
            keeping.put_day(work.connection, days, closed.status, facts, now_us)
            wish = {"until": until} if until >= coming else {}
            keeping.put_day(work.connection, coming, "open", wish, now_us)
            if wish:
                attempt.go_on(_date(self._core.today), work)

        self._core.room.run(opened)


class _Unproven(Exception):
    """The books differ: what was booked is taken back."""


def is_half_closed(row: Any) -> bool:
    """Tell whether a close of the bank's newest day, or of the one before it, is under way."""
    return row is not None and row.status in HALF_CLOSED


def seconds_of(facts: Mapping[str, Any], now_us: int) -> float:
    """Return how long a close took until now, all its attempts and pauses together, s."""
    began_us: int = facts.get("began_us", now_us)
    return round((now_us - began_us) / 1e6, 3)


def _date(day: Any) -> dt.date:
    found: dt.date = day.astype(dt.date)
    return found


def _days(date: Any) -> int:
    return int(date.astype(np.int64))
