"""How the capability centre is put together: each centre by its own module, in order."""

import datetime as dt
import os
import socket
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from typing import Any, Final

from yunjin.foundation.banking.api.agreements import AgreementsApi
from yunjin.foundation.database.api import DatabaseApi
from yunjin.kernel.clock import Clock
from yunjin.kernel.room import Faces, Room, Way
from yunjin.platforms.capability.api.businesses import Business
from yunjin.platforms.capability.api.centres import CentresApi
from yunjin.platforms.capability.api.channels import ChannelPort
from yunjin.platforms.capability.wiring import (
    businesses as assembled,
)
from yunjin.platforms.capability.wiring import (
    documents,
    drawings,
    lending,
    limits,
    messages,
    offers,
    overlays,
    parties,
    payments,
    points,
    pricing,
    reconciliation,
    reports,
    takeover,
    tasks,
)
from yunjin.platforms.capability.wiring.making import CentreFlows, Ground, Making, begun, worker_of
from yunjin.platforms.capability.wiring.settings import Settings

__all__ = ["CENTRES", "Making", "Settings", "build", "parts", "prepare"]

# A centre finds the doors of those before it; overlays know all points, the last two all doors.
_ORDER: Final = (
    overlays,
    parties,
    limits,
    payments,
    tasks,
    reconciliation,
    pricing,
    points,
    documents,
    messages,
    offers,
    lending,
    reports,
    takeover,
    assembled,
    drawings,
)
CENTRES: Final = tuple(chain.from_iterable(one.CENTRES for one in _ORDER))


def build(
    settings: Settings,
    *,
    tenant: str,
    clock: Clock,
    database: DatabaseApi[Any],
    today: Callable[[], dt.date],
    **more: Any,
) -> Room:
    """Put the room together. more: what else `parts` takes. Raises: Outage, DatabaseNewer."""
    made = parts(settings, tenant=tenant, clock=clock, database=database, today=today, **more)
    worker = worker_of(made, f"{socket.gethostname()}:{os.getpid()}")
    jobs = [worker, *made.jobs]
    return Room(
        name="capability",
        doors={**made.doors, CentreFlows: made.flows},
        faces=lambda way: _faces(made, way),
        probes={"capability.flows": worker.probe},
        metrics=made.flows.metrics,
        start=lambda: _each(jobs, "start"),
        close=lambda: _each(jobs[::-1], "close"),
    )


def _faces(made: Making, way: Way) -> Faces:
    from yunjin.chassis.flow_pages import FlowPages
    from yunjin.platforms.capability import pages
    from yunjin.platforms.capability.flows import WORDS
    from yunjin.platforms.capability.routes import catalogue

    centres, title = way(CentresApi), ("中心流程", "Flows of centres")
    flows: Any = way(CentreFlows)
    staff = FlowPages(flows, "capability", section="section.cloud", order=61, title=title)

    def staff_pages() -> None:
        pages.register(centres)
        for one in made.pages:
            one(way)
        staff.register()

    return Faces(
        routers=[
            catalogue.router(centres),
            *chain.from_iterable(one(way) for one in made.routers),
        ],
        pages=staff_pages,
        menu=[*pages.MENU, staff.menu],
        words={**pages.WORDS, **staff.words, **WORDS, **_case_words(made.ground.businesses)},
        search=[*(one(way) for one in made.search), staff.search],
    )


def _case_words(businesses: Sequence[Business]) -> dict[str, tuple[str, str]]:
    """Return what people call the flows of businesses."""
    from yunjin.platforms.capability.flows.businesses import name_of

    return {
        f"flow.name.{name_of(one.code, deed.code)}": (
            f"{one.words[0]} · {deed.words[0]}",
            f"{one.words[1]} · {deed.words[1]}",
        )
        for one in businesses
        for deed in one.deeds
    }


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
    core: Mapping[type, Any] | None = None,
    channels: Sequence[ChannelPort] = (),
    ports: Mapping[type, Any] | None = None,
    businesses: Sequence[Business] = (),
    stands_by: Callable[[], bool] = lambda: False,
) -> Making:
    """Put together what stands behind the doors: `Ground` tells what is given. Raises: as `build`.

    The room without a bank has the centres that need none.
    """
    from yunjin.chassis.flow import Registry
    from yunjin.platforms.capability.service.catalogue import CatalogueService

    made = begun(
        Ground(
            settings=settings,
            tenant=tenant,
            clock=clock,
            room=prepare(database),
            today=today,
            agreements=agreements,
            core=core or {},
            channels=channels,
            ports=ports or {},
            centres=CENTRES,
            businesses=businesses,
            stands_by=stands_by,
        )
    )
    made.doors[CentresApi] = CatalogueService(CENTRES)
    for one in _ORDER:
        one.add(made)
    made.flows.registry = Registry(*made.definitions, elsewhere=made.elsewhere)
    return made


def _each(jobs: Sequence[Any], act: str) -> None:
    for one in jobs:
        getattr(one, act)()
