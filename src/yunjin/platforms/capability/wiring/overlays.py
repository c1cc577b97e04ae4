"""How the centre of overlays is put together: it comes first, and knows all that is left open."""

from itertools import chain
from typing import Final

from yunjin.kernel.room import Way
from yunjin.platforms.capability.api.centres import Centre
from yunjin.platforms.capability.api.overlays import OVERLAYS, OpenPoint, OverlaysApi
from yunjin.platforms.capability.wiring.making import Making

CENTRES: Final[tuple[Centre, ...]] = (OVERLAYS,)


def add(made: Making) -> None:
    """Add the centre."""
    from yunjin.platforms.capability.service.overlays import OverlayService

    ground = made.ground
    of_businesses = chain.from_iterable(
        (OpenPoint(owner=one.code, point=point) for point in one.points)
        for one in ground.businesses
    )
    of_centres = chain.from_iterable(
        (OpenPoint(owner=one.code, point=point) for point in one.points) for one in ground.centres
    )
    made.doors[OverlaysApi] = OverlayService(
        ground.room,
        points=[*of_businesses, *of_centres],
        steps=[name for one in ground.businesses for name in one.steps],
        coded=[overlay for one in ground.businesses for overlay in one.overlays],
    )

    def routers(way: Way) -> list[object]:
        from yunjin.platforms.capability.routes.overlays import router

        return [router(way(OverlaysApi))]

    def pages(way: Way) -> None:
        from yunjin.platforms.capability.pages.overlays import register

        register(way(OverlaysApi), ground.businesses, ground.clock)

    made.routers.append(routers)
    made.pages.append(pages)
