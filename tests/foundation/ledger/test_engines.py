"""Goal: the journal and its derived tables live on SQLite and on a MySQL-compatible server alike.

Method: the same story on both; on a real MariaDB, where there is one.
"""

from pathlib import Path
from urllib.parse import urlsplit

import pymysql
import pytest

from tests.foundation.ledger.book import Served
from tests.mariadb import MariaDb, database_url, mariadb
from yunjin.foundation.ledger.api import LedgerApi
from yunjin.foundation.ledger.errors import Fenced, LeaseHeld
from yunjin.foundation.ledger.wiring import Settings, build
from yunjin.kernel.clock import FixedClock
from yunjin.kernel.ids import account_id
from yunjin.kernel.room import Room

__all__ = ["database_url", "mariadb"]
ONE, TWO = account_id(1, 1), account_id(1, 2)
ACCOUNTS = [{"id": x, "ledger": 1, "code": 7, "flags": 8} for x in (ONE, TWO)]
SECOND = 1_000_000_000


@pytest.fixture
def journal_url(database_url: str) -> str:
    """Return where the journal is to live: empty for a SQLite file."""
    return "" if database_url.startswith("sqlite") else database_url


def transfer(number: int) -> dict[str, int]:
    """Return a plain transfer of ten."""
    sides = {"debit_account_id": ONE, "credit_account_id": TWO}
    return {"id_hi": 0, "id_lo": number, **sides, "amount_minor": 10, "ledger": 1, "code": 7}


def opened(home: Path, url: str, clock: FixedClock, *, often: int = 3) -> tuple[Room, Served]:
    """Open the ledger's room; it makes a checkpoint every so many transfers."""
    settings = Settings(bloom_words=64, checkpoint_transfers=often, journal_url=url)
    room = build(settings, tenant="demo", clock=clock, home=home)
    return room, Served(room.doors[LedgerApi])


def close(room: Room) -> None:
    """Close a room."""
    assert room.close is not None
    room.close()


def test_what_was_acknowledged_is_there_after_reopening(tmp_path: Path, journal_url: str) -> None:
    clock = FixedClock(1_760_000_000 * SECOND)
    room, served = opened(tmp_path, journal_url, clock)
    served.open_accounts(ACCOUNTS)
    for number in range(1, 9):
        assert served.post_transfers([transfer(number)])[0].status.name == "CREATED"
    close(room)
    room, served = opened(tmp_path, journal_url, clock)
    assert served.totals() == {ONE: (0, 80, 0, 0), TWO: (0, 0, 0, 80)}
    assert [served.post_transfers([transfer(n)])[0].status.name for n in (1, 8)] == ["EXISTS"] * 2
    assert served.ledger.verify().is_sound
    lines, _ = served.ledger.history(TWO, limit=3)
    assert lines["credits_posted"].to_pylist() == [80, 70, 60]
    close(room)


def test_a_second_writer_is_refused_and_a_stale_one_is_fenced_off(
    tmp_path: Path, journal_url: str
) -> None:
    clock = FixedClock(1_760_000_000 * SECOND)
    room, served = opened(tmp_path / "a", journal_url, clock)
    served.open_accounts(ACCOUNTS)
    # on a server the other process may be on another machine: another folder, the same tables;
    # on SQLite it is in the same folder, and the lock of the living process is seen
    other = tmp_path / ("b" if journal_url else "a")
    with pytest.raises(LeaseHeld) as refusal:
        opened(other, journal_url, clock)
    assert refusal.value.facts["holder"] in str(refusal.value)
    later = FixedClock(1_760_000_011 * SECOND)  # the holder sleeps past its lease: its own stands
    newer, newer_served = opened(other, journal_url, later)
    assert newer_served.post_transfers([transfer(1)])[0].status.name == "CREATED"
    with pytest.raises(Fenced):
        served.post_transfers([transfer(2)])
    assert "epoch" in served.ledger.state().stopped.lower()
    assert newer_served.totals() == {ONE: (0, 10, 0, 0), TWO: (0, 0, 0, 10)}
    close(newer)
    close(room)


def cut_connections(url: str) -> None:
    """Let the server close every connection to the database, as it does with idle ones."""
    parts = urlsplit(url)
    with pymysql.connect(
        host=parts.hostname,
        port=parts.port or 3306,
        user=parts.username,
        password=parts.password or "",
        autocommit=True,
    ) as connection:
        cursor = connection.cursor()
        cursor.execute(
            "select id from information_schema.processlist where db=%s and id<>connection_id()",
            (parts.path.lstrip("/"),),
        )
        for (number,) in cursor.fetchall():
            cursor.execute(f"kill {number:d}")


@pytest.mark.mariadb
def test_connections_that_the_server_closed_are_opened_again(
    tmp_path: Path, mariadb: MariaDb
) -> None:
    """After a quiet weekend: reads, writes and checkpoints go on. (A file has no connections.)"""
    journal_url = mariadb.fresh_url()
    clock = FixedClock(1_760_000_000 * SECOND)
    room, served = opened(tmp_path, journal_url, clock, often=1_000)
    served.open_accounts(ACCOUNTS)
    for number in range(1, 9):
        cut_connections(journal_url)
        assert len(served.ledger.journal()) == number
        cut_connections(journal_url)
        assert served.post_transfers([transfer(number)])[0].status.name == "CREATED"
    cut_connections(journal_url)
    close(room)  # makes a checkpoint
    room, served = opened(tmp_path, journal_url, clock, often=1_000)
    cut_connections(journal_url)
    assert [served.post_transfers([transfer(n)])[0].status.name for n in (1, 8)] == ["EXISTS"] * 2
    assert served.ledger.state().stopped == ""
    assert served.ledger.verify().is_sound
    close(room)
