"""Goal: room made ahead is used like any other, and where it is not ready nobody waits for it.

Method: ids are kept through growth and a turn of generations, once with the room ready each time
and once with the thread that makes it held at a gate.
"""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from yunjin.foundation.ledger.service import generations as generating
from yunjin.foundation.ledger.service.ahead import Ahead
from yunjin.foundation.ledger.service.generations import Generations, Table
from yunjin.foundation.ledger.store.engine import open_engine
from yunjin.foundation.ledger.store.index import Index

LARGE, USUAL, STEP = 256, 4_000, 100


def await_rooms() -> None:
    """Wait until all room that was ordered is there."""
    for thread in threading.enumerate():
        if thread.name == "room":
            thread.join(60)


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """Where the thread that makes room waits until the test lets it through."""
    made = threading.Event()
    yield made
    made.set()
    await_rooms()


@pytest.fixture
def begin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gate: threading.Event
) -> Iterator[Callable[[], Generations]]:
    """Begin a memory of ids that is large from 256 of them on."""
    make = generating._empty_at_once
    index = Index(open_engine(tmp_path, "", "cell-1.index.db"), 1)

    def behind_the_gate(rows: int) -> Table:
        gate.wait(60)
        return make(rows)

    monkeypatch.setattr(generating, "_LARGE", LARGE)
    monkeypatch.setattr(generating, "_empty_at_once", behind_the_gate)
    yield lambda: Generations(index, bloom_words=64, usual=USUAL)
    index.close()


def use(ids: Generations, used: int, count: int) -> int:
    """Use the next so many ids, as the kernels do; return how many are used now."""
    ids.ensure(used, count)
    fresh = ids.young.rows[used : used + count]
    fresh["lo"] = fresh["position"] = np.arange(used, used + count)
    ids.young = Table(ids.young.rows, used + count)
    return used + count


def known(ids: Generations, first: int, last: int) -> list[int]:
    """Return the positions of the ids from `first` to before `last`."""
    lo = np.arange(first, last, dtype=np.uint64)
    found = ids.find(np.zeros(len(lo), np.uint64), lo)
    assert found is not None
    return [int(place) for place in found]


@pytest.mark.parametrize("is_ready", [True, False])
def test_ids_are_kept_while_their_room_grows_and_generations_end(
    begin: Callable[[], Generations], gate: threading.Event, is_ready: bool
) -> None:
    if is_ready:
        gate.set()
    ids, used, sizes = begin(), 0, set()
    while used < USUAL - STEP:
        used = use(ids, used, STEP)
        sizes.add(len(ids.young.rows))
        if is_ready:
            await_rooms()
        assert known(ids, 0, used) == list(range(used))
    assert (1_024 in sizes) is not is_ready  # the usual room at one stroke, or by doubling
    assert len(ids.young.rows) == USUAL
    ids.rotate(used)
    assert len(ids.young.rows) == USUAL
    assert not ids.young.rows["lo"].any()
    assert not ids.young.slots.any()
    assert known(ids, 0, used) == list(range(used))


def test_a_generation_larger_than_usual_grows_on(begin: Callable[[], Generations]) -> None:
    ids, used = begin(), 0
    while used < 3 * USUAL:
        used = use(ids, used, 4 * STEP)
    assert known(ids, 0, used) == list(range(used))
    assert len(ids.young.rows) == 4 * USUAL


def test_room_is_handed_out_once_and_only_in_the_size_that_was_ordered() -> None:
    ahead = Ahead(lambda size: [size])
    assert ahead.take(5) is None
    ahead.order(5)
    ahead.order(5)
    await_rooms()
    assert ahead.take(6) is None
    assert ahead.take(5) == [5]
    assert ahead.take(5) is None
    ahead.order(5)
    ahead.order(7)  # what is needed has changed
    await_rooms()
    assert ahead.take(5) is None
    assert ahead.take(7) == [7]
