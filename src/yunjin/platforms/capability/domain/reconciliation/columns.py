"""The columns that are matched: a channel's lines, and what we booked of payments."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

SETTLED, REJECTED, RETURNED = 0, 1, 2  # what a line says of its payment
LINES: Final = pa.schema(
    [
        ("payment_hi", pa.uint64()),  # our payment's id; 0, 0: it names none
        ("payment_lo", pa.uint64()),
        ("end_to_end_id", pa.string()),
        ("batch", pa.string()),  # our message's id
        ("line_id", pa.string()),  # the channel's own reference
        ("account", pa.string()),  # the other side's
        ("currency", pa.string()),
        ("amount_minor", pa.int64()),  # > 0 comes in, < 0 goes out
        ("fee_minor", pa.int64()),  # kept back, >= 0
        ("day", pa.int32()),  # booked there, days since 1970
        ("outcome", pa.uint8()),  # SETTLED, REJECTED, RETURNED
    ]
)
OURS: Final = pa.schema(
    [
        ("payment_hi", pa.uint64()),
        ("payment_lo", pa.uint64()),
        ("is_return", pa.bool_()),
        ("currency", pa.string()),
        ("amount_minor", pa.int64()),  # as booked: > 0 came in, < 0 went out
    ]
)
_HEX: Final = np.full(256, 255, np.uint8)
_HEX[np.frombuffer(b"0123456789", np.uint8)] = np.arange(10)
_HEX[np.frombuffer(b"abcdef", np.uint8)] = np.arange(10, 16)
_HEX[np.frombuffer(b"ABCDEF", np.uint8)] = np.arange(10, 16)


def halves_of(texts: pa.Array) -> tuple[Any, Any]:
    """Return the halves (uint64[n]) of ids written as 32 hex digits, dashes left out; else 0, 0."""
    count = len(texts)
    plain = pc.replace_substring(texts.cast(pa.string()), "-", "")
    fits = pc.fill_null(pc.equal(pc.binary_length(plain), 32), False)
    fitting = plain if pc.all(fits).as_py() else plain.filter(fits)
    high, low = np.zeros(count, np.uint64), np.zeros(count, np.uint64)
    if not len(fitting):
        return high, low
    digits = _HEX[np.frombuffer(_bytes_of(fitting), np.uint8).reshape(-1, 32)]
    is_hex = (digits < 16).all(axis=1)
    octets = np.ascontiguousarray((digits[:, 0::2] << 4 | digits[:, 1::2]).astype(np.uint8))
    words = octets.view(">u8").astype(np.uint64)
    words[~is_hex] = 0
    rows = fits.to_numpy(zero_copy_only=False)
    high[rows], low[rows] = words[:, 0], words[:, 1]
    return high, low


def _bytes_of(texts: pa.Array) -> bytes:
    """Return the characters of ASCII texts, one after the other."""
    joined = pa.array(texts) if isinstance(texts, pa.ChunkedArray) else texts
    start, end = joined.offset, joined.offset + len(joined)
    _, offsets, body = joined.buffers()
    places = np.frombuffer(offsets, np.int32)[start : end + 1]
    found: bytes = body.slice(int(places[0]), int(places[-1] - places[0])).to_pybytes()
    return found


def number_of(high: int, low: int) -> UUID | None:
    """Return an id of halves; None of 0, 0."""
    return UUID(int=high << 64 | low) if high or low else None


def lines_of(columns: dict[str, Any], count: int) -> pa.RecordBatch:
    """Return LINES; what is not among the columns is empty."""
    made = []
    for field in LINES:
        found = columns.get(field.name)
        if found is None:
            empty = pa.nulls(count, field.type)
            found = empty if pa.types.is_string(field.type) else pc.fill_null(empty, 0)
        made.append(_whole(found, field.type))
    return pa.record_batch(made, schema=LINES)


def joined(batches: Sequence[pa.RecordBatch], schema: pa.Schema) -> pa.RecordBatch:
    """Return batches as one."""
    table = pa.Table.from_batches(batches, schema).combine_chunks()
    found = table.to_batches()
    return found[0] if found else pa.RecordBatch.from_pylist([], schema=schema)


def _whole(values: Any, kind: pa.DataType) -> pa.Array:
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    array = values if isinstance(values, pa.Array) else pa.array(values)
    return array if array.type == kind else array.cast(kind)
