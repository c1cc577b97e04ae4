"""A cell in a process of its own, that sends crossings to the other one and may be killed any time.

Everything it sends follows from the number of a batch, so that its next life sends the same again.
"""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from tests.foundation.ledger.clearing.cells import UNIT, crossing, nobody, outcomes
from yunjin import client
from yunjin.chassis.transport.flight import FlightDoor
from yunjin.foundation.database import wiring as database
from yunjin.foundation.database.api import DatabaseApi
from yunjin.foundation.ledger import wiring
from yunjin.foundation.ledger.api import AccountFlag, ClearingApi, CrossingPort, Ledger, LedgerApi
from yunjin.foundation.ledger.errors import LeaseHeld
from yunjin.foundation.ledger.service.clearing.settings import ClearingSettings
from yunjin.kernel import tenant
from yunjin.kernel.clock import SystemClock
from yunjin.kernel.errors import Outage, Unknown
from yunjin.kernel.ids import account_id
from yunjin.kernel.room import Room, shown

CUSTOMERS, ROWS, STREAMS = 8, 20, 3
FUNDS = 3_000
_LIMITED = int(AccountFlag.DEBITS_MUST_NOT_EXCEED_CREDITS)


@dataclass(frozen=True)
class Order:
    """What a child is told."""

    home: str
    cell: int
    ports: dict[int, int]
    batches: tuple[int, ...]  # numbers whose outcome nobody was told yet


class Told(NamedTuple):
    """A batch whose outcome the child was told, so it must stay true."""

    number: int
    outcomes: list[int]


def customer(cell: int, number: int) -> int:
    """Return a customer's account."""
    return account_id(cell, 2 + number % CUSTOMERS)


def rows_of(cell: int, number: int) -> list[tuple[int, int, int, int]]:
    """Return the crossings of a numbered batch of a cell."""
    other = 3 - cell
    made = []
    for place in range(ROWS):
        payee = nobody(other) if place % 7 == 6 else customer(other, 3 * place + number)
        amount = 1 + (number * 7 + place * 13) % 50
        made.append(
            ((cell << 40) + number * ROWS + place, customer(cell, place + number), payee, amount)
        )
    return made


@contextmanager
def opened(order: Order) -> Iterator[Room]:
    """Open a cell for a block; its last life may be dead without having said so."""
    home, clock = Path(order.home) / str(order.cell), SystemClock()
    rooms = database.build(database.Settings(), tenant="demo", clock=clock, home=home)
    tables: DatabaseApi[Any] = rooms.doors[DatabaseApi]
    other = 3 - order.cell
    clearing = ClearingSettings(
        peers={other: f"grpc://127.0.0.1:{order.ports[other]}"},
        retry_ms_first=20,
        retry_ms_max=200,
        answer_s=5,
    )
    settings = wiring.Settings(
        cell=order.cell,
        lease_s=1,
        bloom_words=1_024,
        checkpoint_transfers=2_000,
        clearing=clearing,
    )
    while True:
        try:
            room = wiring.build(
                settings,
                tenant="demo",
                clock=clock,
                home=home,
                database=tables,
            )
            break
        except LeaseHeld:
            time.sleep(0.1)
    try:
        yield room
    finally:
        for one in (room, rooms):
            if one.close is not None:
                one.close()


def main(order: Order, pipe: "Connection[Any, Any]") -> None:
    """Serve the cell, send the batches, go on until nothing is in doubt."""
    with tenant.entered("demo"), opened(order) as room:
        ledger: LedgerApi = room.doors[LedgerApi]
        _fill(ledger, order.cell)
        door = FlightDoor(
            shown(room)[0].flight, tenant="demo", port=order.ports[order.cell], clock=SystemClock()
        )
        assert room.start is not None
        room.start()
        pipe.send("ready")
        clearing: Any = room.doors[ClearingApi]
        with ThreadPoolExecutor(STREAMS) as threads:
            for told in threads.map(lambda n: _sent(clearing, order.cell, n), order.batches):
                pipe.send(told)
        while clearing.in_doubt():
            time.sleep(0.02)
        pipe.send("ended")
        pipe.recv()  # the other cell may still need us
        door.close(1)


def _fill(ledger: LedgerApi, cell: int) -> None:
    ledger.declare_ledgers([Ledger(ledger=UNIT, currency="CNY")])
    ids = [account_id(cell, 1 + number) for number in range(1 + CUSTOMERS)]
    flags = [0] + [_LIMITED] * CUSTOMERS
    ledger.open_accounts(client.Accounts(id=ids, ledger=UNIT, code=7, flags=flags))
    funding = client.Transfers(
        id_hi=cell,
        id_lo=range(1, 1 + CUSTOMERS),
        debit_account_id=ids[0],
        credit_account_id=ids[1:],
        amount_minor=FUNDS,
        ledger=UNIT,
        code=7,
    )
    ledger.post_transfers(funding)


def _sent(clearing: CrossingPort, cell: int, number: int) -> Told:
    """Send a batch until its outcome is told, always under the same ids."""
    batch: pa.RecordBatch = crossing(*rows_of(cell, number))
    while True:
        try:
            return Told(number, outcomes(clearing.submit(batch).result(60)))
        except (Outage, Unknown):
            time.sleep(0.05)
