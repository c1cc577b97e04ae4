"""Goal: a cell moves to another set while it is paid from, and whatever dies on the way, nothing
that was acknowledged is lost, nothing acts twice, and never do two sets write one cell.

Method: two databases of one MariaDB play two sets; ledgers over each; a mover between them that is
made to die after each of its steps, and is then run again.
"""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.foundation.ledger.sets.cells import ACCOUNTS, ONE, Cell, opened, posted_by, wait_until
from tests.mariadb import MariaDb, mariadb
from yunjin.foundation.ledger.api.members import Member
from yunjin.foundation.ledger.errors import CellMoved, MoveRefused, NobodyFollows
from yunjin.foundation.ledger.service.moving import Moved, Mover
from yunjin.foundation.ledger.store.mysql import SetEngine
from yunjin.foundation.ledger.store.passage import Passage
from yunjin.kernel.clock import SystemClock
from yunjin.kernel.errors import Outage, Problem

__all__ = ["mariadb"]
pytestmark = pytest.mark.mariadb
LEASE_S = 3  # of real time; so long a dead holder is missed
TRUST_S = 0.01  # that a mover waits for a writer that it has fenced off


class Died(BaseException):
    """The mover was killed."""


class Town:
    """Two sets, the cell's processes on each, and who moves it."""

    def __init__(self, home: Path, mariadb: MariaDb) -> None:
        self.home, self.urls = home, [mariadb.fresh_url(), mariadb.fresh_url()]
        self.cells: list[Cell] = []
        self.ends: list[Passage] = []
        self.asks_fail = False
        self.said: list[str] = []

    def open(self, side: int) -> Cell:
        """Start a process of the cell on a set."""
        name = f"{'ab'[side]}{len(self.cells)}"
        where = {"http_address": f"http://{name}:1", "flight_address": f"grpc://{name}:2"}
        cell = opened(
            self.home / name,
            self.urls[side],
            SystemClock(),
            stands_by=True,
            lease_s=LEASE_S,
            **where,
        )
        self.cells.append(cell)
        return cell

    def mover(self, start: int = 0, end: int = 1) -> Mover:
        """Return a mover from one set to the other."""
        ends = [
            Passage(SetEngine(self.urls[side], patience_s=2), 1, f"set {side}")
            for side in (start, end)
        ]
        self.ends += ends
        return Mover(
            ends[0],
            ends[1],
            ask=self._ask,
            clock=SystemClock(),
            lease_s=TRUST_S,
            tell=self.said.append,
        )

    def _ask(self, writer: Member, to: str) -> None:
        if self.asks_fail:
            raise Outage("planned")
        [found] = [one for one in self.cells if one.writer.tenure.holder == writer.holder]
        found.members.hand_over(writer.epoch, to)

    def move(self, start: int = 0, end: int = 1) -> Moved:
        return self.mover(start, end).run(wait_s=10)

    def post(self, number: int) -> str:
        """Pay at whoever takes it, as a client does that asks again."""
        return posted_by(self.cells, number)

    def close(self) -> None:
        """End all processes, and hang up."""
        for cell in reversed(self.cells):
            cell.close()
        for end in self.ends:
            end.close()

    def writers(self) -> list[Cell]:
        return [cell for cell in self.cells if not cell.writer.follows]

    def check(self, paid: int) -> None:
        """All that was paid is in the one cell that is written; its journal is whole."""
        wait_until(lambda: len(self.writers()) == 1)
        [writer] = self.writers()
        found: list[object] = []

        def is_told() -> bool:
            with suppress(Outage):  # on a busy machine a lease runs out now and then
                found.append(writer.served.totals()[ONE])
            return bool(found)

        wait_until(is_told)
        assert found == [(0, 10 * paid, 0, 0)]
        assert writer.ledger.verify().is_sound


@pytest.fixture
def town(tmp_path: Path, mariadb: MariaDb) -> Iterator[Town]:
    made = Town(tmp_path, mariadb)
    made.open(0).writer.wait_until_leading()
    made.cells[0].served.open_accounts(ACCOUNTS)
    for number in range(1, 8):
        assert made.cells[0].post(number) == "CREATED"
    yield made
    made.close()


def expecting(town: Town, start: int = 0, end: int = 1) -> Cell:
    """Begin a move, as its first step does, and start a process where the cell is to go."""
    mover = town.mover(start, end)
    mover._new.expect(mover._old.place)
    return town.open(end)


def test_it_moves_with_all_it_knows(town: Town) -> None:
    new = expecting(town)
    first = town.cells[0].ledger.allot_account_ids(100)
    moved = town.move()
    assert (moved.cell, moved.writer.holder) == (1, new.writer.tenure.holder)
    new.writer.wait_until_leading()
    assert new.post(7) == "EXISTS"
    assert new.post(8) == "CREATED"
    assert new.ledger.allot_account_ids(1) == first + 100
    town.check(8)
    old, there = town.mover()._old, town.mover()._new
    assert [row.hash for row in old.page(None, 200)] == [
        row.hash for row in there.page(moved.sequence + 1, 200)
    ]


def test_who_is_asked_where_it_was_says_where_it_is(town: Town) -> None:
    old, new = town.cells[0], expecting(town)
    town.move()
    wait_until(lambda: "moved to" in old.ledger.state().stopped)
    with pytest.raises(CellMoved, match="moved to set 1") as refused:
        old.post(8)
    assert refused.value.facts["flight"] == "grpc://b1:2"
    [signpost] = [one for one in old.members.members() if one.writes]
    assert (signpost.http, signpost.flight) == ("http://b1:1", "grpc://b1:2")
    [writer] = [one for one in new.members.members() if one.writes]
    assert writer.epoch > signpost.epoch
    other = town.open(1)
    wait_until(lambda: len(new.members.members()) == 2)
    town.move()  # again: who stands by there is told too
    told = {one.flight for one in old.members.members() if one.is_signpost}
    assert told == {"grpc://b1:2", f"grpc://b{town.cells.index(other)}:2"}
    with pytest.raises(CellMoved):
        opened(town.home / "late", town.urls[0], SystemClock())


def test_payments_go_on_while_it_moves_there_and_back(town: Town) -> None:
    over, paid = threading.Event(), list(range(1, 8))

    def pay(first: int) -> None:
        number = first
        while not over.is_set():
            assert town.post(number) == "CREATED"
            paid.append(number)
            number += 2

    with ThreadPoolExecutor(2) as pool:
        payers = [pool.submit(pay, first) for first in (8, 9)]
        try:
            expecting(town)
            for start, end in ((0, 1), (1, 0), (0, 1)):
                before = len(paid)
                moved = town.move(start, end)
                assert moved.pause_ms < 10_000
                wait_until(lambda before=before: len(paid) > before + 4)
        finally:
            over.set()
        for payer in payers:
            payer.result()
    town.check(len(paid))
    assert {town.post(number) for number in paid} == {"EXISTS"}


STEPS = [
    "expect",
    "take_in",
    "point_to",
    "ask",
    "seal",
    "leave",
    "rest",
    "open_for",
    "end",
]


def dying(mover: Mover, step: str) -> None:
    """Have a mover die right after it has done one step."""
    seen = [0]

    def after(owner: Any, name: str, *, times: int = 1) -> None:
        act: Callable[..., Any] = getattr(owner, name)

        def once(*arguments: Any, **named: Any) -> Any:
            done = act(*arguments, **named)
            seen[0] += 1
            if seen[0] == times:
                raise Died
            return done

        setattr(owner, name, once)

    if step in ("expect", "take_in", "open_for"):
        after(mover._new, step)
    elif step == "rest":
        after(mover._new, "take_in", times=2)
    elif step == "ask":
        after(mover, "_ask")
    elif step == "leave":
        after(mover._old.members, "leave")
    elif step == "end":
        after(mover._old, "point_to", times=2)
    else:
        after(mover._old, step)


@pytest.mark.parametrize(
    "answers",
    [
        pytest.param(True, id="in order"),
        pytest.param(False, id="writer does not answer", marks=pytest.mark.slow),
    ],
)
@pytest.mark.parametrize("step", STEPS)
def test_a_mover_that_dies_after_any_step_is_run_again(
    town: Town, step: str, answers: bool
) -> None:
    town.asks_fail = not answers
    new = expecting(town)
    mover = town.mover()
    if step == "rest":  # a row comes between the first copy and the last
        stop_writing = mover._stop_writing

        def later(to: Member) -> None:
            assert town.post(99) == "CREATED"
            stop_writing(to)

        mover._stop_writing = later  # type: ignore[method-assign]
    dying(mover, step)
    if step == "ask" and not answers:
        pytest.skip("a step that is not done cannot be died after")
    with pytest.raises(Died):
        mover.run(wait_s=10)
    paid = 8 if step == "rest" else 7
    if not town.mover()._old.end().has_moved:  # then it is served where it was
        assert town.post(100) == "CREATED"
        paid += 1
    town.move()
    new.writer.wait_until_leading()
    assert new.post(7) == "EXISTS"
    assert new.post(200) == "CREATED"
    town.check(paid + 1)
    again = town.move()
    assert (again.row_count, again.pause_ms) == (0, 0)


def test_a_copy_is_nobodys_until_all_of_it_is_there(town: Town) -> None:
    new = expecting(town)
    mover = town.mover()
    dying(mover, "take_in")
    with pytest.raises(Died):
        mover.run(wait_s=10)
    wait_until(lambda: new.ledger.state().head.sequence > 0)
    with pytest.raises(Outage, match="arriving from set 0"):
        new.post(8)
    assert town.cells[0].post(8) == "CREATED"
    assert new.writer.tenure.epoch == 0


def test_a_new_process_that_dies_is_waited_for(town: Town) -> None:
    new = expecting(town)
    town.cells.remove(new)
    new.close()
    with pytest.raises(NobodyFollows, match="No other process"):
        town.mover().run(wait_s=0)
    assert town.cells[0].post(8) == "CREATED"
    with ThreadPoolExecutor(1) as pool:
        moving = pool.submit(town.move)
        wait_until(lambda: bool(town.said))
        town.open(1)
        moving.result()
    town.check(8)


def test_what_is_in_the_way_is_refused_in_words(town: Town) -> None:
    taken = town.open(1)
    taken.writer.wait_until_leading()
    with pytest.raises(MoveRefused, match="is there already"):
        town.move()
    mover = town.mover()
    mover._new.place = mover._old.place
    with pytest.raises(MoveRefused, match="another set"):
        mover.run(wait_s=0)
    mover = town.mover()
    mover._old.cell = mover._old._cell = 5
    with pytest.raises(MoveRefused, match="no cell 5"):
        mover.run(wait_s=0)
    assert town.cells[0].post(8) == "CREATED"


def test_both_ends_are_on_all_disks_before_the_cell_is_given_away(town: Town) -> None:
    expecting(town)
    mover, seen = town.mover(), list[str]()

    def note(end: Passage, name: str) -> None:
        act = getattr(end, name)

        def noted(*given: Any) -> Any:
            seen.append(f"{name} on {end.place}")
            return act(*given)

        setattr(end, name, noted)

    for end in (mover._old, mover._new):
        for name in ("seal", "take_in", "confirm", "open_for"):
            note(end, name)
    mover.run(wait_s=10)
    assert seen[-4:] == [
        "seal on set 0",
        "confirm on set 0",
        "confirm on set 1",
        "open_for on set 1",
    ]


def test_two_movers_at_once_do_not_mix_their_rows(town: Town) -> None:
    expecting(town)
    one, two = town.mover(), town.mover()
    at = one._new.expect("set 0")
    rows = next(iter(one._old.rows(at)))
    one._new.take_in(rows, at)
    one._new.take_in(rows, at)  # its answer was lost: done already
    with pytest.raises(MoveRefused, match="Another process moves"):
        two._new.take_in(rows[:-1], at)


def test_a_damaged_row_is_not_carried_over(town: Town, mariadb: MariaDb) -> None:
    expecting(town)
    engine = SetEngine(town.urls[0], patience_s=0)
    engine.execute("update ledger_journal set row_count=row_count+1 where sequence=3")
    engine.close()
    with pytest.raises(Problem, match="Row 3 is not what was written"):
        town.move()
    assert town.mover()._new.end().is_arriving
