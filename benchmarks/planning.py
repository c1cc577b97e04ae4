"""`bench planning`: are the predictions of the simulation true for 1, 3 and 9 cells here?

In each turn one cell alone is calibrated, everything is predicted from that, and only then so many
cells are run, each in a process of its own with a durable journal: as fast as they go (throughput),
at half of what was predicted, between two checkpoints (p99), and killed with 1,000,000 transfers in
each journal and started again together (recovery, until the last one has answered durably). Medians
of the turns are compared. `error_cpu_pct_…` holds CPU-seconds against each other, which a busy
machine moves less.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measuring import middle
from benchmarks.running import run, say
from benchmarks.serving import folder
from yunjin.app.planning.calibrating import calibrate
from yunjin.app.planning.processes import RARELY, STEADY, cells
from yunjin.foundation.database.domain.planning.cells import Load, recovery_s, run_cells
from yunjin.foundation.database.domain.planning.costs import Costs

COUNTS = (1, 3, 9)
BATCH_ROWS, IN_FLIGHT = 100, 8
FIGURES = ("throughput", "p99", "recovery", "cpu")
SEED = 1


@dataclass
class Outcome:
    """What so many cells do, foreseen or seen."""

    throughput: float  # transfers a second of all cells
    p99: float  # ms
    recovery: float  # s
    cpu: float  # s a million transfers, as fast as they go
    offered: float = 0.0  # batches a second and cell, when the latency is looked at


def planning(quick: bool) -> dict[str, Any]:
    """Calibrate, predict and measure, turn after turn."""
    turns, seconds, filled = (1, 1.0, 200_000) if quick else (3, 4.0, 1_000_000)
    foreseen: dict[int, list[Outcome]] = {count: [] for count in COUNTS}
    seen: dict[int, list[Outcome]] = {count: [] for count in COUNTS}
    for turn in range(turns):
        say(f"turn {turn + 1} of {turns}: calibrating one cell")
        with folder() as home:
            costs = calibrate(home, machine="this one", results={}, say=lambda words: None)
        for count in COUNTS:
            foreseen[count].append(_predict(costs, count, seconds, filled))
        for count in COUNTS:
            say(f"turn {turn + 1} of {turns}: {count} cells")
            seen[count].append(_measure(count, foreseen[count][-1], seconds, filled))
    figures: dict[str, Any] = {}
    for count in COUNTS:
        for name in FIGURES:
            expected, was = (
                middle([getattr(one, name) for one in some])
                for some in (foreseen[count], seen[count])
            )
            figures[f"predicted_{name}_{count}"] = expected
            figures[f"measured_{name}_{count}"] = was
            figures[f"error_{name}_pct_{count}"] = 100 * abs(expected / was - 1)
    for name in FIGURES:
        figures[f"error_{name}_pct"] = max(figures[f"error_{name}_pct_{each}"] for each in COUNTS)
    return figures | {"batch_rows": BATCH_ROWS, "in_flight": IN_FLIGHT, "turns": turns}


def _predict(costs: Costs, count: int, seconds: float, filled: int) -> Outcome:
    cores = os.cpu_count() or 1
    closed = Load(cells=count, batch_rows=BATCH_ROWS, seconds=seconds, in_flight=IN_FLIGHT)
    fast = run_cells(costs, closed, cores=cores, seed=SEED)
    offered = fast.transfers_per_s / 2 / BATCH_ROWS / count
    opened = Load(cells=count, batch_rows=BATCH_ROWS, seconds=seconds, per_second=offered)
    half = run_cells(costs, opened, cores=cores, seed=SEED)
    return Outcome(
        throughput=fast.transfers_per_s,
        p99=half.percentile_s(99) * 1e3,
        recovery=recovery_s(costs, cells=count, transfers=filled, cores=cores),
        cpu=fast.busy_cores / fast.transfers_per_s * 1e6,
        offered=offered,
    )


def _measure(count: int, foreseen: Outcome, seconds: float, filled: int) -> Outcome:
    ample = int(foreseen.throughput / BATCH_ROWS / count * seconds * 2)
    between = 0.8 * STEADY / (foreseen.offered * BATCH_ROWS)
    with folder() as home, cells(home, count) as (some, _):
        # tables grow, up to the first checkpoint; then latencies are looked at before the next
        some.all_do("filled", rows=1_000, count=STEADY + 10_000)
        some.all_do("alone", rows=1, count=300)
        half = some.all_do(
            "opened",
            rows=BATCH_ROWS,
            per_second=foreseen.offered,
            seconds=min(seconds, between),
        )
        fast = some.all_do(
            "closed", rows=BATCH_ROWS, in_flight=IN_FLIGHT, seconds=seconds, count=ample
        )
    jobs = sum(one["jobs"] for one in fast)
    latencies = np.concatenate([one["latencies_s"] for one in half])
    return Outcome(
        throughput=sum(one["jobs"] * BATCH_ROWS / one["seconds"] for one in fast),
        p99=np.percentile(latencies, 99).item() * 1e3,
        recovery=_recovery_s(count, filled),
        cpu=sum(one["process_cpu_s"] for one in fast) / jobs / BATCH_ROWS * 1e6,
    )


def _recovery_s(count: int, filled: int) -> float:
    with folder() as home:
        path: Path = home
        with cells(path, count, checkpoint_transfers=RARELY) as (some, _):
            some.all_do("filled", rows=1_000, count=filled)
        with cells(path, count, checkpoint_transfers=RARELY) as (_, start):
            if start.transfers < filled:
                raise RuntimeError(f"expected {filled} transfers kept, was {start.transfers}")
            return start.seconds


if __name__ == "__main__":
    run("planning", planning)
