"""Goal: the record outlives what befalls the doctor and the database, and people can answer it.

Method: the record on a disk of its own, and in a database, SQLite and MariaDB; one that is gone.
"""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import pytest

from tests.foundation.database.doctor.surgery import CLOCK_OFF, N3_DEAD, WELL, Surgery, asked
from tests.foundation.database.doctor.ward import dead, well
from yunjin.chassis.persistence import RoomDatabase
from yunjin.foundation.database.adapters.doctor.journal import Journal
from yunjin.foundation.database.api.doctor import ActionState, Remedy
from yunjin.foundation.database.errors import ActionNotPending, AnotherDoctor
from yunjin.foundation.database.service.doctor.desk import DoctorDesk
from yunjin.foundation.database.service.doctor.doctor import BRINGS_BACK, Standing
from yunjin.foundation.database.service.doctor.metering import families
from yunjin.foundation.database.service.doctor.record import Record
from yunjin.foundation.database.service.doctor.rounds import EVERYTHING
from yunjin.foundation.database.service.doctor.slowly import DATA, DISK_USED, Growth
from yunjin.foundation.database.store import doctor as store
from yunjin.kernel.clock import FixedClock, instant
from yunjin.kernel.errors import NotFound, Outage


def test_what_is_approved_is_done_and_names_who_said_so(
    journal: Journal, room: RoomDatabase
) -> None:
    record, desk = Record(journal, room), DoctorDesk(room)
    surgery = asked(record)
    assert record.share()
    [pending] = desk.actions(state="pending")
    assert pending.finding.zh
    assert desk.approve(pending.action_id, by="wang").state is ActionState.APPROVED
    with pytest.raises(ActionNotPending):
        desk.reject(pending.action_id, by="li")
    assert record.share()
    surgery.rounds()
    assert surgery.done == [(Remedy.SET_CLOCK, "n3")]
    assert record.share()
    [done] = desk.actions()
    assert (done.state, done.approver) == (ActionState.DONE, "wang")
    assert [one.finding.code for one in desk.findings()] == ["clock-off"]
    room.database.close()


def test_what_stands_and_what_was_done_is_counted(journal: Journal, room: RoomDatabase) -> None:
    record, desk = Record(journal, room), DoctorDesk(room)
    surgery = asked(record)

    def told() -> dict[str, float]:
        record.share()
        samples = [one for family in families(room) for one in family.samples]
        return {",".join([one.name[16:], *one.labels.values()]): one.value for one in samples}

    assert told() == {"findings,s1,critical": 1, "remedies,s1,pending": 1}
    desk.approve(surgery.newest().action_id, by="wang")
    record.share()
    surgery.rounds()
    took_s = surgery.newest().took_ms / 1_000
    done = {"repairs_total,s1,set_clock,done": 1, "repair_seconds_total,s1,set_clock": took_s}
    assert told() == {"findings,s1,critical": 1, **done}
    surgery.rounds(*WELL)
    assert told() == done
    room.database.close()


def test_what_is_rejected_is_not_asked_again_while_it_stands(
    journal: Journal, room: RoomDatabase
) -> None:
    record, desk = Record(journal, room), DoctorDesk(room)
    surgery = asked(record)
    record.share()
    desk.reject(desk.actions()[0].action_id, by="li")
    record.share()
    surgery.rounds(times=20)
    assert surgery.actions() == [("clock-off", ActionState.REJECTED)]
    surgery.rounds(*WELL)
    surgery.rounds(*CLOCK_OFF)
    assert surgery.actions()[-1] == ("clock-off", ActionState.PENDING)
    assert surgery.done == []
    room.database.close()


def test_a_question_is_withdrawn_once_its_reason_is_gone(journal: Journal) -> None:
    surgery = asked(Record(journal))
    surgery.rounds(*WELL)
    assert surgery.actions() == [("clock-off", ActionState.WITHDRAWN)]


def test_a_person_can_approve_while_the_database_is_down(
    journal: Journal, down: RoomDatabase, tmp_path: Path
) -> None:
    record, desk = Record(journal, down), DoctorDesk(down, Journal(tmp_path / "doctor"))
    surgery = asked(record)
    assert not record.share()
    [pending] = desk.actions(state="pending")
    assert [one.finding.code for one in desk.findings()] == ["clock-off"]
    desk.approve(pending.action_id, by="wang")
    surgery.rounds()
    assert surgery.done == [(Remedy.SET_CLOCK, "n3")]
    assert surgery.newest().approver == "wang"
    with pytest.raises(ActionNotPending):
        desk.reject(pending.action_id, by="li")
    with pytest.raises(NotFound):
        desk.approve(UUID(int=1), by="wang")
    with pytest.raises(Outage):
        DoctorDesk(down).actions()


def test_of_two_doctors_one_acts_and_the_other_knows_what_it_did(
    tmp_path: Path, room: RoomDatabase
) -> None:
    journals = [Journal(tmp_path / name, owns=True) for name in ("a", "b")]
    records = [Record(each, room) for each in journals]
    standings = [
        Standing(room, record, holder=f"doctor-{number}") for number, record in enumerate(records)
    ]
    assert standings[0].renew()
    assert not standings[1].renew()
    assert (standings[0].may, standings[1].may) == (EVERYTHING, frozenset())
    surgery = Surgery(records[0])
    surgery.rounds()
    surgery.rounds(*N3_DEAD)
    standings[0].release()
    assert standings[1].renew()
    assert [one.outcome for one in records[1].actions("s1")] == ["in step at 1000"]
    assert [one.finding.code for one in records[1].standing("s1")] == ["node-dead"]
    for each in journals:
        each.close()
    room.database.close()


def test_a_doctor_whose_database_is_down_brings_back_unless_another_acts(
    journal: Journal, down: RoomDatabase
) -> None:
    standing = Standing(down, Record(journal, down), holder="doctor-1")
    assert not standing.renew()
    assert standing.may == BRINGS_BACK


def test_the_record_outlives_a_crash_in_the_middle_of_a_line(tmp_path: Path) -> None:
    first = Journal(tmp_path, owns=True)
    surgery = asked(Record(first))
    with pytest.raises(AnotherDoctor):
        Journal(tmp_path, owns=True)
    first.close()
    with (tmp_path / "record.jsonl").open("ab") as file:
        file.write(b'{"kind": "action", "act')
    assert len(list(Journal(tmp_path).entries())) == 2
    second = Journal(tmp_path, owns=True)
    record = Record(second)
    assert [one.action_id for one in record.actions("s1")] == [surgery.newest().action_id]
    entries, mark = second.waiting()
    assert len(entries) == 2
    second.told(mark)
    assert second.waiting() == ([], mark)
    second.close()


def test_a_long_record_that_was_told_is_cut_to_what_matters(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = Journal(tmp_path, owns=True)
    surgery = asked(Record(first))
    surgery.rounds(*WELL)
    last = surgery.newest()
    assert len(list(first.entries())) == 4
    first.told(first.waiting()[1])
    first.close()
    monkeypatch.setattr("yunjin.foundation.database.adapters.doctor.journal.BYTES_MAX", 100)
    second = Journal(tmp_path, owns=True)
    kept = list(second.entries())
    assert len(kept) == 2
    assert last in kept
    second.close()


@dataclass
class Counting:
    """A fleet whose one node tells how large its data are."""

    bytes_told: int = 7_000_000

    def node(self, name: str, node: str) -> "Counting":
        return self

    def ask(self, statement: str) -> list[tuple[str]]:
        return [(str(self.bytes_told),)]


def test_a_disk_that_grows_day_by_day_is_foreseen_from_its_samples(room: RoomDatabase) -> None:
    clock = FixedClock(1_800_000_000_000_000_000)
    growth = Growth(Counting(), "s1", room, clock)  # type: ignore[arg-type]
    total = 100 << 30
    for day in range(10):
        seen = (well("n1", disk_total=total, disk_free=total - (50 + day << 30)), dead("n3"))
        growth.sample(seen)
        growth.sample(seen)  # the same hour once more
        clock.advance(86_400)
    [outlook] = growth.outlooks(seen)
    assert (outlook.node, outlook.days, outlook.per_day) == ("n1", 41, 1 << 30)
    assert outlook.on == str(instant(clock.now_ns()).date() + dt.timedelta(days=41))
    stored = room.read(lambda c: store.read_samples(c, set_name="s1", since_hour=0))
    assert stored["", DATA][0][1] == 7_000_000
    assert len(stored["n1", DISK_USED]) == 10
    clock.advance(500 * 86_400)
    growth.sample(seen)
    kept = room.read(lambda c: store.read_samples(c, set_name="s1", since_hour=0))
    assert len(kept["n1", DISK_USED]) == 1
    room.database.close()
