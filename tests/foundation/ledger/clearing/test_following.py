"""Goal: money finds the other cell wherever it is written by now.

Method: a peer's port over real Flight, first to two processes of one cell on a real MariaDB, then
to servers that only say what a cell says that was taken over or has moved.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from tests.app.test_serving import free_ports
from tests.foundation.ledger.sets.cells import ACCOUNTS, Cell, Watch, opened, transfer
from tests.mariadb import MariaDb, mariadb
from yunjin import client
from yunjin.chassis.transport.flight import FlightDoor
from yunjin.chassis.transport.streams import Action, Endpoints
from yunjin.foundation.ledger.adapters.cells import FlightCell
from yunjin.foundation.ledger.errors import CellMoved, NotLeading
from yunjin.foundation.ledger.service.clearing.peers import peers_of
from yunjin.foundation.ledger.service.clearing.settings import ClearingSettings
from yunjin.kernel.clock import SystemClock
from yunjin.kernel.errors import Outage, Problem
from yunjin.kernel.room import shown

__all__ = ["mariadb"]
CLOCK = SystemClock()
MINE, OTHER = 1, 3


class Process:
    """Serves a cell over Flight, or says why it does not."""

    def __init__(self, port: int) -> None:
        self.address = f"grpc://127.0.0.1:{port}"
        self.problem: Problem | None = None
        self.members: list[tuple[int, str, int]] = []  # cell, address, epoch
        self.asked = 0
        actions = {
            "ledgers": Action("List ledgers.", self._ledgers),
            "members": Action("List members.", self._members),
        }
        self.door = FlightDoor(Endpoints(actions=actions), tenant="demo", port=port, clock=CLOCK)

    def _ledgers(self, _: Any) -> bytes:
        self.asked += 1
        if self.problem is not None:
            raise self.problem
        return b'{"items": []}'

    def _members(self, _: Any) -> bytes:
        items = [{"cell": cell, "flight": at, "epoch": epoch} for cell, at, epoch in self.members]
        return json.dumps({"items": items}).encode()

    def die(self) -> None:
        self.door.close(0)


@pytest.fixture
def processes() -> Iterator[list[Process]]:
    with ExitStack() as closing:
        made = [Process(port) for port in free_ports(3)]
        for one in made:
            closing.callback(one.die)
        yield made


@pytest.fixture
def following() -> Iterator[Callable[..., FlightCell]]:
    with ExitStack() as closing:

        def to(*processes: Process, cell: int = MINE) -> FlightCell:
            made = FlightCell([one.address for one in processes], 2, cell)
            closing.callback(made.close)
            return made

        yield to


Following = Callable[..., FlightCell]


def test_a_process_that_stands_by_says_who_writes(
    processes: list[Process], following: Following
) -> None:
    one, two, _ = processes
    one.problem = NotLeading("This process stands by.", flight=two.address)
    port = following(one)
    for _ in range(2):
        port.ledgers()
    assert (one.asked, two.asked) == (1, 2)


def test_who_stands_by_is_learnt_before_the_writer_dies(
    processes: list[Process], following: Following
) -> None:
    one, two, three = processes
    one.members = [(MINE, one.address, 7), (MINE, two.address, 0), (OTHER, three.address, 9)]
    port = following(one)
    port.ledgers()
    one.die()
    port.ledgers()
    assert (two.asked, three.asked) == (1, 0)


def test_of_two_that_are_said_to_write_the_newer_epoch_is_asked_first(
    processes: list[Process], following: Following
) -> None:
    one, two, three = processes
    one.members = [(MINE, two.address, 4), (MINE, three.address, 5), (MINE, one.address, 0)]
    port = following(one)
    port.ledgers()
    port.ledgers()
    assert (one.asked, two.asked, three.asked) == (1, 0, 1)


def test_a_cell_that_moved_is_followed_to_its_new_set(
    processes: list[Process], following: Following
) -> None:
    one, two, three = processes
    port = following(one)
    port.ledgers()
    one.problem = CellMoved("The cell has moved.", flight=two.address)
    two.members = [(MINE, three.address, 9), (MINE, two.address, 0)]
    port.ledgers()
    port.ledgers()
    assert (one.asked, two.asked, three.asked) == (2, 1, 1)


def test_an_address_that_nobody_can_reach_does_not_stand_in_the_way(
    processes: list[Process], following: Following
) -> None:
    one, two, _ = processes
    two.die()
    one.members = [(MINE, two.address, 5), (MINE, one.address, 0)]
    port = following(one)
    for _ in range(3):
        port.ledgers()
    assert port.address == one.address


def test_where_nobody_writes_the_first_trouble_is_told(
    processes: list[Process], following: Following
) -> None:
    one, two, _ = processes
    one.problem, two.problem = Outage("too much waits"), NotLeading("stands by", flight=one.address)
    with pytest.raises(Outage, match="too much waits"):
        following(one, two).ledgers()


def test_another_banks_processes_are_its_own_affair(
    processes: list[Process], following: Following
) -> None:
    one, two, three = processes
    one.members = [(MINE, two.address, 5)]
    port = following(one, three, cell=0)
    port.ledgers()
    port.ledgers()
    one.problem = NotLeading("stands by", flight=two.address)
    port.ledgers()
    assert (one.asked, two.asked, three.asked) == (3, 0, 1)


def test_a_peer_is_given_by_one_address_or_several_and_a_bank_with_its_numbers() -> None:
    chosen = ClearingSettings(peers={2: "grpc://a:1,b:2", 9: "grpc://c:3?cell=1&as=8"})
    said: list[Any] = []

    def connect(*given: Any) -> Any:
        said.append(given)

    peers = peers_of(1, chosen, connect)
    assert said == [(["grpc://a:1", "grpc://b:2"], 30, 2), (["grpc://c:3"], 30, 0)]
    assert [(peer.name, peer.address) for peer in peers.values()] == [
        ("cell-2", "grpc://a:1,b:2"),
        ("bank-9", "grpc://c:3"),
    ]


class Served:
    """A process of the cell on MariaDB, with its Flight server."""

    def __init__(self, home: Path, url: str, port: int) -> None:
        address = f"grpc://127.0.0.1:{port}"
        self.cell: Cell = opened(
            home, url, Watch(), stands_by=True, flight_address=address, cell=MINE
        )
        self.address = address
        [faces] = shown(self.cell.room)
        self.door = FlightDoor(faces.flight, tenant="demo", port=port, clock=CLOCK)

    def close(self) -> None:
        self.door.close(0)
        self.cell.close()


@pytest.mark.mariadb
def test_money_goes_on_to_whoever_took_the_cell_over(tmp_path: Path, mariadb: MariaDb) -> None:
    url = mariadb.fresh_url()
    one, two = free_ports(2)
    first = Served(tmp_path / "one", url, one)
    first.cell.writer.wait_until_leading()
    first.cell.served.open_accounts(ACCOUNTS)
    second = Served(tmp_path / "two", url, two)
    port = FlightCell([first.address], 5, MINE)
    try:
        for number in (1, 2):
            [status] = port.post_transfers(_batch(number))["status"].to_pylist()
            assert status == 0
            if number == 1:
                first.close()
                second.cell.writer.wait_until_leading()
        assert port.address == second.address
        assert second.cell.post(1) == "EXISTS"
    finally:
        port.close()
        second.close()


def _batch(number: int) -> pa.RecordBatch:
    return client.Transfers(**transfer(number))
