"""A small room for tests: `shop`, whose one table counts what was sold."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar
from uuid import UUID

import sqlalchemy as sa

from yunjin.chassis.persistence import (
    Ascii,
    Database,
    EngineLimits,
    Int64,
    RetryLimits,
    RoomDatabase,
    SqlUnitOfWork,
    column,
    key,
    metadata,
    open_engine,
    standard,
    table,
)
from yunjin.kernel.clock import SystemClock
from yunjin.kernel.ids import uuid7

CLOCK = SystemClock()
TABLES = metadata("shop")
STANDARD = standard(TABLES)
SOLD = table(TABLES, "sold", key("item", Ascii(40)), column("count", Int64))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sold:
    type: ClassVar[str] = "yunjin.shop.item.sold.v1"
    item: str
    count: int

    @property
    def subject(self) -> str:
        return self.item


@dataclass
class Pauses:
    """Waits instead of sleeping: it counts how long it was told to wait."""

    pauses_ms: list[int] = field(default_factory=list)
    on_pause: Callable[[], object] = lambda: None
    _never: threading.Event = field(default_factory=threading.Event)

    def __call__(self, pause_ms: int) -> None:
        self.pauses_ms.append(pause_ms)
        self.on_pause()
        self._never.wait(pause_ms / 1_000)


@dataclass
class Opened:
    """The room, its database and its pauses."""

    database: Database
    room: RoomDatabase
    pauses: Pauses


def opened(
    url: str,
    *,
    engine: EngineLimits | None = None,
    retry: RetryLimits | None = None,
    create: bool = True,
) -> Opened:
    """Open the room; every call has its own connections, as another process has."""
    pauses = Pauses()
    database = Database(open_engine(url, engine), clock=CLOCK, limits=retry, pause=pauses)
    if create:
        with database.engine.begin() as connection:
            TABLES.create_all(connection, checkfirst=True)
    room = RoomDatabase(database, room="shop", tenant="demo", source="/shop", clock=CLOCK)
    return Opened(database, room, pauses)


def command_id() -> UUID:
    return uuid7(CLOCK)


def sell(work: SqlUnitOfWork, item: str, count: int = 1) -> int:
    """Count a sale, tell it, and return the new count."""
    query = sa.select(SOLD.c.count).where(SOLD.c.item == item).with_for_update()
    before = work.connection.execute(query).scalar_one_or_none()
    if before is None:
        work.connection.execute(sa.insert(SOLD).values(item=item, count=count))
    else:
        change = sa.update(SOLD).where(SOLD.c.item == item).values(count=before + count)
        work.connection.execute(change)
    total = (before or 0) + count
    work.outbox.add(Sold(item=item, count=total))
    return total


def sold(room: RoomDatabase, item: str) -> int:
    """Return how many were sold, 0 for none."""
    query = sa.select(SOLD.c.count).where(SOLD.c.item == item)
    return room.read(lambda connection: connection.execute(query).scalar_one_or_none() or 0)
