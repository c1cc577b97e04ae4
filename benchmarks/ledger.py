"""`bench ledger`: durable transfers in batches over Arrow Flight, beside SQLite and PostgreSQL.

1,000,000 accounts, each with a limit; batches of 8,190, four in flight, from this process to the
bank's; every batch durable before it is answered, with ids remembered and a code a transfer.
Uniform and hot runs take turns, so that a swing of the machine meets both.
"""

import os
import time
from collections import deque
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import batches
from benchmarks.measuring import Measured, measured, middle
from benchmarks.peers import postgres, sqlite_rows
from benchmarks.running import run, say
from benchmarks.serving import BATCH_ROWS, Served, folder, open_accounts, served
from yunjin import client
from yunjin.foundation.ledger import wiring
from yunjin.foundation.ledger.api import LedgerApi
from yunjin.kernel.clock import SystemClock

IN_FLIGHT = 4
SEED = 1


def ledger(quick: bool) -> dict[str, Any]:
    """Measure ours, then the peers, on the same machine with as many accounts."""
    accounts, per_run, turns = (50_000, 40, 1) if quick else (1_000_000, 240, 3)
    with folder() as home:
        ours = _ours(home, accounts, per_run, turns)
        say("looking balances up, in process")
        ours["lookups_per_s"] = _lookups(home, seconds=1 if quick else 4)
    seconds = 2 if quick else 8
    with folder() as home:
        say("SQLite, a row a transfer")
        rows = sqlite_rows.run(home, accounts=accounts, seconds=seconds)
    ours["sqlite_rows_per_s"] = rows.per_second
    ours["sqlite_rows_cpu_s_per_million"] = rows.cpu_s_per_million
    ours["ratio_to_sqlite_rows"] = ours["transfers_per_s"] / rows.per_second
    with postgres.server(accounts=accounts) as server:
        if server is None:
            say("no PostgreSQL here: its keys are left out")
            return ours
        say(f"PostgreSQL {server.version}, a set at a time")
        server.run_set(batches=5)
        paces = [server.run_set(batches=10 if quick else 50) for _ in range(turns)]
    ours["postgres_version"] = server.version
    ours["postgres_set_per_s"] = middle([pace.per_second for pace in paces])
    ours["postgres_set_cpu_s_per_million"] = middle([pace.cpu_s_per_million for pace in paces])
    ours["ratio_to_postgres"] = ours["transfers_per_s"] / ours["postgres_set_per_s"]
    return ours


def _ours(home: Path, accounts: int, per_run: int, turns: int) -> dict[str, Any]:
    chance = np.random.default_rng(SEED)
    with served(home) as bank, bank.connect() as made:
        say(f"opening {accounts:,} accounts")
        ids = open_accounts(made, accounts)
        _post(bank, made, batches.make(chance, ids, 8))  # kernels load, files grow
        runs: dict[bool, list[Measured]] = {False: [], True: []}
        latencies: list[float] = []
        for turn in range(turns):
            for is_hot in (False, True):
                some = batches.make(chance, ids, per_run, is_hot=is_hot)
                say(f"turn {turn + 1} of {turns}, {'one hot account' if is_hot else 'uniform'}")
                took, waited = _post(bank, made, some)
                runs[is_hot].append(took)
                latencies += [] if is_hot else waited
        memory_mb = bank.memory_mb
    count = per_run * BATCH_ROWS
    pace = {hot: middle([one.per_second(count) for one in runs[hot]]) for hot in runs}
    cpu = {
        name: middle([one.per_million(count, name) for one in runs[False]])
        for name in ("server", "client")
    }
    return {
        "transfers_per_s": pace[False],
        "hot_transfers_per_s": pace[True],
        "hot_ratio": pace[True] / pace[False],
        "transfers_per_s_best": max(one.per_second(count) for one in runs[False]),
        "cpu_s_per_million": cpu["server"],
        "client_cpu_s_per_million": cpu["client"],
        "batch_p50_ms": float(np.percentile(latencies, 50)),
        "batch_p99_ms": float(np.percentile(latencies, 99)),
        "accounts": accounts,
        "batch_rows": BATCH_ROWS,
        "memory_mb": memory_mb,
    }


def _post(bank: Served, made: client.Client, some: list[Any]) -> tuple[Measured, list[float]]:
    """Post batches, four in flight; return how long it took and each batch's own time, ms."""
    sent: deque[float] = deque()
    waited, created = [], 0

    def sending() -> Any:
        for one in some:
            sent.append(time.perf_counter())
            yield one

    with measured(server=bank.pid, client=os.getpid()) as took:
        for results in made.post_many(sending(), in_flight=IN_FLIGHT):
            waited.append((time.perf_counter() - sent.popleft()) * 1e3)
            created += results.created_count
    took.cpu_s["client"] -= took.cpu_s["server"]  # the bank is a child of this process
    if created != len(some) * BATCH_ROWS:
        raise RuntimeError(f"expected {len(some) * BATCH_ROWS} transfers created, was {created}")
    return took, waited


def _lookups(home: Path, *, seconds: float) -> float:
    """Look up balances by id in batches of 8,190; return how many a second."""
    room = wiring.build(wiring.Settings(), tenant="demo", clock=SystemClock(), home=home)
    try:
        api: LedgerApi = room.doors[LedgerApi]
        count = api.state().account_count
        chance = np.random.default_rng(SEED)
        numbers = chance.integers(1, count + 1, (64, BATCH_ROWS)) + (1 << 48)
        wanted = [row.tolist() for row in numbers]
        if api.accounts(wanted[0]).num_rows != BATCH_ROWS:
            raise RuntimeError("expected every account to be found, was otherwise")
        done, start = 0, time.perf_counter()
        while time.perf_counter() - start < seconds:
            for one in wanted:
                done += api.accounts(one).num_rows
        return done / (time.perf_counter() - start)
    finally:
        if room.close is not None:
            room.close()


if __name__ == "__main__":
    run("ledger", ledger)
