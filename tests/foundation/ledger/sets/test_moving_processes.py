"""Goal: a cell moves to another set while movers, writers and standbys of it die by kill -9, and a
customer who pays all the while sees no request fail.

Method: real processes over two databases of one MariaDB; `yunjin fleet cell move` is killed at
moments of chance and given again until it says that the cell has moved.
"""

import os
import random
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from tests.foundation.ledger.sets.cells import ONE, TWO
from tests.foundation.ledger.sets.town import PATIENCE_S, ROWS, Customer, Town, batch, place_of
from tests.mariadb import MariaDb, mariadb
from yunjin import client

__all__ = ["mariadb"]
pytestmark = [pytest.mark.mariadb, pytest.mark.slow]


@pytest.fixture
def town(tmp_path: Path, mariadb: MariaDb) -> Iterator[Town]:
    made = Town(tmp_path, mariadb)
    try:
        made.open()
        yield made
    finally:
        for place in made.places:
            place.end(signal.SIGKILL)


@pytest.mark.parametrize("seed", [int(os.environ.get("YUNJIN_TEST_SEED", "1")), 2])
def test_whoever_dies_on_the_way_the_customer_is_served(town: Town, seed: int) -> None:
    chance = random.Random(seed)
    customer = Customer([place.address for place in town.places[:2]])
    paying = threading.Thread(target=customer.run, daemon=True)
    paying.start()
    there, here = town.end(1), town.end(0)
    try:
        there.expect(place_of(town.urls[0]))
        for place in town.places[2:]:
            place.start()
        assert town.killed(lambda: there.end().sequence > 0), "expected a death while it copies"
        town.places[2].end(signal.SIGKILL)  # one that follows the copy
        town.places[2].start()
        writer = town.writer()
        if writer is not None:
            writer.end(signal.SIGKILL)
            writer.start()
        until = time.monotonic() + chance.uniform(0, 8)
        town.killed(lambda: time.monotonic() > until)
        town.killed(lambda: here.end().has_moved)  # nobody writes it then
        mover = town.mover()
        assert mover.wait(PATIENCE_S) == 0
        before = customer.paid
        town.wait(lambda: customer.paid > before + 3 or bool(customer.trouble))
        town.wait(lambda: town.writer() in town.places[2:])
        writer = town.writer()
        assert writer is not None
        writer.end(signal.SIGKILL)  # the other one there takes over
        before = customer.paid
        town.wait(lambda: customer.paid > before + 3 or bool(customer.trouble))
    finally:
        customer.over.set()
        paying.join(PATIENCE_S)
    assert not customer.trouble, f"{customer.trouble}; seed {seed}"
    check(town, customer, seed)


def check(town: Town, customer: Customer, seed: int) -> None:
    """All that was paid is there once; the old journal is where the new one goes on from."""
    with client.CellClient(customer.addresses, patience_s=PATIENCE_S) as cell:
        [one, two] = cell.accounts([ONE, TWO]).to_pylist()
        paid = 10 * ROWS * customer.paid
        assert (one["debits_posted"], two["credits_posted"]) == (paid, paid), f"seed {seed}"
        for number in range(0, customer.paid, max(1, customer.paid // 20)):
            assert set(cell.post(batch(number)).names()) == {"exists"}
        exported = cell.ask(lambda at: pa.Table.from_batches(at.export_transfers()))
    ids = exported["id_lo"].to_numpy()
    assert len(ids) == len(np.unique(ids)) == ROWS * customer.paid
    left, new = town.end(0).end(), town.end(1)
    assert left.has_moved
    row = new.read(left.sequence)
    assert row is not None
    assert row.hash == left.hash
