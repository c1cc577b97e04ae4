"""Interest over columns: one row an agreement, in 10⁻⁸ of a minor unit."""

from typing import Any

import numpy as np

from yunjin.chassis.compiling import leaf, loop
from yunjin.foundation.banking.kernels.exact import (
    LARGEST,
    ZERO,
    add,
    divide,
    magnitude,
    product,
    rounded,
    scale,
    signed,
)

E8 = 100_000_000
PPM = 1_000_000
BALANCE_MAX = 1 << 62
NUMERATOR_MAX = 1 << 50
DENOMINATOR_MAX = 1 << 40
_E8 = np.uint64(E8)
_PPM = np.uint64(PPM)
_HUNDRED = np.uint64(100)


@leaf
def _weighted(amount: Any, begins: Any, rates: Any, at: Any, is_marginal: Any) -> Any:
    """Return Σ amount · rate over the tiers, the highest tier's rate, and whether it fits."""
    high, low, fits = ZERO, ZERO, True
    tier = len(begins) - 1
    while tier > 0 and np.uint64(begins[tier]) > amount:
        tier -= 1
    top = np.uint64(rates[at, tier])
    if not is_marginal:
        high, low = product(amount, top)
        return high, low, top, fits
    above = amount
    for step in range(tier, -1, -1):
        begin = np.uint64(begins[step])
        more_high, more_low = product(above - begin, np.uint64(rates[at, step]))
        high, low, still = add(high, low, more_high, more_low)
        fits = fits and still
        above = begin
    return high, low, top, fits


@loop
def accrue_rows(
    balance: Any,
    accrued: Any,
    begins: Any,
    rates: Any,
    numerator: Any,
    denominator: Any,
    is_marginal: Any,
    is_compound: Any,
    mode: Any,
    out: Any,
) -> Any:
    """Write the interest on each balance.

    balance: int64[n], minor units.  accrued: int64[n], 10⁻⁸ minor; earns too if is_compound.
    begins: int64[t], where tiers begin, the first 0.  rates: int64[n or 1, t], ppm a year, ≥ 0.
    numerator, denominator: int64[n or 1], of the year.  out: int64[n], 10⁻⁸ of a minor unit.
    Returns the first row that does not fit or makes no sense, or −1.
    """
    for row in range(len(out)):
        passed = numerator[row if len(numerator) > 1 else 0]
        year = denominator[row if len(denominator) > 1 else 0]
        if not (
            0 <= passed <= NUMERATOR_MAX
            and 0 < year <= DENOMINATOR_MAX
            and -BALANCE_MAX <= balance[row] <= BALANCE_MAX
        ):
            return row
        whole, rest = balance[row], 0
        if is_compound:
            whole += accrued[row] // E8
            rest = accrued[row] % E8
            if whole < 0 and rest > 0:
                whole, rest = whole + 1, E8 - rest
                is_negative = True
            else:
                is_negative = whole < 0
        else:
            is_negative = whole < 0
        days, by = np.uint64(passed), np.uint64(year)
        high, low, top, fits = _weighted(
            magnitude(whole), begins, rates, row if len(rates) > 1 else 0, is_marginal
        )
        if rest == 0:
            high, low, still = scale(high, low, _HUNDRED * days)
        else:
            by *= _PPM
            high, low, first = scale(high, low, _E8)
            more_high, more_low = product(np.uint64(rest), top)
            high, low, second = add(high, low, more_high, more_low)
            high, low, third = scale(high, low, days)
            still = first and second and third
        if not (fits and still) or high >= by:
            return row
        quotient, remainder = divide(high, low, by)
        value = rounded(quotient, remainder, by, is_negative, mode)
        if value > LARGEST:
            return row
        out[row] = signed(value, is_negative)
    return -1
