"""Replacing an old core: runs and what was found, cells and their parts, days held beside."""

import sqlalchemy as sa

from yunjin.chassis.persistence import (
    Ascii,
    Blob,
    Int64,
    Json,
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
    """Create the tables."""
    tables = metadata("capability")
    _runs(tables)
    _parts(tables)
    tables.create_all(connection)


def _runs(tables: sa.MetaData) -> None:
    table(
        tables,
        "takeover_run",
        key("run_id", Uuid()),
        column("source", Words(100)),
        column("name", Words(100)),
        column("state", Ascii(16)),
        column("as_of", sa.Integer),
        column("mapping", Blob()),
        column("facts", Json()),
        column("at_us", Micros),
        column("by", Words(100)),
    )
    table(
        tables,
        "takeover_found",
        key("run_id", Uuid()),
        key("part", sa.Integer),
        column("body", Blob()),
    )
    table(
        tables,
        "takeover_cell",
        key("run_id", Uuid()),
        key("cell", Words(40)),
        column("state", Ascii(16)),
        column("agreements", Int64),
        column("loads", Small),
        column("loaded_on", sa.Integer, nullable=True),
        column("proof", Blob(), nullable=True),
        column("changed_us", Micros),
        column("by", Words(100)),
    )


def _parts(tables: sa.MetaData) -> None:
    table(
        tables,
        "takeover_part",
        key("run_id", Uuid()),
        key("cell", Words(40)),
        key("kind", Ascii(16)),
        key("part", sa.Integer),
        key("piece", sa.Integer),
        column("row_count", sa.Integer),
        column("facts", Json()),
        column("body", Blob()),
    )
    table(
        tables,
        "takeover_load",
        key("first_id", Int64),
        column("run_id", Uuid()),
        column("cell", Words(40)),
        column("part", sa.Integer),
        column("load", Small),
        column("step", sa.Integer),
        column("row_count", sa.Integer),
        column("wave", Int64),
        column("back", Json(), nullable=True),
        sa.Index("capability_takeover_load_part", "run_id", "cell", "part", "load", unique=True),
    )
    table(
        tables,
        "takeover_day",
        key("run_id", Uuid()),
        key("date", sa.Integer),
        column("facts", Json()),
        column("body", Blob()),
        column("at_us", Micros),
    )
