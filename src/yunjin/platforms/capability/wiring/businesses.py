"""How businesses are put together: last, over the doors of all centres."""

import inspect
import sys
from typing import Any, Final

from yunjin.kernel.room import Way
from yunjin.platforms.capability.api.businesses import (
    BUSINESSES,
    Business,
    BusinessesApi,
)
from yunjin.platforms.capability.api.centres import Centre
from yunjin.platforms.capability.api.overlays import OverlaysApi
from yunjin.platforms.capability.api.parties import PartiesApi
from yunjin.platforms.capability.wiring.making import Making

CENTRES: Final[tuple[Centre, ...]] = (BUSINESSES,)


def add(made: Making) -> None:
    """Add the centre."""
    from yunjin.platforms.capability.flows.businesses import case_flow, name_of
    from yunjin.platforms.capability.service.businesses import BusinessService

    ground = made.ground
    doors: Any = {**ground.core, **made.doors}
    found = made.doors[BusinessesApi] = BusinessService(
        ground.room,
        made.flows,
        ground.businesses,
        overlays=made.doors[OverlaysApi],
        parties=made.doors[PartiesApi],
        lines={one.code: lines_of(one) for one in ground.businesses},
        flow_of=name_of,
        doors=doors,
        cursor_key=ground.key,
    )
    steps = {name: act for one in ground.businesses for name, act in one.steps.items()}
    made.definitions += [
        case_flow(found, doors, one, deed, steps) for one in ground.businesses for deed in one.deeds
    ]

    def routers(way: Way) -> list[object]:
        from yunjin.platforms.capability.routes.businesses import router

        return [router(way(BusinessesApi))]

    def pages(way: Way) -> None:
        from yunjin.platforms.capability.pages.businesses import register

        register(way(BusinessesApi), ground.clock)

    made.routers.append(routers)
    made.pages.append(pages)


def lines_of(business: Business) -> int:
    """Return how many lines the module of a business has, all counted; 0: it has no file."""
    module = sys.modules.get(business.deeds[0].act.__module__ or "")
    try:
        return len(inspect.getsource(module).splitlines()) if module else 0
    except (OSError, TypeError):
        return 0
