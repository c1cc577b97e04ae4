"""The door to a room's flows: start, signal, cancel, try again, and look."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from prometheus_client.core import Metric

from yunjin.chassis.flow.deeds import FlowDeeds
from yunjin.chassis.flow.journal import Journal
from yunjin.chassis.flow.limits import FlowLimits
from yunjin.chassis.flow.metering import Meter
from yunjin.chassis.flow.problems import (
    FlowEnded,
    Parked,
    TooLarge,
)
from yunjin.chassis.flow.progress import advance
from yunjin.chassis.flow.registry import Definition, Registry
from yunjin.chassis.flow.tables import SIGNAL_NAME_LENGTH, State
from yunjin.chassis.flow.values import TooMuch, Unfit, written
from yunjin.chassis.persistence import RoomDatabase, SqlUnitOfWork, instant_us, request_hash
from yunjin.kernel.errors import IdempotencyConflict, Malformed

_PRUNE_FLOWS: Final = 200  # a transaction
_DAY_US: Final = 86_400 * 1_000_000
_IN_MAX: Final = 500
_HASH: Final = 7  # where a flow's row has its request's hash


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """A flow to be started under the caller's id."""

    flow_id: UUID
    flow: str
    args: tuple[Any, ...] = ()


class Flows(FlowDeeds):
    """A room's flows, seen from outside the engine. Safe for threads.

    Parameters
    ----------
    cursor_key : signs the cursors of pages.
    """

    def __init__(
        self,
        room: RoomDatabase,
        registry: Registry,
        *,
        limits: FlowLimits | None = None,
        cursor_key: bytes = b"flows",
    ) -> None:
        super().__init__(room, cursor_key=cursor_key)
        self.registry, self.limits = registry, limits or FlowLimits()
        self.journal = Journal(self.tables, room.database.engine.dialect)
        self.meter = Meter(room.room, room.clock)

    def start(
        self,
        flow_id: UUID,
        flow: str | Definition,
        *args: Any,
        work: SqlUnitOfWork | None = None,
    ) -> None:
        """Start a flow under the caller's id; a repetition changes nothing.

        Parameters
        ----------
        work : the room's open unit of work: the flow starts if that commits.

        Raises: FlowUnknown, Malformed, TooLarge, IdempotencyConflict (the id was used for another
        flow or other arguments); without `work` Outage, Unknown too.
        """
        name = flow.name if isinstance(flow, Definition) else flow
        self.start_all([Start(flow_id=flow_id, flow=name, args=args)], work=work)

    def start_all(self, starts: Sequence[Start], *, work: SqlUnitOfWork | None = None) -> None:
        """Start many flows, all or none. Raises: as `start`."""
        rows: dict[UUID, tuple[Any, ...]] = {}
        for one in starts:
            row = self._row(one)
            _check_same(one.flow_id, rows.setdefault(one.flow_id, row)[_HASH], row[_HASH])

        def started(work: SqlUnitOfWork) -> None:
            known = self._known(work.connection, list(rows))
            for flow_id, hashed in known.items():
                _check_same(flow_id, hashed, rows[flow_id][_HASH])
            fresh = [row for flow_id, row in rows.items() if flow_id not in known]
            self.journal.insert_flows.run(work.connection, fresh)

        if work is not None:
            started(work)
        else:
            self.room.run(started)
        self.bell.set()

    def signal(
        self,
        flow_id: UUID,
        word: str,
        payload: Any = None,
        *,
        signal_id: UUID,
        work: SqlUnitOfWork | None = None,
    ) -> None:
        """Tell a flow a word, now or before it listens; once, however often it is sent.

        Raises: NoSuchFlow, FlowEnded, Malformed, TooLarge; without `work` Outage, Unknown too.
        """
        if not 0 < len(word) <= SIGNAL_NAME_LENGTH:
            raise Malformed(f"expected 1–{SIGNAL_NAME_LENGTH} characters, was {len(word)}")
        text = self._text(payload)
        signals, now_us = self.tables.signals, instant_us(self.room.clock.now_ns())
        of = {"flow_id": flow_id, "signal_id": signal_id}

        def told(work: SqlUnitOfWork) -> None:
            c = signals.c
            query = sa.select(c.name).where(c.flow_id == flow_id, c.signal_id == signal_id)
            if work.connection.execute(query).first() is not None:
                return
            # First the word, then the flow's row: the engine holds the row while it listens.
            values = {**of, "name": word, "at_us": now_us, "taken_by": 0, "payload": text}
            work.connection.execute(sa.insert(signals).values(values))
            row = self._held(work.connection, flow_id)
            if State(row.state).is_end:
                raise FlowEnded("The flow has ended.", flow_id=str(flow_id))
            if row.state == State.WAITING:
                self._set(work.connection, flow_id, state=State.RUNNING, due_us=now_us)

        self._do(told, work)

    def prune(self, *, days: int) -> int:
        """Delete flows that ended so many days ago, journals and signals with them."""
        before_us = instant_us(self.room.clock.now_ns()) - days * _DAY_US
        c = self.tables.flows.c
        old = [
            sa.select(c.flow_id).where(c.state == state, c.due_us < before_us).limit(_PRUNE_FLOWS)
            for state in (State.FAILED, State.CANCELLED, State.DONE)
        ]

        def some(work: SqlUnitOfWork) -> int:
            for query in old:
                ids = list(work.connection.execute(query).scalars())
                if ids:
                    self.journal.forget(work.connection, ids)
                    return len(ids)
            return 0

        total = 0
        while count := self.room.run(some):
            total += count
        return total

    def advance(
        self,
        flow_id: UUID,
        name: str,
        by: int = 1,
        *,
        total: int | None = None,
        work: SqlUnitOfWork | None = None,
    ) -> None:
        """Add to what a flow has done of `name`, for those who watch it.

        A step of the flow itself says it by its unit of work: `work.advance`.

        Parameters
        ----------
        total : how much there is to do; None leaves it as it was, 0 says nobody knows.
        work : the room's open unit of work: it counts if that commits.
        """
        at_us = instant_us(self.room.clock.now_ns())

        def advanced(work: SqlUnitOfWork) -> None:
            advance(work.connection, self.tables, flow_id, name, by=by, total=total, at_us=at_us)

        if work is not None:
            advanced(work)
        else:
            self.room.run(advanced)

    def metrics(self) -> Iterator[Metric]:
        """Yield the Prometheus metric families of the room's flows. Raises: Outage."""
        return self.meter.families(self, self.registry.names())

    def park(self, flow_id: UUID, parked: Parked) -> None:
        """Leave a flow to a person: the engine could not save what it did."""
        values = {
            "state": State.PARKED,
            "due_us": instant_us(self.room.clock.now_ns()),
            "waits_for": "",
            "outcome": written(parked.document(), self.limits.answer_bytes_max)[0],
        }
        self.room.run(lambda work: self._set(work.connection, flow_id, **values))

    def _row(self, start: Start) -> tuple[Any, ...]:
        version = self.registry.newest(start.flow).version
        now_us, args = instant_us(self.room.clock.now_ns()), self._text(list(start.args))
        head = (start.flow_id.bytes, start.flow, version, State.RUNNING.value, now_us, 0, None)
        return (*head, request_hash([start.flow, args]), now_us, "", args, None)

    def _text(self, value: Any) -> str | None:
        try:
            return written(value, self.limits.answer_bytes_max)[0]
        except Unfit as unfit:
            kind = TooLarge if isinstance(unfit, TooMuch) else Malformed
            raise kind(str(unfit)) from None

    def _known(self, connection: sa.Connection, flow_ids: list[UUID]) -> dict[UUID, bytes]:
        c = self.tables.flows.c
        found: dict[UUID, bytes] = {}
        for start in range(0, len(flow_ids), _IN_MAX):
            part = flow_ids[start : start + _IN_MAX]
            query = sa.select(c.flow_id, c.request_hash).where(c.flow_id.in_(part))
            found |= {row.flow_id: bytes(row.request_hash) for row in connection.execute(query)}
        return found


def _check_same(flow_id: UUID, first: bytes, second: bytes) -> None:
    if first != second:
        raise IdempotencyConflict("This id was used for another flow.", flow_id=str(flow_id))
