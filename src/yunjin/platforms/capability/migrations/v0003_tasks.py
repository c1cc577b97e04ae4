"""Tasks: queues, what waits in them, what was done to it; what form 2 of flows adds."""

import sqlalchemy as sa

from yunjin.chassis.flow import create_flows_2
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
    """Create the tables of tasks."""
    create_flows_2(connection, "capability")
    tables = metadata("capability")
    table(
        tables,
        "task_queue",
        key("code", Ascii(40)),
        column("zh", Words(100)),
        column("en", Words(100)),
        column("sla_s", Int64),
        column("escalate_to", Ascii(40)),
    )
    table(
        tables,
        "task",
        key("task_id", Uuid()),
        column("queue", Ascii(40)),
        column("title", Words(200)),
        column("note", Words(1_000)),
        column("form", Json()),
        column("links", Json()),
        column("priority", Small),
        column("state", Ascii(16)),
        column("is_open", Small),
        column("assignee", Words(64)),
        column("opened_us", Micros),
        column("due_us", Micros),
        column("escalations", Small),
        column("ended_us", Micros, nullable=True),
        column("ended_by", Words(64)),
        column("given", Json()),
        column("flow_room", Ascii(40)),
        column("flow_id", Uuid(), nullable=True),
        column("watch_id", Uuid(), nullable=True),
        sa.Index("capability_task_by_weight", "is_open", "priority", "due_us", "task_id"),
        sa.Index("capability_task_by_queue", "queue", "is_open", "priority", "due_us", "task_id"),
        sa.Index(
            "capability_task_by_person", "assignee", "is_open", "priority", "due_us", "task_id"
        ),
        sa.Index("capability_task_by_due", "is_open", "due_us", "task_id"),
    )
    table(
        tables,
        "task_link",
        key("kind", Ascii(16)),
        key("ref", Ascii(64)),
        key("task_id", Uuid()),
    )
    table(
        tables,
        "task_entry",
        key("task_id", Uuid()),
        key("number", sa.Integer),
        column("at_us", Micros),
        column("what", Ascii(16)),
        column("done_by", Words(64)),
        column("said", Words(1_000)),
    )
    tables.create_all(connection, checkfirst=True)
