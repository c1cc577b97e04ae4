"""Goal: a set that lost its majority is brought back only where nothing acknowledged can be lost.

Method: as for single nodes; each test tells one way in which a majority goes away.
"""

import string
from dataclasses import replace

import pytest

from tests.foundation.database.doctor.ward import HISTORY, PLAN, Ward, dead, unseen, well
from yunjin.foundation.database.api.doctor import Finding, Remedy
from yunjin.foundation.database.domain.doctor.observation import CellSight, Observation, Sight
from yunjin.foundation.database.domain.doctor.policy import Done, Mode, Policy
from yunjin.foundation.database.domain.doctor.words import WORDS
from yunjin.foundation.database.domain.positions import View
from yunjin.foundation.database.domain.topology import Witness

REFUSED = {"n2": Sight.REFUSED, "n3": Sight.REFUSED}


def alone(**facts: object) -> Observation:
    """The survivor of three: it runs on without a majority."""
    return well("n1", is_primary=False, is_ready=False, size=1, **facts)


def test_the_survivor_goes_on_once_host_and_witness_say_the_others_are_dead() -> None:
    ward = Ward().see(times=3).see(alone(), dead("n2"), dead("n3"), times=3, sights=REFUSED)
    assert ward.remedies()[0] == (Remedy.BOOTSTRAP, "n1")
    assert ward.codes() == ["quorum-lost", "node-dead-too", "node-dead-too"]
    assert ward.one("quorum-lost").is_dangerous


@pytest.mark.parametrize("sight", [Sight.OPEN, Sight.SILENT, None])
def test_without_the_witness_nobody_goes_on_alone(sight: Sight | None) -> None:
    sights = {"n2": Sight.REFUSED, "n3": sight} if sight else None
    ward = Ward().see(times=3).see(alone(), dead("n2"), dead("n3"), times=60, sights=sights)
    assert Remedy.BOOTSTRAP not in [remedy for remedy, _ in ward.remedies()]
    assert ward.one("quorum-unproven").remedy is None


def test_a_cut_network_is_not_taken_for_death() -> None:
    silent = dict.fromkeys(("n2", "n3"), Sight.SILENT)
    ward = Ward().see(times=3).see(alone(), unseen("n2"), unseen("n3"), times=60, sights=silent)
    assert ward.codes() == ["quorum-unproven"]
    assert ward.remedies() == []


def test_the_witness_alone_proves_nothing_either() -> None:
    ward = Ward().see(times=3).see(alone(), unseen("n2"), dead("n3"), times=60, sights=REFUSED)
    assert "quorum-unproven" in ward.codes()
    assert (Remedy.BOOTSTRAP, "n1") not in ward.remedies()


def test_a_survivor_that_was_left_behind_before_does_not_go_on() -> None:
    ahead = [well("n2", size=2, seqno=1_500), well("n3", size=2, seqno=1_500)]
    ward = Ward().see(times=3).see(alone(), *ahead, times=5)
    ward.see(alone(), dead("n2"), dead("n3"), times=9, sights=REFUSED)
    assert ward.one("quorum-behind").remedy is None
    assert (Remedy.BOOTSTRAP, "n1") not in ward.remedies()


def test_the_views_that_the_dead_saved_tell_what_the_doctor_did_not_see() -> None:
    later = View(number="0dae1307:13", members=frozenset({"w-n2", "w-n3"}))
    gone = [dead("n2", last_view=later), dead("n3", last_view=later)]
    ward = Ward().see(times=3).see(alone(), *gone, times=9, sights=REFUSED)
    assert ward.one("quorum-behind").figures["why"] == "n2 view 13 > 12 n3 view 13 > 12"


def test_a_survivor_that_was_started_again_has_only_what_its_disk_kept() -> None:
    ward = Ward().see(times=3)
    ward.see(alone(pid=777), dead("n2"), dead("n3"), times=9, sights=REFUSED)
    assert "quorum-behind" in ward.codes()


def test_a_long_wait_for_the_witness_forgets_nothing() -> None:
    ward = Ward().see(times=3).see(alone(), dead("n2"), dead("n3"), times=300)
    assert ward.codes()[0] == "quorum-unproven"
    ward.see(alone(), dead("n2"), dead("n3"), times=3, sights=REFUSED)
    assert ward.remedies()[0] == (Remedy.BOOTSTRAP, "n1")


def test_one_that_left_in_order_before_is_measured_by_its_number() -> None:
    smaller = View(number="0dae1307:13", members=frozenset({"w-n1", "w-n2"}))
    stopped = dead("n3", saved_seqno=900, last_view=None)
    ward = (
        Ward()
        .see(times=3)
        .see(
            alone(last_view=smaller),
            dead("n2", last_view=smaller),
            stopped,
            times=3,
            sights=REFUSED,
        )
    )
    assert ward.remedies()[0] == (Remedy.BOOTSTRAP, "n1")


def test_a_set_that_crashed_whole_is_started_whole() -> None:
    ward = Ward().see(times=3).see(dead("n1"), dead("n2"), dead("n3"), times=3)
    assert ward.remedies() == [(Remedy.START_ALL, "")]
    assert ward.codes() == ["set-down"]


def test_a_set_that_was_stopped_in_order_stays_stopped() -> None:
    stopped = [dead(name, saved_seqno=1_000, last_view=None) for name in ("n1", "n2", "n3")]
    ward = Ward().see(times=3).see(*stopped, times=9)
    assert ward.remedies() == []
    assert ward.codes() == ["node-stopped"] * 3


def test_a_set_that_was_only_described_is_not_started() -> None:
    unmade = [dead(name, saved_history="", last_view=None) for name in ("n1", "n2", "n3")]
    ward = Ward().see(*unmade, times=9)
    assert ward.remedies() == []
    assert ward.codes() == ["node-without-data"] * 3


def test_a_node_whose_copy_broke_off_is_still_looked_after() -> None:
    empty = dead("n3", saved_history="", last_view=None)
    others = [well("n1", size=2), well("n2", size=2)]
    ward = Ward().see(times=3).see(*others, empty, times=3)
    assert ward.remedies() == []  # somebody may be about to copy it
    ward.history = replace(ward.history, failed_starts={"n3": 1})
    ward.see(*others, empty, times=3)
    assert ward.remedies() == [(Remedy.RESTART, "n3")]


def test_all_back_and_no_majority_goes_on_from_the_most_advanced_after_a_while() -> None:
    parted = [
        replace(alone(), node=name, seqno=at)
        for name, at in zip(("n1", "n2", "n3"), (1_000, 1_003, 1_001), strict=True)
    ]
    ward = Ward().see(*parted, times=9)
    assert ward.remedies() == []  # Galera may mend it by itself
    ward.see(*parted, times=12)
    assert ward.remedies() == [(Remedy.BOOTSTRAP, "n2")]


def test_two_majorities_are_told_and_not_touched() -> None:
    other = HISTORY.replace("1", "2")
    ward = Ward().see(well("n3", history=other, size=1), times=9)
    assert ward.codes() == ["two-majorities"]
    assert ward.remedies() == []


def test_a_silent_cell_is_taken_over_by_its_standby() -> None:
    silent = CellSight(cell=7, is_alive=False, has_standby=True, why="lease ran out")
    ward = Ward().see(times=3).see(cells=(silent,), times=3)
    assert ward.remedies() == []
    ward.see(cells=(silent,))
    found = ward.one("cell-silent")
    assert (found.remedy, found.subject) == (Remedy.TAKE_OVER, "7")
    ward.see(cells=(replace(silent, has_standby=False),))
    assert ward.one("cell-silent-alone").remedy is None


def test_an_arbitrator_counts_as_one_who_may_be_waited_for() -> None:
    plan = PLAN.model_copy(update={"nodes": PLAN.nodes[:2], "witness": Witness(host="w")})
    ward = Ward(plan=plan).see(times=3).see(well("n1", size=2), dead("n2"), times=3)
    assert ward.remedies() == [(Remedy.RESTART, "n2")]


def test_a_dead_arbitrator_is_started_before_its_vote_is_needed() -> None:
    plan = PLAN.model_copy(update={"nodes": PLAN.nodes[:2], "witness": Witness(host="w")})
    ward = Ward(plan=plan).see(times=9)
    assert ward.codes() == []
    ward.see(well("n1", size=2), well("n2", size=2), times=5)
    assert ward.codes() == []  # a group that changes tells other sizes for a moment
    ward.see(well("n1", size=2), well("n2", size=2))
    assert ward.remedies() == [(Remedy.RESTART, "")]
    assert ward.codes() == ["witness-gone"]


def found_of(ward: Ward, code: str) -> Finding:
    return ward.see(times=3).see(well("n1"), well("n2"), dead("n3"), times=3).one(code)


def test_a_remedy_that_does_not_help_is_put_before_a_person() -> None:
    finding, policy = found_of(Ward(), "node-dead"), Policy(times_max=3, window_s=600)
    done = [Done(remedy=Remedy.RESTART, node="n3", at_ms=at * 1_000) for at in (100, 200, 300)]
    asked = policy.decide(finding, done=done, under_way=(), at_ms=400_000)
    assert asked.mode is Mode.ASK
    assert "3 times within 600 s" in asked.why
    later = policy.decide(finding, done=done, under_way=(), at_ms=701_000)
    assert later.mode is Mode.AUTOMATIC
    of_another = [replace(one, node="n2") for one in done]
    other = policy.decide(finding, done=of_another, under_way=(), at_ms=400_000)
    assert other.mode is Mode.AUTOMATIC


def test_dangerous_remedies_can_be_set_to_ask() -> None:
    ward = Ward().see(times=3).see(alone(), dead("n2"), dead("n3"), times=3, sights=REFUSED)
    finding = ward.one("quorum-lost")
    for policy in (Policy(asks=frozenset({Remedy.BOOTSTRAP})), Policy(asks_when_dangerous=True)):
        assert policy.decide(finding, done=(), under_way=(), at_ms=0).mode is Mode.ASK
    assert Policy().decide(finding, done=(), under_way=(), at_ms=0).mode is Mode.AUTOMATIC


def test_data_that_have_one_other_copy_only_are_not_removed_unasked() -> None:
    ward = Ward().see(times=3)
    ward.history = replace(ward.history, failed_starts={"n3": 2})
    ward.see(well("n1", size=2), well("n2", size=2), dead("n3"), times=3)
    finding = ward.one("node-wont-start")
    assert Policy().decide(finding, done=(), under_way=(), at_ms=0).mode is Mode.AUTOMATIC
    ward.see(well("n1", size=1), dead("n2"), dead("n3"), times=3)
    finding = ward.one("node-wont-start")
    assert Policy().decide(finding, done=(), under_way=(), at_ms=0).mode is Mode.ASK


def test_two_nodes_are_never_taken_away_at_once() -> None:
    finding = replace(found_of(Ward(), "node-dead"), remedy=Remedy.REBUILD)
    other = replace(finding, node="n2", remedy=Remedy.REBUILD)
    decided = Policy().decide(finding, done=(), under_way=(other,), at_ms=0)
    assert decided.mode is Mode.WAIT
    resync = replace(other, remedy=Remedy.RESYNC)
    decided = Policy().decide(resync, done=(), under_way=(finding,), at_ms=0)
    assert decided.mode is Mode.WAIT
    kill = replace(other, remedy=Remedy.KILL, subject="7")
    restart = replace(finding, remedy=Remedy.RESTART)
    assert Policy().decide(kill, done=(), under_way=(restart,), at_ms=0).mode is Mode.AUTOMATIC


def test_one_node_joins_after_the_other() -> None:
    first = found_of(Ward(), "node-dead")
    second = replace(first, node="n2")
    assert Policy().decide(second, done=(), under_way=(first,), at_ms=0).mode is Mode.WAIT


@pytest.mark.parametrize("code", sorted(WORDS))
def test_both_languages_tell_the_same_figures(code: str) -> None:
    zh, en = ({f[1] for f in string.Formatter().parse(text) if f[1]} for text in WORDS[code])
    assert {name.removesuffix("_zh") for name in zh} == {name.removesuffix("_en") for name in en}
