"""Reports: rows folded by a definition, written the same for the same, compared. Pure."""

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, NoReturn

from yunjin.kernel.money import format_minor
from yunjin.platforms.capability.api.reports import (
    Cell,
    Changed,
    ColumnKind,
    Definition,
    Fold,
    Measure,
    Source,
    SourceColumn,
    Table,
)
from yunjin.platforms.capability.errors.reports import ReportRefused

Row = tuple[Cell, ...]
CURRENCY: Final = "currency"
_FOLDS: Final[Mapping[Fold, Callable[[Iterable[Any]], Any]]] = {
    Fold.SUM: sum,
    Fold.LEAST: min,
    Fold.MOST: max,
}
_PARTS_MAX: Final = 20  # dimensions, or measures
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would run


def check_definition(one: Definition, source: Source) -> None:
    """Raises: ReportRefused, whose `why` names what is wrong."""
    kinds = {column.name: column.kind for column in source.columns}
    names = [*one.dimensions, *(each.column for each in one.measures)]
    named = [*names, *(each.column for each in one.where), *([one.chart] if one.chart else [])]
    for name in named:
        if name not in kinds:
            _refuse(f"{source.code} has no column {name[:40]!r}: it has {', '.join(kinds)}")
    if not one.measures or max(len(one.dimensions), len(one.measures)) > _PARTS_MAX:
        _refuse(f"expected 1 to {_PARTS_MAX} measures, and at most as many dimensions")
    if len(set(names)) < len(names):
        _refuse("expected each column once")
    for name in (*one.dimensions, *(each.column for each in one.where)):
        if kinds[name] is not ColumnKind.WORD:
            _refuse(f"expected words to group and choose by, was {name}: a {kinds[name]}")
    for each in one.measures:
        _check_measure(each, kinds, one)
    if one.chart and one.chart not in one.dimensions:
        _refuse("expected the chart's axis among the dimensions")


def _check_measure(each: Measure, kinds: Mapping[str, ColumnKind], one: Definition) -> None:
    kind = kinds[each.column]
    if kind is ColumnKind.WORD:
        _refuse(f"expected numbers to fold, was {each.column}: words")
    if kind is ColumnKind.MINOR and CURRENCY in kinds and CURRENCY not in one.dimensions:
        _refuse(f"expected the dimension currency: {each.column} is money of several")


def _refuse(why: str) -> NoReturn:
    raise ReportRefused("The report cannot be made like this.", why=why)


def fold(one: Definition, source: Source, rows: Sequence[Row]) -> Table:
    """Return rows of a source as a definition says, in the order of their dimensions."""
    places = {column.name: at for at, column in enumerate(source.columns)}
    by = [places[name] for name in one.dimensions]
    chosen = [(places[each.column], set(each.values)) for each in one.where]
    groups: dict[Row, list[Row]] = {}
    for row in rows:
        if all(row[at] in values for at, values in chosen):
            groups.setdefault(tuple(row[at] for at in by), []).append(row)
    folds = [(places[each.column], _FOLDS[each.fold]) for each in one.measures]
    made = [
        (*key, *(function(row[at] for row in found) for at, function in folds))
        for key, found in sorted(groups.items())
    ]
    columns = [source.columns[at] for at in (*by, *(at for at, _ in folds))]
    return Table(columns=tuple(columns), rows=tuple(made))


def canonical(names: Sequence[str], rows: Iterable[Row]) -> bytes:
    """Return rows as JSON that is the same for the same rows, to the byte."""
    body = {"columns": list(names), "rows": [list(row) for row in rows]}
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()


def rows_of(text: bytes) -> list[Row]:
    """Return the rows that `canonical` wrote."""
    return [tuple(row) for row in json.loads(text)["rows"]]


def names_of(columns: Iterable[SourceColumn]) -> list[str]:
    """Return the names of columns."""
    return [column.name for column in columns]


def differing(before: Table, after: Table, keys: int) -> tuple[int, tuple[Changed, ...]]:
    """Return how many groups are the same in two tables, and those that are not.

    keys : how many of the columns are dimensions.
    """
    old, new = ({row[:keys]: row[keys:] for row in one.rows} for one in (before, after))
    changed = [
        Changed(key=key, before=old.get(key), after=new.get(key))
        for key in sorted({*old, *new})
        if old.get(key) != new.get(key)
    ]
    return len({*old, *new}) - len(changed), tuple(changed)


def written(table: Table, row: Row, at: int) -> Cell:
    """Return a cell as people read it: money as a decimal amount of the row's currency."""
    value, kind = row[at], table.columns[at].kind
    if kind is not ColumnKind.MINOR or not isinstance(value, int):
        return value
    return format_minor(value, currency_of(table, row))


def currency_of(table: Table, row: Row) -> str:
    """Return the currency of a row's money."""
    names = names_of(table.columns)
    return str(row[names.index(CURRENCY)]) if CURRENCY in names else "CNY"


def as_csv(table: Table) -> bytes:
    """Return a table as CSV, UTF-8 with the mark that spreadsheets ask for; no formulas."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([column.name for column in table.columns])
    for row in table.rows:
        words = (column.kind is ColumnKind.WORD for column in table.columns)
        cells = (written(table, row, at) for at in range(len(row)))
        writer.writerow(
            f"'{cell}" if is_word and str(cell).startswith(_FORMULA) else cell
            for cell, is_word in zip(cells, words, strict=True)
        )
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def as_json(head: Mapping[str, Any], table: Table) -> bytes:
    """Return a table as JSON: what it is, its columns, its rows; money in minor units."""
    columns = [
        {"name": one.name, "kind": one.kind.value, "zh": one.zh, "en": one.en}
        for one in table.columns
    ]
    names = names_of(table.columns)
    rows = [dict(zip(names, row, strict=True)) for row in table.rows]
    body = {**head, "columns": columns, "rows": rows}
    return json.dumps(body, ensure_ascii=False, indent=1).encode() + b"\n"
