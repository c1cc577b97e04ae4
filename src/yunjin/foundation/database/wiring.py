"""How the database room is put together."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import structlog
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from yunjin.chassis.events import Bus, EventSettings, open_bus
from yunjin.chassis.persistence import (
    Database,
    EngineLimits,
    RelayLimits,
    RetryLimits,
    Subscribers,
    open_engine,
)
from yunjin.foundation.database.adapters.doctor.journal import Journal
from yunjin.foundation.database.api import DatabaseApi
from yunjin.foundation.database.api.doctor import DoctorApi
from yunjin.foundation.database.api.fleet import FleetApi
from yunjin.foundation.database.api.hosting import HostedState, HostingApi
from yunjin.foundation.database.api.topology import StagePort, TopologyApi
from yunjin.foundation.database.jobs import BackingUp, Measuring, Tending
from yunjin.foundation.database.service import copying
from yunjin.foundation.database.service.copying import process_name
from yunjin.foundation.database.service.database import DatabaseService
from yunjin.foundation.database.service.desk import FleetSettings, desk_of
from yunjin.foundation.database.service.doctor import metering
from yunjin.foundation.database.service.doctor.desk import DoctorDesk
from yunjin.foundation.database.service.doctor.practice import Practice
from yunjin.foundation.database.service.doctor.settings import (
    DoctorSettings,
    doctor_folder,
    practice_of,
)
from yunjin.foundation.database.service.doctor.treatment import Cells
from yunjin.foundation.database.service.topology import TopologyService
from yunjin.kernel.clock import Clock
from yunjin.kernel.errors import Problem
from yunjin.kernel.room import Faces, Room, Way

_log: Final = structlog.get_logger()
Job = Tending | Measuring | BackingUp | Practice


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
    fleet: FleetSettings = Field(default_factory=FleetSettings, description="the sets")
    doctor: DoctorSettings = Field(default_factory=DoctorSettings, description="their doctor")


def url_of(settings: Settings, folder: Path) -> str:
    """Return where the tables of a tenant are, whose folder this is."""
    return settings.url or f"sqlite:///{folder / 'rooms.db'}"


def build(
    settings: Settings,
    *,
    tenant: str,
    clock: Clock,
    home: Path,
    subscribers: Subscribers | None = None,
    events: EventSettings | None = None,
    traceparent: Callable[[], str] = str,
    cells: Cells | None = None,
    stage: StagePort | None = None,
) -> Room:
    """Open the tenant's database.

    Parameters
    ----------
    home : the data root.
    subscribers : who hears the rooms' events, from the room's `start` to its `close`.
    events : the bus that carries them between machines; none, or one without a URL: they stay here.
    traceparent : the W3C trace context of the running call; events carry it.
    cells : how the doctor sees and moves the ledger's cells; None: it does not.
    stage : what the topology page shows of cells and their customers; None: nothing.

    Raises: Malformed, DatabaseNewer, OlderProgramLives, Outage.
    """
    database = _engine(settings, url_of(settings, home / tenant), clock)
    process = process_name()
    service = DatabaseService(
        database, tenant=tenant, clock=clock, prober=process, traceparent=traceparent
    )
    bus = _bus(settings, events or EventSettings(), service, clock=clock, holder=process)
    desk = desk_of(settings.fleet, home=home, clock=clock, rows=service.own, tell=_told)
    hosting, folder = desk.hosting(service.own), doctor_folder(home, tenant)
    consulting = DoctorDesk(service.own, Journal(folder))
    jobs: list[Job] = [
        _tending(settings, service, subscribers or Subscribers(), holder=process, bus=bus)
    ]
    if desk.file.exists():
        jobs.append(Measuring(hosting, every_s=settings.fleet.measure_s))
        if settings.fleet.backs_up:
            jobs.append(BackingUp(desk))
    if settings.doctor.is_on:
        jobs.append(
            practice_of(settings.doctor, desk.fleet(), folder=folder, room=service.own, cells=cells)
        )

    topology = TopologyService(desk, consulting, clock, stage)
    start, close = _turns(jobs, service)
    return Room(
        name="database",
        doors={
            DatabaseApi: service,
            FleetApi: desk,
            HostingApi: hosting,
            DoctorApi: consulting,
            TopologyApi: topology,
        },
        faces=lambda way: _faces(way, clock),
        probes={"database": lambda: service.health().why},
        metrics=lambda: _metrics(database, service, hosting, bus),
        start=start,
        close=close,
    )


def _faces(way: Way, clock: Clock) -> Faces:
    from yunjin.foundation.database import pages
    from yunjin.foundation.database.routes.doctor import doctor_router
    from yunjin.foundation.database.routes.fleet import fleet_router
    from yunjin.foundation.database.routes.hosting import hosting_router

    fleet, hosting, doctor = way(FleetApi), way(HostingApi), way(DoctorApi)
    return Faces(
        routers=[fleet_router(fleet), hosting_router(hosting), doctor_router(doctor)],
        pages=lambda: pages.register(
            topology=way(TopologyApi), fleet=fleet, doctor=doctor, hosting=hosting, clock=clock
        ),
        menu=pages.MENU,
        words=pages.WORDS,
    )


def _turns(
    jobs: Sequence[Job], service: DatabaseService
) -> tuple[Callable[[], None], Callable[[], None]]:
    """Return what begins the work in the background, and what ends it and closes the tables."""

    def start() -> None:
        for job in jobs:
            job.start()

    def close() -> None:
        for job in reversed(jobs):
            job.close()
        service.close()

    return start, close


def _engine(settings: Settings, url: str, clock: Clock) -> Database:
    values = settings.model_dump()
    engine_limits = EngineLimits(**{name: values[name] for name in EngineLimits.__slots__})
    retry_limits = RetryLimits(**{name: values[name] for name in RetryLimits.__slots__})
    return Database(open_engine(url, engine_limits), clock=clock, limits=retry_limits)


def _bus(
    settings: Settings,
    events: EventSettings,
    service: DatabaseService,
    *,
    clock: Clock,
    holder: str,
) -> Bus | None:
    keep_days = settings.keep_days
    return open_bus(events, service.open, clock=clock, holder=holder, keep_days=keep_days)


def _tending(
    settings: Settings,
    service: DatabaseService,
    subscribers: Subscribers,
    *,
    holder: str,
    bus: Bus | None,
) -> Tending:
    return Tending(
        service.rooms,
        subscribers,
        holder=holder,
        limits=RelayLimits(
            events_a_pass=settings.events_a_pass,
            tries=settings.event_tries,
            pause_s_max=settings.event_pause_s_max,
            idle_ms=settings.event_idle_ms,
        ),
        keep_days=settings.keep_days,
        bus=bus,
    )


def _told(words: str) -> None:
    _log.info("fleet.step", words=words)


def _metrics(
    database: Database, service: DatabaseService, hosting: HostingApi, bus: Bus | None
) -> Iterator[Metric]:
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
        yield from _hosted(hosting)
        yield from metering.families(service.own)
        yield from copying.families(service.own)
    if bus is not None:
        yield from bus.metrics()


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


def _hosted(hosting: HostingApi) -> Iterator[Metric]:
    size = GaugeMetricFamily(
        "database_hosted_size_bytes", "Size when last measured.", labels=["name"]
    )
    quota = GaugeMetricFamily(
        "database_hosted_quota_bytes", "What it may grow to.", labels=["name"]
    )
    full = GaugeMetricFamily(
        "database_hosted_full", "1: over its quota, writes are refused.", labels=["name"]
    )
    for one in hosting.databases():
        size.add_metric([one.name], one.size_bytes)
        quota.add_metric([one.name], one.quota_mb << 20)
        full.add_metric([one.name], one.state is HostedState.FULL)
    yield from (size, quota, full)
