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
        key="payfile.files",
        icon="request_page",
        path="/payment-files",
        order=26,
    ),
    MenuEntry(
        section="section.money",
        key="clearing.channels",
        icon="hub",
        path="/clearing",
        order=27,
    ),
    MenuEntry(
        section="section.money",
        key="reconciliation.runs",
        icon="rule",
        path="/reconciliations",
        order=28,
    ),
    MenuEntry(
        section="section.money",
        key="lending.desk",
        icon="request_quote",
        path="/lending",
        order=27,
    ),
    MenuEntry(
        section="section.money",
        key="collection.cases",
        icon="assignment_returned",
        path="/lending/cases",
        order=28,
    ),
    MenuEntry(
        section="section.money",
        key="capability.limits",
        icon="speed",
        path="/limits",
        order=50,
    ),
    MenuEntry(
        section="section.money",
        key="pricing.books",
        icon="sell",
        path="/pricing",
        order=55,
    ),
    MenuEntry(
        section="section.customers",
        key="points.programmes",
        icon="loyalty",
        path="/points",
        order=60,
    ),
    MenuEntry(
        section="section.money",
        key="report.reports",
        icon="summarize",
        path="/reports",
        order=60,
    ),
    MenuEntry(
        section="section.customers",
        key="business.businesses",
        icon="hub",
        path="/businesses",
        order=20,
    ),
    MenuEntry(
        section="section.cloud",
        key="overlay.overlays",
        icon="layers",
        path="/overlays",
        order=62,
    ),
    MenuEntry(
        section="section.cloud",
        key="capability.centres",
        icon="widgets",
        path="/centres",
        order=60,
    ),
    MenuEntry(
        section="section.cloud",
        key="takeover.runs",
        icon="move_down",
        path="/takeover",
        order=64,
    ),
    MenuEntry(
        section="section.cloud",
        key="drawing.drawings",
        icon="polyline",
        path="/drawings",
        order=63,
    ),
    MenuEntry(
        section="section.customers",
        key="offer.offers",
        icon="storefront",
        path="/offers",
        order=70,
    ),
    MenuEntry(
        section="section.customers",
        key="contract.contracts",
        icon="handshake",
        path="/contracts",
        order=72,
    ),
    MenuEntry(
        section="section.customers",
        key="document.documents",
        icon="description",
        path="/documents",
        order=74,
    ),
    MenuEntry(
        section="section.customers",
        key="message.messages",
        icon="sms",
        path="/messages",
        order=76,
    ),
)

__all__ = ["MENU", "WORDS", "Search", "register"]


def register(centres: CentresApi) -> None:
    """Put the catalogue on the console; each centre puts its own pages there."""
    # Here, so that a room can be wired without the weight of the web.
    from yunjin.platforms.capability.pages import catalogue

    catalogue.register(centres)
