"""Limits: the trees and what is held of them; what every room has; durable flows."""

import sqlalchemy as sa

from yunjin.chassis.flow import create_flows_1
from yunjin.chassis.persistence import (
    Ascii,
    Int64,
    Json,
    Micros,
    Uuid,
    Words,
    column,
    create_standard_1,
    key,
    metadata,
    table,
)


def upgrade(connection: sa.Connection) -> None:
    """Create the tables in their first form."""
    create_standard_1(connection, "capability")
    create_flows_1(connection, "capability")
    tables = metadata("capability")
    table(
        tables,
        "limit",
        key("limit_id", Uuid()),
        column("root_id", Uuid()),
        column("parent_id", Uuid(), nullable=True),
        column("path", Json()),
        column("name", Words(100)),
        column("kind", Ascii(40)),
        column("currency", Ascii(3)),
        column("party_id", Ascii(64)),
        column("period", Ascii(8)),
        column("began", sa.Integer, nullable=True),
        column("since", sa.Integer, nullable=True),
        column("until", sa.Integer, nullable=True),
        column("state", Ascii(8)),
        column("ceiling_minor", Int64),
        column("held_minor", Int64),
        column("used_minor", Int64),
        sa.Index("capability_limit_root", "root_id", "limit_id"),
        sa.Index("capability_limit_parent", "parent_id", "limit_id"),
        sa.Index("capability_limit_party", "party_id", "limit_id"),
    )
    table(
        tables,
        "hold",
        key("hold_id", Uuid()),
        column("limit_id", Uuid()),
        column("since", Json()),
        column("amount_minor", Int64),
        column("used_minor", Int64),
        column("restored_minor", Int64),
        column("state", Ascii(16)),
        column("subject", Ascii(80)),
        column("at_us", Micros),
        sa.Index("capability_hold_limit", "limit_id", "hold_id"),
        sa.Index("capability_hold_subject", "subject", "hold_id"),
    )
    tables.create_all(connection, checkfirst=True)
