"""How the centres of offers and of contracts are put together."""

from typing import Final

from yunjin.kernel.room import Way
from yunjin.platforms.capability.api.centres import Centre
from yunjin.platforms.capability.api.contracts import CONTRACTS, ContractsApi
from yunjin.platforms.capability.api.documents import DocumentsApi
from yunjin.platforms.capability.api.offers import OFFERS, OffersApi
from yunjin.platforms.capability.api.parties import PartiesApi
from yunjin.platforms.capability.wiring.making import Making

CENTRES: Final[tuple[Centre, ...]] = (OFFERS, CONTRACTS)


def add(made: Making) -> None:
    """Add the centres; without a bank there are no products to offer."""
    from yunjin.platforms.capability.flows.contracts import contract_clearing, contract_signing
    from yunjin.platforms.capability.service.contract_papers import ContractPapers
    from yunjin.platforms.capability.service.offers import OfferService
    from yunjin.platforms.capability.service.shelf import Shelf

    ground, doors = made.ground, made.doors
    shelf = Shelf(ground.core)
    offers = doors[OffersApi] = OfferService(
        ground.room, shelf, doors[PartiesApi], today=ground.today, cursor_key=ground.key
    )
    contracts = doors[ContractsApi] = ContractPapers(
        ground.room,
        made.flows,
        offers=offers,
        parties=doors[PartiesApi],
        documents=doors[DocumentsApi],
        agreements=ground.agreements,
        today=ground.today,
        cursor_key=ground.key,
    )
    made.definitions += [contract_signing(contracts), contract_clearing(contracts)]
    _shown(made)


def _shown(made: Making) -> None:
    """Add what the web and the console show of them."""
    clock = made.ground.clock

    def routers(way: Way) -> list[object]:
        from yunjin.platforms.capability.routes import contracts as contract_routes
        from yunjin.platforms.capability.routes import offers as offer_routes

        return [offer_routes.router(way(OffersApi)), contract_routes.router(way(ContractsApi))]

    def pages(way: Way) -> None:
        from yunjin.platforms.capability.pages import contract, offer, offer_finder
        from yunjin.platforms.capability.pages import contracts as all_contracts
        from yunjin.platforms.capability.pages import offers as all_offers

        all_offers.register(way(OffersApi))
        offer_finder.register(way(OffersApi))
        offer.register(way(OffersApi), clock)
        all_contracts.register(way(ContractsApi))
        contract.register(way(ContractsApi), way(DocumentsApi), clock)

    made.routers.append(routers)
    made.pages.append(pages)
