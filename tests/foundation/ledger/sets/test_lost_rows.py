"""Goal: a journal that lost acknowledged rows is never written on; one that grew is no damage.

Method: a real MariaDB, whose rows are deleted behind a cell's back as a restore of its set would,
or a set that is led by a node which was behind.
"""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.foundation.ledger.sets.cells import ACCOUNTS, Cell, Watch, opened, wait_until
from tests.mariadb import MariaDb, mariadb
from yunjin.foundation.ledger.errors import JournalDamaged
from yunjin.foundation.ledger.service import recovering
from yunjin.kernel.errors import Outage

__all__ = ["mariadb"]
pytestmark = pytest.mark.mariadb


@pytest.fixture
def cell(tmp_path: Path, mariadb: MariaDb) -> Iterator[Cell]:
    made = opened(tmp_path, mariadb.fresh_url(), Watch(), patience_s=0.3, stands_by=True)
    made.writer.wait_until_leading()
    made.served.open_accounts(ACCOUNTS)
    yield made
    made.close()


def rows_of(cell: Cell, mariadb: MariaDb) -> int:
    name = cell.writer.cell.journal._engine._set.database
    [[count]] = mariadb.ask(f"select count(*) from {name}.ledger_journal")
    return int(str(count))


def test_a_row_that_comes_between_two_looks_is_no_damage(cell: Cell, tmp_path: Path) -> None:
    fresh = cell.writer._build()
    assert not recovering.recover(fresh, cell.writer._head)
    look = fresh.journal.head
    posted: list[str] = []

    def then_posted(**how: bool) -> Any:
        if not posted:
            posted.append(cell.post(1))
        return look(**how)

    fresh.journal.head = then_posted
    assert not recovering.recover(fresh, cell.writer._head)
    assert posted == ["CREATED"]
    assert fresh.sequence == 2


def cut(cell: Cell, mariadb: MariaDb, last: int) -> None:
    """Leave the rows up to `last` alone, as a set does that is restored or led by an old node."""
    name = cell.writer.cell.journal._engine._set.database
    mariadb.ask(f"delete from {name}.ledger_journal where sequence>{last}")
    mariadb.ask(
        f"update {name}.ledger_cell c join {name}.ledger_journal j on j.sequence={last}"
        " set c.head_sequence=j.sequence, c.head_hash=j.hash, c.head_timestamp=j.timestamp_last"
    )


def test_a_writer_whose_set_lost_acknowledged_rows_writes_no_more(
    cell: Cell, mariadb: MariaDb
) -> None:
    assert [cell.post(number) for number in range(1, 6)] == ["CREATED"] * 5
    cut(cell, mariadb, 3)
    with pytest.raises(Outage):
        cell.post(6)
    wait_until(lambda: isinstance(cell.writer._queue.problem, JournalDamaged))
    with pytest.raises(JournalDamaged, match="Restore the journal"):
        cell.post(7)
    assert rows_of(cell, mariadb) == 3
    assert "Restore" in cell.ledger.state().stopped


def has_read(cell: Cell, row: int) -> bool:
    return bool(cell.writer.durable_sequence == row)


def test_a_follower_whose_set_lost_rows_says_so_at_once(
    cell: Cell, tmp_path: Path, mariadb: MariaDb
) -> None:
    url = cell.writer.cell.journal._engine._set.one("mysql")
    second = opened(tmp_path / "two", url, Watch(), stands_by=True)
    try:
        for number in range(1, 6):  # one by one: the next row says that the one before is confirmed
            assert cell.post(number) == "CREATED"
            wait_until(partial(has_read, second, number + 1))
        cut(cell, mariadb, 3)
        wait_until(lambda: "Restore" in second.writer.stopped)
        with pytest.raises(JournalDamaged, match="ends at row 3"):
            second.post(6)
    finally:
        second.close()
