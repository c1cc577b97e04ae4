"""The SQLite peer: a row a transfer, balances added up per batch, WAL, synchronous=FULL.

Set-based and kind to SQLite: it knows no order inside a batch, no limits, holds, chains or result
codes. Elsewhere, on a quiet 2-core machine, this way reached about 330,000 transfers/s over 10,000
accounts and 85,000 over 1,000,000; a run far below that is not fair.
"""

import random
import sqlite3
import time
from collections import Counter
from pathlib import Path
from typing import NamedTuple

BATCH_ROWS = 8_190
REACHED_ELSEWHERE = {10_000: 330_000, 1_000_000: 85_000}
_SETUP = """
pragma journal_mode=wal; pragma synchronous=full;
pragma cache_size=-1000000; pragma wal_autocheckpoint=10000;
create table account (
  id integer primary key, debits int not null default 0, credits int not null default 0);
create table transfer (
  id integer primary key, debit int, credit int, amount int check (amount > 0),
  ledger int, code int, at int);
"""
Row = tuple[int, int, int, int]


class Pace(NamedTuple):
    """How fast a peer went."""

    per_second: float
    cpu_s_per_million: float


def run(folder: Path, *, accounts: int, seconds: float) -> Pace:
    """Post batches for a while; the making of the rows is not counted."""
    connection = sqlite3.connect(folder / "sqlite-rows.db", isolation_level=None)
    connection.executescript(_SETUP)
    connection.execute("begin")
    ids = ((number + 1,) for number in range(accounts))
    connection.executemany("insert into account (id) values (?)", ids)
    connection.execute("commit")
    chance, count, spent, burnt = random.Random(1), 0, 0.0, 0.0
    while spent < seconds:
        rows = _rows(chance, count, accounts)
        count += len(rows)
        start, start_cpu = time.perf_counter(), time.process_time()
        _post(connection, rows)
        spent += time.perf_counter() - start
        burnt += time.process_time() - start_cpu
    [(difference, total)] = connection.execute(
        "select sum(debits) - sum(credits), sum(debits) from account"
    )
    connection.close()
    if difference or total != 100 * count:
        raise RuntimeError(f"expected {100 * count} on both sides, was {total} and {difference}")
    return Pace(count / spent, burnt / count * 1e6)


def _rows(chance: random.Random, first: int, accounts: int) -> list[Row]:
    rows = []
    for number in range(first + 1, first + 1 + BATCH_ROWS):
        debit = chance.randrange(accounts) + 1
        rows.append((number, debit, (debit + chance.randrange(accounts - 1)) % accounts + 1, 100))
    return rows


def _post(connection: sqlite3.Connection, rows: list[Row]) -> None:
    debits: Counter[int] = Counter()
    credits: Counter[int] = Counter()
    connection.execute("begin immediate")
    connection.executemany(
        f"insert or ignore into transfer values (?, ?, ?, ?, 1, 1, {time.time_ns()})", rows
    )
    for _, debit, credit, amount in rows:
        debits[debit] += amount
        credits[credit] += amount
    connection.executemany(
        "update account set debits = debits + ?, credits = credits + ? where id = ?",
        ((debits[row], credits[row], row) for row in sorted(debits.keys() | credits.keys())),
    )
    connection.execute("commit")
