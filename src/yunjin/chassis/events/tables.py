"""The tables of events between machines, in the tenant's database, under the prefix `events`.

events_streams   where each of our rooms' streams ends, as far as it is told
events_places    how far each stream that is heard here was copied
events_heard     the last sequence that arrived of each subject
events_arrivals  events that arrived, waiting to be told here, told, or parked; as an outbox

A stream has a *life*: one that has lost events is replaced by a new life, into which all that the
outbox keeps is told again. Positions mean nothing in another life.
"""

from typing import Final

import sqlalchemy as sa

from yunjin.chassis.persistence import (
    REASON_LENGTH,
    SUBJECT_LENGTH,
    Ascii,
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
    standard,
    table,
)

ROOM: Final = "events"
ROOM_LENGTH: Final = 16
TABLES: Final = metadata(ROOM)
streams: Final = table(
    TABLES,
    "streams",
    key("room", Ascii(ROOM_LENGTH)),
    column("life", Int64),
    column("sequence", Int64),  # of the last event told; REWINDING: the outbox is set back first
)
places: Final = table(
    TABLES,
    "places",
    key("origin", Ascii(ROOM_LENGTH)),
    column("life", Int64),
    column("sequence", Int64),
)
heard: Final = table(
    TABLES,
    "heard",
    key("origin", Ascii(ROOM_LENGTH)),
    key("subject", Words(SUBJECT_LENGTH)),
    column("sequence", Int64),
)
arrivals: Final = table(
    TABLES,
    "arrivals",
    key("event_id", Uuid()),
    column("origin", Ascii(ROOM_LENGTH)),
    column("source", Ascii(64)),
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
    sa.Index("events_arrivals_order", "origin", "subject", "sequence", unique=True),
    sa.Index("events_arrivals_state", "state", "origin", "at_us"),
)
standard(TABLES)
REWINDING: Final = -1


def create_events_1(connection: sa.Connection) -> None:
    """Create the tables in form 1."""
    create_standard_1(connection, ROOM)
    for each in (streams, places, heard, arrivals):
        each.create(connection, checkfirst=True)
