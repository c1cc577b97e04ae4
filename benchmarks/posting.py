"""`bench posting`: entries with full product logic: limits, hooks, general ledger, outbox.

Single entries over HTTP by 64 connections, gathered so that hooks run over columns; and the same in
micro-batches of 1,000 on one stream of Arrow Flight. All durable when answered.
"""

import time
from collections import deque
from collections.abc import Iterator
from typing import Any

import httpx
import msgspec
import numpy as np

from benchmarks import load
from benchmarks.measuring import measured, rss_peak_mb
from benchmarks.running import run, say
from benchmarks.serving import folder, served
from yunjin import client
from yunjin.kernel.clock import SystemClock
from yunjin.kernel.ids import uuid7

ACCOUNTS, CONNECTIONS = 10_000, 64
BATCH_ROWS, IN_FLIGHT = 1_000, 8


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


def _over_flight(quick: bool) -> dict[str, Any]:
    """Post micro-batches on one stream, several on their way at once."""
    with folder() as home, served(home) as bank, bank.connect() as far:
        ids = np.array(_opened(f"http://127.0.0.1:{bank.http_port}", ACCOUNTS))
        chance = np.random.default_rng(5)
        count = 20 if quick else 400
        batches = [_batch(chance.choice(ids, BATCH_ROWS), chance) for _ in range(count)]
        deque(far.post_entries_many(batches[:4], in_flight=IN_FLIGHT), maxlen=0)
        start = time.perf_counter()
        with measured(server=bank.pid) as took:
            answers = far.post_entries_many(batches[4:], in_flight=IN_FLIGHT)
            booked = sum(results.booked_count for results in answers)
        spent = time.perf_counter() - start
    wanted = (len(batches) - 4) * BATCH_ROWS
    if booked != wanted:
        raise RuntimeError(f"expected {wanted} entries to be booked, was {booked}")
    return {
        "batch_entries_per_s": booked / spent,
        "batch_cpu_s_per_million": took.per_million(booked, "server"),
        "batch_rows": BATCH_ROWS,
    }


def _batch(agreements: Any, chance: np.random.Generator) -> Any:
    id_hi, id_lo = client.ids(BATCH_ROWS)
    amounts = chance.integers(1, 9_000, BATCH_ROWS)
    return client.Entries(id_hi=id_hi, id_lo=id_lo, agreement_id=agreements, amount_minor=amounts)


def posting(quick: bool) -> dict[str, Any]:
    """Post one by one over HTTP, then in micro-batches over Flight."""
    say("single entries over HTTP")
    single = _over_http(quick)
    say(f"micro-batches of {BATCH_ROWS:,} over Flight")
    return single | _over_flight(quick) | {"connections": CONNECTIONS}


if __name__ == "__main__":
    run("posting", posting)
