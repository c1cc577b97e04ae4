"""The centres' staff pages."""

from dataclasses import dataclass
from typing import Final

from yunjin.foundation.banking.api.agreements import AgreementsApi
from yunjin.kernel.clock import Clock
from yunjin.kernel.room import MenuEntry
from yunjin.platforms.capability.api.centres import CentresApi
from yunjin.platforms.capability.api.limits import LimitsApi
from yunjin.platforms.capability.api.parties import PartiesApi
from yunjin.platforms.capability.api.payments import PaymentsApi
from yunjin.platforms.capability.api.tasks import TasksApi
from yunjin.platforms.capability.pages.customer_search import Search
from yunjin.platforms.capability.pages.words import WORDS

MENU: Final = (
    MenuEntry(
        section="section.customers",
        key="task.tasks",
        icon="assignment_late",
        path="/tasks",
        order=30,
    ),
    MenuEntry(
        section="section.customers",
        key="party.customers",
        icon="groups",
        path="/customers",
        order=40,
    ),
    MenuEntry(
        section="section.money",
        key="capability.payments",
        icon="payments",
        path="/payments",
        order=25,
    ),
    MenuEntry(
        section="section.money",
        key="capability.limits",
        icon="speed",
        path="/limits",
        order=50,
    ),
    MenuEntry(
        section="section.cloud",
        key="capability.centres",
        icon="widgets",
        path="/centres",
        order=60,
    ),
)

__all__ = ["MENU", "WORDS", "Doors", "Search", "register"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Doors:
    """What the pages ask."""

    centres: CentresApi
    limits: LimitsApi
    parties: PartiesApi
    tasks: TasksApi
    agreements: AgreementsApi | None = None  # where there is a bank
    payments: PaymentsApi | None = None  # where there is a bank


def register(doors: Doors, *, clock: Clock) -> None:
    """Put the centres' pages on the console; `Room.pages` calls it when that is mounted."""
    # Here, so that a room can be wired without the weight of the web.
    from yunjin.platforms.capability.pages import (
        catalogue,
        customer,
        customer_desk,
        customer_merging,
        customer_opening,
        customers,
        limit,
        limits,
        payment,
        payments,
        task,
        tasks,
    )

    catalogue.register(doors.centres)
    of_customers = customer_desk.Desk(
        parties=doors.parties, limits=doors.limits, agreements=doors.agreements, clock=clock
    )
    # A form at "/…/new" comes before the page whose address would take "new" for an id.
    for one in (customers, customer_opening, customer_merging, customer):
        one.register(of_customers)
    tasks.register(doors.tasks)
    task.register(doors.tasks, clock)
    limits.register(doors.limits, clock)
    limit.register(doors.limits, clock)
    if doors.payments is not None:
        payments.register(doors.payments, clock)
        payment.register(doors.payments, clock)
