"""Goal: years of faults come to what reckoning says. Method: fleets so simple that the mean is
known; laws that hold for all; and once the largest fleet that can be planned (slow lane).
"""

from dataclasses import asdict

import pytest

from tests.foundation.database.planning.conftest import costs_of, scenario_of
from yunjin.foundation.database.domain.planning.costs import Costs
from yunjin.foundation.database.domain.planning.fleet import YEAR_S, Years, run_years
from yunjin.foundation.database.domain.planning.scenario import Centre, Faults, Scenario

QUIET = Faults(
    host_years=10_000, centre_years=10_000, cut_years=10_000, upgrades_a_year=0, host_hours=4
)


def faults(**changes: float) -> Faults:
    return QUIET.model_copy(update=changes)


def run(costs: Costs, scenario: Scenario, *, hosts: int = 3, years: float = 200.0) -> Years:
    return run_years(costs, scenario, hosts=hosts, years=years, seed=11)


def test_nothing_breaks_where_nothing_can() -> None:
    seen = run(costs_of(), scenario_of(faults=QUIET), years=1)
    assert seen.minutes_a_year == 0
    assert not seen.outages


def test_one_host_without_a_copy_is_down_as_long_as_it_is_dead() -> None:
    """It lives two years on average and is dead for four hours: 0.0228 % of the time."""
    alone = scenario_of(
        cells=1,
        copies=1,
        centres=(Centre(name="here", city="here"),),
        faults=faults(host_years=2.0, host_hours=4.0),
    )
    seen = run(costs_of(), alone, hosts=1, years=2_000)
    dead_s, lives_s = 4 * 3_600.0, 2 * YEAR_S
    expected = dead_s / (dead_s + lives_s) * YEAR_S / 60
    assert seen.minutes_a_year == pytest.approx(expected, rel=0.1)
    assert seen.longest_s == pytest.approx(dead_s + 3.0)


def test_with_copies_a_dead_host_costs_the_time_of_a_take_over() -> None:
    """Each of three hosts dies every two years: 3 s for the cells that it wrote, 1 s for others."""
    scenario = scenario_of(faults=faults(host_years=2.0))
    seen = run(costs_of(), scenario, years=1_000)
    deaths = 3 / 2.0
    assert seen.down_s["host"] / 12 / 1_000 == pytest.approx(deaths * 3.0 / 3, rel=0.1)
    assert seen.down_s["host, commits wait"] / 12 / 1_000 == pytest.approx(deaths * 2 / 3, rel=0.1)
    assert seen.longest_s < 4 * 3_600 + 10, "but for the rare times when two are dead at once"


def test_a_majority_does_not_wait_for_the_dead() -> None:
    scenario = scenario_of(commit="majority", faults=faults(host_years=2.0))
    seen = run(costs_of(), scenario, years=100)
    assert seen.down_s["host"] > 0
    assert not seen.down_s["host, commits wait"]


def test_two_of_three_data_centres_keep_the_bank_open() -> None:
    scenario = scenario_of(faults=faults(centre_years=5.0, centre_hours=8.0))
    seen = run(costs_of(), scenario, hosts=30)
    whole = sum(seconds for why, seconds in seen.down_s.items() if "no quorum" not in why)
    assert seen.outages["centre"] > 100
    assert whole == seen.outages["centre"] * 3.0 + seen.outages["centre, commits wait"] * 1.0


def test_two_data_centres_without_a_witness_cannot_lose_one() -> None:
    two = (Centre(name="a", city="a"), Centre(name="b", city="b"))
    flawed = scenario_of(centres=two, copies=2, faults=faults(centre_years=5.0, centre_hours=8.0))
    witness = (*two, Centre(name="c", city="c", is_witness=True))
    cured = scenario_of(centres=witness, copies=3, faults=flawed.faults)
    shut, safe = run(costs_of(), flawed, hosts=4), run(costs_of(), cured, hosts=6)
    assert shut.minutes_a_year > 100
    assert safe.minutes_a_year < shut.minutes_a_year / 20


def test_an_upgrade_hands_over_and_nobody_searches_for_the_dead() -> None:
    scenario = scenario_of(faults=faults(upgrades_a_year=4))
    seen = run(costs_of(), scenario, hosts=9, years=10)
    assert set(seen.down_s) == {"upgrade"}
    assert seen.longest_s < 1
    assert seen.outages["upgrade"] >= 12 * 40, "each cell's writer moves at least once a wave"


def test_the_same_seed_tells_the_same_years() -> None:
    scenario = scenario_of(faults=Faults())
    one, two = (run(costs_of(), scenario, years=50) for _ in range(2))
    assert asdict(one) == asdict(two)
    other = run_years(costs_of(), scenario, hosts=3, years=50, seed=12)
    assert asdict(other) != asdict(one)


def test_hosts_that_die_more_often_shut_the_bank_for_longer() -> None:
    shut = [
        run(costs_of(), scenario_of(faults=faults(host_years=years))).minutes_a_year
        for years in (20.0, 5.0, 1.0)
    ]
    assert shut == sorted(shut)


@pytest.mark.slow
def test_the_largest_fleet_runs_through_years_in_seconds() -> None:
    """10,000 hosts, 1,000 cells, ten years: every death, cut and upgrade of every host."""
    largest = scenario_of(cells=1_000, faults=Faults(upgrade_minutes=1.0))
    seen = run(costs_of(), largest, hosts=10_000, years=10)
    assert seen.events > 500_000
    assert seen.outages["host"] > 1_000
    assert seen.minutes_a_year < 10
