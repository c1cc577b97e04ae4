"""Who is offered what: a party, the occasion, and of each offer every rule that says no."""

from typing import Final

from yunjin.chassis.console import (
    Address,
    Column,
    Filters,
    Markup,
    Row,
    ask,
    empty,
    html,
    markup,
    one_of,
    page,
    panel,
    t,
    table_html,
    title_row,
)
from yunjin.kernel.errors import NotFound
from yunjin.platforms.capability.api.offers import (
    Circumstances,
    Offering,
    OfferReason,
    OffersApi,
)
from yunjin.platforms.capability.pages.offers import product_of

_OCCASION: Final = ("segment", "region", "business", "scenario")
_CODE_MAX: Final = 64


class Finder:
    """One reader's question."""

    def __init__(self, offers: OffersApi) -> None:
        self._offers, self._address = offers, Address()

    async def draw(self) -> None:
        """Lay the page."""
        with title_row(t("offer.finder"), note=markup.link(t("offer.offers"), "/offers")):
            pass
        with Filters(self._address, self._show) as row:
            row.text("party", t("message.party"), icon="search")
            for name in _OCCASION:
                row.text(name, t(f"offer.rule.{name}"))
        with panel(classes="yj-panel-table") as self._panel:
            self._shown = html("")
        await self._show()

    async def _show(self) -> None:
        chosen = {name: text.strip() for name, text in self._address.all().items()}
        party = chosen.get("party", "")
        found: list[Offering] | None = None
        if party and all(one.isascii() and len(one) <= _CODE_MAX for one in chosen.values()):
            segment = chosen.get("segment", "")
            occasion = Circumstances(
                segments=(segment,) if segment else (),
                region=chosen.get("region", ""),
                business=chosen.get("business", ""),
                scenario=chosen.get("scenario", ""),
            )
            try:
                found = await ask(self._offers.offers_for, party, circumstances=occasion)
            except NotFound:
                found = None
        self._panel.clear()
        with self._panel:
            if found is None:
                what = "unknown" if party else "ask"
                empty(t(f"offer.finder_{what}"), icon="person_search")
            elif not found:
                empty(t("offer.none"), icon="storefront")
            else:
                html(_table(found))


def _table(found: list[Offering]) -> Markup:
    columns = [
        Column(key="name", label=t("offer.offer"), card="lead"),
        Column(key="product", label=t("offer.product"), card="line"),
        Column(key="is", label=t("offer.is_offered"), card="side"),
        Column(key="why", label=t("offer.why_not"), card="line"),
    ]
    return table_html(columns, [_row(one) for one in found], caption=t("offer.finder"))


def _row(one: Offering) -> Row:
    offer = one.offer
    words = "offered" if one.is_offered else "not_offered"
    return {
        "name": markup.link(one_of(offer.zh, offer.en), f"/offers/{offer.code}/{offer.version}"),
        "product": product_of(offer),
        "is": markup.chip(t(f"offer.{words}"), "good" if one.is_offered else "neutral"),
        "why": Markup("<br>").join(_reason(each) for each in one.reasons) or "—",
    }


def _reason(one: OfferReason) -> str:
    return t(
        "offer.reason", rule=t(f"offer.rule.{one.rule}"), wanted=one.wanted, seen=one.seen or "—"
    )


def register(offers: OffersApi) -> None:
    """Put the page on the console; before that of an offer, whose address is like it."""

    @page("/offers/who", title="offer.finder", active="offer.offers")
    async def shown() -> None:
        await Finder(offers).draw()
