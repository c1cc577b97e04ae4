"""Goal: what the sagas rest on holds: ids of legs, ids of clearing accounts, rows on any engine.

Method: properties of the ids over chance; the shelf on SQLite and on MariaDB.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import mariadb as databases
from yunjin import client
from yunjin.foundation.database.api import DatabaseApi
from yunjin.foundation.database.wiring import Settings, build
from yunjin.foundation.ledger import migrations
from yunjin.foundation.ledger.domain.clearing import (
    UNTOLD,
    Crossings,
    clearing_account,
    leg_ids,
    peer_of,
)
from yunjin.foundation.ledger.service.clearing.saga import uuids
from yunjin.foundation.ledger.service.clearing.shelf import Batch, Shelf, left_of
from yunjin.kernel.clock import FixedClock
from yunjin.kernel.ids import CELL_MAX, CLEARING_FROM, cell_of, sequence_of, uuid7

CLOCK = FixedClock(1_790_000_000_000_000_000)
database_url, mariadb = databases.database_url, databases.mariadb
cells = st.integers(0, CELL_MAX)


def test_legs_keep_the_time_of_their_caller_and_share_nothing_else() -> None:
    hi, lo = client.ids(500, clock=CLOCK)
    first, other = leg_ids(hi, lo, known_as=1), leg_ids(hi, lo, known_as=2)
    again = leg_ids(hi, lo, known_as=1, attempt=1)
    columns = [(first[at], first[at + 1]) for at in (0, 2, 4)]
    columns += [(other[2], other[3]), (again[4], again[5]), (hi, lo)]
    made = [one for pair in columns for one in uuids(*pair)]
    assert len(set(made)) == len(made)
    assert {one.version for one in made} == {7}
    assert {one.int >> 80 for one in made} == {CLOCK.now_ns() // 1_000_000}
    assert [x.tolist() for x in leg_ids(hi, lo, known_as=1)] == [x.tolist() for x in first]
    assert first.hold_hi.tolist() == other.hold_hi.tolist()  # an id acts once, whoever is the peer
    assert first.hold_lo.tolist() == other.hold_lo.tolist()


def test_legs_of_ids_without_a_time_are_hashes() -> None:
    some = np.arange(1, 100, dtype=np.uint64)
    legs = leg_ids(some, some, known_as=1)
    assert {one.version for one in uuids(legs.hold_hi, legs.hold_lo)} == {8}


@given(cell=cells, peer=cells, ledger=st.integers(1, 2**32 - 1))
def test_a_clearing_account_tells_its_three_numbers(cell: int, peer: int, ledger: int) -> None:
    account = clearing_account(cell, peer, ledger)
    assert 0 < account < 2**63
    assert (cell_of(account), peer_of(account), account & 2**32 - 1) == (cell, peer, ledger)
    assert sequence_of(account) >= CLEARING_FROM
    column = clearing_account(cell, peer, np.array([ledger], np.uint32))
    assert column.tolist() == [account]


@pytest.fixture
def shelf(database_url: str, tmp_path: Path) -> Iterator[Shelf]:
    """Yield a shelf on each engine."""
    found = build(Settings(url=database_url), tenant="demo", clock=CLOCK, home=tmp_path)
    api: DatabaseApi[object] = found.doors[DatabaseApi]
    tables = api.open("ledger", source="/foundation/ledger", migrations=migrations)
    yield Shelf(tables, 1)  # type: ignore[arg-type]
    if found.close is not None:
        found.close()


def batch(number: int, rows: int = 3) -> Batch:
    """Return a batch of some age."""
    hi, lo = client.ids(rows, clock=CLOCK)
    numbers = np.arange(rows)
    columns = Crossings(
        hi,
        lo,
        numbers.astype(np.int64),
        numbers.astype(np.int64),
        numbers.astype(np.int64),
        numbers.astype(np.uint32),
        numbers.astype(np.uint16),
        numbers.astype(np.uint32),
        np.full(rows, UNTOLD, np.uint8),
        np.full(rows, UNTOLD, np.uint8),
    )
    at_us = CLOCK.now_ns() // 1_000 + number
    return Batch(batch_id=uuid7(CLOCK), peer=2, columns=columns, at_us=at_us, due_us=at_us + 100)


def test_batches_stand_on_the_shelf_until_their_end(shelf: Shelf) -> None:
    made = [batch(number) for number in range(25)]
    for one in reversed(made):
        shelf.keep(one)
    ids = [one.batch_id for one in made]
    first, second = made[0], made[1]
    assert [found.batch_id for found in shelf.oldest(made[2].at_us, 10)] == ids[:3]
    assert shelf.due(first.due_us) == [(first.batch_id, 2)]
    assert shelf.totals() == {2: (25, 75, first.at_us)}
    assert {found.batch_id for found in shelf.all()} == set(ids)
    shelf.put_off(replace(second, due_us=7, tries=3, reason="对方无应答"))
    shelf.tell(left_of(first, np.array([False, True, True]), is_stuck=True, reason="x" * 999))
    told, later = shelf.find(first.batch_id), shelf.find(second.batch_id)
    assert told is not None
    assert later is not None
    assert (told.is_stuck, told.reason, told.columns.amount_minor.tolist()) == (
        True,
        "x" * 500,
        [1, 2],
    )
    assert (later.due_us, later.tries, later.reason) == (7, 3, "对方无应答")
    assert later.columns.id_lo.tolist() == second.columns.id_lo.tolist()
    shelf.end(ids)
    shelf.end(ids[:1])
    shelf.put_off(first)  # one that is gone stays gone
    assert (shelf.find(ids[0]), shelf.totals(), list(shelf.all())) == (None, {}, [])
