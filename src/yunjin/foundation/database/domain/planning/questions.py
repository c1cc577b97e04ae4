"""The questions a plan answers: is it quick enough, how far does it go, what if a centre dies."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import ceil, inf, isfinite
from typing import Any, Final

import numpy as np

from yunjin.foundation.database.domain.planning.cells import Load, Seen, recovery_s, run_cells
from yunjin.foundation.database.domain.planning.costs import Costs
from yunjin.foundation.database.domain.planning.engine import Queue, Simulation
from yunjin.foundation.database.domain.planning.fleet import Years, run_years
from yunjin.foundation.database.domain.planning.scenario import Prices, Scenario
from yunjin.foundation.database.domain.planning.sizing import Sizing, Yearly, size, yearly

BATCHES: Final = 4_000  # simulated for a figure: 40 of them are later than the p99
_QUERIES: Final = 20_000
_STEPS: Final = 6  # halvings of the range in which the capacity lies
_CHECKPOINT_TRANSFERS: Final = 4_194_304  # at most so many are after a checkpoint, as shipped
_UPMOST: Final = 64.0  # times the peak: nothing beyond is looked for


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """How it goes at a rate of the whole installation."""

    transfers_per_s: float
    p50_ms: float
    p99_ms: float
    busy: float  # of the fullest host's cores, 0 to 1

    @property
    def holds(self) -> bool:
        """Whether the load was carried at all."""
        return isfinite(self.p99_ms)


@dataclass(frozen=True, slots=True, kw_only=True)
class CentreDeath:
    """What follows when a data centre dies at the peak."""

    centre: str
    hosts_lost: int
    cells_moved: int
    cells_stopped: int  # their sets lost the quorum: down until somebody decides
    recovery_s: float  # of the cells that move
    queue_transfers: int  # of one moved cell, at its longest
    drained_s: float  # after the death: until what had waited is answered
    p99_after_ms: float  # with the load of the dead on the others
    busy_after: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Everything that is said about a scenario. Same costs, scenario and seed: same bytes."""

    scenario: Scenario
    machine: str
    seed: int
    sizing: Sizing
    peak: Point
    capacity: Point  # the highest rate that keeps the goal
    curve: tuple[Point, ...]
    query_p99_ms: float
    cold_start_s: float  # the fullest host's cells from checkpoint and as much journal again
    deaths: tuple[CentreDeath, ...]
    years: Years
    yearly: Yearly | None


class _Host:
    """The fullest cell host: its cells, and the cores that copies and standbys leave to them."""

    def __init__(
        self, costs: Costs, scenario: Scenario, sizing: Sizing, *, batches: int, seed: int
    ) -> None:
        self.costs, self.seed = costs.faster(scenario.host.speed), seed
        self._batches = batches
        self.scenario, self.sizing = scenario, sizing

    def cores(self, factor: float) -> int:
        """Return how many cores are left to the writers at so many times the peak."""
        scenario, costs = self.scenario, self.costs
        others_s = (scenario.copies - 1) * costs.replica_cpu_s_per_million
        others_s += min(1, scenario.copies - 1) * costs.replay_cpu_s_per_million
        rate = scenario.transfers_per_s * factor / self.sizing.cell_hosts
        return max(1, scenario.host.cores - ceil(rate * others_s / 1e6))

    def load(self, factor: float, cells: int, **more: Any) -> Load:
        """Return the load of a host that runs so many cells."""
        scenario = self.scenario
        per_second = self.sizing.cell_transfers_per_s * factor / scenario.batch_rows
        seconds = min(max(self._batches / (per_second * cells), 0.05), 600.0)
        load = Load(
            cells=cells,
            batch_rows=scenario.batch_rows,
            seconds=seconds,
            per_second=per_second,
            logic_cpu_s=scenario.product_share
            * scenario.batch_rows
            * self.costs.logic_cpu_s_per_million
            / 1e6,
            warm_up_s=seconds / 10,
            waiting_max=max(10, 500_000 // scenario.batch_rows),
            copies_s=scenario.journeys_s(),
            copies_needed=scenario.copies_needed,
        )
        return replace(load, **more)

    def run(self, load: Load, factor: float) -> Seen:
        return run_cells(self.costs, load, cores=self.cores(factor), seed=self.seed)

    def point(self, factor: float, cells: int) -> Point:
        load = self.load(factor, cells)
        seen, cores = self.run(load, factor), self.scenario.host.cores
        is_late = seen.refused or seen.left > max(100, seen.offered // 10)
        others = cores - self.cores(factor)
        return Point(
            transfers_per_s=self.scenario.transfers_per_s * factor,
            p50_ms=inf if is_late else seen.percentile_s(50) * 1e3,
            p99_ms=inf if is_late else seen.percentile_s(99) * 1e3,
            busy=(seen.busy_cores + others) / cores,
        )


def _capacity(host: _Host, goal_ms: float, busy_max: float) -> tuple[Point, list[Point]]:
    """Return the highest rate that keeps the goal, and all that was tried, by rate."""
    cells, tried = host.sizing.cells_a_host, []

    def keeps(factor: float) -> bool:
        tried.append(host.point(factor, cells))
        return tried[-1].p99_ms <= goal_ms and tried[-1].busy <= busy_max

    low, high = 0.0, 1.0
    while keeps(high) and high < _UPMOST:
        low, high = high, high * 2
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if keeps(middle) else (low, middle)
    kept = [one for one in tried if one.p99_ms <= goal_ms and one.busy <= busy_max]
    none = Point(transfers_per_s=0.0, p50_ms=inf, p99_ms=inf, busy=0.0)
    tried.sort(key=lambda one: one.transfers_per_s)
    return max(kept, key=lambda one: one.transfers_per_s, default=none), tried


def _query_p99_ms(costs: Costs, scenario: Scenario, sizing: Sizing, seed: int) -> float:
    """Simulate one gateway host: queries at random, a core each, times of exponential length."""
    if not scenario.queries_per_s or not sizing.gateway_hosts:
        return 0.0
    chance, simulation = np.random.default_rng(seed), Simulation()
    cores = Queue(simulation, servers=scenario.host.cores)
    mean_s = costs.query_cpu_s_per_million / 1e6 / scenario.host.speed
    singles = scenario.transfers_per_s * scenario.single_share
    per_second = (scenario.queries_per_s + singles) / sizing.gateway_hosts
    due = np.cumsum(chance.exponential(1 / per_second, _QUERIES)).tolist()
    took: list[float] = []

    def heard(since: float) -> None:
        took.append(simulation.now - since)

    for at, service in zip(due, chance.exponential(mean_s, _QUERIES).tolist(), strict=True):
        simulation.at(at, cores.serve, service, heard, at)
    simulation.run()
    return np.percentile(took, 99).item() * 1e3


def _deaths(host: _Host, costs: Costs) -> Iterator[CentreDeath]:
    """Yield what follows from the death of each data centre."""
    scenario, sizing = host.scenario, host.sizing
    sets = [scenario.placed(cell) for cell in range(scenario.cells)]
    recovery = costs.detect_s + costs.take_over_s
    for at, centre in enumerate(scenario.centres):
        left = [sum(one != at for one in places) for places in sets]
        stopped = sum(alive < scenario.quorum for alive in left)
        moved = sum(
            places[0] == at and alive >= scenario.quorum
            for places, alive in zip(sets, left, strict=True)
        )
        inside = [
            len(range(place, sizing.cell_hosts, len(scenario.centres)))
            for place in range(len(scenario.centres))
        ]
        lost = inside[at]
        hosts_left = sum(
            count
            for place, count in enumerate(inside)
            if place != at and not scenario.centres[place].is_witness
        )
        if not hosts_left or stopped == len(sets):
            yield _nothing_left(centre.name, lost, stopped)
            continue
        cells = max(1, ceil((len(sets) - stopped) / hosts_left))
        factor = sizing.cell_hosts / (sizing.cell_hosts - lost)  # copies and standbys crowd too
        dead = min(cells, ceil(moved / hosts_left))
        load = host.load(1.0, cells)
        death = replace(
            load,
            seconds=max(load.seconds, recovery * 4),
            warm_up_s=0.0,
            dead_cells=dead,
            dead_s=recovery,
            waiting_max=10**9,
        )
        seen, after = host.run(death, factor), host.point(1.0, cells)
        drained = max(recovery, seen.drained_s)
        yield CentreDeath(
            centre=centre.name,
            hosts_lost=lost,
            cells_moved=moved,
            cells_stopped=stopped,
            recovery_s=recovery if moved else 0.0,
            queue_transfers=seen.waiting_max * scenario.batch_rows,
            drained_s=drained if moved else 0.0,
            p99_after_ms=after.p99_ms,
            busy_after=after.busy,
        )


def _nothing_left(centre: str, lost: int, stopped: int) -> CentreDeath:
    return CentreDeath(
        centre=centre,
        hosts_lost=lost,
        cells_moved=0,
        cells_stopped=stopped,
        recovery_s=inf,
        queue_transfers=0,
        drained_s=inf,
        p99_after_ms=inf,
        busy_after=0.0,
    )


def plan(
    costs: Costs,
    scenario: Scenario,
    *,
    prices: Prices | None,
    years: float,
    seed: int,
    batches: int = BATCHES,
) -> Plan:
    """Answer every question about a scenario. Pure: seconds of arithmetic, no clock, no files.

    batches: how many are simulated for each figure; with more of them a p99 scatters less.

    Raises: PlanTooLarge.
    """
    sizing = size(costs, scenario)
    host = _Host(costs, scenario, sizing, batches=batches, seed=seed)
    peak = host.point(1.0, sizing.cells_a_host)
    capacity, curve = _capacity(host, scenario.p99_ms, busy_max=0.95)
    return Plan(
        scenario=scenario,
        machine=costs.machine,
        seed=seed,
        sizing=sizing,
        peak=peak,
        capacity=capacity,
        curve=tuple(one for one in curve if one.holds),
        query_p99_ms=_query_p99_ms(costs, scenario, sizing, seed),
        cold_start_s=recovery_s(
            host.costs,
            cells=sizing.cells_a_host,
            transfers=_CHECKPOINT_TRANSFERS,
            accounts=sizing.cell_accounts,
            cores=scenario.host.cores,
        ),
        deaths=tuple(_deaths(host, costs)),
        years=run_years(costs, scenario, hosts=sizing.cell_hosts, years=years, seed=seed),
        yearly=yearly(sizing, scenario, prices) if prices else None,
    )
