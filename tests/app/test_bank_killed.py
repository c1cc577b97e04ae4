"""Goal: whichever process of a bank dies while customers pay, another goes on with all that was
answered, books nothing twice, and closes the day without a difference.

Method: two `yunjin serve` on one MariaDB; the one that writes is ended by kill -9 at moments of
chance, and started again; what is unanswered is sent again under its ids.
"""

import os
import random
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from tests.app.test_serving import free_ports
from tests.foundation.ledger.sets.cells import wait_until
from tests.foundation.ledger.sets.town import PROGRAM, Process
from tests.mariadb import MariaDb, mariadb, spawned
from yunjin import client
from yunjin.client import CellClient, Client
from yunjin.kernel.clock import SystemClock
from yunjin.kernel.errors import Problem
from yunjin.kernel.ids import uuid7

__all__ = ["mariadb"]
pytestmark = [pytest.mark.mariadb, pytest.mark.slow]
WAIT_S, ROWS, AGREEMENTS, FIRST_MINOR = 240, 50, 40, 1_000_000
THERE = [client.ENTRY_RESULTS.index(name) for name in ("booked", "exists")]


class Place(Process):
    """A process of the bank."""

    def start(self) -> None:
        self.home.mkdir(exist_ok=True)
        own = [*self.environment, f"YUNJIN_DATABASE__URL={self.url}"]
        self.running = spawned(["env", *own, *PROGRAM, "serve"])

    def members(self) -> list[dict[str, object]]:
        with suppress(OSError, Problem):  # who stands by does not listen
            socket.create_connection(("127.0.0.1", self.ports[1]), timeout=5).close()
            with client.connect(self.address, deadline_s=20) as one:
                return one.members()
        return []

    @property
    def web(self) -> str:
        return f"http://127.0.0.1:{self.ports[0]}"


class Customer:
    """Pays into agreements and out of them until told to stop."""

    def __init__(self, places: list[Place], agreements: list[int]) -> None:
        self.addresses = [one.address for one in places]
        self.agreements, self.answered, self.moved = np.array(agreements), 0, 0
        self.over, self.trouble = threading.Event(), list[BaseException]()

    def run(self) -> None:
        chance = np.random.default_rng(5)
        try:
            with CellClient(self.addresses, patience_s=WAIT_S) as bank:
                while not self.over.is_set():
                    high, low = client.ids(ROWS)
                    amounts = chance.integers(1, 900, ROWS) * chance.choice([-1, 1], ROWS)
                    batch = client.Entries(
                        id_hi=high,
                        id_lo=low,
                        agreement_id=chance.choice(self.agreements, ROWS),
                        amount_minor=amounts,
                    )
                    answer = bank.ask(partial(Client.post_entries, entries=batch))
                    assert np.isin(answer.status, THERE).all()
                    self.answered += ROWS
                    self.moved += int(amounts.sum())
        except BaseException as error:
            self.trouble.append(error)


@pytest.fixture
def places(tmp_path: Path, mariadb: MariaDb) -> Iterator[list[Place]]:
    ports, url = free_ports(4), mariadb.fresh_url()
    made = [Place(tmp_path / f"p{n}", url, (ports[2 * n], ports[2 * n + 1])) for n in range(2)]
    try:
        made[0].start()
        writer(made)  # it makes the tables: two at once would wait for each other
        made[1].start()
        yield made
    finally:
        for place in made:
            place.end(signal.SIGKILL)


def writer(places: list[Place]) -> Place:
    """Wait until one of them writes."""
    found: list[Place] = []

    def is_there() -> bool:
        found[:] = [one for one in places if one.writes()]
        return bool(found)

    wait_until(is_there, wait_s=WAIT_S)
    return found[0]


def asked(place: Place, path: str, body: Any) -> Any:
    key = {"idempotency-key": str(uuid7(SystemClock()))}
    answer = httpx.post(place.web + path, json=body, headers=key, timeout=WAIT_S, trust_env=False)
    assert answer.is_success, answer.text
    return answer.json()


def opened(place: Place) -> list[int]:
    """Open agreements with money on them."""
    wanted = [{"product": "current-account", "party_id": "p-1"}] * AGREEMENTS
    found = asked(place, "/v1/agreements/batch", {"openings": wanted})["agreement_ids"]
    entries = [
        {"id": str(uuid7(SystemClock())), "agreement_id": one, "amount_minor": FIRST_MINOR}
        for one in found
    ]
    asked(place, "/v1/entry_batches", {"entries": entries})
    return [int(one) for one in found]


@pytest.mark.timeout(900)
def test_a_bank_whose_writer_dies_again_and_again_goes_on(places: list[Place]) -> None:
    seed = int(os.environ.get("YUNJIN_TEST_SEED", "1"))
    chance, first = random.Random(seed), writer(places)
    customer = Customer(places, opened(first))
    paying = threading.Thread(target=customer.run, daemon=True)
    paying.start()
    try:
        for _ in range(3):
            target = customer.answered + ROWS * chance.randrange(5, 40)
            go_on(customer, target)
            dead = writer(places)
            dead.end(signal.SIGKILL)
            go_on(customer, customer.answered + 3 * ROWS)
            assert writer(places) is not dead
            before = holders(places, dead)
            dead.start()
            wait_until(partial(has_come, places, dead, before), wait_s=WAIT_S)
        for _ in range(3):  # and back: who wrote before reads what the other wrote since
            hand_over(places)
            go_on(customer, customer.answered + 10 * ROWS)
    finally:
        customer.over.set()
        paying.join(WAIT_S)
    assert not customer.trouble, f"{customer.trouble}; seed {seed}"
    check(writer(places), customer, seed)


def holders(places: list[Place], place: Place) -> set[str]:
    """Return who was heard of at a place's address, those that died too."""
    members = writer(places).members()
    return {str(one["holder"]) for one in members if one["flight"] == place.address}


def has_come(places: list[Place], place: Place, before: set[str]) -> bool:
    return holders(places, place) > before


def hand_over(places: list[Place]) -> None:
    """Have the other one write."""
    one = writer(places)
    [epoch] = [each["epoch"] for each in one.members() if each["writes"]]
    asked(one, "/v1/cell/hand_over", {"epoch": epoch})
    wait_until(lambda: writer(places) is not one, wait_s=WAIT_S)


def go_on(customer: Customer, answered: int) -> None:
    wait_until(lambda: customer.answered >= answered or bool(customer.trouble), wait_s=WAIT_S)
    assert not customer.trouble, customer.trouble


def check(place: Place, customer: Customer, seed: int) -> None:
    """All that was answered is there once; the day closes without a difference."""
    with client.connect(place.address, deadline_s=WAIT_S) as far:
        assert int(far.state()["transfer_count"]) == customer.answered + AGREEMENTS, f"seed {seed}"
    with httpx.Client(base_url=place.web, timeout=WAIT_S, trust_env=False) as web:
        pages = [web.get(f"/v1/agreements/{one}").json() for one in customer.agreements.tolist()]
    balances = sum(int(one["balance_minor"]) for one in pages)
    assert balances == AGREEMENTS * FIRST_MINOR + customer.moved, f"seed {seed}"
    report = asked(place, "/v1/days/close", {})
    assert report["status"] == "closed", report
    with httpx.Client(base_url=place.web, timeout=WAIT_S, trust_env=False) as web:
        proof = web.get(f"/v1/days/{report['date']}/proof").json()
    assert proof
    assert not any(int(line["difference_minor"]) for line in proof)
