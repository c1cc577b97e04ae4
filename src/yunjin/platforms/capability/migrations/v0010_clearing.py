"""Routing of payments, sessions of batch channels, reconciliation."""

import sqlalchemy as sa

from yunjin.chassis.persistence import (
    Ascii,
    Blob,
    Digest,
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
    """Create the tables, and the index that finds a channel's payments by day."""
    tables = metadata("capability")
    _channels(tables)
    _reconciliation(tables)
    tables.create_all(connection, checkfirst=True)
    payments = sa.Table(
        "capability_payment",
        sa.MetaData(),
        sa.Column("channel", Ascii(40)),
        sa.Column("day", sa.Integer),
        sa.Column("is_incoming", Small),
        sa.Column("currency", Ascii(3)),
        sa.Column("payment_id", Uuid()),
    )
    by_channel = sa.Index("capability_payment_channel", *payments.c)
    by_channel.create(connection, checkfirst=True)


def _channels(tables: sa.MetaData) -> None:
    table(
        tables,
        "channel",
        key("channel", Ascii(40)),
        column("terms", Json(), nullable=True),
        column("mapping", Json(), nullable=True),
        column("is_up", Small),
        column("why", Words(200)),
        column("changed_us", Micros),
    )
    table(
        tables,
        "payment_route",
        key("payment_id", Uuid()),
        column("after_us", Micros),
        column("is_free", Small),
    )
    table(
        tables,
        "session",
        key("session_id", Uuid()),
        column("channel", Ascii(40)),
        column("day", sa.Integer),
        column("since_us", Micros, nullable=True),
        column("cutoff_us", Micros),
        column("payments", Int64),
        column("amount_minor", Int64),
        column("files", Json()),
        sa.Index("capability_session_channel", "channel", "cutoff_us"),
    )


def _reconciliation(tables: sa.MetaData) -> None:
    table(
        tables,
        "reconciliation",
        key("run_id", Uuid()),
        column("channel", Ascii(40)),
        column("day", sa.Integer),
        column("file_id", Words(80)),
        column("digest", Digest()),
        column("name", Ascii(24)),
        column("lines", Int64),
        column("files", sa.Integer),
        column("matched", Int64),
        column("totals", Json()),
        column("took_us", Int64),
        column("at_us", Micros),
        sa.Index("capability_reconciliation_day", "channel", "day", "run_id"),
        sa.Index("capability_reconciliation_file", "channel", "file_id"),
    )
    table(
        tables,
        "reconciliation_part",
        key("run_id", Uuid()),
        key("part", sa.Integer),
        column("body", Blob()),
    )
    table(
        tables,
        "reconciled_day",
        key("channel", Ascii(40)),
        key("day", sa.Integer),
        column("number", Int64),
    )
    table(
        tables,
        "difference",
        key("difference_id", Uuid()),
        column("run_id", Uuid()),
        column("channel", Ascii(40)),
        column("day", sa.Integer),
        column("kind", Ascii(16)),
        column("currency", Ascii(3)),
        column("theirs_minor", Int64),
        column("ours_minor", Int64),
        column("reference", Words(80)),
        column("payment_id", Uuid(), nullable=True),
        column("is_return", Small),
        column("detail", Words(200)),
        column("cure", Ascii(8)),
        column("state", Ascii(8)),
        column("reason", Words(200)),
        column("done_by", Words(64)),
        column("task_id", Uuid(), nullable=True),
        column("at_us", Micros),
        column("settled_us", Micros, nullable=True),
        sa.Index("capability_difference_day", "channel", "day", "kind", "difference_id"),
        sa.Index("capability_difference_state", "state", "difference_id"),
        sa.Index("capability_difference_payment", "payment_id", "day"),
    )
