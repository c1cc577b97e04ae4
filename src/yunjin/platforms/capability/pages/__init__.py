"""The centres' staff pages."""

from typing import Final

from yunjin.kernel.room import MenuEntry
from yunjin.platforms.capability.api.centres import CentresApi
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

__all__ = ["MENU", "WORDS", "Search", "register"]


def register(centres: CentresApi) -> None:
    """Put the catalogue on the console; each centre puts its own pages there."""
    # Here, so that a room can be wired without the weight of the web.
    from yunjin.platforms.capability.pages import catalogue

    catalogue.register(centres)
