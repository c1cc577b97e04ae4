"""DaysApi: business days, closed one after the other, to the same result however often stopped."""

import datetime as dt
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol
from uuid import UUID

import numpy as np
import pyarrow as pa

from yunjin.chassis.persistence import SqlUnitOfWork, instant_us
from yunjin.foundation.banking.api.agreements import (
    ENTRIES_OPTIONAL,
    ENTRIES_REQUIRED,
    EntryStatus,
    StandingOrder,
)
from yunjin.foundation.banking.api.days import DayReport, DayStep, ProofLine
from yunjin.foundation.banking.api.general_ledger import Movement, Rule
from yunjin.foundation.banking.domain import derived_ids
from yunjin.foundation.banking.domain.products.slots import Slot
from yunjin.foundation.banking.errors import AnotherWriter, DayNotProven
from yunjin.foundation.banking.events import DayClosed
from yunjin.foundation.banking.service.closing import Closing
from yunjin.foundation.banking.service.core import Core, Wave
from yunjin.foundation.banking.service.entries import Entries
from yunjin.foundation.banking.service.orders import Orders
from yunjin.foundation.banking.service.registry import Registry
from yunjin.foundation.banking.store import keeping
from yunjin.kernel.errors import Malformed, NotFound

DAYS_AHEAD_MAX: Final = 3_660
ORDERS_AT_ONCE: Final = 4_000
_ACCRUED: Final = (Slot.INTEREST_INCOME, Slot.PENALTY_INCOME, Slot.INTEREST_EXPENSE)
Told = Callable[[DayReport], None]
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


class DayService:
    """The bank's calendar."""

    def __init__(self, core: Core, registry: Registry, general_ledger: GeneralLedgerPort) -> None:
        self._core, self._registry, self._gl = core, registry, general_ledger
        self._closing, self._entries = Closing(core), Entries(core)
        self._orders = Orders(core.room)

    def begin(self, date: dt.date) -> None:
        """Open a bank's first business day; later ones open by closing. Again changes nothing."""
        core = self._core
        with core.lock:
            if core.room.read(keeping.newest_day) is None:
                day: Any = np.datetime64(date, "D")
                self._put(day, "open", {})
                core.new_day(day)

    def business_date(self) -> dt.date:
        return _date(self._core.today)

    def close(self, until: dt.date | None = None, *, progress: Told | None = None) -> DayReport:
        core = self._core
        with core.lock:
            core.ready()
            self._resume()
            last = core.today if until is None else np.datetime64(until, "D")
            ahead = int((last - core.today).astype(np.int64))
            if not 0 <= ahead <= DAYS_AHEAD_MAX:
                raise Malformed(
                    f"expected a day from {core.today} on, at most {DAYS_AHEAD_MAX} ahead, "
                    f"was {last}"
                )
        while True:
            with core.lock:  # between two days, entries have their turn
                core.ready()
                if core.today > last:
                    return self.day(_date(last))
                self._close_day(progress)

    def resume(self) -> None:
        """Go on with a close that was stopped, before anything else is booked."""
        with self._core.lock:
            self._core.ready()
            self._take_rules()
            self._resume()

    def _resume(self) -> None:
        status = self._status()
        if status == "closing":
            self._close_day(None)
        elif status == "opening":
            self._open_day(None, self._core.clock.monotonic_ns())

    def _take_rules(self) -> None:
        for kept in self._core.books.kept.values():
            rule = self._gl.rule_of(kept.code, _date(self._core.today))
            kept.book.is_cash = rule is Rule.CASH

    def _status(self) -> str:
        row, today = self._core.room.read(keeping.newest_day), self._core.today
        if row is not None and np.datetime64(row.date, "D") != today:
            raise AnotherWriter(f"expected {today} to be the newest day, was another writer's")
        return "" if row is None else str(row.status)

    def _close_day(self, progress: Told | None) -> None:
        core, date = self._core, self._core.today
        started = core.clock.monotonic_ns()
        if self._status() == "unproven":
            raise DayNotProven(f"expected the books of {date} to agree, was a difference")
        self._take_rules()
        wave, days = Wave(core.draft(), {}), int(date.astype(np.int64))
        wave.columns = wave.draft.finish()
        now_us = instant_us(core.clock.now_ns())  # a wave: another writer gets no further
        core.commit(
            wave, lambda work: keeping.put_day(work.connection, days, "closing", {}, now_us)
        )
        self._each("close", self._closing.close, progress, started)
        report = self._report(started, "closed")
        lines = self._prove(report)
        if any(line.difference_minor for line in lines):
            raise DayNotProven(
                f"expected the books of {date} to agree, was a difference",
                lines=[line.slot for line in lines if line.difference_minor],
            )
        core.new_day(date + np.timedelta64(1, "D"))
        self._open_day(progress, started)

    def _open_day(self, progress: Told | None, started: int) -> None:
        self._take_rules()
        self.bring_terms()
        self._each("open", self._closing.open, progress, started)
        self._pay_orders()
        self._put(self._core.today, "open", {})

    def bring_terms(self) -> None:
        """Bring changed terms that act by now to the agreements."""
        core = self._core
        with core.lock:
            for one in self._registry.due(int(core.today.astype(np.int64))):
                part, kept_parts = f"terms/{one.change_id.hex}", self._closing.kept_parts()
                for number, page in self._closing.parts():
                    kept = core.books.kept[number]
                    is_new = f"{part}/{number}/{page}" not in kept_parts
                    if (
                        kept.code == one.product
                        and one.parameter in kept.book.parameters
                        and is_new
                    ):
                        self._closing.terms(number, page, one.parameter, one.value, part)
                self._registry.end(one.change_id)

    def _each(
        self, name: str, act: Callable[[int, int], None], progress: Told | None, started: int
    ) -> None:
        kept, parts = self._closing.kept_parts(), self._closing.parts()
        for place, (number, page) in enumerate(parts):
            if f"{name}/{number}/{page}" not in kept:
                act(number, page)
            if progress is not None:
                step = DayStep(name=name, done=place + 1, total=len(parts))
                words = "closing" if name == "close" else "opening"
                progress(_report(_date(self._core.today), words, {}, (step,), started, self._core))

    def _report(self, started: int, status: str) -> dict[str, Any]:
        core = self._core
        accrued = provision = 0
        for (_, _, slot), minor in (core.debits - Counter()).items():
            provision += minor if slot == Slot.IMPAIRMENT else 0
            accrued += minor if slot in (Slot.INTEREST_ACCRUED, Slot.INTEREST_EXPENSE) else 0
        for (_, _, slot), minor in core.credits.items():
            provision -= minor if slot == Slot.IMPAIRMENT else 0
        days = int(core.today.astype(np.int64))
        waiting = core.room.read(lambda connection: keeping.count_tasks(connection, days))
        return {
            "agreements": core.books.count(),
            "transfers": core.transfers_today,
            "accrued_minor": accrued,
            "provision_minor": provision,
            "waiting": waiting,
            "seconds": round((core.clock.monotonic_ns() - started) / 1e9, 3),
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

    def _prove(self, report: dict[str, Any]) -> tuple[ProofLine, ...]:
        """Book the day in the general ledger, hold it against the subledger, end the day."""
        core, date = self._core, self._core.today
        self._gl.finish_waiting()
        core.refresh_all()
        subledger: Counter[tuple[int, str, str]] = Counter()
        for key, minor in (*core.agreement_balances(), *core.slot_balances().items()):
            subledger[key] += minor
        movements = self._movements()

        def booked(work: SqlUnitOfWork) -> tuple[ProofLine, ...]:
            day = _date(date)
            self._gl.book(work, day, movements, source=f"close/{day}")
            lines = self._gl.prove(work, day, subledger)
            is_proven = not any(line.difference_minor for line in lines)
            status = "closed" if is_proven else "unproven"
            proof = [
                [line.slot, line.branch, line.currency, line.subledger_minor, line.ledger_minor]
                for line in lines
            ]
            now_us = instant_us(core.clock.now_ns())
            days = int(date.astype(np.int64))
            keeping.put_day(work.connection, days, status, {**report, "proof": proof}, now_us)
            if is_proven:
                closed = DayClosed(
                    date=str(day),
                    transfers=report["transfers"],
                    agreements=report["agreements"],
                )
                work.outbox.add(closed)
                keeping.put_day(work.connection, days + 1, "opening", {}, now_us)
            return lines

        return core.room.run(booked)

    def _put(self, date: Any, status: str, report: dict[str, Any]) -> None:
        days, now_us = int(date.astype(np.int64)), instant_us(self._core.clock.now_ns())
        self._core.room.run(
            lambda work: keeping.put_day(work.connection, days, status, report, now_us)
        )

    # standing orders ----------------------------------------------------------------------------

    def _pay_orders(self) -> None:
        """Pay what is due; an order that is refused becomes a task, and goes on next time."""
        core = self._core
        while due := self._orders.due(core.today, ORDERS_AT_ONCE):
            answers = self._entries.post(_entries_of(due, core.today)).to_pylist()
            wave = Wave(core.draft(), {})
            wave.columns = wave.draft.finish()
            for one, answer in zip(due, answers, strict=True):
                if answer["status"] not in (EntryStatus.BOOKED, EntryStatus.EXISTS):
                    why = answer["reason"] or EntryStatus(answer["status"]).name.lower()
                    task = {"agreement_id": one.agreement_id, "code": "standing-order"}
                    wave.tasks.append({**task, "detail": f"{one.order_id}: {why}"[:500]})

            def more(work: SqlUnitOfWork, paid: list[StandingOrder] = due) -> None:
                self._orders.forward(work.connection, paid, core.today)

            core.commit(wave, more)

    # reading ------------------------------------------------------------------------------------

    def last_closed(self) -> dt.date | None:
        """Return the newest closed business day, None while none is closed."""
        row = self._core.room.read(keeping.newest_closed_day)
        return None if row is None else dt.date(1970, 1, 1) + dt.timedelta(days=row.date)

    def day(self, date: dt.date) -> DayReport:
        days = int(np.datetime64(date, "D").astype(np.int64))
        row = self._core.room.read(lambda connection: keeping.day(connection, days))
        if row is None:
            raise NotFound(f"There is no business day {date}.", date=str(date))
        return _kept_report(row, with_proof=True)

    def days(self, *, limit: int = 31) -> list[DayReport]:
        if not 1 <= limit <= 400:
            raise Malformed(f"expected a limit of 1 to 400, was {limit}")
        rows = self._core.room.read(lambda connection: keeping.last_days(connection, limit))
        return [_kept_report(row, with_proof=False) for row in rows]


def _date(day: Any) -> dt.date:
    found: dt.date = day.astype(dt.date)
    return found


def _entries_of(orders: list[StandingOrder], date: Any) -> pa.RecordBatch:
    types = {**ENTRIES_REQUIRED, **ENTRIES_OPTIONAL}
    ids = [_payment_id(one.order_id, date) for one in orders]
    columns = {
        "id_hi": [one.int >> 64 for one in ids],
        "id_lo": [one.int & (2**64 - 1) for one in ids],
        "agreement_id": [one.agreement_id for one in orders],
        "amount_minor": [-one.amount_minor for one in orders],
        "counter_agreement_id": [one.counter_agreement_id for one in orders],
        "reference_hi": [one.order_id.int >> 64 for one in orders],
        "reference_lo": [one.order_id.int & (2**64 - 1) for one in orders],
    }
    arrays = [pa.array(values, types[name]) for name, values in columns.items()]
    return pa.RecordBatch.from_arrays(arrays, names=list(columns))


def _payment_id(order_id: UUID, date: Any) -> UUID:
    one = np.array([order_id.int & (2**62 - 1)])
    high, low = derived_ids.of_day(
        date, derived_ids.salt_of(order_id.hex), one, np.zeros(1, np.int64)
    )
    return UUID(int=(int(high[0]) << 64) | int(low[0]))


def _report(
    date: dt.date,
    status: str,
    facts: Mapping[str, Any],
    steps: tuple[DayStep, ...],
    started: int,
    core: Core,
) -> DayReport:
    seconds = round((core.clock.monotonic_ns() - started) / 1e9, 3)
    return DayReport(
        date=date,
        status=status,
        agreements=core.books.count(),
        transfers=core.transfers_today,
        accrued_minor=facts.get("accrued_minor", 0),
        provision_minor=facts.get("provision_minor", 0),
        waiting=facts.get("waiting", 0),
        seconds=seconds,
        steps=steps,
        proof=(),
    )


def _kept_report(row: Any, *, with_proof: bool) -> DayReport:
    facts = row.report
    proof = [
        ProofLine(
            slot=slot, branch=branch, currency=currency, subledger_minor=one, ledger_minor=two
        )
        for slot, branch, currency, one, two in (facts.get("proof", []) if with_proof else [])
    ]
    return DayReport(
        date=dt.date(1970, 1, 1) + dt.timedelta(days=row.date),
        status=row.status,
        agreements=facts.get("agreements", 0),
        transfers=facts.get("transfers", 0),
        accrued_minor=facts.get("accrued_minor", 0),
        provision_minor=facts.get("provision_minor", 0),
        waiting=facts.get("waiting", 0),
        seconds=facts.get("seconds", 0.0),
        steps=(),
        proof=tuple(proof),
    )
