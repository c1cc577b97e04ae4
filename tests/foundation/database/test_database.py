"""The database room: it opens rooms, tells the truth about readiness, and copies what it holds.

Method: the room as its wiring builds it, on SQLite files and on MariaDB.
"""

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
import sqlalchemy as sa
from pydantic import ValidationError

from yunjin.chassis.persistence import DatabaseNewer, RoomDatabase
from yunjin.foundation.database import migrations
from yunjin.foundation.database.api import DatabaseApi
from yunjin.foundation.database.errors import BackupFailed, BackupNotOffered, BackupTargetTaken
from yunjin.foundation.database.wiring import Settings, build
from yunjin.kernel.clock import SystemClock
from yunjin.kernel.errors import Malformed
from yunjin.kernel.ids import uuid7
from yunjin.kernel.room import Room

CLOCK = SystemClock()


def built(home: Path, url: str = "", **settings: int) -> Room:
    return build(Settings(url=url, **settings), tenant="demo", clock=CLOCK, home=home)


def door(room: Room) -> DatabaseApi[RoomDatabase]:
    found: DatabaseApi[RoomDatabase] = room.doors[DatabaseApi]
    return found


@pytest.fixture
def room(tmp_path: Path, database_url: str) -> Iterator[Room]:
    found = built(tmp_path, database_url)
    yield found
    found.close()


@pytest.fixture
def sqlite_room(tmp_path: Path) -> Iterator[Room]:
    found = built(tmp_path)
    yield found
    found.close()


def own(room: Room) -> RoomDatabase:
    return door(room).open("database", source="/foundation/database", migrations=migrations)


def test_the_default_is_one_sqlite_file_in_the_tenant_s_folder(
    sqlite_room: Room, tmp_path: Path
) -> None:
    info = door(sqlite_room).info()
    assert (tmp_path / "demo" / "rooms.db").exists()
    assert (info.engine, info.tenant, info.rooms) == ("sqlite", "demo", ("database",))
    assert info.version == sqlite3.sqlite_version
    assert info.size_bytes > 0


def test_each_commit_is_synced_to_the_disk(sqlite_room: Room) -> None:
    with own(sqlite_room).work() as work:
        asked = {
            name: work.connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert asked == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 0}


@pytest.mark.mariadb
def test_mariadb_is_set_as_the_rules_say(tmp_path: Path, mariadb) -> None:
    found = built(tmp_path, mariadb.fresh_url(), lock_wait_s=7)
    with own(found).work() as work:
        asked = {
            name: work.connection.exec_driver_sql(f"SELECT @@{name}").scalar_one()
            for name in ("tx_isolation", "sql_mode", "innodb_lock_wait_timeout", "time_zone")
        }
    assert asked["tx_isolation"] == "READ-COMMITTED"
    assert "STRICT_ALL_TABLES" in asked["sql_mode"]
    assert (asked["innodb_lock_wait_timeout"], asked["time_zone"]) == (7, "+00:00")
    assert door(found).info().engine == "mariadb"
    found.close()


def test_a_ready_database_says_so_after_a_write_that_was_read_back(room: Room) -> None:
    health = door(room).health()
    assert (health.is_ready, health.why) == (True, "")
    assert health.write_us > 0
    assert room.probes["database"]() == ""


@pytest.mark.mariadb
def test_a_server_that_stops_taking_writes_is_not_ready(tmp_path: Path, mariadb) -> None:
    found = built(tmp_path, mariadb.fresh_url(), tries=2, pause_ms_first=1)
    mariadb.ask(f"DROP TABLE {own(found).database.engine.url.database}.database_heartbeat")
    health = door(found).health()
    assert not health.is_ready
    assert "refused" in health.why
    found.close()


def test_a_sqlite_file_somebody_else_locks_is_not_ready(tmp_path: Path) -> None:
    found = built(tmp_path, lock_wait_s=1, tries=1)
    other = sqlite3.connect(tmp_path / "demo" / "rooms.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert found.probes["database"]() == "The database rolled the transaction back."
    other.execute("ROLLBACK")
    assert found.probes["database"]() == ""
    other.close()
    found.close()


def test_a_database_written_by_a_newer_program_does_not_open(tmp_path: Path) -> None:
    built(tmp_path).close()
    other = sqlite3.connect(tmp_path / "demo" / "rooms.db")
    with other:
        other.execute(
            "INSERT INTO database_migrations (version, name, at_us) VALUES (999, 'v0999_future', 0)"
        )
    other.close()
    with pytest.raises(DatabaseNewer):
        built(tmp_path)


def test_a_file_that_is_no_database_does_not_open(tmp_path: Path) -> None:
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "rooms.db").write_bytes(b"not a database at all, but long enough" * 99)
    with pytest.raises(Exception, match="database") as caught:
        built(tmp_path)
    assert type(caught.value).__module__.startswith("yunjin.")


def test_a_copy_made_under_load_is_whole_and_sound(sqlite_room: Room, tmp_path: Path) -> None:
    shop = own(sqlite_room)
    stop, acknowledged = threading.Event(), []

    def load() -> None:
        while not stop.is_set():
            shop.command(uuid7(CLOCK), {}, lambda work: "x" * 2_000)
            acknowledged.append(1)

    writer = threading.Thread(target=load)
    writer.start()
    before = len(acknowledged)
    backup = door(sqlite_room).backup(tmp_path / "copies" / "monday.db")
    after = len(acknowledged) + 1
    stop.set()
    writer.join()
    assert backup.size_bytes == backup.path.stat().st_size
    assert [each.name for each in backup.path.parent.iterdir()] == ["monday.db"]
    copy = sqlite3.connect(f"file:{backup.path}?mode=ro", uri=True)
    [count] = copy.execute("SELECT count(*) FROM database_answers").fetchone()
    copy.close()
    assert before <= count <= after


def test_a_copy_opens_as_a_database(sqlite_room: Room, tmp_path: Path) -> None:
    key = uuid7(CLOCK)
    own(sqlite_room).command(key, {}, lambda work: "kept")
    door(sqlite_room).backup(tmp_path / "restored" / "demo" / "rooms.db")
    restored = built(tmp_path / "restored")
    assert own(restored).command(key, {}, lambda work: "anew") == "kept"
    restored.close()


def test_a_copy_never_replaces_a_file(sqlite_room: Room, tmp_path: Path) -> None:
    taken = tmp_path / "taken.db"
    taken.write_text("precious")
    with pytest.raises(BackupTargetTaken):
        door(sqlite_room).backup(taken)
    assert taken.read_text() == "precious"


def test_a_copy_of_a_damaged_database_fails_and_leaves_nothing(
    sqlite_room: Room, tmp_path: Path
) -> None:
    other = sqlite3.connect(tmp_path / "demo" / "rooms.db", isolation_level=None)
    other.executescript(
        """
        CREATE TABLE leaf (a);
        INSERT INTO leaf VALUES (1);
        CREATE INDEX leaf_a ON leaf (a);
        PRAGMA writable_schema = ON;
        UPDATE sqlite_schema SET sql = 'CREATE INDEX leaf_a ON leaf (a) WHERE a > 5'
            WHERE name = 'leaf_a';
        """
    )
    other.close()
    with pytest.raises(BackupFailed, match="sound copy"):
        door(sqlite_room).backup(tmp_path / "copies" / "copy.db")
    assert list((tmp_path / "copies").iterdir()) == []
    assert door(sqlite_room).health().is_ready


@pytest.mark.mariadb
def test_a_server_is_copied_by_its_own_tool(tmp_path: Path, mariadb) -> None:
    found = built(tmp_path, mariadb.fresh_url())
    with pytest.raises(BackupNotOffered) as caught:
        door(found).backup(tmp_path / "copy.db")
    assert caught.value.facts["tool"] == "mariadb-backup"
    found.close()


def test_info_keeps_the_password_to_itself(tmp_path: Path) -> None:
    settings = Settings(url="mysql+pymysql://u:sesame@h/d")
    assert "sesame" not in repr(settings)


def test_metrics_count_transactions_by_outcome(room: Room) -> None:
    door(room).health()
    samples = {
        (sample.name, sample.labels.get("outcome", "")): sample.value
        for family in room.metrics()
        for sample in family.samples
    }
    assert samples["database_transactions_total", "committed"] >= 1
    assert samples["database_transactions_total", "read"] >= 1
    assert ("database_size_bytes", "") in samples


@pytest.mark.parametrize("bad", [{"tries": 0}, {"pool_size": 1}, {"unknown": 1}])
def test_settings_are_bounded(bad: dict[str, int]) -> None:
    with pytest.raises(ValidationError):
        Settings(**bad)


def test_another_kind_of_url_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Malformed):
        built(tmp_path, "postgresql://localhost/x")


def test_opening_a_room_twice_gives_the_same(room: Room) -> None:
    assert own(room) is own(room)
    assert isinstance(migrations, ModuleType)
    assert own(room).read(lambda c: c.execute(sa.text("SELECT 1")).scalar_one()) == 1
