"""A small bank for the pages: a depositor, a borrower, a wallet, two closed days, an order."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from yunjin.foundation.banking import pages
from yunjin.foundation.banking.api.agreements import (
    Action,
    AgreementsApi,
    Opening,
    StandingOrder,
)
from yunjin.foundation.banking.api.days import DaysApi
from yunjin.foundation.banking.api.general_ledger import GeneralLedgerApi
from yunjin.foundation.banking.api.products import ProductsApi
from yunjin.foundation.banking.api.registry import RegistryApi
from yunjin.foundation.banking.api.statements import PapersPort, StatementsApi
from yunjin.foundation.banking.pages.posting import entry
from yunjin.foundation.banking.wiring import Settings, build
from yunjin.foundation.database import wiring as database
from yunjin.foundation.database.api import DatabaseApi
from yunjin.foundation.ledger import wiring as ledger
from yunjin.foundation.ledger.api import LedgerApi
from yunjin.kernel.clock import FixedClock
from yunjin.kernel.ids import uuid7
from yunjin.kernel.room import Faces

FIRST_DAY = dt.date(2026, 1, 5)


@dataclass
class SmallBank:
    """The bank's doors, its clock, and who has what."""

    doors: pages.Doors
    clock: FixedClock
    home: Path
    saver: int = 0
    friend: int = 0
    borrower: int = 0
    wallet: int = 0

    def id(self) -> UUID:
        """Return a new command's id."""
        return uuid7(self.clock)

    def open(self, product: str, party: str, **terms: int) -> int:
        """Open one agreement."""
        opening = Opening(product=product, party_id=party, terms=terms)
        (made,) = self.doors.agreements.open(self.id(), [opening])
        return made

    def post(self, agreement_id: int, amount_minor: int, **more: Any) -> UUID:
        """Post one entry; it must be booked."""
        own = self.id()
        answer = self.doors.agreements.post(entry(own, agreement_id, amount_minor, **more))
        assert answer["status"].to_pylist() == [1], answer
        return own

    def room(self, **instead: Any) -> Faces:
        """Return a room with the pages on these doors; some may be exchanged."""
        doors = replace(self.doors, **instead)
        return Faces(
            pages=lambda: pages.register(doors, clock=self.clock),
            menu=pages.menu(doors),
            words=pages.WORDS,
            search=[pages.Search(doors)],
        )


@pytest.fixture
def clock() -> FixedClock:
    """Return a clock that stands at the morning of the bank's first day."""
    return FixedClock(1_767_574_800_000_000_000)


@pytest.fixture
def empty_bank(clock: FixedClock, tmp_path: Path) -> Iterator[SmallBank]:
    """Yield a bank without an agreement on its first day."""
    tables = database.build(database.Settings(), tenant="demo", clock=clock, home=tmp_path)
    cell = ledger.build(
        ledger.Settings(bloom_words=64),
        tenant="demo",
        clock=clock,
        home=tmp_path,
        database=tables.doors[DatabaseApi],
    )
    room = build(
        Settings(first_day=FIRST_DAY),
        tenant="demo",
        clock=clock,
        home=tmp_path,
        database=tables.doors[DatabaseApi],
        ledger=cell.doors[LedgerApi],
    )
    if room.start is not None:
        room.start()
    doors = pages.Doors(
        agreements=room.doors[AgreementsApi],
        days=room.doors[DaysApi],
        registry=room.doors[RegistryApi],
        products=room.doors[ProductsApi],
        ledger=cell.doors[LedgerApi],
        general_ledger=room.doors[GeneralLedgerApi],
        statements=room.doors[StatementsApi],
        papers=room.doors[PapersPort],
    )
    yield SmallBank(doors, clock, tmp_path)
    for one in (room, cell, tables):
        if one.close is not None:
            one.close()


@pytest.fixture
def bank(empty_bank: SmallBank) -> SmallBank:
    """Return the bank at work."""
    one = empty_bank
    one.saver = one.open("current-account", "p-saver", overdraft_limit=50_000)
    one.friend = one.open("current-account", "p-friend")
    one.borrower = one.open("instalment-loan", "p-borrower", amount=1_200_000, rate=60_000, term=12)
    one.wallet = one.open("wallet", "p-saver")
    one.post(one.saver, 1_234_567)
    one.post(one.wallet, 9_900)
    order = StandingOrder(
        order_id=one.id(),
        agreement_id=one.wallet,
        counter_agreement_id=one.saver,
        amount_minor=10_000,
        first=FIRST_DAY + dt.timedelta(days=1),
        note="too much",
    )
    one.doors.agreements.order(one.id(), order)
    one.doors.days.close(FIRST_DAY + dt.timedelta(days=1))
    one.post(one.saver, -34_567)
    one.post(one.saver, 45_600, action=Action.HOLD)
    return one
