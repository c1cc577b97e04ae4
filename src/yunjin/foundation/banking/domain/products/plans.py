"""The schedule of a loan, as a word of the vocabulary: what falls due next, and when.

`Plan` says which of a product's declarations the schedule is made of; the schedule itself is
`domain.schedules`, the same loop that lays out a whole loan.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final

import numpy as np

from yunjin.foundation.banking.domain.calendars import Roll
from yunjin.foundation.banking.domain.columns import days
from yunjin.foundation.banking.domain.daycount import DayCount
from yunjin.foundation.banking.domain.periods import Frequency, add_months
from yunjin.foundation.banking.domain.products.context import Context
from yunjin.foundation.banking.domain.products.declarations import (
    Account,
    Accrual,
    Date,
    Event,
    Field,
    Parameter,
)
from yunjin.foundation.banking.domain.products.effects import Add, Effect, Put, Schedule
from yunjin.foundation.banking.domain.products.rules import CALENDAR, daily
from yunjin.foundation.banking.domain.schedules import Method, Terms, Underway, next_payment


class Repay(IntEnum):
    """How a loan is paid back."""

    EQUAL_INSTALMENT = 1  # 等额本息
    EQUAL_PRINCIPAL = 2  # 等额本金
    INTEREST_FIRST = 3  # 先息后本
    BULLET = 4  # 到期一次还本付息


class Every(IntEnum):
    """How often a payment falls due."""

    MONTH = 1
    QUARTER = 2
    YEAR = 3
    WEEK = 4
    TWO_WEEKS = 5


class Holiday(IntEnum):
    """Where a due date goes that is no business day in China."""

    STAYS = 0
    FOLLOWING = 1
    MODIFIED_FOLLOWING = 2
    PRECEDING = 3


_METHODS: Final = dict(zip(Repay, Method, strict=True))
_ROLLS: Final = dict(zip(Holiday, Roll, strict=True))
_STEPS: Final = {
    Every.MONTH: Frequency.MONTHLY,
    Every.QUARTER: Frequency.QUARTERLY,
    Every.YEAR: Frequency.YEARLY,
    Every.WEEK: Frequency.WEEKLY,
    Every.TWO_WEEKS: Frequency.TWO_WEEKLY,
}
_MONTHS: Final = np.array([0, *(_STEPS[every].value.months for every in Every)])
_DAYS: Final = np.array([0, *(_STEPS[every].value.days for every in Every)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Which declarations a schedule is made of.

    Attributes
    ----------
    balance, interest, unpaid : principal not yet due, the interest that grows on it, interest owed
        from before that bears none.
    rate, term, method, every : of the contract; term in periods.
    first_due : days from the opening to an odd first due date; 0 where the period is regular.
    no_principal, no_interest : periods of grace 宽限期, counted from the first.
    interest_free : periods 免息期, counted from the first, in which no interest grows.
    holiday : where due dates roll.
    number, level, is_solved, began : what the agreement remembers: payments that fell due, the
        instalment, 0 where it is to be solved anew, where the period in progress began.
    """

    balance: Account
    interest: Accrual
    unpaid: Account
    rate: Parameter
    term: Parameter
    method: Parameter
    every: Parameter
    first_due: Parameter
    no_principal: Parameter
    no_interest: Parameter
    interest_free: Parameter
    holiday: Parameter
    day_count: DayCount
    number: Field
    level: Field
    is_solved: Field
    began: Date


@dataclass(frozen=True, slots=True)
class Planned:
    """What falls due at the end of the period in progress (int64[n], minor), and when.

    due, after : datetime64[D][n]: the date, and the one after it.
    """

    plan: Plan
    interest: Any
    principal: Any
    due: Any
    after: Any
    level: Any
    is_solved: Any

    @property
    def payment(self) -> Any:
        """Interest and principal."""
        return self.interest + self.principal


def planned(at: Context, plan: Plan, *, until: Any = None) -> Planned:
    """Return what falls due next.

    until : the day that interest runs to; None: the due date, foreseen at the rate now in force.
    """
    left = np.maximum(at[plan.term] - at[plan.number], 1)
    left = np.where(at[plan.balance] > 0, left, 1)  # nothing to wait for: the rest is asked for
    solves = at[plan.is_solved] == 0
    # where the level stands, nothing after this payment matters
    ahead = np.where(solves, left, np.minimum(left, 2))
    dates = due_dates(at, plan, int(ahead.max(initial=1)) + 1)
    due, after = dates[:, 1], dates[:, 2]
    dates = dates[:, :-1].copy()
    began = at[plan.began]
    dates[:, 0] = np.where(np.isnat(began), at.opened, began)
    if until is not None:
        dates[:, 1] = until
    dates = np.maximum.accumulate(dates, axis=1)
    loans = Underway(
        dates=dates,
        left=left,
        number=at[plan.number],
        balance=np.maximum(at[plan.balance], 0),
        rate=at[plan.rate],
        accrued=np.maximum(plan.interest.near(at[plan.interest]), 0),
        until=np.maximum(at.since, dates[:, 0]),
        unpaid=np.maximum(at[plan.unpaid], 0),
        level=at[plan.level],
        solves=solves,
        no_principal=np.minimum(_without_principal(at, plan), at[plan.term] - 1),
        no_interest=at[plan.no_interest],
        free=at[plan.interest_free],
    )
    method = at[plan.method]
    columns = {name: np.zeros(len(at), np.int64) for name in ("interest", "principal", "level")}
    is_level = np.zeros(len(at), np.bool_)
    for which in np.unique(method).tolist():
        mine = np.flatnonzero(method == which)
        terms = Terms(method=_METHODS[Repay(which)], day_count=plan.day_count)
        found = next_payment(terms, loans.where(mine))
        for name, column in columns.items():
            column[mine] = getattr(found, name)
        is_level[mine] = found.is_level
    solved = np.where(is_level, 1, at[plan.is_solved])
    return Planned(
        plan=plan,
        interest=columns["interest"],
        principal=columns["principal"],
        due=due,
        after=after,
        level=columns["level"],
        is_solved=solved,
    )


def _without_principal(at: Context, plan: Plan) -> Any:
    """Return the periods that ask for no principal: an instalment is put off as a whole."""
    is_level = at[plan.method] == Repay.EQUAL_INSTALMENT
    return np.maximum(at[plan.no_principal], np.where(is_level, at[plan.no_interest], 0))


def due_dates(at: Context, plan: Plan, count: int, *, first: Any = None) -> Any:
    """Return the due dates first, first + 1, … of each agreement (datetime64[D][n, count + 1]).

    Date 0 is the opening; later ones are counted from the first due date, not chained, and rolled.
    first: int64[n] or one number; None: the payments that fell due already.
    """
    begin = np.broadcast_to(at[plan.number] if first is None else first, len(at))
    step = begin[:, np.newaxis] + np.arange(count + 1)
    odd = at[plan.first_due][:, np.newaxis]
    opened = days(at.opened)[:, np.newaxis]
    anchor = opened + odd.astype("timedelta64[D]")
    ahead = np.maximum(np.where(odd > 0, step - 1, step), 0)
    every = at[plan.every][:, np.newaxis]
    moved = add_months(anchor, ahead * _MONTHS[every], is_end_of_month=False)
    moved = np.where(step == 0, opened, moved + (ahead * _DAYS[every]).astype("timedelta64[D]"))
    holiday = at[plan.holiday]
    for which in np.unique(holiday[holiday > 0]).tolist():
        mine = holiday == which
        moved[mine] = CALENDAR.roll(moved[mine], _ROLLS[Holiday(which)])
    return np.where(step == 0, opened, moved)


def grown(at: Context, plan: Plan) -> Any:
    """Return the interest on the balance since it was last accrued (int64[n], 10⁻⁸ minor)."""
    rate = np.where(at[plan.number] < at[plan.interest_free], 0, at[plan.rate])
    return daily(at, at[plan.balance], rate, plan.day_count, within=at[plan.began])


def move_on(bill: Planned, at: Context, event: Event) -> Iterator[Effect]:
    """Yield what an agreement remembers once a payment has fallen due, and when the next one does.

    event: is scheduled for the next due date while principal, or interest put off, is left.
    """
    plan = bill.plan
    interest = at[plan.unpaid] + plan.interest.split(at[plan.interest])[0]
    is_left = (at[plan.balance] > bill.principal) | (interest > bill.interest)
    yield Schedule(event, bill.after, is_left)
    yield Add(plan.number, np.ones(len(at), np.int64))
    yield Put(plan.level, bill.level, True)
    yield Put(plan.is_solved, bill.is_solved, True)
    yield Put(plan.began, at.date, True)


def resume(at: Context, plan: Plan, event: Event, *, where: Any) -> Iterator[Effect]:
    """Yield what begins a schedule, or lets one that has ended go on, with the next due date.

    event: what falls due; agreements for which it is scheduled are left alone.
    """
    gone = where & np.isnat(at[event])
    if not gone.any():
        return
    days_gone = int(np.max(at.date - at.opened).astype(np.int64))
    # one more, since the first may come early; two more, since holidays may bring others forward
    many = days_gone // int(_DAYS[Every.WEEK]) + 4
    dates = due_dates(at, plan, many, first=0)[:, 1:]
    passed = np.sum(dates <= np.asarray(at.date)[..., np.newaxis], axis=1)
    yield Put(plan.number, passed, gone)
    yield Put(plan.began, at.date, gone)
    yield Schedule(event, dates[np.arange(len(at)), passed], gone)
