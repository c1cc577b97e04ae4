"""Fees, discounts, tax and rates: which rule wins, why, and what it comes to. Pure and exact.

A part of an amount is one division, rounded once as the price says; nothing is a float.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from yunjin.kernel.errors import AmountTooLarge
from yunjin.kernel.money import MINOR_MAX
from yunjin.platforms.capability.api.price_books import (
    BP,
    PPM,
    Discount,
    Every,
    FeeKind,
    Price,
    RateRule,
    Rounding,
    Scope,
    Tax,
)
from yunjin.platforms.capability.api.pricing import Basis, QuoteLine, RatePart, Tried

# What a scope is narrower by: a party before a segment, a scenario, a business.
_WEIGHTS: Final = {"party_id": 8, "segment": 4, "scenario": 2, "business": 1}
_WORDS: Final = {"party_id": "party"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Whom:
    """Whom and what something is priced for."""

    party_id: str = ""
    segment: str = ""
    scenario: str = ""
    business: str = ""


def whom(basis: Basis) -> Whom:
    """Return whom a basis is for."""
    return Whom(**{name: getattr(basis, name) for name in _WEIGHTS})


def part(amount: int, numerator: int, denominator: int, rounding: Rounding) -> int:
    """Return amount · numerator / denominator, rounded once; none of them is below 0."""
    whole, rest = divmod(amount * numerator, denominator)
    return whole + rounds_up(whole, rest, denominator, rounding)


def rounds_up(whole: int, rest: int, denominator: int, rounding: Rounding) -> int:
    """Return 1 where whole + rest/denominator is rounded up, else 0."""
    match rounding:
        case Rounding.DOWN:
            return 0
        case Rounding.UP:
            return int(rest > 0)
        case Rounding.HALF_UP:
            return int(2 * rest >= denominator)
    return int(2 * rest > denominator or (2 * rest == denominator and whole % 2 == 1))


def fee_of(price: Price, amount_minor: int, periods: int = 1) -> int:
    """Return a fee before discounts and tax, held to its least and most.

    Raises: AmountTooLarge.
    """
    match price.kind:
        case FeeKind.PERIOD:
            fee = price.bands[0].minor * periods
        case FeeKind.PROGRESSIVE:
            fee = _progressive(price, amount_minor)
        case _:
            band = next(one for one in price.bands if _holds(one.upto_minor, amount_minor))
            fee = band.minor + part(amount_minor, band.rate_ppm, PPM, price.rounding)
    fee = max(fee, price.least_minor)
    fee = fee if price.most_minor is None else min(fee, price.most_minor)
    if fee > MINOR_MAX:
        raise AmountTooLarge(f"expected a fee of at most {MINOR_MAX} minor units, was {fee}")
    return fee


def _progressive(price: Price, amount_minor: int) -> int:
    fixed = shared = below = 0
    for band in price.bands:
        top = amount_minor if band.upto_minor is None else min(amount_minor, band.upto_minor)
        if top > below:
            fixed += band.minor
            shared += (top - below) * band.rate_ppm
            below = top
    return fixed + part(shared, 1, PPM, price.rounding)


def _holds(upto_minor: int | None, amount_minor: int) -> bool:
    return upto_minor is None or amount_minor <= upto_minor


def taxed(price: Price, minor: int) -> tuple[int, int, int]:
    """Return (net, tax, total) of what a price comes to after discounts."""
    if price.tax is Tax.EXCLUDED:
        tax = part(minor, price.tax_bp, BP, price.rounding)
        return minor, tax, minor + tax
    tax = part(minor, price.tax_bp, BP + price.tax_bp, price.rounding)
    return minor - tax, tax, minor


def after(discount: Discount, fee_minor: int, rounding: Rounding) -> int:
    """Return what a discount leaves of a fee; what is left is rounded as the price says."""
    if discount.off_bp:
        return part(fee_minor, BP - discount.off_bp, BP, rounding)
    return max(fee_minor - discount.off_minor, 0)


def narrowness(scope: Scope) -> int:
    """Return how narrow a scope is; of one narrowness, two scopes name the same things."""
    return sum(weight for name, weight in _WEIGHTS.items() if getattr(scope, name))


def misfit(scope: Scope, one: Whom) -> str:
    """Return "" where a scope fits, or why it does not: "other-party", "other-segment", …"""
    for name in _WEIGHTS:
        wanted = getattr(scope, name)
        if wanted and wanted != getattr(one, name):
            return f"other-{_WORDS.get(name, name)}"
    return ""


def in_order(prices: Iterable[Price]) -> list[Price]:
    """Return prices in the order of precedence: the first that fits wins."""
    return sorted(prices, key=lambda one: (-one.priority, -narrowness(one.scope), one.code))


def chosen(prices: Sequence[Price], one: Whom) -> tuple[Price | None, list[Tried]]:
    """Return the price that wins, and why each price won or did not; `prices` are of one fee."""
    winner: Price | None = None
    tried: list[Tried] = []
    for price in in_order(prices):
        why = misfit(price.scope, one)
        if not why and winner is not None:
            why = "priority-won" if price.priority < winner.priority else "narrower-won"
        if not why:
            winner, why = price, "won"
        tried.append(Tried(kind="price", code=price.code, won=why == "won", why=why))
    return winner, tried


def discounted(
    discounts: Iterable[Discount], price: Price, fee_minor: int, *, one: Whom, date: dt.date
) -> tuple[int, list[Tried]]:
    """Return what discounts leave of a fee, and why each counted or did not."""
    tried: list[Tried] = []
    fitting: list[Discount] = []
    for each in sorted(discounts, key=lambda each: each.code):
        if each.fees and price.fee not in each.fees:
            continue
        why = _outside(each.since, each.until, date) or misfit(each.scope, one)
        if why:
            tried.append(Tried(kind="discount", code=each.code, won=False, why=why))
        else:
            fitting.append(each)
    alone = [each for each in fitting if not each.stacks]
    # Of equals, the first by code: min takes it.
    best = min(alone, key=lambda each: after(each, fee_minor, price.rounding), default=None)
    left = fee_minor
    won: list[Tried] = []
    for each in ([] if best is None else [best]) + [each for each in fitting if each.stacks]:
        reduced = after(each, left, price.rounding)
        won.append(
            Tried(kind="discount", code=each.code, won=True, why="won", minor=left - reduced)
        )
        left = reduced
    lost = [
        Tried(
            kind="discount",
            code=each.code,
            won=False,
            why="better-won",
            minor=fee_minor - after(each, fee_minor, price.rounding),
        )
        for each in alone
        if each is not best
    ]
    return left, won + lost + tried


def _outside(since: dt.date | None, until: dt.date | None, date: dt.date) -> str:
    if since is not None and date < since:
        return "not-yet"
    return "over" if until is not None and date >= until else ""


def line_of(
    price: Price,
    tried: Sequence[Tried],
    discounts: Iterable[Discount],
    basis: Basis,
    *,
    date: dt.date,
    free: Tried | None = None,
) -> QuoteLine:
    """Return a fee's line of a quote. free: whether a free use is taken, None where none is.

    Raises: AmountTooLarge.
    """
    fee = fee_of(price, basis.amount_minor, periods_of(basis, price.every))
    is_free = free is not None and free.won
    left, off_tried = discounted(
        () if is_free else discounts, price, fee, one=whom(basis), date=date
    )
    left = 0 if is_free else left
    net, tax, total = taxed(price, left)
    every = [*tried, *([free] if free else []), *off_tried]
    if total > MINOR_MAX:
        raise AmountTooLarge(f"expected a fee of at most {MINOR_MAX} minor units, was {total}")
    return QuoteLine(
        fee=price.fee,
        price=price.code,
        zh=price.zh,
        en=price.en,
        fee_minor=fee,
        off_minor=fee - left,
        net_minor=net,
        tax_minor=tax,
        total_minor=total,
        is_free=is_free,
        tried=tuple(sorted(every, key=lambda one: not one.won)),
    )


def began(every: Every, date: dt.date) -> dt.date:
    """Return the first day of the period that a date lies in."""
    match every:
        case Every.DAY:
            return date
        case Every.MONTH:
            return date.replace(day=1)
    return date.replace(month=1, day=1)


def periods_of(basis: Basis, every: Every) -> int:
    """Return how many periods a basis begins: 1 where it names no days."""
    if basis.since is None or basis.until is None:
        return 1
    days = (basis.until - basis.since).days
    if every is Every.DAY:
        return days
    step = 1 if every is Every.MONTH else 12
    months = 12 * (basis.until.year - basis.since.year) + basis.until.month - basis.since.month
    # A period ends before the day of the month that the first began on.
    begun = months + (basis.until.day > basis.since.day)
    return max(-(-begun // step), 1)


def rate_of(
    rule: RateRule, *, amount_minor: int, term_days: int, one: Whom
) -> tuple[int, tuple[RatePart, ...]]:
    """Return a rate and its parts: base, every spread that fits, what floor or cap does."""
    parts = [RatePart(code="base", ppm=rule.base_ppm)]
    parts += [
        RatePart(code=each.code, ppm=each.ppm)
        for each in rule.spreads
        if _lies(each.from_minor, each.until_minor, amount_minor)
        and _lies(each.from_days, each.until_days, term_days)
        and not misfit(each.scope, one)
    ]
    ppm = sum(each.ppm for each in parts)
    held = max(ppm, rule.floor_ppm)
    held = held if rule.cap_ppm is None else min(held, rule.cap_ppm)
    if held != ppm:
        parts.append(RatePart(code="floor" if held > ppm else "cap", ppm=held - ppm))
    return held, tuple(parts)


def _lies(since: int, until: int | None, value: int) -> bool:
    return since <= value and (until is None or value < until)
