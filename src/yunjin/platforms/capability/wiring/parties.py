"""How the party centre is put together."""

from typing import Final

from yunjin.foundation.banking.api.agreements import AgreementsApi
from yunjin.kernel.room import Way
from yunjin.platforms.capability.api.centres import Centre
from yunjin.platforms.capability.api.limits import LimitsApi
from yunjin.platforms.capability.api.parties import PARTIES, PartiesApi
from yunjin.platforms.capability.wiring.making import Making

CENTRES: Final[tuple[Centre, ...]] = (PARTIES,)


def add(made: Making) -> None:
    """Add the centre."""
    from yunjin.platforms.capability.service.parties import PartyService
    from yunjin.platforms.capability.store.personal import Seal

    ground = made.ground
    made.doors[PartiesApi] = PartyService(
        ground.room,
        today=ground.today,
        seal=Seal(ground.tenant),
        cursor_key=ground.key,
        agreements=ground.agreements,
    )

    def routers(way: Way) -> list[object]:
        from yunjin.platforms.capability.routes.parties import router

        return [router(way(PartiesApi))]

    def pages(way: Way) -> None:
        _pages(made, way)

    def search(way: Way) -> object:
        from yunjin.platforms.capability.pages import Search

        return Search(way(PartiesApi))

    made.routers.append(routers)
    made.pages.append(pages)
    made.search.append(search)


def _pages(made: Making, way: Way) -> None:
    from yunjin.platforms.capability.pages import (
        customer,
        customer_desk,
        customer_merging,
        customer_opening,
        customers,
    )

    desk = customer_desk.Desk(
        parties=way(PartiesApi),
        limits=way(LimitsApi),
        agreements=way(AgreementsApi) if made.ground.agreements is not None else None,
        clock=made.ground.clock,
        doors={door: way(door) for door in made.doors},
    )
    # A form at "/…/new" comes before the page whose address would take "new" for an id.
    for one in (customers, customer_opening, customer_merging, customer):
        one.register(desk)
