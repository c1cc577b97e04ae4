"""Notices: what customers were told of their agreements."""

import sqlalchemy as sa

from yunjin.chassis.persistence import Ascii, Int64, Micros, column, key, metadata, table


def upgrade(connection: sa.Connection) -> None:
    """Create the table of notices."""
    tables = metadata("banking")
    table(
        tables,
        "notice",
        key("agreement_id", Int64),
        key("wave", Int64),
        key("place", sa.Integer),
        column("date", sa.Integer),  # business date, days since 1970
        column("at_us", Micros),
        column("code", Ascii(64)),
    )
    tables.create_all(connection, checkfirst=True)
