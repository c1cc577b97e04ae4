"""Goal: a plan answers its questions as reckoning by hand does, and in the same way each time.

Method: round costs; the scenarios that are shipped, with the costs that are shipped.
"""

import json
import tomllib
from math import inf
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.foundation.database.planning.conftest import batch, costs_of, scenario_of
from yunjin.foundation.database.domain.planning import charts, presets, questions
from yunjin.foundation.database.domain.planning.costs import Costs, read
from yunjin.foundation.database.domain.planning.scenario import Centre, Host, Prices, Scenario
from yunjin.foundation.database.domain.planning.sizing import size, yearly
from yunjin.foundation.database.errors import PlanTooLarge
from yunjin.kernel.errors import Malformed

FOLDER = Path(presets.__path__[0])
SHIPPED = sorted(path.stem for path in FOLDER.glob("*.toml"))


def shipped(name: str) -> Scenario:
    document = tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
    found: Scenario = read(Scenario, document, name)
    return found


def plan(costs: Costs, scenario: Scenario, **changes: Any) -> questions.Plan:
    told: dict[str, Any] = {"prices": None, "years": 5, "seed": 3, "batches": 500}
    return questions.plan(costs, scenario, **{**told, **changes})


def test_hosts_follow_from_whatever_binds_first() -> None:
    """100 bytes an account, twice (writer and standby); 16 GiB hosts of which 12 are left."""
    small = Host(cores=8, memory_gib=16, disk_gb=100_000)
    by_memory = size(costs_of(), scenario_of(accounts=2**30, cells=2, host=small))
    assert by_memory.bound == "memory"
    assert by_memory.memory_gib == 2 * (100 + 2)
    assert by_memory.cell_hosts == 17
    by_copies = size(costs_of(), scenario_of())
    assert (by_copies.bound, by_copies.cell_hosts) == ("copies", 3)


def test_disks_hold_every_copy_of_every_year() -> None:
    """10,000,000 a day of 50 bytes, 365 days, 2 years, 3 copies: 1,095 GB."""
    sizing = size(costs_of(), scenario_of(years_kept=2))
    assert sizing.disk_gb == pytest.approx(1_095)


def test_cores_carry_writers_standbys_and_copies() -> None:
    """10 us a transfer in batches of 100; + 2 us that the standby reads + 2 x 1 us in copies."""
    sizing = size(costs_of(), scenario_of(transfers_per_s=1_000_000))
    assert sizing.cores_busy == pytest.approx(14.0)
    faster = size(costs_of(), scenario_of(transfers_per_s=1_000_000, host=Host(speed=2.0)))
    assert faster.cores_busy == pytest.approx(7.0)


def test_gateways_answer_queries_and_single_transfers() -> None:
    """10,000 queries and 6,000 single transfers a second of 100 us: 1.6 cores."""
    sizing = size(costs_of(), scenario_of(single_share=0.5))
    assert sizing.gateway_cores_busy == pytest.approx(1.6)
    assert sizing.gateway_hosts == 1


def test_a_plan_beyond_what_can_be_planned_names_the_cure() -> None:
    with pytest.raises(PlanTooLarge, match="Take larger hosts"):
        size(
            costs_of(),
            scenario_of(queries_per_s=50_000_000, utilisation_max=0.3, host=Host(cores=1)),
        )


def test_cost_is_all_that_is_paid_over_all_accounts() -> None:
    """3 + 1 hosts of 10,000.00, 1 TB of disk of 100.00, 3 centres of 1,000.00: 43,100.00."""
    scenario = scenario_of(years_kept=1)
    prices = Prices(
        currency="CNY",
        source="made up",
        host_year_minor=1_000_000,
        disk_tb_year_minor=10_000,
        centre_year_minor=100_000,
    )
    found = yearly(size(costs_of(), scenario), scenario, prices)
    assert found.total_minor == 4_310_000
    assert found.per_account == "0.010775000"
    assert found.per_customer == "0.043100"


def test_the_capacity_keeps_the_goal_and_a_little_more_does_not() -> None:
    """A writer that takes 0.6 ms for each batch more ends at 1,666 of them a second."""
    scenario = scenario_of(p99_ms=20, cells=3, host=Host(cores=8), product_share=0)
    found = plan(costs_of(), scenario)
    assert found.capacity.p99_ms <= 20
    assert found.capacity.transfers_per_s > found.peak.transfers_per_s
    assert found.capacity.transfers_per_s < 3 * 100 / 0.0006
    later = [one for one in found.curve if one.transfers_per_s > found.capacity.transfers_per_s]
    assert all(one.p99_ms > 20 or one.busy > 0.95 for one in later)


def test_a_goal_that_nothing_keeps_leaves_no_capacity() -> None:
    slow = costs_of(batches=(batch(1, wait_ms=50), batch(1_000, wait_ms=50)), commit_wait_s=0.05)
    found = plan(slow, scenario_of(p99_ms=10))
    assert found.capacity.transfers_per_s == 0
    assert found.capacity.p99_ms == inf


def test_a_dead_centre_moves_a_third_of_the_cells() -> None:
    """Detection and take-over take 3 s; what fell due meanwhile is worked off right after."""
    found = plan(costs_of(), scenario_of())
    assert [one.centre for one in found.deaths] == ["east", "west", "north"]
    for one in found.deaths:
        assert (one.cells_moved, one.cells_stopped, one.hosts_lost) == (4, 0, 1)
        assert one.recovery_s == 3.0
        assert 3.0 < one.drained_s < 3.5
        assert one.queue_transfers == pytest.approx(3 * 1_000, rel=0.4)
        assert one.busy_after > found.peak.busy


def test_a_centre_without_which_there_is_no_quorum_stops_everything() -> None:
    two = (Centre(name="a", city="a"), Centre(name="b", city="b"))
    found = plan(costs_of(), scenario_of(centres=two, copies=2))
    assert [one.cells_stopped for one in found.deaths] == [12, 12]
    assert [one.recovery_s for one in found.deaths] == [inf, inf]


def test_a_witness_that_dies_moves_nothing() -> None:
    three = (
        Centre(name="a", city="a"),
        Centre(name="b", city="b"),
        Centre(name="w", city="c", is_witness=True),
    )
    scenario = scenario_of(centres=three, commit="majority")
    assert {scenario.placed(cell)[0] for cell in range(12)} == {0, 1}
    found = plan(costs_of(), scenario)
    assert [one.cells_moved for one in found.deaths] == [6, 6, 0]


def test_far_cities_are_felt_at_the_peak() -> None:
    near = plan(costs_of(), scenario_of()).peak
    cities = tuple(Centre(name=name, city=name) for name in ("a", "b", "c"))
    far = plan(costs_of(), scenario_of(centres=cities)).peak
    assert far.p50_ms - near.p50_ms == pytest.approx(29, rel=0.3), "30 ms to another city, not 1"


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_scenario_can_be_planned(name: str) -> None:
    document = json.loads((FOLDER / "measured.json").read_text(encoding="utf-8"))
    costs: Costs = read(Costs, document, "measured.json")
    found = plan(costs, shipped(name), years=1)
    assert found.peak.holds
    assert found.capacity.transfers_per_s > 0
    drawing = ElementTree.fromstring(charts.svg(found))
    assert len([one for one in drawing if one.tag.endswith("polyline")]) == 2


def test_the_same_seed_makes_the_same_plan() -> None:
    one, two = (plan(costs_of(), scenario_of(), seed=9) for _ in range(2))
    assert one == two
    assert charts.svg(one) == charts.svg(two)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"cells": 1_001}, "less than or equal to 1000"),
        ({"accounts": 30_000_000_001}, "less than or equal to 30000000000"),
        ({"accounts": 10}, "at least an account a customer"),
        ({"centres": [{"name": "a", "city": "b", "is_witness": True}]}, "that is no witness"),
        ({"speed": 3}, "speed: Extra inputs"),
    ],
)
def test_a_scenario_that_cannot_be_says_which_field(change: dict[str, Any], why: str) -> None:
    document = {**scenario_of().model_dump(mode="json"), **change}
    with pytest.raises(Malformed, match=f"mine.toml: .*{why}"):
        read(Scenario, document, "mine.toml")


def test_costs_lie_on_the_line_between_two_measured_sizes() -> None:
    costs = costs_of(batches=(batch(100, cpu_ms=1), batch(300, cpu_ms=3)), commit_cpu_s=0.0)
    for rows, cpu_ms in ((100, 1.0), (200, 2.0), (300, 3.0), (500, 5.0), (50, 0.5)):
        cpu_s, _ = costs.samples(rows)
        assert cpu_s == pytest.approx([cpu_ms / 1e3] * 10)
    halved, _ = costs.faster(2.0).samples(200)
    assert halved == pytest.approx([0.001] * 10)
