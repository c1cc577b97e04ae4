"""`bench payments`: single payments, each its own order, from the centre's door to all booked.

Orders come from many callers at once, as requests do: each is taken durably with its event, holds
a part of a limit, is worked by a flow, booked by the core under both products' rules in the ledger,
and told of. The figure is the processor's time of all of it.
"""

import os
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from benchmarks.dayclose import doors
from benchmarks.measuring import measured, rss_peak_mb
from benchmarks.payroll import opened, pay_in
from benchmarks.running import run, say
from benchmarks.serving import folder
from yunjin.chassis.flow import Engine
from yunjin.foundation.banking.api.agreements import AgreementsApi
from yunjin.foundation.banking.api.days import DaysApi
from yunjin.foundation.database.api import DatabaseApi
from yunjin.kernel.clock import SystemClock
from yunjin.kernel.ids import uuid7
from yunjin.platforms.capability import wiring
from yunjin.platforms.capability.api.limits import LimitsApi, NewLimit
from yunjin.platforms.capability.api.payments import NewPayment, PaymentsApi, PaymentState

CALLERS = 128
PAIRS = 500  # of a payer and a payee; more than callers: a wave has nobody twice


def payments(quick: bool) -> dict[str, Any]:
    """Pay one by one."""
    count = 2_000 if quick else 50_000
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
        engine, centre = Engine(made.flows, holder="bench"), made.doors[PaymentsApi]
        people = opened(found[AgreementsApi], clock, 2 * PAIRS)
        pay_in(found[AgreementsApi], clock, 100_000_000, *people)
        limit_id = uuid7(clock)
        made.doors[LimitsApi].open(
            limit_id,
            NewLimit(name="当日", kind="daily", currency="CNY", ceiling_minor=10**15),
        )
        orders = [
            NewPayment(
                payment_id=uuid7(clock),
                agreement_id=people[at % PAIRS],
                counter_agreement_id=people[PAIRS + at % PAIRS],
                amount_minor=100 + at % 900,
                currency="CNY",
                limit_id=limit_id,
            )
            for at in range(count)
        ]
        say(f"{count:,} orders of {CALLERS} callers")
        start = time.perf_counter()
        with measured(bank=os.getpid()) as each, ThreadPoolExecutor(CALLERS) as callers:
            taken = [callers.submit(centre.pay, one.payment_id, one) for one in orders]
            while not all(one.done() for one in taken[-CALLERS:]):
                if not engine.drain():
                    time.sleep(0.005)
            while engine.drain() or engine.is_calling():
                time.sleep(0.0005)  # the callers have the processor
        seconds = time.perf_counter() - start
        engine.close()
        waves = {one.result().wave_id for one in taken}
        states = {centre.payment(one.payment_id).state for one in orders[:: max(count // 500, 1)]}
        if states != {PaymentState.SETTLED} or centre.counts():
            raise RuntimeError(f"expected all to be settled, was {states} {centre.counts()}")
        return {
            "cpu_s_per_million": each.per_million(count, "bank"),
            "payments_per_s": count / seconds,
            "payments": count,
            "waves": len(waves),
            "seconds": seconds,
            "rss_peak_mb": rss_peak_mb(os.getpid()),
        }


if __name__ == "__main__":
    run("payments", payments)
