"""Period dates: where interest periods begin and end, for one loan or a column of them."""

from enum import Enum
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from yunjin.foundation.banking.domain.columns import Days, Int64s, days, is_ascending
from yunjin.foundation.banking.domain.daycount import is_month_end
from yunjin.foundation.banking.errors import UnusableTerms

COUNT_MAX: Final = 4000


class Step(NamedTuple):
    """How far one period reaches."""

    months: int
    days: int


class Frequency(Enum):
    """How often a payment falls due."""

    WEEKLY = Step(0, 7)
    TWO_WEEKLY = Step(0, 14)
    MONTHLY = Step(1, 0)
    QUARTERLY = Step(3, 0)
    YEARLY = Step(12, 0)


def add_months(dates: ArrayLike, months: ArrayLike, *, is_end_of_month: bool) -> Days:
    """Return dates moved by whole months; a day that the month lacks becomes its last.

    Parameters
    ----------
    is_end_of_month : what began on a month's last day stays on last days (30 April → 31 May).
    """
    start = days(dates)
    month = start.astype("datetime64[M]")
    day = start - month.astype("datetime64[D]")
    target = month + np.asarray(months, np.int64)
    length = (target + 1).astype("datetime64[D]") - target.astype("datetime64[D]")
    inside = np.minimum(day, length - np.timedelta64(1, "D"))
    if is_end_of_month:
        inside = np.where(is_month_end(start), length - np.timedelta64(1, "D"), inside)
    return np.asarray(target.astype("datetime64[D]") + inside)


def period_dates(
    start: ArrayLike,
    count: int,
    frequency: Frequency,
    *,
    first_due: ArrayLike | None = None,
    is_end_of_month: bool = False,
) -> Days:
    """Return the boundaries of `count` periods; dates are counted from the anchor, not chained.

    Parameters
    ----------
    start : date, or dates[n]: when money goes out and interest begins.
    first_due : end of the first period if it is odd (longer or shorter than the others); it becomes
        the anchor that later dates are counted from.

    Returns datetime64[D] of shape (count + 1) or (n, count + 1), not rolled to business days.

    Raises: UnusableTerms (no period, too many, first due not after the start).
    """
    if not 1 <= count <= COUNT_MAX:
        raise UnusableTerms(f"expected 1 to {COUNT_MAX} periods, was {count}", periods=count)
    begins = days(start)
    anchor = begins if first_due is None else days(first_due)
    if first_due is not None and not (anchor > begins).all():
        raise UnusableTerms(f"expected a first due date after {begins}, was {anchor}")
    steps = np.arange(count + 1) if first_due is None else np.arange(count)
    dates = _moved(anchor[..., np.newaxis], steps, frequency, is_end_of_month)
    if first_due is None:
        return dates
    shape = np.broadcast_shapes(begins.shape, anchor.shape)
    opening = np.broadcast_to(begins, shape)[..., np.newaxis]
    return np.concatenate([opening, np.broadcast_to(dates, (*shape, count))], axis=-1)


def _moved(anchor: Days, steps: Int64s, frequency: Frequency, is_end_of_month: bool) -> Days:
    step = frequency.value
    if step.days:
        return np.asarray(anchor + steps * np.timedelta64(step.days, "D"))
    return add_months(anchor, steps * step.months, is_end_of_month=is_end_of_month)


def checked(dates: ArrayLike) -> Days:
    """Return boundaries as datetime64[D] of shape (n, periods + 1), ascending.

    A period may be empty: two dates rolled to the same business day.

    Raises: UnusableTerms.
    """
    table = np.atleast_2d(days(dates))
    if table.shape[-1] < 2:
        raise UnusableTerms("expected at least one period, was none")
    if not is_ascending(table):
        raise UnusableTerms("expected dates in ascending order, was another order")
    return table
