"""Papers of a loan: its schedule, what settles it, what it costs."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Final

import numpy as np

from yunjin.foundation.banking.api.agreements import Agreement
from yunjin.foundation.banking.api.statements import Instalment
from yunjin.foundation.banking.domain.costs import (
    CAPS,
    AnnualCost,
    CapWarning,
    PerYear,
    UnitPeriod,
    annual_cost,
    apr_of_dates,
    cap_warnings,
)
from yunjin.foundation.banking.domain.products.declarations import Product
from yunjin.foundation.banking.errors import NoRate, NoSchedule
from yunjin.foundation.banking.service.statements.projecting import YEARS_MAX, Bill, Projection

_FAR: Final = np.timedelta64(366 * YEARS_MAX, "D")
_ONE_DAY: Final = np.timedelta64(1, "D")
_FIRST_CAP: Final = dt.date.fromisoformat(CAPS[0].since)
_UNITS: Final = {  # by days between payments, the nearest
    7: UnitPeriod.WEEK,
    14: UnitPeriod.TWO_WEEKS,
    30: UnitPeriod.MONTH,
    91: UnitPeriod.QUARTER,
    182: UnitPeriod.HALF_YEAR,
    365: UnitPeriod.YEAR,
}


def day_of(date: dt.date) -> Any:
    """Return a date as the domain has it."""
    return np.datetime64(date, "D")


def coming(projection: Projection, number: int) -> list[Instalment]:
    """Return what will fall due; what is overdue is taken as paid at once. number: of the first."""
    missing = projection.due - agreement_paid_in(projection)
    if missing > 0:
        projection.pay(missing)
    far = projection.date + _FAR
    return instalments(projection.bills(far), number)


def agreement_paid_in(projection: Projection) -> int:
    """Return what was paid in and not used yet, minor units."""
    return -sum(amount for name, amount in projection.parts() if name == "paid_in")


def instalments(bills: Iterable[Bill], number: int) -> list[Instalment]:
    """Return bills as instalments that are to come, numbered from `number` on.

    A bill of penalty interest or fees alone has no number.
    """
    known = list(bills)
    places = accumulate(bool(bill.principal or bill.interest) for bill in known)
    return [
        Instalment(
            number=number + at - 1 if bill.principal or bill.interest else 0,
            due=bill.date.astype(dt.date),
            principal_minor=bill.principal,
            interest_minor=bill.interest,
            penalty_minor=bill.penalty,
            fee_minor=bill.fee,
            paid_minor=0,
            paid_on=None,
            balance_minor=bill.balance,
            status="coming",
        )
        for at, bill in zip(places, known, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class Payoff:
    """What settles a loan, minor units."""

    total: int
    per_day: int
    parts: tuple[tuple[str, int], ...]
    before: tuple[Instalment, ...]


def payoff(projection: Projection, date: dt.date) -> Payoff:
    """Return what settles a loan on a date; what falls due until then is paid on its day.

    What falls due on the date itself is a part of what settles it.
    """
    when = day_of(date)
    before: list[Instalment] = []
    if when > projection.date:
        before = instalments(projection.bills(when - _ONE_DAY), 1)
        projection.close_until(when)
    for _ in projection.bills(when, is_paid=False):
        continue
    merged: dict[str, int] = {}
    for name, amount in projection.parts():
        merged[name] = merged.get(name, 0) + amount
    total = sum(merged.values())
    projection.close_until(when + _ONE_DAY)
    later = sum(amount for _, amount in projection.parts())
    return Payoff(
        total=max(total, 0),
        per_day=max(later - total, 0),
        parts=tuple(merged.items()),
        before=tuple(before),
    )


@dataclass(frozen=True, slots=True)
class Cost:
    """What a loan costs a year; rates in ppm."""

    drawn: int
    apr: int
    annual: AnnualCost
    basis: str
    warning: str
    payments: tuple[Instalment, ...]


def cost(product: Product, agreement: Agreement) -> Cost:
    """Return a loan's cost by the terms it was opened with. Raises: NoSchedule, NoRate."""
    projection = Projection.fresh(product, agreement)
    drawn = projection.drawn()
    if drawn <= 0:
        raise NoSchedule("expected a loan that is paid out when it is opened, was another")
    payments = instalments(projection.bills(projection.date + _FAR), 1)
    opened = agreement.opened
    flows = [(one.due, one.total_minor) for one in payments if one.total_minor]
    if not flows:
        raise NoSchedule("expected something that falls due, was nothing")
    annual, basis = _annual(opened, drawn, flows)
    signed = [(opened, drawn), *((day, -amount) for day, amount in flows)]
    warning = CapWarning(int(cap_warnings([annual.nominal], [day_of(max(opened, _FIRST_CAP))])[0]))
    return Cost(
        drawn=drawn,
        apr=apr_of_dates(signed, _unit(opened, flows)),
        annual=annual,
        basis=basis,
        warning="" if warning is CapWarning.NONE else warning.name.lower(),
        payments=tuple(payments),
    )


def _annual(
    opened: dt.date, drawn: int, flows: list[tuple[dt.date, int]]
) -> tuple[AnnualCost, str]:
    """Count by months where payments are whole months apart, else by days."""
    try:
        return annual_cost([(opened, drawn)], flows, PerYear.MONTHS), "months"
    except NoRate:
        return annual_cost([(opened, drawn)], flows, PerYear.DAYS), "days"


def _unit(opened: dt.date, flows: list[tuple[dt.date, int]]) -> UnitPeriod:
    """Return the interval that most payments have, by the average days between them."""
    days = (flows[-1][0] - opened).days // len(flows)
    return _UNITS[min(_UNITS, key=lambda length: abs(length - days))]
