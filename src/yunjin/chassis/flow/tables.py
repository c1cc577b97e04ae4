"""The tables of a room's flows, under the room's prefix, and what the numbers in them mean.

<room>_flows         one row a flow: what it is, where it stands, when it must be looked at
<room>_flow_steps    its journal: one row a step, keyed by (flow, number); -number is its undoing
<room>_flow_signals  words from outside, in the order they came
<room>_flow_progress what is done of how much, by name, for those who watch
<room>_flow_items    items of fan-outs that failed, keyed by (flow, number, place of the item)
<room>_flow_deeds    what people did to flows: who, and why
<room>_flow_epochs   who may work the flows: an engine that takes over counts it up

A flow's tables belong to its room, so that a step's journal row commits with the room's change.
"""

from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from typing import Any, Final

import sqlalchemy as sa

from yunjin.chassis.flow.intents import STEP_NAME_LENGTH
from yunjin.chassis.flow.registry import NAME_LENGTH
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

NEVER_US: Final = 2**63 - 1
SIGNAL_NAME_LENGTH: Final = 64
PROGRESS_NAME_LENGTH: Final = 64
WAITS_LENGTH: Final = 100
WHO_LENGTH: Final = 64
WHY_LENGTH: Final = 200
REREAD: Final = "!"  # as `waits_for`: the journal was changed from outside, memory is void
TAKEN_BACK: Final = 2  # of `is_cancelled`: the flow was done, and its parent is undone now


class State(IntEnum):
    """Where a flow stands, in the order of lists: what needs a person comes first."""

    PARKED = 1  # waits for a person; `outcome` says why
    RUNNING = 2  # has something to do now
    WAITING = 3  # for a time, a signal, a child, another try; `waits_for` says which
    FAILED = 4  # ended by a problem, what it did is undone; `outcome` is the problem
    CANCELLED = 5  # ended by request, what it did is undone
    DONE = 6  # `outcome` is its answer

    @property
    def is_end(self) -> bool:
        """Whether nothing follows."""
        return self >= State.FAILED


class Outcome(IntEnum):
    """What a journal row says of its step."""

    ANSWERED = 0  # `answer` is what the flow was sent
    REFUSED = 1  # `answer` is the problem that was thrown into the flow
    SET = 2  # a timer: `answer` is when it ends, in microseconds
    TRIED = 3  # an outage: `answer` tells of the tries and when the next one is due
    CALLED = 4  # a child was started
    FANNED = 5  # a fan-out: `answer` says how far it is and what is open
    SKIPPED = 6  # a person said so; `answer` is what the flow was sent

    @property
    def is_settled(self) -> bool:
        """Whether the flow has been told."""
        return self <= Outcome.REFUSED or self is Outcome.SKIPPED


class Written(Json):
    """JSON as text that the program wrote and reads itself, once, where it needs it."""

    cache_ok = True

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> str | None:
        return value if value is None else str(value)

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> Any:
        return value


@dataclass(frozen=True, slots=True)
class FlowTables:
    """The tables of a room's flows."""

    flows: sa.Table
    steps: sa.Table
    signals: sa.Table
    progress: sa.Table
    epochs: sa.Table
    items: sa.Table
    deeds: sa.Table


def flow_tables(tables: sa.MetaData) -> FlowTables:
    """Add the tables of flows (form 2) to a room's."""
    flows, steps, signals, progress, epochs = _tables_1(tables)
    items, deeds = _tables_2(tables)
    return FlowTables(flows, steps, signals, progress, epochs, items, deeds)


def _tables_1(tables: sa.MetaData) -> tuple[sa.Table, ...]:
    room = tables.info["room"]
    flows = table(
        tables,
        "flows",
        key("flow_id", Uuid()),
        column("name", Ascii(NAME_LENGTH)),
        column("version", Small),
        column("state", Small),
        column("due_us", Micros),  # when to look at it; once it has ended: when that was
        column("is_cancelled", Small),
        column("parent_id", Uuid(), nullable=True),
        column("request_hash", Digest()),
        column("started_us", Micros),
        column("waits_for", Words(WAITS_LENGTH)),
        column("args", Written()),
        column("outcome", Written(), nullable=True),
        sa.Index(f"{room}_flows_due", "state", "due_us", "flow_id"),
        sa.Index(f"{room}_flows_name", "name", "state", "due_us", "flow_id"),
    )
    steps = table(
        tables,
        "flow_steps",
        key("flow_id", Uuid()),
        key("number", sa.Integer),
        column("name", Words(STEP_NAME_LENGTH)),
        column("outcome", Small),
        column("at_us", Micros),
        column("answer", Written(), nullable=True),
    )
    signals = table(
        tables,
        "flow_signals",
        key("flow_id", Uuid()),
        key("signal_id", Uuid()),
        column("name", Words(SIGNAL_NAME_LENGTH)),
        column("at_us", Micros),
        column("taken_by", Int64),  # the step that was sent it, 0: nobody yet
        column("payload", Written(), nullable=True),
    )
    progress = table(
        tables,
        "flow_progress",
        key("flow_id", Uuid()),
        key("name", Words(PROGRESS_NAME_LENGTH)),
        column("done", Int64),
        column("total", Int64),  # 0: not known
        column("began_us", Micros),
        column("at_us", Micros),
    )
    epochs = table(tables, "flow_epochs", key("name", Ascii(16)), column("epoch", Int64))
    for each in (flows, steps, signals, progress):
        # The key is the row's place, as on the MySQL family; a hidden rowid would store it twice.
        each.dialect_options["sqlite"]["with_rowid"] = False
    return flows, steps, signals, progress, epochs


def _tables_2(tables: sa.MetaData) -> tuple[sa.Table, ...]:
    items = table(
        tables,
        "flow_items",
        key("flow_id", Uuid()),
        key("number", sa.Integer),
        key("place", Int64),
        column("at_us", Micros),
        column("item", Written(), nullable=True),
        column("problem", Written()),
    )
    deeds = table(
        tables,
        "flow_deeds",
        key("flow_id", Uuid()),
        key("deed_id", Uuid()),
        column("at_us", Micros),
        column("deed", Ascii(16)),
        column("number", sa.Integer),  # the step it was done to; 0: the flow
        column("step", Words(STEP_NAME_LENGTH)),
        column("who", Words(WHO_LENGTH)),
        column("why", Words(WHY_LENGTH)),
    )
    for each in (items, deeds):
        each.dialect_options["sqlite"]["with_rowid"] = False
    return items, deeds


@lru_cache
def tables_of(room: str) -> FlowTables:
    """Return the tables of a room's flows, apart from the room's other ones."""
    return flow_tables(metadata(room))


def create_flows_1(connection: sa.Connection, room: str) -> None:
    """Create the tables of flows in form 1; a migration of the room calls this."""
    tables = metadata(room)
    _tables_1(tables)
    tables.create_all(connection, checkfirst=True)


def create_flows_2(connection: sa.Connection, room: str) -> None:
    """Create what form 2 adds: failed items of fan-outs, deeds of people."""
    tables = metadata(room)
    _tables_2(tables)
    tables.create_all(connection, checkfirst=True)
