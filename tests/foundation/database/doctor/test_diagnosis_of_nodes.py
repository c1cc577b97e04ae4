"""Goal: each fault of a node is told from the others, and only a proven one leads to an action.

Method: rounds of observations, written down; the diagnosis is a pure function of them.
"""

from dataclasses import replace

import pytest

from tests.foundation.database.doctor.ward import MB, Ward, dead, unseen, well
from yunjin.foundation.database.api.doctor import Remedy, Severity
from yunjin.foundation.database.domain.doctor.observation import (
    Blocker,
    Divergence,
    Life,
    Observation,
    Sight,
)


def silent(node: str, life: Life = Life.RUNS, **facts: object) -> Observation:
    return replace(well(node), life=life, answers=False, is_primary=False, is_ready=False, **facts)


def others(size: int, **facts: object) -> list[Observation]:
    return [well("n1", size=size, **facts), well("n2", size=size, **facts)]


def test_a_set_that_is_well_gives_no_findings() -> None:
    assert Ward().see(times=20).codes() == []


def test_a_dead_node_is_started_again_where_it_stood() -> None:
    ward = Ward().see(times=3).see(*others(2, seqno=1_200), dead("n3"), times=3)
    assert ward.remedies() == [(Remedy.RESTART, "n3")]
    found = ward.one("node-dead")
    assert (found.figures["seqno"], found.figures["cached_from"]) == (1_000, 500)
    assert "IST" in found.en
    assert "IST" in found.zh
    assert not found.is_dangerous


def test_one_look_at_a_dead_node_is_not_enough() -> None:
    assert Ward().see(times=3).see(*others(2), dead("n3"), times=2).remedies() == []


def test_a_node_behind_the_caches_of_the_others_gets_a_whole_copy() -> None:
    ward = Ward().see(times=3).see(*others(2, seqno=9_000, cached_from=1_002), dead("n3"), times=3)
    assert ward.remedies() == [(Remedy.REBUILD, "n3")]
    assert ward.codes() == ["node-behind"]


def test_the_next_write_set_still_in_the_caches_is_enough_to_catch_up() -> None:
    ward = Ward().see(times=3).see(*others(2, seqno=9_000, cached_from=1_001), dead("n3"), times=3)
    assert ward.codes() == ["node-dead"]


def test_a_node_that_somebody_stopped_in_order_is_left_so() -> None:
    ward = Ward().see(times=3).see(*others(2), dead("n3", saved_seqno=1_000), times=9)
    assert ward.remedies() == []
    assert ward.codes() == ["node-stopped"]


def test_a_node_that_fails_to_start_twice_is_rebuilt() -> None:
    ward = Ward().see(times=3)
    ward.history = replace(ward.history, failed_starts={"n3": 2})
    ward.see(*others(2), dead("n3"), times=3)
    assert ward.remedies() == [(Remedy.REBUILD, "n3")]
    assert ward.one("node-wont-start").is_dangerous


def test_a_hung_process_that_the_others_dropped_is_started_again() -> None:
    ward = Ward().see(times=3).see(*others(2), silent("n3", Life.HELD), times=8)
    assert ward.remedies() == []  # not yet long enough
    ward.see(*others(2), silent("n3", Life.HELD))
    assert ward.remedies() == [(Remedy.RESTART, "n3")]
    assert ward.codes() == ["node-hung"]


def test_a_slow_machine_that_the_others_still_count_is_left_alone() -> None:
    ward = Ward().see(times=3).see(*others(3), silent("n3"), times=60)
    assert ward.remedies() == []
    assert ward.codes() == ["node-silent"]


def test_a_process_that_is_still_starting_is_not_taken_for_hung() -> None:
    ward = Ward().see(times=3).see(*others(2), silent("n3", pid=999, age_s=5), times=60)
    assert ward.remedies() == []


def test_a_host_that_only_one_does_not_see_leads_to_no_action() -> None:
    ward = Ward().see(times=3)
    for sight in (Sight.OPEN, Sight.SILENT, Sight.REFUSED):
        ward.see(*others(2), unseen("n3"), times=60, sights={"n3": sight})
        assert ward.remedies() == []
        assert ward.codes() == ["node-out-of-sight"]


def test_a_doctor_that_sees_nobody_blames_its_own_network() -> None:
    nobody = [unseen("n1"), unseen("n2"), unseen("n3")]
    ward = Ward().see(times=3).see(*nobody, times=60)
    assert ward.codes() == ["observer-blind"]
    ward.see(*nobody, sights=dict.fromkeys(("n1", "n2", "n3"), Sight.OPEN))
    assert ward.codes() == ["observer-cut-off"]
    assert ward.remedies() == []


def test_rounds_of_a_doctor_that_stood_still_prove_nothing() -> None:
    ward = Ward().see(times=3).see(*others(2), silent("n3"), times=60, late_ms=1_500)
    assert ward.codes() == ["observer-late"]
    assert ward.remedies() == []


def test_a_process_that_is_gone_is_gone_however_late_that_is_heard() -> None:
    ward = Ward().see(times=3).see(*others(2), dead("n3"), times=3, late_ms=1_500)
    assert ward.remedies() == [(Remedy.RESTART, "n3")]


def test_after_a_pause_of_the_doctor_the_count_begins_anew() -> None:
    ward = Ward().see(times=3).see(*others(2), dead("n3"), times=2).later(30)
    assert ward.see(*others(2), dead("n3"), times=2).remedies() == []
    assert ward.see(*others(2), dead("n3")).remedies() == [(Remedy.RESTART, "n3")]


def test_a_node_cut_off_from_the_majority_comes_back_by_itself() -> None:
    ward = Ward().see(times=3).see(*others(2), well("n3", is_primary=False, size=1), times=60)
    assert ward.codes() == ["node-cut-off"]
    assert ward.remedies() == []


def test_a_server_that_left_its_group_is_started_again() -> None:
    left = well("n3", is_primary=False, is_ready=False, has_left=True, size=0)
    ward = Ward().see(times=3).see(*others(2), left, times=5)
    assert ward.remedies() == []  # it may only be on its way in
    ward.see(*others(2), left)
    assert ward.remedies() == [(Remedy.RESTART, "n3")]
    assert ward.codes() == ["node-left"]


def test_a_set_that_somebody_works_on_is_only_looked_at() -> None:
    ward = Ward().see(times=3).see(*others(2), dead("n3", is_resting=True), times=9)
    assert ward.codes() == ["node-dead", "set-resting"]
    assert ward.remedies() == []


def test_a_node_voted_out_for_other_data_is_rebuilt() -> None:
    odd = well("n3", is_primary=False, is_ready=False, state="Inconsistent", size=0)
    ward = Ward().see(times=3).see(*others(2), odd, times=3)
    assert ward.remedies() == [(Remedy.REBUILD, "n3")]


def test_a_node_that_catches_up_is_only_told_of() -> None:
    ward = Ward().see(well("n3", state="Joined", seqno=900), times=5)
    assert ward.one("node-joining").severity is Severity.NOTE
    assert ward.one("node-joining").figures["behind"] == 100


def slowly(at: int) -> Observation:
    return well("n3", pauses_sent=4, queue=300, paused_ppm=400_000, seqno=1_000 + at)


def test_a_node_that_holds_the_others_up_leaves_flow_control() -> None:
    ward = Ward().see(times=3)
    for at in range(5):
        ward.see(slowly(at))
    assert ward.remedies() == []  # a moment is no habit
    for at in range(5, 12):
        ward.see(slowly(at))
    assert ward.remedies() == [(Remedy.DESYNC, "n3")]
    assert ward.one("node-slow").figures == {"paused_percent": 40, "queue": 300}


def test_a_node_that_applies_nothing_at_all_is_started_again() -> None:
    ward = Ward().see(times=3).see(slowly(0), times=12)
    assert ward.remedies() == [(Remedy.RESTART, "n3")]
    assert ward.codes() == ["node-stalled"]


def test_the_writer_is_never_taken_out_of_flow_control() -> None:
    ward = Ward().see(well("n1", pauses_sent=4, paused_ppm=400_000), times=20)
    assert ward.codes() == ["writer-slow"]
    assert ward.remedies() == []


def test_a_node_out_of_flow_control_comes_back_once_its_queue_is_short() -> None:
    ward = Ward().see(times=3).fence("n3", "node-slow")
    ward.see(well("n3", state="Donor/Desynced", is_desynced=True, queue=900), times=5)
    assert ward.remedies() == []
    ward.see(well("n3", state="Donor/Desynced", is_desynced=True, queue=3), times=3)
    assert ward.remedies() == [(Remedy.RESYNC, "n3")]


def test_a_node_that_never_catches_up_is_stopped_and_comes_back_rested() -> None:
    ward = Ward().see(times=3).fence("n3", "node-slow")
    ward.see(well("n3", state="Donor/Desynced", is_desynced=True, queue=60_000), times=3)
    assert ward.remedies() == [(Remedy.FENCE, "n3")]
    ward.fence("n3", "node-never-catches-up")
    stopped = dead("n3", saved_seqno=1_000)
    assert ward.see(*others(2), stopped, times=3).remedies() == []
    assert ward.later(300).see(*others(2), stopped).remedies() == [(Remedy.BRING_BACK, "n3")]


def test_a_node_with_a_full_disk_is_stopped_and_comes_back_with_room() -> None:
    full = well("n3", disk_free=100 * MB)
    ward = Ward().see(times=3).see(full, times=3)
    assert ward.remedies() == [(Remedy.FENCE, "n3")]
    ward.fence("n3", "disk-full")
    stopped = dead("n3", saved_seqno=1_000, disk_total=100_000 * MB)
    ward.see(*others(2), replace(stopped, disk_free=2_100 * MB), times=5)
    assert ward.remedies() == []  # a little more than the limit would only flap
    ward.see(*others(2), replace(stopped, disk_free=9_000 * MB))
    assert ward.remedies() == [(Remedy.BRING_BACK, "n3")]


def test_a_full_disk_that_killed_its_node_is_not_answered_by_restarts() -> None:
    full = dead("n3", disk_free=100 * MB, disk_total=100_000 * MB)
    ward = Ward().see(times=3).see(*others(2), full, times=3)
    assert ward.remedies() == [(Remedy.FENCE, "n3")]


def test_a_full_disk_without_a_majority_to_spare_makes_the_node_read_only() -> None:
    ward = (
        Ward()
        .see(times=3)
        .see(well("n1", size=2), well("n2", size=2, disk_free=100 * MB), dead("n3"), times=3)
    )
    assert (Remedy.READ_ONLY, "n2") in ward.remedies()
    assert (Remedy.FENCE, "n2") not in ward.remedies()


READ_ONLY = "dd: failed to open '/srv/h3/.doctor': Read-only file system"


def test_a_disk_that_takes_no_writes_ends_its_node_until_it_takes_them_again() -> None:
    ward = Ward().see(times=3).see(well("n3", fsync_us=-1, disk_fault=READ_ONLY), times=3)
    assert ward.remedies() == [(Remedy.FENCE, "n3")]
    assert READ_ONLY in ward.one("disk-failed").en
    ward.fence("n3", "disk-failed")
    stopped = dead("n3", disk_total=100_000 * MB, disk_free=9_000 * MB)
    ward.see(*others(2), replace(stopped, disk_fault=READ_ONLY), times=5)
    assert ward.remedies() == []
    assert ward.codes() == ["disk-failed"]
    ward.see(*others(2), replace(stopped, fsync_us=900), times=3)
    assert ward.remedies() == [(Remedy.BRING_BACK, "n3")]


def test_a_node_whose_data_did_not_outlive_its_disk_is_copied_anew() -> None:
    ward = Ward().see(times=3).fence("n3", "disk-failed")
    ward.history = replace(ward.history, failed_starts={"n3": 2})
    mended = dead("n3", disk_total=100_000 * MB, disk_free=9_000 * MB, fsync_us=900)
    ward.see(*others(2), mended, times=3)
    assert ward.remedies() == [(Remedy.REBUILD, "n3")]


def test_a_disk_that_failed_under_its_node_is_not_answered_by_restarts_and_copies() -> None:
    failed = dead("n3", disk_free=9_000 * MB, disk_total=100_000 * MB, disk_fault=READ_ONLY)
    ward = Ward().see(times=3).see(*others(2), failed, times=3)
    assert ward.remedies() == [(Remedy.FENCE, "n3")]


def test_a_failed_disk_of_a_node_that_the_majority_needs_is_told() -> None:
    failed = well("n2", size=2, fsync_us=-1, disk_fault=READ_ONLY)
    ward = Ward().see(times=3).see(well("n1", size=2), failed, dead("n3"), times=3)
    assert ward.one("disk-failed").remedy is None


@pytest.mark.parametrize(
    ("days", "severity"),
    [(400, None), (29, Severity.WARNING), (6, Severity.CRITICAL), (-1, Severity.CRITICAL)],
)
def test_a_certificate_that_ends_soon_is_told(days: int, severity: Severity | None) -> None:
    found = Ward().see(well("n3", tls_days=days)).found
    assert [(one.code, one.severity) for one in found] == (
        [("tls-expires", severity)] if severity is not None else []
    )


def test_a_copy_that_differs_from_two_others_is_rebuilt() -> None:
    odd = Divergence(table="yunjin.accounts", chunk="1 … 900", odd=("n3",))
    assert Ward().see(divergences=(odd,)).remedies() == [(Remedy.REBUILD, "n3")]
    undecided = Divergence(table="yunjin.accounts", chunk="1 … 900", odd=())
    ward = Ward().see(divergences=(undecided,))
    assert ward.codes() == ["replica-diverged-undecided"]
    assert ward.remedies() == []


def test_a_clock_that_is_off_is_told_from_a_slow_answer() -> None:
    ward = Ward().see(well("n3", clock_offset_ms=9_000, clock_error_ms=8_000), times=5)
    assert ward.one("clock-drifts").remedy is None
    ward.see(well("n3", clock_offset_ms=-9_000), times=5)
    assert ward.one("clock-off").remedy is Remedy.SET_CLOCK


def test_the_doctors_own_clock_is_not_blamed_on_all_nodes() -> None:
    off = [well(name, clock_offset_ms=60_000) for name in ("n1", "n2", "n3")]
    assert Ward().see(*off, times=5).codes() == []


def test_a_transaction_that_others_wait_for_is_ended() -> None:
    blocker = Blocker(thread=42, age_s=90, waiters=3, waited_s=61, statement="UPDATE t SET a = 1")
    ward = Ward().see(well("n1", blockers=(blocker,)))
    found = ward.one("transaction-blocks")
    assert (found.remedy, found.node, found.subject) == (Remedy.KILL, "n1", "42")
    waits_less = replace(blocker, waited_s=10)
    assert Ward().see(well("n1", blockers=(waits_less,))).codes() == []


def test_writes_that_do_not_come_back_are_told_with_who_is_waited_for() -> None:
    stuck = [well("n1", write_us=-1), well("n2", write_us=-1)]
    ward = Ward().see(times=3).see(*stuck, silent("n3", Life.HELD), times=6)
    assert "n3" in ward.one("commit-stuck").en
    assert "n3" in ward.one("commit-stuck").zh
