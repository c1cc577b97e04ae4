"""A small bank with a payment centre and a clearing channel that misbehaves on demand."""

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import pyarrow as pa
import pytest

from tests.mariadb import database_url, mariadb
from yunjin.chassis.flow import Engine
from yunjin.foundation.banking import wiring as banking
from yunjin.foundation.banking.api.agreements import AgreementsApi, Opening
from yunjin.foundation.banking.api.days import DaysApi
from yunjin.foundation.database import wiring as database
from yunjin.foundation.database.api import DatabaseApi
from yunjin.foundation.ledger import wiring as ledger
from yunjin.foundation.ledger.api import LedgerApi
from yunjin.kernel import tenant
from yunjin.kernel.clock import SystemClock
from yunjin.kernel.ids import uuid7
from yunjin.platforms.capability import wiring
from yunjin.platforms.capability.adapters.channel import FakeChannel
from yunjin.platforms.capability.adapters.clearing_house import ClearingHouse
from yunjin.platforms.capability.api.limits import LimitsApi
from yunjin.platforms.capability.api.payments import NewPayment, Payment, PaymentsApi
from yunjin.platforms.capability.jobs import Paying

__all__ = ["database_url", "mariadb"]


class SkippingClock(SystemClock):
    """The machine's clock, moved on at will."""

    skipped_ns = 0

    def now_ns(self) -> int:
        return super().now_ns() + self.skipped_ns

    def monotonic_ns(self) -> int:
        return super().monotonic_ns() + self.skipped_ns

    def skip(self, *, seconds: int) -> None:
        self.skipped_ns += seconds * 1_000_000_000


@dataclass
class Payer:
    """The doors of a bank, two customers, and its channel."""

    clock: SkippingClock
    channel: FakeChannel
    house: ClearingHouse
    doors: dict[type, Any] = field(default_factory=dict)
    parts: wiring.Making | None = None
    engine: Engine | None = None
    day: dt.date | None = None
    payer: int = 0
    payee: int = 0

    def id(self) -> UUID:
        return uuid7(self.clock)

    def order(self, amount_minor: int, **more: Any) -> NewPayment:
        """Return an order to another bank, or to the payee where that is said."""
        facts: dict[str, Any] = {"creditor_name": "王五", "creditor_account": "6200001"}
        if more.get("counter_agreement_id"):
            facts = {}
        return NewPayment(
            payment_id=self.id(),
            agreement_id=more.pop("agreement_id", self.payer),
            amount_minor=amount_minor,
            currency="CNY",
            **{**facts, **more},
        )

    def pay(self, *orders: NewPayment) -> list[Payment]:
        """Order payments and let everything come to rest."""
        made = self.payments.pay_all(self.id(), list(orders))
        self.rest()
        return [self.payments.payment(one.payment_id) for one in made]

    def rest(self) -> None:
        """Work flows and hear the channel until nothing is left to do."""
        assert self.parts is not None
        assert self.engine is not None
        for _ in range(3):
            self.work()
            next(one for one in self.parts.jobs if isinstance(one, Paying)).look()
        self.work()

    def work(self) -> None:
        """Work flows until none is due."""
        assert self.engine is not None
        while self.engine.drain() or self.engine.is_calling():
            pass

    def settle(self) -> None:
        """Let time pass until what is tried again was tried often enough."""
        for _ in range(6):
            self.clock.skip(seconds=120)
            self.rest()

    @contextmanager
    def failing(self, made: Callable[[Any], Any]) -> Iterator[None]:
        """Put something before the core for a while."""
        assert self.parts is not None
        acting = [one for one in self.parts.acting if hasattr(one, "_agreements")]
        door = self.doors[AgreementsApi]
        for one in acting:
            one._agreements = made(door)
        yield
        for one in acting:
            one._agreements = door

    @contextmanager
    def dying(self, made: Callable[[Any], Any]) -> Iterator[None]:
        """Put something around what keeps the outcome of acts, for a while."""
        assert self.parts is not None
        waves = self.parts.acting[0]
        become = waves.become
        waves.become = made(become)
        yield
        waves.become = become

    @property
    def payments(self) -> Any:
        return self.doors[PaymentsApi]

    @property
    def limits(self) -> Any:
        return self.doors[LimitsApi]

    def balances(self) -> tuple[int, int, int]:
        """Return the payer's balance, what is held of it, and the payee's balance."""
        payer = self.doors[AgreementsApi].agreement(self.payer)
        payee = self.doors[AgreementsApi].agreement(self.payee)
        return payer.balance_minor, payer.held_minor, payee.balance_minor


@pytest.fixture
def bank(tmp_path: Path, database_url: str) -> Iterator[Payer]:
    """Open a bank whose payer has 10,000.00."""
    with tenant.entered("demo"):
        clock = SkippingClock()
        made = Payer(
            clock=clock, channel=FakeChannel(name="cnaps"), house=ClearingHouse(name="beps")
        )
        tables = database.build(
            database.Settings(url=database_url), tenant="demo", clock=clock, home=tmp_path
        )
        rooms = [tables]
        cell = ledger.build(
            ledger.Settings(bloom_words=64),
            tenant="demo",
            clock=clock,
            home=tmp_path,
            database=tables.doors[DatabaseApi],
        )
        rooms.append(cell)
        core = banking.build(
            banking.Settings(),
            tenant="demo",
            clock=clock,
            home=tmp_path,
            database=tables.doors[DatabaseApi],
            ledger=cell.doors[LedgerApi],
        )
        rooms.append(core)
        made.parts = wiring.parts(
            wiring.Settings(institution="云锦银行", agent="YUNJCNB1"),
            tenant="demo",
            clock=clock,
            database=tables.doors[DatabaseApi],
            today=lambda: made.day or core.doors[DaysApi].business_date(),
            agreements=core.doors[AgreementsApi],
            core={**cell.doors, **core.doors},
            channels=[made.channel, made.house],
        )
        made.engine = Engine(made.parts.flows, holder="test")
        made.doors = {**core.doors, **made.parts.doors}
        opening = [Opening(product="current-account", party_id=one) for one in ("p1", "p2")]
        made.payer, made.payee = core.doors[AgreementsApi].open(made.id(), opening)
        fund(made, made.payer, 1_000_000)
        yield made
        made.engine.close()
        for room in rooms[::-1]:
            if room.close is not None:
                room.close()


def fund(bank: Payer, agreement_id: int, amount_minor: int) -> None:
    """Pay cash in."""
    own = bank.id().int
    columns = {
        "id_hi": pa.array([own >> 64], pa.uint64()),
        "id_lo": pa.array([own & 2**64 - 1], pa.uint64()),
        "agreement_id": pa.array([agreement_id], pa.int64()),
        "amount_minor": pa.array([amount_minor], pa.int64()),
    }
    answer = bank.doors[AgreementsApi].post(pa.record_batch(columns))
    assert answer["status"].to_pylist() == [1]
