"""With `events.url` set, a room's events reach their subscribers over NATS.

Method: the room as its wiring builds it, with real threads and a real server.
"""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pytest

from tests.nats import Nats, laid_out
from yunjin.chassis.events import EventSettings
from yunjin.chassis.persistence import Subscribers
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


@pytest.fixture(scope="module")
def nats(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nats]:
    found = laid_out(tmp_path_factory.mktemp("nats"))
    found.start()
    yield found
    found.kill()


def built(home: Path, url: str, nats_url: str, subscribers: Subscribers) -> Room:
    return build(
        Settings(url=url),
        tenant="demo",
        clock=CLOCK,
        home=home,
        subscribers=subscribers,
        events=EventSettings(url=nats_url, replicas=1, answer_wait_s=1),
        traceparent=lambda: TRACE,
    )


def beat(room: Room) -> None:
    own = room.doors[DatabaseApi].open(
        "database", source="/foundation/database", migrations=migrations
    )
    own.run(lambda work: work.outbox.add(Beaten()))


def test_an_event_goes_over_the_bus_to_its_subscriber(
    nats: Nats, tmp_path: Path, database_url: str
) -> None:
    subscribers, arrived, events = Subscribers(), threading.Event(), list[Event]()

    def hear(event: Event) -> None:
        events.append(event)
        arrived.set()

    subscribers.add(Beaten.type, "listener", hear)
    before = set(threading.enumerate())
    room = built(tmp_path, database_url, nats.url, subscribers)
    room.start()
    beat(room)
    assert arrived.wait(30)
    names = {family.name for family in room.metrics()}
    assert {"events_bus_up", "events_stream_behind", "database_outbox_events"} <= names
    room.close()
    assert [(e.tenant, e.source, e.traceparent) for e in events] == [
        ("demo", "/foundation/database", TRACE)
    ]
    assert not any(thread.is_alive() for thread in set(threading.enumerate()) - before)


def test_a_bank_opens_and_closes_while_its_bus_is_away(tmp_path: Path) -> None:
    away = laid_out(tmp_path / "nats")
    url = f"sqlite:///{tmp_path / 'rooms.db'}"
    room = built(tmp_path, url, away.url, Subscribers())
    room.start()
    beat(room)
    assert room.probes["database"]() == ""
    [up] = [f.samples[0].value for f in room.metrics() if f.name == "events_bus_up"]
    assert up == 0
    room.close()
