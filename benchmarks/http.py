"""`bench http`: single transfers as JSON over 64 connections, each durable, beside PostgreSQL.

First closed loops find the saturating load and what a transfer costs the server in CPU; then, at
half that load, requests fall due steadily and the latency is measured.
"""

import random
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import numpy as np

from benchmarks import load
from benchmarks.measuring import measured, middle
from benchmarks.peers import postgres
from benchmarks.running import run, say
from benchmarks.serving import BATCH_ROWS, CODE, LEDGER, Served, folder, open_accounts, served
from yunjin import client

CONNECTIONS = 64
ACCOUNTS = 10_000
SEED = 1


def http(quick: bool) -> dict[str, Any]:
    """Measure ours, then PostgreSQL's single transfers from 16 clients of pgbench."""
    seconds, turns = (2, 1) if quick else (8, 3)
    with folder() as home, served(home) as bank:
        with bank.connect() as made:
            ids = open_accounts(made, ACCOUNTS).tolist()
        figures = _measure(bank, ids, seconds, turns)
    with postgres.server(accounts=ACCOUNTS) as server:
        if server is None:
            say("no PostgreSQL here: its keys are left out")
            return figures
        say(f"PostgreSQL {server.version}, single transfers")
        server.run_single(seconds=1)
        paces = [server.run_single(seconds=seconds) for _ in range(turns)]
    figures["postgres_version"] = server.version
    figures["postgres_single_per_s"] = middle([pace.per_second for pace in paces])
    figures["postgres_single_cpu_s_per_million"] = middle([p.cpu_s_per_million for p in paces])
    return figures


def _measure(bank: Served, ids: list[int], seconds: float, turns: int) -> dict[str, Any]:
    requests = _requests(ids)
    say("warming up")
    load.closed(bank.http_port, requests, connections=CONNECTIONS, seconds=1)
    paces, costs = [], []
    for turn in range(turns):
        say(f"turn {turn + 1} of {turns}, as fast as it goes")
        prepared = iter([next(requests) for _ in range(int(seconds * 30_000))])
        with measured(server=bank.pid) as took:
            answered = load.closed(
                bank.http_port, prepared, connections=CONNECTIONS, seconds=seconds
            )
        _expect_all_created(answered)
        paces.append(answered.per_second)
        costs.append(took.per_million(answered.created, "server"))
    saturating = middle(paces)
    say(f"{saturating:,.0f} transfers/s saturate it; now half of that")
    latencies: list[float] = []
    for _ in range(turns):
        rate = saturating / 2
        prepared = iter([next(requests) for _ in range(int(seconds * rate) + 1)])
        answered = load.opened(
            bank.http_port, prepared, connections=CONNECTIONS, seconds=seconds, per_second=rate
        )
        _expect_all_created(answered)
        latencies += answered.latencies_ms
    return {
        "http_transfers_per_cpu_s": 1e6 / middle(costs),
        "http_transfers_per_s": saturating,
        "cpu_s_per_million": middle(costs),
        "p50_ms": float(np.percentile(latencies, 50)),
        "p99_ms": float(np.percentile(latencies, 99)),
        "half_load_per_s": saturating / 2,
        "connections": CONNECTIONS,
        "memory_mb": bank.memory_mb,
    }


def _expect_all_created(answered: load.Answered) -> None:
    if answered.refused or not answered.created:
        raise RuntimeError(f"expected every transfer to be created, was {answered.refused[:1]}")


def _requests(ids: list[int]) -> Iterator[bytes]:
    """Yield requests without end, each a transfer of its own."""
    chance = random.Random(SEED)
    while True:
        pairs = zip(*(half.tolist() for half in client.ids(BATCH_ROWS)), strict=True)
        for hi, lo in pairs:
            debit, credit = chance.sample(ids, 2)
            body = (
                f'{{"id":"{UUID(int=hi << 64 | lo)}","debit_account_id":"{debit}",'
                f'"credit_account_id":"{credit}","amount_minor":{chance.randint(1, 9_999)},'
                f'"ledger":{LEDGER},"code":{CODE}}}'
            )
            yield (
                "POST /v1/transfers HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}"
            ).encode()


if __name__ == "__main__":
    run("http", http)
