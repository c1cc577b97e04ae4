"""The record of copies of whole sets."""

import sqlalchemy as sa

from yunjin.chassis.persistence import (
    Ascii,
    Int64,
    Micros,
    Uuid,
    Words,
    column,
    key,
    metadata,
    table,
)


def upgrade(connection: sa.Connection) -> None:
    """Create database_backup_runs."""
    tables = metadata("database")
    table(
        tables,
        "backup_runs",
        key("run_id", Uuid()),
        column("set_name", Ascii(48)),
        column("made_by", Words(120)),
        column("state", Ascii(16)),
        column("began_us", Micros),
        column("ended_us", Micros),  # 0: under way
        column("backup", Ascii(64)),  # empty: there is none
        column("size_bytes", Int64),
        column("outcome", Words(1_000)),
        sa.Index("database_backup_runs_age", "set_name", "began_us"),
    )
    tables.create_all(connection, checkfirst=True)
