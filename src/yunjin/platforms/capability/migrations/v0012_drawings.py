"""Drawings: each version as it was brought in, and which is the newest."""

import sqlalchemy as sa

from yunjin.chassis.persistence import (
    Ascii,
    Blob,
    Digest,
    Json,
    Micros,
    Small,
    Words,
    column,
    key,
    metadata,
    table,
)


def upgrade(connection: sa.Connection) -> None:
    """Create the tables."""
    tables = metadata("capability")
    table(
        tables,
        "drawing",
        key("code", Ascii(40)),
        column("newest", sa.Integer),
        column("is_retired", Small),
    )
    table(
        tables,
        "drawing_version",
        key("code", Ascii(40)),
        key("version", sa.Integer),
        column("name", Words(100)),
        column("operations", Json()),
        column("inputs", Json()),
        column("digest", Digest()),
        column("body", Blob()),
        column("done_by", Words(64)),
        column("at_us", Micros),
    )
    tables.create_all(connection)
