"""`bench cluster`: durable transfers of one cell whose journal is on a set of three nodes.

All on this machine: the cell, three Galera nodes that sync every commit, and the client. A batch is
answered when it is on the disks of all three. The peer is the same set, fed a row a transfer.
"""

from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import batches
from benchmarks.ledger import _post
from benchmarks.measuring import Measured, measured, middle, rss_peak_mb
from benchmarks.peers import galera_rows
from benchmarks.running import run, say
from benchmarks.serving import BATCH_ROWS, Served, folder, open_accounts
from benchmarks.sets import NODES, SET, galera, pid_of, start_cell
from yunjin import client

SEED = 1


def cluster(quick: bool) -> dict[str, Any]:
    """Measure ours, then the peer, on the same set."""
    accounts, per_run, turns = (50_000, 30, 1) if quick else (1_000_000, 240, 3)
    with folder() as home, galera() as fleet:
        url = fleet.url(SET)
        nodes = {name: pid_of(fleet, name) for name in NODES}
        figures = _ours(home, url, nodes, accounts, per_run, turns)
        say("the same set, a row a transfer, 16 clients")
        with measured(**nodes) as took:
            rows = galera_rows.run(url, accounts=min(accounts, 100_000), seconds=3 if quick else 15)
    figures["row_sql_per_s"] = rows.per_second
    figures["row_sql_set_cpu_s_per_million"] = (
        sum(took.cpu_s.values()) / (rows.per_second * took.seconds) * 1e6
    )
    figures["ratio_to_row_sql"] = figures["transfers_per_s"] / rows.per_second
    return figures


def _ours(
    home: Path, url: str, nodes: dict[str, int], accounts: int, per_run: int, turns: int
) -> dict[str, Any]:
    chance = np.random.default_rng(SEED)
    cell = start_cell(home, url, codec="zstd")
    try:
        made = client.connect(cell.address, deadline_s=60)
        with made:
            say(f"opening {accounts:,} accounts")
            ids = open_accounts(made, accounts)
            served = Served(0, 0, cell.pid)
            _post(served, made, batches.make(chance, ids, 16))
            paces: list[Measured] = []
            waited: list[float] = []
            set_cpu = 0.0
            for turn in range(turns):
                some = batches.make(chance, ids, per_run)
                say(f"turn {turn + 1} of {turns}")
                with measured(**nodes) as whole:
                    took, latencies = _post(served, made, some)
                set_cpu += sum(whole.cpu_s.values())
                paces.append(took)
                waited += latencies
        memory_mb = rss_peak_mb(cell.pid)
    finally:
        cell.process.terminate()
        cell.process.wait(120)
    count = per_run * BATCH_ROWS
    return {
        "transfers_per_s": middle([one.per_second(count) for one in paces]),
        "transfers_per_s_best": max(one.per_second(count) for one in paces),
        "cell_cpu_s_per_million": middle([one.per_million(count, "server") for one in paces]),
        "set_cpu_s_per_million": set_cpu / (count * turns) * 1e6,
        "batch_p50_ms": float(np.percentile(waited, 50)),
        "batch_p99_ms": float(np.percentile(waited, 99)),
        "accounts": accounts,
        "batch_rows": BATCH_ROWS,
        "memory_mb": memory_mb,
    }


if __name__ == "__main__":
    run("cluster", cluster)
