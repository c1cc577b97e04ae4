"""The real ledger behind its ways in, for tests: HTTP on a loopback port, Flight on another."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import numpy as np

from tests.chassis.transport.toy import served
from yunjin.chassis.transport import Guard, api_of, connect, root_of
from yunjin.chassis.transport.flight import FlightDoor
from yunjin.client import Accounts
from yunjin.foundation.database import wiring as database
from yunjin.foundation.database.api import DatabaseApi
from yunjin.foundation.ledger import wiring
from yunjin.foundation.ledger.api import AccountFlag, Ledger, LedgerApi
from yunjin.kernel import tenant
from yunjin.kernel.clock import SystemClock
from yunjin.kernel.room import shown

SMALL = wiring.Settings(bloom_words=64, checkpoint_transfers=1_000)
FIRST = 1 << 48 | 1  # the first account of cell 1


@dataclass(frozen=True)
class Bank:
    """An open ledger: its door, an HTTP client, where Flight listens, and what is counted."""

    ledger: LedgerApi
    web: httpx.Client
    flight: str
    metrics: Callable[[], Iterable[Any]]
    flight_metrics: Callable[[], Iterable[Any]]

    def fingerprint(self) -> object:
        """Return what must not change when bad input is refused."""
        state, lines = self.ledger.state(), self.ledger.trial_balance()
        return state.head, state.account_count, state.transfer_count, lines

    def transfer(self, number: int, **fields: object) -> dict[str, object]:
        """Return a good transfer's JSON, with fields of the test's own."""
        return {
            "id": str(UUID(int=number)),
            "debit_account_id": str(FIRST),
            "credit_account_id": str(FIRST + 1),
            "amount_minor": 100,
            "ledger": 156,
            "code": 1,
            **fields,
        }


@contextmanager
def open_bank(home: Path, settings: wiring.Settings = SMALL) -> Iterator[Bank]:
    """Open a ledger with four accounts (the third may not be overdrawn) and serve it."""
    clock = SystemClock()
    (home / "demo").mkdir(parents=True, exist_ok=True)
    with tenant.entered("demo"):
        tables = database.build(database.Settings(), tenant="demo", clock=clock, home=home)
        room = wiring.build(
            settings,
            tenant="demo",
            clock=clock,
            home=home,
            database=tables.doors[DatabaseApi],
        )
        ledger: LedgerApi = room.doors[LedgerApi]
        api = api_of(shown(room), title="test", version="1")
        assert room.metrics is not None
        app = Guard(root_of(api, shown(room)), tenant="demo", clock=clock)
        flight = FlightDoor(shown(room)[0].flight, tenant="demo", port=0, clock=clock)
        try:
            seed(ledger)
            with served(app) as address, connect(address) as web:
                at = f"grpc://127.0.0.1:{flight.port}"
                yield Bank(ledger, web, at, room.metrics, flight.metrics)
        finally:
            flight.close(1)
            for opened in (room, tables):
                if opened.close is not None:
                    opened.close()


def seed(ledger: LedgerApi) -> None:
    """Open the four accounts."""
    ledger.declare_ledgers([Ledger(ledger=156, currency="CNY")])
    first = ledger.allot_account_ids(4)
    assert first == FIRST
    limited = int(AccountFlag.DEBITS_MUST_NOT_EXCEED_CREDITS | AccountFlag.HISTORY)
    history = int(AccountFlag.HISTORY)
    batch = Accounts(
        id=first + np.arange(4), ledger=156, code=1, flags=[history, history, limited, 0]
    )
    assert set(ledger.open_accounts(batch)["status"].to_pylist()) == {0}
