"""Lending: applications, rule sets of decisions, collection."""

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
    """Create the tables of lending and collection."""
    tables = metadata("capability")
    _lending(tables)
    _collection(tables)
    tables.create_all(connection, checkfirst=True)


def _lending(tables: sa.MetaData) -> None:
    table(
        tables,
        "loan_application",
        key("application_id", Uuid()),
        column("party_id", Ascii(64)),
        column("product", Ascii(40)),
        column("business", Ascii(40)),
        column("state", Ascii(16)),
        column("asked", Json()),
        column("checks", Json()),
        column("offer", Json(), nullable=True),
        column("reasons", Json()),
        column("decided_by", Words(100)),
        column("contract", Json(), nullable=True),
        column("agreement_id", Int64),
        column("hold_id", Uuid(), nullable=True),
        column("payment_id", Uuid(), nullable=True),
        column("flow_id", Uuid(), nullable=True),
        column("detail", Words(200)),
        column("day", sa.Integer),
        column("at_us", Micros),
        column("changed_us", Micros),
        sa.Index("capability_application_state", "state", "application_id"),
        sa.Index("capability_application_party", "party_id", "application_id"),
        sa.Index("capability_application_business", "business", "application_id"),
        sa.Index("capability_application_agreement", "agreement_id", "application_id"),
    )
    table(
        tables,
        "lending_entry",
        key("subject_id", Uuid()),
        key("number", sa.Integer),
        column("at_us", Micros),
        column("what", Ascii(24)),
        column("done_by", Words(64)),
        column("said", Words(1_000)),
    )
    table(
        tables,
        "rule_set",
        key("code", Ascii(40)),
        key("version", sa.Integer),
        column("body", Json()),
        column("at_us", Micros),
    )
    table(
        tables,
        "lending_account",
        key("currency", Ascii(3)),
        column("agreement_id", Int64),
    )


def _collection(tables: sa.MetaData) -> None:
    table(
        tables,
        "collection_case",
        key("case_id", Uuid()),
        column("agreement_id", Int64),
        column("open_agreement_id", Int64, nullable=True),
        column("application_id", Uuid(), nullable=True),
        column("party_id", Ascii(64)),
        column("currency", Ascii(3)),
        column("stage", Ascii(16)),
        column("days_overdue", sa.Integer),
        column("due_minor", Int64),
        column("opened", sa.Integer),
        column("seen", sa.Integer),
        column("closed", sa.Integer, nullable=True),
        column("is_open", Small),
        column("why", Words(200)),
        column("task_id", Uuid(), nullable=True),
        sa.Index("capability_case_agreement", "agreement_id", "case_id"),
        sa.Index("capability_case_one_open", "open_agreement_id", unique=True),
        sa.Index("capability_case_stage", "is_open", "stage", "case_id"),
        sa.Index("capability_case_party", "party_id", "case_id"),
    )
    table(
        tables,
        "promise",
        key("promise_id", Uuid()),
        column("case_id", Uuid()),
        column("amount_minor", Int64),
        column("day", sa.Integer),
        column("made", sa.Integer),
        column("state", Ascii(16)),
        column("done_by", Words(64)),
        sa.Index("capability_promise_case", "case_id", "promise_id"),
    )
