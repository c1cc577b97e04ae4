"""Between rows of Python and columns of Arrow, for what is short by its nature: headers, groups."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from yunjin.platforms.capability.domain.iso20022.forms import column_type
from yunjin.platforms.capability.domain.iso20022.tables import Kind, Part


def members(row: Mapping[str, Any], kind: type) -> dict[str, Any]:
    """Return what of a row a dataclass has a place for."""
    names = {field.name for field in dataclasses.fields(kind)}
    return {name: value for name, value in row.items() if name in names}


def row_batch(
    rows: Sequence[Any], part: Part, *, parents: Sequence[int] | None = None
) -> pa.RecordBatch:
    """Return dataclasses as the rows of a part."""
    columns: dict[str, pa.Array] = {}
    for field in part.fields:
        names = [(field.name, column_type(field))]
        if field.kind is Kind.AMOUNT:
            names = [(f"{field.name}_minor", pa.int64()), (field.currency, pa.string())]
        for name, kind in names:
            columns[name] = pa.array([getattr(row, name, None) for row in rows], kind)
    if parents is not None:
        columns["parent"] = pa.array(parents, pa.int32())
    return pa.record_batch(columns)


def batch_of(lines: pa.RecordBatch, *, parent: str | None = None) -> pa.RecordBatch:
    """Return lines with the column that names their parent as `parent`; without one: row 0."""
    if parent is not None:
        names = ["parent" if name == parent else name for name in lines.schema.names]
        return lines.rename_columns(names)
    return lines.append_column("parent", pa.array([0] * lines.num_rows, pa.int32()))
