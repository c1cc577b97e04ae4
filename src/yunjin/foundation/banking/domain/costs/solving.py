"""The rate that makes two sides of a loan equal, proven in whole numbers.

A floating-point search gives a guess. Whether the true rate lies above or below a limit is then
decided by the sign of the present value there, from a lower and an upper bound with 256 binary
places, and from whole fractions if zero lies between the two: the rounded rate is right.
"""

from collections.abc import Sequence
from fractions import Fraction
from typing import Final, NamedTuple

from yunjin.foundation.banking.errors import NoRate, OutOfRange

_PLACES: Final = 256
_ONE: Final = 1 << _PLACES
_RATE_MAX: Final = Fraction(1000)  # 100,000 % a period: beyond it nothing is meant
_FLOWS_MAX: Final = 10_000
_LENGTH_MAX: Final = 100_000  # periods


class Flow(NamedTuple):
    """Money at a time: > 0 reaches the borrower, < 0 comes from him.

    time: whole periods from the first flow; fraction: and a part of one, in [0, 1).
    """

    time: int
    amount: int
    fraction: Fraction = Fraction(0)


def sign_at(flows: Sequence[Flow], rate: Fraction) -> int:
    """Return the sign of the present value at a rate a period, ≥ 0: 1, 0 or −1.

    A flow is worth amount / ((1 + fraction · rate) · (1 + rate)^time).
    """
    num, den = rate.numerator, rate.denominator
    least: int | Fraction = 0
    most: int | Fraction = 0
    time, lower, upper = 0, _ONE, _ONE
    for flow in sorted(flows):
        if flow.time > time:
            lower, upper = _discounted(lower, upper, num, den, flow.time - time)
            time = flow.time
        above, below = lower, upper
        if flow.fraction:
            part = flow.fraction * rate + 1
            above = lower * part.denominator // part.numerator
            below = -(-upper * part.denominator // part.numerator)
        if flow.amount >= 0:
            least, most = least + flow.amount * above, most + flow.amount * below
        else:
            least, most = least + flow.amount * below, most + flow.amount * above
    if least <= 0 <= most and least != most:
        least = most = _exact_value(flows, rate)  # zero, as good as surely: a rate on the limit
    return (least > 0) - (most < 0)


def solve(flows: Sequence[Flow], per_year: Fraction, step: Fraction) -> int:
    """Return the annual rate, `per_year` times the rate a period, in whole steps, half up.

    Raises: NoRate (no rate, or a negative one), OutOfRange (too many flows, too long).
    """
    if not 2 <= len(flows) <= _FLOWS_MAX or not min(flow.time for flow in flows) >= 0:
        raise OutOfRange(f"expected 2 to {_FLOWS_MAX} flows from time 0 on, was {len(flows)}")
    if max(flow.time for flow in flows) > _LENGTH_MAX:
        raise OutOfRange(f"expected at most {_LENGTH_MAX} periods, was more")
    if sign_at(flows, Fraction(0)) > 0 or sign_at(flows, _RATE_MAX) <= 0:
        raise NoRate("expected money lent and then paid back with interest ≥ 0, was not")
    # the value rises with the rate: find the first n whose upper edge, n + ½, lies above zero
    size = step / per_year
    low, high = 0, int(_RATE_MAX / size)
    guess = int(_guess(flows) / size)
    width = 1
    while low < high:
        middle = min(max(guess, low), high - 1) if width else (low + high) // 2
        if sign_at(flows, size * (middle + Fraction(1, 2))) > 0:
            high = middle
            guess = middle - width
        else:
            low = middle + 1
            guess = middle + width
        width = width * 4 if width < high - low else 0
    return low


def _exact_value(flows: Sequence[Flow], rate: Fraction) -> Fraction:
    factors = ((1 + flow.fraction * rate) * (1 + rate) ** flow.time for flow in flows)
    values = (flow.amount / factor for flow, factor in zip(flows, factors, strict=True))
    return sum(values, start=Fraction(0))


def _discounted(lower: int, upper: int, num: int, den: int, periods: int) -> tuple[int, int]:
    """Discount both bounds over so many periods, by squaring: few steps for many days."""
    factor_low, factor_high = _ONE * den // (den + num), -(-_ONE * den // (den + num))
    while periods:
        if periods & 1:
            lower = lower * factor_low >> _PLACES
            upper = -(-upper * factor_high >> _PLACES)
        factor_low = factor_low * factor_low >> _PLACES
        factor_high = -(-factor_high * factor_high >> _PLACES)
        periods >>= 1
    return lower, upper


def _guess(flows: Sequence[Flow]) -> Fraction:
    """Return about the rate a period, by bisection in floating point; only where to start."""
    low, high = 0.0, 1000.0
    for _ in range(60):
        middle = (low + high) / 2
        value = sum(
            flow.amount
            / (1 + flow.fraction.numerator / flow.fraction.denominator * middle)
            * (1 + middle) ** -flow.time
            for flow in flows
        )
        low, high = (low, middle) if value > 0 else (middle, high)
    return Fraction(low)
