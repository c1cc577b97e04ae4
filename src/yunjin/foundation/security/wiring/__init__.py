"""How the security room is put together: each part by its own module, in order."""

from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from yunjin.foundation.database.api import DatabaseApi
from yunjin.foundation.security.wiring.making import Ground, Making
from yunjin.foundation.security.wiring.settings import Settings
from yunjin.kernel.clock import Clock
from yunjin.kernel.room import Faces, Room, Way

__all__ = ["Making", "Settings", "build", "parts", "prepare"]

_ORDER: Final[tuple[ModuleType, ...]] = ()  # a part finds the doors of those before it


def prepare(database: DatabaseApi[Any]) -> Any:
    """Bring the room's tables to their form; return them. Raises: as `build`."""
    from yunjin.foundation.security import migrations

    return database.open("security", source="/foundation/security", migrations=migrations)


def parts(
    settings: Settings,
    *,
    tenant: str,
    clock: Clock,
    home: Path,
    database: DatabaseApi[Any],
    ports: Mapping[type, Any] | None = None,
) -> Making:
    """Put together what stands behind the doors. Raises: as `build`."""
    made = Making(
        Ground(
            settings=settings,
            tenant=tenant,
            clock=clock,
            room=prepare(database),
            folder=home / tenant,
            ports=ports or {},
        )
    )
    for one in _ORDER:
        one.add(made)
    return made


def build(
    settings: Settings,
    *,
    tenant: str,
    clock: Clock,
    home: Path,
    database: DatabaseApi[Any],
    **more: Any,
) -> Room:
    """Put the room together. more: what else `parts` takes. Raises: Outage, DatabaseNewer."""
    made = parts(settings, tenant=tenant, clock=clock, home=home, database=database, **more)
    return Room(
        name="security",
        doors=made.doors,
        faces=lambda way: _faces(made, way),
        probes=made.probes,
        start=lambda: _each(made.jobs, "start"),
        close=lambda: _each(made.jobs[::-1], "close"),
    )


def _faces(made: Making, way: Way) -> Faces:
    def pages() -> None:
        for one in made.pages:
            one(way)

    return Faces(
        routers=[*chain.from_iterable(one(way) for one in made.routers)],
        pages=pages,
        search=[one(way) for one in made.search],
    )


def _each(jobs: Sequence[Any], act: str) -> None:
    for one in jobs:
        getattr(one, act)()
