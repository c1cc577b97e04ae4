"""`bench posting`: entries with full product logic: limits, hooks, general ledger, outbox.

Single entries over HTTP by 64 connections, gathered so that hooks run over columns; and the same in
batches of 8,190 through the near door, as micro-batches come. All durable when answered.
"""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import numpy as np
import pyarrow as pa

from benchmarks import load
from benchmarks.dayclose import opened
from benchmarks.measuring import measured, rss_peak_mb
from benchmarks.running import run, say
from benchmarks.serving import folder, served
from yunjin.foundation.banking.api.agreements import (
    ENTRIES_MAX,
    ENTRIES_REQUIRED,
    EntryStatus,
    Opening,
)
from yunjin.kernel.clock import SystemClock
from yunjin.kernel.ids import uuid7

ACCOUNTS, CONNECTIONS = 10_000, 64


def _requests(ids: list[int]) -> Iterator[bytes]:
    """Yield requests that pay money into accounts and take some out."""
    clock, chance = SystemClock(), np.random.default_rng(3)
    while True:
        for account, amount in zip(
            chance.choice(ids, 10_000).tolist(),
            chance.integers(1, 900, 10_000).tolist(),
            strict=True,
        ):
            body = msgspec.json.encode(
                {
                    "id": str(uuid7(clock)),
                    "agreement_id": str(account),
                    "amount_minor": amount if amount % 3 else -amount,
                }
            )
            head = (
                "POST /v1/entries HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            )
            yield head.encode() + body


def _over_http(quick: bool) -> dict[str, Any]:
    accounts = 1_000 if quick else ACCOUNTS
    with folder() as home, served(home) as bank:
        base = f"http://127.0.0.1:{bank.http_port}"
        ids = _opened(base, accounts)
        requests = _requests(ids)
        for start in range(0, len(ids), 2_000):
            _pay_in(base, ids[start : start + 2_000], 1_000_000)
        load.closed(bank.http_port, requests, connections=CONNECTIONS, seconds=1)
        seconds = 2 if quick else 10
        prepared = iter([next(requests) for _ in range(6_000 * seconds)])
        with measured(server=bank.pid) as took:
            answers = load.closed(
                bank.http_port, prepared, connections=CONNECTIONS, seconds=seconds
            )
        return {
            "entries_per_s": answers.per_second,
            "cpu_s_per_million": took.per_million(answers.created, "server"),
            "p50_ms": float(np.percentile(answers.latencies_ms, 50)),
            "p99_ms": float(np.percentile(answers.latencies_ms, 99)),
            "server_memory_mb": rss_peak_mb(bank.pid),
        }


def _opened(base: str, count: int) -> list[int]:
    found = []
    with httpx.Client(base_url=base, timeout=60) as web:
        for _ in range(count // 1_000):
            openings = [{"product": "current-account", "party_id": "p-1"}] * 1_000
            key = {"idempotency-key": str(uuid7(SystemClock()))}
            answer = web.post("/v1/agreements/batch", json={"openings": openings}, headers=key)
            answer.raise_for_status()
            found += [int(one) for one in answer.json()["agreement_ids"]]
    return found


def _pay_in(base: str, ids: list[int], amount: int) -> None:
    entries = [
        {"id": str(uuid7(SystemClock())), "agreement_id": str(one), "amount_minor": amount}
        for one in ids
    ]
    httpx.post(f"{base}/v1/entry_batches", json={"entries": entries}, timeout=60).raise_for_status()


def _in_batches(home: Path, quick: bool) -> dict[str, Any]:
    clock, chance = SystemClock(), np.random.default_rng(5)
    with opened(home) as (agreements, _):
        wanted = [Opening(product="current-account", party_id="p-1")] * ENTRIES_MAX
        ids = np.array([one for _ in range(4) for one in agreements.open(uuid7(clock), wanted)])
        batches = []
        for _ in range(5 if quick else 40):
            some = chance.choice(ids, ENTRIES_MAX, replace=False)
            made = [uuid7(clock).int for _ in some]
            columns = {
                "id_hi": [one >> 64 for one in made],
                "id_lo": [one & (2**64 - 1) for one in made],
                "agreement_id": some,
                "amount_minor": chance.integers(1, 9_000, len(some)),
            }
            arrays = [pa.array(values, ENTRIES_REQUIRED[name]) for name, values in columns.items()]
            batches.append(pa.RecordBatch.from_arrays(arrays, names=list(columns)))
        agreements.post(batches.pop())
        start = time.perf_counter()
        booked = 0
        with measured(bank=os.getpid()) as took:
            for batch in batches:
                status = agreements.post(batch)["status"].to_numpy()
                booked += int(np.count_nonzero(status == EntryStatus.BOOKED))
        spent = time.perf_counter() - start
    if booked != len(batches) * ENTRIES_MAX:
        raise RuntimeError(f"expected all entries to be booked, was {booked}")
    return {
        "batch_entries_per_s": booked / spent,
        "batch_cpu_s_per_million": took.per_million(booked, "bank"),
    }


def posting(quick: bool) -> dict[str, Any]:
    """Post one by one over HTTP, then in batches."""
    say("single entries over HTTP")
    single = _over_http(quick)
    say(f"batches of {ENTRIES_MAX:,}")
    with folder() as home:
        return single | _in_batches(home, quick) | {"connections": CONNECTIONS}


if __name__ == "__main__":
    run("posting", posting)
