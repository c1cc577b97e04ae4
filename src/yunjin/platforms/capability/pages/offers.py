"""Offers: every version of what is sold, was, or will be."""

from collections.abc import Sequence
from typing import Any, Final

from yunjin.chassis.console import (
    Address,
    Ask,
    Column,
    Filters,
    Markup,
    Row,
    Table,
    ask,
    box,
    empty,
    formats,
    html,
    markup,
    one_of,
    page,
    panel,
    t,
    title_row,
)
from yunjin.platforms.capability.api.offers import Offer, OffersApi, OfferState

PAGE_ROWS: Final = 50
_TONES: Final[dict[OfferState, Any]] = {
    OfferState.DRAFT: "info",
    OfferState.OPEN: "good",
    OfferState.SUSPENDED: "warn",
    OfferState.CLOSED: "neutral",
}


class Offers:
    """One reader's list of offers."""

    def __init__(self, offers: OffersApi) -> None:
        self._offers, self._address = offers, Address()

    async def draw(self) -> None:
        """Lay the list."""
        with title_row(t("offer.offers"), note=t("offer.offers_note")), box("yj-push"):
            html(markup.button_link(t("offer.finder"), "/offers/who", sign="person_search"))
        self._filters = Filters(self._address, self._restart)
        with self._filters as row:
            row.choice(
                "state",
                t("paper.state"),
                t("paper.all_states"),
                {one.value: t(f"offer.state.{one.value}") for one in OfferState},
            )
            row.text("product", t("offer.product"), icon="search")
        with panel(classes="yj-panel-table"):
            self._table = Table(
                columns(),
                self._load,
                caption=t("offer.offers"),
                empty=self._nothing,
                address=self._address,
            )
        await self._table.show()

    async def _restart(self) -> None:
        await self._table.restart()

    def _nothing(self) -> None:
        if self._filters.is_filtered:
            empty(t("offer.none_found"), icon="search_off")
            return
        empty(t("offer.none"), hint=t("offer.none_hint"), icon="storefront")

    async def _load(self, wanted: Ask) -> tuple[Sequence[Row], str | None]:
        chosen = self._address.all()
        product = chosen.get("product", "").strip()
        if not product.isascii() or len(product) > 64:
            return [], None
        states = {one.value: one for one in OfferState}
        found = await ask(
            self._offers.offers,
            state=states.get(chosen.get("state", "")),
            product=product,
            limit=PAGE_ROWS,
            cursor=wanted.cursor,
        )
        return [row_of(one) for one in found.items], found.next_cursor


def columns() -> list[Column]:
    """Return the columns of offers."""
    return [
        Column(key="name", label=t("offer.offer"), card="lead"),
        Column(key="version", label=t("offer.version"), is_number=True, card="left"),
        Column(key="product", label=t("offer.product"), card="line"),
        Column(key="time", label=t("offer.time"), card="left"),
        Column(key="state", label=t("paper.state"), card="side"),
    ]


def row_of(one: Offer) -> Row:
    """Return an offer as a row."""
    return {
        "name": markup.stacked(
            markup.link(one_of(one.zh, one.en), f"/offers/{one.code}/{one.version}"), one.code
        ),
        "version": formats.number(one.version),
        "product": product_of(one),
        "time": time_of(one),
        "state": state_chip(one),
    }


def product_of(one: Offer) -> str:
    """Return an offer's product and how it follows it."""
    version = f"v{one.product_version}" if one.product_version else t("offer.newest")
    return f"{one.product} {version}"


def time_of(one: Offer) -> str:
    """Return when an offer is sold."""
    since = one.since.isoformat() if one.since else "…"
    return f"{since} – {one.until.isoformat() if one.until else '…'}"


def state_chip(one: Offer) -> Markup:
    """Return an offer's state."""
    return markup.chip(t(f"offer.state.{one.state.value}"), _TONES[one.state], hint=one.why)


def register(offers: OffersApi) -> None:
    """Put the list of offers on the console."""

    @page("/offers", title="offer.offers", active="offer.offers")
    async def listed() -> None:
        await Offers(offers).draw()
