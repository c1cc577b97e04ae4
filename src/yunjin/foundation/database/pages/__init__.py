"""The database room's staff pages: topology, sets, doctor, databases. They know only doors."""

from typing import Final

from yunjin.foundation.database.api.doctor import DoctorApi
from yunjin.foundation.database.api.fleet import FleetApi
from yunjin.foundation.database.api.hosting import HostingApi
from yunjin.foundation.database.api.topology import TopologyApi
from yunjin.foundation.database.pages.words import WORDS
from yunjin.kernel.clock import Clock
from yunjin.kernel.room import MenuEntry

MENU: Final = tuple(
    MenuEntry(section="section.cloud", key=f"fleet.{key}", icon=icon, path=path, order=order)
    for key, icon, path, order in (
        ("topology", "hub", "/topology", 90),
        ("sets", "storage", "/fleet", 91),
        ("doctor", "healing", "/doctor", 92),
        ("databases", "dataset", "/databases", 93),
    )
)

__all__ = ["MENU", "WORDS", "register"]


def register(
    *,
    topology: TopologyApi,
    fleet: FleetApi,
    doctor: DoctorApi,
    hosting: HostingApi,
    clock: Clock,
) -> None:
    """Put the pages on the console; `Room.pages` calls it when the console is mounted."""
    # Here, so that a room can be wired without the weight of the web.
    from yunjin.foundation.database.pages import consulting, databases, sets, topology_page

    topology_page.register(topology, clock)
    sets.register(fleet, clock)
    consulting.register(doctor, clock)
    databases.register(hosting)
