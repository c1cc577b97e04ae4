"""Goal: a node is not started where it would do harm, and the cure is named. Method: facts."""

from dataclasses import replace

import pytest

from yunjin.foundation.database.domain.preflight import (
    NodeFacts,
    StartLimits,
    against,
    clocks_against,
)
from yunjin.foundation.database.domain.topology import Node

LIMITS = StartLimits()
WELL = NodeFacts(
    set="s1",
    node=Node(name="n1", host="h1"),
    address="10.0.0.1",
    data_folder="/srv/n1/data",
    clock_off_ms=3,
    disk_free_mb=50_000,
    disk_total_mb=100_000,
    has_data=True,
    owner={"set": "s1", "node": "n1"},
    listeners={("10.0.0.1", 22): "sshd 1", ("10.0.0.2", 3306): "mariadbd 2"},
)


def test_nothing_speaks_against_a_host_that_is_well() -> None:
    assert list(against(WELL, LIMITS)) == []
    assert list(against(replace(WELL, has_data=False, owner={}), LIMITS)) == []


@pytest.mark.parametrize(
    ("facts", "reason", "cure"),
    [
        (replace(WELL, disk_free_mb=1_000), "has 1000 of 100000 MB free", "make room"),
        (replace(WELL, owner={"set": "s2", "node": "n1"}), "of set s2", "folder of its own"),
        (replace(WELL, owner={"set": "s1", "node": "n9"}), "to node n9", "replace it"),
        (replace(WELL, owner={}), "not put there by this fleet", "move them away"),
        (
            replace(WELL, listeners={("0.0.0.0", 4567): "nginx 9"}),
            "port 4567 of 10.0.0.1 is taken by nginx 9",
            "give node n1 another port",
        ),
        (replace(WELL, listeners={("10.0.0.1", 4444): ""}), "another program", "stop it"),
        (replace(WELL, lacks=("socat",)), "lacks socat", "install the packages"),
    ],
)
def test_each_reason_comes_with_its_cure(facts: NodeFacts, reason: str, cure: str) -> None:
    [said] = against(facts, LIMITS)
    assert reason in said
    assert cure in said


def test_a_clock_ten_seconds_off_is_refused() -> None:
    [said] = clocks_against({"h1": -4_000, "h2": 0, "h3": 6_000}, LIMITS)
    assert "the clock of host h3 is 10000 ms ahead of that of host h1" in said
    assert "chrony" in said
    assert not list(clocks_against({"h1": -2_000, "h2": 2_000}, LIMITS))
    assert not list(clocks_against({}, LIMITS))
