"""`bench migrate`: a legacy book of 1,000,000 agreements brought over and proven.

`agreements_per_s` is of all that is done with agreements: the files read and every line checked,
agreements opened in the middle of their lives with balances, accruals and movements of before, and
each cell held against the old core's balances to the unit. The book's 100,000 customers are opened
by the party centre before, by its own door; their pace stands beside (`customers_per_s`), and what
both come to together (`whole_agreements_per_s`). Peers, on a sample: the same agreements by the
bank's everyday doors, opened and then paid into (`by_doors_per_s`), and rows put into SQLite with
nothing checked, proven or accrued (`sqlite_rows_per_s`).
"""

import os
import sqlite3
import time
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np

from benchmarks.dayclose import _move, doors
from benchmarks.measuring import measured, rss_peak_mb
from benchmarks.running import run, say
from benchmarks.serving import folder
from tests.platforms.capability.takeover.legacy import made
from yunjin.foundation.banking.api.agreements import AgreementsApi, Opening
from yunjin.foundation.banking.api.days import DaysApi
from yunjin.foundation.database.api import DatabaseApi
from yunjin.kernel.clock import SystemClock
from yunjin.kernel.ids import uuid7
from yunjin.platforms.capability import wiring
from yunjin.platforms.capability.api.takeover import TakeoverApi
from yunjin.platforms.capability.service.takeover.loading import Loading

SAMPLE = 20_000
BATCH = 20_000


def migrate(quick: bool) -> dict[str, Any]:
    """Bring a book over."""
    count = 20_000 if quick else 1_000_000
    with folder() as home, doors(home) as found:
        say(f"a book of {count:,} agreements")
        book = made(home / "in" / "legacy", count, people=count // 10, movements=1)
        book.write()
        size = sum(path.stat().st_size for path in book.folder.iterdir())
        figures = _brought(home, found, count)
        by_doors = _by_doors(found[AgreementsApi])
    with folder() as home:
        by_rows = _by_rows(home)
    return {
        **figures,
        "by_doors_per_s": by_doors,
        "sqlite_rows_per_s": by_rows,
        "ratio_to_doors": figures["agreements_per_s"] / by_doors,
        "book_mb": size / 1e6,
        "rss_peak_mb": rss_peak_mb(os.getpid()),
    }


def _brought(home: Path, found: dict[type, Any], count: int) -> dict[str, Any]:
    clock = SystemClock()
    room = wiring.parts(
        wiring.Settings(takeover_folder=str(home / "in")),
        tenant="demo",
        clock=clock,
        database=found[DatabaseApi],
        today=found[DaysApi].business_date,
        agreements=found[AgreementsApi],
        core=found,
    )
    takeover = room.doors[TakeoverApi]
    people_s = _customers_timed()
    with measured(bank=os.getpid()) as checking:
        delivery = takeover.check(uuid7(clock), "legacy")
    if delivery.agreements != count or delivery.findings:
        raise RuntimeError(f"expected {count} good agreements, was {delivery}")
    say(f"checked in {checking.seconds:.1f} s")
    with measured(bank=os.getpid()) as moving:
        proving_s = _moved(takeover, delivery.run_id)
    customers_s, customers_cpu_s = people_s
    say(f"moved in {moving.seconds:.1f} s, of which customers {customers_s:.1f} s")
    whole = checking.seconds + moving.seconds
    cpu_s = checking.cpu_s["bank"] + moving.cpu_s["bank"]
    return {
        "agreements_per_s": count / (whole - customers_s),
        "cpu_s_per_million": (cpu_s - customers_cpu_s) / count * 1e6,
        "whole_agreements_per_s": count / whole,
        "customers_per_s": delivery.customers / customers_s,
        "agreements": count,
        "customers": delivery.customers,
        "check_seconds": checking.seconds,
        "load_seconds": moving.seconds - customers_s - proving_s,
        "customer_seconds": customers_s,
        "prove_seconds": proving_s,
        "cells": len(takeover.cells(delivery.run_id)),
    }


def _moved(takeover: TakeoverApi, run_id: UUID) -> float:
    """Bring every cell over, prove it, go live; return how long the proofs took, s."""
    clock, proving_s = SystemClock(), 0.0
    for line in takeover.cells(run_id):
        takeover.freeze(uuid7(clock), run_id, line.cell)
        takeover.load(uuid7(clock), run_id, line.cell)
        start = time.perf_counter()
        if not takeover.prove(uuid7(clock), run_id, line.cell).holds:
            raise RuntimeError(f"expected cell {line.cell} to be proven")
        proving_s += time.perf_counter() - start
        takeover.go_live(uuid7(clock), run_id, line.cell)
    return proving_s


def _customers_timed() -> list[float]:
    """Time the opening of customers from now on: [wall, CPU] seconds, as far as it has come."""
    spent, real = [0.0, 0.0], Loading._people

    def timed(self: Loading, source: str, batch: Any) -> None:
        start, start_cpu = time.perf_counter(), time.process_time()
        real(self, source, batch)
        spent[0] += time.perf_counter() - start
        spent[1] += time.process_time() - start_cpu

    Loading._people = timed  # type: ignore[method-assign]
    return spent


def _by_doors(agreements: AgreementsApi) -> float:
    """Return the pace of opening agreements and paying into them, as on any other day."""
    clock = SystemClock()
    start = time.perf_counter()
    wanted = [Opening(product="current-account", party_id=f"p-{at}") for at in range(SAMPLE)]
    ids = agreements.open(uuid7(clock), wanted)
    _move(agreements, np.array(ids), np.full(len(ids), 10_000), clock)
    return SAMPLE / (time.perf_counter() - start)


def _by_rows(home: Path) -> float:
    """Return the pace of bare rows: an agreement, its balance, its movement, batches committed."""
    connection = sqlite3.connect(home / "rows.db", isolation_level=None)
    connection.executescript(
        "pragma journal_mode=wal; pragma synchronous=full;"
        "create table agreement (id integer primary key, party text, branch text, product text);"
        "create index agreement_party on agreement (party, id);"
        "create table balance (id integer primary key, minor int, accrued int);"
        "create table movement (id integer primary key, agreement int, day int, minor int);"
        "create index movement_agreement on movement (agreement, id);"
    )
    count = 5 * BATCH
    start = time.perf_counter()
    for first in range(0, count, BATCH):
        rows = range(first, first + BATCH)
        connection.execute("begin")
        connection.executemany(
            "insert into agreement values (?, ?, 'b', 'current-account')",
            [(at, f"p-{at}") for at in rows],
        )
        connection.executemany("insert into balance values (?, ?, 0)", [(at, at) for at in rows])
        connection.executemany(
            "insert into movement values (?, ?, 1, ?)", [(at, at, at) for at in rows]
        )
        connection.execute("commit")
    spent = time.perf_counter() - start
    connection.close()
    return count / spent


if __name__ == "__main__":
    run("migrate", migrate)
