"""Overlays, and the cases of businesses."""

import sqlalchemy as sa

from yunjin.chassis.persistence import (
    Ascii,
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
    register = table(tables, "overlay_register", key("one", Small), column("version", Int64))
    table(
        tables,
        "overlay",
        key("name", Ascii(80)),
        column("point", Ascii(120)),
        column("content", Json()),
        column("at_us", Micros),
        sa.Index("capability_overlay_point", "point", "name"),
    )
    table(
        tables,
        "business_case",
        key("case_id", Uuid()),
        column("business", Ascii(40)),
        column("deed", Ascii(40)),
        column("scenario", Ascii(40)),
        column("party_id", Ascii(64)),
        column("given", Json()),
        column("laid", Json()),
        column("state", Ascii(16)),
        column("reason", Ascii(80)),
        column("detail", Words(500)),
        column("outcome", Json()),
        column("at_us", Micros),
        column("changed_us", Micros),
        sa.Index("capability_business_case_business", "business", "case_id"),
        sa.Index("capability_business_case_party", "party_id", "case_id"),
        sa.Index("capability_business_case_state", "state", "case_id"),
    )
    tables.create_all(connection)
    if connection.execute(sa.select(register.c.one)).first() is None:  # a step may be run again
        connection.execute(sa.insert(register).values(one=1, version=0))
