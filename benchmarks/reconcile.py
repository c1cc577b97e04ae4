"""`bench reconcile`: a channel's file of 1,000,000 lines is held against payments and ledger.

From the file's bytes to the run that is kept: read, our side from the payments and from the
ledger's journal, matched, what differs explained, totals proven, differences and lines kept. One
line in a thousand lies; every lie must be found.
"""

import datetime as dt
import os
import time
from typing import Any

import numpy as np
import pyarrow as pa

from benchmarks.dayclose import doors
from benchmarks.measuring import measured, rss_peak_mb
from benchmarks.payroll import opened, pay_in
from benchmarks.running import run, say
from benchmarks.serving import folder
from yunjin.foundation.banking.api.agreements import AgreementsApi
from yunjin.foundation.banking.api.days import DaysApi
from yunjin.foundation.banking.api.slots import Slot
from yunjin.foundation.database.api import DatabaseApi
from yunjin.foundation.ledger.api import LedgerApi, TransferStatus
from yunjin.kernel.clock import SystemClock
from yunjin.kernel.ids import uuid7
from yunjin.platforms.capability import wiring
from yunjin.platforms.capability.adapters.clearing_house import ClearingHouse
from yunjin.platforms.capability.api.payments import PaymentState
from yunjin.platforms.capability.api.reconciliation import CsvMapping, ReconciliationApi
from yunjin.platforms.capability.store import payments as store

BATCH = 8_190
LIE_EVERY = 1_000
MAPPING = CsvMapping(
    reference="txn_id", amount="amount", date="date", state="status", line_id="seq"
)


def reconcile(quick: bool) -> dict[str, Any]:
    """Reconcile a day."""
    count = 20_000 if quick else 1_000_000
    clock = SystemClock()
    with folder() as home, doors(home) as found:
        day = found[DaysApi].business_date()
        made = wiring.parts(
            wiring.Settings(agent="YUNJCNB1"),
            tenant="demo",
            clock=clock,
            database=found[DatabaseApi],
            today=found[DaysApi].business_date,
            agreements=found[AgreementsApi],
            core=found,
            channels=[ClearingHouse(name="beps", clock=clock)],
        )
        say(f"{count:,} payments, booked")
        payer, other = opened(found[AgreementsApi], clock, 2)
        pay_in(found[AgreementsApi], clock, count * 100_000, payer)
        ids = np.frombuffer(b"".join(uuid7(clock).bytes for _ in range(count)), ">u8").reshape(
            -1, 2
        )
        amounts = np.arange(count) % 90_000 + 100
        _keep(made.ground.room, ids, amounts, day, payer)
        _book(found[LedgerApi], found[AgreementsApi], ids, amounts, day, (payer, other))
        content, lies = _file(ids, amounts, day)
        say(f"a file of {len(content) >> 20} MB, {lies:,} lies")
        centre = made.doors[ReconciliationApi]
        start = time.perf_counter()
        with measured(bank=os.getpid()) as each:
            one = centre.reconcile(uuid7(clock), "beps", content, mapping=MAPPING)
        seconds = time.perf_counter() - start
        if one.found != lies or any(total.gap_minor for total in one.totals):
            raise RuntimeError(f"expected {lies} differences, was {one}")
        return {
            "lines_per_s": count / seconds,
            "lines": count,
            "seconds": seconds,
            "differences": one.found,
            "cpu_s": each.cpu_s["bank"],
            "file_mb": len(content) / 1e6,
            "rss_peak_mb": rss_peak_mb(os.getpid()),
        }


def _keep(room: Any, ids: Any, amounts: Any, day: dt.date, payer: int) -> None:
    """Keep settled payments, as they stand in the evening of a day."""
    days, wave = (day - dt.date(1970, 1, 1)).days, uuid7(SystemClock())
    facts = {
        "wave_id": wave,
        "is_incoming": 0,
        "state": PaymentState.SETTLED.value,
        "agreement_id": payer,
        "counter_agreement_id": 0,
        "currency": "CNY",
        "other_name": "王五",
        "other_account": "6200001",
        "other_agent": "102100099996",
        "end_to_end_id": "NOTPROVIDED",
        "purpose": "",
        "remittance": "",
        "limit_id": None,
        "channel": "beps",
        "day": days,
        "reason": "",
        "detail": "",
        "at_us": 1,
        "changed_us": 1,
    }
    for at in range(0, len(ids), 50_000):
        rows = [
            {"payment_id": _uuid(high, low), "amount_minor": minor, **facts}
            for (high, low), minor in zip(
                ids[at : at + 50_000].tolist(), amounts[at : at + 50_000].tolist(), strict=True
            )
        ]
        room.run(lambda work, rows=rows: store.put(work.connection, rows))


def _uuid(high: int, low: int) -> Any:
    from uuid import UUID

    return UUID(int=high << 64 | low)


def _book(
    ledger: Any,
    agreements: Any,
    ids: Any,
    amounts: Any,
    day: dt.date,
    parties: tuple[int, int],
) -> None:
    """Book the payments against the clearing account, straight to the ledger."""
    [clearing] = ledger.find_accounts(code=int(Slot.CLEARING))[0]["id"].to_pylist()
    payer = agreements.agreement(parties[0]).account_ids
    row = ledger.accounts([clearing]).to_pylist()[0]
    own = next(iter(payer.values()))
    high, low = ids[:, 0].astype(np.uint64), ids[:, 1].astype(np.uint64)
    for at in range(0, len(ids), BATCH):
        some = slice(at, at + BATCH)
        size = len(high[some])
        answer = ledger.post_transfers(
            pa.record_batch(
                {
                    "id_hi": high[some],
                    "id_lo": low[some] ^ np.uint64(1),
                    "debit_account_id": np.full(size, own, np.int64),
                    "credit_account_id": np.full(size, clearing, np.int64),
                    "amount_minor": amounts[some].astype(np.int64),
                    "ledger": np.full(size, row["ledger"], np.uint32),
                    "code": np.full(size, 1, np.uint16),
                    "user_data_128_hi": high[some],
                    "user_data_128_lo": low[some],
                    "user_data_32": np.full(size, (day - dt.date(1970, 1, 1)).days, np.uint32),
                }
            )
        )
        statuses = set(answer["status"].to_pylist())
        if statuses != {int(TransferStatus.CREATED)}:
            raise RuntimeError(f"expected transfers to be booked, was {statuses}")


def _file(ids: Any, amounts: Any, day: dt.date) -> tuple[bytes, int]:
    """Return the channel's CSV in another order than ours, and how much of it lies."""
    count = len(ids)
    order = np.random.default_rng(1).permutation(count)
    lines, lies = ["seq,txn_id,amount,date,status"], 0
    for place, at in enumerate(order.tolist()):
        high, low = int(ids[at, 0]), int(ids[at, 1])
        minor = int(amounts[at])
        if place % LIE_EVERY == 0:
            minor, lies = minor + 1, lies + 1
        lines.append(f"{place},{high:016x}{low:016x},-{minor // 100}.{minor % 100:02d},{day},成功")
    return "\n".join(lines).encode(), lies


if __name__ == "__main__":
    run("reconcile", reconcile)
