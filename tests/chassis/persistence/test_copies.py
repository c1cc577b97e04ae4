"""Goal: files are copied as they stood at one instant, though they are written meanwhile.

Method: two files, and writers who try in the very moments that matter.
"""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from yunjin.chassis.persistence import Damaged, Stopped, at_one_instant, copies, copy_to


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    """Two files with a table of one row."""
    files = tmp_path / "leader.db", tmp_path / "follower.db"
    for file in files:
        with closing(sqlite3.connect(file)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("CREATE TABLE t (n INTEGER)")
            connection.commit()
        write(file)
    return files


def write(file: Path) -> None:
    """Add a row, and wait for nobody."""
    with closing(sqlite3.connect(file, timeout=0)) as connection:
        connection.execute("INSERT INTO t VALUES (1)")
        connection.commit()


def rows(file: Path) -> int:
    """Count the rows of a file."""
    with closing(sqlite3.connect(file)) as connection:
        return int(connection.execute("SELECT count(*) FROM t").fetchone()[0])


def test_nobody_commits_to_the_leader_until_the_followers_are_seen(
    pair: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    leader, follower = pair
    refused = []
    connected = copies._connected

    def tried(file: Path) -> Any:
        if file == follower:
            with pytest.raises(sqlite3.OperationalError, match="locked"):
                write(leader)
            refused.append(file)
            write(follower)  # what the leader knows of may arrive
        return connected(file)

    monkeypatch.setattr(copies, "_connected", tried)
    with at_one_instant(leader, follower) as seen:
        write(leader)
        write(follower)
        for number, source in enumerate(seen):
            copy_to(tmp_path / f"copy-{number}.db", source)
    assert refused == [follower]
    assert [rows(tmp_path / f"copy-{number}.db") for number in (0, 1)] == [1, 2]
    assert [rows(leader), rows(follower)] == [2, 3]


def test_what_is_not_there_is_told_and_not_made(pair: tuple[Path, Path], tmp_path: Path) -> None:
    lost = tmp_path / "lost.db"
    with pytest.raises(Stopped, match=r"lost\.db could not be used"), at_one_instant(pair[0], lost):
        pass
    assert not lost.exists()
    write(pair[0])  # it was let go


def test_a_writer_who_does_not_let_go_is_told(
    pair: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copies, "_WAIT_S", 0)
    with closing(sqlite3.connect(pair[0], isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Stopped, match="locked"), at_one_instant(*pair):
            pass


def test_a_file_that_is_no_database_is_damaged(pair: tuple[Path, Path], tmp_path: Path) -> None:
    (tmp_path / "no.db").write_text("no database at all" * 100)
    with pytest.raises(Damaged, match=r"no\.db"), at_one_instant(pair[0], tmp_path / "no.db"):
        pass
