"""Rounding, named: every function that rounds asks how, and can say what was left over.

Java's HALF_UP is HALF_AWAY here; the two part for negative amounts only.
"""

from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from yunjin.foundation.banking.domain.columns import column, like
from yunjin.foundation.banking.errors import OutOfRange
from yunjin.foundation.banking.kernels import E8, multiply_divide
from yunjin.kernel import check


class Rounding(IntEnum):
    """What becomes of a part that is no whole unit."""

    DOWN = 1  # towards zero 截尾
    UP = 2  # away from zero 进位
    HALF_UP = 3  # to the nearest; a half goes towards +∞
    HALF_AWAY = 4  # to the nearest; a half goes away from zero 四舍五入
    HALF_EVEN = 5  # to the nearest; a half goes to the even neighbour 四舍六入五成双


def mul_div(a: ArrayLike, b: ArrayLike, c: ArrayLike, rounding: Rounding) -> Any:
    """Return a · b / c, exact until it is rounded once; the product has 128 bits.

    Parameters
    ----------
    a, b, c : int64[n], or one value for all rows; c > 0.

    Returns int64[n], or one int64 if all three were single values.

    Raises: OutOfRange (the result has more than 63 bits; names the row).
    """
    left, right, by = column(a), column(b), column(c)
    sizes = {len(left), len(right), len(by)}
    rows = 0 if 0 in sizes else max(sizes)
    check.that(sizes <= {1, rows}, f"expected columns of 1 or {rows} rows, was {sizes}")
    out = np.empty(rows, np.int64)
    bad = multiply_divide(left, right, by, int(rounding), out)
    if bad >= 0:
        check.that(by[bad % len(by)] > 0, "expected a divisor > 0, was one ≤ 0")
        raise OutOfRange("expected a result of at most 63 bits, was a longer one", row=int(bad))
    return like(out, a, b, c)


def round_to(values: ArrayLike, unit: int, rounding: Rounding) -> tuple[Any, Any]:
    """Return values rounded to multiples of `unit`, and what was left over (value − rounded).

    Raises: OutOfRange.
    """
    multiples = mul_div(values, 1, unit, rounding)
    whole = multiples * np.int64(unit)
    return whole, np.asarray(values) - whole


def post(accrued: ArrayLike, rounding: Rounding, unit: int = 1) -> tuple[Any, Any]:
    """Turn accrued interest into money that can be booked, and keep the residue.

    Parameters
    ----------
    accrued : int64[n], 10⁻⁸ of a minor unit.
    unit : minor units that amounts are multiples of.

    Returns (int64[n] minor units, int64[n] residue in 10⁻⁸, to be accrued further).
    """
    minor = mul_div(accrued, 1, E8 * unit, rounding) * np.int64(unit)
    return minor, np.asarray(accrued) - minor * np.int64(E8)
