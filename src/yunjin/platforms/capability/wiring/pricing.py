"""How the pricing centre is put together."""

from typing import Final

from yunjin.kernel.room import Way
from yunjin.platforms.capability.api.centres import Centre
from yunjin.platforms.capability.api.overlays import OverlaysApi
from yunjin.platforms.capability.api.pricing import PRICING, PricingApi
from yunjin.platforms.capability.wiring.making import Making

CENTRES: Final[tuple[Centre, ...]] = (PRICING,)


def add(made: Making) -> None:
    """Add the centre; what is left half done is looked after where there is a bank."""
    from yunjin.platforms.capability.jobs.rounds import Round
    from yunjin.platforms.capability.service.lending.overlaid import Overlaid
    from yunjin.platforms.capability.service.pricing.charges import PricingService

    ground = made.ground
    pricing = PricingService(
        ground.room,
        today=ground.today,
        cursor_key=ground.key,
        agreements=ground.agreements,
        overlaid=Overlaid(made.doors.get(OverlaysApi), PRICING.code),
    )
    made.doors[PricingApi] = pricing
    made.acting.append(pricing)
    if ground.agreements is not None:
        made.jobs.append(
            Round("pricing", pricing.finish_left, pause_s=5, stands_by=ground.stands_by)
        )

    def routers(way: Way) -> list[object]:
        from yunjin.platforms.capability.routes.pricing import router

        return [router(way(PricingApi))]

    def pages(way: Way) -> None:
        from yunjin.platforms.capability.pages import price_book, price_books, price_fee

        for one in (price_books, price_book, price_fee):
            one.register(way(PricingApi))

    made.routers.append(routers)
    made.pages.append(pages)
