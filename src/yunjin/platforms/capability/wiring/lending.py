"""How the lending centre is put together, and that of collection: where there is a bank."""

from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

from yunjin.foundation.banking.api.agreements import AgreementsApi
from yunjin.foundation.banking.api.statements import StatementsApi
from yunjin.kernel.room import Way
from yunjin.platforms.capability.api.bank_cards import BankCardCheck
from yunjin.platforms.capability.api.centres import Centre
from yunjin.platforms.capability.api.collection import COLLECTION, CollectionApi
from yunjin.platforms.capability.api.decisions import Decisions
from yunjin.platforms.capability.api.identity import IdentityCheck
from yunjin.platforms.capability.api.lending import LENDING, LendingApi
from yunjin.platforms.capability.api.limits import LimitsApi
from yunjin.platforms.capability.api.overlays import OverlaysApi
from yunjin.platforms.capability.api.parties import PartiesApi
from yunjin.platforms.capability.api.payments import PaymentsApi
from yunjin.platforms.capability.api.tasks import TasksApi
from yunjin.platforms.capability.wiring.making import Ground, Making

CENTRES: Final[tuple[Centre, ...]] = (LENDING, COLLECTION)


def add(made: Making) -> None:
    """Add the centres."""
    if made.ground.agreements is None:
        return
    _parts(made, made.ground.agreements)
    clock = made.ground.clock

    def routers(way: Way) -> list[object]:
        from yunjin.platforms.capability.routes import collection as of_cases
        from yunjin.platforms.capability.routes import lending as of_loans

        return [of_loans.router(way(LendingApi)), of_cases.router(way(CollectionApi))]

    def pages(way: Way) -> None:
        from yunjin.platforms.capability.pages import collection as case_list
        from yunjin.platforms.capability.pages import collection_case, lending_application
        from yunjin.platforms.capability.pages import lending as desk

        desk.register(way(LendingApi), way(CollectionApi), clock)
        case_list.register(way(CollectionApi))
        lending_application.register(way(LendingApi), clock)
        collection_case.register(way(CollectionApi), clock)

    made.routers.append(routers)
    made.pages.append(pages)


def _parts(made: Making, agreements: AgreementsApi) -> None:
    from yunjin.platforms.capability.flows.lending import (
        application_flow,
        day_flow,
        disbursal_flow,
    )
    from yunjin.platforms.capability.flows.lending_points import LendingPoints
    from yunjin.platforms.capability.jobs.rounds import Round
    from yunjin.platforms.capability.service.lending.collection import CollectionService
    from yunjin.platforms.capability.service.lending.disbursing import Disbursing
    from yunjin.platforms.capability.service.lending.looking import Looking
    from yunjin.platforms.capability.service.lending.overlaid import Overlaid
    from yunjin.platforms.capability.service.lending.service import LendingService

    ground, doors = made.ground, made.doors
    tasks, payments, limits = doors[TasksApi], doors[PaymentsApi], doors[LimitsApi]
    overlays: OverlaysApi | None = doors.get(OverlaysApi)
    lending = doors[LendingApi] = LendingService(
        ground.room,
        made.flows,
        agreements,
        core=ground.core,
        parties=doors[PartiesApi],
        limits=limits,
        tasks=tasks,
        ports=_ports(ground),
        overlaid=Overlaid(overlays, LENDING.code),
        today=ground.today,
        cursor_key=ground.key,
    )
    collection = doors[CollectionApi] = CollectionService(
        lending.book,
        agreements,
        tasks,
        statements=ground.core.get(StatementsApi),
        overlaid=Overlaid(overlays, COLLECTION.code),
        today=ground.today,
        cursor_key=ground.key,
    )
    lending.heed(collection.look)
    money = Disbursing(lending.book, agreements, limits, payments, lending.shapes)
    looking = Looking(lending, collection, agreements, payments, tasks)
    steps = {name: act for one in ground.businesses for name, act in one.steps.items()}
    points = LendingPoints(lending, overlays, steps, _Doors(made))
    made.acting += [money, looking]
    made.definitions += [
        application_flow(lending, tasks, points.run),
        disbursal_flow(money),
        day_flow(looking),
    ]
    made.jobs.append(Round("lending", day_begins(made), pause_s=60, stands_by=ground.stands_by))


class _Doors:
    """All doors there are by the time they are asked for."""

    def __init__(self, made: Making) -> None:
        self._made = made

    def __getitem__(self, door: type[Any], /) -> Any:
        return {**self._made.ground.core, **self._made.doors}[door]


def day_begins(made: Making) -> Callable[[], int]:
    """Return what starts the flow of a business day, once a day."""
    from yunjin.platforms.capability.api.collection import DAY
    from yunjin.platforms.capability.domain.payments import leg

    begun: list[str] = []

    def begin() -> int:
        today = made.ground.today().isoformat()
        if begun != [today]:
            made.flows.start(leg(UUID(int=0), f"lending day {today}"), DAY, today)
            begun[:] = [today]
        return 0

    return begin


def _ports(ground: Ground) -> Any:
    """Return what is bound; in its place what looks at forms alone, and the tenant's rule sets."""
    from yunjin.platforms.capability.adapters import bank_cards, identity
    from yunjin.platforms.capability.service.lending.deciding import Ports, RuleDecisions

    is_trial = ground.settings.trial_registers
    return Ports(
        decisions=ground.ports.get(Decisions) or RuleDecisions(ground.room),
        identity=ground.ports.get(IdentityCheck)
        or (identity.FakeRegister() if is_trial else identity.NoRegister()),
        cards=ground.ports.get(BankCardCheck)
        or (bank_cards.FakeNetwork() if is_trial else bank_cards.NoNetwork()),
    )
