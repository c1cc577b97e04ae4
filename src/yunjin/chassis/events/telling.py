"""Telling: a room's events go from its outbox into its stream.

Where the stream ends is known here, in the row of `events_streams` that commits with the marks of
the outbox. So a stream that ends earlier, has holes or is gone has lost something: it is replaced
by a new life, and everything the outbox keeps is told again, in order, before anything new. One
that ends later holds what was told right before a crash: its ids say which rows to mark.
"""

from collections.abc import Sequence
from functools import partial
from typing import Final, NamedTuple
from uuid import UUID

import sqlalchemy as sa
import structlog

from yunjin.chassis.events.problems import StreamBroken, ToldElsewhere
from yunjin.chassis.events.stream import Message, Stream, StreamState
from yunjin.chassis.events.tables import REWINDING, streams
from yunjin.chassis.persistence import (
    Outcomes,
    RoomDatabase,
    SqlUnitOfWork,
    Told,
    Trouble,
    dump_json,
)
from yunjin.kernel.clock import Clock
from yunjin.kernel.errors import Outage
from yunjin.kernel.events import Event

_ROWS_A_COMMIT: Final = 500
_IDS_AT_ONCE: Final = 1_000
_HEADERS_BYTES: Final = 512  # a message's size counts its headers too
_SECOND_NS: Final = 1_000_000_000
_log: Final = structlog.get_logger()


class Place(NamedTuple):
    """Where a stream ends, as far as its teller knows."""

    life: int
    sequence: int


_FIRST: Final = Place(1, 0)


class Telling:
    """Tells one room's events to its stream; a relay's teller."""

    def __init__(self, room: RoomDatabase, stream: Stream, *, clock: Clock, check_s: int) -> None:
        self._room, self._stream, self._clock = room, stream, clock
        self._check_ns = check_s * _SECOND_NS
        self._looked_ns: int | None = None  # None: what the stream holds is not known
        self._suspected: str = ""
        self._told: tuple[Place, int] | None = None  # from where, how many: for `note`

    def has_work(self) -> bool:
        since = self._looked_ns
        return since is None or self._clock.monotonic_ns() - since > self._check_ns

    def tell(self, events: Sequence[Event]) -> Outcomes:
        self._told = None
        place = self._room.read(self._known)
        if self.has_work():
            place, settled = self._agreed(place)
            self._looked_ns = self._clock.monotonic_ns()
            if settled:  # the rows have changed since they were read
                return {}
        outcomes, messages = self._messages(events)
        if not messages:
            return outcomes
        try:
            count = self._stream.publish(messages, after=place.sequence, life=place.life)
        except Outage:
            self._looked_ns = None
            if not outcomes:
                raise
            return outcomes
        if count < len(messages):
            self._looked_ns = None
        self._told = (place, count)
        return outcomes | {each.event_id: None for each in messages[:count]}

    def note(self, work: SqlUnitOfWork) -> None:
        if self._told is not None:
            place, count = self._told
            self._move(work, place, Place(place.life, place.sequence + count))

    def _messages(self, events: Sequence[Event]) -> tuple[Outcomes, list[Message]]:
        """Return the events that fit as messages, and the trouble with those that never will."""
        size_max = self._stream.size_max() - _HEADERS_BYTES if events else 0
        outcomes: Outcomes = {}
        messages, held_back = [], set[str]()
        for event in events:
            if event.subject in held_back:
                continue
            body = dump_json(event.document()).encode()
            if len(body) > size_max:
                held_back.add(event.subject)
                said = f"bus: expected at most {size_max} bytes an event, was {len(body)}"
                outcomes[event.id] = Trouble(f"{said}; raise max_payload of the NATS servers")
                continue
            kind = event.type.split(".", 2)[2]  # yunjin.<room>.<noun>.<verb>.v1
            subject = f"{self._stream.prefix}.{kind}"
            messages.append(Message(event_id=event.id, subject=subject, body=body))
        return outcomes, messages

    def _agreed(self, place: Place) -> tuple[Place, bool]:
        """Bring stream and outbox to agree; return the place, and whether rows were changed.

        Raises: Outage; it is tried again then.
        """
        state = self._stream.state()
        if place.sequence == REWINDING:
            return self._rewound(place.life), True
        if place.sequence == 0 and (state is None or state.life < place.life):
            if state is not None:
                self._stream.delete()
            self._stream.create(place.life)
            return place, False
        lost = _lost(place, state)
        if not lost and state is not None and state.last > place.sequence:
            lost = "" if self._settled(place, state.last) else "it holds events unknown here"
            if not lost:
                return Place(place.life, state.last), True
        if not lost:
            self._suspected = ""
            return place, False
        if not self._suspected:  # a new leader may not have caught up yet: look twice
            self._suspected = lost
            raise StreamBroken(f"The stream is not as it was told: {lost}.", room=self._room.room)
        life = max(place.life, state.life if state is not None else 0) + 1
        _log.error("stream.lost_events", room=self._room.room, why=lost, life=life)
        self._room.run(lambda work: self._move(work, place, Place(life, REWINDING)))
        self._suspected = ""
        return self._rewound(life), True

    def _settled(self, place: Place, last: int) -> bool:
        """Mark what was told right before a crash; return False if some of it is not ours."""
        while place.sequence < last:
            after = Place(place.life, min(last, place.sequence + _IDS_AT_ONCE))
            ids = self._stream.ids(place.sequence + 1, after.sequence)
            if not self._room.run(partial(self._mark, place=place, after=after, ids=ids)):
                return False
            place = after
        return True

    def _mark(self, work: SqlUnitOfWork, *, place: Place, after: Place, ids: list[UUID]) -> bool:
        outbox = self._room.tables.outbox
        ours = outbox.c.event_id.in_(ids)
        count = sa.select(sa.func.count()).select_from(outbox).where(ours)
        if work.connection.execute(count).scalar_one() != len(set(ids)):
            return False
        work.connection.execute(sa.update(outbox).where(ours).values(state=Told.DELIVERED))
        self._move(work, place, after)
        return True

    def _rewound(self, life: int) -> Place:
        """Let all that the outbox keeps wait again, then have a stream of a new life for it."""
        while self._room.run(self._rewind_some):
            pass
        place = Place(life, 0)
        self._room.run(lambda work: self._move(work, Place(life, REWINDING), place))
        self._stream.delete()
        self._stream.create(life)
        return place

    def _rewind_some(self, work: SqlUnitOfWork) -> int:
        outbox = self._room.tables.outbox
        told = sa.select(outbox.c.event_id).where(outbox.c.state == Told.DELIVERED)
        ids = list(work.connection.execute(told.limit(_ROWS_A_COMMIT)).scalars())
        work.connection.execute(
            sa.update(outbox)
            .where(outbox.c.event_id.in_(ids))
            .values(state=Told.WAITING, attempts=0, due_us=0)
        )
        return len(ids)

    def _known(self, connection: sa.Connection) -> Place:
        c = streams.c
        row = connection.execute(
            sa.select(c.life, c.sequence).where(c.room == self._room.room)
        ).one_or_none()
        return _FIRST if row is None else Place(row.life, row.sequence)

    def _move(self, work: SqlUnitOfWork, place: Place, after: Place) -> None:
        """Save the next place, if it is still ours to say. Raises: ToldElsewhere."""
        c = streams.c
        ours = c.room == self._room.room
        row = work.connection.execute(
            sa.select(c.life, c.sequence).where(ours).with_for_update()
        ).one_or_none()
        if place != (_FIRST if row is None else (row.life, row.sequence)):
            raise ToldElsewhere("Another process tells this room's events.", room=self._room.room)
        values = {"life": after.life, "sequence": after.sequence}
        if row is None:
            work.connection.execute(sa.insert(streams).values(room=self._room.room, **values))
        else:
            work.connection.execute(sa.update(streams).where(ours).values(**values))


def _lost(place: Place, state: StreamState | None) -> str:
    """Return what a stream lacks of what was told, empty where nothing."""
    if state is None:
        return "it is gone"
    if state.life != place.life:
        return f"expected life {place.life}, was {state.life}"
    if state.last < place.sequence:
        return f"expected {place.sequence} as its last position, was {state.last}"
    return "it has holes" if state.has_holes else ""
