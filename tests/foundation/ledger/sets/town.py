"""A cell's processes over two sets, a customer that pays all the while, and what moves the cell."""

import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa

from tests.app.test_serving import free_ports
from tests.foundation.ledger.sets.cells import ONE, TWO, wait_until
from tests.mariadb import MariaDb, spawned
from yunjin import client
from yunjin.chassis.persistence.nodes import set_url
from yunjin.foundation.ledger.store.mysql import SetEngine
from yunjin.foundation.ledger.store.passage import Passage
from yunjin.kernel.errors import Problem

PROGRAM = [sys.executable, "-c", "from yunjin.app.cli import main; main()"]
ROWS, PATIENCE_S = 20, 120


@dataclass
class Process:
    """A process of the cell."""

    home: Path
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
            "LEDGER__JOURNAL_URL": self.url,
            "LEDGER__STANDS_BY": "true",
            "LEDGER__LEASE_S": 2,
            "LEDGER__FOLLOW_MS": 20,
            "LEDGER__BLOOM_WORDS": 64,
        }
        return [f"YUNJIN_{name}={value}" for name, value in chosen.items()]

    def start(self) -> None:
        self.home.mkdir(exist_ok=True)
        self.running = spawned(["env", *self.environment, *PROGRAM, "cell"])

    def end(self, how: signal.Signals) -> None:
        if self.running is not None:
            self.running.send_signal(how)
            self.running.wait()

    def members(self) -> list[dict[str, object]]:
        with suppress(Problem), client.connect(self.address, deadline_s=1) as one:
            return one.members()
        return []

    def writes(self) -> bool:
        return any(one["writes"] and one["flight"] == self.address for one in self.members())

    def serves(self) -> bool:
        return any(one["flight"] == self.address for one in self.members())


@dataclass
class Customer:
    """Pays from the first account to the second until told to stop; any trouble ends it."""

    addresses: list[str]
    paid: int = 0
    over: threading.Event = field(default_factory=threading.Event)
    trouble: list[BaseException] = field(default_factory=list)

    def run(self) -> None:
        try:
            with client.CellClient(self.addresses, patience_s=PATIENCE_S) as cell:
                while not self.over.is_set():
                    found = cell.post(batch(self.paid))
                    assert set(found.names()) <= {"created", "exists"}
                    self.paid += 1
        except BaseException as error:
            self.trouble.append(error)


def batch(number: int) -> pa.RecordBatch:
    return client.Transfers(
        id_hi=9,
        id_lo=1 + number * ROWS + np.arange(ROWS),
        debit_account_id=ONE,
        credit_account_id=TWO,
        amount_minor=10,
        ledger=1,
        code=7,
    )


class Town:
    """Two sets with two places each, and who moves the cell."""

    def __init__(self, home: Path, mariadb: MariaDb) -> None:
        self.urls = [mariadb.fresh_url(), mariadb.fresh_url()]
        ports = list(free_ports(8))
        self.places = [
            Process(home / f"p{n}", self.urls[n // 2], (ports[2 * n], ports[2 * n + 1]))
            for n in range(4)
        ]

    def mover(self) -> "subprocess.Popen[bytes]":
        command = ["fleet", "cell", "move", "1", "--to", self.urls[1], "--wait-s", "60"]
        return spawned(["env", *self.places[0].environment, *PROGRAM, *command])

    def killed(self, is_time: Callable[[], bool]) -> bool:
        """Start a mover and kill it once it is time; tell whether it lived so long."""
        mover = self.mover()
        self.wait(lambda: mover.poll() is not None or is_time())
        if mover.poll() is not None:
            assert mover.returncode == 0, "expected a mover that ends well"
            return False
        mover.kill()
        mover.wait()
        return True

    def end(self, side: int) -> Passage:
        return Passage(SetEngine(self.urls[side], patience_s=5), 1, f"set {side}")

    def writer(self) -> Process | None:
        return next((one for one in self.places if one.writes()), None)

    def open(self) -> None:
        """Start both processes of the first set, and open the accounts."""
        for place in self.places[:2]:
            place.start()
        self.wait(lambda: self.writer() is not None and self.places[1].serves())
        with client.CellClient([self.places[0].address], patience_s=PATIENCE_S) as cell:
            cell.open_accounts(client.Accounts(id=[ONE, TWO], ledger=1, code=7))

    def wait(self, is_so: Callable[[], bool]) -> None:
        """Wait for what other processes bring about."""
        wait_until(is_so, wait_s=PATIENCE_S)


def place_of(url: str) -> str:
    """Return a set as a mover calls it."""
    where = set_url(url)
    return f"{where.place}/{where.database}"
