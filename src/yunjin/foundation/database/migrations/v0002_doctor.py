"""The doctor's record: findings that opened and closed, actions proposed and done."""

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
    """Create database_doctor_findings, database_doctor_actions and database_doctor_samples."""
    tables = metadata("database")
    table(
        tables,
        "doctor_findings",
        key("set_name", Ascii(32)),
        key("code", Ascii(64)),
        key("node", Ascii(32)),
        key("subject", Words(200)),
        key("opened_us", Micros),
        column("closed_us", Micros),  # 0: it stands
        column("severity", Small),
        column("zh", Words(1_000)),
        column("en", Words(1_000)),
        column("figures", Json()),
        column("remedy", Ascii(32)),  # empty: none
        column("is_dangerous", Small),
        sa.Index("database_doctor_findings_open", "closed_us", "opened_us"),
    )
    table(
        tables,
        "doctor_actions",
        key("action_id", Uuid()),
        column("set_name", Ascii(32)),
        column("code", Ascii(64)),
        column("node", Ascii(32)),
        column("subject", Words(200)),
        column("severity", Small),
        column("zh", Words(1_000)),
        column("en", Words(1_000)),
        column("figures", Json()),
        column("remedy", Ascii(32)),
        column("is_dangerous", Small),
        column("state", Ascii(16)),
        column("decision", Words(200)),
        column("doctor", Ascii(64)),
        column("approver", Words(64)),
        column("at_us", Micros),
        column("ended_us", Micros),
        column("took_ms", Int64),
        column("outcome", Words(1_000)),
        sa.Index("database_doctor_actions_state", "state", "at_us"),
        sa.Index("database_doctor_actions_age", "at_us"),
    )
    table(
        tables,
        "doctor_samples",
        key("set_name", Ascii(32)),
        key("node", Ascii(32)),
        key("metric", Ascii(64)),
        key("hour", Int64),
        column("value", Int64),
    )
    tables.create_all(connection, checkfirst=True)
