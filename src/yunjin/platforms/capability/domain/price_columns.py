"""Prices of many at once: the arithmetic of `domain.pricing` over columns, exact in 64 bits.

The scalar form is the oracle. A product of an amount (53 bits) and a share (20 bits) is taken
apart as (q · d + r) · s / d = q · s + r · s / d, which stays below 63 bits.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa

from yunjin.kernel.money import MINOR_MAX
from yunjin.platforms.capability.api.price_books import (
    BP,
    PPM,
    Discount,
    FeeKind,
    Price,
    Rounding,
    Scope,
    Tax,
)
from yunjin.platforms.capability.api.pricing import BATCH_ANSWERS, PriceStatus
from yunjin.platforms.capability.domain.pricing import in_order

_NAMES: Final = ("party_id", "segment", "scenario", "business")
_PERIODS_MAX: Final = 100_000


def priced(
    prices: Sequence[Price], discounts: Sequence[Discount], date: dt.date, columns: pa.RecordBatch
) -> pa.RecordBatch:
    """Return BATCH_ANSWERS for rows of BATCH_* columns; `prices` are of one fee."""
    rows = columns.num_rows
    amount, periods, used = (
        _numbers(columns, name, default)
        for name, default in (("amount_minor", 0), ("periods", 1), ("used", 0))
    )
    whom = {name: _words(columns, name, rows) for name in _NAMES}
    status = np.full(rows, PriceStatus.NO_PRICE, np.uint8)
    code = np.full(rows, "", object)
    out = {name: np.zeros(rows, np.int64) for name in ("fee", "off", "tax", "total")}
    is_bad = (amount < 0) | (amount > MINOR_MAX) | (used < 0) | (periods < 1)
    is_bad |= periods > _PERIODS_MAX
    is_left = ~is_bad
    for price in in_order(prices):
        at = np.flatnonzero(is_left & _fits(price.scope, whom, rows))
        is_left[at] = False
        some = {name: values[at] for name, values in whom.items()}
        found = _of_price(price, discounts, date, amount[at], periods[at], used[at], some)
        code[at] = price.code
        status[at] = found.pop("status")
        for name, values in found.items():
            out[name][at] = values
    is_over = status == PriceStatus.TOO_LARGE
    for values in out.values():
        values[is_over] = 0
    status[is_bad] = PriceStatus.MALFORMED
    answers = [pa.array(status), pa.array(code, pa.string()), *map(pa.array, out.values())]
    return pa.record_batch(answers, BATCH_ANSWERS)


def _of_price(
    price: Price,
    discounts: Sequence[Discount],
    date: dt.date,
    amount: Any,
    periods: Any,
    used: Any,
    whom: dict[str, Any],
) -> dict[str, Any]:
    fee, is_over = fees_of(price, amount, periods)
    left = _discounted(discounts, price, fee, date, whom)
    is_free = np.zeros(len(fee), bool) if price.free is None else used < price.free.count
    left = np.where(is_free, 0, left)
    base = BP if price.tax is Tax.EXCLUDED else BP + price.tax_bp
    tax = part(left, price.tax_bp, base, price.rounding)
    total = left + tax if price.tax is Tax.EXCLUDED else left
    status = np.where(is_free, PriceStatus.FREE, PriceStatus.PRICED)
    status = np.where(is_over | (total > MINOR_MAX), PriceStatus.TOO_LARGE, status)
    return {"status": status, "fee": fee, "off": fee - left, "tax": tax, "total": total}


def fees_of(price: Price, amount: Any, periods: Any) -> tuple[Any, Any]:
    """Return fees before discounts and tax, and which of them are too large (they are 0)."""
    match price.kind:
        case FeeKind.PERIOD:
            minor = price.bands[0].minor
            # Far beyond what is allowed, 64 bits would run over: such a row is too large at once.
            fee = minor * np.minimum(periods, MINOR_MAX // max(minor, 1) + 1)
        case FeeKind.PROGRESSIVE:
            fee = _progressive(price, amount)
        case _:
            tops = [band.upto_minor for band in price.bands[:-1]]
            at = np.searchsorted(np.array(tops, np.int64), amount, "left")
            minor = np.array([band.minor for band in price.bands], np.int64)[at]
            rate = np.array([band.rate_ppm for band in price.bands], np.int64)[at]
            fee = minor + part(amount, rate, PPM, price.rounding)
    fee = np.maximum(fee, price.least_minor)
    if price.most_minor is not None:
        fee = np.minimum(fee, price.most_minor)
    is_over = fee > MINOR_MAX
    return np.where(is_over, 0, fee), is_over


def _progressive(price: Price, amount: Any) -> Any:
    fixed = np.zeros(len(amount), np.int64)
    whole, rest, below = fixed.copy(), fixed.copy(), fixed.copy()
    for band in price.bands:
        top = amount if band.upto_minor is None else np.minimum(amount, band.upto_minor)
        inside = np.maximum(top - below, 0)
        fixed += np.where(inside > 0, band.minor, 0)
        quotient, remainder = np.divmod(inside, PPM)
        whole += quotient * band.rate_ppm
        rest += remainder * band.rate_ppm  # 50 bands of 10^12 at most
        below = np.maximum(top, below)
    carried, rest = np.divmod(rest, PPM)
    whole += carried
    return fixed + whole + _ups(whole, rest, PPM, price.rounding)


def part(amount: Any, share: Any, whole: int, rounding: Rounding) -> Any:
    """Return amount · share / whole, rounded once. amount: int64[n] ≥ 0; share ≤ 10^6."""
    quotient, remainder = np.divmod(amount, whole)
    carried, rest = np.divmod(remainder * share, whole)
    found = quotient * share + carried
    return found + _ups(found, rest, whole, rounding)


def _ups(found: Any, rest: Any, whole: int, rounding: Rounding) -> Any:
    match rounding:
        case Rounding.DOWN:
            return np.zeros(len(found), np.int64)
        case Rounding.UP:
            return (rest > 0).astype(np.int64)
        case Rounding.HALF_UP:
            return (2 * rest >= whole).astype(np.int64)
    is_up = (2 * rest > whole) | ((2 * rest == whole) & (found % 2 == 1))
    return is_up.astype(np.int64)


def _discounted(
    discounts: Sequence[Discount], price: Price, fee: Any, date: dt.date, whom: dict[str, Any]
) -> Any:
    fitting = [
        each
        for each in sorted(discounts, key=lambda each: each.code)
        if (not each.fees or price.fee in each.fees)
        and (each.since is None or each.since <= date)
        and (each.until is None or date < each.until)
    ]
    left = fee
    for each in (one for one in fitting if not one.stacks):
        reduced = _after(each, fee, price.rounding)
        left = np.where(_fits(each.scope, whom, len(fee)), np.minimum(left, reduced), left)
    for each in (one for one in fitting if one.stacks):
        reduced = _after(each, left, price.rounding)
        left = np.where(_fits(each.scope, whom, len(fee)), reduced, left)
    return left


def _after(discount: Discount, fee: Any, rounding: Rounding) -> Any:
    if discount.off_bp:
        return part(fee, BP - discount.off_bp, BP, rounding)
    return np.maximum(fee - discount.off_minor, 0)


def _fits(scope: Scope, whom: dict[str, Any], rows: int) -> Any:
    fits = np.ones(rows, bool)
    for name in _NAMES:
        if wanted := getattr(scope, name):
            fits &= whom[name] == wanted
    return fits


def _numbers(columns: pa.RecordBatch, name: str, default: int) -> Any:
    if name not in columns.schema.names:
        return np.full(columns.num_rows, default, np.int64)
    return columns[name].fill_null(-1).to_numpy(zero_copy_only=False)


def _words(columns: pa.RecordBatch, name: str, rows: int) -> Any:
    if name not in columns.schema.names:
        return np.full(rows, "", object)
    return columns[name].fill_null("").to_numpy(zero_copy_only=False)
