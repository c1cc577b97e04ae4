"""Hearing: a room's stream is copied into the arrivals, and told to the handlers from there.

Position, arrivals and what was heard of each subject commit together, so an event arrives once
however often it is sent, and in the order of its subject whatever the network does: what does not
follow directly on the last position is not taken, and reading begins again where it stopped. From
the arrivals on, everything is as within one process: the relay tries, waits and parks.
"""

import json
import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final

import sqlalchemy as sa
import structlog

from yunjin.chassis.events.problems import StreamBroken, ToldElsewhere
from yunjin.chassis.events.stream import Heard, Reader, Stream
from yunjin.chassis.events.tables import arrivals, heard, places
from yunjin.chassis.events.telling import Place
from yunjin.chassis.persistence import (
    Lease,
    Relay,
    RelayLimits,
    RoomDatabase,
    SqlUnitOfWork,
    Subscribers,
    Told,
    instant_us,
)
from yunjin.kernel.errors import Outage, Problem, Unknown
from yunjin.kernel.events import Event, of_document

_NOWHERE: Final = Place(0, 0)
_WAIT_MS: Final = 1_000
_log: Final = structlog.get_logger()


class Hearing:
    """Hears one room's events.

    Parameters
    ----------
    room : the one that the tables of arrivals belong to.
    origin : the room whose events they are.
    """

    def __init__(
        self,
        room: RoomDatabase,
        origin: str,
        stream: Stream,
        subscribers: Subscribers,
        *,
        holder: str,
        limits: RelayLimits,
    ) -> None:
        self._room, self._origin, self._stream = room, origin, stream
        self._types = frozenset(subscribers.types())
        self._limits = limits
        self._lease = Lease(room, name=f"hear-{origin}", holder=holder, seconds=limits.lease_s)
        self.relay = Relay(
            room, subscribers, holder=holder, limits=limits, arrivals=arrivals, origin=origin
        )
        self.behind = 0  # messages of the stream that were not copied at the last look
        self._reader: Reader | None = None
        self._place = _NOWHERE
        self._said = ""

    def run(self, stop: threading.Event) -> None:
        """Hear and tell until `stop` is set; outages of bus and database are waited out."""
        while not stop.is_set():
            try:
                if not self._lease.hold():
                    self._forget()
                    stop.wait(self._limits.idle_ms / 1_000)
                    continue
                self.hear(wait_ms=_WAIT_MS)
                self._said = ""
            except Problem as problem:
                if problem.detail != self._said:  # once, not at every look
                    why = self._said = problem.detail
                    _log.warning("events.late", room=self._origin, code=problem.code, why=why)
                self._forget()
                stop.wait(self._limits.idle_ms / 1_000)
            with suppress(Outage, Unknown):
                while self.relay.deliver().delivered == self._limits.events_a_pass:
                    if stop.is_set():
                        break
        self._forget()
        with suppress(Outage, Unknown):  # the lease then ends by itself
            self._lease.release()

    def hear(self, *, wait_ms: int) -> int:
        """Copy what the stream holds beyond our place; return how many messages that were.

        Raises: BusUnreachable, StreamBroken, Unknown, Outage; hear again then.
        """
        if self._reader is None:
            self._reader = self._opened()
            if self._reader is None:
                return 0
        messages = self._reader.read(self._limits.events_a_pass, wait_ms=wait_ms)
        if not messages:
            self._look()
            return 0
        follow = self._following(messages)
        if len(follow) < len(messages):  # lost on the way, or in the stream: read again from there
            self._forget()
        if not follow:
            at = self._place.sequence + 1
            raise StreamBroken(
                f"expected position {at}, was {messages[0].sequence}", origin=self._origin
            )
        after = Place(self._place.life, follow[-1].sequence)
        self._room.run(lambda work: self._save(work, follow, after))
        self._place, self.behind = after, follow[-1].behind
        return len(follow)

    def _opened(self) -> Reader | None:
        """Return a reader right behind our place, None where there is no stream yet."""
        state = self._stream.state()
        if state is None:
            return None
        place = self._room.read(self._saved)
        if state.life != place.life:
            place = Place(state.life, state.first - 1 if state.first else 0)
            self._room.run(lambda work: self._move(work, place))
        if state.last < place.sequence:
            raise StreamBroken(
                f"expected at least position {place.sequence}, was {state.last}",
                origin=self._origin,
            )
        missed = state.first - place.sequence - 1
        if missed > 0:  # we were away for longer than events are kept
            _log.error("events.missed", room=self._origin, count=missed)
            place = Place(place.life, state.first - 1)
            self._room.run(lambda work: self._move(work, place))
        self._place, self.behind = place, state.last - place.sequence
        return self._stream.reader(place.sequence + 1)

    def _look(self) -> None:
        """Nothing came: forget the reader if that is its own fault."""
        state = self._stream.state()
        expected = (self._place.life, self._place.sequence)
        if state is None or (state.life, state.last) != expected:
            self._forget()
        self.behind = 0 if state is None else max(0, state.last - self._place.sequence)

    def _forget(self) -> None:
        reader, self._reader = self._reader, None
        if reader is not None:
            with suppress(Outage):
                reader.close()

    def _following(self, messages: Sequence[Heard]) -> list[Heard]:
        """Return the messages that follow our place without a gap."""
        found = []
        for number, message in enumerate(messages, self._place.sequence + 1):
            if message.sequence != number or message.life != self._place.life:
                break
            found.append(message)
        return found

    def _save(self, work: SqlUnitOfWork, messages: Sequence[Heard], after: Place) -> None:
        if work.connection.execute(self._where()).one_or_none() != self._place:
            raise ToldElsewhere("Another process hears these events.", origin=self._origin)
        documents = [of_document(json.loads(message.body)) for message in messages]
        events = [event for event in documents if event.type in self._types]
        last = self._last_heard(work, {event.subject for event in events})
        known, rows = dict(last), []
        for event in events:
            if event.sequence > last.get(event.subject, 0):
                last[event.subject] = event.sequence
                rows.append(self._row(event))
        if rows:
            work.connection.execute(sa.insert(arrivals), rows)
            self._save_heard(work, known, last)
        self._move(work, after)

    def _last_heard(self, work: SqlUnitOfWork, subjects: set[str]) -> dict[str, int]:
        c = heard.c
        query = sa.select(c.subject, c.sequence).where(
            c.origin == self._origin, c.subject.in_(sorted(subjects))
        )
        return {row.subject: row.sequence for row in work.connection.execute(query)}

    def _save_heard(self, work: SqlUnitOfWork, known: dict[str, int], last: dict[str, int]) -> None:
        fresh = sorted(last.keys() - known.keys())
        changed = sorted(key for key in known if known[key] != last[key])
        if fresh:
            work.connection.execute(
                sa.insert(heard),
                [{"origin": self._origin, "subject": s, "sequence": last[s]} for s in fresh],
            )
        if changed:
            c = heard.c
            work.connection.execute(
                sa.update(heard)
                .where(c.origin == self._origin, c.subject == sa.bindparam("of"))
                .values(sequence=sa.bindparam("to")),
                [{"of": subject, "to": last[subject]} for subject in changed],
            )

    def _row(self, event: Event) -> dict[str, Any]:
        return {
            "event_id": event.id,
            "origin": self._origin,
            "source": event.source,
            "type": event.type,
            "subject": event.subject,
            "sequence": event.sequence,
            "at_us": instant_us(event.at_ns),
            "data": event.data,
            "traceparent": event.traceparent,
            "state": Told.WAITING,
            "attempts": 0,
            "due_us": 0,
            "reason": "",
        }

    def _where(self) -> sa.Select[Any]:
        c = places.c
        return sa.select(c.life, c.sequence).where(c.origin == self._origin).with_for_update()

    def _saved(self, connection: sa.Connection) -> Place:
        row = connection.execute(self._where()).one_or_none()
        return _NOWHERE if row is None else Place(row.life, row.sequence)

    def _move(self, work: SqlUnitOfWork, place: Place) -> None:
        values = {"life": place.life, "sequence": place.sequence}
        changed = work.connection.execute(
            sa.update(places).where(places.c.origin == self._origin).values(**values)
        )
        if not changed.rowcount:
            work.connection.execute(sa.insert(places).values(origin=self._origin, **values))
