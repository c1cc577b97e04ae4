"""Goal: the faulty disk loses what a real one may lose, and nothing it promised to keep.

Method: the model of the platters is asked directly, with many seeds; then SQLite runs over the shim
and the power is cut after every single change: with synchronous=FULL nothing acknowledged is ever
missing, and with syncs left out something is, so a store that forgets to sync is found out.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from yunjin.chassis.persistence.faulty_disk import (
    Disk,
    FaultPlan,
    FaultyFileSystem,
    FaultyOs,
    Record,
    Trace,
    cut,
    read_trace,
)
from yunjin.chassis.persistence.faulty_disk.disk import MANNERS

SEEDS = range(60)
FILE = "/disk/file"


class Bench:
    """A faulty file system, its trace, and a database in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.trace_path = folder / "home", folder / "trace"
        self.folder.mkdir()
        self.trace = Trace(self.trace_path)
        self.system = FaultyFileSystem(f"faulty-{folder.name}", trace=self.trace)

    def connect(self, synchronous: str = "full") -> apsw.Connection:
        connection = apsw.Connection(str(self.folder / "t.db"), vfs=self.system.name)
        connection.execute("pragma journal_mode=wal")
        connection.execute(f"pragma synchronous={synchronous}")
        connection.execute("pragma wal_autocheckpoint=8")
        connection.execute("create table if not exists t (n integer primary key, text)")
        return connection

    def insert(self, connection: apsw.Connection, count: int, *, first: int = 0) -> None:
        """Write rows of about a page; note each one when SQLite says that it is saved."""
        for number in range(first, first + count):
            connection.execute("insert into t values (?, ?)", (number, f"{number} " * 500))
            self.trace.note(str(number).encode())

    def records(self) -> list[Record]:
        return list(read_trace(self.trace_path))


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    bench.trace.close()


def lost_after_cut(bench: Bench, records: list[Record], into: Path, seed: int) -> set[int]:
    """Cut the power after `records`; return the acknowledged rows that are not there any more."""
    acknowledged = {int(note) for note in cut(records, bench.folder, into, seed=seed)}
    try:
        connection = apsw.Connection(str(into / "t.db"))
        [(health,)] = connection.execute("pragma integrity_check").fetchall()
        found = {n for (n,) in connection.execute("select n from t")} if health == "ok" else set()
        connection.close()
    except (apsw.SQLError, apsw.CorruptError, apsw.NotADBError):
        found = set()
    return acknowledged - found


def after(records: list[Record], seed: int, **how: object) -> bytes | None:
    disk = Disk(seed)
    for record in records:
        disk.take(record)
    return disk.after_cut(**how).get(FILE)  # type: ignore[arg-type]


def test_a_synced_write_survives_every_cut() -> None:
    synced = [
        Record("base", FILE),
        Record("write", FILE, 0, b"kept"),
        Record("sync", FILE),
    ]
    assert {after(synced, seed) for seed in SEEDS} == {b"kept"}


def test_an_unsynced_write_may_be_there_or_not() -> None:
    waiting = [Record("base", FILE, data=b"old."), Record("write", FILE, 0, b"new.")]
    assert {after(waiting, seed) for seed in SEEDS} == {b"old.", b"new."}


def test_a_write_tears_only_at_a_sector_s_edge() -> None:
    waiting = [Record("base", FILE, data=b"a" * 1536), Record("write", FILE, 256, b"b" * 1024)]
    seen = {after(waiting, seed) for seed in SEEDS}
    parts = [(0, 256), (256, 512), (512, 1024), (1024, 1280), (1280, 1536)]
    assert all(content and len(set(content[a:z])) == 1 for content in seen for a, z in parts)
    assert len(seen) == 8  # each of the three parts of the write on its own


def test_two_unsynced_writes_may_arrive_in_either_order() -> None:
    waiting = [Record("base", FILE), *(Record("write", FILE, 0, byte) for byte in (b"1", b"2"))]
    assert {after(waiting, seed, manner="shuffle") for seed in SEEDS} == {b"", b"1", b"2"}


def test_an_unsynced_truncation_may_be_there_or_not() -> None:
    waiting = [Record("base", FILE, data=b"long text"), Record("truncate", FILE, 4)]
    assert {after(waiting, seed) for seed in SEEDS} == {b"long", b"long text"}


def test_a_new_file_vanishes_unless_its_folder_was_synced() -> None:
    new = [Record("create", FILE), Record("write", FILE, 0, b"x"), Record("sync", FILE)]
    assert {after(new, seed) for seed in SEEDS} == {None, b"x"}
    assert {after([*new, Record("sync-directory", FILE)], seed) for seed in SEEDS} == {b"x"}


def test_a_deleted_file_comes_back_unless_its_folder_was_synced() -> None:
    gone = [Record("base", FILE, data=b"x"), Record("delete", FILE)]
    assert {after(gone, seed) for seed in SEEDS} == {None, b"x"}
    assert {after([*gone, Record("sync-directory", FILE)], seed) for seed in SEEDS} == {None}


def test_what_a_failed_sync_dropped_no_later_sync_brings_back() -> None:
    retried = [
        Record("base", FILE),
        Record("write", FILE, 0, b"x"),
        Record("sync-failed", FILE),
        Record("sync", FILE),
    ]
    assert {after(retried, seed) for seed in SEEDS} == {b"", b"x"}


def test_the_same_seed_gives_the_same_disk() -> None:
    waiting = [Record("base", FILE), Record("write", FILE, 0, bytes(range(256)) * 40)]
    assert [after(waiting, seed) for seed in SEEDS] == [after(waiting, seed) for seed in SEEDS]


def test_full_sync_loses_nothing_wherever_the_power_is_cut(bench: Bench, tmp_path: Path) -> None:
    connection = bench.connect("full")
    bench.insert(connection, 30)
    connection.close()
    records = bench.records()
    for end in range(len(records) + 1):
        lost = lost_after_cut(bench, records[:end], tmp_path / f"cut-{end}", seed=end)
        assert not lost, f"lost {lost} after {end} changes"


def test_no_sync_loses_rows_when_the_power_is_cut(bench: Bench, tmp_path: Path) -> None:
    connection = bench.connect("off")
    bench.insert(connection, 30)
    records = bench.records()
    connection.close()
    assert any(lost_after_cut(bench, records, tmp_path / "cut", seed=seed) for seed in range(5))


def test_a_lying_disk_loses_rows_although_sqlite_synced(bench: Bench, tmp_path: Path) -> None:
    bench.system.arm(FaultPlan(is_lying=True))
    connection = bench.connect("full")
    bench.insert(connection, 30)
    records = bench.records()
    connection.close()
    assert bench.system.fired["lie"] > 30
    assert any(lost_after_cut(bench, records, tmp_path / "cut", seed=seed) for seed in range(5))


def test_cuts_differ_in_manner(bench: Bench, tmp_path: Path) -> None:
    connection = bench.connect("full")
    bench.insert(connection, 5)
    connection.execute("pragma synchronous=off")
    bench.insert(connection, 6, first=5)
    records = bench.records()
    connection.close()
    results = set()
    for manner in MANNERS:
        cut(records, bench.folder, tmp_path / manner, seed=1, manner=manner)
        wal = tmp_path / manner / "t.db-wal"
        results.add(wal.read_bytes() if wal.exists() else None)
    assert len(results) == len(MANNERS)


def test_two_connections_see_each_other_through_the_shim(bench: Bench) -> None:
    writer, reader = bench.connect(), bench.connect()
    bench.insert(writer, 3)
    assert reader.execute("select count(*) from t").fetchall() == [(3,)]
    reader.close()
    writer.close()


def test_a_full_disk_refuses_the_write_and_keeps_the_rows(bench: Bench) -> None:
    connection = bench.connect()
    bench.insert(connection, 3)
    bench.system.arm(FaultPlan(space_bytes=0))
    with pytest.raises(apsw.FullError):
        connection.execute("insert into t values (9, 'x')")
    assert connection.execute("select count(*) from t").fetchall() == [(3,)]
    assert bench.system.fired["full"] == 1
    bench.system.arm(FaultPlan())
    connection.close()


@pytest.mark.parametrize("call", ["write", "sync"])
def test_an_io_error_reaches_the_caller_and_is_counted(bench: Bench, call: str) -> None:
    connection = bench.connect()
    bench.insert(connection, 3)
    bench.system.arm(FaultPlan(error_at=(call, 1)))  # type: ignore[arg-type]
    with pytest.raises(apsw.IOError):
        connection.execute("insert into t values (9, 'x')")
    assert bench.system.fired["error"] == 1
    connection.execute("insert into t values (10, 'x')")  # once only
    connection.close()


def test_a_read_error_reaches_the_caller(bench: Bench) -> None:
    connection = bench.connect()
    bench.insert(connection, 30)
    connection.close()
    bench.system.arm(FaultPlan(error_at=("read", 5), error_count=None))
    with pytest.raises(apsw.IOError):
        bench.connect().execute("select sum(length(text)) from t").fetchall()


def test_only_the_chosen_files_fail(bench: Bench) -> None:
    connection = bench.connect()
    bench.system.arm(FaultPlan(files="other.db", error_at=("write", 1), space_bytes=0))
    bench.insert(connection, 3)
    assert not bench.system.fired
    connection.close()


def test_files_written_by_hand_obey_the_same_rules(bench: Bench) -> None:
    faulty = FaultyOs(bench.system)
    path = str(bench.folder / "head")
    for content in (b"one", b"two", b"six"):
        file = faulty.open(path, os.O_RDWR | os.O_CREAT)
        faulty.pwrite(file, content, 0)
        if content == b"one":
            faulty.fdatasync(file)
        faulty.close(file)
    disks = [Disk(seed) for seed in SEEDS]
    for disk in disks:
        for record in bench.records():
            disk.take(record)
    assert {disk.after_cut().get(path) for disk in disks} == {None, b"one", b"two", b"six"}
    assert bench.system.calls["write"] == 3


CHILD = """
import pathlib, sys
import apsw
from yunjin.chassis.persistence.faulty_disk import FaultPlan, FaultyFileSystem, Trace

folder, call, number, phase = sys.argv[1:]
trace = Trace(pathlib.Path(folder) / "trace")
system = FaultyFileSystem("child", FaultPlan(kill_at=(call, int(number), phase)), trace=trace)
connection = apsw.Connection(folder + "/home/t.db", vfs="child")
connection.execute("pragma journal_mode=wal")
connection.execute("pragma synchronous=full")
connection.execute("create table t (n integer primary key)")
for number in range(100):
    connection.execute("insert into t values (?)", (number,))
    trace.note(b"%d" % number)
"""


@pytest.mark.parametrize("phase", ["before", "torn", "after"])
@pytest.mark.parametrize(("call", "number"), [("write", 31), ("sync", 17)])
def test_the_process_dies_at_the_planned_call(
    tmp_path: Path, call: str, number: int, phase: str
) -> None:
    (tmp_path / "home").mkdir()
    words = [sys.executable, "-c", CHILD, str(tmp_path), call, str(number), phase]
    assert subprocess.run(words, check=False).returncode == -signal.SIGKILL
    records = list(read_trace(tmp_path / "trace"))
    changes = [record for record in records if record.kind == call]
    is_missing = phase == "before" or (call == "sync" and phase == "torn")
    assert len(changes) == number - is_missing
    notes = {int(record.data) for record in records if record.kind == "note"}
    connection = apsw.Connection(str(tmp_path / "home" / "t.db"))
    assert notes <= {n for (n,) in connection.execute("select n from t")}


def test_a_torn_trace_is_read_up_to_the_tear(tmp_path: Path) -> None:
    trace = Trace(tmp_path / "trace")
    for number in range(3):
        trace.note(bytes([number]))
    trace.close()
    whole = (tmp_path / "trace").read_bytes()
    (tmp_path / "trace").write_bytes(whole[:-1])
    assert [record.data for record in read_trace(tmp_path / "trace")] == [b"\0", b"\1"]
