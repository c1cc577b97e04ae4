"""Terms of a product as people read and type them: money, percent, days, choices."""

import re
from typing import Final

from yunjin.chassis.console import formats, t
from yunjin.chassis.console.words import LEXICON
from yunjin.foundation.banking.api.products import ParameterInfo
from yunjin.kernel.errors import Malformed
from yunjin.kernel.money import MINOR_MAX, exponent, parse_minor

PPM_PLACES: Final = 4  # decimals of a percentage
_PERCENT: Final = re.compile(r"(\d{1,9})(?:\.(\d{0,20}))?", re.ASCII)
_CHOICES_MAX: Final = 20


def known(key: str, otherwise: str) -> str:
    """Return a word where there is one: a bank's own products bring names nobody translated."""
    return t(key) if LEXICON.knows(key) else otherwise


def product_name(code: str) -> str:
    """Name a product."""
    return known(f"banking.product.{code}", code)


def product_summary(code: str, otherwise: str) -> str:
    """Say in a line what a product is."""
    return known(f"banking.product.{code}.summary", otherwise)


def term_name(name: str) -> str:
    """Name a term."""
    return known(f"banking.term.{name}", name.replace("_", " "))


def term_help(name: str) -> str:
    """Explain a term; empty where nothing is known of it."""
    return known(f"banking.term.{name}.help", "")


def account_name(name: str) -> str:
    """Name an account of an agreement."""
    return known(f"banking.account.{name}", name.replace("_", " "))


def slot_name(slot: str) -> str:
    """Name a slot of the general ledger."""
    return known(f"banking.slot.{slot.lower()}", slot.lower())


def branch_name(code: str) -> str:
    """Name a branch."""
    return known(f"banking.branch.{code}", code)


def event_name(name: str) -> str:
    """Name an event of a product."""
    return known(f"banking.event.{name}", name.replace("_", " "))


def said(text: str) -> str:
    """Return what a product said, in the reader's language where it is known."""
    return known(f"banking.said.{text}", text)


def choices(one: ParameterInfo) -> dict[str, str]:
    """Return what may be chosen, by value; empty for a term that is typed."""
    if one.most - one.least > _CHOICES_MAX:
        return {}
    keys = {value: f"banking.choice.{one.name}.{value}" for value in range(one.least, one.most + 1)}
    is_named = all(LEXICON.knows(key) for key in keys.values())
    if not is_named and one.unit != "choice":
        return {}
    return {str(value): known(key, str(value)) for value, key in keys.items()}


def unit(one: ParameterInfo, currency: str) -> str:
    """Return the unit a term is typed in."""
    return {"minor": currency, "ppm": "%", "days": t("unit.day")}.get(one.unit, "")


def typed(one: ParameterInfo, value: int | None, currency: str) -> str:
    """Write a value as it is typed."""
    if value is None:
        return ""
    if one.unit == "minor":
        return formats.money(value, currency).replace(",", "")
    return percent(value) if one.unit == "ppm" else str(value)


def shown(one: ParameterInfo, value: int, currency: str) -> str:
    """Write a value with its unit."""
    if str(value) in (named := choices(one)):
        return named[str(value)]
    if one.unit == "minor":
        return f"{formats.money(value, currency)} {currency}"
    if one.unit == "ppm":
        return f"{percent(value)}%"
    return f"{formats.number(value)} {unit(one, currency)}".strip()


def percent(ppm: int) -> str:
    """Write parts per million as a percentage: 35,000 is `3.5`."""
    whole, rest = divmod(abs(ppm), 10**PPM_PLACES)
    fraction = str(rest).rjust(PPM_PLACES, "0").rstrip("0")
    sign = "-" if ppm < 0 else ""
    return f"{sign}{whole}.{fraction}" if fraction else f"{sign}{whole}"


def parse_percent(text: str) -> int:
    """Read a percentage as parts per million. Raises: Malformed."""
    match = _PERCENT.fullmatch(text.strip().removesuffix("%").strip())
    if match is None or (match[2] or "")[PPM_PLACES:].strip("0"):
        raise Malformed(
            f"expected a percentage of at most {PPM_PLACES} decimals, was {text[:20]!r}"
        )
    fraction = (match[2] or "")[:PPM_PLACES].ljust(PPM_PLACES, "0")
    return int(match[1]) * 10**PPM_PLACES + int(fraction)


def parsed(one: ParameterInfo, text: str, currency: str) -> int:
    """Read what was typed. Raises: Malformed."""
    clean = text.replace(",", "").strip()
    if one.unit == "minor":
        return parse_minor(clean, currency)
    if one.unit == "ppm":
        return parse_percent(clean)
    if not (clean.isascii() and clean.isdecimal() and len(clean) < 17):
        raise Malformed(f"expected a whole number, was {text[:20]!r}")
    return int(clean)


def complaint(one: ParameterInfo, text: str, currency: str) -> str:
    """Return why what was typed will not do, in the reader's language; "" where it will."""
    if not text.strip():
        return t("form.needed") if one.default is None else ""
    try:
        value = parsed(one, text, currency)
    except Malformed:
        if one.unit == "minor":
            return t("form.amount", places=exponent(currency))
        return t("banking.form.percent" if one.unit == "ppm" else "banking.form.whole")
    if not one.least <= value <= one.most:
        return t("banking.form.bounds", bounds=bounds(one, currency))
    return ""


def bounds(one: ParameterInfo, currency: str) -> str:
    """Write the bounds of a term, never broken over two lines."""
    least = shown(one, one.least, currency)
    written = (
        f"≥ {least}" if one.most >= MINOR_MAX else f"{least} – {shown(one, one.most, currency)}"
    )
    return written.replace(" ", "\u00a0").replace("–", "–\u2060")


def accrued(e8: int, currency: str) -> str:
    """Write what has accrued, two decimals beyond the currency's, cut off."""
    places = exponent(currency) + 2
    digits = str(abs(e8) // 10**6).rjust(places + 1, "0")
    sign = "-" if e8 < 0 else ""
    return f"{sign}{int(digits[:-places]):,}.{digits[-places:]}"
