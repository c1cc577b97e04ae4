"""The table of crossings in doubt, ledger_crossing: a row a batch, deleted at its end.

A cell's number comes first in the key, since the cells of a tenant may share a database.
"""

from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from yunjin.chassis.persistence import Blob, Int64, Micros, Small, Uuid, Words, column, key, table
from yunjin.foundation.ledger.store.aliases import tables

crossings: Final = table(
    tables,
    "crossing",
    key("cell", Small),
    key("batch_id", Uuid()),
    column("peer", Small),
    column("row_count", Int64),
    column("at_us", Micros),
    column("due_us", Micros),
    column("tries", Int64),
    column("stuck", Small),
    column("reason", Words(500)),
    column("body", Blob()),
    sa.Index("ledger_crossing_due", "cell", "due_us"),
)
_c: Final = crossings.c


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A batch in doubt."""

    batch_id: UUID
    peer: int
    row_count: int
    at_us: int
    due_us: int
    tries: int
    stuck: int
    reason: str
    body: bytes


_FIELDS: Final = [_c[name] for name in Row.__dataclass_fields__]


def insert(connection: sa.Connection, cell: int, row: Row) -> None:
    """Save a new batch."""
    values = {name: getattr(row, name) for name in Row.__dataclass_fields__}
    connection.execute(sa.insert(crossings).values(cell=cell, **values))


def update(connection: sa.Connection, cell: int, batch_id: UUID, **values: Any) -> None:
    """Change columns of a batch that is still there."""
    connection.execute(sa.update(crossings).where(*_of(cell, batch_id)).values(**values))


def delete(connection: sa.Connection, cell: int, batch_ids: list[UUID]) -> None:
    """Delete batches that came to their end."""
    for batch_id in sorted(batch_ids):
        connection.execute(sa.delete(crossings).where(*_of(cell, batch_id)))


def find(connection: sa.Connection, cell: int, batch_id: UUID) -> Row | None:
    """Return a batch, None where it came to its end."""
    query = sa.select(*_FIELDS).where(*_of(cell, batch_id))
    row = connection.execute(query).one_or_none()
    return None if row is None else Row(**row._mapping)


def due(connection: sa.Connection, cell: int, until_us: int) -> list[tuple[UUID, int]]:
    """Return (batch, peer) of what is to be tried by now, in order of its due time."""
    order = (_c.due_us, _c.batch_id)
    query = sa.select(_c.batch_id, _c.peer).where(_c.cell == cell, _c.due_us <= until_us)
    return [(row.batch_id, row.peer) for row in connection.execute(query.order_by(*order))]


def oldest(connection: sa.Connection, cell: int, until_us: int, limit: int) -> list[Row]:
    """Return batches that are in doubt since then or longer, the oldest first."""
    query = sa.select(*_FIELDS).where(_c.cell == cell, _c.at_us <= until_us)
    query = query.order_by(_c.at_us, _c.batch_id).limit(limit)
    return [Row(**row._mapping) for row in connection.execute(query)]


def after(connection: sa.Connection, cell: int, batch_id: UUID, limit: int) -> list[Row]:
    """Return batches in order of their ids, from beyond one on."""
    query = sa.select(*_FIELDS).where(_c.cell == cell, _c.batch_id > batch_id)
    query = query.order_by(_c.batch_id).limit(limit)
    return [Row(**row._mapping) for row in connection.execute(query)]


def totals(connection: sa.Connection, cell: int) -> dict[int, tuple[int, int, int]]:
    """Return peer → (batches, rows, since when the oldest) of what is in doubt."""
    query = (
        sa.select(_c.peer, sa.func.count(), sa.func.sum(_c.row_count), sa.func.min(_c.at_us))
        .where(_c.cell == cell)
        .group_by(_c.peer)
    )
    found = connection.execute(query)
    return {peer: (batches, int(rows), at_us) for peer, batches, rows, at_us in found}


def _of(cell: int, batch_id: UUID) -> tuple[sa.ColumnElement[bool], ...]:
    return _c.cell == cell, _c.batch_id == batch_id
