"""How replacing an old core is put together: where there is a bank."""

from typing import Final

from yunjin.foundation.banking.api.bringing import BringingApi
from yunjin.foundation.banking.api.days import DaysApi
from yunjin.kernel.room import Way
from yunjin.platforms.capability.api.centres import Centre
from yunjin.platforms.capability.api.parties import PartiesApi
from yunjin.platforms.capability.api.takeover import TAKEOVER, TakeoverApi
from yunjin.platforms.capability.wiring.making import Making

CENTRES: Final[tuple[Centre, ...]] = (TAKEOVER,)


def add(made: Making) -> None:
    """Add the centre."""
    core, ground = made.ground.core, made.ground
    if BringingApi not in core:
        return
    from yunjin.platforms.capability.service.takeover.places import Doors
    from yunjin.platforms.capability.service.takeover.service import TakeoverService

    doors = Doors(
        bringing=core[BringingApi],
        days=core[DaysApi],
        parties=made.doors[PartiesApi],
    )
    made.doors[TakeoverApi] = TakeoverService(
        ground.room,
        doors,
        today=ground.today,
        folder=ground.settings.takeover_folder,
        cursor_key=ground.key,
    )

    def routers(way: Way) -> list[object]:
        from yunjin.platforms.capability.routes.takeover import router

        return [router(way(TakeoverApi))]

    def pages(way: Way) -> None:
        from yunjin.platforms.capability.pages import takeover as page

        page.register(way(TakeoverApi), ground.clock)

    made.routers.append(routers)
    made.pages.append(pages)
