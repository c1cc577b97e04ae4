"""Cells on one set with all that a client needs of them, and who splits one, for tests."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from tests.app.test_serving import free_ports
from tests.foundation.ledger.book import Served
from tests.foundation.ledger.sets.cells import Cell, wait_until
from yunjin import client
from yunjin.chassis.transport.flight import FlightDoor
from yunjin.foundation.database import wiring as database
from yunjin.foundation.database.api import DatabaseApi
from yunjin.foundation.ledger.api import ClearingApi, LedgerApi
from yunjin.foundation.ledger.api.splits import SplitApi, SplitState
from yunjin.foundation.ledger.errors import SplitWaits
from yunjin.foundation.ledger.service.clearing.settings import ClearingSettings
from yunjin.foundation.ledger.wiring import Settings, build
from yunjin.kernel import tenant
from yunjin.kernel.clock import SystemClock
from yunjin.kernel.errors import Outage
from yunjin.kernel.ids import account_id
from yunjin.kernel.room import shown

UNIT, ROWS, LEASE_S = 156, 40, 3
PATIENCE_S = 90  # of a busy machine
# four accounts in each of four blocks: even blocks stay in the first split, odd ones go
ACCOUNTS = [account_id(1, 1_024 * block + n) for block in range(4) for n in range(1, 5)]
STAYS = [one for one in ACCOUNTS if one >> 10 & 1 == 0]
GOES = [one for one in ACCOUNTS if one >> 10 & 1 == 1]


@dataclass
class Town:
    """A set, the processes of its cells in one process, each with a Flight door and clearing."""

    home: Path
    url: str
    closing: ExitStack
    cells: dict[str, Cell] = field(default_factory=dict)
    addresses: dict[str, str] = field(default_factory=dict)

    def open(self, name: str, number: int, url: str = "", **peers: str) -> Cell:
        """Start a process of a cell."""
        [port] = free_ports(1)
        clock, address = SystemClock(), f"grpc://127.0.0.1:{port}"
        one = ExitStack()
        rooms = database.build(
            database.Settings(), tenant="demo", clock=clock, home=self.home / name
        )
        tables: DatabaseApi[Any] = rooms.doors[DatabaseApi]
        if rooms.close is not None:
            one.callback(rooms.close)
        settings = Settings(
            cell=number,
            journal_url=url or self.url,
            stands_by=True,
            lease_s=LEASE_S,
            follow_ms=10,
            bloom_words=64,
            checkpoint_transfers=2_000,
            http_address=f"http://{name}:1",
            flight_address=address,
            clearing=ClearingSettings(
                peers={int(number): at for number, at in peers.items()},
                retry_ms_first=10,
                retry_ms_max=50,
                answer_s=5,
            ),
        )
        room = build(settings, tenant="demo", clock=clock, home=self.home / name, database=tables)
        assert room.close is not None
        assert room.start is not None
        one.callback(room.close)
        door = FlightDoor(shown(room)[0].flight, tenant="demo", port=port, clock=clock)
        one.callback(door.close, 1)
        room.start()
        self.cells[name] = Cell(room, Served(room.doors[LedgerApi]))
        self.addresses[name] = address
        self.closing.callback(self.end, name)
        self._ends[name] = one
        return self.cells[name]

    _ends: dict[str, ExitStack] = field(default_factory=dict)

    def end(self, name: str) -> None:
        """Stop a process in order."""
        if self.cells.pop(name, None) is not None:
            self._ends.pop(name).close()

    def ask(self, name: str, into: int, **more: Any) -> SplitState:
        """Have a process split its cell."""
        cell = self.cells[name]
        api: SplitApi = cell.room.doors[SplitApi]
        return api.split(cell.writer.tenure.epoch, into, **more)

    def split(self, name: str, into: int) -> SplitState:
        """Split a cell as its operator does: begin, start a process of the new one, go on."""
        state = self.ask(name, into, wait_s=0)
        assert not state.is_done
        self.open(f"c{into}", into)
        state = self.asked(name, into)
        self.cells[f"c{into}"].writer.wait_until_leading()
        return state

    def asked(self, name: str, into: int) -> SplitState:
        """Have a process split its cell, and ask again until it is done."""
        found: list[SplitState] = []

        def is_done() -> bool:
            with suppress(Outage, SplitWaits):
                found.append(self.ask(name, into, wait_s=5))
            return bool(found) and found[-1].is_done

        wait_until(is_done, wait_s=PATIENCE_S)
        return found[-1]

    def clearing(self, name: str) -> ClearingApi:
        found: ClearingApi = self.cells[name].room.doors[ClearingApi]
        return found

    def totals(self, *names: str) -> tuple[int, int]:
        """Return what all customers have together, and what clearing comes to."""
        customers = clearing = 0
        for name in names:
            for account, (_, debits, _, credits) in self.cells[name].served.totals().items():
                if account >> 47 & 1:
                    clearing += credits - debits
                else:
                    customers += credits - debits
        return customers, clearing


@contextmanager
def town(home: Path, url: str) -> Iterator[Town]:
    """Open a town with one cell, whose accounts are open and paid in."""
    with tenant.entered("demo"), ExitStack() as closing:
        made = Town(home, url, closing)
        one = made.open("c1", 1)
        one.writer.wait_until_leading()
        with client.connect(made.addresses["c1"]) as at:
            at.declare_ledgers({UNIT: "CNY"})
            at.open_accounts(client.Accounts(id=ACCOUNTS, ledger=UNIT, code=1))
        yield made


@dataclass
class Customers:
    """Pay among all accounts until told to stop; any trouble ends them.

    What each batch was is a function of its number, so that it can be sent again.
    """

    addresses: list[str]
    patience_s: float = PATIENCE_S
    batches: int = 0
    posted: int = 0
    over: threading.Event = field(default_factory=threading.Event)
    trouble: list[BaseException] = field(default_factory=list)

    def run(self) -> None:
        try:
            with client.Cells(self.addresses, patience_s=self.patience_s) as cells:
                while not self.over.is_set():
                    self.posted += self.pay(cells, self.batches)
                    self.batches += 1
        except BaseException as error:
            self.trouble.append(error)

    def pay(self, cells: client.Cells, number: int) -> int:
        """Send a batch, and what is in doubt again; return how many reached their payees."""
        batch = payments(number)
        found = cells.post(batch)
        for _ in range(100):
            if not (found.outcome == client.CROSSING_OUTCOMES.index("in_doubt")).any():
                break
            found = cells.post(batch)
        assert found.posted_count == ROWS, (found.names(), found.outcome)
        return found.posted_count

    @contextmanager
    def paying(self) -> Iterator["Customers"]:
        """Pay for a block."""
        thread = threading.Thread(target=self.run, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self.over.set()
            thread.join(2 * self.patience_s)
        assert not self.trouble, self.trouble

    def wait_for(self, more: int) -> None:
        """Wait until so many more batches were paid."""
        wanted = self.batches + more
        wait_until(lambda: self.batches >= wanted or bool(self.trouble), wait_s=PATIENCE_S)


def payments(number: int) -> pa.RecordBatch:
    """Return a batch: chance among all accounts, the same for the same number."""
    chance = np.random.default_rng(number)
    debit = chance.integers(0, len(ACCOUNTS), ROWS)
    credit = (debit + chance.integers(1, len(ACCOUNTS), ROWS)) % len(ACCOUNTS)
    ids = np.array(ACCOUNTS)
    return client.Transfers(
        id_hi=11,
        id_lo=1 + number * ROWS + np.arange(ROWS),
        debit_account_id=ids[debit],
        credit_account_id=ids[credit],
        amount_minor=1 + chance.integers(0, 9, ROWS),
        ledger=UNIT,
        code=1,
    )


def expected(batches: int) -> dict[int, int]:
    """Return what each account has after so many batches: credits less debits."""
    found = dict.fromkeys(ACCOUNTS, 0)
    for number in range(batches):
        for row in payments(number).to_pylist():
            found[row["debit_account_id"]] -= row["amount_minor"]
            found[row["credit_account_id"]] += row["amount_minor"]
    return found


def balances(cells: client.Cells) -> dict[int, int]:
    """Return what each account has."""
    found = cells.accounts(ACCOUNTS)
    nets = found["credits_posted"].to_numpy() - found["debits_posted"].to_numpy()
    return dict(zip(found["id"].to_pylist(), nets.tolist(), strict=True))
