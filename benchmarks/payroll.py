"""`bench payroll`: a pain.001 of 100,000 wages, from the file's bytes to the camt.054 of them.

The file is read and checked, the payer debited once, each payee credited under their product's
rules, durably, and the notification written. The published bar that it is held against is 96 s.
"""

import datetime as dt
import os
import time
from typing import Any

import pyarrow as pa

from benchmarks.dayclose import doors
from benchmarks.measuring import measured, rss_peak_mb
from benchmarks.running import run, say
from benchmarks.serving import folder
from yunjin.chassis.flow import Engine
from yunjin.foundation.banking.api.agreements import (
    ENTRIES_REQUIRED,
    AgreementsApi,
    EntryStatus,
    Opening,
)
from yunjin.foundation.banking.api.days import DaysApi
from yunjin.foundation.database.api import DatabaseApi
from yunjin.kernel.clock import SystemClock
from yunjin.kernel.ids import uuid7
from yunjin.platforms.capability import wiring
from yunjin.platforms.capability.api.payment_files import PaymentFilesApi
from yunjin.platforms.capability.domain.iso20022.orders import (
    Order,
    OrderGroup,
    OrderHeader,
    write_order,
)

BAR_S = 96.0  # published for a file of this size


def payroll(quick: bool) -> dict[str, Any]:
    """Pay wages by file."""
    count = 5_000 if quick else 100_000
    clock = SystemClock()
    with folder() as home, doors(home) as found:
        made = wiring.parts(
            wiring.Settings(agent="YUNJCNB1"),
            tenant="demo",
            clock=clock,
            database=found[DatabaseApi],
            today=found[DaysApi].business_date,
            agreements=found[AgreementsApi],
        )
        engine = Engine(made.flows, holder="bench")
        say(f"{count:,} accounts")
        payer, *people = opened(found[AgreementsApi], clock, count + 1)
        pay_in(found[AgreementsApi], clock, count * 1_000_000, payer)
        content = _file(payer, people)
        files = made.doors[PaymentFilesApi]
        say(f"a file of {len(content) >> 20} MB")
        start = time.perf_counter()
        with measured(bank=os.getpid()) as each:
            one = files.submit(uuid7(clock), content)
            read_s = time.perf_counter() - start
            while engine.drain() or engine.is_calling():
                time.sleep(0.0005)  # the callers have the processor
            posted_s = time.perf_counter() - start
            told = files.notification(one.file_id)
        seconds = time.perf_counter() - start
        engine.close()
        ended = files.file(one.file_id)
        if (ended.booked, ended.refused) != (count, 0):
            raise RuntimeError(f"expected {count} booked, was {ended}")
        return {
            "seconds": seconds,
            "lines": count,
            "read_seconds": read_s,
            "posted_seconds": posted_s,
            "cpu_s": each.cpu_s["bank"],
            "ratio_to_bar": BAR_S / seconds * count / 100_000,
            "camt054_mb": len(told) / 1e6,
            "rss_peak_mb": rss_peak_mb(os.getpid()),
        }


def opened(agreements: AgreementsApi, clock: SystemClock, count: int) -> list[int]:
    found: list[int] = []
    for start in range(0, count, 50_000):
        openings = [
            Opening(product="current-account", party_id=f"p-{at}")
            for at in range(start, min(count, start + 50_000))
        ]
        found += agreements.open(uuid7(clock), openings)
    return found


def pay_in(agreements: AgreementsApi, clock: SystemClock, minor: int, *people: int) -> None:
    """Pay the same into agreements, at once."""
    ids = [uuid7(clock).int for _ in people]
    columns = {
        "id_hi": [one >> 64 for one in ids],
        "id_lo": [one & (2**64 - 1) for one in ids],
        "agreement_id": people,
        "amount_minor": [minor] * len(people),
    }
    arrays = [pa.array(values, ENTRIES_REQUIRED[name]) for name, values in columns.items()]
    answer = agreements.post(pa.RecordBatch.from_arrays(arrays, names=list(columns)))
    if set(answer["status"].to_pylist()) != {EntryStatus.BOOKED}:
        raise RuntimeError(f"expected the money to come in, was {answer.to_pylist()[:3]}")


def _file(payer: int, people: list[int]) -> bytes:
    count = len(people)
    texts = {
        "end_to_end_id": [f"W{at:07d}" for at in range(count)],
        "currency": ["CNY"] * count,
        "creditor_name": [f"员工{at}" for at in range(count)],
        "creditor_other": [str(one) for one in people],
        "remittance": ["一月工资"] * count,
    }
    columns = {name: pa.array(values, pa.string()) for name, values in texts.items()}
    columns["amount_minor"] = pa.array([500_000 + at % 9_999 for at in range(count)], pa.int64())
    columns["group"] = pa.array([0] * count, pa.int32())
    group = OrderGroup(
        payment_information_id="P1",
        method="TRF",
        execution_date=dt.date(2026, 1, 5),
        category_purpose="SALA",
        debtor_name="某某公司",
        debtor_other=str(payer),
        debtor_agent_bic="YUNJCNB1",
    )
    header = OrderHeader(
        message_id="WAGES-2026-01",
        created_at=dt.datetime(2026, 1, 5, 9, tzinfo=dt.UTC),
        initiating_name="某某公司",
    )
    return write_order(Order(header=header, groups=(group,), lines=pa.record_batch(columns)))


if __name__ == "__main__":
    run("payroll", payroll)
