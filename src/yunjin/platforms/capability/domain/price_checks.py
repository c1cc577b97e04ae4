"""What a price book must be, before it is published. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final, NoReturn

from yunjin.kernel.errors import Malformed
from yunjin.kernel.money import MINOR_MAX, checked_currency
from yunjin.platforms.capability.api.price_books import (
    BANDS_MAX,
    BP,
    PPM,
    PRICES_MAX,
    Band,
    Discount,
    FeeKind,
    NewBook,
    Price,
    RateRule,
    Scope,
)
from yunjin.platforms.capability.errors.pricing import PriceBookRefused

_BANDED: Final = (FeeKind.SLAB, FeeKind.PROGRESSIVE)
_CODE_MAX: Final = 40
_WORDS_MAX: Final = 100
_FREE_MAX: Final = 1_000


def check_book(book: NewBook) -> None:
    """Raises: Malformed, PriceBookRefused (two of which neither wins)."""
    _code("book", book.code)
    _words(book.code, book.zh, book.en)
    if len(book.note) > 2 * _WORDS_MAX:
        raise Malformed(f"expected a note of at most {2 * _WORDS_MAX} characters")
    checked_currency(book.currency)
    for what, found in (("price", book.prices), ("discount", book.discounts), ("rate", book.rates)):
        if len(found) > PRICES_MAX:
            raise Malformed(f"expected at most {PRICES_MAX} of each, was {len(found)} {what}s")
        _once(what, [one.code for one in found])
    for price in book.prices:
        _check_price(price)
    for discount in book.discounts:
        _check_discount(discount)
    for rate in book.rates:
        _check_rate(rate)
    _check_ties(book.prices)


def _check_price(price: Price) -> None:
    _code("price", price.code)
    _code("fee", price.fee)
    _words(price.code, price.zh, price.en)
    _scope(price.code, price.scope)
    _minor(price.code, price.least_minor)
    if price.most_minor is not None and not price.least_minor <= price.most_minor <= MINOR_MAX:
        _wrong(price.code, "a most of at least its least")
    if not 0 <= price.tax_bp <= BP:
        _wrong(price.code, f"a tax of 0 to {BP} bp")
    if abs(price.priority) > PRICES_MAX:
        _wrong(price.code, f"a priority of -{PRICES_MAX} to {PRICES_MAX}")
    if price.free is not None and not 1 <= price.free.count <= _FREE_MAX:
        _wrong(price.code, f"1 to {_FREE_MAX} free uses")
    _check_bands(price)


def _check_bands(price: Price) -> None:
    bands, most = price.bands, BANDS_MAX if price.kind in _BANDED else 1
    if not 1 <= len(bands) <= most:
        _wrong(price.code, f"1 to {most} bands for a price that is {price.kind}")
    for band in bands:
        _minor(price.code, band.minor)
        if not 0 <= band.rate_ppm <= PPM:
            _wrong(price.code, f"a share of 0 to {PPM} ppm")
        if band.rate_ppm and price.kind in (FeeKind.FLAT, FeeKind.PERIOD):
            _wrong(price.code, f"no share in a price that is {price.kind}")
    _check_tops(price.code, bands)


def _check_tops(code: str, bands: Sequence[Band]) -> None:
    tops = [band.upto_minor for band in bands]
    if tops[-1] is not None:
        _wrong(code, "a last band without an end")
    below = -1
    for top in tops[:-1]:
        if top is None or not below < top <= MINOR_MAX:
            _wrong(code, "bands whose ends rise, the last alone without one")
        below = top


def _check_discount(one: Discount) -> None:
    _code("discount", one.code)
    _words(one.code, one.zh, one.en)
    _scope(one.code, one.scope)
    for fee in one.fees:
        _code("fee", fee)
    if bool(one.off_bp) == bool(one.off_minor):
        _wrong(one.code, "a share (off_bp) or an amount (off_minor), one of the two")
    if not (0 <= one.off_bp <= BP and 0 <= one.off_minor <= MINOR_MAX):
        _wrong(one.code, f"0 to {BP} bp, or an amount of at least 0")
    if one.since and one.until and one.until <= one.since:
        _wrong(one.code, "an end after the first day")


def _check_rate(one: RateRule) -> None:
    _code("rate", one.code)
    _words(one.code, one.zh, one.en)
    if len(one.spreads) > PRICES_MAX:
        _wrong(one.code, f"at most {PRICES_MAX} spreads")
    _once("spread", [each.code for each in one.spreads])
    shares = [one.base_ppm, one.floor_ppm, *(each.ppm for each in one.spreads)]
    if any(abs(ppm) > 10 * PPM for ppm in shares):
        _wrong(one.code, f"shares of at most {10 * PPM} ppm")
    if one.cap_ppm is not None and not one.floor_ppm <= one.cap_ppm <= 10 * PPM:
        _wrong(one.code, "a cap of at least its floor")
    for each in one.spreads:
        _code("spread", each.code)
        _scope(each.code, each.scope)
        if _is_empty(each.from_minor, each.until_minor) or _is_empty(
            each.from_days, each.until_days
        ):
            _wrong(each.code, "ends after beginnings, of at least 0")


def _is_empty(since: int, until: int | None) -> bool:
    return since < 0 or (until is not None and until <= since)


def _check_ties(prices: Iterable[Price]) -> None:
    """Refuse two prices of a fee that are told apart by nothing: neither could win."""
    alike: dict[tuple[str, int, Scope], list[str]] = defaultdict(list)
    for price in prices:
        alike[price.fee, price.priority, price.scope].append(price.code)
    for (fee, _, _), codes in alike.items():
        if len(codes) > 1:
            why = f"neither of {', '.join(codes)} wins for {fee}: give one another priority"
            raise PriceBookRefused("Two prices are for the same.", why=why, prices=codes)


def _scope(code: str, scope: Scope) -> None:
    for name in ("party_id", "segment", "scenario", "business"):
        value = getattr(scope, name)
        if not value.isascii() or value != value.strip() or len(value) > 64:
            _wrong(code, f"a {name} of at most 64 ASCII characters")


def _once(what: str, codes: list[str]) -> None:
    twice = sorted({code for code in codes if codes.count(code) > 1})
    if twice:
        raise Malformed(f"expected each {what}'s code once, was {twice[0]} twice")


def _code(what: str, code: str) -> None:
    if not (code.isascii() and 0 < len(code) <= _CODE_MAX and not set(code) & set(" /,\t\n")):
        raise Malformed(
            f"expected a {what}'s code of 1 to {_CODE_MAX} ASCII characters without blank, comma "
            f"or slash, was {code[:50]!r}"
        )


def _words(code: str, zh: str, en: str) -> None:
    if not all(0 < len(word.strip()) <= len(word) <= _WORDS_MAX for word in (zh, en)):
        _wrong(code, f"a name in Chinese and English of 1 to {_WORDS_MAX} characters")


def _minor(code: str, minor: int) -> None:
    if not 0 <= minor <= MINOR_MAX:
        _wrong(code, f"an amount of 0 to {MINOR_MAX}")


def _wrong(code: str, expected: str) -> NoReturn:
    raise Malformed(f"{code}: expected {expected}", of=code)
