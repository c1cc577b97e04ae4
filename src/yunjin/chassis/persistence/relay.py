"""The relay: tells a room's saved events, to their subscribers in this process or to a stream.

At least once, in order of (subject, sequence). An event that its handler cannot take is tried again
with growing pauses, then parked with the reason; only its own subject waits behind it. A crash at
any point costs repetitions, which the receivers' inboxes catch, never an event.
"""

import contextlib
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol
from uuid import UUID

import sqlalchemy as sa
import structlog

from yunjin.chassis.persistence.columns import instant_us
from yunjin.chassis.persistence.leases import Lease
from yunjin.chassis.persistence.tables import REASON_LENGTH, Told
from yunjin.chassis.persistence.work import RoomDatabase, SqlUnitOfWork
from yunjin.kernel import check, tenant
from yunjin.kernel.errors import NotFound, Outage, Problem, Unknown
from yunjin.kernel.events import Event

Handler = Callable[[Event], None]
_SECOND_US: Final = 1_000_000
_log: Final = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayLimits:
    """How much at a time, and how patiently."""

    events_a_pass: int = 100
    tries: int = 8  # of one event, before it is parked; outages do not count
    pause_s_max: int = 60
    idle_ms: int = 1_000  # between looks when nobody rings: another process may have written
    gather_ms: int = 50  # from the bell to the look: events come in crowds, a pass tells many
    lease_s: int = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """What one pass over the outbox did."""

    delivered: int = 0
    failed: int = 0
    parked: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Parked:
    """An event that waits for a person."""

    event_id: UUID
    type: str
    subject: str
    sequence: int
    attempts: int
    reason: str


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why an event was not told. An outage is waited out; anything else parks it in the end."""

    reason: str
    is_outage: bool = False


Outcomes = dict[UUID, Trouble | None]  # what is not in it waits behind another of its subject


class Teller(Protocol):
    """Where a relay's events go: the port behind which a bus may stand."""

    def has_work(self) -> bool:
        """Return whether `tell` must be called now though no event waits."""

    def tell(self, events: Sequence[Event]) -> Outcomes:
        """Tell events in their order; return how it went by their ids.

        Raises: Outage where none can be told now: they wait, and their tries are not counted.
        """

    def note(self, work: SqlUnitOfWork) -> None:
        """Save how far the last `tell` came, in the transaction that marks its events."""


class Subscribers:
    """Who wants to hear which events: a teller within this process.

    Filled once, while the app is put together.
    """

    def __init__(self) -> None:
        self._handlers: dict[str, list[tuple[str, Handler]]] = {}

    def add(self, event_type: str, name: str, handler: Handler) -> None:
        """Let `handler` hear events of a type; `name` is its own, for inbox and reasons."""
        handlers = self._handlers.setdefault(event_type, [])
        check.that(
            all(name != other for other, _ in handlers),
            f"expected one handler of the name {name}, were two",
        )
        handlers.append((name, handler))

    def of(self, event_type: str) -> list[tuple[str, Handler]]:
        """Return the handlers of a type, in the order they were added."""
        return self._handlers.get(event_type, [])

    def types(self) -> list[str]:
        """Return the types that somebody wants to hear."""
        return sorted(self._handlers)

    def has_work(self) -> bool:
        return False

    def tell(self, events: Sequence[Event]) -> Outcomes:
        outcomes: Outcomes = {}
        held_back: set[str] = set()
        for event in events:
            if event.subject in held_back:
                continue
            outcomes[event.id] = trouble = self._tell(event)
            if trouble is not None:
                held_back.add(event.subject)
        return outcomes

    def note(self, work: SqlUnitOfWork) -> None:
        """Nothing: the events' own rows say it all."""

    def _tell(self, event: Event) -> Trouble | None:
        for name, handler in self.of(event.type):
            try:
                with tenant.entered(event.tenant):
                    handler(event)
            except (Outage, Unknown) as problem:
                return Trouble(f"{name}: {problem.code}: {problem.detail}", is_outage=True)
            except Exception as error:
                kind = error.code if isinstance(error, Problem) else type(error).__name__
                return Trouble(f"{name}: {kind}: {error}")
        return None


class Relay:
    """Tells one room's events.

    Parameters
    ----------
    arrivals : instead of the room's outbox, a table of its form with the columns `origin` and
        `source` besides: events of other rooms, told in the same way.
    origin : the one whose arrivals are told.
    """

    def __init__(
        self,
        room: RoomDatabase,
        teller: Teller,
        *,
        holder: str,
        limits: RelayLimits | None = None,
        arrivals: sa.Table | None = None,
        origin: str = "",
    ) -> None:
        self._room, self._teller = room, teller
        self._table = room.tables.outbox if arrivals is None else arrivals
        self._origin, self._said = origin, ""
        self._limits = limits or RelayLimits()
        self._lease = Lease(room, name="relay", holder=holder, seconds=self._limits.lease_s)

    def run(self, stop: threading.Event) -> None:
        """Tell events until `stop` is set; outages of the database are waited out.

        One process at a time does so, by a lease. Set `room.told` after `stop` to have it end at
        once.
        """
        while not stop.is_set():
            self._room.told.clear()
            if stop.is_set():  # it was set right before the bell that was just cleared
                break
            told = self._turn()
            if told < self._limits.events_a_pass:
                self._room.told.wait(self._limits.idle_ms / 1_000)
                stop.wait(self._limits.gather_ms / 1_000)
        with contextlib.suppress(Outage, Unknown):  # the lease then ends by itself
            self._lease.release()

    def _turn(self) -> int:
        """Tell what is due where the lease is ours; return how many events were told."""
        told, said = 0, ""
        try:
            if self._is_wanted() and self._lease.hold():
                told = self.deliver().delivered
        except (Outage, Unknown) as problem:
            said = problem.detail
            if said != self._said:  # once, not at every look
                _log.warning("events.wait", room=self._room.room, code=problem.code, why=said)
        self._said = said
        return told

    def deliver(self) -> Pass:
        """Tell what is due, once, and note how it went. Raises: Outage, Unknown."""
        limit = self._limits.events_a_pass
        rows = self._room.read(lambda connection: self._due(connection, limit))
        attempts = {row.event_id: row.attempts + 1 for row in rows}
        outcomes = self._teller.tell([self._event(row) for row in rows])
        told = [event_id for event_id, trouble in outcomes.items() if trouble is None]
        troubled = {
            event_id: (attempts[event_id], trouble)
            for event_id, trouble in outcomes.items()
            if trouble is not None
        }
        if not outcomes:
            return Pass()
        parked = self._room.run(lambda work: self._note(work, told, troubled))
        for event_id in parked:  # the reason stays in the table: it may name a person
            _log.warning("event.parked", room=self._room.room, event_id=str(event_id))
        return Pass(delivered=len(told), failed=len(troubled), parked=len(parked))

    def parked(self, limit: int = 100) -> list[Parked]:
        """Return the events that wait for a person, oldest first."""
        c = self._table.c
        query = (
            sa.select(c.event_id, c.type, c.subject, c.sequence, c.attempts, c.reason)
            .where(c.state == Told.PARKED, *self._own(self._table))
            .order_by(c.at_us, c.subject, c.sequence)
            .limit(limit)
        )
        return self._room.read(
            lambda connection: [Parked(**row) for row in connection.execute(query).mappings().all()]
        )

    def unpark(self, event_id: UUID, *, skip: bool = False) -> None:
        """Try a parked event again, or `skip` it: its subject then goes on without it.

        Raises: NotFound where no such event is parked.
        """
        outbox = self._table
        change = {"state": Told.DELIVERED} if skip else {"state": Told.WAITING, "due_us": 0}

        def changed(work: SqlUnitOfWork) -> int:
            return work.connection.execute(
                sa.update(outbox)
                .where(outbox.c.event_id == event_id, outbox.c.state == Told.PARKED)
                .values(attempts=0, **change)
            ).rowcount

        if not self._room.run(changed):
            raise NotFound("No such event is parked.", event_id=str(event_id))
        self._room.told.set()

    def _is_wanted(self) -> bool:
        if self._teller.has_work():
            return True
        return bool(self._room.read(lambda connection: self._due(connection, 1)))

    def _due(self, connection: sa.Connection, limit: int) -> list[Any]:
        """Return events to tell, none of a subject whose earlier event must be waited for."""
        outbox = self._table
        other = outbox.alias()
        now_us = instant_us(self._room.clock.now_ns())
        waits = sa.or_(
            other.c.state == Told.PARKED,
            sa.and_(other.c.state == Told.WAITING, other.c.due_us > now_us),
        )
        blocked = sa.select(other.c.subject).where(waits, *self._own(other))
        c = outbox.c
        return list(
            connection.execute(
                sa.select(outbox)
                .where(c.state == Told.WAITING, c.subject.not_in(blocked), *self._own(outbox))
                .order_by(c.at_us, c.subject, c.sequence)
                .limit(limit)
            )
        )

    def _own(self, table: sa.FromClause) -> list[sa.ColumnElement[bool]]:
        """Return what tells this relay's rows of the table from those of others."""
        return [table.c.origin == self._origin] if self._origin else []

    def _event(self, row: Any) -> Event:
        return Event(
            id=row.event_id,
            type=row.type,
            source=row.source if self._origin else self._room.source,
            subject=row.subject,
            tenant=self._room.tenant,
            sequence=row.sequence,
            at_ns=row.at_us * 1_000,
            data=row.data,
            traceparent=row.traceparent,
        )

    def _note(
        self,
        work: SqlUnitOfWork,
        told: list[UUID],
        troubled: dict[UUID, tuple[int, Trouble]],
    ) -> list[UUID]:
        """Save how the pass went; return which events were parked."""
        outbox, now_us = self._table, instant_us(self._room.clock.now_ns())
        parked = []
        self._teller.note(work)
        if told:
            work.connection.execute(
                sa.update(outbox)
                .where(outbox.c.event_id.in_(told))
                .values(state=Told.DELIVERED, reason="")
            )
        for event_id, (attempts, trouble) in troubled.items():
            is_parked = attempts >= self._limits.tries and not trouble.is_outage
            if is_parked:
                parked.append(event_id)
            pause_s = min(self._limits.pause_s_max, 1 << min(attempts - 1, 20))
            work.connection.execute(
                sa.update(outbox)
                .where(outbox.c.event_id == event_id)
                .values(
                    state=Told.PARKED if is_parked else Told.WAITING,
                    attempts=min(attempts, self._limits.tries - trouble.is_outage),
                    due_us=now_us + pause_s * _SECOND_US,
                    reason=trouble.reason[:REASON_LENGTH].rstrip(),
                )
            )
        return parked
