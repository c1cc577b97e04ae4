"""Words for money that is drawn and paid back at will: limits, fees, minimums, free interest."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from yunjin.foundation.banking.domain.daycount import DayCount
from yunjin.foundation.banking.domain.products.context import Context
from yunjin.foundation.banking.domain.products.declarations import Account, Accrual, Field
from yunjin.foundation.banking.domain.products.effects import Accrue, Add, Effect, Post, Put
from yunjin.foundation.banking.domain.products.rules import daily, share
from yunjin.foundation.banking.domain.products.slots import Slot


def came_in(at: Context, against: Slot | None = None, *, but: Slot | None = None) -> Any:
    """Return what an entry brings (int64[n], minor; 0 where it takes).

    against : only where it comes from this slot.  but : not where it comes from this one.
    """
    return _one_way(at, np.maximum(at.amount, 0), against, but)


def went_out(at: Context, against: Slot | None = None, *, but: Slot | None = None) -> Any:
    """Return what an entry takes (int64[n], minor; 0 where it brings); slots as in `came_in`."""
    return _one_way(at, np.maximum(-at.amount, 0), against, but)


def _one_way(at: Context, amount: Any, against: Slot | None, but: Slot | None) -> Any:
    if against is not None:
        amount = np.where(at.against == against, amount, 0)
    return amount if but is None else np.where(at.against == but, 0, amount)


def beyond(amount: Any, room: Any) -> Any:
    """Tell where something is taken, and more than there is room for (bool[n])."""
    return (amount > 0) & (amount > room)


def draw(
    at: Context, *, source: Account, into: Account, by: Mapping[Slot, Account] | None = None
) -> Iterator[Post]:
    """Yield posts that let what was taken beyond what was paid in be owed.

    source : the account that entries arrive on.
    into : what is owed from now on; `by` names another account for what went to a slot.
    """
    rest = np.maximum(-at[source], 0)
    for slot, account in (by or {}).items():
        part = np.where(at.against == slot, rest, 0)
        yield Post(account, source, part)
        rest = rest - part
    yield Post(into, source, rest)


def charge(fees: Account, amount: Any) -> Post:
    """Book a fee that is owed from now on as income."""
    return Post(fees, Slot.FEE_INCOME, amount)


def least_part(owed: Any, ppm: Any, least: Any) -> Any:
    """Return the minimum payment 最低还款额: a share of what is owed, a least amount, or all."""
    return np.maximum(np.minimum(owed, np.maximum(share(owed, ppm), least)), 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class InterestFree:
    """The interest-free period 免息期 of a statement that is paid in full.

    Attributes
    ----------
    spent, billed : since the last statement, and of a statement that is not due yet.
    interest : grows by what was waived where a statement is not paid in full.
    waived, waived_next : the interest, 10⁻⁸ minor, on what is billed, and on what is spent since.
    """

    spent: Account
    billed: Account
    interest: Accrual
    waived: Field
    waived_next: Field


def waive(at: Context, free: InterestFree, rate: Any, day_count: DayCount) -> Iterator[Effect]:
    """Yield what is remembered of a day's interest that may never be asked for."""
    yield Add(free.waived, daily(at, at[free.billed], rate, day_count))
    yield Add(free.waived_next, daily(at, at[free.spent], rate, day_count))


def bill(at: Context, free: InterestFree) -> Iterator[Effect]:
    """Yield what a statement does: what was spent is billed, with its waived interest."""
    yield Post(free.billed, free.spent, at[free.spent])
    yield Put(free.waived, at[free.waived_next], True)
    yield Put(free.waived_next, 0, True)


def charge_waived(at: Context, free: InterestFree) -> Accrue:
    """Let the waived interest be owed after all, where a statement is not paid in full."""
    return Accrue(free.interest, np.where(at[free.billed] > 0, at[free.waived], 0))
