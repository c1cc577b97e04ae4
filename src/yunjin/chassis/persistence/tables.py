"""A room's tables: its own, and the five that every room has, under the room's prefix.

<room>_outbox   events waiting to be told, told, or parked
<room>_heads    the last sequence given to each subject of the outbox
<room>_inbox    events of other rooms this room has acted on
<room>_answers  first answers, by command id
<room>_leases   who does the room's background work now
"""

import re
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final

import sqlalchemy as sa

from yunjin.chassis.persistence.columns import (
    COLLATION,
    PORTABLE,
    Ascii,
    Digest,
    Int64,
    Json,
    Micros,
    Small,
    Uuid,
    Words,
)
from yunjin.kernel import check

_ROOM: Final = re.compile(r"[a-z]{2,16}")
SUBJECT_LENGTH: Final = 128
REASON_LENGTH: Final = 500


class Told(IntEnum):
    """Where an outbox row stands."""

    WAITING = 0
    DELIVERED = 1
    PARKED = 2  # its handler fails every time; later events of its subject wait behind it


def metadata(room: str) -> sa.MetaData:
    """Return the empty set of a room's tables."""
    check.that(_ROOM.fullmatch(room) is not None, f"expected a room's name, was {room[:40]!r}")
    return sa.MetaData(info={"room": room})


def table(tables: sa.MetaData, name: str, *parts: sa.Column[Any] | sa.Index) -> sa.Table:
    """Add the table `<room>_<name>`, with the options that make it alike on every engine."""
    return sa.Table(
        f"{tables.info['room']}_{name}",
        tables,
        *parts,
        mysql_engine="InnoDB",
        mysql_charset="utf8mb4",
        mysql_collate=COLLATION,
    )


def key(name: str, kind: Any) -> sa.Column[Any]:
    """Return a column of the primary key; its values are always the program's, never counted."""
    return sa.Column(name, kind, primary_key=True, autoincrement=False, nullable=False)


def column(name: str, kind: Any, **options: Any) -> sa.Column[Any]:
    """Return a column that is never NULL unless `nullable=True` says so."""
    return sa.Column(name, kind, nullable=options.pop("nullable", False), **options)


@dataclass(frozen=True, slots=True)
class StandardTables:
    """The tables that every room has."""

    outbox: sa.Table
    heads: sa.Table
    inbox: sa.Table
    answers: sa.Table
    leases: sa.Table


def standard(tables: sa.MetaData) -> StandardTables:
    """Add the tables that every room has (form 1) to a room's."""
    room = tables.info["room"]
    return StandardTables(
        outbox=table(
            tables,
            "outbox",
            key("event_id", Uuid()),
            column("type", Ascii(128)),
            column("subject", Words(SUBJECT_LENGTH)),
            column("sequence", Int64),
            column("at_us", Micros),
            column("data", Json()),
            column("traceparent", Ascii(64)),
            column("state", Small),
            column("attempts", Small),
            column("due_us", Micros),
            column("reason", Words(REASON_LENGTH)),
            sa.Index(f"{room}_outbox_order", "subject", "sequence", unique=True),
            sa.Index(f"{room}_outbox_state", "state", "at_us"),
        ),
        heads=table(
            tables,
            "heads",
            key("subject", Words(SUBJECT_LENGTH)),
            column("sequence", Int64),
            column("at_us", Micros),
        ),
        inbox=table(
            tables,
            "inbox",
            key("event_id", Uuid()),
            key("handler", Ascii(64)),
            column("at_us", Micros),
            sa.Index(f"{room}_inbox_age", "at_us"),
        ),
        answers=table(
            tables,
            "answers",
            key("command_id", Uuid()),
            column("request_hash", Digest()),
            column("answer", Json()),
            column("at_us", Micros),
            sa.Index(f"{room}_answers_age", "at_us"),
        ),
        leases=table(
            tables,
            "leases",
            key("name", Ascii(64)),
            column("holder", Ascii(64)),
            column("until_us", Micros),
        ),
    )


def create_standard_1(connection: sa.Connection, room: str) -> None:
    """Create the standard tables in form 1; a room's first migration calls this."""
    tables = metadata(room)
    standard(tables)
    tables.create_all(connection, checkfirst=True)


def complaints(tables: sa.MetaData) -> list[str]:
    """Return what would not be the same on every engine, one sentence each."""
    found = []
    prefix = f"{tables.info.get('room', '?')}_"
    for each in tables.sorted_tables:
        name = each.name
        if not name.startswith(prefix):
            found.append(f"{name}: expected the prefix {prefix}")
        if not each.primary_key.columns:
            found.append(f"{name}: expected a primary key, was none")
        if each.foreign_keys:
            found.append(f"{name}: expected no foreign key; engines drop or refuse them")
        if "tenant" in each.columns:
            found.append(f"{name}: expected no tenant column; a tenant has its own database")
        found += [f"{name}.{c.name}: {what}" for c in each.columns for what in _complaints(c)]
        for index in each.indexes:
            if not str(index.name).startswith(prefix):
                found.append(f"{name}: expected the prefix {prefix} on index {index.name}")
    return found


def _complaints(each: sa.Column[Any]) -> list[str]:
    found = []
    if each.primary_key and each.autoincrement is not False:
        found.append("expected autoincrement=False; ids are made by the program")
    if each.primary_key and each.nullable:
        found.append("expected a key that is never NULL")
    if not isinstance(each.type, PORTABLE):
        found.append(f"expected a portable type, was {each.type!r}")
    if each.server_default is not None or each.computed is not None:
        found.append("expected no value made by the server")
    return found
