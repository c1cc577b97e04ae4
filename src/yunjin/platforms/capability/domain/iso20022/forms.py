"""Raw texts into typed columns; what is not of the right form is refused row by row.

Source: ISO 4217 (decimals), ISO 9362 (BIC), ISO 13616 (IBAN), ISO 17442 (LEI), ISO 7064 (MOD
97-10), ISO 20022 (dates, lengths).
"""

import datetime as dt
import re
from collections.abc import Callable
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from yunjin.kernel.money import CURRENCIES, MINOR_MAX, exponent
from yunjin.platforms.capability.domain.iso20022.cutting import Rows
from yunjin.platforms.capability.domain.iso20022.reasons import ReasonCode, Verdicts
from yunjin.platforms.capability.domain.iso20022.tables import Field, Kind

INSTANT: Final = pa.timestamp("us", "UTC")
_PATTERNS: Final = {
    Kind.BIC: "[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?",
    Kind.IBAN: "[A-Z]{2}[0-9]{2}[a-zA-Z0-9]{1,30}",
    Kind.ACCOUNT: "[0-9A-Za-z][0-9A-Za-z ./-]{0,33}",
    Kind.LEI: "[A-Z0-9]{18}[0-9]{2}",
    Kind.UETR: "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}",
    Kind.SUM: r"[0-9]{1,18}(\.[0-9]{1,17})?",
}
_WORDS: Final = {
    Kind.BIC: "a BIC of 8 or 11 characters",
    Kind.IBAN: "an IBAN",
    Kind.ACCOUNT: "an account number of digits and letters",
    Kind.LEI: "an LEI of 20 characters",
    Kind.UETR: "a UUID of version 4",
    Kind.SUM: "a decimal number without sign",
}
_ENTITY: Final = re.compile(r"&(?:#(\d{1,7})|#x([0-9A-Fa-f]{1,6})|(lt|gt|amp|quot|apos));")
_NAMED: Final = {"lt": "<", "gt": ">", "amp": "&", "quot": '"', "apos": "'"}
_DAY: Final = re.compile(r"(\d{4}-\d{2}-\d{2})(?:T.{1,30}|Z|[+-]\d{2}:\d{2})?", re.ASCII)
_EMPTY: Final = pa.scalar("")
_NULL: Final = pa.scalar(None, pa.string())
_NO: Final = pa.scalar(False)
_TYPES: Final = {
    Kind.DATE: pa.date32(),
    Kind.DATETIME: INSTANT,
    Kind.COUNT: pa.int64(),
    Kind.FLAG: pa.bool_(),
    Kind.SIDE: pa.bool_(),
}


def column_type(field: Field) -> pa.DataType:
    """Return the Arrow type of a field's column."""
    return pa.int64() if field.kind is Kind.AMOUNT else _TYPES.get(field.kind, pa.string())


def typed(rows: Rows) -> tuple[dict[str, pa.Array], dict[str, pa.Array], Verdicts]:
    """Return the columns of a part, its amounts as written, the first reason of each row."""
    verdicts, raw = Verdicts(rows.count), rows.columns()
    for row, fault in rows.faults:
        verdicts.refuse(np.array([row]), ReasonCode.FORMAT_INVALID, fault)
    columns: dict[str, pa.Array] = {}
    written: dict[str, pa.Array] = {}
    at = 0
    for field in rows.part.fields:
        texts = _texts(raw[at])
        at += 1
        if field.must and texts.null_count:
            missing = f"expected {field.path}, was missing"
            verdicts.refuse(_true(texts.is_null()), ReasonCode.ELEMENT_MISSING, missing)
        if field.kind is Kind.AMOUNT:
            currencies = _texts(raw[at])
            at += 1
            amounts = _amounts(field, texts, currencies, verdicts)
            columns[f"{field.name}_minor"], columns[field.currency] = amounts, currencies
            written[field.name] = texts
        else:
            columns[field.name] = _column(field, texts, verdicts)
        if field.unless and not field.many:
            both = pc.and_(texts.is_valid(), columns[field.unless].is_valid())
            one = f"expected {rows.part.field(field.unless).path} or {field.path}, was both"
            verdicts.refuse(_true(both), ReasonCode.FORMAT_INVALID, one)
    return columns, written, verdicts


def _column(field: Field, texts: pa.Array, verdicts: Verdicts) -> pa.Array:
    """Return a field's column. Most optional fields are told in no row at all."""
    if texts.null_count == len(texts):
        return pa.nulls(len(texts), column_type(field))
    convert = _converted if field.kind in _TYPES else checked
    return convert(field, texts, verdicts)


def _true(mask: Any) -> Any:
    """Return a mask of Arrow as bool[rows]; null is no."""
    known = pc.fill_null(mask, _NO) if mask.null_count else mask
    return known.to_numpy(zero_copy_only=False)


def _texts(raw: pa.Array) -> pa.Array:
    """Return texts without the blanks around them and without escapes; null where empty."""
    if raw.null_count == len(raw):
        return pa.nulls(len(raw), pa.string())
    texts = pc.utf8_trim(raw.cast(pa.string()), " \t\n")
    if pc.any(pc.match_substring(texts, "&")).as_py():
        texts = _by_value(texts, lambda text: _ENTITY.sub(_unescaped, text), pa.string())
    empty = pc.equal(texts, _EMPTY)
    return pc.if_else(empty, _NULL, texts) if pc.any(empty).as_py() else texts


def _unescaped(entity: re.Match[str]) -> str:
    if entity[3]:
        return _NAMED[entity[3]]
    return chr(int(entity[1]) if entity[1] else int(entity[2], 16))


def _by_value(texts: pa.Array, convert: Callable[[str], Any], kind: pa.DataType) -> pa.Array:
    """Convert each different text once; null stays null."""
    coded = pc.dictionary_encode(texts)
    values = [convert(text) for text in coded.dictionary.to_pylist()]
    return pa.array(values, kind).take(coded.indices)


def checked(field: Field, texts: pa.Array, verdicts: Verdicts) -> pa.Array:
    """Return the texts of a field; one that is not of its form stays, its row is refused."""
    kind = field.kind
    pattern, said = field.pattern or _PATTERNS.get(kind, ""), _WORDS.get(kind, field.pattern)
    if not pattern:
        said = f"at most {field.length_max} characters"
        if field.many:
            piece = f"[^\n]{{1,{field.length_max}}}"
            pattern = f"{piece}(?:\n{piece})*"
    if pattern:
        wrong = _true(pc.invert(pc.match_substring_regex(texts, f"^(?:{pattern})$")))
    else:
        wrong = _true(pc.greater(pc.utf8_length(texts), field.length_max))
    _refuse(field, wrong, said, texts, verdicts)
    if kind in (Kind.IBAN, Kind.LEI):
        misfit = _check_digits_misfit(texts, ~wrong, is_iban=kind is Kind.IBAN)
        _refuse(field, misfit, "check digits that fit", texts, verdicts)
    return texts


def fitting(field: Field, texts: pa.Array) -> pa.Array:
    """Return the texts that a field can carry; null for the others."""
    verdicts = Verdicts(len(texts))
    checked(field, texts, verdicts)
    return pc.if_else(verdicts.columns()["reason"].is_null(), texts, _NULL)


def _refuse(field: Field, rows: Any, said: str, texts: pa.Array, verdicts: Verdicts) -> None:
    def words(row: int) -> str:
        return f"{field.path}: expected {said}, was {str(texts[row].as_py())[:34]!r}"

    verdicts.refuse(rows, field.reason, words)


def _converted(field: Field, texts: pa.Array, verdicts: Verdicts) -> pa.Array:
    """Return a column of a type of its own; what cannot be converted is null and refused."""
    convert, said = _CONVERSIONS[field.kind]
    found = _by_value(texts, convert, column_type(field))
    _refuse(field, _true(pc.and_(found.is_null(), texts.is_valid())), said, texts, verdicts)
    return found


def _date(text: str) -> dt.date | None:
    match = _DAY.fullmatch(text)
    try:
        return dt.date.fromisoformat(match[1]) if match else None
    except ValueError:
        return None


def _instant(text: str) -> dt.datetime | None:
    try:
        found = dt.datetime.fromisoformat(text)
        aware = found if found.tzinfo else found.replace(tzinfo=dt.UTC)
        return aware.astimezone(dt.UTC)
    except (ValueError, OverflowError):
        return None


def _count(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 15 else None


_CONVERSIONS: Final[dict[Kind, tuple[Callable[[str], Any], str]]] = {
    Kind.DATE: (_date, "a date YYYY-MM-DD"),
    Kind.DATETIME: (_instant, "a date and time"),
    Kind.COUNT: (_count, "a whole number"),
    Kind.FLAG: ({"true": True, "1": True, "false": False, "0": False}.get, "true or false"),
    Kind.SIDE: ({"CRDT": True, "DBIT": False}.get, "CRDT or DBIT"),
}


def _check_digits_misfit(texts: pa.Array, rows: Any, *, is_iban: bool) -> Any:
    """Say which of the given rows leave a remainder other than 1 by 97.

    The first four characters of an IBAN are read last; letters count from A = 10.
    """
    misfit = np.zeros(len(texts), bool)
    lengths = pc.fill_null(pc.utf8_length(texts), 0).to_numpy(zero_copy_only=False)
    for length in np.unique(lengths[rows]):
        if length < 5:
            continue
        chosen = np.flatnonzero(rows & (lengths == length))
        picked = texts.take(pa.array(chosen)).to_pylist()
        letters = np.array(picked, f"S{length}").view(np.uint8).reshape(-1, length)
        values = np.where(letters < 58, letters - 48, (letters & 0xDF) - 55).astype(np.int64)
        order = [*range(4, length), *range(4)] if is_iban else range(length)
        remainder = np.zeros(chosen.size, np.int64)
        for place in order:
            digit = values[:, place]
            remainder = (remainder * np.where(digit > 9, 100, 10) + digit) % 97
        misfit[chosen] = remainder != 1
    return misfit


def _amounts(field: Field, texts: pa.Array, currencies: pa.Array, verdicts: Verdicts) -> pa.Array:
    """Return amounts in minor units; null where there is none that could be kept."""
    if texts.null_count == len(texts):
        return pa.nulls(len(texts), pa.int64())
    known = _by_value(currencies, CURRENCIES.__contains__, pa.bool_())
    unknown = _true(pc.and_(texts.is_valid(), pc.invert(pc.fill_null(known, False))))

    def words(said: str) -> Callable[[int], str]:
        return lambda row: (
            f"{field.path}: expected {said}, was {str(texts[row].as_py())[:24]} "
            f"{str(currencies[row].as_py())[:4]}"
        )

    verdicts.refuse(unknown, ReasonCode.CURRENCY_INVALID, words("an ISO 4217 currency"))
    halves = pc.extract_regex(texts, r"^(?P<whole>[0-9]{1,18})(?:\.(?P<part>[0-9]*?)0*)?$")
    whole, part = halves.field("whole"), halves.field("part")
    malformed = _true(pc.and_(texts.is_valid(), halves.is_null()))
    verdicts.refuse(malformed, ReasonCode.AMOUNT_INVALID, words("a decimal amount without sign"))
    places = _by_value(currencies, exponent, pa.int32())
    excess = _true(pc.greater(pc.utf8_length(part), places))
    verdicts.refuse(excess, ReasonCode.DECIMALS_TOO_MANY, words("no more decimals than it has"))
    minor = np.zeros(len(texts), np.int64)
    usable = _true(texts.is_valid()) & ~(unknown | malformed | excess)
    all_places = pc.fill_null(places, 0).to_numpy(zero_copy_only=False)
    large = np.zeros(len(texts), bool)
    for decimals in np.unique(all_places[usable]):
        chosen = np.flatnonzero(usable & (all_places == decimals))
        rows = pa.array(chosen)
        digits = whole.take(rows).cast(pa.int64()).to_numpy(zero_copy_only=False)
        large[chosen] = digits > MINOR_MAX // 10 ** int(decimals)
        scaled = digits * 10 ** int(decimals)  # wraps only where it is too large anyway
        if decimals:
            rest = pc.utf8_rpad(pc.fill_null(part.take(rows), ""), int(decimals), "0")
            scaled += rest.cast(pa.int64()).to_numpy(zero_copy_only=False)
        large[chosen] |= scaled > MINOR_MAX
        minor[chosen] = scaled
    verdicts.refuse(large, ReasonCode.AMOUNT_INVALID, words("an amount that can be kept"))
    return pa.array(minor, pa.int64(), mask=~usable | large)
