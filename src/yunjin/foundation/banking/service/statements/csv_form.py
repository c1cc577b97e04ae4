"""A paper as CSV (RFC 4180): every row of one width, exact decimals, no formulas.

UTF-8, with the byte-order mark that Excel looks for unless it is not wanted.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Final

from yunjin.chassis.papers.blocks import (
    Column,
    Facts,
    Format,
    Heading,
    Note,
    Paper,
    Paragraph,
    Signatures,
    Table,
    written,
)

_MARK: Final = "\ufeff"
_FORMULA: Final = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "|", "%")
_DIGITS_EXACT: Final = 15  # a spreadsheet rounds what is longer
_LINES_A_PART: Final = 500


def csv_of(paper: Paper, *, has_mark: bool = True) -> Iterator[bytes]:
    """Yield a paper's bytes; memory does not grow with its length."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    buffer.write(_MARK if has_mark else "")
    for count, row in enumerate(_rows(paper), 1):
        writer.writerow([*row, *[""] * (paper.width - len(row))])
        if count % _LINES_A_PART == 0:
            yield _taken(buffer)
    yield _taken(buffer)


def _taken(buffer: io.StringIO) -> bytes:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text.encode()


def _rows(paper: Paper) -> Iterator[Sequence[str]]:
    currency = paper.currency
    yield [safe(paper.institution)]
    yield [safe(paper.title)]
    for block in paper.blocks:
        if isinstance(block, Signatures):  # a file is not signed at a place
            continue
        yield []
        if isinstance(block, Note | Heading | Paragraph):
            yield [safe(block.text)]
            continue
        if block.heading:
            yield [safe(block.heading)]
        if isinstance(block, Facts):
            for fact in block.facts:
                value = written(fact.value, fact.format, currency, grouped=False)
                unit = [currency] if fact.format is Format.MONEY else []
                yield [safe(fact.name), _cell(value, fact.format), *unit]
        else:
            yield from _table(block, currency)


def _table(table: Table, currency: str) -> Iterator[Sequence[str]]:
    yield [safe(_named(column, currency)) for column in table.columns]
    formats = [column.format for column in table.columns]
    is_empty = True
    for row in table.rows:
        is_empty = False
        yield [
            _cell(written(value, form, currency, grouped=False), form)
            for value, form in zip(row, formats, strict=True)
        ]
    if is_empty and table.empty:
        yield [safe(table.empty)]


def _named(column: Column, currency: str) -> str:
    return f"{column.name} ({currency})" if column.format is Format.MONEY else column.name


def _cell(text: str, form: Format) -> str:
    return safe(text) if form in (Format.TEXT, Format.ID) else text


def safe(text: str) -> str:
    """Return text that a spreadsheet neither runs as a formula nor rounds as a number."""
    is_long_number = text.isdigit() and len(text) > _DIGITS_EXACT
    return f"'{text}" if text.startswith(_FORMULA) or is_long_number else text
