"""Goal: a machine with cells behaves as its costs say. Method: round costs, and laws that hold for
any costs: nothing offered is forgotten, more load is never quicker, the same seed gives the same.
"""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from tests.foundation.database.planning.conftest import batch, costs_of
from yunjin.foundation.database.domain.planning.cells import Load, paces, recovery_s, run_cells
from yunjin.foundation.database.domain.planning.costs import Costs
from yunjin.kernel.errors import Bug


def load_of(**changes: Any) -> Load:
    told: dict[str, Any] = {"cells": 1, "batch_rows": 100, "seconds": 4.0, "warm_up_s": 0.0}
    return Load(**{**told, **changes})


def test_one_batch_at_a_time_takes_its_cpu_and_its_wait(costs: Costs) -> None:
    seen = run_cells(costs, load_of(in_flight=1), cores=2, seed=1)
    assert seen.latencies_s == pytest.approx([0.002] * len(seen.latencies_s))
    assert seen.transfers_per_s == pytest.approx(100 / 0.002, rel=0.01)


def test_what_waits_together_shares_a_commit(costs: Costs) -> None:
    """Eight at once: 0.4 ms + 8 x 0.6 ms of CPU and 1 ms of waiting, 6.2 ms for 800 rows."""
    seen = run_cells(costs, load_of(in_flight=8), cores=2, seed=1)
    assert seen.answered / seen.commits == pytest.approx(8, rel=0.01)
    assert seen.transfers_per_s == pytest.approx(800 / 0.0062, rel=0.01)


def test_an_eager_writer_takes_the_first_and_then_the_others() -> None:
    eager = costs_of(eager_share=1.0, caller_cpu_s=0.0001)
    seen = run_cells(eager, load_of(in_flight=8), cores=2, seed=1)
    assert seen.answered / seen.commits == pytest.approx(4, rel=0.2)


def test_cores_are_what_many_cells_share(costs: Costs) -> None:
    """Sixteen step by step: 8 ms on two cores, then 1 ms of waiting."""
    seen = run_cells(costs, load_of(cells=16, in_flight=1), cores=2, seed=1)
    assert seen.transfers_per_s == pytest.approx(1_600 / 0.009, rel=0.02)
    assert seen.busy_cores == pytest.approx(2 * 8 / 9, rel=0.02)


def test_a_slow_disk_is_shared_too() -> None:
    """Four at once: 1 ms of CPU, then 4 ms on a disk that does one after the other."""
    one_at_a_time = costs_of(disk_paces=(1.0, 0.5, 1 / 3, 0.25))
    seen = run_cells(one_at_a_time, load_of(cells=4, in_flight=1), cores=8, seed=1)
    assert seen.transfers_per_s == pytest.approx(400 / 0.005, rel=0.02)


def test_crowding_costs_what_was_measured() -> None:
    crowded = costs_of(core_paces=(1.0, 0.8, 0.8 * 2 / 3, 0.4))
    assert paces(crowded, 2)[:4] == pytest.approx([1.0, 0.8, 0.8 * 2 / 3, 0.4])
    assert paces(crowded, 4)[3] == pytest.approx(0.8), "four on four cores crowd as two on two"
    assert paces(crowded, 4)[7] == pytest.approx(0.4)


@pytest.mark.parametrize(("needed", "longer_ms"), [(0, 0), (1, 2), (2, 30)])
def test_a_commit_waits_for_as_many_copies_as_it_must(needed: int, longer_ms: float) -> None:
    """A copy in the city is 2 ms away, one in the other city 30 ms; each syncs for 1 ms."""
    load = load_of(in_flight=1, copies_s=(0.002, 0.030), copies_needed=needed)
    seen = run_cells(costs_of(), load, cores=2, seed=1)
    assert seen.percentile_s(50) == pytest.approx(0.002 + longer_ms / 1e3)


def test_what_falls_due_while_the_writer_is_dead_is_answered_later(costs: Costs) -> None:
    """100 batches a second, dead for 2 s: about 200 wait, and are worked off in one commit."""
    load = load_of(per_second=100, seconds=6.0, dead_cells=1, dead_from_s=1.0, dead_s=2.0)
    seen = run_cells(costs, load, cores=2, seed=1)
    assert seen.waiting_max == pytest.approx(200, rel=0.2)
    assert 3.0 < seen.drained_s < 3.3
    assert max(seen.latencies_s) == pytest.approx(2.0, rel=0.1)
    assert seen.refused == 0


def test_more_than_may_wait_is_refused_and_counted(costs: Costs) -> None:
    load = load_of(per_second=10_000, waiting_max=50)
    seen = run_cells(costs, load, cores=2, seed=1)
    assert seen.refused > 1_000
    assert seen.waiting_max == 50
    assert max(seen.latencies_s) < 0.1


@settings(max_examples=25, deadline=None)
@given(
    cells=some.integers(1, 6),
    per_second=some.floats(1, 3_000),
    waiting_max=some.integers(1, 200),
    seed=some.integers(0, 2**32),
)
def test_every_batch_is_answered_or_refused_or_on_its_way(
    cells: int, per_second: float, waiting_max: int, seed: int
) -> None:
    load = load_of(
        cells=cells, per_second=per_second, waiting_max=waiting_max, seconds=0.3, warm_up_s=0.0
    )
    seen = run_cells(costs_of(), load, cores=2, seed=seed)
    assert seen.offered == seen.answered + seen.refused + seen.left
    assert 0 <= seen.left <= cells * (waiting_max + 65_520 // 100 + 1) + seen.offered // 2
    assert seen.rows == 100 * seen.answered == 100 * len(seen.latencies_s)
    again = run_cells(costs_of(), load, cores=2, seed=seed)
    assert again == seen, "same seed, same bytes"


def test_more_load_is_never_quicker() -> None:
    spread = np.random.default_rng(3).exponential(0.001, 200).tolist()
    wide = batch(1).model_copy(update={"cpu_s": tuple(spread), "wait_s": tuple(spread)})
    costs = costs_of(batches=(wide, wide.model_copy(update={"rows": 1_000})), commit_cpu_s=0.0)
    late = [
        run_cells(costs, load_of(per_second=rate, seconds=20.0), cores=2, seed=5).percentile_s(99)
        for rate in (10, 200, 500, 800)
    ]
    assert late == sorted(late)
    assert late[-1] > 2 * late[0]


def test_a_load_is_open_or_closed_and_never_both(costs: Costs) -> None:
    with pytest.raises(Bug, match="one kind of load"):
        run_cells(costs, load_of(per_second=1, in_flight=1), cores=2, seed=1)
    with pytest.raises(Bug, match="one kind of load"):
        run_cells(costs, load_of(), cores=2, seed=1)


@pytest.mark.parametrize(("cells", "seconds"), [(1, 3.5), (2, 3.5), (4, 6.5), (9, 14.0)])
def test_recovery_reads_the_journal_on_the_cores_there_are(
    costs: Costs, cells: int, seconds: float
) -> None:
    """1 s to start and 2 s a million transfers, on two cores; then 0.5 s of waiting."""
    found = recovery_s(costs, cells=cells, transfers=1_000_000, cores=2)
    assert found == pytest.approx(seconds)


def test_a_crowd_of_starts_takes_more_cpu_each() -> None:
    """Half as much again where there are four a core; alone nothing more."""
    crowded = costs_of(start_crowding=1.5)
    times = [recovery_s(crowded, cells=each, transfers=0, cores=2) for each in (2, 8)]
    assert times == pytest.approx([1.5, 4 * 1.5 + 0.5])


def test_recovery_loads_the_accounts_of_the_checkpoint(costs: Costs) -> None:
    found = recovery_s(costs, cells=1, transfers=0, accounts=4_000_000, cores=2)
    assert found == pytest.approx(1.0 + 4 * 0.5 + 0.5)
