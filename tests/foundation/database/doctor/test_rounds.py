"""Goal: the doctor acts on what is proven, once, and keeps a record of what it did and why.

Method: what it sees and what its hands do are handed in; its record is on a disk of its own.
"""

import threading
from dataclasses import replace
from pathlib import Path

from tests.foundation.database.doctor.surgery import N3_DEAD, WELL, Surgery
from tests.foundation.database.doctor.ward import PLAN, dead, unseen, well
from yunjin.foundation.database.adapters.doctor.journal import Journal
from yunjin.foundation.database.api.doctor import ActionState, Remedy
from yunjin.foundation.database.domain.doctor.history import Limits
from yunjin.foundation.database.domain.doctor.observation import (
    Divergence,
    Outlook,
    Round,
)
from yunjin.foundation.database.domain.doctor.policy import Policy
from yunjin.foundation.database.errors import NodeFailed, NodeRefused
from yunjin.foundation.database.service.doctor.doctor import BRINGS_BACK, Doctor, Standing
from yunjin.foundation.database.service.doctor.record import Record
from yunjin.foundation.database.service.doctor.rounds import SetDoctor
from yunjin.kernel.clock import SystemClock


def test_a_dead_node_is_started_once_and_that_is_on_record(journal: Journal) -> None:
    surgery = Surgery(Record(journal))
    surgery.rounds()
    surgery.rounds(*N3_DEAD)
    assert surgery.done == [(Remedy.RESTART, "n3")]
    action = surgery.newest()
    assert (action.state, action.outcome) == (ActionState.DONE, "in step at 1000")
    assert (action.decision, action.doctor) == ("allowed by policy", "doctor-1")
    [standing] = surgery.record.standing("s1")
    assert standing.finding.code == "node-dead"
    surgery.rounds(*WELL, times=1)
    assert surgery.record.standing("s1") == []


def test_what_is_under_way_is_not_begun_again(journal: Journal) -> None:
    surgery = Surgery(Record(journal), hold=threading.Event())
    surgery.rounds()
    surgery.rounds(*N3_DEAD, times=20)
    assert surgery.actions() == [("node-dead", ActionState.RUNNING)]
    assert surgery.hold is not None
    surgery.hold.set()
    surgery.doctor.wait(10)
    assert surgery.done == [(Remedy.RESTART, "n3")]


def test_starts_that_fail_lead_to_a_rebuild_and_then_to_a_person(journal: Journal) -> None:
    ended = NodeFailed("Node n3 ended. Its log ends: disk I/O error", node="n3")
    surgery = Surgery(Record(journal), fails=ended)
    surgery.rounds()
    surgery.rounds(*N3_DEAD, times=60)
    remedies = [remedy for remedy, _ in surgery.done]
    assert remedies == [Remedy.RESTART] * 2 + [Remedy.REBUILD] * 3
    assert surgery.actions()[-1] == ("node-wont-start", ActionState.PENDING)
    assert "3 times within" in surgery.newest().decision
    failed = surgery.record.actions("s1")[0]
    assert (failed.state, failed.outcome[:14]) == (ActionState.FAILED, "Node n3 ended.")


def test_a_start_that_is_refused_is_no_reason_to_rebuild(journal: Journal) -> None:
    surgery = Surgery(Record(journal), fails=NodeRefused("The clock of host h3 is 9 s off."))
    surgery.rounds()
    surgery.rounds(*N3_DEAD, times=60)
    assert surgery.done == [(Remedy.RESTART, "n3")] * 3
    assert surgery.actions()[-1] == ("node-dead", ActionState.PENDING)


def test_a_node_that_flaps_is_put_before_a_person(journal: Journal) -> None:
    surgery = Surgery(Record(journal))
    for _ in range(5):
        surgery.rounds(*WELL, times=6)
        surgery.rounds(*N3_DEAD, times=4)
    assert surgery.done == [(Remedy.RESTART, "n3")] * 3
    assert surgery.actions()[-1] == ("node-dead", ActionState.PENDING)


def test_a_doctor_that_may_not_act_only_tells(journal: Journal) -> None:
    surgery = Surgery(Record(journal))
    surgery.rounds()
    surgery.rounds(*N3_DEAD, times=9, may=frozenset())
    assert surgery.done == []
    assert [one.finding.code for one in surgery.record.standing("s1")] == ["node-dead"]


def test_without_its_database_the_doctor_only_brings_back_what_is_down(journal: Journal) -> None:
    surgery = Surgery(Record(journal))
    surgery.rounds()
    surgery.doctor.differ((Divergence(table="a.b", chunk="…", odd=("n3",)),))
    surgery.rounds(times=3, may=BRINGS_BACK)
    assert surgery.done == []
    surgery.rounds(times=1)
    assert surgery.done == [(Remedy.REBUILD, "n3")]


def test_one_who_is_blind_or_late_touches_nothing(journal: Journal) -> None:
    surgery = Surgery(Record(journal))
    surgery.rounds()
    surgery.rounds(*(unseen(node.name) for node in PLAN.nodes), times=60)
    surgery.late_ms = 2_000
    hung = replace(well("n3"), answers=False, is_primary=False, is_ready=False)
    surgery.rounds(well("n1", size=2), well("n2", size=2), hung, times=60)
    assert surgery.done == []
    assert surgery.actions() == []


def test_what_a_doctor_stopped_is_known_to_the_next(tmp_path: Path) -> None:
    first = Journal(tmp_path, owns=True)
    full = (WELL[0], WELL[1], well("n3", disk_free=1 << 20))
    surgery = Surgery(Record(first))
    surgery.rounds()
    surgery.rounds(*full)
    assert surgery.done == [(Remedy.FENCE, "n3")]
    first.close()
    second = Journal(tmp_path, owns=True)
    again = Surgery(Record(second), name="doctor-2", clock=surgery.clock)
    stopped = dead("n3", saved_seqno=1_000, disk_total=100_000 << 20, disk_free=1 << 20)
    again.rounds(N3_DEAD[0], N3_DEAD[1], stopped, times=9)
    assert again.done == []
    again.rounds(N3_DEAD[0], N3_DEAD[1], replace(stopped, disk_free=9_000 << 20), times=2)
    assert again.done == [(Remedy.BRING_BACK, "n3")]
    second.close()


def test_what_a_doctor_was_doing_when_it_died_is_thought_of_anew(tmp_path: Path) -> None:
    first = Journal(tmp_path, owns=True)
    surgery = Surgery(Record(first), hold=threading.Event())
    surgery.rounds()
    surgery.rounds(*N3_DEAD)
    assert surgery.actions() == [("node-dead", ActionState.RUNNING)]
    first.close()
    second = Journal(tmp_path, owns=True)
    again = Surgery(Record(second), clock=surgery.clock)
    assert again.actions() == [("node-dead", ActionState.FAILED)]
    again.rounds(*N3_DEAD, times=9)
    assert again.done == [(Remedy.RESTART, "n3")]
    assert surgery.hold is not None
    surgery.hold.set()
    surgery.doctor.wait(10)
    second.close()


def test_a_disk_that_will_be_full_is_told_of_with_its_date(journal: Journal) -> None:
    surgery = Surgery(Record(journal))
    far = Outlook(node="n2", days=300, on="2027-11-01", per_day=1 << 20)
    surgery.doctor.foresee((Outlook(node="n1", days=9, on="2027-01-24", per_day=1 << 30), far))
    surgery.rounds()
    [standing] = surgery.record.standing("s1")
    assert "2027-01-24" in standing.finding.en
    assert "1024 MB a day" in standing.finding.en


def test_a_round_that_fails_does_not_end_the_watch(journal: Journal) -> None:
    record, looks, enough = Record(journal), [], threading.Event()

    def look() -> Round:
        looks.append(1)
        if len(looks) == 2:
            enough.set()
        raise ZeroDivisionError("a bug in the eyes")

    one = SetDoctor(
        PLAN,
        look=look,
        apply=lambda finding: "",
        record=record,
        policy=Policy(),
        limits=Limits(),
        clock=SystemClock(),
        name="doctor-1",
    )
    doctor = Doctor((one,), Standing(None, record, holder="x"), interval_ms=10, clock=SystemClock())
    doctor.start()
    assert enough.wait(10)
    doctor.close()
