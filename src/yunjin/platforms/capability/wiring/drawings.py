"""How the centre of drawings is put together: last, so that it knows every other centre's door."""

from typing import Final

from yunjin.kernel.room import Way
from yunjin.platforms.capability.api.centres import Centre
from yunjin.platforms.capability.api.drawings import DRAWINGS, DrawingsApi
from yunjin.platforms.capability.api.tasks import TasksApi
from yunjin.platforms.capability.wiring.making import Making

CENTRES: Final[tuple[Centre, ...]] = (DRAWINGS,)


def add(made: Making) -> None:
    """Add the centre, and what finds the flows of drawings."""
    from yunjin.platforms.capability.domain.bpmn.operations import Operations
    from yunjin.platforms.capability.service.drawings.bringing import DrawingService
    from yunjin.platforms.capability.service.drawings.calling import Calling
    from yunjin.platforms.capability.service.drawings.finding import DrawnFlows
    from yunjin.platforms.capability.service.drawings.running import Ground

    ground = made.ground
    operations = Operations([one for one in ground.centres if one.door in made.doors])
    drawings = made.doors[DrawingsApi] = DrawingService(
        ground.room, made.flows, operations, doors=made.doors, cursor_key=ground.key
    )
    calling = Calling(operations, made.doors)
    acting = Ground(
        calling=calling,
        tasks=made.doors[TasksApi],
        clock=ground.clock,
        parameters=drawings.parameters,
    )
    made.acting.append(acting)
    made.elsewhere = DrawnFlows(ground.room, acting)

    def routers(way: Way) -> list[object]:
        from yunjin.platforms.capability.routes.drawings import router

        return [router(way(DrawingsApi))]

    def pages(way: Way) -> None:
        from yunjin.platforms.capability.pages.drawings import register

        register(way(DrawingsApi), ground.clock)

    made.routers.append(routers)
    made.pages.append(pages)
