"""The made-up institution's deposits and loans: a year of business days, opened, paid and closed.

Ids of commands are made of dates and numbers, so a demo that was stopped goes on where it was.
"""

import datetime as dt
import hashlib
from collections.abc import Callable
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa

from yunjin.foundation.banking.api.agreements import (
    ENTRIES_OPTIONAL,
    ENTRIES_REQUIRED,
    AgreementQuery,
    AgreementsApi,
    Opening,
    StandingOrder,
)
from yunjin.foundation.banking.api.days import DaysApi
from yunjin.kernel.clock import Clock, business_date, instant
from yunjin.kernel.ids import uuid7_of

SEED: Final = 8
DAYS: Final = 365
CUSTOMERS: Final = 600
DEPOSITS: Final = 150
BORROWERS: Final = 240  # the first customers
LATE: Final = 17  # every so many borrowers, one whose salary stops after some months
PAYDAY: Final = 10
BRANCHES: Final = ("head", "pudong", "suzhou")
_MS_A_DAY: Final = 86_400_000


def today(clock: Clock) -> dt.date:
    """Return the day it is in the bank's place."""
    return business_date(instant(clock.now_ns()), ZoneInfo("Asia/Shanghai"), dt.time.max)


def first_day(today: dt.date) -> dt.date:
    """Return the business day on which the year that ends before today began."""
    return today - dt.timedelta(days=DAYS)


def fill(
    agreements: AgreementsApi,
    days: DaysApi,
    today: dt.date,
    progress: Callable[[int], None],
) -> None:
    """Open agreements on the first day, then live through the year up to today.

    progress: called with the number of days closed.
    """
    first = first_day(today)
    people = _people(agreements, first)
    while (date := days.business_date()) < today:
        if date == first:
            _begin(agreements, people, date)
        if date.day == PAYDAY:
            _pay_salaries(agreements, people, date, first)
        if date.weekday() < 5:
            _spend(agreements, people, date)
        days.close()
        progress((date - first).days + 1)


def is_filled(agreements: AgreementsApi, days: DaysApi, today: dt.date) -> bool:
    """Tell whether the year is there, or this bank began in another way."""
    if days.business_date() >= today:
        return True
    date, first = days.business_date(), first_day(today)
    return date > first and not agreements.find(AgreementQuery(party_id="demo-00000")).items


def _people(agreements: AgreementsApi, first: dt.date) -> dict[str, Any]:
    """Open everything, or find it: current accounts, deposits, loans; ids by kind."""
    chance = np.random.default_rng(SEED)

    def opened(kind: str, number: int, count: int, terms: Callable[[int], dict[str, int]]) -> Any:
        wanted = [
            Opening(
                product=kind,
                party_id=f"demo-{at:05d}",
                branch=BRANCHES[at % len(BRANCHES)],
                terms=terms(at),
            )
            for at in range(count)
        ]
        return np.array(agreements.open(_command(first, number), wanted))

    lent = chance.integers(20, 300, BORROWERS) * 100_000
    months = chance.choice([12, 24, 36], BORROWERS)
    rates = chance.integers(36, 150, BORROWERS) * 1_000
    methods = chance.integers(1, 4, BORROWERS)
    return {
        "current": opened("current-account", 1, CUSTOMERS, lambda at: {}),
        "deposit": opened(
            "fixed-deposit", 2, DEPOSITS, lambda at: {"term": (3, 6, 12)[at % 3], "rate": 15_500}
        ),
        "loan": opened(
            "instalment-loan",
            3,
            BORROWERS,
            lambda at: {
                "amount": int(lent[at]),
                "rate": int(rates[at]),
                "term": int(months[at]),
                "method": int(methods[at]),
            },
        ),
        "months": months,
        "pay": lent // months + lent * rates // 12_000_000 + 1_000,
    }


def _begin(agreements: AgreementsApi, people: dict[str, Any], date: dt.date) -> None:
    """Put money in on the first day, and let loans be paid by standing order."""
    chance = np.random.default_rng(SEED + 1)
    current, deposit, loan = people["current"], people["deposit"], people["loan"]
    have = chance.integers(50, 900, len(current)) * 10_000
    have[:BORROWERS:LATE] = 20_000  # who will soon earn nothing has little
    _post(agreements, date, 10, current, have)
    _post(agreements, date, 11, deposit, chance.integers(5, 60, len(deposit)) * 1_000_000)
    for at in range(len(loan)):
        first = date + dt.timedelta(days=20 + at % 8)
        order = StandingOrder(
            order_id=_command(date, 1_000 + at),
            agreement_id=int(current[at]),
            counter_agreement_id=int(loan[at]),
            amount_minor=int(people["pay"][at]),
            first=first,
            last=first + dt.timedelta(days=31 * int(people["months"][at])),
            note="还款 loan payment",
        )
        agreements.order(_command(date, 10_000 + at), order)


def _pay_salaries(
    agreements: AgreementsApi, people: dict[str, Any], date: dt.date, first: dt.date
) -> None:
    months = (date.year - first.year) * 12 + date.month - first.month
    current = people["current"]
    amounts = np.random.default_rng(SEED + 2).integers(60, 400, len(current)) * 10_000
    amounts[:BORROWERS] += people["pay"]
    amounts[:BORROWERS:LATE] = people["pay"][::LATE]
    number = np.arange(len(current))
    earns = (number % LATE != 0) | (number >= BORROWERS) | (months < 3 + number % 7)
    _post(agreements, date, 20, current[earns], amounts[earns])


def _spend(agreements: AgreementsApi, people: dict[str, Any], date: dt.date) -> None:
    chance = np.random.default_rng([SEED, date.toordinal()])
    who = chance.choice(len(people["current"]), 60, replace=False)
    _post(agreements, date, 30, people["current"][who], -chance.integers(1_000, 90_000, len(who)))


def _post(agreements: AgreementsApi, date: dt.date, number: int, ids: Any, amounts: Any) -> None:
    """Post entries; what an account cannot pay is refused, as in life."""
    types = {**ENTRIES_REQUIRED, **ENTRIES_OPTIONAL}
    made = [_command(date, number, int(one)).int for one in ids]
    columns = {
        "id_hi": [one >> 64 for one in made],
        "id_lo": [one & (2**64 - 1) for one in made],
        "agreement_id": ids,
        "amount_minor": amounts,
    }
    arrays = [pa.array(values, types[name]) for name, values in columns.items()]
    agreements.post(pa.RecordBatch.from_arrays(arrays, names=list(columns)))


def _command(date: dt.date, number: int, agreement: int = 0) -> UUID:
    words = f"{date}/{number}/{agreement}".encode()
    chance = int.from_bytes(hashlib.blake2b(words, digest_size=10).digest(), "big")
    return uuid7_of((date - dt.date(1970, 1, 1)).days * _MS_A_DAY, chance & (2**74 - 1))
