"""The heartbeat: one row a prober, written and read back."""

import sqlalchemy as sa

from yunjin.chassis.persistence import (
    Ascii,
    Int64,
    Micros,
    column,
    create_standard_1,
    key,
    metadata,
    table,
)


def upgrade(connection: sa.Connection) -> None:
    """Create the standard tables and database_heartbeat."""
    create_standard_1(connection, "database")
    tables = metadata("database")
    table(
        tables,
        "heartbeat",
        key("prober", Ascii(64)),
        column("beat", Int64),
        column("at_us", Micros),
    )
    tables.create_all(connection, checkfirst=True)
