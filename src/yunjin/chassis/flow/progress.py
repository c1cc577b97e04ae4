"""How far a flow has come: `done` of `total` by name, rows that commit with what was done.

A page or a command asks for them while the flow runs; nothing in the flow depends on them.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from yunjin.chassis.flow.tables import FlowTables


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """One line of a flow's progress."""

    name: str
    done: int
    total: int  # 0: not known
    began_us: int  # when the first of it was published
    at_us: int  # when the last was

    @property
    def per_mille(self) -> int | None:
        """How much is done, 0–1000; None where the total is not known."""
        return min(1_000, 1_000 * self.done // self.total) if self.total > 0 else None

    @property
    def remaining_s(self) -> int | None:
        """How long the rest takes at the pace until now; None where nobody can say."""
        if not 0 < self.done < self.total or self.at_us <= self.began_us:
            return None
        spent_us = self.at_us - self.began_us
        return spent_us * (self.total - self.done) // self.done // 1_000_000


def advance(
    connection: sa.Connection,
    tables: FlowTables,
    flow_id: UUID,
    name: str,
    *,
    by: int,
    total: int | None,
    at_us: int,
) -> None:
    """Add to what is done of `name`; a total that is given replaces the one before."""
    table = tables.progress
    c = table.c
    changes: dict[str, Any] = {"done": c.done + by, "at_us": at_us}
    if total is not None:
        changes["total"] = total
    mine = sa.update(table).where(c.flow_id == flow_id, c.name == name).values(changes)
    if connection.execute(mine).rowcount:
        return
    values = {"flow_id": flow_id, "name": name, "done": by, "total": total or 0}
    connection.execute(sa.insert(table).values(**values, began_us=at_us, at_us=at_us))


def progress_of(connection: sa.Connection, tables: FlowTables, flow_id: UUID) -> list[Progress]:
    """Return a flow's progress, in the order the lines began."""
    table = tables.progress
    query = sa.select(table).where(table.c.flow_id == flow_id)
    rows = connection.execute(query.order_by(table.c.began_us, table.c.name))
    return [
        Progress(
            name=row.name, done=row.done, total=row.total, began_us=row.began_us, at_us=row.at_us
        )
        for row in rows
    ]
