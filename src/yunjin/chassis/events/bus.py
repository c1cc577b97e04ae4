"""The bus of one process: its connection, its rooms' tellings, its hearings."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from prometheus_client.core import Metric

from yunjin.chassis.events import migrations
from yunjin.chassis.events.connection import Connection
from yunjin.chassis.events.hearing import Hearing
from yunjin.chassis.events.metering import families
from yunjin.chassis.events.settings import EventSettings
from yunjin.chassis.events.stream import Stream
from yunjin.chassis.events.tables import ROOM, arrivals
from yunjin.chassis.events.telling import Telling
from yunjin.chassis.persistence import RelayLimits, RoomDatabase, Subscribers, Told
from yunjin.kernel.clock import Clock


@dataclass(slots=True, kw_only=True)
class Bus:
    """What tells and hears events over NATS, for one tenant. `room` keeps its tables."""

    room: RoomDatabase
    settings: EventSettings
    clock: Clock
    connection: Connection
    keep_days: int
    hearings: dict[str, Hearing] = field(default_factory=dict)

    def telling(self, room: RoomDatabase) -> Telling:
        """Return the teller of a room's events."""
        stream = self._stream(room.room)
        return Telling(room, stream, clock=self.clock, check_s=self.settings.check_s)

    def listen(self, subscribers: Subscribers, *, holder: str, limits: RelayLimits) -> None:
        """Prepare a hearing for every room whose events somebody wants to hear."""
        for origin in sorted({kind.split(".")[1] for kind in subscribers.types()}):
            stream = self._stream(origin)
            self.hearings[origin] = Hearing(
                self.room, origin, stream, subscribers, holder=holder, limits=limits
            )

    def prune(self) -> int:
        """Delete told arrivals that are past their time; return the number of rows."""
        told = arrivals.c.state == Told.DELIVERED
        return self.room.prune_old(arrivals, self.keep_days, told)

    def metrics(self) -> Iterator[Metric]:
        """Yield what is measured."""
        behind = {origin: hearing.behind for origin, hearing in self.hearings.items()}
        return families(self.room, is_up=self.connection.is_up, behind=behind)

    def close(self) -> None:
        """Close the connection, when all that use it have ended."""
        self.connection.close()

    def _stream(self, room: str) -> Stream:
        return Stream(
            self.connection,
            tenant=self.room.tenant,
            room=room,
            replicas=self.settings.replicas,
            keep_days=self.keep_days,
        )


def open_bus(
    settings: EventSettings,
    open_room: Callable[..., RoomDatabase],
    *,
    clock: Clock,
    holder: str,
    keep_days: int,
) -> Bus | None:
    """Return the bus that the settings ask for, None where events stay in the process.

    Nothing is sent yet, so a bus that does not answer keeps nobody from starting.

    Parameters
    ----------
    open_room : opens the bus's own tables, as `DatabaseApi.open` does.
    keep_days : how long outbox and streams keep what was told.

    Raises: Malformed (no client installed, a file cannot be read), DatabaseNewer, Outage.
    """
    if not settings.url:
        return None
    connection = Connection(settings, name=holder)
    try:
        room = open_room(ROOM, source="/chassis/events", migrations=migrations)
    except BaseException:
        connection.close()
        raise
    return Bus(
        room=room, settings=settings, clock=clock, connection=connection, keep_days=keep_days
    )
