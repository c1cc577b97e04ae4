"""The level instalment in whole numbers of any length, where 64 bits do not prove it.

Called for a tie or a giant only: about one loan in ten million.
"""

from fractions import Fraction
from math import floor

from yunjin.foundation.banking.domain.rounding import Rounding
from yunjin.foundation.banking.kernels import PAYS_PRINCIPAL, Rows


def level_instalment(
    rows: Rows, start: int, end: int, balance: int, unit: int, rounding: Rounding
) -> int:
    """Return the level instalment of rows [start, end), exact until it is rounded.

    balance: minor units at the beginning of row `start`.
    """
    owed = _owed(rows, start, balance)
    factor, factors = Fraction(1), Fraction(0)
    for row in range(start, end):
        fixed = int(rows.fixed[row])
        is_level = fixed < 0 and (row == end - 1 or bool(rows.flags[row] & PAYS_PRINCIPAL))
        if not is_level and fixed < 0:
            continue
        if row > start:
            den = int(rows.den[row])
            foreseen = int(rows.share[row]) * int(rows.rate[start])
            factor *= Fraction(den, den + foreseen)
        if is_level:
            factors += factor
        else:
            owed -= factor * fixed
    return max(rounded(owed / factors / unit, rounding), 0) * unit if factors else 0


def rounded(value: Fraction, rounding: Rounding) -> int:
    """Round a fraction to a whole number."""
    size = abs(value)
    whole = floor(size)
    rest = size - whole
    half = Fraction(1, 2)
    goes_up = {
        Rounding.DOWN: False,
        Rounding.UP: rest > 0,
        Rounding.HALF_UP: rest > half or (rest == half and value > 0),
        Rounding.HALF_AWAY: rest >= half,
        Rounding.HALF_EVEN: rest > half or (rest == half and whole % 2 == 1),
    }[rounding]
    return (whole + goes_up) * (-1 if value < 0 else 1)


def _owed(rows: Rows, row: int, balance: int) -> Fraction:
    """Return balance, flows and interest at the end of a row, before it pays."""
    den = int(rows.den[row])
    numerator = balance * int(rows.weight[row])
    for flow in range(int(rows.flow_first[row]), int(rows.flow_first[row + 1])):
        numerator += int(rows.flow_amount[flow]) * int(rows.flow_weight[flow])
        balance += int(rows.flow_amount[flow])
    return balance + Fraction(numerator, den)
