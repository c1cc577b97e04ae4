"""`bench products`: from a product's file to its first posting, in a bank that is open.

The file is read, tried on a generated book, kept as the next version and live; an agreement is
opened under it and money comes in, durably.
"""

import os
import time
from typing import Any

import pyarrow as pa

from benchmarks.dayclose import doors
from benchmarks.measuring import measured, middle
from benchmarks.running import run, say
from benchmarks.serving import folder
from yunjin.foundation.banking.api.agreements import (
    ENTRIES_REQUIRED,
    AgreementsApi,
    EntryStatus,
    Opening,
)
from yunjin.foundation.banking.api.registry import RegistryApi
from yunjin.foundation.banking.service.registry import shipped
from yunjin.kernel.clock import SystemClock
from yunjin.kernel.ids import uuid7

TERMS: dict[str, dict[str, int]] = {
    "current-account": {},
    "instalment-loan": {"amount": 1_000_000, "rate": 48_000, "term": 12},
    "credit-card": {"limit": 1_000_000},
}


def products(quick: bool) -> dict[str, Any]:
    """Register new versions of shipped products, and post to each."""
    turns = 1 if quick else 5
    figures: dict[str, Any] = {}
    with folder() as home, doors(home) as found:
        for code, terms in TERMS.items():
            say(code)
            spent, took = [], []
            for turn in range(turns):
                start = time.perf_counter()
                with measured(bank=os.getpid()) as each:
                    _first_posting(found, code, terms, turn)
                spent.append(time.perf_counter() - start)
                took.append(each.cpu_s["bank"])
            name = code.replace("-", "_")
            figures |= {f"{name}_seconds": middle(spent), f"{name}_cpu_s": middle(took)}
    slowest = max(figures[name] for name in figures if name.endswith("_seconds"))
    return {"seconds": slowest} | figures


def _first_posting(found: dict[type, Any], code: str, terms: dict[str, int], turn: int) -> None:
    clock = SystemClock()
    source = f"{shipped()[code]}\n# turn {turn}\n"
    version = found[RegistryApi].register(uuid7(clock), source).version
    opening = Opening(product=code, party_id="p-1", terms=terms, version=version)
    (agreement,) = found[AgreementsApi].open(uuid7(clock), [opening])
    identity = uuid7(clock).int
    columns = {
        "id_hi": [identity >> 64],
        "id_lo": [identity & (2**64 - 1)],
        "agreement_id": [agreement],
        "amount_minor": [10_000],
    }
    arrays = [pa.array(values, ENTRIES_REQUIRED[name]) for name, values in columns.items()]
    answers = found[AgreementsApi].post(pa.RecordBatch.from_arrays(arrays, names=list(columns)))
    if answers["status"].to_pylist() != [EntryStatus.BOOKED]:
        raise RuntimeError(f"expected the entry to be booked, was {answers.to_pylist()}")


if __name__ == "__main__":
    run("products", products)
