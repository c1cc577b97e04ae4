"""General ledger: chart, mappings, rules, balances by day, entries, periods."""

import sqlalchemy as sa

from yunjin.chassis.persistence import (
    Ascii,
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
    """Create the tables of the general ledger."""
    tables = metadata("banking")
    _books(tables)
    _settings(tables)
    tables.create_all(connection, checkfirst=True)


def _settings(tables: sa.MetaData) -> None:
    table(
        tables,
        "gl_account",
        key("code", Ascii(16)),
        column("name_zh", Words(100)),
        column("name_en", Words(100)),
        column("element", Small),
        column("parent", Ascii(16)),
        column("is_postable", Small),
        column("is_contra", Small),
        column("is_common", Small),
        column("at_us", Micros),
    )
    table(
        tables,
        "gl_mapping",
        key("slot", Small),
        key("product", Ascii(40)),
        key("since", sa.Integer),  # days since 1970
        column("account", Ascii(16)),
        column("is_applied", Small),  # the balance was brought over
        column("at_us", Micros),
        sa.Index("banking_gl_mapping_due", "is_applied", "since"),
    )
    table(
        tables,
        "gl_rule",
        key("product", Ascii(40)),
        key("since", sa.Integer),
        column("rule", Small),
        column("at_us", Micros),
    )
    table(
        tables,
        "gl_intent",
        key("command_id", Uuid()),
        column("digest", Digest()),
        column("day", sa.Integer),
        column("body", Json()),
        column("at_us", Micros),
    )
    table(
        tables,
        "gl_period",
        key("month", sa.Integer),  # 12 × year + month - 1
        column("state", Ascii(8)),
        column("by", Words(64)),
        column("reason", Words(200)),
        column("at_us", Micros),
    )
    table(
        tables,
        "gl_counter",
        key("name", Ascii(16)),  # "turn", "entries", "keys", or a currency: all debits since ever
        column("value", Int64),
    )


def _books(tables: sa.MetaData) -> None:
    table(
        tables,
        "gl_key",
        key("key_id", Int64),
        column("account", Ascii(16)),
        column("slot", Small),
        column("product", Ascii(40)),
        column("branch", Ascii(16)),
        column("currency", Ascii(3)),
        sa.Index(
            "banking_gl_key_place", "account", "slot", "product", "branch", "currency", unique=True
        ),
        sa.Index("banking_gl_key_slot", "slot"),
    )
    table(
        tables,
        "gl_balance",
        key("key_id", Int64),
        key("day", sa.Integer),
        column("debit_minor", Int64),  # since ever, up to and with the day
        column("credit_minor", Int64),
    )
    table(
        tables,
        "gl_entry",
        key("number", Int64),
        column("source", Ascii(80)),
        column("kind", Small),
        column("day", sa.Integer),
        column("digest", Digest()),
        column("reason", Words(200)),
        column("reference", Words(64)),
        column("by", Words(64)),
        column("reverses", Int64, nullable=True),
        column("at_us", Micros),
        sa.Index("banking_gl_entry_source", "source", unique=True),
        sa.Index("banking_gl_entry_reverses", "reverses", unique=True),
        sa.Index("banking_gl_entry_kind", "kind", "day"),
    )
    table(
        tables,
        "gl_line",
        key("number", Int64),
        key("place", sa.Integer),
        column("key_id", Int64),
        column("day", sa.Integer),
        column("debit_minor", Int64),
        column("credit_minor", Int64),
        sa.Index("banking_gl_line_day", "day", "number", "place"),
        sa.Index("banking_gl_line_key", "key_id", "day"),
    )
