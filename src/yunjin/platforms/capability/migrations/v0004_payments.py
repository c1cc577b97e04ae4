"""Payments, and the messages that clearing channels were sent and have sent."""

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
    """Create the tables of payments."""
    tables = metadata("capability")
    table(
        tables,
        "payment",
        key("payment_id", Uuid()),
        column("wave_id", Uuid()),
        column("is_incoming", Small),
        column("state", Ascii(16)),
        column("agreement_id", Int64),
        column("counter_agreement_id", Int64),
        column("amount_minor", Int64),
        column("currency", Ascii(3)),
        column("other_name", Words(140)),
        column("other_account", Ascii(64)),
        column("other_agent", Ascii(35)),
        column("end_to_end_id", Words(35)),
        column("purpose", Ascii(4)),
        column("remittance", Words(140)),
        column("limit_id", Uuid(), nullable=True),
        column("channel", Ascii(40)),
        column("day", sa.Integer),
        column("reason", Ascii(8)),
        column("detail", Words(200)),
        column("at_us", Micros),
        column("changed_us", Micros),
        sa.Index("capability_payment_state", "state", "payment_id"),
        sa.Index("capability_payment_agreement", "agreement_id", "payment_id"),
        sa.Index("capability_payment_wave", "wave_id", "state"),
    )
    table(
        tables,
        "message",
        key("channel", Ascii(40)),
        key("message_id", Ascii(40)),
        column("is_incoming", Small),
        column("kind", Ascii(24)),
        column("content", Blob()),
        column("at_us", Micros),
    )
    table(
        tables,
        "file",
        key("file_id", Uuid()),
        column("message_id", Words(35)),
        column("name", Ascii(24)),
        column("sender", Words(140)),
        column("state", Ascii(8)),
        column("digest", Digest()),
        column("head", Json()),
        column("lines", Int64),
        column("booked", Int64),
        column("refused", Int64),
        column("away", Int64),
        column("reason", Ascii(8)),
        column("detail", Words(200)),
        column("at_us", Micros),
        column("changed_us", Micros),
        sa.Index("capability_file_message", "message_id", "file_id"),
    )
    table(
        tables,
        "file_part",
        key("file_id", Uuid()),
        key("part", sa.Integer),
        column("body", Blob()),
        column("outcome", Blob(), nullable=True),
    )
    tables.create_all(connection, checkfirst=True)
