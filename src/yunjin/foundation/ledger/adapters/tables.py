"""CSV, read by a mapping. A row that cannot be read is refused alone; the others go on.

A row's key is its `id` column where the mapping names one. Where not, it is the row's text and
how many rows of the same text came before it: the file again, or the file with one row mended,
meets the rows that were posted before.
"""

import csv
import datetime as dt
import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from yunjin.foundation.ledger.adapters.mapping import Column, Mapping
from yunjin.foundation.ledger.adapters.messages import (
    LINES_MAX,
    AccountName,
    Line,
    Message,
    Side,
    StatedBalance,
    Statement,
    Unreadable,
    Verdict,
    checked_date,
    read_amount,
)
from yunjin.foundation.ledger.adapters.xml import Tick
from yunjin.foundation.ledger.api.imports import ImportCode, LineOutcome, LineReason
from yunjin.foundation.ledger.errors import ImportRefused

_ROWS_A_TICK: Final = 4_096
_SPACES: Final = " \u00a0\u202f"  # what stands between thousands where a space is meant


def read(content: bytes, mapping: Mapping, *, tick: Tick | None = None) -> Message:
    """Read a CSV file by its mapping. Raises: ImportRefused."""
    rows = _Rows(content, mapping)
    lines: list[Line] = []
    seen: Counter[str] = Counter()
    for count, (number, cells) in enumerate(rows, 1):
        lines.append(_line(rows, number, count, cells, seen))
        if len(lines) > LINES_MAX:
            raise ImportRefused(f"expected at most {LINES_MAX} rows, were more")
        if tick is not None and count % _ROWS_A_TICK == 0:
            tick(len(content) * count // (count + 1))
    if mapping.file.order == "newest_first":
        lines.reverse()
    lines, statements = _statements(lines)
    return Message(
        kind="csv",
        version=1,
        message_id=mapping.name,
        code=ImportCode.CSV,
        lines=tuple(lines),
        statements=statements,
    )


class _Rows:
    """The rows of the file, and how to find a cell in one."""

    def __init__(self, content: bytes, mapping: Mapping) -> None:
        self.mapping = mapping
        try:
            text = content.decode(mapping.file.encoding).removeprefix("\ufeff")
        except (UnicodeError, LookupError) as error:
            raise ImportRefused(f"expected {mapping.file.encoding} text, was: {error}") from None
        source = io.StringIO(text, newline="")
        for _ in range(mapping.file.skip_lines):
            source.readline()
        self._reader = csv.reader(
            source, delimiter=mapping.file.delimiter, quotechar=mapping.file.quote, strict=True
        )
        self._offset = mapping.file.skip_lines
        self.width = 0  # cells a row must have; 0: not known yet
        self._places: dict[Column, int] = {}
        if mapping.file.has_header:
            header = [cell.strip() for cell in self._next() or []]
            self.width = len(header)
            self._places = {name: place for place, name in reversed(list(enumerate(header)))}
            self._check_columns(header)

    def _check_columns(self, header: list[str]) -> None:
        for name in self.mapping.columns.__struct_fields__:
            column = getattr(self.mapping.columns, name)
            if isinstance(column, str) and column not in self._places:
                raise ImportRefused(
                    f"expected a column {column!r} ({name}), were {', '.join(header)[:400]}"
                )

    def _next(self) -> list[str] | None:
        try:
            return next(self._reader, None)
        except csv.Error as error:
            line = self._offset + self._reader.line_num
            raise ImportRefused(f"line {line}: expected CSV, was: {error}") from None

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        while True:
            number = self._offset + self._reader.line_num + 1
            cells = self._next()
            if cells is None:
                return
            if any(cell.strip() for cell in cells):
                self.width = self.width or len(cells)
                yield number, cells

    def cell(self, cells: list[str], column: Column | None) -> str:
        """Return a cell, stripped; empty where there is no such column."""
        if column is None:
            return ""
        place = column - 1 if isinstance(column, int) else self._places[column]
        if place >= len(cells):
            raise Unreadable(
                LineReason.ROW_MALFORMED, f"expected at least {place + 1} cells, was {len(cells)}"
            )
        return cells[place].strip()


def _line(rows: _Rows, number: int, count: int, cells: list[str], seen: Counter[str]) -> Line:
    """Read one row; what cannot be read in it becomes its verdict."""
    columns, values = rows.mapping.columns, rows.mapping.values
    text = "\x1f".join(cells)
    draft = Line(
        line=number,
        path=f"row[{count}]",
        key=f"text|{text}|{seen[text]}",
        statement=None,
        account=None,
    )
    seen[text] += 1
    try:
        if len(cells) != rows.width:
            detail = f"expected {rows.width} cells, was {len(cells)}"
            raise Unreadable(LineReason.ROW_MALFORMED, detail)
        currency = rows.cell(cells, columns.currency) or values.currency
        draft = replace(
            draft,
            key=f"id|{id_text}" if (id_text := rows.cell(cells, columns.id)) else draft.key,
            account=_account(rows, rows.cell(cells, columns.account) or values.account),
            other=_account(rows, rows.cell(cells, columns.counterparty)),
            currency=currency[:20],
            reference=rows.cell(cells, columns.reference),
        )
        side, minor = _amount(rows, cells, currency)
        draft = replace(draft, side=side, amount_minor=minor)
        draft = replace(draft, value_date=_date(rows, cells), balance_minor=_balance(rows, cells))
        return replace(draft, verdict=_status(rows, cells))
    except Unreadable as unreadable:
        return replace(draft, verdict=unreadable.verdict)


def _account(rows: _Rows, text: str) -> AccountName | None:
    kind = rows.mapping.format.account_kind
    value = text.replace(" ", "").upper() if kind == "iban" else text
    return AccountName(kind=kind, value=value) if value else None


def _signed(rows: _Rows, text: str, currency: str) -> int:
    """Return a number as the file writes it, in minor units."""
    form = rows.mapping.format
    plain = text
    if form.thousands in _SPACES:
        plain = plain.translate(dict.fromkeys(map(ord, _SPACES))) if form.thousands else plain
    else:
        plain = plain.replace(form.thousands, "")
    if form.decimal != ".":
        if "." in plain:
            raise Unreadable(LineReason.AMOUNT_MALFORMED, f"expected an amount, was {text[:40]!r}")
        plain = plain.replace(form.decimal, ".")
    negative = plain.startswith("-")
    minor = read_amount(plain[1:] if plain[:1] in ("-", "+") else plain, currency)
    return -minor if negative else minor


def _amount(rows: _Rows, cells: list[str], currency: str) -> tuple[Side, int]:
    columns, form = rows.mapping.columns, rows.mapping.format
    if columns.amount is None:
        pair = {
            Side.DEBIT: rows.cell(cells, columns.debit),
            Side.CREDIT: rows.cell(cells, columns.credit),
        }
        given = {
            side: minor
            for side, text in pair.items()
            if text and (minor := _signed(rows, text, currency)) != 0
        }
        if len(given) != 1:
            detail = f"expected one amount, debit or credit, were {len(given)}"
            raise Unreadable(LineReason.AMOUNT_MALFORMED, detail)
        [(side, minor)] = given.items()
        return _turned(side, minor)
    minor = _signed(rows, rows.cell(cells, columns.amount), currency)
    if columns.side is None:
        return _turned(Side(form.positive), minor)
    mark = rows.cell(cells, columns.side)
    if mark in form.credit:
        return _turned(Side.CREDIT, minor)
    if mark in form.debit:
        return _turned(Side.DEBIT, minor)
    expected = ", ".join([*form.credit, *form.debit])
    raise Unreadable(LineReason.SIDE_MALFORMED, f"expected one of {expected}, was {mark[:20]!r}")


def _turned(side: Side, minor: int) -> tuple[Side, int]:
    if minor >= 0:
        return side, minor
    return (Side.DEBIT if side is Side.CREDIT else Side.CREDIT), -minor


def _date(rows: _Rows, cells: list[str]) -> dt.date:
    text, form = rows.cell(cells, rows.mapping.columns.value_date), rows.mapping.format.date
    try:
        return checked_date(dt.datetime.strptime(text, form).date())
    except ValueError:
        raise Unreadable(
            LineReason.DATE_MALFORMED, f"expected a date as {form}, was {text[:40]!r}"
        ) from None


def _balance(rows: _Rows, cells: list[str]) -> int | None:
    text = rows.cell(cells, rows.mapping.columns.balance)
    currency = rows.cell(cells, rows.mapping.columns.currency) or rows.mapping.values.currency
    return _signed(rows, text, currency) if text else None


def _status(rows: _Rows, cells: list[str]) -> Verdict | None:
    status = rows.cell(cells, rows.mapping.columns.status)
    booked = rows.mapping.format.booked
    if rows.mapping.columns.status is None or status in booked:
        return None
    return Verdict(
        outcome=LineOutcome.SKIPPED,
        reason=LineReason.STATUS_PENDING,
        detail=f"not booked: expected {', '.join(booked)}, was {status[:40]!r}",
    )


def _statements(lines: list[Line]) -> tuple[list[Line], tuple[Statement, ...]]:
    """Make one statement an account and currency whose rows state a running balance."""
    places: dict[tuple[AccountName, str], int] = {}
    found: list[Statement] = []
    numbered: list[Line] = []
    for line in lines:
        if line.account is None or (line.balance_minor is None and not places):
            numbered.append(line)
            continue
        at = (line.account, line.currency)
        if at not in places and line.balance_minor is not None and line.signed_minor is not None:
            places[at] = len(found)
            found.append(_opened(line, line.account))
        place = places.get(at)
        if place is not None and line.balance_minor is not None:
            closing = _stated(line, line.balance_minor)
            found[place] = replace(found[place], closing=closing)
        numbered.append(replace(line, statement=place))
    return numbered, tuple(found)


def _opened(line: Line, account: AccountName) -> Statement:
    before = (line.balance_minor or 0) - (line.signed_minor or 0)
    return Statement(
        name=account.value,
        line=line.line,
        path=line.path,
        account=account,
        currency=line.currency,
        opening=_stated(line, before),
    )


def _stated(line: Line, minor: int) -> StatedBalance:
    return StatedBalance(
        minor=minor,
        currency=line.currency,
        date=line.value_date,
        line=line.line,
        path=f"{line.path}/balance",
    )
