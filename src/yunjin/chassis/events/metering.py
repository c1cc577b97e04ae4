"""What is measured of events between machines."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Final

import sqlalchemy as sa
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from yunjin.chassis.events.tables import arrivals, streams
from yunjin.chassis.persistence import RoomDatabase, Told
from yunjin.kernel.errors import Problem

_SHOWN: Final = (Told.WAITING, Told.PARKED)


def families(room: RoomDatabase, *, is_up: bool, behind: Mapping[str, int]) -> Iterator[Metric]:
    """Yield the families; what is in the database is left out while it does not answer.

    Parameters
    ----------
    behind : messages of a room's stream that were not copied yet, by the room.
    """
    up = GaugeMetricFamily("events_bus_up", "Whether a server of NATS is connected.")
    up.add_metric([], int(is_up))
    yield up
    late = GaugeMetricFamily(
        "events_stream_behind", "Messages of a stream not copied yet.", labels=["room"]
    )
    for origin, count in sorted(behind.items()):
        late.add_metric([origin], count)
    yield late
    with suppress(Problem):
        yield from room.read(lambda connection: _stored(connection, sorted(behind)))


def _stored(connection: sa.Connection, origins: list[str]) -> list[Metric]:
    waiting = GaugeMetricFamily(
        "events_arrivals", "Events arrived, not told here yet.", labels=["room", "state"]
    )
    c = arrivals.c
    query = sa.select(c.origin, c.state, sa.func.count()).where(c.state.in_(_SHOWN))
    rows = connection.execute(query.group_by(c.origin, c.state))
    counts = {(origin, state): count for origin, state, count in rows}
    for origin in origins:
        for state in _SHOWN:
            waiting.add_metric([origin, state.name.lower()], counts.get((origin, state), 0))
    lost = CounterMetricFamily(
        "events_stream_losses", "Streams that had lost events, and were told anew.", labels=["room"]
    )
    for room, life in connection.execute(sa.select(streams.c.room, streams.c.life)):
        lost.add_metric([room], life - 1)
    return [waiting, lost]
