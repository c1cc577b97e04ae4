"""Goal: a set is copied as often as its file says, each copy on record, and a missed one is told.

Method: the timer and its record on SQLite and MariaDB, over copies that the test makes; the rules
as Hypothesis has them; then one real node, copied by the command that a timer would run.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from tests.foundation.database.doctor.surgery import room_of
from tests.foundation.database.doctor.ward import Ward
from tests.galera import Sets, described, sets
from tests.mariadb import database_url, mariadb
from yunjin.app.commands.fleet import app as commands
from yunjin.chassis.persistence import RoomDatabase
from yunjin.foundation.database.api.doctor import Severity
from yunjin.foundation.database.api.fleet import BackupRun, FullBackup, Place, RunState
from yunjin.foundation.database.domain.backups import JournalFile, hours_missed, is_due
from yunjin.foundation.database.domain.doctor.observation import LateCopy
from yunjin.foundation.database.domain.topology import read_topology, write_topology
from yunjin.foundation.database.errors import NodeRefused, TopologyRefused
from yunjin.foundation.database.service.copying import Copying, CopyWatch, families
from yunjin.kernel.clock import FixedClock

__all__ = ["database_url", "mariadb", "sets"]
START_NS = 1_800_000_000_000_000_000
HOUR_S, HOUR_US = 3_600, 3_600_000_000
TIMED = "backups = { every_h = 6, keep = 2, journal_min = 15 }"


@dataclass
class Shop:
    """Copies as the test makes them."""

    clock: FixedClock
    broken: str = ""
    kept: list[tuple[str, int]] = field(default_factory=list)
    closed: list[JournalFile] = field(default_factory=list)
    count: int = 0

    def take(self, name: str, *, moved: object) -> FullBackup:
        if self.broken:
            raise NodeRefused(self.broken)
        assert callable(moved)
        moved(1 << 20)
        self.count += 1
        self.keep_journal(name)
        return FullBackup(
            id=f"b{self.count}",
            set=name,
            node="n3",
            chain="c",
            at=Place(number=1, byte=4),
            taken_us=self.clock.now_ns() // 1_000,
            version="",
            size_bytes=7,
            sha256="",
        )

    def prune(self, name: str, *, keep: int) -> int:
        self.kept.append((name, keep))
        return 0

    def shelf(self, name: str) -> "Shop":
        return self

    def journal(self) -> list[JournalFile]:
        return self.closed

    def keep_journal(self, name: str) -> list[JournalFile]:
        at_us = self.clock.now_ns() // 1_000
        self.closed.append(
            JournalFile(chain="c", number=1, closed_us=at_us, size_bytes=1, sha256="")
        )
        return self.closed[-1:]


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(START_NS)


@pytest.fixture
def rows(database_url: str, clock: FixedClock) -> Iterator[RoomDatabase]:
    made = room_of(database_url, clock)
    yield made
    made.database.close()


@pytest.fixture
def shop(clock: FixedClock) -> Shop:
    return Shop(clock)


def copying(shop: Shop, rows: RoomDatabase, process: str = "vm-1", more: str = TIMED) -> Copying:
    topology = read_topology(described(Path("/srv/yunjin"), {"s1": ["n1", "n2", "n3"]}, more=more))
    return Copying(
        lambda: topology,
        lambda: shop,  # type: ignore[arg-type, return-value]
        rows=rows,
        clock=shop.clock,
        keep=5,
        process=process,
    )


def told(runs: list[BackupRun]) -> list[tuple[str, str, str]]:
    return [(one.by, one.state.value, one.backup or one.outcome) for one in runs]


def test_a_set_is_copied_each_time_its_hours_are_over(
    shop: Shop, rows: RoomDatabase, clock: FixedClock
) -> None:
    timer = copying(shop, rows)
    assert told(timer.take_due()) == [("timer of vm-1", "done", "b1")]
    for _ in range(12):
        clock.advance(HOUR_S)
        timer.take_due()
    assert [one.backup for one in timer.runs("s1", limit=9)] == ["b3", "b2", "b1"]
    assert shop.kept == [("s1", 2)] * 3


def test_its_journal_is_kept_in_between(shop: Shop, rows: RoomDatabase, clock: FixedClock) -> None:
    timer = copying(shop, rows)
    for _ in range(60):
        timer.take_due()
        clock.advance(60)
    assert len(shop.closed) == 4


def test_of_two_processes_one_makes_the_copies(shop: Shop, rows: RoomDatabase) -> None:
    assert copying(shop, rows).take_due()
    shop.clock.advance(60)
    assert copying(shop, rows, "vm-2").take_due() == []
    shop.clock.advance(7 * HOUR_S)  # the first is gone
    assert told(copying(shop, rows, "vm-2").take_due()) == [("timer of vm-2", "done", "b2")]


def test_a_copy_that_failed_is_on_record_and_tried_again_after_a_while(
    shop: Shop, rows: RoomDatabase, clock: FixedClock
) -> None:
    timer, shop.broken = copying(shop, rows), "node n3 does not serve"
    assert told(timer.take_due()) == [("timer of vm-1", "failed", "node n3 does not serve")]
    clock.advance(60)
    assert timer.take_due() == []
    clock.advance(900)
    shop.broken = ""
    assert told(timer.take_due()) == [("timer of vm-1", "done", "b1")]


def test_a_copy_whose_process_died_counts_for_nothing(
    shop: Shop, rows: RoomDatabase, clock: FixedClock
) -> None:
    class Death(BaseException):
        pass

    timer = copying(shop, rows)

    def dies(name: str, *, moved: object) -> FullBackup:
        raise Death

    shop.take = dies  # type: ignore[method-assign]
    with pytest.raises(Death):
        timer.take_due()
    del shop.take
    clock.advance(HOUR_S)
    next_one = copying(shop, rows, "vm-2")
    next_one.take_due()
    clock.advance(900)
    next_one.take_due()
    assert told(next_one.runs("s1", limit=9)) == [
        ("timer of vm-2", "done", "b1"),
        ("timer of vm-1", "failed", "its process went away meanwhile"),
    ]


def test_a_copy_that_somebody_asked_for_is_on_record_and_counts(
    shop: Shop, rows: RoomDatabase
) -> None:
    timer = copying(shop, rows)
    assert timer.take("s1", by="wang").id == "b1"
    assert timer.take_due() == []
    assert told(timer.runs("s1", limit=1)) == [("wang", "done", "b1")]
    [family] = families(rows)
    assert [(one.labels, one.value) for one in family.samples] == [({"set": "s1"}, START_NS / 1e9)]


def test_a_set_without_a_timer_is_copied_when_somebody_asks(shop: Shop, rows: RoomDatabase) -> None:
    timer = copying(shop, rows, more="")
    assert timer.take_due() == []
    timer.take("s1", by="wang")
    assert shop.kept == [("s1", 5)]


def test_the_doctor_tells_of_missed_copies_and_why(
    shop: Shop, rows: RoomDatabase, clock: FixedClock
) -> None:
    timer, shop.broken = copying(shop, rows), "node n3 does not serve"
    watch = CopyWatch(timer._topology().set_of("s1"), rows, clock)
    timer.take_due()
    clock.advance(7 * HOUR_S)
    assert watch.late() == ()  # an hour of grace
    clock.advance(HOUR_S)
    [late] = watch.late()
    assert late == LateCopy(hours=8, every_h=6, why="node n3 does not serve")
    found = Ward().see(late_copies=(late,)).one("backup-missed")
    assert (found.severity, found.remedy) == (Severity.WARNING, None)
    for said in (found.en, found.zh):
        assert "node n3 does not serve" in said
    worse = LateCopy(hours=12, every_h=6)
    assert Ward().see(late_copies=(worse,)).one("backup-missed").severity is Severity.CRITICAL
    shop.broken = ""
    timer.take_due()
    assert watch.late() == ()


@given(
    every_h=st.integers(1, 744),
    began_h=st.integers(0, 2_000),
    now_h=st.integers(0, 4_000),
)
def test_a_copy_is_never_missed_before_it_was_due(every_h: int, began_h: int, now_h: int) -> None:
    now_us, began_us = max(began_h, now_h) * HOUR_US, began_h * HOUR_US
    due = is_due(every_h=every_h, began_us=began_us, failed_us=0, now_us=now_us + HOUR_US)
    missed = hours_missed(every_h=every_h, began_us=began_us, since_us=0, now_us=now_us)
    assert due or not missed


def test_the_timer_is_said_in_the_file_and_checked() -> None:
    text = described(Path("/srv/yunjin"), {"s1": ["n1"]}, more=TIMED)
    fleet = read_topology(text)
    assert read_topology(write_topology(fleet)) == fleet
    with pytest.raises(TopologyRefused, match="every_h"):
        read_topology(text.replace("every_h = 6", "every_h = 0"))


@pytest.mark.slow
@pytest.mark.galera
def test_a_real_set_is_copied_by_the_command_of_a_timer(
    sets: Sets, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = sets.folder / "home"
    home.mkdir()
    monkeypatch.chdir(home)
    text = described(sets.folder, {"s1": ["n1"]}, more=TIMED)
    (home / "fleet.toml").write_text(text)
    fleet = Sets(sets.folder).fleet(text)
    fleet.create("s1")
    (home / "fleet").mkdir()
    secrets = (sets.folder / "secrets" / "s1.json").read_bytes()
    (home / "fleet" / "s1.json").write_bytes(secrets)
    run = CliRunner().invoke
    where = ["--home", str(home), "--json"]
    made = run(commands, ["backup-due", *where])
    assert made.exit_code == 0, made.output
    [record] = json.loads(made.stdout)
    assert record["state"] == RunState.DONE.value
    assert json.loads(run(commands, ["backup-due", *where]).stdout) == []
    [kept] = json.loads(run(commands, ["backups", "s1", *where]).stdout)
    assert (kept["id"], kept["size_bytes"]) == (record["backup"], record["size_bytes"])
    assert json.loads(run(commands, ["backup-runs", "s1", *where]).stdout) == [record]
