"""Aliases: names that people use for accounts."""

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
    """Create the standard tables and ledger_alias."""
    create_standard_1(connection, "ledger")
    tables = metadata("ledger")
    table(
        tables,
        "alias",
        key("value", Ascii(64)),
        key("kind", Ascii(16)),
        column("account_id", Int64),
        column("at_us", Micros),
        sa.Index("ledger_alias_account", "account_id"),
    )
    tables.create_all(connection, checkfirst=True)
