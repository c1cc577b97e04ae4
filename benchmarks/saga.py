"""`bench saga`: transfers between two cells, each a bank of its own in a process of its own.

Both keep their journals on disk and sync every commit; batches go from this process to the payers'
cell over Flight, from there to the payees' cell over Flight, and are answered when the hold was
posted: a crossing is three durable transfers and its batch two durable rows of a table.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pyarrow as pa

from benchmarks.measuring import measured, rss_peak_mb
from benchmarks.running import run, say
from benchmarks.serving import CODE, LEDGER, Served, folder, open_accounts, served
from tests.ports import free_port
from yunjin import client

ACCOUNTS, BATCH_ROWS, IN_FLIGHT = 10_000, 2_000, 4
PACED_ROWS, PACED_PER_S = 500, 5_000


@contextmanager
def two_cells(home: Path) -> Iterator[tuple[Served, Served]]:
    """Run two cells for a block; each knows the other's address."""
    ports = {cell: free_port() for cell in (1, 2)}
    with _cell(home, 1, ports) as one, _cell(home, 2, ports) as two:
        yield one, two


@contextmanager
def _cell(home: Path, cell: int, ports: dict[int, int]) -> Iterator[Served]:
    other = 3 - cell
    chosen = {
        "YUNJIN_LEDGER__CELL": str(cell),
        "YUNJIN_LEDGER__CLEARING__PEERS": f'{{"{other}": "grpc://127.0.0.1:{ports[other]}"}}',
        "YUNJIN_HTTP__FLIGHT_PORT": str(ports[cell]),
    }
    with served(home / str(cell), chosen) as made:
        yield made


class Payments:
    """Batches of payments from accounts of one cell to accounts of the other."""

    def __init__(self, payers: Any, payees: Any) -> None:
        self._payers, self._payees = payers, payees
        self._chance = np.random.default_rng(11)

    def batch(self, rows: int) -> pa.RecordBatch:
        """Return a batch with ids of its own."""
        hi, lo = client.ids(rows)
        return client.Transfers(
            id_hi=hi,
            id_lo=lo,
            debit_account_id=self._chance.choice(self._payers, rows),
            credit_account_id=self._chance.choice(self._payees, rows),
            amount_minor=self._chance.integers(1, 1_000, rows),
            ledger=LEDGER,
            code=CODE,
        )


def _at_full_speed(one: Served, two: Served, payments: Payments, count: int) -> dict[str, Any]:
    """Send batches on one stream, several on their way; as fast as they are answered."""
    batches = [payments.batch(BATCH_ROWS) for _ in range(count)]
    sent_at: list[float] = []
    took_ms: list[float] = []

    def timed() -> Iterator[pa.RecordBatch]:
        for batch in batches:
            sent_at.append(time.perf_counter())
            yield batch

    posted = 0
    with one.connect() as far, measured(one=one.pid, two=two.pid) as spent:
        for place, results in enumerate(far.cross_many(timed(), in_flight=IN_FLIGHT)):
            took_ms.append((time.perf_counter() - sent_at[place]) * 1_000)
            posted += results.posted_count
    wanted = count * BATCH_ROWS
    if posted != wanted:
        raise RuntimeError(f"expected {wanted} crossings to be posted, was {posted}")
    cpu_s = spent.cpu_s["one"] + spent.cpu_s["two"]
    return {
        "per_s": spent.per_second(posted),
        "p50_ms": float(np.percentile(took_ms, 50)),
        "p99_ms": float(np.percentile(took_ms, 99)),
        "cpu_s_per_million": cpu_s / posted * 1e6,
    }


def _at_a_pace(one: Served, payments: Payments, seconds: int) -> dict[str, Any]:
    """Send 5,000 crossings a second in micro-batches, whether the last is answered or not."""
    every_s = PACED_ROWS / PACED_PER_S
    batches = [payments.batch(PACED_ROWS) for _ in range(int(seconds / every_s))]
    start = time.perf_counter() + 0.1
    due = [start + place * every_s for place in range(len(batches))]
    took_ms: list[float] = []
    lock = threading.Lock()

    def send(first: int) -> None:
        with one.connect() as far:
            for place in range(first, len(batches), IN_FLIGHT):
                time.sleep(max(0.0, due[place] - time.perf_counter()))
                far.cross(batches[place])
                with lock:  # from when it was due: a late start counts
                    took_ms.append((time.perf_counter() - due[place]) * 1_000)

    threads = [threading.Thread(target=send, args=(first,)) for first in range(IN_FLIGHT)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if len(took_ms) != len(batches):
        raise RuntimeError(f"expected {len(batches)} answers, was {len(took_ms)}")
    return {
        "paced_per_s": PACED_PER_S,
        "paced_p50_ms": float(np.percentile(took_ms, 50)),
        "paced_p99_ms": float(np.percentile(took_ms, 99)),
    }


def saga(quick: bool) -> dict[str, Any]:
    """Measure crossings at full speed, then at a pace; then have both cells prove the clearing."""
    with folder() as home, two_cells(home) as (one, two):
        with one.connect() as here, two.connect() as there:
            payers = open_accounts(here, ACCOUNTS)
            payees = open_accounts(there, ACCOUNTS, limited=False)
        payments = Payments(payers, payees)
        _at_full_speed(one, two, payments, 4)
        say(f"batches of {BATCH_ROWS:,}, {IN_FLIGHT} on their way")
        full = _at_full_speed(one, two, payments, 15 if quick else 300)
        say(f"{PACED_PER_S:,} a second in batches of {PACED_ROWS}")
        paced = _at_a_pace(one, payments, 2 if quick else 20)
        proof = httpx.get(f"http://127.0.0.1:{one.http_port}/v1/clearing/proof", timeout=60).json()
        nets = [line["difference_minor"] for line in proof["items"]]
        if not proof["is_proven"] or nets != [0]:
            raise RuntimeError(f"expected clearing to net to zero, was {proof}")
        sizes = {"memory_mb": rss_peak_mb(one.pid) + rss_peak_mb(two.pid)}
    sizes |= {"batch_rows": BATCH_ROWS, "in_flight": IN_FLIGHT}
    return full | paced | sizes | {"processes": "two cells, over Flight, SQLite synchronous=FULL"}


if __name__ == "__main__":
    run("saga", saga)
