"""The tables of agreements: who has one, columns in pages, and the waves that changed them."""

from typing import Final

import sqlalchemy as sa

from yunjin.chassis.flow import flow_tables
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
    standard,
    table,
)

CODE: Final = 40
tables: Final = metadata("banking")
standard(tables)
flow_tables(tables)
products: Final = table(
    tables,
    "product",
    key("code", Ascii(CODE)),
    key("version", sa.Integer),
    column("source", Json()),
    column("lane", Json()),  # null: everybody; else a list of agreement ids that go first
    column("note", Words(200)),
    column("at_us", Micros),
)
books: Final = table(
    tables,
    "book",
    key("book_id", sa.Integer),
    column("product", Ascii(CODE)),
    column("version", sa.Integer),
    sa.Index("banking_book_product", "product", "version", unique=True),
)
pages: Final = table(
    tables,
    "page",
    key("book_id", sa.Integer),
    key("name", Ascii(64)),
    key("page", sa.Integer),
    column("wave", Int64),
    column("body", Blob()),
)
waves: Final = table(
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
agreements: Final = table(
    tables,
    "agreement",
    key("agreement_id", Int64),
    column("book_id", sa.Integer),
    column("row", sa.Integer),
    column("product", Ascii(CODE)),
    column("party_id", Ascii(64)),
    column("branch", Ascii(16)),
    column("status", Small),
    column("note", Words(200)),
    sa.Index("banking_agreement_party", "party_id", "agreement_id"),
    sa.Index("banking_agreement_product", "product", "agreement_id"),
    sa.Index("banking_agreement_branch", "branch", "agreement_id"),
    sa.Index("banking_agreement_status", "status", "agreement_id"),
)
branches: Final = table(tables, "branch", key("number", sa.Integer), column("code", Ascii(16)))
slots: Final = table(
    tables,
    "slot",
    key("slot", Small),
    key("branch", Ascii(16)),
    key("currency", Ascii(3)),
    column("account_id", Int64),
)
days: Final = table(
    tables,
    "day",
    key("date", sa.Integer),
    column("status", Ascii(16)),
    column("report", Json()),
    column("at_us", Micros),
)
tasks: Final = table(
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
orders: Final = table(
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
changes: Final = table(
    tables,
    "change",
    key("change_id", Uuid()),
    column("date", sa.Integer),  # from when on
    column("product", Ascii(CODE)),
    column("template", Ascii(40)),  # "": the product itself
    column("parameter", Ascii(64)),
    column("value", Int64),
    column("is_done", Small),
    sa.Index("banking_change_due", "is_done", "date"),
)
