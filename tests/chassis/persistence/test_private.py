"""Goal: making files private never costs the locks by which processes share a database.

Method: a database that is open here is read and closed by another process. The last one to close a
SQLite file removes its log; POSIX drops all locks a process has on a file when it closes the file
once, however often it has it open: whoever opens it beside SQLite looks gone to the others, who
then remove the log under it.
"""

import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from yunjin.chassis.persistence import open_engine, private_file
from yunjin.foundation.ledger.store.engine import open_engine as open_cell

COUNT = """
import sqlite3, sys
file = sqlite3.connect(sys.argv[1])
print(*file.execute("select count(*) from t").fetchone())
file.close()
"""


def count_elsewhere(file: Path) -> str:
    """Count the rows in another process, which closes the file then."""
    done = subprocess.run(
        [sys.executable, "-c", COUNT, str(file)], check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def test_what_a_pool_writes_after_another_process_looked_is_not_lost(tmp_path: Path) -> None:
    file = tmp_path / "rooms.db"
    engine = open_engine(f"sqlite:///{file}").engine
    with engine.connect() as one:
        one.execute(sa.text("create table t (n integer)"))
        one.commit()
        engine.connect().close()  # one more of this process
        for wanted in ("1", "2"):
            one.execute(sa.text("insert into t values (1)"))
            one.commit()
            assert count_elsewhere(file) == wanted
            assert file.with_name("rooms.db-wal").exists()
    engine.dispose()
    assert count_elsewhere(file) == "2"


def test_what_a_cell_writes_after_another_process_looked_is_not_lost(tmp_path: Path) -> None:
    cell = open_cell(tmp_path, "", "journal.db")
    with cell.transaction():
        cell.execute("create table t (n integer)")
    open_cell(tmp_path, "", "journal.db").close()  # as verifying does
    for wanted in ("1", "2"):
        with cell.transaction():
            cell.execute("insert into t values (1)")
        assert count_elsewhere(tmp_path / "journal.db") == wanted
        assert (tmp_path / "journal.db-wal").exists()
    cell.close()
    assert count_elsewhere(tmp_path / "journal.db") == "2"


@pytest.mark.parametrize("mode", [0o600, 0o640])
def test_what_is_there_keeps_its_mode(tmp_path: Path, mode: int) -> None:
    file = tmp_path / "rooms.db"
    private_file(file)
    assert file.stat().st_mode & 0o777 == 0o600
    file.chmod(mode)
    private_file(file)
    assert file.stat().st_mode & 0o777 == mode
