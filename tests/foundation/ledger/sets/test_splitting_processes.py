"""Goal: on a real set, a cell is split while who splits it, its writer, the new half's writer and a
node of the set die by kill -9, and customers who pay all the while see no request fail.

Method: real processes over three nodes of Galera; `yunjin fleet cell split` is killed on the way
and given again until it says that it is done.
"""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pytest

from tests.app.test_serving import free_ports
from tests.foundation.ledger.sets.cells import wait_until
from tests.foundation.ledger.sets.splits import (
    ACCOUNTS,
    GOES,
    UNIT,
    Customers,
    balances,
    expected,
    payments,
)
from tests.galera import Sets, described, sets
from tests.mariadb import spawned
from yunjin import client
from yunjin.foundation.database.service.fleet import Fleet
from yunjin.foundation.ledger.domain.clearing import clearing_account
from yunjin.foundation.ledger.store.forking import Forking
from yunjin.foundation.ledger.store.mysql import SetEngine

__all__ = ["sets"]
pytestmark = [pytest.mark.galera, pytest.mark.slow]
PROGRAM = [sys.executable, "-c", "from yunjin.app.cli import main; main()"]
PATIENCE_S = 120


@dataclass
class Process:
    """A process of a cell."""

    home: Path
    cell: int
    url: str
    ports: tuple[int, int]
    running: "subprocess.Popen[bytes] | None" = None

    @property
    def address(self) -> str:
        return f"grpc://127.0.0.1:{self.ports[1]}"

    @property
    def environment(self) -> list[str]:
        chosen = {
            "HOME": self.home,
            "HTTP__PORT": self.ports[0],
            "HTTP__FLIGHT_PORT": self.ports[1],
            "DATABASE__URL": self.url.replace("mysql://", "mysql+pymysql://"),
            "LEDGER__CELL": self.cell,
            "LEDGER__JOURNAL_URL": self.url,
            "LEDGER__STANDS_BY": "true",
            "LEDGER__LEASE_S": 2,
            "LEDGER__FOLLOW_MS": 20,
            "LEDGER__BLOOM_WORDS": 64,
            "LEDGER__CHECKPOINT_TRANSFERS": 2_000,
        }
        return [f"YUNJIN_{name}={value}" for name, value in chosen.items()]

    def start(self) -> None:
        self.home.mkdir(exist_ok=True)
        self.running = spawned(["env", *self.environment, *PROGRAM, "cell"])

    def kill(self) -> None:
        if self.running is not None:
            self.running.send_signal(signal.SIGKILL)
            self.running.wait()

    def writes(self) -> bool:
        try:
            with client.connect(self.address, deadline_s=1) as one:
                return any(x["writes"] and x["flight"] == self.address for x in one.members())
        except Exception:
            return False


class Town:
    """A set of three nodes, two processes of cell 1 and two of cell 5."""

    def __init__(self, home: Path, fleet: Fleet) -> None:
        self.fleet, self.url = fleet, fleet.url("s1")
        ports = free_ports(8)
        self.places = [
            Process(home / f"p{n}", (1, 1, 5, 5)[n], self.url, (ports[2 * n], ports[2 * n + 1]))
            for n in range(4)
        ]

    def writer(self, cell: int) -> Process:
        """Wait for whoever writes a cell."""
        mine = [one for one in self.places if one.cell == cell]
        wait_until(lambda: any(one.writes() for one in mine), wait_s=PATIENCE_S)
        return next((one for one in mine if one.writes()), mine[0])

    def splitter(self) -> "subprocess.Popen[bytes]":
        command = ["fleet", "cell", "split", "1", "--into", "5", "--yes", "--wait-s", "90"]
        return spawned(["env", *self.places[0].environment, *PROGRAM, *command])

    def close(self) -> None:
        for place in self.places:
            place.kill()


@pytest.fixture
def town(tmp_path: Path, sets: Sets) -> Iterator[Town]:
    fleet = sets.fleet(described(sets.folder, {"s1": ("n1", "n2", "n3")}))
    fleet.create("s1")
    made = Town(tmp_path, fleet)
    try:
        for place in made.places[:2]:
            place.start()
        with client.CellClient([made.writer(1).address], patience_s=PATIENCE_S) as at:
            at.ask(lambda one: one.declare_ledgers({UNIT: "CNY"}))
            at.open_accounts(client.Accounts(id=ACCOUNTS, ledger=UNIT, code=1))
        yield made
    finally:
        made.close()


@pytest.mark.parametrize("seed", [int(os.environ.get("YUNJIN_TEST_SEED", "1"))])
def test_whoever_dies_on_the_way_the_customers_are_served(town: Town, seed: int) -> None:
    chance = random.Random(seed)
    forking = Forking(SetEngine(town.url, patience_s=30), 1, 5)
    addresses = [place.address for place in town.places[:2]]
    with Customers(addresses, patience_s=PATIENCE_S).paying() as customers:
        customers.wait_for(10)
        splitter = town.splitter()
        wait_until(lambda: (at := forking.made()) is not None and at.sequence > 0, wait_s=60)
        splitter.kill()
        splitter.wait()
        for place in town.places[2:]:
            place.start()
        town.writer(1).kill()
        for place in town.places[:2]:
            if place.running is not None and place.running.poll() is not None:
                place.start()
        splitter = town.splitter()
        until = time.monotonic() + chance.uniform(0, 6)
        wait_until(lambda: time.monotonic() > until)
        busy = town.fleet.node("s1", chance.choice(["n1", "n2", "n3"]))
        busy.kill()
        assert splitter.wait(PATIENCE_S) == 0
        made = forking.made()
        assert made is not None
        assert not made.is_arriving
        customers.wait_for(10)
        town.writer(5).kill()  # the other one takes over
        customers.wait_for(10)
    forking.close()
    check(town, customers, seed)


def check(town: Town, customers: Customers, seed: int) -> None:
    """All that was paid is there once; the halves balance and net to zero."""
    with client.Cells(customers.addresses, patience_s=PATIENCE_S) as cells:
        for number in range(0, customers.batches, max(1, customers.batches // 10)):
            assert cells.post(payments(number)).posted_count > 0
        assert balances(cells) == expected(customers.batches), f"seed {seed}"
        assert cells.cells() == [1, 5]
    between, nets = clearing_account(1, 1, UNIT), []
    for cell in (1, 5):
        mine = [place.address for place in town.places if place.cell == cell]
        with client.CellClient(mine, patience_s=PATIENCE_S) as at:
            for line in at.ask(lambda one: one.trial_balance()):
                assert line["debits_posted"] == line["credits_posted"]
            [row] = at.accounts([between]).to_pylist()
            nets.append(row["credits_posted"] - row["debits_posted"])
            assert at.state()["depth"] == 1
            exported = at.ask(lambda one: pa.Table.from_batches(one.export_transfers()))
            ids = exported["id_lo"].to_pylist()
            assert len(ids) == len(set(ids))
            assert cell == 1 or at.accounts(GOES).num_rows == len(GOES)
    assert sum(nets) == 0
