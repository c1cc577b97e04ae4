"""Prices in words, as the pages of prices and fees write them."""

from typing import Any, Final

from yunjin.chassis.console import Column, Markup, Row, formats, markup, one_of, t
from yunjin.platforms.capability.api.price_books import (
    BP,
    PPM,
    Band,
    Book,
    BookState,
    Discount,
    FeeKind,
    Price,
    RateRule,
    Scope,
)
from yunjin.platforms.capability.api.pricing import ChargeState, Priced, QuoteLine, Tried

BOOK_TONES: Final[dict[BookState, Any]] = {
    BookState.COMING: "info",
    BookState.IN_FORCE: "good",
    BookState.PAST: "neutral",
    BookState.WITHDRAWN: "neutral",
}
CHARGE_TONES: Final[dict[ChargeState, Any]] = {
    ChargeState.POSTING: "warn",
    ChargeState.CHARGED: "good",
    ChargeState.REFUSED: "bad",
    ChargeState.REFUNDING: "warn",
    ChargeState.REFUNDED: "neutral",
}


def state_chip(one: Book) -> Markup:
    """Return a version's state."""
    return markup.chip(t(f"pricing.state.{one.state.value}"), BOOK_TONES[one.state])


def percent(share: int, whole: int) -> str:
    """Return a share as a percentage, exactly."""
    digits = len(str(whole)) - 1
    number = f"{share * 100 // whole}.{share * 100 % whole:0{digits}d}"
    return number.rstrip("0").rstrip(".")


def scope_words(scope: Scope, priority: int = 0) -> str:
    """Say whom a price is for."""
    parts = [
        t(f"pricing.scope.{name}", value=value)
        for name in ("party_id", "segment", "scenario", "business")
        if (value := getattr(scope, name))
    ]
    parts = parts or [t("pricing.anyone")]
    if priority:
        parts.append(t("pricing.priority", value=priority))
    return " · ".join(parts)


def how_words(price: Price, currency: str) -> Markup:
    """Say how a fee is worked out, a line a band."""
    if price.kind is FeeKind.FLAT:
        minor = formats.money(price.bands[0].minor, currency)
        lines = [t("pricing.kind.flat", minor=minor)]
    elif price.kind is FeeKind.PERIOD:
        minor = formats.money(price.bands[0].minor, currency)
        period = t(f"pricing.every.{price.every.value}")
        lines = [t("pricing.kind.period", minor=minor, period=period)]
    else:
        lines = [_band_words(price, band, currency) for band in price.bands]
    bounds = [
        t(f"pricing.{name}", minor=formats.money(minor, currency))
        for name, minor in (("least", price.least_minor), ("most", price.most_minor))
        if minor
    ]
    if bounds:
        lines.append(" · ".join(bounds))
    return Markup("<br>").join(lines)


def _band_words(price: Price, band: Band, currency: str) -> str:
    key = "part_inside" if price.kind is FeeKind.PROGRESSIVE else "part"
    what = t(f"pricing.{key}", rate=percent(band.rate_ppm, PPM))
    if band.minor or not band.rate_ppm:
        minor = formats.money(band.minor, currency)
        what = t("pricing.fixed_and", minor=minor, part=what) if band.rate_ppm else minor
    if len(price.bands) == 1:
        return what
    if band.upto_minor is None:
        return t("pricing.beyond", what=what)
    return t("pricing.upto", top=formats.money(band.upto_minor, currency), what=what)


def tax_words(price: Price) -> str:
    """Say what tax is in a price or on top of it."""
    if not price.tax_bp:
        return t("pricing.no_tax")
    return t(f"pricing.tax.{price.tax.value}", rate=percent(price.tax_bp, BP))


def free_words(price: Price) -> str:
    """Say how many uses are free."""
    if price.free is None:
        return "—"
    period = t(f"pricing.every.{price.free.every.value}")
    return t("pricing.free_of", count=price.free.count, period=period)


def price_columns() -> list[Column]:
    """Return the columns of prices."""
    return [
        Column(key="price", label=t("pricing.price"), card="lead"),
        Column(key="for", label=t("pricing.scope"), card="line"),
        Column(key="how", label=t("pricing.how"), card="line"),
        Column(key="free", label=t("pricing.free"), card="left"),
        Column(key="tax", label=t("pricing.tax"), card="right"),
    ]


def price_row(one: Price, currency: str, name: Markup | str) -> Row:
    """Return a price as a row; its name may be a link."""
    return {
        "price": Markup('{} <small class="yj-side">{}</small>').format(name, one.code),
        "for": scope_words(one.scope, one.priority),
        "how": how_words(one, currency),
        "free": free_words(one),
        "tax": tax_words(one),
    }


def discount_columns() -> list[Column]:
    """Return the columns of discounts."""
    return [
        Column(key="discount", label=t("pricing.discount"), card="lead"),
        Column(key="off", label=t("pricing.off"), card="side"),
        Column(key="fees", label=t("pricing.fees_of"), card="line"),
        Column(key="for", label=t("pricing.scope"), card="left"),
        Column(key="days", label=t("pricing.days"), is_whole=True, card="right"),
    ]


def discount_row(one: Discount, currency: str) -> Row:
    """Return a discount as a row."""
    off = (
        t("pricing.off_bp", rate=percent(one.off_bp, BP))
        if one.off_bp
        else t("pricing.off_minor", minor=formats.money(one.off_minor, currency))
    )
    days = f"{one.since or '…'} – {one.until or '…'}" if one.since or one.until else "—"
    return {
        "discount": named(one_of(one.zh, one.en), one.code),
        "off": f"{off} · {t('pricing.stacks')}" if one.stacks else off,
        "fees": ", ".join(one.fees) or t("pricing.every_fee"),
        "for": scope_words(one.scope),
        "days": days,
    }


def rate_columns() -> list[Column]:
    """Return the columns of rates."""
    return [
        Column(key="rate", label=t("pricing.rate"), card="lead"),
        Column(key="base", label=t("pricing.base"), is_number=True, card="side"),
        Column(key="spreads", label=t("pricing.spreads"), card="line"),
    ]


def rate_row(one: RateRule) -> Row:
    """Return a rate as a row."""
    spreads = [
        f"{'+' if each.ppm >= 0 else '-'}{percent(abs(each.ppm), PPM)} % {each.code}"
        for each in one.spreads
    ]
    return {
        "rate": named(one_of(one.zh, one.en), one.code),
        "base": f"{percent(one.base_ppm, PPM)} %",
        "spreads": " · ".join(spreads) or "—",
    }


def named(name: Markup | str, code: str) -> Markup:
    """Return a name with its code beside it."""
    return Markup('{} <small class="yj-side">{}</small>').format(name, code)


def tried_columns() -> list[Column]:
    """Return the columns of rules that were looked at."""
    return [
        Column(key="rule", label=t("pricing.rule"), card="lead"),
        Column(key="why", label=t("pricing.why"), card="side"),
        Column(key="comes", label=t("pricing.comes_to"), is_number=True, card="right"),
    ]


def tried_row(one: Tried, line: QuoteLine, currency: str) -> Row:
    """Return a rule that was looked at as a row."""
    comes = ""
    if one.kind == "free":
        comes = t("pricing.free_left", count=one.minor)
    elif one.kind == "price" and one.won:
        comes = formats.money(line.fee_minor, currency)
    elif one.kind == "discount" and one.minor:
        comes = f"-{formats.money(one.minor, currency)}"
    return {
        "rule": t(f"pricing.tried.{one.kind}", code=one.code),
        "why": markup.chip(t(f"pricing.why.{one.why}"), "good" if one.won else "neutral"),
        "comes": comes,
    }


def total_words(priced: Priced) -> str:
    """Return what is paid, with its currency."""
    return f"{formats.money(priced.total_minor, priced.currency)} {priced.currency}"
