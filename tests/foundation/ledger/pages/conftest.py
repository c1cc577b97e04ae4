"""A small bank for the pages: two currencies, a customer, a shop, holds of every fate."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests.foundation.ledger.book import batch
from yunjin.foundation.database import wiring as database
from yunjin.foundation.database.api import DatabaseApi
from yunjin.foundation.ledger.api import (
    ACCOUNTS_OPTIONAL,
    ACCOUNTS_REQUIRED,
    TRANSFERS_OPTIONAL,
    TRANSFERS_REQUIRED,
    AccountFlag,
    Alias,
    Ledger,
    LedgerApi,
    TransferFlag,
)
from yunjin.foundation.ledger.wiring import Settings, build
from yunjin.kernel.clock import FixedClock
from yunjin.kernel.ids import account_id, uuid7_of
from yunjin.kernel.room import Room

DEPOSIT = AccountFlag.DEBITS_MUST_NOT_EXCEED_CREDITS | AccountFlag.HISTORY
NOSTRO, ALICE, SHOP, YEN_NOSTRO, YEN_ALICE, CLOSED = (account_id(1, n) for n in range(1, 7))
REFERENCE = UUID("018f0000-0000-7000-8000-00000000c0de")


def transfer_id(number: int) -> UUID:
    """Return the id of the numbered transfer of this bank."""
    return uuid7_of(1_760_000_000_000, number)


@dataclass
class SmallBank:
    """The bank's room, its door and its clock."""

    room: Room
    ledger: LedgerApi
    clock: FixedClock
    home: Path

    def post(self, number: int, debit: int, credit: int, amount: int, **columns: Any) -> None:
        """Post one transfer; it must be created."""
        values = {
            "id": transfer_id(number).int,
            "debit_account_id": debit,
            "credit_account_id": credit,
            "amount_minor": amount,
            "ledger": 1,
            "code": 7,
            **columns,
        }
        for name in ("id", "pending_id", "user_data_128"):
            wide = values.pop(name, 0)
            values |= {f"{name}_hi": wide >> 64, f"{name}_lo": wide & (2**64 - 1)}
        answer = self.ledger.post_transfers(
            batch([values], {**TRANSFERS_REQUIRED, **TRANSFERS_OPTIONAL})
        )
        assert answer["status"].to_pylist() == [0], answer

    def seen_by(self, ledger: LedgerApi) -> Room:
        """Return the room with its pages on another door, as one that fails."""
        return replace(self.room, doors={**self.room.doors, LedgerApi: ledger})


@pytest.fixture
def bank(clock: FixedClock, tmp_path: Path) -> Iterator[SmallBank]:
    """Yield a small bank at work."""
    tables = database.build(database.Settings(), tenant="demo", clock=clock, home=tmp_path)
    room = build(
        Settings(bloom_words=64, checkpoint_transfers=50),
        tenant="demo",
        clock=clock,
        home=tmp_path,
        database=tables.doors[DatabaseApi],
    )
    small = SmallBank(room, room.doors[LedgerApi], clock, tmp_path)
    _fill(small)
    yield small
    for one in (room, tables):
        if one.close is not None:
            one.close()


def _fill(bank: SmallBank) -> None:
    bank.ledger.declare_ledgers(
        [
            Ledger(ledger=1, currency="CNY", name="人民币"),
            Ledger(ledger=2, currency="JPY", name="日元"),
        ]
    )
    accounts = [
        {"id": NOSTRO, "ledger": 1, "code": 1, "flags": 0},
        {"id": ALICE, "ledger": 1, "code": 2001, "flags": DEPOSIT, "limit_minor": 5_000},
        {"id": SHOP, "ledger": 1, "code": 3, "flags": 0},
        {"id": YEN_NOSTRO, "ledger": 2, "code": 1, "flags": 0},
        {"id": YEN_ALICE, "ledger": 2, "code": 2001, "flags": DEPOSIT},
        {"id": CLOSED, "ledger": 1, "code": 2001, "flags": DEPOSIT},
    ]
    bank.ledger.open_accounts(batch(accounts, {**ACCOUNTS_REQUIRED, **ACCOUNTS_OPTIONAL}))
    for number, (kind, value) in enumerate(
        [("iban", "DE89370400440532013000"), ("wallet", "alice-wallet")]
    ):
        alias = Alias(kind=kind, value=value, account_id=ALICE)
        bank.ledger.bind_alias(transfer_id(900 + number), alias)
    hold = {"flags": TransferFlag.PENDING}
    bank.post(1, NOSTRO, ALICE, 1_234_567, user_data_128=REFERENCE.int, user_data_64=77)
    bank.post(2, YEN_NOSTRO, YEN_ALICE, 98_765, ledger=2)
    bank.post(3, ALICE, SHOP, 10_000, **hold)
    bank.post(4, ALICE, SHOP, 20_000, **hold)
    bank.post(5, ALICE, SHOP, 30_000, timeout_s=60, **hold)
    bank.post(6, ALICE, SHOP, 40_000, timeout_s=86_400, **hold)
    bank.post(7, ALICE, SHOP, 6_000, flags=TransferFlag.POST_PENDING, pending_id=transfer_id(3).int)
    bank.post(8, ALICE, SHOP, 0, flags=TransferFlag.VOID_PENDING, pending_id=transfer_id(4).int)
    bank.clock.advance(120)
    bank.post(9, ALICE, SHOP, 2_500)
    closing = TransferFlag.PENDING | TransferFlag.CLOSING_DEBIT
    bank.post(10, CLOSED, NOSTRO, 0, flags=closing)
