"""Goal: a writer hands its cell to a process of one's choice, and nobody's request fails for it.

Method: ledgers over one MariaDB database, on one clock; a thread that pays all the while and asks
again where it is told that another process writes now.
"""

import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tests.app.test_serving import free_ports
from tests.chassis.transport.toy import served
from tests.foundation.ledger.sets.cells import (
    ACCOUNTS,
    ONE,
    Cell,
    Watch,
    opened,
    posted_by,
    transfer,
    wait_until,
)
from tests.mariadb import MariaDb, mariadb
from yunjin import client
from yunjin.app import cli
from yunjin.chassis.transport import Guard, api_of, root_of
from yunjin.chassis.transport.flight import FlightDoor
from yunjin.foundation.ledger.api.members import Member
from yunjin.foundation.ledger.errors import NobodyFollows, NotLeading
from yunjin.kernel import tenant
from yunjin.kernel.clock import SystemClock
from yunjin.kernel.errors import Refusal
from yunjin.kernel.room import shown

__all__ = ["mariadb"]
pytestmark = pytest.mark.mariadb


class Trio:
    """A writer and two that stand by."""

    def __init__(self, home: Path, url: str) -> None:
        self.watch = Watch()
        self.cells = [self._open(home / name, url, name) for name in ("one", "two", "three")]
        self.cells[0].writer.wait_until_leading()
        self.cells[0].served.open_accounts(ACCOUNTS)

    def _open(self, home: Path, url: str, name: str) -> Cell:
        where = {"http_address": f"http://{name}:1", "flight_address": f"grpc://{name}:2"}
        return opened(home, url, self.watch, stands_by=True, **where)

    @property
    def writer(self) -> Cell:
        """The one that leads, once one does."""
        wait_until(lambda: not all(cell.writer.follows for cell in self.cells))
        return next(cell for cell in self.cells if not cell.writer.follows)

    def post(self, number: int) -> str:
        """Pay at whoever takes it, as a client does that asks again."""
        return posted_by(self.cells, number)

    def epoch(self) -> int:
        return max(one.epoch for one in self.cells[0].members.members())


@pytest.fixture
def trio(tmp_path: Path, mariadb: MariaDb) -> Iterator[Trio]:
    made = Trio(tmp_path, mariadb.fresh_url())
    yield made
    for cell in reversed(made.cells):
        cell.close()


def test_the_chosen_one_gets_the_cell_and_no_other(trio: Trio) -> None:
    one, two, three = trio.cells
    for chosen, giver in ((three, one), (two, three), (one, two)):
        passed = giver.members.hand_over(trio.epoch(), chosen.writer.tenure.holder)
        assert passed.holder == chosen.writer.tenure.holder
        chosen.writer.wait_until_leading()
        assert trio.writer is chosen
        with pytest.raises(NotLeading):
            giver.post(1)
        assert chosen.post(1) in ("CREATED", "EXISTS")


def test_payments_go_on_while_the_cell_goes_round(trio: Trio) -> None:
    over, paid = threading.Event(), []

    def pay(first: int) -> None:
        number = first
        while not over.is_set():
            assert trio.post(number) == "CREATED"
            paid.append(number)
            number += 2

    with ThreadPoolExecutor(2) as pool:
        payers = [pool.submit(pay, first) for first in (1, 2)]
        try:
            for _ in range(6):
                before, giver = len(paid), trio.writer
                giver.members.hand_over(trio.epoch())
                wait_until(lambda before=before: len(paid) > before + 4)
        finally:
            over.set()
        for payer in payers:
            payer.result()
    assert trio.epoch() > 6
    last = trio.writer
    assert last.served.totals()[ONE] == (0, 10 * len(paid), 0, 0)
    assert last.ledger.verify().is_sound


def test_what_waits_is_served_first(trio: Trio) -> None:
    one = trio.cells[0]
    ledger: Any = one.ledger
    with ThreadPoolExecutor(1) as pool:
        with one.writer._lock:  # the writer's thread waits here with the first of them
            posts = [ledger.submit_transfers(_payment(n)) for n in range(1, 9)]
            passed = pool.submit(one.members.hand_over, trio.epoch(), "")
            wait_until(lambda: one.writer._queue.last is not None)
            with pytest.raises(NotLeading, match="just now"):
                one.post(9)
        assert {post.result()["status"][0].as_py() for post in posts} == {0}
        assert passed.result().holder != one.writer.tenure.holder


def test_asked_again_nothing_changes(trio: Trio) -> None:
    one, two, three = trio.cells
    epoch = trio.epoch()
    one.members.hand_over(epoch, two.writer.tenure.holder)
    two.writer.wait_until_leading()
    with pytest.raises(NotLeading):
        one.members.hand_over(epoch, three.writer.tenure.holder)
    again: Member = two.members.hand_over(epoch, three.writer.tenure.holder)
    assert again.holder == two.writer.tenure.holder
    assert trio.writer is two


def test_without_a_follower_it_is_refused_and_the_writer_goes_on(trio: Trio) -> None:
    one, *others = trio.cells
    with pytest.raises(NobodyFollows, match="nobody-knows was not heard of"):
        one.members.hand_over(trio.epoch(), "nobody-knows")
    for cell in others:
        cell.close()
    with pytest.raises(NobodyFollows, match="No other process"):
        one.members.hand_over(trio.epoch())
    assert one.post(1) == "CREATED"
    trio.cells = [one]


def test_a_follower_far_behind_is_not_given_the_cell(
    trio: Trio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("yunjin.foundation.ledger.service.membership.BEHIND_MAX", -1)
    with pytest.raises(NobodyFollows, match="rows behind"):
        trio.cells[0].members.hand_over(trio.epoch())


def test_a_successor_that_died_meanwhile_is_itself_replaced(trio: Trio) -> None:
    one, two, three = trio.cells
    holder, epoch = two.writer.tenure.holder, trio.epoch()
    two.close()
    trio.cells = [one, three]
    one.writer.leave(lambda cell: cell.journal.pass_on(epoch, holder, 0))
    before = [cell.writer.tenure.epoch for cell in trio.cells]

    def is_taken() -> bool:
        trio.watch.pass_by(1)
        return [cell.writer.tenure.epoch for cell in trio.cells] != before

    wait_until(is_taken)
    assert trio.post(1) == "CREATED"


@pytest.mark.parametrize("code", [2013, 1213])
def test_an_answer_that_is_lost_on_the_way_leaves_one_writer(
    trio: Trio, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    from tests.foundation.ledger.sets.test_set_engine import Faults

    one = trio.cells[0]
    faults = Faults(one, monkeypatch)
    submit: Callable[..., object] = one.writer._queue.end_with
    monkeypatch.setattr(
        one.writer._queue,
        "end_with",
        lambda job: (faults.arm("commit", code, after=code == 2013), submit(job)),
    )
    one.members.hand_over(trio.epoch())
    assert faults.left == 0, "no fault was injected"
    wait_until(lambda: sum(not cell.writer.follows for cell in trio.cells) == 1)
    assert trio.writer is not one
    assert trio.post(1) == "CREATED"


class Reached:
    """Two processes of a cell that listen, each on HTTP and Flight."""

    def __init__(self, home: Path, url: str, closing: ExitStack) -> None:
        self.cells: list[Cell] = []
        self.http: list[str] = []
        self.flight: list[str] = []
        watch, clock = Watch(), SystemClock()
        for name, port in zip(("one", "two"), free_ports(2), strict=True):
            apps: list[Any] = []
            self.http.append(closing.enter_context(served(_later(apps))))
            self.flight.append(f"grpc://127.0.0.1:{port}")
            where = {"http_address": self.http[-1], "flight_address": self.flight[-1]}
            cell = opened(home / name, url, watch, stands_by=True, **where)
            self.cells.append(cell)
            closing.callback(cell.close)
            api = api_of(shown(cell.room), title="test", version="1")
            apps.append(Guard(root_of(api, shown(cell.room)), tenant="demo", clock=clock))
            door = FlightDoor(shown(cell.room)[0].flight, tenant="demo", port=port, clock=clock)
            closing.callback(door.close, 1)


def _later(apps: list[Any]) -> Any:
    """Return an application that is made later, since it has to know its own address."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        while scope["type"] == "lifespan":
            word = (await receive())["type"]
            await send({"type": f"{word}.complete"})
            if word == "lifespan.shutdown":
                return
        await apps[0](scope, receive, send)

    return app


@pytest.fixture
def reached(tmp_path: Path, mariadb: MariaDb) -> Iterator[Reached]:
    with tenant.entered("demo"), ExitStack() as closing:
        made = Reached(tmp_path, mariadb.fresh_url(), closing)
        made.cells[0].writer.wait_until_leading()
        made.cells[0].served.open_accounts(ACCOUNTS)
        yield made


def test_it_is_asked_for_over_http_flight_and_the_command_line(
    reached: Reached, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    one, two = reached.cells
    monkeypatch.chdir(tmp_path)
    run = CliRunner().invoke(cli.app, ["ledger", "hand-over", reached.http[1], "--json"])
    assert run.exit_code == 0, run.output
    assert json.loads(run.stdout)["http"] == reached.http[1]
    two.writer.wait_until_leading()
    chosen = ["ledger", "hand-over", reached.http[0], "--to", reached.http[1]]
    again = CliRunner().invoke(cli.app, chosen)
    assert again.stdout == f"{reached.http[1]} writes cell 1\n"
    assert not two.writer.follows
    epoch = max(member.epoch for member in one.members.members())
    with client.connect(reached.flight[1]) as at:
        passed = json.loads(at._action("hand_over", {"epoch": epoch}))
        with pytest.raises(Refusal, match="epoch"):
            at._action("hand_over", {"epoch": 0})
    assert passed["http"] == reached.http[0]
    one.writer.wait_until_leading()


def test_a_client_of_the_cell_sees_nothing_of_it(reached: Reached) -> None:
    numbers = iter(range(1, 100))
    with client.CellClient([reached.flight[1]]) as cell:
        for giver in (0, 1, 0):
            assert cell.post(_payment(next(numbers))).names() == ["created"]
            members = reached.cells[0].members
            epoch = max(member.epoch for member in members.members())
            reached.cells[giver].members.hand_over(epoch)
        assert cell.post(_payment(next(numbers))).names() == ["created"]
        assert cell.moves > 2


def _payment(number: int) -> Any:
    return client.Transfers(**transfer(number))
