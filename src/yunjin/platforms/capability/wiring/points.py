"""How the points centre is put together."""

from typing import Final

from yunjin.kernel.room import Way
from yunjin.platforms.capability.api.centres import Centre
from yunjin.platforms.capability.api.points import POINTS, PointsApi
from yunjin.platforms.capability.wiring.making import Making

CENTRES: Final[tuple[Centre, ...]] = (POINTS,)


def add(made: Making) -> None:
    """Add the centre."""
    from yunjin.platforms.capability.jobs.rounds import Round
    from yunjin.platforms.capability.service.points.spending import PointsService

    ground = made.ground
    points = PointsService(ground.room, today=ground.today, cursor_key=ground.key)
    made.doors[PointsApi] = points

    made.jobs.append(Round("points", points.expire_due, pause_s=60, stands_by=ground.stands_by))

    def routers(way: Way) -> list[object]:
        from yunjin.platforms.capability.routes.points import router

        return [router(way(PointsApi))]

    def pages(way: Way) -> None:
        from yunjin.platforms.capability.pages import points as all_points
        from yunjin.platforms.capability.pages import points_account

        all_points.register(way(PointsApi))
        points_account.register(way(PointsApi), ground.clock)

    made.routers.append(routers)
    made.pages.append(pages)
