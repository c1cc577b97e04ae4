"""The table of engine codes: what may the caller do after each?

Goal: a retry happens only where nothing was done, and a lost answer is never taken for a failure.
Method: read the table with errors made up as the drivers make them; the codes we can provoke are
provoked in test_faults.py.
"""

import json
import os
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pymysql
import pytest
import sqlalchemy as sa
from sqlalchemy import exc

from yunjin.chassis.persistence import (
    Damaged,
    Database,
    Flavour,
    RetryLimits,
    RolledBack,
    Stopped,
    Unreachable,
    Verdict,
    open_engine,
)
from yunjin.chassis.persistence.problems import problem_of
from yunjin.chassis.persistence.verdicts import flavour_of, verdict
from yunjin.kernel.clock import SystemClock
from yunjin.kernel.errors import Bug, Malformed, Outage, Refusal, Unknown

R, U, S, C, N = (
    Verdict.ROLLED_BACK,
    Verdict.UNKNOWN,
    Verdict.STOPPED,
    Verdict.CONFLICT,
    Verdict.NEVER,
)


@contextmanager
def closing_database(file: Path) -> Iterator[Database]:
    """Yield a SQLite database that is closed in the end."""
    found = Database(open_engine(f"sqlite:///{file}"), clock=SystemClock())
    yield found
    found.close()


def mysql_error(code: int) -> exc.DBAPIError:
    return exc.OperationalError("SELECT 1", {}, pymysql.err.OperationalError(code, "said so"))


def sqlite_error(code: int) -> exc.DBAPIError:
    error = sqlite3.OperationalError("said so")
    error.sqlite_errorcode = code
    return exc.OperationalError("SELECT 1", {}, error)


@pytest.mark.parametrize(
    ("flavour", "code", "before", "at_commit"),
    [
        (Flavour.MARIADB, 1213, R, R),  # deadlock; Galera certification
        (Flavour.MARIADB, 1205, R, R),
        (Flavour.MARIADB, 1020, R, R),
        (Flavour.MARIADB, 1047, R, R),  # Galera: not prepared
        (Flavour.MARIADB, 1180, R, U),  # Galera: COMMIT while the primary component was lost
        (Flavour.MARIADB, 1105, N, N),  # Galera: write set too large
        (Flavour.MARIADB, 2006, R, U),
        (Flavour.MARIADB, 2013, R, U),
        (Flavour.MARIADB, 1317, R, U),
        (Flavour.MARIADB, 1927, R, U),
        (Flavour.MARIADB, 1053, R, U),
        (Flavour.MARIADB, 1290, R, R),
        (Flavour.MARIADB, 1062, C, C),
        (Flavour.MARIADB, 1114, S, S),
        (Flavour.MARIADB, 12606, N, N),  # Spider
        (Flavour.MARIADB, 1146, N, U),  # no such table; unheard of at COMMIT
        (Flavour.MARIADB, 8002, N, U),  # TiDB's, not ours
        (Flavour.TIDB, 8002, R, R),
        (Flavour.TIDB, 8028, R, R),
        (Flavour.TIDB, 9007, R, R),
        (Flavour.TIDB, 9005, R, U),
        (Flavour.TIDB, 8004, N, N),
        (Flavour.TIDB, 1213, R, R),
        (Flavour.OCEANBASE, 6002, R, R),
        (Flavour.OCEANBASE, 6224, R, R),
        (Flavour.OCEANBASE, 4012, R, U),
        (Flavour.VITESS, 1105, R, U),
        (Flavour.VITESS, 1317, R, U),
        (Flavour.VITESS, 3168, R, R),
        (Flavour.SQLITE, 5, R, R),
        (Flavour.SQLITE, 517, R, R),  # BUSY_SNAPSHOT
        (Flavour.SQLITE, 6, R, R),
        (Flavour.SQLITE, 13, S, S),
        (Flavour.SQLITE, 10, S, U),
        (Flavour.SQLITE, 1034, S, U),  # IOERR_FSYNC
        (Flavour.SQLITE, 1555, C, C),
        (Flavour.SQLITE, 2067, C, C),
        (Flavour.SQLITE, 1299, N, N),  # NOT NULL
        (Flavour.SQLITE, 11, S, S),  # corrupt
        (Flavour.SQLITE, 267, S, S),  # CORRUPT_VTAB
        (Flavour.SQLITE, 26, S, S),  # no database file
    ],
)
def test_a_code_has_one_meaning_before_commit_and_one_at_commit(
    flavour: Flavour, code: int, before: Verdict, at_commit: Verdict
) -> None:
    error = sqlite_error(code) if flavour is Flavour.SQLITE else mysql_error(code)
    assert verdict(error, flavour=flavour, committing=False) is before
    assert verdict(error, flavour=flavour, committing=True) is at_commit


@pytest.mark.parametrize(
    ("code", "committing", "kind"),
    [(1213, True, Outage), (2013, True, Unknown), (1062, False, Refusal), (1146, False, Bug)],
)
def test_verdicts_become_the_kernel_s_problems(
    code: int, committing: bool, kind: type[Exception]
) -> None:
    problem = problem_of(mysql_error(code), flavour=Flavour.MARIADB, committing=committing)
    assert isinstance(problem, kind)
    assert "SELECT" not in str(problem.document())


def test_a_connection_lost_without_a_number_is_known_by_its_loss() -> None:
    error = exc.OperationalError("COMMIT", {}, pymysql.err.InternalError("Packet sequence"))
    assert verdict(error, flavour=Flavour.MARIADB, committing=True) is U
    error.connection_invalidated = True
    assert verdict(error, flavour=Flavour.MARIADB, committing=False) is R


def test_what_stopped_says_where_and_why() -> None:
    stopped = problem_of(
        sqlite_error(13), flavour=Flavour.SQLITE, committing=False, place="demo/rooms.db"
    )
    assert stopped.detail == "The database demo/rooms.db cannot do this now: said so."
    assert stopped.facts["database"] == "demo/rooms.db"
    assert stopped.facts["reason"] == "said so"


@pytest.mark.parametrize("code", [2003, 2006, 2013])
def test_a_server_that_does_not_answer_is_named_and_tried_again(code: int) -> None:
    found = problem_of(
        mysql_error(code),
        flavour=Flavour.MYSQL,
        committing=False,
        connecting=True,
        place="db.example:3306",
    )
    assert isinstance(found, Unreachable)
    assert isinstance(found, RolledBack)  # which is what is tried again
    assert found.detail.startswith("No database answers at db.example:3306: said so. See that")


def test_a_server_out_of_reach_is_told_by_its_address_without_the_password() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    opened = open_engine(f"mysql+pymysql://clerk:secret@127.0.0.1:{port}/bank")
    database = Database(opened, clock=SystemClock(), limits=RetryLimits(tries=2, pause_ms_max=1))
    with pytest.raises(Unreachable, match=f"No database answers at 127.0.0.1:{port}") as caught:
        database.read(lambda connection: None)
    assert "secret" not in json.dumps(caught.value.document())
    assert database.counts() == {"unreachable": 2}


@pytest.mark.parametrize("content", [b"no database at all" * 999, None])
def test_a_damaged_file_is_named_with_what_to_do(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "demo" / "rooms.db"
    with closing_database(file) as database, database.transaction() as connection:
        connection.exec_driver_sql("CREATE TABLE sold (item TEXT)")
        connection.exec_driver_sql("CREATE INDEX by_item ON sold (item)")
    whole = file.read_bytes()
    pages = whole[:4096] + b"\xff" * (len(whole) - 4096)
    file.write_bytes(pages if content is None else content)
    insert = sa.text("INSERT INTO sold VALUES ('tea')")
    with closing_database(file) as database, pytest.raises(Damaged) as caught:
        database.run(lambda connection: connection.execute(insert))
    assert isinstance(caught.value, Stopped)
    assert caught.value.detail.startswith("demo/rooms.db is damaged: ")
    assert "restore it from the last backup" in caught.value.detail


def test_data_is_made_for_its_owner_alone_and_what_is_there_stays(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir(mode=0o755)
    os.chmod(tmp_path / "old", 0o755)
    file = tmp_path / "old" / "bank" / "rooms.db"
    with closing_database(file) as database, database.transaction() as connection:
        connection.exec_driver_sql("CREATE TABLE sold (item TEXT)")
        modes = {path.name: path.stat().st_mode & 0o777 for path in file.parent.iterdir()}
    assert modes == {"rooms.db": 0o600, "rooms.db-wal": 0o600, "rooms.db-shm": 0o600}
    assert file.parent.stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "old").stat().st_mode & 0o777 == 0o755
    file.chmod(0o640)
    with closing_database(file) as database:
        database.read(lambda connection: None)
    assert file.stat().st_mode & 0o777 == 0o640


def test_no_free_connection_is_an_outage() -> None:
    assert verdict(exc.TimeoutError(), flavour=Flavour.MARIADB, committing=False) is S


@pytest.mark.parametrize(
    ("version", "flavour"),
    [
        ("10.11.19-MariaDB-0+deb12u1", Flavour.MARIADB),
        ("8.0.11-TiDB-v8.5.0", Flavour.TIDB),
        ("5.7.25-OceanBase seekdb-v1.4.0.0", Flavour.OCEANBASE),
        ("8.0.30-Vitess", Flavour.VITESS),
        ("8.4.0", Flavour.MYSQL),
    ],
)
def test_an_engine_is_known_by_its_version(version: str, flavour: Flavour) -> None:
    assert flavour_of(version) is flavour


@pytest.mark.parametrize(
    "url",
    [
        "",
        "nonsense",
        "sqlite://",
        "sqlite:///:memory:",
        "postgresql://u:sesame@h/d",
        "mysql+pymysql://h",
    ],
)
def test_other_urls_are_refused_and_their_passwords_kept_in(url: str) -> None:
    with pytest.raises(Malformed) as caught:
        open_engine(url)
    assert "sesame" not in caught.value.detail
