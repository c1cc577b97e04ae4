"""Processes of different releases, a gateway before them, and customers who note any trouble."""

import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import httpx
import numpy as np
import pyarrow as pa

from tests.app.test_serving import free_ports
from tests.app.upgrade.releases import words_of
from tests.mariadb import spawned
from yunjin import client
from yunjin.kernel.errors import Problem
from yunjin.kernel.ids import account_id

ONE, TWO, THREE, FOUR = (account_id(1, number) for number in (1, 2, 3, 4))
WAIT_S: Final = 300  # a machine may be busy with other things
ROWS: Final = 50  # of a batch
AMOUNT: Final = 10


def wait(is_so: Callable[[], bool], what: str) -> None:
    """Wait for what other processes bring about."""
    until = time.monotonic() + WAIT_S
    while not is_so():
        assert time.monotonic() < until, f"waited {WAIT_S} s in vain for {what}"
        time.sleep(0.05)


@dataclass
class Process:
    """One process of a release, with ports of its own."""

    name: str
    home: Path
    settings: dict[str, str]
    earlier: Path | None = None
    ports: tuple[int, int] = (0, 0)
    running: "subprocess.Popen[bytes] | None" = None
    logs: Path = field(init=False)

    def __post_init__(self) -> None:
        if not self.ports[0]:
            http, flight = free_ports(2)
            self.ports = (http, flight)
        self.home.mkdir(exist_ok=True)
        self.logs = self.home / f"{self.name}.log"

    @property
    def http(self) -> str:
        return f"http://127.0.0.1:{self.ports[0]}"

    @property
    def flight(self) -> str:
        return f"grpc://127.0.0.1:{self.ports[1]}"

    def start(self, release: str, *words: str) -> "subprocess.Popen[bytes]":
        """Start, or start again, as a release."""
        command, paths = words_of(release, self.earlier)
        chosen = {
            "HOME": str(self.home),
            "HTTP__PORT": str(self.ports[0]),
            "HTTP__FLIGHT_PORT": str(self.ports[1]),
            "LEDGER__BLOOM_WORDS": "64",
            **self.settings,
        }
        pairs = [f"YUNJIN_{name}={value}" for name, value in chosen.items()]
        pairs += [f"{name}={value}" for name, value in paths.items()]
        into = ["sh", "-c", f'exec "$@" >>"{self.logs}" 2>&1', "sh"]
        self.running = spawned([*into, "env", *pairs, *command, *words])
        return self.running

    def end(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Tell it to stop, and wait until it has."""
        if self.running is None:
            return 0
        if self.running.poll() is None:
            self.running.send_signal(how)
        return self.running.wait(WAIT_S)

    def has_ended(self) -> bool:
        """Tell whether it has stopped by itself."""
        return self.running is not None and self.running.poll() is not None

    def said(self) -> str:
        """Return what it wrote."""
        return self.logs.read_text() if self.logs.exists() else ""

    def members(self) -> list[dict[str, Any]]:
        """Return the members of its cell, none where it does not answer."""
        with suppress(httpx.HTTPError, ValueError, KeyError):
            found = httpx.get(f"{self.http}/v1/members", timeout=2, trust_env=False).json()
            return list(found["items"])
        return []

    def follows(self) -> bool:
        """Tell whether it is known as a member, and has read what there is."""
        found = self.members()
        mine = [one for one in found if one["http"] == self.http]
        behind = max((one["sequence"] for one in found), default=0)
        return bool(mine) and mine[0]["sequence"] > behind - 50

    def writes(self) -> bool:
        """Tell whether it writes the cell."""
        return any(one["writes"] and one["http"] == self.http for one in self.members())


@dataclass
class Customer:
    """Pays until told to stop; what is not answered as it should be ends it."""

    pay: Callable[[int], None]
    paid: int = 0
    trouble: list[BaseException] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        try:
            while not self.over.is_set():
                self.pay(self.paid)
                self.paid += 1
        except BaseException as error:
            self.trouble.append(error)


def batch(number: int) -> pa.RecordBatch:
    """Return a batch of transfers from the first account to the second."""
    return client.Transfers(
        id_hi=9,
        id_lo=1 + number * ROWS + np.arange(ROWS),
        debit_account_id=ONE,
        credit_account_id=TWO,
        amount_minor=AMOUNT,
        ledger=1,
        code=7,
    )


@contextmanager
def paying(gateway: str, addresses: list[str]) -> Iterator[list[Customer]]:
    """Have two customers pay: one by the gateway over HTTP, one in batches over Flight.

    The first also looks at its account. In the end nobody has had any trouble, and all is there
    once.
    """
    cell = client.CellClient(addresses, patience_s=WAIT_S)
    web = httpx.Client(base_url=gateway, timeout=WAIT_S, trust_env=False)
    accounts = client.Accounts(id=[ONE, TWO, THREE, FOUR], ledger=1, code=7)
    cell.ask(lambda one: one.declare_ledgers({1: "CNY"}))
    cell.open_accounts(accounts)

    def by_http(number: int) -> None:
        sides = {"debit_account_id": str(THREE), "credit_account_id": str(FOUR)}
        body = {"id": str(UUID(int=1 + number)), "amount_minor": AMOUNT, "ledger": 1, "code": 7}
        answer = web.post("/v1/transfers", json=body | sides)
        assert answer.status_code in (200, 201), answer.text
        seen = web.get(f"/v1/accounts/{THREE}")
        assert seen.status_code == 200, seen.text
        assert int(seen.json()["debits_posted"]) == (number + 1) * AMOUNT, "an old balance was read"

    def by_flight(number: int) -> None:
        found = cell.post(batch(number))
        assert set(found.names()) <= {"created", "exists"}

    customers = [Customer(by_http), Customer(by_flight)]
    threads = [threading.Thread(target=one.run, daemon=True) for one in customers]
    for thread in threads:
        thread.start()
    try:
        yield customers
        go_on(customers)
    finally:
        for one in customers:
            one.over.set()
        for thread in threads:
            thread.join(WAIT_S)
    assert [one.trouble for one in customers] == [[], []]
    _check(cell, customers)
    cell.close()
    web.close()


def go_on(customers: list[Customer]) -> None:
    """Wait until each has been served some more times."""
    before = [one.paid for one in customers]
    wait(
        lambda: all(
            one.trouble or one.paid > at + 5 for one, at in zip(customers, before, strict=True)
        ),
        "customers that are served",
    )
    assert [one.trouble for one in customers] == [[], []]


def _check(cell: client.CellClient, customers: list[Customer]) -> None:
    """All that was paid is there, once."""
    single, rows = customers[0].paid, customers[1].paid * ROWS
    found = {one["id"]: one for one in cell.accounts([ONE, TWO, THREE, FOUR]).to_pylist()}
    debits = [found[one]["debits_posted"] for one in (ONE, THREE)]
    credits = [found[one]["credits_posted"] for one in (TWO, FOUR)]
    assert debits == credits == [rows * AMOUNT, single * AMOUNT]
    for number in range(0, customers[1].paid, max(1, customers[1].paid // 20)):
        assert set(cell.post(batch(number)).names()) == {"exists"}
    exported = cell.ask(lambda at: pa.Table.from_batches(at.export_transfers()))
    ids = list(zip(exported["id_hi"].to_pylist(), exported["id_lo"].to_pylist(), strict=True))
    assert len(ids) == len(set(ids)) == rows + single


@contextmanager
def gateway_before(processes: list[Process], home: Path) -> Iterator[str]:
    """Run a gateway of this program before processes of any; yield its address."""
    made = Process("gateway", home, {"GATEWAY__PATIENCE_S": str(WAIT_S)})
    made.start("now", "gateway", *(one.http for one in processes))

    def answers() -> bool:
        with suppress(httpx.HTTPError):
            return httpx.get(f"{made.http}/health/live", trust_env=False).status_code < 500
        return False

    try:
        wait(answers, "the gateway")
        yield made.http
    finally:
        made.end(signal.SIGKILL)


def is_up(process: Process) -> bool:
    """Tell whether a process answers over Flight."""
    with suppress(Problem), client.connect(process.flight, deadline_s=1) as one:
        one.state()
        return True
    return False
