"""`bench dayclose`: a bank of 1,000,000 agreements closes an ordinary day, and a quarter's end.

End to end: balances from the ledger, hooks over columns, accruals and postings in the ledger, pages
and waves on disk, general ledger and proof, the next day's events. `accounts_per_s` is of the
ordinary day, `settle_per_s` of the day on which current accounts get their quarter's interest.
`ratio_to_scalar` holds the same close against calls row by row, on a sample.
"""

import datetime as dt
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from benchmarks.measuring import measured, rss_peak_mb
from benchmarks.running import run, say
from benchmarks.serving import folder
from yunjin.foundation.banking import wiring as banking
from yunjin.foundation.banking.api.agreements import (
    ENTRIES_MAX,
    ENTRIES_REQUIRED,
    AgreementsApi,
    EntryStatus,
    Opening,
)
from yunjin.foundation.banking.api.days import DayReport, DaysApi
from yunjin.foundation.banking.domain.products import run as going
from yunjin.foundation.banking.domain.products.book import Book
from yunjin.foundation.banking.domain.products.loading import load
from yunjin.foundation.banking.service.registry import shipped
from yunjin.foundation.database import wiring as database
from yunjin.foundation.database.api import DatabaseApi
from yunjin.foundation.ledger import wiring as ledger
from yunjin.foundation.ledger.api import LedgerApi
from yunjin.kernel import tenant
from yunjin.kernel.clock import SystemClock
from yunjin.kernel.ids import uuid7

FIRST_DAY = dt.date(2026, 3, 17)
SETTLED_ON = dt.date(2026, 3, 19)  # its close opens the 20th, on which interest is paid
SAMPLE = 300
BRANCHES = ("head", "east", "west")
LOANS = {"amount": 1_200_000, "rate": 60_000, "term": 36}
MIX: dict[str, tuple[int, dict[str, int], int]] = {  # product → share of 100, terms, least entry
    "current-account": (60, {}, 10_000),
    "wallet": (15, {}, 10_000),
    "fixed-deposit": (10, {"term": 12, "rate": 15_000}, 10_000),
    "notice-deposit": (5, {"rate": 9_000}, 5_000_000),
    "instalment-loan": (8, LOANS, 0),  # paid out as it is opened
    "credit-line": (2, {"limit": 1_000_000, "rate": 60_000}, -10_000),  # drawn
}


@contextmanager
def opened(home: Path) -> Iterator[tuple[AgreementsApi, DaysApi]]:
    """Open a bank of agreements."""
    with doors(home) as found:
        yield found[AgreementsApi], found[DaysApi]


@contextmanager
def doors(home: Path) -> Iterator[dict[type, Any]]:
    """Open a bank; give its doors."""
    clock = SystemClock()
    (home / "demo").mkdir(parents=True, exist_ok=True)
    with tenant.entered("demo"):
        tables = database.build(database.Settings(), tenant="demo", clock=clock, home=home)
        door = tables.doors[DatabaseApi]
        cell = ledger.build(ledger.Settings(), tenant="demo", clock=clock, home=home, database=door)
        room = banking.build(
            banking.Settings(first_day=FIRST_DAY),
            tenant="demo",
            clock=clock,
            home=home,
            database=door,
            ledger=cell.doors[LedgerApi],
        )
        if room.start is not None:
            room.start()
        try:
            yield {**tables.doors, **cell.doors, **room.doors}
        finally:
            for each in (room, cell, tables):
                if each.close is not None:
                    each.close()


def fill(agreements: AgreementsApi, count: int) -> dict[str, list[int]]:
    """Open agreements in the shares of the mix, and pay money into them; return ids by product."""
    clock, chance = SystemClock(), np.random.default_rng(1)
    found: dict[str, list[int]] = {}
    for code, (share, terms, least) in MIX.items():
        left, found[code] = count * share // 100, []
        while left:
            some = min(left, 20_000)
            wanted = [
                Opening(product=code, party_id=f"p-{at}", terms=terms, branch=BRANCHES[at % 3])
                for at in range(some)
            ]
            found[code] += agreements.open(uuid7(clock), wanted)
            left -= some
        say(f"opened {len(found[code]):,} of {code}")
        if least:
            amounts = least * chance.integers(1, 90, len(found[code]))
            _move(agreements, np.array(found[code]), amounts, clock)
    return found


def _move(agreements: AgreementsApi, ids: Any, amounts: Any, clock: Any) -> None:
    """Pay money into deposits, draw it from credit lines."""
    for start in range(0, len(ids), ENTRIES_MAX):
        some = ids[start : start + ENTRIES_MAX]
        made = [uuid7(clock).int for _ in some]
        columns = {
            "id_hi": [one >> 64 for one in made],
            "id_lo": [one & (2**64 - 1) for one in made],
            "agreement_id": some,
            "amount_minor": amounts[start : start + ENTRIES_MAX],
        }
        arrays = [pa.array(values, ENTRIES_REQUIRED[name]) for name, values in columns.items()]
        answers = agreements.post(pa.RecordBatch.from_arrays(arrays, names=list(columns)))
        booked = np.count_nonzero(answers["status"].to_numpy() == EntryStatus.BOOKED)
        if booked != len(some):
            why = next(filter(None, answers["reason"].to_pylist()), "")
            raise RuntimeError(f"expected {len(some)} entries to be booked, was {booked}: {why}")


def _closed(days: DaysApi, until: dt.date) -> tuple[DayReport, Any]:
    with measured(bank=os.getpid()) as took:
        report = days.close(until)
    if report.status != "closed":
        raise RuntimeError(f"expected {until} to be proven, was {report.status}")
    return report, took


def _ratio_to_scalar(rows: int) -> float:
    """Return how many times quicker a day is over columns than row by row."""
    product = load(shipped()["current-account"], is_tried=False).product
    book = Book(product, rows)
    date: Any = np.datetime64(FIRST_DAY, "D")
    everyone = np.arange(rows)
    book.opened[:] = date
    list(going.begin(book, everyone, date))
    book.columns["main"][:] = -np.arange(rows) * 1_000
    list(going.close_day(book, everyone, date))  # compiled, loaded
    spent = {}
    for name, groups in (
        ("columns", [everyone]),
        ("rows", [everyone[at : at + 1] for at in range(SAMPLE)]),
    ):
        date += 1
        start = time.process_time()
        for some in groups:
            list(going.close_day(book, some, date))
        spent[name] = (time.process_time() - start) / sum(map(len, groups))
    return spent["rows"] / spent["columns"]


def dayclose(quick: bool) -> dict[str, Any]:
    """Fill a bank, close an ordinary day, then the quarter's."""
    count = 60_000 if quick else 1_000_000
    with folder() as home, opened(home) as (agreements, days):
        start = time.perf_counter()
        found = fill(agreements, count)
        filled = time.perf_counter() - start
        total = sum(map(len, found.values()))
        say(f"{total:,} agreements after {filled:.0f} s; closing")
        _closed(days, FIRST_DAY)
        ordinary, took = _closed(days, FIRST_DAY + dt.timedelta(days=1))
        settled, took_settling = _closed(days, SETTLED_ON)
        following, _ = _closed(days, SETTLED_ON + dt.timedelta(days=1))
    paid = len(found["current-account"])
    return {
        "accounts_per_s": took.per_second(total),
        "settle_per_s": took_settling.per_second(paid),
        "settled_transfers": following.transfers,
        "ratio_to_scalar": _ratio_to_scalar(200_000 if not quick else 50_000),
        "cpu_s_per_million": took.per_million(total, "bank"),
        "settle_cpu_s_per_million": took_settling.per_million(paid, "bank"),
        "seconds": took.seconds,
        "settle_seconds": took_settling.seconds,
        "agreements": total,
        "products": len(found),
        "proof_lines": len(ordinary.proof),
        "settle_proof_lines": len(settled.proof),
        "fill_s": filled,
        "memory_mb": rss_peak_mb(os.getpid()),
    }


if __name__ == "__main__":
    run("dayclose", dayclose)
