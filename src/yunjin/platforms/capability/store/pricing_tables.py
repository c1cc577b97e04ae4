"""The tables of prices and fees, of points, and of reports."""

from typing import Final

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
    table,
)
from yunjin.platforms.capability.store.tables import tables

price_books: Final = table(
    tables,
    "price_book",
    key("code", Ascii(40)),
    key("version", sa.Integer),
    column("since", sa.Integer),  # days since 1970
    column("is_withdrawn", Small),
    column("at_us", Micros),
    column("body", Json()),
)
quotes: Final = table(
    tables,
    "price_quote",
    key("quote_id", Uuid()),
    column("basis", Json()),
    column("priced", Json()),
    column("until_us", Micros),
    column("charge_id", Uuid(), nullable=True),
    column("is_cancelled", Small),
    column("at_us", Micros),
)
charges: Final = table(
    tables,
    "price_charge",
    key("charge_id", Uuid()),
    column("agreement_id", Int64),
    column("party_id", Ascii(64)),
    column("quote_id", Uuid(), nullable=True),
    column("subject", Ascii(80)),
    column("priced", Json()),
    column("state", Ascii(12)),
    column("is_moving", Small),  # 1 while the core is asked
    column("reason", Words(200)),
    column("note", Words(200)),  # of the refund
    column("refund_id", Uuid(), nullable=True),
    column("day", sa.Integer),
    column("at_us", Micros),
    column("changed_us", Micros),
    sa.Index("capability_price_charge_agreement", "agreement_id", "charge_id"),
    sa.Index("capability_price_charge_day", "day", "charge_id"),
    sa.Index("capability_price_charge_moving", "is_moving", "changed_us"),
)
# Who uses free ones of a fee: a row to be locked, and a row a use.
free_holders: Final = table(
    tables,
    "price_free",
    key("holder", Ascii(64)),
    key("fee", Ascii(81)),  # book/fee
    column("touched_us", Micros),
)
free_uses: Final = table(
    tables,
    "price_free_use",
    key("use_id", Uuid()),
    column("holder", Ascii(64)),
    column("fee", Ascii(81)),
    column("began", sa.Integer),  # of the period, days since 1970
    column("owner_id", Uuid()),  # the quote or charge
    column("until_us", Micros),  # a quote's end; of a charge: none
    sa.Index("capability_price_free_use_of", "holder", "fee", "began"),
    sa.Index("capability_price_free_use_owner", "owner_id"),
)
programmes: Final = table(
    tables,
    "points_programme",
    key("code", Ascii(40)),
    column("body", Json()),
)
point_accounts: Final = table(
    tables,
    "points_account",
    key("programme", Ascii(40)),
    key("party_id", Ascii(64)),
    column("balance", Int64),
    column("held", Int64),
    column("owed", Int64),
    column("came", Int64),
    column("went", Int64),
    column("entries", Int64),  # how many it has: the number of the last
    column("day", sa.Integer),  # the caps' running day, and what it has earned
    column("day_points", Int64),
    column("month", sa.Integer),
    column("month_points", Int64),
    column("ends", sa.Integer),  # the earliest last day of its lots, days since 1970
    sa.Index("capability_points_account_party", "party_id", "programme"),
    sa.Index("capability_points_account_ends", "ends", "programme", "party_id"),
)
lots: Final = table(
    tables,
    "points_lot",
    key("programme", Ascii(40)),
    key("party_id", Ascii(64)),
    key("expires", sa.Integer),  # their last day, days since 1970
    column("points", Int64),
    column("remaining", Int64),
)
point_entries: Final = table(
    tables,
    "points_entry",
    key("entry_id", Uuid()),
    column("programme", Ascii(40)),
    column("party_id", Ascii(64)),
    column("number", Int64),  # within its account
    column("kind", Ascii(10)),
    column("points", Int64),
    column("owed", Int64),
    column("balance", Int64),
    column("subject", Ascii(80)),
    column("note", Words(200)),
    column("rules", Json()),
    column("capped", Int64),
    column("expires", sa.Integer, nullable=True),
    column("reverses", Uuid(), nullable=True),
    column("is_reversed", Small),
    column("day", sa.Integer),
    column("at_us", Micros),
    sa.Index("capability_points_entry_of", "programme", "party_id", "number", unique=True),
)
point_events: Final = table(
    tables,
    "points_event",
    key("programme", Ascii(40)),
    key("event", Digest()),
    column("asked", Digest()),  # what it was earned with
    column("entry_id", Uuid()),
)
point_holds: Final = table(
    tables,
    "points_hold",
    key("hold_id", Uuid()),
    column("programme", Ascii(40)),
    column("party_id", Ascii(64)),
    column("points", Int64),
    column("returned", Int64),
    column("state", Ascii(10)),
    column("subject", Ascii(80)),
    column("lots", Json()),  # [[its last day, points], …] as taken
    column("at_us", Micros),
)
definitions: Final = table(
    tables,
    "report_definition",
    key("code", Ascii(40)),
    key("version", sa.Integer),
    column("body", Json()),
    column("at_us", Micros),
)
runs: Final = table(
    tables,
    "report_run",
    key("run_id", Uuid()),
    column("code", Ascii(40)),
    column("version", sa.Integer),
    column("day", sa.Integer),
    column("row_count", sa.Integer),
    column("source_row_count", sa.Integer),
    column("hash", Digest()),
    column("source_hash", Digest()),
    column("made_by", Words(64)),
    column("at_us", Micros),
    column("definition", Json()),  # as it was
    column("body", Blob()),  # the table, canonical JSON, zlib
    column("source", Blob()),  # what it was made of, the same way
    sa.Index("capability_report_run_code", "code", "run_id"),
    sa.Index("capability_report_run_day", "day", "run_id"),
)
