"""Measure what a cell costs on this machine, with one cell in one process, in about half a minute.

Busy loops beside it tell what it costs to share cores, and threads that sync files what it costs to
share the disk; no second cell runs.
"""

import json
import os
import platform
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any, Final

import numpy as np

from yunjin.app.planning.processes import RARELY, STEADY, Cells, Start, cells
from yunjin.foundation.database.domain.planning.costs import Batch, Costs

ROWS: Final = (1, 100, 1_000, 8_190)
_ROUNDS: Final = 3
_CROWD: Final = 16  # batches in flight, where many share a commit
_PAIRS: Final = 300  # kept of the samples of a size
_FILLED: Final = 1_000_000
_GROWN: Final = 500_000
_BURN: Final = (  # random reads and a sort: what shares the caches with a cell
    "import numpy as n\nr=n.random.default_rng(1);a=r.random(1<<22);i=r.integers(0,1<<22,1<<15)\n"
    "while 1: a[i].sum(); n.sort(a[:1<<16]); {i: i for i in range(5000)}"
)
Say = Callable[[str], None]
_ASSUMED: Final = {  # where no benchmark has told
    "take_over_s": 2.0,
    "detect_s": 1.0,
    "load_s_per_million": 0.376,
    "transfer_bytes": 47.69,
    "transfer_cpu_s_per_million": 0.753,
    "logic_cpu_s_per_million": 37.65,
    "single_cpu_s_per_million": 121.8,
    "query_cpu_s_per_million": 121.8,
    "replica_cpu_s_per_million": 0.753,
}
_TOLD: Final = {  # cost: benchmark and its key
    "take_over_s": ("failover", "cell_rto_s"),
    "load_s_per_million": ("recovery", "open_from_snapshot_loaded_s"),  # of 1,000,000 accounts
    "transfer_bytes": ("recovery", "journal_bytes_per_transfer"),
    "transfer_cpu_s_per_million": ("ledger", "cpu_s_per_million"),
    "logic_cpu_s_per_million": ("posting", "batch_cpu_s_per_million"),
    "single_cpu_s_per_million": ("http", "cpu_s_per_million"),
    "query_cpu_s_per_million": ("http", "cpu_s_per_million"),
    "replica_cpu_s_per_million": ("cluster", "replica_cpu_s_per_million"),
}


def machine() -> str:
    """Return what the costs depend on, in words."""
    found = platform.processor() or platform.machine()
    known = Path("/proc/cpuinfo")
    for line in known.read_text(encoding="utf-8").splitlines() if known.exists() else ():
        if line.startswith("model name"):
            found = line.partition(":")[2].strip()
            break
    return f"{found}, {os.cpu_count()} cores, Python {platform.python_version()}"


def results_in(folder: Path) -> dict[str, Any]:
    """Return the newest figures of each benchmark in a folder, by its name."""
    return {
        path.stem.rsplit("-", 3)[0]: json.loads(path.read_text(encoding="utf-8"))
        for path in sorted(folder.glob("*-????-??-??.json"))
    }


def calibrate(home: Path, *, machine: str, results: Mapping[str, Any], say: Say) -> Costs:
    """Measure one cell in `home`, and take from benchmarks what stands around it.

    machine: words that tell what the costs depend on. results: figures by name of benchmark.
    """
    cores = os.cpu_count() or 1
    say("one cell: batches one by one, then many at once")
    with cells(home / "steady", 1) as (one, _):
        one.all_do("filled", rows=1_000, count=STEADY + 10_000)  # tables grow, up to a checkpoint
        one.all_do("alone", rows=1, count=300)
        rounds = [[*(_alone(one, rows) for rows in ROWS), _crowd(one)] for _ in range(_ROUNDS)]
        *alone, crowd = (_merged(list(some)) for some in zip(*rounds, strict=True))
        say("the same beside busy loops, which share the cores")
        core_paces = _core_paces(one, cores)
        grown = one.all_do("more_accounts", count=_GROWN)[0]["bytes"]
    say("a journal is filled and read back")
    recovery = _recovery(home / "filled", cores)
    say("threads share the disk")
    disk_paces = _disk_paces(home)
    return Costs(
        machine=machine,
        cores=cores,
        core_paces=core_paces,
        disk_paces=disk_paces,
        account_bytes=max(1, grown // _GROWN),
        **_commit(alone, crowd),
        **recovery,
        **{
            cost: results.get(name, {}).get(key, _ASSUMED[cost])
            for cost, (name, key) in _TOLD.items()
        },
        detect_s=_ASSUMED["detect_s"],
    )


def _alone(one: Cells, rows: int) -> dict[str, Any]:
    return one.all_do("alone", rows=rows, count=200 if rows < 8_000 else 80)[0]


def _crowd(one: Cells) -> dict[str, Any]:
    return one.all_do("closed", rows=100, in_flight=_CROWD, seconds=1, count=4_000)[0]


def _merged(some: list[dict[str, Any]]) -> dict[str, Any]:
    """Return stretches of the same as one: taken by turns, a swing of the machine meets all."""
    return {name: sum((one[name] for one in some[1:]), some[0][name]) for name in some[0]}


def _commit(alone: list[dict[str, Any]], crowd: dict[str, Any]) -> dict[str, Any]:
    """Split what batches cost alone into their own part and that of the commit they share."""
    single = alone[ROWS.index(100)]
    mean = (single["apply_cpu_s"] + single["commit_cpu_s"]) / single["jobs"]
    jobs, commits = crowd["jobs"], crowd["commits"]
    writing = crowd["apply_cpu_s"] + crowd["commit_cpu_s"]
    shared = min(max((mean * jobs - writing) / max(1, jobs - commits), 0.0), mean * 0.9)
    own = (writing - commits * shared) / jobs
    caller = crowd["caller_cpu_s"] / jobs
    batches = [_pairs(rows, one, caller) for rows, one in zip(ROWS, alone, strict=True)]
    eager = _CROWD / (jobs / commits) - 1  # sixteen in one commit, or one and then fifteen
    beside = crowd["process_cpu_s"] - writing - crowd["caller_cpu_s"]
    return {
        "batches": batches,
        "commit_cpu_s": shared,
        "apply_share": min(1.0, crowd["apply_cpu_s"] / jobs / max(own, 1e-9)),
        "commit_wait_s": np.median(batches[0].wait_s).item(),
        "eager_share": min(max(eager, 0.0), 1.0),
        "caller_cpu_s": caller,
        "beside_cpu_s_per_million": max(0.0, beside / (jobs * 100) * 1e6),
    }


def _pairs(rows: int, one: dict[str, Any], caller: float) -> Batch:
    cpu = np.array(one["cpu_s"])
    wait = np.maximum(np.array(one["wall_s"]) - cpu - caller, 0)
    order = np.argsort(cpu + wait)
    chosen = order[np.linspace(0, len(order) - 1, min(_PAIRS, len(order))).astype(int)]
    cpu, wait = cpu[chosen].round(7), wait[chosen].round(7)
    return Batch(rows=rows, cpu_s=cpu.tolist(), wait_s=wait.tolist())


@contextmanager
def _burning(count: int) -> Iterator[None]:
    loops = [subprocess.Popen([sys.executable, "-c", _BURN]) for _ in range(count)]
    try:
        time.sleep(0.5)  # until they have loaded
        yield
    finally:
        for one in loops:
            one.kill()
            one.wait()


def _core_paces(one: Cells, cores: int) -> list[float]:
    """Return the pace of each of k that want a core: how much more CPU a batch takes beside k - 1.

    Measured beside a loop on each other core, and beside four a core.
    """
    measured = [1, cores, 4 * cores]
    spent = []
    for busy in measured:
        with _burning(busy - 1):
            took = one.all_do("closed", rows=100, in_flight=_CROWD, seconds=2, count=8_000)[0]
        spent.append((took["apply_cpu_s"] + took["commit_cpu_s"]) / took["jobs"])
    lost = np.minimum(1, spent[0] / np.array(spent))
    every = np.arange(1, measured[-1] + 1)
    return list((np.interp(every, measured, lost) * np.minimum(1, cores / every)).tolist())


def _recovery(home: Path, cores: int) -> dict[str, float]:
    """Start a cell with an empty journal and with a full one, three times; the middle counts."""
    empty, full = [], []
    for turn in range(3):
        with cells(home / f"{turn}", 1, checkpoint_transfers=RARELY) as (one, start):
            empty.append(start)
            one.all_do("filled", rows=1_000, count=_FILLED)
        with cells(home / f"{turn}", 1, checkpoint_transfers=RARELY) as (_, start):
            full.append(start)
    with _burning(4 * cores - 1), cells(home / "0", 1, checkpoint_transfers=RARELY) as (_, start):
        crowding = start.cpu_s / _middle(full, "cpu_s")
    cpu_s, seconds = _middle(empty, "cpu_s"), _middle(empty, "seconds")
    replay_cpu_s, replay_s = (
        max(0.0, _middle(full, name) - _middle(empty, name)) / _FILLED * 1e6
        for name in ("opened_cpu_s", "opened_s")
    )
    return {
        "start_cpu_s": min(cpu_s, seconds),
        "start_crowding": min(max(crowding, 1.0), 10.0),
        "start_wait_s": max(0.0, seconds - cpu_s),
        "replay_cpu_s_per_million": min(replay_cpu_s, replay_s),
        "replay_wait_s_per_million": max(0.0, replay_s - replay_cpu_s),
    }


def _middle(starts: list[Start], name: str) -> float:
    middle: float = median(getattr(one, name) for one in starts)
    return middle


def _disk_paces(home: Path, *, most: int = 12, seconds: float = 0.4) -> list[float]:
    """Return the pace of each of k threads that write and sync files of their own, 1 = alone."""
    measured = [1, 2, 4, most]
    tries = [[_syncs_per_s(home, count, seconds) for count in measured] for _ in range(2)]
    paces = np.max(tries, axis=0) / measured
    paces = np.maximum.accumulate(paces[::-1])[::-1]  # more never makes anyone quicker
    every = np.interp(np.arange(1, most + 1), measured, paces / paces[0])
    return list(every.tolist())


def _syncs_per_s(home: Path, count: int, seconds: float) -> float:
    done = [0] * count
    end = time.perf_counter() + seconds
    body = os.urandom(65_536)

    def work(place: int) -> None:
        with (home / f"sync-{place}").open("wb", buffering=0) as file:
            while time.perf_counter() < end:
                file.seek(done[place] % 128 * len(body))
                file.write(body)
                os.fdatasync(file.fileno())
                done[place] += 1

    threads = [threading.Thread(target=work, args=(place,)) for place in range(count)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    return sum(done) / seconds
