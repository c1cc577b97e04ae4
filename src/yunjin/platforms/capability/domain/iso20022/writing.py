"""Columns into XML, by the same tables that read it: one format a shape of row, filled row by row.

What is written is checked first as strictly as what is read, so that nobody else refuses it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from yunjin.kernel.errors import Malformed
from yunjin.kernel.money import CURRENCIES, exponent
from yunjin.platforms.capability.domain.iso20022.forms import checked, column_type
from yunjin.platforms.capability.domain.iso20022.reasons import Verdicts
from yunjin.platforms.capability.domain.iso20022.tables import Family, Field, Kind, Part

_NO_XML: Final = r"[\x00-\x08\x0b-\x1f\x{FFFE}\x{FFFF}]"  # a carriage return would not come back
_ESCAPES: Final = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_HELD: Final = b"\0"  # around the number of rows that are kept apart until the end


@dataclass(frozen=True, slots=True)
class _Column:
    """Texts that stand at a path; `told` says which rows have one."""

    steps: list[str]  # the last is empty for parts, which come with their tags
    values: list[bytes | None] | bytes  # one for all rows, which is then a part of the format
    told: Any  # bool[rows]


def write(family: Family, version: int, batches: Mapping[str, pa.RecordBatch]) -> bytes:
    """Write a message.

    Parameters
    ----------
    batches : the rows of each part by its name; a part below another has a column `parent`, in
        ascending order. Columns that are missing are taken as null, others are left out.

    Raises: Malformed where a value does not fit its element.
    """
    if version not in family.versions:
        raise Malformed(f"expected one of {family.names}, was version {version}")
    writer = _Writer(batches)
    root = writer.rendered(family.layout(version))
    namespace = family.namespace(version)
    head = f'<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="{namespace}">\n'
    return b"".join([head.encode(), *writer.unheld(root), b"\n</Document>\n"])


class _Writer:
    """Renders parts from the innermost out; long runs of rows are copied only once, at the end."""

    def __init__(self, batches: Mapping[str, pa.RecordBatch]) -> None:
        self._batches = batches
        self._held: list[list[bytes]] = []

    def unheld(self, texts: Iterable[bytes]) -> Iterator[bytes]:
        """Yield texts with the rows that were kept apart at their places."""
        for text in texts:
            if _HELD not in text:
                yield text
                continue
            for place, piece in enumerate(text.split(_HELD)):
                if place % 2:
                    yield from self.unheld(self._held[int(piece)])
                else:
                    yield piece

    def rendered(self, part: Part) -> list[bytes]:
        """Return the XML of each row of a part."""
        batch = self._batches[part.name]
        columns: list[_Column] = []
        for item in part.items:
            if isinstance(item, Field):
                column = _column(item, part, batch)
            else:
                column = self._nested(item, batch.num_rows)
            if column is not None:
                columns.append(column)
        _check_choices(part, batch)
        for need in part.needs:
            inside = [each.told for each in columns if _is_below(each.steps, need)]
            if batch.num_rows and not (inside and np.logical_or.reduce(inside).all()):
                raise Malformed(
                    f"expected something of {need} in every row of {part.name}, was none"
                )
        return _filled(columns, part, batch.num_rows)

    def _nested(self, part: Part, parent_count: int) -> _Column | None:
        """Return for each parent the XML of its rows of a part."""
        if part.name not in self._batches:
            if part.must and parent_count:
                raise Malformed(f"expected {part.name}, was none")
            return None
        texts = self.rendered(part)
        parents = self._batches[part.name].column("parent").to_numpy()
        if (np.diff(parents) < 0).any():
            raise Malformed(f"expected {part.name} in the order of their parents, was another")
        edges = np.searchsorted(parents, np.arange(parent_count + 1))
        if len(texts) and (parents[0] < 0 or edges[-1] != len(texts)):
            raise Malformed(f"expected a parent of every row of {part.name}, was none of some")
        if part.must and not np.diff(edges).all():
            raise Malformed(f"expected {part.name} of every parent, was none of some")
        values: list[bytes | None]
        if parent_count == len(texts) and (np.diff(edges) == 1).all():
            values = list(texts)
        else:
            values = [self._run(texts[a:b]) if b > a else None for a, b in pairwise(edges.tolist())]
        return _Column([*part.path.split("/")[:-1], ""], values, np.diff(edges) > 0)

    def _run(self, texts: list[bytes]) -> bytes:
        lines = [line for text in texts for line in (text, b"\n")]
        if len(texts) < 16:
            return b"".join(lines)
        self._held.append(lines)
        return b"%b%d%b" % (_HELD, len(self._held) - 1, _HELD)


def _check_choices(part: Part, batch: pa.RecordBatch) -> None:
    names = set(batch.schema.names)
    for field in part.fields:
        if field.unless and {field.name, field.unless} <= names:
            pair = [batch.column(name).is_valid() for name in (field.name, field.unless)]
            if pc.any(pc.and_(*pair)).as_py():
                raise Malformed(f"expected {field.unless} or {field.name} of a row, was both")


def _is_below(steps: list[str], path: str) -> bool:
    return f"{'/'.join(steps)}/".startswith(f"{path}/")


def _filled(columns: list[_Column], part: Part, row_count: int) -> list[bytes]:
    """Fill the rows into the format of their shape: which columns they have."""
    bits = np.zeros(row_count, np.int64)
    for place, column in enumerate(columns):
        bits |= column.told.astype(np.int64) << place
    amounts = {field.path for field in part.fields if field.kind is Kind.AMOUNT}
    out: Any = np.empty(row_count, object)
    for shape in np.unique(bits):
        present = [column for place, column in enumerate(columns) if shape >> place & 1]
        pattern = _pattern(present, part.path.rpartition("/")[2], amounts)
        chosen = np.flatnonzero(bits == shape)
        every = chosen.size == row_count
        rows = chosen.tolist()
        varying = [each.values for each in present if not isinstance(each.values, bytes)]
        picked = varying if every else [[values[row] for row in rows] for values in varying]
        texts = zip(*picked, strict=True) if picked else [()] * chosen.size
        filled = [pattern % row for row in texts]
        if every:
            return filled
        for row, text in zip(rows, filled, strict=True):
            out[row] = text
    return list(out)


def _pattern(columns: list[_Column], tag: str, amounts: set[str]) -> bytes:
    """Return the format of a row: elements opened and closed as the next path needs it."""
    out, opened = [f"<{tag}>".encode()], list[str]()
    for column in columns:
        above, leaf = column.steps[:-1], column.steps[-1]
        same = 0
        while same < min(len(opened), len(above)) and opened[same] == above[same]:
            same += 1
        out += [f"</{name}>".encode() for name in reversed(opened[same:])]
        out += [f"<{name}>".encode() for name in above[same:]]
        opened = above
        has_currency = "/".join(column.steps) in amounts
        before = f'<{leaf} Ccy="' if has_currency else f"<{leaf}>" if leaf else ""
        values = column.values
        value = values.replace(b"%", b"%%") if isinstance(values, bytes) else b"%b"
        out += [before.encode(), value, f"</{leaf}>".encode() if leaf else b""]
    out += [f"</{name}>".encode() for name in reversed(opened)]
    return b"".join([*out, f"</{tag}>".encode()])


def _column(field: Field, part: Part, batch: pa.RecordBatch) -> _Column | None:
    """Return a field's texts, ready to stand in XML; None where the batch has none of it."""
    name = f"{field.name}_minor" if field.kind is Kind.AMOUNT else field.name
    values = batch.column(name) if name in batch.schema.names else None
    if values is None or values.null_count == len(values):
        if field.must and batch.num_rows:
            raise Malformed(f"expected {name} of {part.name}, was none")
        return None
    if field.must and values.null_count:
        raise Malformed(f"expected {name} in every row of {part.name}, was none in some")
    if field.kind is Kind.AMOUNT:
        texts = _money(field, part, values, batch.column(field.currency))
    else:
        texts = _texts(field, part, values)
    steps = field.path.split("/")
    told = texts.is_valid().to_numpy(zero_copy_only=False)
    raw = texts.cast(pa.binary())
    is_one = told.all() and pc.all(pc.equal(raw, raw[0])).as_py()
    return _Column(
        [*steps[:-1], steps[-1].partition("|")[0]],
        raw[0].as_py() if is_one else raw.to_pylist(),
        told,
    )


def _money(field: Field, part: Part, minor: pa.Array, currencies: pa.Array) -> pa.Array:
    """Return `CNY">12.34`: what stands between the quote of the attribute and the end."""
    codes = pc.unique(currencies.filter(minor.is_valid())).to_pylist()
    unknown = [code for code in codes if code not in CURRENCIES]
    if unknown or pc.any(pc.less(minor, 0)).as_py():
        was = unknown[0] if unknown else "a negative amount"
        raise Malformed(f"{field.name} of {part.name}: expected an amount of a currency, was {was}")
    texts = pa.nulls(len(minor), pa.string())
    for places in sorted({exponent(code) for code in codes}):
        digits = pc.utf8_lpad(minor.cast(pa.string()), places + 1, "0")
        if places:
            whole = pc.utf8_slice_codeunits(digits, 0, -places)
            part_of_it = pc.utf8_slice_codeunits(digits, -places)
            digits = pc.binary_join_element_wise(whole, part_of_it, ".")
        alike = pa.array([code for code in codes if exponent(code) == places], pa.string())
        texts = pc.if_else(pc.is_in(currencies, alike), digits, texts)
    return pc.binary_join_element_wise(currencies, texts, '">')


def _texts(field: Field, part: Part, values: pa.Array) -> pa.Array:
    """Return values as ISO writes them, escaped. Raises: Malformed."""
    values = values.cast(column_type(field))
    if field.kind is Kind.FLAG:
        return pc.if_else(values, "true", "false")
    if field.kind is Kind.SIDE:
        return pc.if_else(values, "CRDT", "DBIT")
    if field.kind is Kind.DATETIME:
        return pc.strftime(values.cast(pa.timestamp("ms", "UTC"), safe=False), "%Y-%m-%dT%H:%M:%SZ")
    texts = values.cast(pa.string())
    if column_type(field) != pa.string():
        return texts
    verdicts = Verdicts(len(texts))
    checked(field, texts, verdicts)
    odd = pc.fill_null(pc.match_substring_regex(texts, _NO_XML), False)
    told = f"{field.path}: expected characters that XML can carry"
    verdicts.refuse(odd.to_numpy(zero_copy_only=False), field.reason, told)
    if first := verdicts.first():
        raise Malformed(f"{field.name} of {part.name}: {first[1]}", column=field.name)
    for character, escape in _ESCAPES.items():
        if pc.any(pc.match_substring(texts, character)).as_py():
            texts = pc.replace_substring(texts, character, escape)
    if field.many:
        steps = [step.partition("|")[0] for step in field.path.split("/")]
        again = steps[steps.index(field.many) :]
        closed = "".join(f"</{step}>" for step in reversed(again))
        texts = pc.replace_substring(texts, "\n", closed + "".join(f"<{step}>" for step in again))
    return texts
