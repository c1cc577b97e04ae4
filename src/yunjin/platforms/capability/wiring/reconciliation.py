"""How the reconciliation centre is put together: where there is a bank."""

from typing import Any, Final

from yunjin.foundation.banking.api.agreements import AgreementsApi
from yunjin.foundation.banking.api.general_ledger import GeneralLedgerApi
from yunjin.foundation.ledger.api import LedgerApi
from yunjin.kernel.room import Way
from yunjin.platforms.capability.api.centres import Centre
from yunjin.platforms.capability.api.clearing import ClearingApi
from yunjin.platforms.capability.api.payments import PaymentsApi
from yunjin.platforms.capability.api.reconciliation import (
    RECONCILIATION,
    BookedPort,
    ReconciliationApi,
)
from yunjin.platforms.capability.api.tasks import TasksApi
from yunjin.platforms.capability.wiring.making import Ground, Making

CENTRES: Final[tuple[Centre, ...]] = (RECONCILIATION,)


def add(made: Making) -> None:
    """Add the centre."""
    if made.ground.agreements is None:
        return
    _centre(made, made.ground.agreements)
    clock = made.ground.clock

    def routers(way: Way) -> list[object]:
        from yunjin.platforms.capability.routes.reconciliation import router

        return [router(way(ReconciliationApi))]

    def pages(way: Way) -> None:
        from yunjin.platforms.capability.pages import reconciliation, reconciliations

        reconciliations.register(way(ReconciliationApi), way(ClearingApi), clock)
        reconciliation.register(way(ReconciliationApi), clock)

    made.routers.append(routers)
    made.pages.append(pages)


def _centre(made: Making, agreements: AgreementsApi) -> None:
    from yunjin.platforms.capability.flows.clearing import difference
    from yunjin.platforms.capability.service.payments.answers import Answers
    from yunjin.platforms.capability.service.payments.waves import Waves
    from yunjin.platforms.capability.service.reconciliation.asking import Asking
    from yunjin.platforms.capability.service.reconciliation.cures import Cures
    from yunjin.platforms.capability.service.reconciliation.ours import Ours
    from yunjin.platforms.capability.service.reconciliation.runs import Runs
    from yunjin.platforms.capability.service.reconciliation.service import ReconciliationService

    ground, tasks = made.ground, made.doors[TasksApi]
    [answers] = [one for one in made.acting if isinstance(one, Answers)]
    [waves] = [one for one in made.acting if isinstance(one, Waves)]
    cures = Cures(
        agreements,
        answers,
        waves,
        ground.core.get(GeneralLedgerApi),
        payment=made.doors[PaymentsApi].payment,
        today=ground.today,
    )
    centre = made.doors[ReconciliationApi] = ReconciliationService(
        ground.room,
        Runs(ground.room, made.flows, Ours(ground.room, _booked(ground))),
        cures,
        made.doors[ClearingApi],
        tasks,
        cursor_key=ground.key,
    )
    asking = Asking(ground.room, tasks, centre)
    made.acting += [cures, asking]
    made.definitions.append(difference(asking))


def _booked(ground: Ground) -> BookedPort | None:
    """Return what was bound, or the ledger where it is near; None: payments' states must do."""
    from yunjin.platforms.capability.adapters.ledger_lines import LedgerLines

    bound: BookedPort | None = ground.ports.get(BookedPort)
    ledger: Any = ground.core.get(LedgerApi)
    if bound is None and hasattr(ledger, "export_transfers"):
        return LedgerLines(ledger, ledger)
    return bound
