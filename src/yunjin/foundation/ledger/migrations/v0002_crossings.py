"""Crossings: batches of transfers between cells that have not come to their end."""

import sqlalchemy as sa

from yunjin.chassis.persistence import (
    Blob,
    Int64,
    Micros,
    Small,
    Uuid,
    Words,
    column,
    key,
    metadata,
    table,
)


def upgrade(connection: sa.Connection) -> None:
    """Create ledger_crossing."""
    tables = metadata("ledger")
    table(
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
    tables.create_all(connection, checkfirst=True)
