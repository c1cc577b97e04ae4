"""Agreements: products, books with their pages and waves, days, tasks, orders; durable flows."""

import sqlalchemy as sa

from yunjin.chassis.flow import create_flows_1
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
    create_standard_1,
    key,
    metadata,
    table,
)


def upgrade(connection: sa.Connection) -> None:
    """Create the tables in their first form."""
    create_standard_1(connection, "banking")
    create_flows_1(connection, "banking")
    tables = metadata("banking")
    _books(tables)
    _business(tables)
    _terms(tables)
    tables.create_all(connection, checkfirst=True)


def _books(tables: sa.MetaData) -> None:
    table(
        tables,
        "product",
        key("code", Ascii(40)),
        key("version", sa.Integer),
        column("source", Json()),
        column("lane", Json()),  # null: everybody; else a list of agreement ids that go first
        column("note", Words(200)),
        column("at_us", Micros),
    )
    table(
        tables,
        "book",
        key("book_id", sa.Integer),
        column("product", Ascii(40)),
        column("version", sa.Integer),
        sa.Index("banking_book_product", "product", "version", unique=True),
    )
    table(
        tables,
        "page",
        key("book_id", sa.Integer),
        key("name", Ascii(64)),
        key("page", sa.Integer),
        column("wave", Int64),
        column("body", Blob()),
    )
    table(
        tables,
        "wave",
        key("sequence", Int64),
        column("date", sa.Integer),  # business date, days since 1970
        column("part", Ascii(64)),  # of a day's close; "" for entries, openings and the like
        column("at_us", Micros),
        column("body", Blob()),
        column("outcome", Blob(), nullable=True),  # null: the ledger must be asked again
        sa.Index("banking_wave_date", "date", "part", "sequence"),
    )
    table(
        tables,
        "agreement",
        key("agreement_id", Int64),
        column("book_id", sa.Integer),
        column("row", sa.Integer),
        column("product", Ascii(40)),
        column("party_id", Ascii(64)),
        column("branch", Ascii(16)),
        column("status", Small),
        column("note", Words(200)),
        sa.Index("banking_agreement_party", "party_id", "agreement_id"),
        sa.Index("banking_agreement_product", "product", "agreement_id"),
        sa.Index("banking_agreement_branch", "branch", "agreement_id"),
        sa.Index("banking_agreement_status", "status", "agreement_id"),
    )


def _business(tables: sa.MetaData) -> None:
    table(tables, "branch", key("number", sa.Integer), column("code", Ascii(16)))
    table(
        tables,
        "slot",
        key("slot", Small),
        key("branch", Ascii(16)),
        key("currency", Ascii(3)),
        column("account_id", Int64),
    )
    table(
        tables,
        "day",
        key("date", sa.Integer),
        column("status", Ascii(16)),
        column("report", Json()),
        column("at_us", Micros),
    )
    table(
        tables,
        "task",
        key("task_id", Int64),
        column("agreement_id", Int64),
        column("date", sa.Integer),
        column("code", Ascii(64)),
        column("detail", Words(500)),
        column("is_done", Small),
        column("note", Words(200)),
        sa.Index("banking_task_open", "is_done", "task_id"),
        sa.Index("banking_task_agreement", "agreement_id", "task_id"),
    )
    table(
        tables,
        "order",
        key("order_id", Uuid()),
        column("agreement_id", Int64),
        column("counter_agreement_id", Int64),
        column("amount_minor", Int64),
        column("first", sa.Integer),
        column("last", sa.Integer, nullable=True),
        column("every_months", Small),
        column("every_days", Small),
        column("times", Int64),  # how often it was due
        column("next", sa.Integer, nullable=True),  # null: it has ended
        column("note", Words(200)),
        sa.Index("banking_order_due", "next", "order_id"),
        sa.Index("banking_order_agreement", "agreement_id", "order_id"),
    )
    table(
        tables,
        "change",
        key("change_id", Uuid()),
        column("date", sa.Integer),  # from when on
        column("product", Ascii(40)),
        column("template", Ascii(40)),  # "": the product itself
        column("parameter", Ascii(64)),
        column("value", Int64),
        column("is_done", Small),
        sa.Index("banking_change_due", "is_done", "date"),
    )


def _terms(tables: sa.MetaData) -> None:
    table(
        tables,
        "term",
        key("wave", Int64),
        key("place", sa.Integer),
        column("is_shared", Small),
        column("first_id", Int64),  # the lowest of the agreements
        column("last_id", Int64),
        column("date", sa.Integer),  # business date, days since 1970
        column("at_us", Micros),
        column("command_id", Uuid()),
        column("by", Words(64)),
        column("cause", Ascii(16)),
        column("parameter", Ascii(64)),
        column("old", Int64, nullable=True),  # null: it had none, or the body says
        column("new", Int64, nullable=True),  # null: it has none any more
        column("body", Blob(), nullable=True),
        sa.Index("banking_term_agreement", "is_shared", "first_id", "last_id"),
    )
