"""How loans amortise: a walk over the rows of many loans, and the level instalment they ask for.

Interest of a row is (balance · weight + Σ flow · its weight) / den, exact until it is rounded once.
A level instalment P solves P · Σ Dₖ = what is owed, with Dₖ the discount factors. Both bounds of
every factor are kept as whole numbers; where both bounds of P round alike, P is proven. Where they
do not (a tie, a giant), the row is left to the caller, who knows longer numbers.
"""

from typing import Any

import numpy as np

from yunjin.chassis.compiling import leaf, loop
from yunjin.foundation.banking.kernels.exact import (
    DOWN,
    LARGEST,
    ONE,
    UP,
    ZERO,
    add,
    divide,
    magnitude,
    product,
    rounded,
    scale,
    subtract,
)
from yunjin.foundation.banking.kernels.interest import E8

PAYS_PRINCIPAL, PAYS_INTEREST, SOLVES = 1, 2, 4
DONE, TOO_LARGE, MORE_THAN_OWED, UNPROVEN = 0, 1, 2, 3
ROWS_MAX = 4000  # of one loan: sums over them, of interest and of discount factors, fit 63 bits
_FACTOR_ONE = np.uint64(1 << 51)
_BALANCE_MAX = 1 << 53
_INTEREST_MAX = np.uint64(1 << 51)  # of one row, minor units
_E8 = np.uint64(E8)


@leaf
def _ratio(a: Any, b: Any, by: Any, mode: Any) -> Any:
    """Return a · b / by of uint64, down or up; 2^64 − 1 if it does not fit."""
    high, low = product(a, b)
    if high >= by:
        return ~ZERO
    quotient, remainder = divide(high, low, by)
    return rounded(quotient, remainder, by, False, mode)


@loop
def owed_interest(rows: Any, row: Any, balance: Any) -> Any:
    """Return a row's interest, not divided yet: high, low, balance at its end, status."""
    high, low = product(np.uint64(balance), np.uint64(rows.weight[row]))
    for flow in range(rows.flow_first[row], rows.flow_first[row + 1]):
        amount = rows.flow_amount[flow]
        balance += amount
        if balance < 0:
            return high, low, balance, MORE_THAN_OWED
        if balance > _BALANCE_MAX:
            return high, low, balance, TOO_LARGE
        more_high, more_low = product(magnitude(amount), np.uint64(rows.flow_weight[flow]))
        if amount > 0:
            high, low, fits = add(high, low, more_high, more_low)
        else:
            high, low, fits = subtract(high, low, more_high, more_low)
        if not fits:
            return high, low, balance, TOO_LARGE
    return high, low, balance, DONE


@leaf
def whole_units(high: Any, low: Any, by: Any, unit: Any, mode: Any) -> Any:
    """Return (high, low) / by as money, a multiple of the unit; −1 if it is too much."""
    by *= unit
    if high >= by:
        return -1
    quotient, remainder = divide(high, low, by)
    count = rounded(quotient, remainder, by, False, mode)
    return np.int64(count * unit) if count <= _INTEREST_MAX // unit else -1


@leaf
def foreseen(rows: Any, row: Any, start: Any) -> Any:
    """Return a row's weight as it is foreseen in row `start`: the rate then in force stays."""
    return rows.weight[row] if row == start else rows.share[row] * rows.rate[start]


@leaf
def _counts(rows: Any, row: Any, end: Any) -> Any:
    """Tell whether a level amount falls due in this row."""
    is_paid = row == end - 1 or (rows.flags[row] & PAYS_PRINCIPAL) != 0
    return is_paid and rows.fixed[row] < 0


@loop
def level_instalment(
    rows: Any, start: Any, end: Any, balance: Any, high: Any, low: Any, unit: Any, mode: Any
) -> Any:
    """Return the level instalment from row `start` on, or −1 where it is not proven.

    balance: at the end of row `start`, before it pays.  high, low: that row's interest · den.
    """
    unit = np.uint64(unit)
    by = np.uint64(rows.den[start])
    if high >= by:
        return -1
    shift = ZERO  # owed · 2^shift uses as much of 62 bits as it can
    interest, _ = divide(high, low, by)
    if interest > LARGEST >> ONE:
        return -1
    owed = np.uint64(balance) + interest + ONE
    while max(owed, unit) << (shift + ONE) < LARGEST >> ONE:
        shift += ONE
    high, low, fits = scale(high, low, ONE << shift)
    if not fits or high >= by:
        return -1
    quotient, remainder = divide(high, low, by)
    owed_least = (np.uint64(balance) << shift) + quotient
    owed_most = owed_least + (ONE if remainder > ZERO else ZERO)
    least = most = _FACTOR_ONE
    sum_least = sum_most = ZERO
    for row in range(start, end):
        if rows.fixed[row] < 0 and not _counts(rows, row, end):
            continue  # interest is paid or put off: the balance stays what it was
        if row > start:
            den = np.uint64(rows.den[row])
            grown = den + np.uint64(foreseen(rows, row, start))
            least, most = _ratio(least, den, grown, DOWN), _ratio(most, den, grown, UP)
        if rows.fixed[row] < 0:
            sum_least, sum_most = sum_least + least, sum_most + most
            continue
        if np.uint64(rows.fixed[row]) > owed:
            return -1  # a payment that may end the loan before its time
        paid = np.uint64(rows.fixed[row]) << shift
        paid_least = _ratio(paid, least, _FACTOR_ONE, DOWN)
        paid_most = _ratio(paid, most, _FACTOR_ONE, UP)
        owed_least = owed_least - paid_most if owed_least > paid_most else ZERO
        owed_most = owed_most - paid_least if owed_most > paid_least else ZERO
    if sum_least == ZERO:
        return 0  # every payment is agreed; the last row takes the rest
    step = unit << shift
    first = _ratio(owed_least, _FACTOR_ONE, sum_most, DOWN)
    second = _ratio(owed_most, _FACTOR_ONE, sum_least, UP)
    first = rounded(first // step, first % step, step, False, mode)
    second = rounded(second // step, second % step, step, False, mode)
    return np.int64(first * unit) if first == second else -1


@loop
def last_payment(rows: Any, start: Any, end: Any, balance: Any, level: Any, rounds: Any) -> Any:
    """Return what the last row would pay if every row before paid `level`; −1 if it overflows.

    balance: at the beginning of row `start`.
    """
    short = 0
    for row in range(start, end):
        if row == start:
            high, low, balance, _ = owed_interest(rows, row, balance)
        else:
            high, low = product(np.uint64(balance), np.uint64(foreseen(rows, row, start)))
        unit = np.uint64(rounds.unit)
        interest = whole_units(high, low, np.uint64(rows.den[row]), unit, rounds.interest)
        if interest < 0:
            return -1
        if row == end - 1:
            return balance + interest + short
        paid = level if rows.fixed[row] < 0 else rows.fixed[row]
        if rows.fixed[row] >= 0 or (rows.flags[row] & PAYS_PRINCIPAL) != 0:
            owed = interest + short
            short = max(owed - paid, 0)
            balance -= min(max(paid - owed, 0), balance)
    return -1


@loop
def evened(rows: Any, start: Any, end: Any, balance: Any, level: Any, rounds: Any) -> Any:
    """Return the instalment whose last differs less: `level`, or one step towards the last."""
    count = 0
    for row in range(start, end):
        count += 1 if _counts(rows, row, end) else 0
    last = last_payment(rows, start, end, balance, level, rounds)
    if last < 0 or count < 2:
        return level
    gap = (last - level) // rounds.unit if last > level else -((level - last) // rounds.unit)
    size = abs(gap) // count
    size += 1 if 2 * (abs(gap) - size * count) > count else 0
    other = level + (size if gap > 0 else -size) * rounds.unit
    if size == 0 or other < 0:
        return level
    last_of_other = last_payment(rows, start, end, balance, other, rounds)
    return other if last_of_other >= 0 and abs(last_of_other - other) < abs(last - level) else level


@loop
def level_principal(rows: Any, start: Any, end: Any, balance: Any, rounds: Any) -> Any:
    """Return the equal part of the principal from row `start` on, in whole units."""
    count = ZERO
    for row in range(start, end):
        count += ONE if _counts(rows, row, end) else ZERO
    if count == ZERO:
        return 0
    by = count * np.uint64(rounds.unit)
    whole = np.uint64(balance) // by
    rest = np.uint64(balance) % by
    return np.int64(rounded(whole, rest, by, False, rounds.instalment)) * rounds.unit
