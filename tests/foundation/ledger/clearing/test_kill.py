"""Goal: two cells that die by kill -9, again and again, keep every promise they gave each other.

Method: each cell is a process with its own files and sends crossings to the other over Flight. One
of them is killed at a moment of chance and begins anew; in the end both run until nothing is in
doubt. What was told, and what both ledgers hold, is held against each other.
"""

import random
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests.app.test_serving import free_ports
from tests.foundation.ledger.clearing.cells import UNIT, crossing, outcomes, uuid_of
from tests.foundation.ledger.clearing.child import (
    CUSTOMERS,
    FUNDS,
    Order,
    Told,
    customer,
    main,
    opened,
    rows_of,
)
from yunjin.app.chaos.nursery import nursery
from yunjin.foundation.ledger.api import ClearingApi, LedgerApi
from yunjin.foundation.ledger.api import CrossingOutcome as O
from yunjin.foundation.ledger.domain.clearing import clearing_account, leg_ids
from yunjin.foundation.ledger.service.clearing.saga import uuids
from yunjin.kernel import tenant

PATIENCE_S = 120


class Cells:
    """Both processes, and what each has told."""

    def __init__(self, home: Path, batches: int) -> None:
        self._home, self._context = str(home), nursery()
        self._context.set_forkserver_preload(["yunjin.app.chaos.prepared", main.__module__])
        one, two = free_ports(2)
        self._ports = {1: one, 2: two}
        self._batches = range(batches)
        self.told: dict[int, dict[int, list[int]]] = {1: {}, 2: {}}
        self.ended: set[int] = set()
        self._processes: dict[int, Any] = {}
        self.pipes: dict[int, Connection[Any, Any]] = {}

    def order(self, cell: int) -> Order:
        left = tuple(number for number in self._batches if number not in self.told[cell])
        return Order(self._home, cell, self._ports, left)

    def begin(self, cell: int) -> None:
        """Start a life of a cell; the outcomes it was told before are not asked for again."""
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=main, args=(self.order(cell), theirs), daemon=True)
        process.start()
        theirs.close()
        self._processes[cell], self.pipes[cell] = process, ours
        self.ended.discard(cell)

    def kill(self, cell: int) -> None:
        """Kill -9, then take what it had said before."""
        process = self._processes[cell]
        process.kill()
        process.join()
        try:
            while self.pipes[cell].poll():
                self.hear(cell)
        except EOFError:
            pass

    def hear(self, cell: int) -> None:
        """Take one word of a cell."""
        word = self.pipes[cell].recv()
        if isinstance(word, Told):
            before = self.told[cell].setdefault(word.number, word.outcomes)
            assert before == word.outcomes
        elif word == "ended":
            self.ended.add(cell)

    def hear_words(self, count: int) -> None:
        """Take some words of whoever speaks."""
        for _ in range(count):
            ready = wait([self.pipes[cell] for cell in (1, 2)], PATIENCE_S)
            assert ready, "expected a word, was silence"
            if self.ended == {1, 2}:
                return
            for cell in (1, 2):
                if self.pipes[cell] in ready:
                    self.hear(cell)

    def end(self) -> None:
        """Wait until nothing is in doubt on either side, then let both go in peace."""
        while self.ended != {1, 2}:
            self.hear_words(1)
        for cell in (1, 2):
            self.pipes[cell].send("go")
            self._processes[cell].join(PATIENCE_S)
            assert self._processes[cell].exitcode == 0


def story(home: Path, *, batches: int, kills: int, seed: int) -> None:
    """Run both cells through some deaths, then hold them against each other."""
    chance, cells = random.Random(seed), Cells(home, batches)
    for cell in (1, 2):
        cells.begin(cell)
    killed = 0
    while killed < kills and cells.ended != {1, 2}:
        cells.hear_words(chance.randrange(1, 6))
        cell = chance.choice((1, 2))
        cells.kill(cell)
        cells.begin(cell)
        killed += 1
    assert killed == kills, f"expected {kills} deaths in the load, was {killed}; seed {seed}"
    cells.end()
    check(cells, batches)


def check(cells: Cells, batches: int) -> None:
    """Hold what was told, and both ledgers, against each other."""
    rows = {cell: [row for n in range(batches) for row in rows_of(cell, n)] for cell in (1, 2)}
    with tenant.entered("demo"), opened(cells.order(1)) as one, opened(cells.order(2)) as two:
        rooms = {1: one, 2: two}
        ledgers: dict[int, LedgerApi] = {cell: rooms[cell].doors[LedgerApi] for cell in rooms}
        assert sum(map(sum, (money(ledgers[cell], cell) for cell in rooms))) == (
            2 * CUSTOMERS * FUNDS
        )
        nets = [net(ledgers[cell], clearing_account(cell, 3 - cell, UNIT)) for cell in rooms]
        assert sum(nets) == 0
        for cell in rooms:
            told = [outcome for n in range(batches) for outcome in cells.told[cell][n]]
            asked = [uuid_of(number) for number, *_ in rows[cell]]
            kept = outcomes(rooms[cell].doors[ClearingApi].outcomes(asked))
            # A refused hold leaves no trace but a used id.
            assert kept == [O.NOT_HELD if one == O.REFUSED_HERE else one for one in told]
            assert {O.POSTED, O.REFUSED_THERE} <= set(told)
            posted = [row for row, what in zip(rows[cell], told, strict=True) if what == O.POSTED]
            ids = deliveries(cell, [number for number, *_ in rows[cell]])
            found = ledgers[3 - cell].transfers(ids)
            assert sum(found["amount_minor"].to_pylist()) == sum(row[3] for row in posted)
            assert found.num_rows == len(posted)


def money(ledger: LedgerApi, cell: int) -> list[int]:
    """Return what customers have; nothing of it is held."""
    rows = ledger.accounts([customer(cell, n) for n in range(CUSTOMERS)]).to_pylist()
    assert [row["debits_pending"] for row in rows] == [0] * CUSTOMERS
    return [row["credits_posted"] - row["debits_posted"] for row in rows]


def net(ledger: LedgerApi, account: int) -> int:
    """Return what a clearing account has."""
    [row] = ledger.accounts([account]).to_pylist()
    assert row["credits_pending"] == 0
    return int(row["credits_posted"] - row["debits_posted"])


def deliveries(cell: int, numbers: list[int]) -> list[UUID]:
    """Return the ids of the deliveries of crossings."""
    batch = crossing(*((number, 0, 0, 0) for number in numbers))
    ids = leg_ids(batch["id_hi"].to_numpy(), batch["id_lo"].to_numpy(), known_as=cell)
    return uuids(ids.delivery_hi, ids.delivery_lo)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_three_deaths_by_kill_9_change_no_outcome(tmp_path: Path) -> None:
    story(tmp_path, batches=30, kills=3, seed=5)
    assert (tmp_path / "1").is_dir()


@pytest.mark.slow
@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("seed", range(4))
def test_forty_deaths_by_kill_9_change_no_outcome(tmp_path: Path, seed: int) -> None:
    story(tmp_path, batches=400, kills=40, seed=seed)
    assert (tmp_path / "2").is_dir()
