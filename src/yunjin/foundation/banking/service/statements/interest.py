"""Interest of a period: what a customer earned, was charged and paid, and at which rates."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

import numpy as np

from yunjin.foundation.banking.api.agreements import Agreement, TermChange
from yunjin.foundation.banking.api.dates import business_date
from yunjin.foundation.banking.api.statements import InterestLine, RateLine
from yunjin.foundation.banking.domain.products.book import earns
from yunjin.foundation.banking.domain.products.declarations import (
    Accrual,
    Product,
    Rate,
    declared,
)
from yunjin.foundation.banking.domain.products.slots import Slot
from yunjin.foundation.banking.service.statements.reading import (
    Head,
    Line,
    Reading,
)
from yunjin.foundation.banking.service.terms import in_force
from yunjin.foundation.ledger.api import LedgerApi

_EXPENSE: Final = (Slot.INTEREST_PAYABLE, Slot.INTEREST_EXPENSE)
_INCOME: Final = (Slot.INTEREST_ACCRUED, Slot.INTEREST_INCOME, Slot.PENALTY_INCOME)
_PENALTY: Final = (Slot.PENALTY_RECEIVABLE, Slot.PENALTY_INCOME)
_OWED: Final = (Slot.INTEREST_RECEIVABLE, Slot.PENALTY_RECEIVABLE)
_FROM_HIM: Final = (Slot.OVERPAYMENTS, Slot.CLEARING, Slot.CASH, Slot.DEPOSITS, Slot.WALLETS)


class Accrued(NamedTuple):
    """Grown and not settled, minor units."""

    earned: int
    charged: int


def lines_of(
    ledger: LedgerApi, agreement: Agreement, start: dt.date, end: dt.date, head: Head
) -> tuple[InterestLine, ...]:
    """Return an agreement's interest by date, kind and whether it is penalty interest."""
    sums: Counter[tuple[dt.date, str, bool]] = Counter()
    for account_id in agreement.account_ids.values():
        reading = Reading(ledger, account_id, start, end, head)
        for page in reading.pages():
            for line in page:
                kind, amount = _kind(reading.slot, line)
                if kind:
                    is_penalty = reading.slot in _PENALTY or line.other_slot in _PENALTY
                    date = business_date(line.row["user_data_32"])
                    sums[date, kind, is_penalty] += amount
    return tuple(
        InterestLine(date=date, kind=kind, is_penalty=is_penalty, amount_minor=amount)
        for (date, kind, is_penalty), amount in sorted(sums.items())
        if amount
    )


def _kind(slot: Slot, line: Line) -> tuple[str, int]:
    """Return what a line is to a customer's interest, and how much; "" for nothing."""
    if line.other_slot in _EXPENSE:
        return "earned", line.credit_minor - line.debit_minor
    if line.other_slot in _INCOME:
        return "charged", line.debit_minor - line.credit_minor
    if slot in _OWED and line.other_slot in _FROM_HIM:
        return "paid", line.credit_minor - line.debit_minor
    return "", 0


def total(lines: Iterable[InterestLine], kind: str) -> int:
    """Return the sum of a kind, minor units."""
    return sum(line.amount_minor for line in lines if line.kind == kind)


def accrued_of(product: Product, agreement: Agreement) -> Accrued:
    """Return what has grown up to now and is on no account yet, as it would be settled."""
    sums = {True: 0, False: 0}
    accruals: dict[str, Any] = declared(type(product), Accrual)
    for name, accrual in accruals.items():
        whole, _ = accrual.split(np.array([agreement.accrued_e8.get(name, 0)]))
        sums[earns(accrual)] += int(whole[0])
    return Accrued(earned=sums[False], charged=sums[True])


def rates_of(
    product: Product, agreement: Agreement, changes: Sequence[TermChange], until: dt.date
) -> tuple[RateLine, ...]:
    """Return the rates of an agreement, and since when each holds, up to and with a date.

    changes : of the agreement's terms, in order; of several on a date the last one is told.
    """
    first, _ = in_force(agreement.terms, agreement.version, changes, dt.date.min)
    rates: dict[str, Rate] = declared(type(product), Rate)
    steps = {(name, agreement.opened): first[name] for name in rates if name in first}
    for one in changes:
        if one.parameter in rates and one.new is not None and one.date <= until:
            steps[one.parameter, one.date] = one.new
    return tuple(
        RateLine(since=since, name=name, rate_ppm=value)
        for (name, since), value in sorted(steps.items(), key=lambda step: step[0])
    )
