"""Prices and fees; points; reports."""

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
    """Create the tables."""
    tables = metadata("capability")
    _pricing(tables)
    _points(tables)
    _point_movements(tables)
    _reports(tables)
    tables.create_all(connection, checkfirst=True)


def _pricing(tables: sa.MetaData) -> None:
    table(
        tables,
        "price_book",
        key("code", Ascii(40)),
        key("version", sa.Integer),
        column("since", sa.Integer),
        column("is_withdrawn", Small),
        column("at_us", Micros),
        column("body", Json()),
    )
    table(
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
    table(
        tables,
        "price_charge",
        key("charge_id", Uuid()),
        column("agreement_id", Int64),
        column("party_id", Ascii(64)),
        column("quote_id", Uuid(), nullable=True),
        column("subject", Ascii(80)),
        column("priced", Json()),
        column("state", Ascii(12)),
        column("is_moving", Small),
        column("reason", Words(200)),
        column("note", Words(200)),
        column("refund_id", Uuid(), nullable=True),
        column("day", sa.Integer),
        column("at_us", Micros),
        column("changed_us", Micros),
        sa.Index("capability_price_charge_agreement", "agreement_id", "charge_id"),
        sa.Index("capability_price_charge_day", "day", "charge_id"),
        sa.Index("capability_price_charge_moving", "is_moving", "changed_us"),
    )
    table(
        tables,
        "price_free",
        key("holder", Ascii(64)),
        key("fee", Ascii(81)),
        column("touched_us", Micros),
    )
    table(
        tables,
        "price_free_use",
        key("use_id", Uuid()),
        column("holder", Ascii(64)),
        column("fee", Ascii(81)),
        column("began", sa.Integer),
        column("owner_id", Uuid()),
        column("until_us", Micros),
        sa.Index("capability_price_free_use_of", "holder", "fee", "began"),
        sa.Index("capability_price_free_use_owner", "owner_id"),
    )


def _points(tables: sa.MetaData) -> None:
    table(
        tables,
        "points_programme",
        key("code", Ascii(40)),
        column("body", Json()),
    )
    table(
        tables,
        "points_account",
        key("programme", Ascii(40)),
        key("party_id", Ascii(64)),
        column("balance", Int64),
        column("held", Int64),
        column("owed", Int64),
        column("came", Int64),
        column("went", Int64),
        column("entries", Int64),
        column("day", sa.Integer),
        column("day_points", Int64),
        column("month", sa.Integer),
        column("month_points", Int64),
        column("ends", sa.Integer),
        sa.Index("capability_points_account_party", "party_id", "programme"),
        sa.Index("capability_points_account_ends", "ends", "programme", "party_id"),
    )
    table(
        tables,
        "points_lot",
        key("programme", Ascii(40)),
        key("party_id", Ascii(64)),
        key("expires", sa.Integer),
        column("points", Int64),
        column("remaining", Int64),
    )


def _point_movements(tables: sa.MetaData) -> None:
    table(
        tables,
        "points_entry",
        key("entry_id", Uuid()),
        column("programme", Ascii(40)),
        column("party_id", Ascii(64)),
        column("number", Int64),
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
    table(
        tables,
        "points_event",
        key("programme", Ascii(40)),
        key("event", Digest()),
        column("asked", Digest()),
        column("entry_id", Uuid()),
    )
    table(
        tables,
        "points_hold",
        key("hold_id", Uuid()),
        column("programme", Ascii(40)),
        column("party_id", Ascii(64)),
        column("points", Int64),
        column("returned", Int64),
        column("state", Ascii(10)),
        column("subject", Ascii(80)),
        column("lots", Json()),
        column("at_us", Micros),
    )


def _reports(tables: sa.MetaData) -> None:
    table(
        tables,
        "report_definition",
        key("code", Ascii(40)),
        key("version", sa.Integer),
        column("body", Json()),
        column("at_us", Micros),
    )
    table(
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
        column("definition", Json()),
        column("body", Blob()),
        column("source", Blob()),
        sa.Index("capability_report_run_code", "code", "run_id"),
        sa.Index("capability_report_run_day", "day", "run_id"),
    )
