"""How the database room is put together."""

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from yunjin.chassis.persistence import (
    Database,
    EngineLimits,
    RelayLimits,
    RetryLimits,
    Subscribers,
    open_engine,
)
from yunjin.foundation.database.api import DatabaseApi
from yunjin.foundation.database.jobs import Tending
from yunjin.foundation.database.service import DatabaseService
from yunjin.kernel.clock import Clock
from yunjin.kernel.errors import Problem
from yunjin.kernel.room import Room


class Settings(BaseModel):
    """Where the tables are, and how patiently the database is spoken to."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str = Field(
        default="",
        max_length=500,
        repr=False,
        description="sqlite:///FILE or mysql+pymysql://USER:PASSWORD@HOST:PORT/NAME; "
        "empty: SQLite in rooms.db of the tenant's folder",
    )
    pool_size: int = Field(default=8, ge=2, le=100, description="connections, at most")
    pool_wait_s: int = Field(default=10, ge=1, le=300, description="wait for a free connection")
    pool_recycle_s: int = Field(
        default=1_800, ge=60, le=86_400, description="age at which a connection is replaced"
    )
    connect_wait_s: int = Field(default=5, ge=1, le=60, description="wait for a connection")
    answer_wait_s: int = Field(
        default=30, ge=1, le=600, description="wait for the answer to a statement"
    )
    lock_wait_s: int = Field(
        default=10, ge=1, le=120, description="wait for a row's lock, or SQLite's writer's turn"
    )
    tries: int = Field(default=8, ge=1, le=50, description="tries of a transaction, in all")
    conflict_tries: int = Field(
        default=3, ge=1, le=20, description="tries of a transaction that meets a taken key"
    )
    pause_ms_first: int = Field(default=5, ge=1, le=1_000, description="pause before a retry")
    pause_ms_max: int = Field(
        default=500, ge=1, le=60_000, description="longest pause; each doubles the last"
    )

    @field_validator("pause_ms_max")
    @classmethod
    def _is_not_below_the_first(cls, pause_ms: int, info: ValidationInfo) -> int:
        first = info.data.get("pause_ms_first", 0)
        if pause_ms < first:
            raise ValueError(f"expected at least database.pause_ms_first, {first}")
        return pause_ms

    total_ms: int = Field(
        default=15_000, ge=100, le=600_000, description="no retry begins after this"
    )
    keep_days: int = Field(
        default=14, ge=7, le=3_650, description="days that first answers and told events are kept"
    )
    events_a_pass: int = Field(
        default=100, ge=1, le=1_000, description="events told between two marks, at most"
    )
    event_tries: int = Field(
        default=8, ge=1, le=100, description="tries of an event before it is parked"
    )
    event_pause_s_max: int = Field(
        default=60, ge=1, le=3_600, description="longest pause before an event is tried again"
    )
    event_idle_ms: int = Field(
        default=1_000, ge=10, le=60_000, description="pause between looks for others' events"
    )


def build(
    settings: Settings,
    *,
    tenant: str,
    clock: Clock,
    home: Path,
    subscribers: Subscribers | None = None,
    traceparent: Callable[[], str] = str,
) -> Room:
    """Open the tenant's database.

    Parameters
    ----------
    home : the data root.
    subscribers : who hears the rooms' events, from the room's `start` to its `close`.
    traceparent : the W3C trace context of the running call; events carry it.

    Raises: Malformed, DatabaseNewer, Outage.
    """
    url = settings.url or f"sqlite:///{home / tenant / 'rooms.db'}"
    values = settings.model_dump()
    engine_limits = EngineLimits(**{name: values[name] for name in EngineLimits.__slots__})
    retry_limits = RetryLimits(**{name: values[name] for name in RetryLimits.__slots__})
    database = Database(open_engine(url, engine_limits), clock=clock, limits=retry_limits)
    process = f"{_host()}-{os.getpid()}"
    service = DatabaseService(
        database, tenant=tenant, clock=clock, prober=process, traceparent=traceparent
    )
    tending = Tending(
        service.rooms,
        subscribers or Subscribers(),
        holder=process,
        limits=RelayLimits(
            events_a_pass=settings.events_a_pass,
            tries=settings.event_tries,
            pause_s_max=settings.event_pause_s_max,
            idle_ms=settings.event_idle_ms,
        ),
        keep_days=settings.keep_days,
    )

    def close() -> None:
        tending.close()
        service.close()

    return Room(
        name="database",
        doors={DatabaseApi: service},
        probes={"database": lambda: service.health().why},
        metrics=lambda: _metrics(database, service),
        start=tending.start,
        close=close,
    )


def _host() -> str:
    return socket.gethostname().encode("ascii", "replace").decode()[:40]


def _metrics(database: Database, service: DatabaseService) -> Iterator[Metric]:
    counter = CounterMetricFamily(
        "database_transactions",
        "Transactions by how they ended; one that is tried again counts each time.",
        labels=["outcome"],
    )
    for outcome, count in sorted(database.counts().items()):
        counter.add_metric([outcome], count)
    yield counter
    with suppress(Problem):  # a database that is down says so by the counts above
        yield from _gauges(service)


def _gauges(service: DatabaseService) -> Iterator[Metric]:
    backlog = GaugeMetricFamily(
        "database_outbox_events", "Events not told yet.", labels=["room", "state"]
    )
    for room in service.rooms():
        for state, count in room.backlog().items():
            backlog.add_metric([room.room, state.name.lower()], count)
    yield backlog
    size = GaugeMetricFamily("database_size_bytes", "Size of the SQLite files, 0 for a server's.")
    size.add_metric([], service.info().size_bytes)
    yield size
