"""Two places with a database each: a shop that tells what it sold, a warehouse that hears of it."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from types import ModuleType

import sqlalchemy as sa

from tests.chassis.persistence.rooms import CLOCK, Opened, Sold, opened, sell
from yunjin.chassis.events.bus import Bus, open_bus
from yunjin.chassis.events.hearing import Hearing
from yunjin.chassis.events.settings import EventSettings
from yunjin.chassis.events.stream import Stream
from yunjin.chassis.events.telling import Telling
from yunjin.chassis.persistence import (
    Migrator,
    Relay,
    RelayLimits,
    RoomDatabase,
    SqlUnitOfWork,
    Subscribers,
    migrations_of,
)
from yunjin.kernel import tenant
from yunjin.kernel.clock import Clock
from yunjin.kernel.errors import Outage, Unknown
from yunjin.kernel.events import Event

LIMITS = RelayLimits(idle_ms=20, gather_ms=1)


@dataclass
class Book:
    """What a handler did, in its own database: once an event, or the inbox is broken."""

    room: RoomDatabase
    heard: list[Event] = field(default_factory=list)  # every time it was called
    done: list[tuple[str, int]] = field(default_factory=list)  # effects that were committed
    trouble: dict[str, Exception] = field(default_factory=dict)
    news: threading.Condition = field(default_factory=threading.Condition)

    def __call__(self, event: Event) -> None:
        assert tenant.current() == "demo"
        if event.subject in self.trouble:
            raise self.trouble[event.subject]
        self.heard.append(event)

        def act(work: SqlUnitOfWork) -> bool:
            return work.inbox.is_first(event.id, "warehouse")

        if self.room.run(act):
            with self.news:
                self.done.append((event.subject, event.sequence))
                self.news.notify_all()

    def await_count(self, count: int, *, seconds: int = 120) -> None:
        """Wait until so many events took effect."""
        with self.news:
            if not self.news.wait_for(lambda: len(self.done) >= count, seconds):
                raise AssertionError(f"expected {count} events, was {len(self.done)}")

    def of(self, subject: str) -> list[int]:
        """Return the sequences of a subject in the order they took effect."""
        return [sequence for each, sequence in self.done if each == subject]


@dataclass
class Place:
    """One machine: its database, its bus, what it hears."""

    opened: Opened
    bus: Bus
    book: Book
    clock: Clock = CLOCK

    @property
    def shop(self) -> RoomDatabase:
        return self.opened.room

    def relay(self, stream: Stream | None = None, **limits: int) -> Relay:
        """Return a new relay to the bus, as a process has that has just begun."""
        teller = self.bus.telling(self.shop)
        if stream is not None:
            teller = Telling(self.shop, stream, clock=self.clock, check_s=3_600)
        return Relay(self.shop, teller, holder="a", limits=RelayLimits(**limits))

    def hearing(self, stream: Stream | None = None, **limits: int) -> Hearing:
        """Return a new hearing of the shop's events."""
        subscribers = Subscribers()
        subscribers.add(Sold.type, "warehouse", self.book)
        if stream is not None:
            return Hearing(
                self.bus.room,
                "shop",
                stream,
                subscribers,
                holder="b",
                limits=RelayLimits(**limits),
            )
        self.bus.listen(subscribers, holder="b", limits=RelayLimits(**limits))
        return self.bus.hearings["shop"]

    def sell(self, *items: str) -> None:
        for item in items:
            self.shop.run(lambda work, item=item: sell(work, item))

    def close(self) -> None:
        self.bus.close()
        self.opened.database.close()


def place(database_url: str, nats_url: str, *, replicas: int = 1, clock: Clock = CLOCK) -> Place:
    """Open a place; every call is another process."""
    found = opened(database_url)
    room = RoomDatabase(found.database, room="shop", tenant="demo", source="/shop", clock=clock)
    found.room = room

    def open_room(name: str, *, source: str, migrations: ModuleType) -> RoomDatabase:
        Migrator(found.database, name, migrations_of(migrations), clock).migrate()
        return RoomDatabase(found.database, room=name, tenant="demo", source=source, clock=clock)

    settings = EventSettings(url=nats_url, replicas=replicas, answer_wait_s=1)
    bus = open_bus(settings, open_room, clock=clock, holder="tests", keep_days=14)
    assert bus is not None
    return Place(found, bus, Book(room), clock)


def tell_all(relay: Relay, *, tries: int = 200) -> int:
    """Tell until nothing waits, through outages; return how many events were told."""
    return _until_quiet(lambda: relay.deliver().delivered, tries)


def hear_all(hearing: Hearing, *, tries: int = 200) -> int:
    """Hear and act until nothing is left to come; return how many events were handed over."""

    def once() -> int:
        copied = hearing.hear(wait_ms=20)
        return copied + hearing.behind + hearing.relay.deliver().delivered

    return _until_quiet(once, tries)


def _until_quiet(once: Callable[[], int], tries: int) -> int:
    total, quiet, never = 0, 0, threading.Event()
    for _ in range(tries):
        try:
            count = once()
        except (Outage, Unknown):
            never.wait(0.02)
            quiet = 0
            continue
        total += count
        quiet = 0 if count else quiet + 1
        if quiet == 2:  # the first look may have brought stream and outbox to agree only
            return total
    raise AssertionError(f"expected quiet after {tries} tries")


def waiting(room: RoomDatabase) -> int:
    """Return how many events are not told."""
    return sum(room.backlog().values())


def states(room: RoomDatabase) -> list[int]:
    """Return the states of the outbox's rows, in the order of time."""
    c = room.tables.outbox.c
    query = sa.select(c.state).order_by(c.at_us, c.subject, c.sequence)
    return room.read(lambda connection: list(connection.execute(query).scalars()))
