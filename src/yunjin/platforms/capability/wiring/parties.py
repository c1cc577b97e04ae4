"""How the party centre is put together."""

from typing import Final

from yunjin.foundation.banking.api.agreements import AgreementsApi
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
    parties = made.doors[PartiesApi] = PartyService(
        ground.room,
        today=ground.today,
        seal=Seal(ground.tenant),
        cursor_key=ground.key,
        agreements=ground.agreements,
    )

    def routers() -> list[object]:
        from yunjin.platforms.capability.routes.parties import router

        return [router(parties)]

    def pages() -> None:
        _pages(made, ground.agreements)

    def search() -> object:
        from yunjin.platforms.capability.pages import Search

        return Search(parties)

    made.routers.append(routers)
    made.pages.append(pages)
    made.search.append(search)


def _pages(made: Making, agreements: AgreementsApi | None) -> None:
    from yunjin.platforms.capability.pages import (
        customer,
        customer_desk,
        customer_merging,
        customer_opening,
        customers,
    )

    desk = customer_desk.Desk(
        parties=made.doors[PartiesApi],
        limits=made.doors[LimitsApi],
        agreements=agreements,
        clock=made.ground.clock,
        doors=made.doors,
    )
    # A form at "/…/new" comes before the page whose address would take "new" for an id.
    for one in (customers, customer_opening, customer_merging, customer):
        one.register(desk)
