"""A channel's CSV as LINES, by the mapping that describes it. Pure."""

import datetime as dt
import io
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from yunjin.kernel.money import CURRENCIES, MINOR_MAX, exponent
from yunjin.platforms.capability.api.reconciliation import CSV_COLUMNS_MAX, CsvMapping
from yunjin.platforms.capability.domain.reconciliation.columns import (
    REJECTED,
    RETURNED,
    SETTLED,
    halves_of,
    lines_of,
)
from yunjin.platforms.capability.errors.clearing import ReconciliationRefused

_TEXTS: Final = ("end_to_end_id", "batch", "line_id", "account")
_NAMES: Final = ("reference", *_TEXTS, "amount", "fee", "date", "side", "state")
_EPOCH: Final = dt.date(1970, 1, 1)


def read_csv(content: bytes, mapping: CsvMapping, day: dt.date | None) -> pa.RecordBatch:
    """Return a CSV's lines. day: of lines where no column tells it.

    Raises: ReconciliationRefused.
    """
    table = _table(content, mapping)
    amounts = _amounts(table, mapping)
    outcome = _outcomes(table, mapping)
    columns: dict[str, Any] = {
        name: _text(table, getattr(mapping, name)) for name in _TEXTS if getattr(mapping, name)
    }
    if mapping.reference:
        high, low = halves_of(_text(table, mapping.reference))
        columns |= {"payment_hi": high, "payment_lo": low}
    if mapping.fee:
        columns["fee_minor"] = _minor(table, mapping, mapping.fee, "fee")
    columns |= {
        "currency": _currency(table, mapping),
        "amount_minor": amounts,
        "day": _days(table, mapping, day),
        "outcome": outcome,
    }
    return lines_of(columns, table.num_rows)


def _table(content: bytes, mapping: CsvMapping) -> pa.Table:
    """Return the columns that are mapped, as text. Raises: ReconciliationRefused."""
    wanted = [name for each in _NAMES if (name := getattr(mapping, each))]
    if mapping.currency not in CURRENCIES:
        wanted.append(mapping.currency)
    wanted = list(dict.fromkeys(wanted))
    csv = pyarrow.csv
    try:
        table = csv.read_csv(
            io.BytesIO(content),
            read_options=csv.ReadOptions(encoding=mapping.encoding, block_size=8 << 20),
            parse_options=csv.ParseOptions(delimiter=mapping.delimiter),
            convert_options=csv.ConvertOptions(
                include_columns=wanted,
                column_types=dict.fromkeys(wanted, pa.string()),
                strings_can_be_null=False,
            ),
        )
    except (pa.ArrowException, UnicodeError, LookupError) as error:
        raise ReconciliationRefused(f"The CSV cannot be read: {str(error)[:200]}") from None
    if len(wanted) > CSV_COLUMNS_MAX:
        raise ReconciliationRefused(f"expected at most {CSV_COLUMNS_MAX} columns to be mapped")
    return table.combine_chunks()


def _text(table: pa.Table, name: str) -> pa.Array:
    column = table[name].combine_chunks()
    trimmed = pc.utf8_trim_whitespace(column)
    return trimmed.chunk(0) if isinstance(trimmed, pa.ChunkedArray) else trimmed


def _amounts(table: pa.Table, mapping: CsvMapping) -> Any:
    """Return signed amounts: > 0 comes in."""
    found = _minor(table, mapping, mapping.amount, "amount")
    if not mapping.side:
        return found
    inward = pc.is_in(_text(table, mapping.side), pa.array(mapping.inward, pa.string()))
    return np.where(inward.to_numpy(zero_copy_only=False), np.abs(found), -np.abs(found))


def _minor(table: pa.Table, mapping: CsvMapping, name: str, what: str) -> Any:
    """Return a column of amounts in minor units (int64[n]). Raises: ReconciliationRefused."""
    text = pc.replace_substring(_text(table, name), ",", "")
    if what == "fee":
        text = pc.if_else(pc.equal(text, ""), "0", text)
    try:
        if mapping.amount_is_minor:
            found = text.cast(pa.int64())
        else:
            found = _scaled(text, _currency(table, mapping))
    except (pa.ArrowInvalid, pa.ArrowException) as error:
        why = str(error)[:120]
        raise ReconciliationRefused(f"column {name!r}: expected amounts, was {why}") from None
    values = found.to_numpy(zero_copy_only=False)
    if len(values) and np.abs(values).max() > MINOR_MAX:
        raise ReconciliationRefused(f"column {name!r}: expected amounts up to {MINOR_MAX}")
    return values


def _scaled(text: pa.Array, currencies: pa.Array) -> pa.Array:
    """Return decimals in minor units; exact, or refused."""
    pieces = pc.unique(currencies).to_pylist()
    if len(pieces) == 1:
        return _times(text, exponent(pieces[0]))
    made = np.zeros(len(text), np.int64)
    for code in pieces:
        mine = pc.equal(currencies, code)
        rows = mine.to_numpy(zero_copy_only=False)
        made[rows] = _times(text.filter(mine), exponent(code)).to_numpy(zero_copy_only=False)
    return pa.array(made)


def _times(text: pa.Array, places: int) -> pa.Array:
    decimals = text.cast(pa.decimal128(22, places))
    return pc.multiply(decimals, pa.scalar(10**places, pa.decimal128(5, 0))).cast(pa.int64())


def _currency(table: pa.Table, mapping: CsvMapping) -> pa.Array:
    if mapping.currency in CURRENCIES:
        return pa.repeat(mapping.currency, table.num_rows)
    found = _text(table, mapping.currency)
    for code in pc.unique(found).to_pylist():
        if code not in CURRENCIES:
            raise ReconciliationRefused(f"expected currencies of ISO 4217, was {code[:10]!r}")
    return found


def _days(table: pa.Table, mapping: CsvMapping, day: dt.date | None) -> Any:
    """Return booking dates, days since 1970 (int32[n]). Raises: ReconciliationRefused."""
    if not mapping.date:
        if day is None:
            raise ReconciliationRefused("expected a day, or a column of dates, was neither")
        return np.full(table.num_rows, (day - _EPOCH).days, np.int32)
    codes = _text(table, mapping.date).dictionary_encode()
    known = []
    for text in codes.dictionary.to_pylist():
        try:
            when = dt.datetime.strptime(text, mapping.date_format).date()
        except ValueError:
            what = f"expected dates as {mapping.date_format}, was {text[:20]!r}"
            raise ReconciliationRefused(what) from None
        known.append((when - _EPOCH).days)
    places = codes.indices.to_numpy(zero_copy_only=False)
    return np.array(known, np.int32)[places] if known else np.zeros(0, np.int32)


def _outcomes(table: pa.Table, mapping: CsvMapping) -> Any:
    made = np.full(table.num_rows, SETTLED, np.uint8)
    if not mapping.state:
        return made
    said, known = _text(table, mapping.state), np.zeros(table.num_rows, bool)
    words = (
        (SETTLED, mapping.settled),
        (REJECTED, mapping.rejected),
        (RETURNED, mapping.returned),
    )
    for code, texts in words:
        rows = pc.is_in(said, pa.array(texts, pa.string())).to_numpy(zero_copy_only=False)
        made[rows], known[rows] = code, True
    if not known.all():
        strange = said[int(np.flatnonzero(~known)[0])].as_py()
        raise ReconciliationRefused(
            f"expected a state that the mapping names, was {strange[:20]!r}"
        )
    return made
