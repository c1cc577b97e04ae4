"""Goal: on a real set, a cell loses a node, a commit's answer and its writer, and no batch.

Method: one story on three nodes, told in order; what was acknowledged is held against the journal.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.foundation.ledger.sets.cells import (
    ACCOUNTS,
    LEASE_S,
    ONE,
    Cell,
    Watch,
    opened,
    wait_until,
)
from tests.foundation.ledger.sets.test_set_engine import LOST, Faults
from tests.galera import Sets, described, sets
from yunjin.foundation.database.service.fleet import Fleet
from yunjin.foundation.ledger.errors import Fenced

__all__ = ["sets"]
pytestmark = pytest.mark.galera


@pytest.fixture(scope="module")
def fleet(sets: Sets) -> Fleet:
    """Three nodes, made and running."""
    made = sets.fleet(described(sets.folder, {"s1": ("n1", "n2", "n3")}, more='profile = "wan"'))
    made.create("s1")
    return made


@pytest.fixture(scope="module")
def pair(fleet: Fleet, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Cell, Cell]]:
    """A writer and its standby, each confirmed by the disks of all nodes."""
    home: Path = tmp_path_factory.mktemp("cells")
    usual = {"stands_by": True, "reads_behind": True, "patience_s": 60}
    first = opened(home / "one", fleet.url("s1"), Watch(), **usual)
    first.writer.wait_until_leading()
    first.served.open_accounts(ACCOUNTS)
    second = opened(home / "two", fleet.url("s1"), Watch(), **usual)
    yield first, second
    second.close()
    first.close()


def test_a_lost_answer_is_settled_by_another_node(
    pair: tuple[Cell, Cell], monkeypatch: pytest.MonkeyPatch
) -> None:
    cell = pair[0]
    for number, after in ((1, False), (2, True)):
        faults = Faults(cell, monkeypatch)
        faults.arm("commit", LOST, after=after)
        assert cell.post(number) == "CREATED"
        assert not faults.left
        monkeypatch.undo()
    assert cell.served.totals()[ONE] == (0, 20, 0, 0)


def test_the_node_that_is_written_to_dies(pair: tuple[Cell, Cell], fleet: Fleet) -> None:
    cell = pair[0]
    before = cell.writer.cell.journal._engine.node
    name = next(
        node.name
        for node in fleet.status("s1").nodes
        if f"{fleet.node('s1', node.name).node.port}" in before
    )
    fleet.node("s1", name).kill()
    for number in range(3, 9):
        assert cell.post(number) == "CREATED"
    assert cell.writer.cell.journal._engine.node != before
    assert cell.served.totals()[ONE] == (0, 80, 0, 0)


def test_the_standby_keeps_a_checkpoint_once_all_disks_have_what_it_read(
    pair: tuple[Cell, Cell],
) -> None:
    wait_until(lambda: pair[1].writer.cell.index.latest() is not None)


def test_the_standby_takes_over_and_has_all(pair: tuple[Cell, Cell]) -> None:
    first, second = pair
    with first.writer._lock:  # it is as good as asleep
        while second.writer.follows:
            second.writer._clock.pass_by(LEASE_S / 10)
            wait_until(lambda: True)
        assert [second.post(number) for number in (8, 9)] == ["EXISTS", "CREATED"]
    with pytest.raises(Fenced):
        first.post(10)
    wait_until(lambda: first.writer.follows and first.writer.durable_sequence == 10)
    assert first.served.totals() == second.served.totals()
    assert second.ledger.verify().is_sound
