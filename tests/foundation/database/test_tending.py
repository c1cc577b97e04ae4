"""The background of the database room: events reach their subscribers while the app runs.

Method: the room as its wiring builds it, with real threads; events are waited for, never slept for.
"""

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pytest
import sqlalchemy as sa

from yunjin.chassis.persistence import RoomDatabase, SqlUnitOfWork, Subscribers
from yunjin.foundation.database import migrations
from yunjin.foundation.database.api import DatabaseApi
from yunjin.foundation.database.wiring import Settings, build
from yunjin.kernel.clock import SystemClock
from yunjin.kernel.events import Event
from yunjin.kernel.room import Room

CLOCK = SystemClock()
TRACE = "00-" + "a" * 32 + "-" + "b" * 16 + "-01"


@dataclass(frozen=True, slots=True, kw_only=True)
class Beaten:
    type: ClassVar[str] = "yunjin.database.heart.beaten.v1"
    subject: str = "heart"


def built(home: Path, url: str, subscribers: Subscribers) -> Room:
    return build(
        Settings(url=url, event_idle_ms=60_000),
        tenant="demo",
        clock=CLOCK,
        home=home,
        subscribers=subscribers,
        traceparent=lambda: TRACE,
    )


def own(room: Room) -> RoomDatabase:
    found: RoomDatabase = room.doors[DatabaseApi].open(
        "database", source="/foundation/database", migrations=migrations
    )
    return found


def beat(work: SqlUnitOfWork) -> None:
    work.outbox.add(Beaten())


def test_an_event_reaches_its_subscriber_with_tenant_and_trace(
    tmp_path: Path, database_url: str
) -> None:
    subscribers, arrived, events = Subscribers(), threading.Event(), []

    def hear(event: Event) -> None:
        events.append(event)
        arrived.set()

    subscribers.add(Beaten.type, "listener", hear)
    room = built(tmp_path, database_url, subscribers)
    room.start()
    own(room).run(beat)
    assert arrived.wait(20)
    room.close()
    [event] = events
    assert (event.tenant, event.sequence, event.traceparent) == ("demo", 1, TRACE)


def test_events_saved_before_a_restart_are_told_after_it(tmp_path: Path, database_url: str) -> None:
    room = built(tmp_path, database_url, Subscribers())
    own(room).run(beat)  # never started: the process ends before it can tell
    room.close()
    subscribers, arrived = Subscribers(), threading.Event()
    subscribers.add(Beaten.type, "listener", lambda event: arrived.set())
    again = built(tmp_path, database_url, subscribers)
    again.start()
    assert arrived.wait(20)
    again.close()


def test_closing_ends_every_thread_at_once(tmp_path: Path, database_url: str) -> None:
    before = set(threading.enumerate())
    room = built(tmp_path, database_url, Subscribers())
    room.start()
    began = set(threading.enumerate()) - before
    assert {thread.name for thread in began} == {"database-relay", "programs", "prune"}
    room.close()
    assert not any(thread.is_alive() for thread in began)


@pytest.mark.parametrize("parked", [0, 1])
def test_the_backlog_is_measured(tmp_path: Path, database_url: str, parked: int) -> None:
    room = built(tmp_path, database_url, Subscribers())
    own(room).run(beat)
    if parked:
        outbox = own(room).tables.outbox
        own(room).run(lambda work: work.connection.execute(sa.update(outbox).values(state=2)))
    samples = {
        sample.labels["state"]: sample.value
        for family in room.metrics()
        for sample in family.samples
        if sample.name == "database_outbox_events"
    }
    assert samples == {"waiting": 1 - parked, "parked": parked}
    room.close()
