"""The outbox and the inbox of a room, seen from one transaction."""

import dataclasses
from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from yunjin.chassis.persistence.columns import instant_us
from yunjin.chassis.persistence.tables import StandardTables, Told
from yunjin.kernel import check
from yunjin.kernel.clock import Clock
from yunjin.kernel.events import EventData
from yunjin.kernel.ids import uuid7

_FLAT: Final = frozenset([str, int, bool, float, bytes, type(None), UUID])


class SqlOutbox:
    """Events of one transaction (kernel.work.Outbox), written as rows right before its commit."""

    def __init__(
        self,
        connection: sa.Connection,
        tables: StandardTables,
        clock: Clock,
        traceparent: Callable[[], str],
    ) -> None:
        self._connection, self._tables, self._clock = connection, tables, clock
        self._traceparent = traceparent
        self._events: list[EventData] = []

    def add(self, event: EventData) -> None:
        """Queue an event; it is delivered at least once after the commit."""
        check.that(
            dataclasses.is_dataclass(event), f"expected a dataclass, was {type(event).__name__}"
        )
        self._events.append(event)

    def mark(self) -> int:
        """Return how many events are queued, for `back_to`."""
        return len(self._events)

    def back_to(self, mark: int) -> None:
        """Drop what was queued since `mark`: the savepoint it belonged to was rolled back."""
        del self._events[mark:]

    def flush(self) -> int:
        """Write the queued events, numbered within their subjects; return how many.

        The row of a subject in `heads` is locked until the commit, so numbers are given in the
        order of commits, and a reader never sees 6 before 5. Its time never goes back either,
        whatever the clock does: the relay reads by time.
        """
        events, self._events = self._events, []
        if not events:
            return 0
        heads = self._locked_heads(sorted({event.subject for event in events}))
        now_us, rows = instant_us(self._clock.now_ns()), []
        for event in events:
            sequence, at_us = heads[event.subject]
            heads[event.subject] = (sequence + 1, max(at_us, now_us))
            rows.append(self._row(event, *heads[event.subject]))
        self._connection.execute(sa.insert(self._tables.outbox), rows)
        self._save_heads(heads)
        return len(rows)

    def _locked_heads(self, subjects: list[str]) -> dict[str, tuple[int, int]]:
        columns = self._tables.heads.c
        found: dict[str, tuple[int, int]] = {
            row.subject: (row.sequence, row.at_us)
            for row in self._connection.execute(
                sa.select(columns.subject, columns.sequence, columns.at_us)
                .where(columns.subject.in_(subjects))
                .order_by(columns.subject)  # one order for all, so that none wait in a ring
                .with_for_update()
            )
        }
        fresh = [subject for subject in subjects if subject not in found]
        if fresh:
            self._connection.execute(
                sa.insert(self._tables.heads),
                [{"subject": subject, "sequence": 0, "at_us": 0} for subject in fresh],
            )
        return {subject: found.get(subject, (0, 0)) for subject in subjects}

    def _row(self, event: EventData, sequence: int, at_us: int) -> dict[str, Any]:
        return {
            "event_id": uuid7(self._clock),
            "type": event.type,
            "subject": event.subject,
            "sequence": sequence,
            "at_us": at_us,
            "data": _data(event),
            "traceparent": self._traceparent(),
            "state": Told.WAITING,
            "attempts": 0,
            "due_us": 0,
            "reason": "",
        }

    def _save_heads(self, heads: dict[str, tuple[int, int]]) -> None:
        columns = self._tables.heads.c
        self._connection.execute(
            sa.update(self._tables.heads)
            .where(columns.subject == sa.bindparam("of"))
            .values(sequence=sa.bindparam("to"), at_us=sa.bindparam("at")),
            [{"of": of, "to": to, "at": at} for of, (to, at) in sorted(heads.items())],
        )


def _data(event: Any) -> dict[str, Any]:
    """Return an event's data; most are flat, and copied without a look into each value."""
    flat = {one.name: getattr(event, one.name) for one in dataclasses.fields(event)}
    return flat if _FLAT.issuperset(map(type, flat.values())) else dataclasses.asdict(event)


class SqlInbox:
    """Which events of other rooms this room has acted on."""

    def __init__(self, connection: sa.Connection, inbox: sa.Table, clock: Clock) -> None:
        self._connection, self._inbox, self._clock = connection, inbox, clock

    def is_first(self, event_id: UUID, handler: str) -> bool:
        """Note that `handler` acts on the event in this transaction; False: it did before.

        Call it first and do nothing where it is False. Two deliveries at once: the second one's
        commit conflicts, and its retry sees the first.
        """
        columns = self._inbox.c
        seen = self._connection.execute(
            sa.select(columns.event_id).where(
                columns.event_id == event_id, columns.handler == handler
            )
        ).first()
        if seen is not None:
            return False
        self._connection.execute(
            sa.insert(self._inbox).values(
                event_id=event_id, handler=handler, at_us=instant_us(self._clock.now_ns())
            )
        )
        return True
