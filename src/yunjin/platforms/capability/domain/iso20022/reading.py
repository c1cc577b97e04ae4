"""A message, read: a table of typed columns for each part of it."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa

from yunjin.platforms.capability.domain.iso20022 import opening
from yunjin.platforms.capability.domain.iso20022.cutting import NotPlain, Rows, TooMany, cut
from yunjin.platforms.capability.domain.iso20022.forms import typed
from yunjin.platforms.capability.domain.iso20022.opening import Opened
from yunjin.platforms.capability.domain.iso20022.reasons import ReasonCode, Refused, Verdicts
from yunjin.platforms.capability.domain.iso20022.tables import Family, Part

LINES_MAX: Final = 500_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much of a file is looked at."""

    bytes_max: int = opening.BYTES_MAX
    lines_max: int = LINES_MAX  # rows of any part


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of a part: typed columns, each row's parent, why rows are refused."""

    columns: dict[str, pa.Array]
    written: dict[str, pa.Array]  # amounts as they stand in the file
    parents: Any  # int32[rows], rows of the parent's table
    verdicts: Verdicts
    count: int

    def rows(self) -> list[dict[str, Any]]:
        """Return the rows as Python values; for tables that are short by their nature."""
        lists = {name: column.to_pylist() for name, column in self.columns.items()}
        return [{name: values[i] for name, values in lists.items()} for i in range(self.count)]

    def batch(self, parent: str | None = None) -> pa.RecordBatch:
        """Return columns, the parent's row under a name, `reason` and `detail`."""
        above = {parent: pa.array(self.parents)} if parent else {}
        return pa.record_batch({**above, **self.columns, **self.verdicts.columns()})


@dataclass(frozen=True, slots=True)
class Read:
    """A message whose parts are tables; `header` is the one row of the message itself."""

    family: Family
    version: int
    header: dict[str, Any]
    tables: dict[str, Table]

    def refused(self, code: ReasonCode, detail: str) -> Refused:
        """Return the refusal of this message."""
        return Refused(
            code=code,
            detail=detail,
            name=self.family.name(self.version),
            message_id=self.header.get("message_id") or "",
            created_at=self.header.get("created_at"),
        )


def read(
    content: bytes, families: Collection[Family], limits: Limits | None = None
) -> Read | Refused:
    """Read a message of one of the families.

    The whole is refused where it is no message, or where its own header is not as it must be.
    """
    limits = limits or Limits()
    found = opening.opened(content, families, bytes_max=limits.bytes_max)
    if isinstance(found, Refused):
        return found
    layout = found.family.layout(found.version)
    try:
        rows = _rows(found, layout, limits.lines_max)
    except TooMany as more:
        name = found.family.name(found.version)
        return Refused(code=ReasonCode.FORMAT_INVALID, detail=str(more), name=name)
    if isinstance(rows, Refused):
        return rows
    tables = {part: _table(each) for part, each in rows.items()}
    header = tables[layout.name].rows()[0]
    message = Read(found.family, found.version, header, tables)
    first = tables[layout.name].verdicts.first() or _missing(layout, tables)
    return message.refused(ReasonCode(first[0]), first[1]) if first else message


def _rows(found: Opened, layout: Part, count_max: int) -> dict[str, Rows] | Refused:
    """Cut the text; write it anew first where it is not plain. Raises: TooMany."""
    try:
        if found.is_plain:
            return cut(found.text, found.start, layout, count_max=count_max)
    except NotPlain:
        pass
    plain = opening.rewritten(found)
    if isinstance(plain, Refused):
        return plain
    try:
        return cut(plain.text, plain.start, layout, count_max=count_max)
    except NotPlain as odd:
        detail = f"expected {layout.path} as the standard has it, {odd}"
        name = found.family.name(found.version)
        return Refused(code=ReasonCode.FORMAT_INVALID, detail=detail, name=name)


def _table(rows: Rows) -> Table:
    columns, written, verdicts = typed(rows)
    return Table(columns, written, rows.parents().to_numpy(), verdicts, rows.count)


def _missing(part: Part, tables: dict[str, Table]) -> tuple[str, str] | None:
    """Say which part that must come does not."""
    for child in part.parts:
        if child.must:
            here = np.zeros(tables[part.name].count, bool)
            here[tables[child.name].parents] = True
            if not here.all():
                return ReasonCode.ELEMENT_MISSING, f"expected at least one {child.path}, was none"
        found = _missing(child, tables)
        if found:
            return found
    return None
