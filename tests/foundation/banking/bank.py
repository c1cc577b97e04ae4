"""A bank of agreements for tests: the real ledger and tables, a general ledger in plain Python."""

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pyarrow as pa

from yunjin.chassis.flow import Engine, FlowLimits, Flows, FlowState, Registry, Retry
from yunjin.chassis.persistence import RoomDatabase
from yunjin.foundation.banking import migrations
from yunjin.foundation.banking.api.agreements import (
    ENTRIES_OPTIONAL,
    ENTRIES_REQUIRED,
    Action,
    Opening,
)
from yunjin.foundation.banking.api.days import ProofLine
from yunjin.foundation.banking.api.general_ledger import Movement, Rule
from yunjin.foundation.banking.domain.products.slots import Slot
from yunjin.foundation.banking.flows import day_close
from yunjin.foundation.banking.service.agreements import AgreementService
from yunjin.foundation.banking.service.core import Core
from yunjin.foundation.banking.service.days import DayService
from yunjin.foundation.banking.service.registry import Registry as Products
from yunjin.foundation.banking.service.registry_door import RegistryDoor
from yunjin.foundation.database import wiring as database
from yunjin.foundation.database.api import DatabaseApi
from yunjin.foundation.ledger import wiring as ledger
from yunjin.foundation.ledger.api import LedgerApi
from yunjin.kernel import tenant
from yunjin.kernel.clock import SystemClock
from yunjin.kernel.ids import uuid7

FIRST_DAY = dt.date(2026, 1, 5)
ONCE = Retry(attempts=1)  # an outage is told at once
TYPES = {**ENTRIES_REQUIRED, **ENTRIES_OPTIONAL}


@dataclass
class PlainGeneralLedger:
    """The general ledger as sums in a dictionary; it refuses an unbalanced booking."""

    balances: Counter[tuple[int, str, str]] = field(default_factory=Counter)
    booked: dict[str, list[Movement]] = field(default_factory=dict)

    def book(self, work: Any, date: dt.date, movements: list[Movement], *, source: str) -> None:
        if source in self.booked:
            assert self.booked[source] == movements, "the same source must say the same"
            return
        self.booked[source] = movements
        by_branch: Counter[tuple[str, str]] = Counter()
        for one in movements:
            net = one.debit_minor - one.credit_minor
            by_branch[one.branch, one.currency] += net
            self.balances[one.slot, one.branch, one.currency] += net
        assert not any(by_branch.values()), by_branch

    def finish_waiting(self) -> int:
        return 0

    def rule_of(self, product: str, date: dt.date) -> Rule:
        return Rule.ACCRUAL

    def prove(
        self, work: Any, date: dt.date, subledger: Mapping[tuple[int, str, str], int]
    ) -> tuple[ProofLine, ...]:
        return tuple(
            ProofLine(
                slot=Slot(key[0]).name,
                branch=key[1],
                currency=key[2],
                subledger_minor=subledger.get(key, 0),
                ledger_minor=self.balances[key],
            )
            for key in sorted(subledger.keys() | self.balances.keys())
        )


class FlowsInHand(Flows):
    """Flows that are worked by who waits for them, in the test's own thread."""

    def __init__(self, room: RoomDatabase, closes: Any, retry: Retry = ONCE) -> None:
        close = day_close(closes, retry)
        super().__init__(room, Registry(close), limits=FlowLimits(callers=0, lease_s=1))
        self.engine = Engine(self, holder="test")

    def wait(self, flow_id: UUID, *, seconds: int, look: Any = None) -> FlowState:
        self.engine.drain()
        return super().wait(flow_id, seconds=min(seconds, 1), look=look)


@dataclass
class Bank:
    """Its parts."""

    room: RoomDatabase
    ledger: LedgerApi
    core: Core
    registry: RegistryDoor
    agreements: AgreementService
    days: DayService
    general_ledger: Any
    clock: SystemClock
    standby: Core  # of another process, which only follows

    def open(
        self, product: str, count: int = 1, *, branch: str = "head", **terms: int
    ) -> list[int]:
        """Open agreements of one kind."""
        wanted = Opening(product=product, party_id="p-1", terms=terms, branch=branch)
        return self.agreements.open(uuid7(self.clock), [wanted] * count)

    def post(self, *entries: dict[str, Any]) -> list[dict[str, Any]]:
        """Post entries (see `entry`) in one batch."""
        names = list(dict.fromkeys(name for one in entries for name in one))
        arrays = [
            pa.array(
                [one.get(name) or 0 if name != "value_date" else one.get(name) for one in entries],
                TYPES[name],
            )
            for name in names
        ]
        answers: list[dict[str, Any]] = self.agreements.post(
            pa.RecordBatch.from_arrays(arrays, names=names)
        ).to_pylist()
        return answers

    def entry(
        self,
        agreement_id: int,
        amount_minor: int,
        *,
        id: UUID | None = None,
        hold: UUID | None = None,
        action: Action = Action.BOOK,
        **columns: Any,
    ) -> dict[str, Any]:
        """Return an entry; what is not named is new or usual."""
        own = id or uuid7(self.clock)
        made = {
            "id_hi": own.int >> 64,
            "id_lo": own.int & (2**64 - 1),
            "agreement_id": agreement_id,
            "amount_minor": amount_minor,
            "action": int(action),
        }
        if hold is not None:
            made |= {"hold_id_hi": hold.int >> 64, "hold_id_lo": hold.int & (2**64 - 1)}
        return made | columns

    def fingerprint(self) -> Any:
        """Return all that is in the books and the ledger, to be compared."""
        self.core.ready()
        self.core.refresh_all()
        books = {
            number: {
                name: np.asarray(column).view(np.int64).tolist()
                for name, column in kept.book.columns.items()
            }
            for number, kept in self.core.books.kept.items()
        }
        return books, self.core.slot_balances(), self.core.today

    def reopened(self) -> Core:
        """Return the core as another process would read it."""
        again = Core(
            self.room, self.ledger, self.clock, self.core._product_of, currencies=[("CNY", 156)]
        )
        again.load()
        return again


@contextmanager
def open_bank(
    home: Path,
    *,
    general_ledger: Any = None,
    database_settings: database.Settings | None = None,
    first_day: dt.date = FIRST_DAY,
    retry: Retry = ONCE,
) -> Iterator[Bank]:
    """Open a bank in a folder; opened again, it goes on."""
    clock = SystemClock()
    (home / "demo").mkdir(parents=True, exist_ok=True)
    with tenant.entered("demo"):
        tables = database.build(
            database_settings or database.Settings(), tenant="demo", clock=clock, home=home
        )
        cell = ledger.build(
            ledger.Settings(bloom_words=64, checkpoint_transfers=5_000),
            tenant="demo",
            clock=clock,
            home=home,
            database=tables.doors[DatabaseApi],
        )
        days: Any = None
        try:
            room: RoomDatabase = tables.doors[DatabaseApi].open(
                "banking", source="/foundation/banking", migrations=migrations
            )
            registry = Products(room, clock)
            door: LedgerApi = cell.doors[LedgerApi]
            core, standby = (
                Core(
                    room,
                    door,
                    clock,
                    registry.product,
                    currencies=[("CNY", 156)],
                    beside=registry.load,
                )
                for _ in range(2)
            )
            core.load()
            standby.follow()
            agreements = AgreementService(core, registry, cursor_key=b"k" * 16)
            books = general_ledger or PlainGeneralLedger()
            if callable(books):  # one that lives in the same tables
                books = books(room)
            days = DayService(
                core, registry, books, lambda closes: FlowsInHand(room, closes, retry)
            )
            days.begin(first_day)
            days.resume()
            days.flows.engine.drain()
            yield Bank(
                room,
                door,
                core,
                RegistryDoor(registry, agreements, days),
                agreements,
                days,
                books,
                clock,
                standby,
            )
        finally:
            if days is not None:
                days.flows.engine.close()
            for each in (cell, tables):
                if each.close is not None:
                    each.close()
