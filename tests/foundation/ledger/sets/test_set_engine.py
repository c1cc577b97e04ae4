"""Goal: a set that loses a node, a connection or an answer loses no batch and takes none twice.

Method: a real MariaDB, whose driver is made to fail at one chosen statement, before or after the
server has done it; then what was acknowledged is held against the journal.
"""

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pymysql
import pytest

from tests.foundation.ledger.sets.cells import ACCOUNTS, ONE, Cell, Watch, opened
from tests.mariadb import MariaDb, mariadb
from yunjin.foundation.ledger.errors import OutcomeUnknown, WritesStopped
from yunjin.foundation.ledger.store.binary import Statement
from yunjin.foundation.ledger.store.mysql import SetEngine
from yunjin.kernel.errors import Outage

__all__ = ["mariadb"]
pytestmark = pytest.mark.mariadb
LOST, DEADLOCK, NOT_PREPARED, COMMIT_LOST, TOO_LARGE = 2013, 1213, 1047, 1180, 1105
STEPS = ["begin", "update", "insert", "commit"]


class Faults:
    """Fails the next statement of a kind of a cell's engine, once, before or after it is done."""

    def __init__(self, cell: Cell, monkeypatch: pytest.MonkeyPatch) -> None:
        self.engine: Any = cell.writer.cell.journal._engine
        self.patch, self.left = monkeypatch, 0

    def arm(self, step: str, code: int, *, after: bool = False, count: int = 1) -> None:
        self.left = count
        connection = type(self.engine._connection)
        owner, name = {
            "begin": (connection, "begin"),
            "update": (type(self.engine), "_ask"),
            "insert": (Statement, "execute"),
            "commit": (connection, "commit"),
        }[step]
        act = getattr(owner, name)

        def faulty(this: Any, *arguments: Any) -> Any:
            is_it = step != "update" or str(arguments[0]).startswith("update ledger_cell set head")
            if not self.left or not is_it or not self._is_ours(this):
                return act(this, *arguments)
            self.left -= 1
            done = act(this, *arguments) if after else None
            if code == LOST:
                self.engine._connection.close()
            raise pymysql.err.OperationalError(code, f"planned, {done}")

        self.patch.setattr(owner, name, faulty)

    def _is_ours(self, this: Any) -> bool:
        if isinstance(this, Statement):
            return bool(this._connection is self.engine._connection)
        return this is self.engine or this is self.engine._connection


@pytest.fixture
def cell(tmp_path: Path, mariadb: MariaDb) -> Iterator[Cell]:
    made = opened(tmp_path, mariadb.fresh_url(), Watch(), patience_s=5)
    made.served.open_accounts(ACCOUNTS)
    yield made
    made.close()


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("step", STEPS)
def test_a_lost_connection_at_any_step_is_nobodys_concern(
    cell: Cell, monkeypatch: pytest.MonkeyPatch, step: str, after: bool
) -> None:
    faults = Faults(cell, monkeypatch)
    faults.arm(step, LOST, after=after)
    assert [cell.post(number) for number in (1, 2)] == ["CREATED"] * 2
    assert faults.left == 0, "no fault was injected"
    assert cell.served.totals()[ONE] == (0, 20, 0, 0)
    assert cell.ledger.verify().is_sound
    assert not cell.ledger.state().stopped


@pytest.mark.parametrize("code", [DEADLOCK, NOT_PREPARED, COMMIT_LOST])
@pytest.mark.parametrize("step", STEPS)
def test_what_a_set_undid_is_done_again(
    cell: Cell, monkeypatch: pytest.MonkeyPatch, step: str, code: int
) -> None:
    faults = Faults(cell, monkeypatch)
    faults.arm(step, code, count=3)
    assert cell.post(1) == "CREATED"
    assert faults.left == 0, "no fault was injected"
    assert cell.post(1) == "EXISTS"
    assert cell.ledger.verify().is_sound


def test_what_can_never_be_written_is_not_tried_again(
    cell: Cell, monkeypatch: pytest.MonkeyPatch
) -> None:
    Faults(cell, monkeypatch).arm("commit", TOO_LARGE)
    with pytest.raises(WritesStopped, match="planned"):
        cell.post(1)
    assert cell.served.totals()[ONE] == (0, 0, 0, 0)


def test_a_server_that_is_gone_for_good_is_told_once_patience_is_over(
    cell: Cell, monkeypatch: pytest.MonkeyPatch
) -> None:
    cell.writer.cell.journal._engine.patience_s = 0.2
    Faults(cell, monkeypatch).arm("commit", LOST, count=10**6)
    with pytest.raises(OutcomeUnknown, match="answer was lost"):
        cell.post(1)
    with pytest.raises(WritesStopped):
        cell.post(2)


def test_connections_that_the_server_cuts_while_it_is_written_to_lose_nothing(
    cell: Cell, mariadb: MariaDb
) -> None:
    database = cell.writer.cell.journal._engine._set.database
    cut = 0
    for number in range(1, 40):
        if number % 4 == 0:
            cut += mariadb.kill_connections_of(database)
        assert cell.post(number) == "CREATED"
    assert cut, "no connection was cut"
    assert cell.served.totals()[ONE] == (0, 390, 0, 0)
    assert cell.ledger.verify().is_sound


def test_a_node_that_is_not_there_is_passed_over(tmp_path: Path, mariadb: MariaDb) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        gone = probe.getsockname()[1]
    url = mariadb.fresh_url().replace("127.0.0.1:", f"127.0.0.1:{gone},127.0.0.1:")
    made = opened(tmp_path, url, Watch())
    try:
        made.served.open_accounts(ACCOUNTS)
        assert made.post(1) == "CREATED"
        assert made.writer.cell.journal._engine.node == f"127.0.0.1:{mariadb.port}"
    finally:
        made.close()


def test_a_node_that_takes_no_writes_is_refused_in_words(mariadb: MariaDb) -> None:
    url = mariadb.fresh_url()
    mariadb.ask("SET GLOBAL read_only = 1")
    try:
        with pytest.raises(Outage, match="the node is read-only"):
            SetEngine(url, patience_s=0)
    finally:
        mariadb.ask("SET GLOBAL read_only = 0")


@pytest.mark.parametrize("length", [0, 1, 250, 251, 65_535, 65_536, 1 << 24, (1 << 24) + 7])
def test_bytes_of_any_length_go_as_they_are(mariadb: MariaDb, length: int) -> None:
    """The lengths at which the protocol's own form changes, and a message of several packets."""
    mariadb.ask("SET GLOBAL max_allowed_packet = 67108864")
    engine = SetEngine(mariadb.fresh_url(), patience_s=0)
    body = bytes(range(256)) * (length // 256) + bytes(range(length % 256))
    engine.execute("create table t (a bigint primary key, b varchar(20), c longblob)")
    with engine.transaction():
        engine.prepared("insert into t values (?, ?, ?)", (-(2**62), "云锦 '\\", body))
    [(number, text, kept)] = engine.execute("select a, b, c from t")
    assert (number, text, kept) == (-(2**62), "云锦 '\\", body)
    engine.close()
