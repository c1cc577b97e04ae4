"""How the limit centre is put together."""

from typing import Final

from yunjin.kernel.room import Way
from yunjin.platforms.capability.api.centres import Centre
from yunjin.platforms.capability.api.limits import LIMITS, LimitsApi
from yunjin.platforms.capability.wiring.making import Making

CENTRES: Final[tuple[Centre, ...]] = (LIMITS,)


def add(made: Making) -> None:
    """Add the centre."""
    from yunjin.platforms.capability.service.limits import LimitService

    ground = made.ground
    made.doors[LimitsApi] = LimitService(ground.room, today=ground.today, cursor_key=ground.key)

    def routers(way: Way) -> list[object]:
        from yunjin.platforms.capability.routes.limits import router

        return [router(way(LimitsApi))]

    def pages(way: Way) -> None:
        from yunjin.platforms.capability.pages import limit
        from yunjin.platforms.capability.pages import limits as all_limits

        all_limits.register(way(LimitsApi), ground.clock)
        limit.register(way(LimitsApi), ground.clock)

    made.routers.append(routers)
    made.pages.append(pages)
