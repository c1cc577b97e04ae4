"""Databases of tenants' own applications: one row each."""

import sqlalchemy as sa

from yunjin.chassis.persistence import (
    Ascii,
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
    """Create database_hosted."""
    tables = metadata("database")
    table(
        tables,
        "hosted",
        key("name", Ascii(48)),
        column("set_name", Ascii(48)),
        column("owner", Words(80)),
        column("state", Small),
        column("quota_mb", Int64),
        column("connections_max", Small),
        column("size_bytes", Int64),
        column("created_us", Micros),
        column("measured_us", Micros),
        column("command_id", Uuid()),
    )
    tables.create_all(connection, checkfirst=True)
