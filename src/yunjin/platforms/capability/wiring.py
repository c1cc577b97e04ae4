"""How the capability centre is put together."""

import datetime as dt
import hashlib
import os
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from yunjin.chassis.flow import FlowLimits
from yunjin.foundation.banking.api.agreements import AgreementsApi
from yunjin.foundation.database.api import DatabaseApi
from yunjin.kernel.clock import Clock
from yunjin.kernel.room import Room
from yunjin.platforms.capability.api.centres import CentresApi
from yunjin.platforms.capability.api.channels import ChannelPort
from yunjin.platforms.capability.api.limits import LIMITS, LimitsApi
from yunjin.platforms.capability.api.parties import PARTIES, PartiesApi
from yunjin.platforms.capability.api.payment_files import FILES, PaymentFilesApi
from yunjin.platforms.capability.api.payments import PAYMENTS, PaymentsApi
from yunjin.platforms.capability.api.tasks import TASKS, TasksApi

CENTRES = (PARTIES, LIMITS, PAYMENTS, FILES, TASKS)


class Settings(BaseModel):
    """What the capability centre is held to."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    institution: str = Field("云锦 Yunjin", max_length=140, description="name in our messages")
    agent: str = Field(
        "", max_length=11, pattern="^([A-Z0-9]{8}([A-Z0-9]{3})?)?$", description="our BIC"
    )
    trial_channel: str = Field(
        "",
        max_length=40,
        pattern="^[a-z0-9-]*$",
        description="a clearing channel of this name, in memory, that settles all it is sent: "
        "for trials; what it has not answered is forgotten with the process",
    )
    flows: FlowLimits = Field(
        default_factory=lambda: FlowLimits(lease_s=5),
        description="how much the durable flows of the centres may do",
    )


@dataclass(frozen=True, slots=True)
class Parts:
    """What the room is made of. paying, acting: where there is a bank."""

    doors: dict[type, Any]
    flows: Any  # chassis.flow.Flows
    paying: Any | None  # jobs.Paying
    acting: tuple[Any, ...] = ()  # what the flows of payments ask: Waves, Answers


def build(
    settings: Settings,
    *,
    tenant: str,
    clock: Clock,
    database: DatabaseApi[Any],
    today: Callable[[], dt.date],
    agreements: AgreementsApi | None = None,
    channels: Sequence[ChannelPort] = (),
    stands_by: Callable[[], bool] = lambda: False,
) -> Room:
    """Put the room together.

    today: the business date. agreements: banking's, where there is a bank. channels: to others.
    stands_by: whether another process does the bank's work now, and so the centres' flows.
    Raises: Outage, DatabaseNewer.
    """
    from yunjin.chassis.flow import FlowWorker
    from yunjin.chassis.flow_pages import FlowPages
    from yunjin.platforms.capability import pages
    from yunjin.platforms.capability.flows import WORDS

    made = parts(
        settings,
        tenant=tenant,
        clock=clock,
        database=database,
        today=today,
        agreements=agreements,
        channels=channels,
        stands_by=stands_by,
    )
    doors = made.doors
    holder = f"{socket.gethostname()}:{os.getpid()}"
    worker = FlowWorker(made.flows, holder=holder, stands_by=stands_by)
    jobs = [one for one in (worker, made.paying) if one is not None]
    seen = pages.Doors(
        centres=doors[CentresApi],
        limits=doors[LimitsApi],
        parties=doors[PartiesApi],
        tasks=doors[TasksApi],
        agreements=agreements,
        payments=doors.get(PaymentsApi),
    )
    staff = FlowPages(
        made.flows, section="section.cloud", order=61, title=("中心流程", "Flows of centres")
    )

    def staff_pages() -> None:
        pages.register(seen, clock=clock)
        staff.register()

    return Room(
        name="capability",
        doors=doors,
        routers=_routers(doors),
        pages=staff_pages,
        menu=[*pages.MENU, staff.menu],
        words={**pages.WORDS, **staff.words, **WORDS},
        search=[pages.Search(doors[PartiesApi]), staff.search],
        probes={"capability.flows": worker.probe},
        metrics=made.flows.metrics,
        start=lambda: _each(jobs, "start"),
        close=lambda: _each(jobs[::-1], "close"),
    )


def _routers(doors: Mapping[type, Any]) -> list[Any]:
    from yunjin.platforms.capability.routes import (
        catalogue,
        limits,
        parties,
        payment_files,
        payments,
        tasks,
    )

    return [
        catalogue.router(doors[CentresApi]),
        limits.router(doors[LimitsApi]),
        parties.router(doors[PartiesApi]),
        tasks.router(doors[TasksApi]),
        *([payments.router(doors[PaymentsApi])] if PaymentsApi in doors else []),
        *([payment_files.router(doors[PaymentFilesApi])] if PaymentsApi in doors else []),
    ]


def prepare(database: DatabaseApi[Any]) -> Any:
    """Bring the room's tables to their form, ahead of its turn; return them. Raises: as `build`."""
    from yunjin.platforms.capability import migrations

    return database.open("capability", source="/platforms/capability", migrations=migrations)


def parts(
    settings: Settings,
    *,
    tenant: str,
    clock: Clock,
    database: DatabaseApi[Any],
    today: Callable[[], dt.date],
    agreements: AgreementsApi | None = None,
    channels: Sequence[ChannelPort] = (),
    stands_by: Callable[[], bool] = lambda: False,
) -> Parts:
    """Put together what stands behind the doors. Raises: as `build`."""
    from yunjin.chassis.flow import Flows, Registry
    from yunjin.platforms.capability.flows import (
        channel_message,
        payment_file,
        payment_wave,
        task_due,
    )
    from yunjin.platforms.capability.jobs import Paying
    from yunjin.platforms.capability.service.bank_tasks import BankTasks
    from yunjin.platforms.capability.service.catalogue import CatalogueService
    from yunjin.platforms.capability.service.limits import LimitService
    from yunjin.platforms.capability.service.parties import PartyService
    from yunjin.platforms.capability.service.payments.files import PaymentFiles
    from yunjin.platforms.capability.service.payments.orders import PaymentService
    from yunjin.platforms.capability.service.tasks import TaskService
    from yunjin.platforms.capability.store.personal import Seal

    room = prepare(database)
    key = hashlib.sha256(f"capability cursors of {tenant}".encode()).digest()[:16]
    doors: dict[type, Any] = {
        CentresApi: CatalogueService(CENTRES),
        LimitsApi: LimitService(room, today=today, cursor_key=key),
        PartiesApi: PartyService(
            room, today=today, seal=Seal(tenant), cursor_key=key, agreements=agreements
        ),
    }
    doors[TasksApi] = TaskService(
        room, flows=lambda: flows, bank=BankTasks(agreements), cursor_key=key
    )
    ways = {one.name: one for one in (*channels, *_trial(settings, clock))}
    definitions: list[Any] = [task_due(doors[TasksApi])]
    acting: tuple[Any, ...] = ()
    if agreements is not None:
        acting = _acting(settings, room, today, doors[LimitsApi], agreements, ways)
        doors[PaymentFilesApi] = PaymentFiles(
            room,
            lambda: flows,
            agreements,
            lambda: doors[PaymentsApi],
            agent=settings.agent,
            cursor_key=key,
        )
        definitions += [
            payment_wave(acting[0]),
            channel_message(acting[1]),
            payment_file(doors[PaymentFilesApi]),
        ]
    flows = Flows(room, Registry(*definitions), limits=settings.flows, cursor_key=key)
    paying = None
    if agreements is not None:
        doors[PaymentsApi] = PaymentService(room, flows, ways, today=today, cursor_key=key)
        paying = Paying(doors[PaymentsApi], ways, clock=clock, stands_by=stands_by)
    return Parts(doors, flows, paying, acting)


def _acting(
    settings: Settings,
    room: Any,
    today: Callable[[], dt.date],
    limits: Any,
    agreements: AgreementsApi,
    channels: Mapping[str, ChannelPort],
) -> tuple[Any, ...]:
    from yunjin.platforms.capability.service.payments.answers import Answers
    from yunjin.platforms.capability.service.payments.waves import Waves

    waves = Waves(
        room,
        agreements,
        limits,
        channels,
        today=today,
        institution=settings.institution,
        agent=settings.agent,
    )
    return waves, Answers(room, agreements, waves)


def _trial(settings: Settings, clock: Clock) -> list[ChannelPort]:
    from yunjin.platforms.capability.adapters.channel import FakeChannel

    name = settings.trial_channel
    return [FakeChannel(name=name, clock=clock)] if name else []


def _each(jobs: Sequence[Any], act: str) -> None:
    for one in jobs:
        getattr(one, act)()
