"""Whole numbers of 128 bits, as two halves, for the products that do not fit into 64.

A magnitude is (high, low), both uint64. Nothing here overflows unseen: what does not fit comes back
with a flag. Long division is Knuth's algorithm D with digits of 32 bits (The Art of Computer
Programming, volume 2, 4.3.1), in the form of Warren, Hacker's Delight, section 9-4.
"""

from typing import Any

import numpy as np

from yunjin.chassis.compiling import leaf, loop

ZERO = np.uint64(0)
ONE = np.uint64(1)
_HALF = np.uint64(32)
_MASK = np.uint64(0xFFFFFFFF)
_BASE = np.uint64(1 << 32)
_TOP = np.uint64(1 << 63)
LARGEST = np.uint64((1 << 63) - 1)

# how to round; the order is that of domain.rounding.Rounding
DOWN, UP, HALF_UP, HALF_AWAY, HALF_EVEN = 1, 2, 3, 4, 5


@leaf
def magnitude(value: Any) -> Any:
    """Return |value| of an int64 as uint64, right for the smallest one too."""
    bits = np.uint64(value)
    return ZERO - bits if value < 0 else bits


@leaf
def product(a: Any, b: Any) -> Any:
    """Return the 128 bits of a · b."""
    a1, a0, b1, b0 = a >> _HALF, a & _MASK, b >> _HALF, b & _MASK
    low, left, right = a0 * b0, a1 * b0, a0 * b1
    middle = (low >> _HALF) + (left & _MASK) + (right & _MASK)
    high = a1 * b1 + (left >> _HALF) + (right >> _HALF) + (middle >> _HALF)
    return high, (middle << _HALF) | (low & _MASK)


@leaf
def add(high: Any, low: Any, more_high: Any, more_low: Any) -> Any:
    """Return the sum of two magnitudes and whether it fits."""
    total = low + more_low
    carry = ONE if total < low else ZERO
    top = high + more_high
    fits = top >= high
    sum_high = top + carry
    return sum_high, total, fits and sum_high >= top


@leaf
def subtract(high: Any, low: Any, less_high: Any, less_low: Any) -> Any:
    """Return the difference of two magnitudes and whether it is not negative."""
    borrow = ONE if low < less_low else ZERO
    is_right = high > less_high or (high == less_high and low >= less_low)
    return high - less_high - borrow, low - less_low, is_right


@leaf
def scale(high: Any, low: Any, factor: Any) -> Any:
    """Return a magnitude times a uint64, and whether it fits."""
    low_high, low_low = product(low, factor)
    high_high, high_low = product(high, factor)
    total = high_low + low_high
    return total, low_low, high_high == ZERO and total >= high_low


@loop
def divide(high: Any, low: Any, by: Any) -> Any:
    """Return quotient and remainder of (high, low) / by; needs 0 ≤ high < by."""
    if high == ZERO:
        quotient = low // by
        return quotient, low - quotient * by
    shift = ZERO
    while by < _TOP:
        by <<= ONE
        shift += ONE
    if shift > ZERO:
        high = (high << shift) | (low >> (np.uint64(64) - shift))
        low <<= shift
    by1, by0 = by >> _HALF, by & _MASK
    low1, low0 = low >> _HALF, low & _MASK
    first = high // by1
    rest = high - first * by1
    while first >= _BASE or first * by0 > ((rest << _HALF) | low1):
        first -= ONE
        rest += by1
        if rest >= _BASE:
            break
    high = (high << _HALF) + low1 - first * by  # wraps around, as it is meant to
    second = high // by1
    rest = high - second * by1
    while second >= _BASE or second * by0 > ((rest << _HALF) | low0):
        second -= ONE
        rest += by1
        if rest >= _BASE:
            break
    remainder = (high << _HALF) + low0 - second * by
    return (first << _HALF) + second, remainder >> shift


@leaf
def rounded(quotient: Any, remainder: Any, by: Any, is_negative: Any, mode: Any) -> Any:
    """Return the quotient's magnitude, rounded; `remainder` < `by` was left over."""
    over = by - remainder
    if remainder == ZERO or mode == DOWN:
        step = ZERO
    elif mode == UP or remainder > over:
        step = ONE
    elif remainder < over:
        step = ZERO
    elif mode == HALF_EVEN:
        step = quotient & ONE
    elif mode == HALF_UP:
        step = ZERO if is_negative else ONE
    else:
        step = ONE
    return quotient + step


@leaf
def signed(value: Any, is_negative: Any) -> Any:
    """Return a magnitude below 2^63 as an int64 with its sign."""
    return -np.int64(value) if is_negative else np.int64(value)


@loop
def multiply_divide(a: Any, b: Any, c: Any, mode: Any, out: Any) -> Any:
    """Write a · b / c, rounded. int64[n] all; a, b or c may have one row for all.

    Returns the first row whose result does not fit or whose c is not > 0, or −1.
    """
    for row in range(len(out)):
        left = a[row if len(a) > 1 else 0]
        right = b[row if len(b) > 1 else 0]
        divisor = c[row if len(c) > 1 else 0]
        if divisor <= 0:
            return row
        by = np.uint64(divisor)
        is_negative = (left < 0) != (right < 0)
        high, low = product(magnitude(left), magnitude(right))
        if high >= by:
            return row
        quotient, remainder = divide(high, low, by)
        value = rounded(quotient, remainder, by, is_negative, mode)
        if value > LARGEST:
            return row
        out[row] = signed(value, is_negative)
    return -1
