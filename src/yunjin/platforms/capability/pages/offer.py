"""One version of an offer: product, bounds, to whom, when; opened, suspended, closed here."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from yunjin.chassis.console import (
    Column,
    Markup,
    ask,
    box,
    button,
    formats,
    html,
    markup,
    one_of,
    page,
    panel,
    t,
    table_html,
    title_row,
)
from yunjin.kernel.clock import Clock
from yunjin.platforms.capability.api.offers import Audience, Offer, OffersApi, OfferState
from yunjin.platforms.capability.errors.offers import OfferNotFound
from yunjin.platforms.capability.pages.acts import moment, said_deed
from yunjin.platforms.capability.pages.offers import product_of, state_chip, time_of

_RULES = {
    "kinds": "kind",
    "roles": "role",
    "kyc": "kyc",
    "segments": "segment",
    "regions": "region",
    "businesses": "business",
    "scenarios": "scenario",
}


class OneOffer:
    """One reader's view of a version of an offer."""

    def __init__(self, offers: OffersApi, clock: Clock, code: str, version: int) -> None:
        self._offers, self._clock = offers, clock
        self._code, self._version = code, version

    async def draw(self) -> None:
        """Lay the page. Raises: OfferNotFound."""
        one = await ask(self._offers.offer, self._code, self._version)
        title = f"{one_of(one.zh, one.en)} v{one.version}"
        with title_row(title, note=markup.link(t("offer.offers"), "/offers")):
            self._state = html("", tag="span")
            with box("yj-push yj-deeds") as self._deeds:
                pass
        with box("yj-halves"):
            with panel(t("offer.about")):
                self._facts = html("")
            with panel(t("offer.audience"), note=t("offer.audience_note")):
                html(_audience(one.audience))
        with panel(t("offer.terms"), note=t("offer.terms_note"), classes="yj-panel-table"):
            html(_terms(one))
        self._show(one)

    async def _again(self) -> None:
        self._show(await ask(self._offers.offer, self._code, self._version))

    def _show(self, one: Offer) -> None:
        self._state.set_content(str(state_chip(one)))
        self._facts.set_content(str(_facts(one)))
        self._deeds.clear()
        with self._deeds:
            if one.state is OfferState.OPEN:
                button(t("paper.deed.suspend_offer"), self._with_why("suspend"), icon="pause")
            if one.state is not OfferState.CLOSED:
                button(t("paper.deed.close_offer"), self._with_why("close"), icon="block")
            if one.state is OfferState.DRAFT:
                button(t("paper.deed.open_offer"), self._plain("open"), primary=True)
            if one.state is OfferState.SUSPENDED:
                button(t("paper.deed.resume_offer"), self._plain("resume"), primary=True)

    def _with_why(self, name: str) -> Callable[[], None]:
        command = getattr(self._offers, name)

        def act(command_id: UUID, said: str, by: str) -> None:
            command(command_id, self._code, self._version, said, by=by)

        return lambda: said_deed(self._clock, f"{name}_offer", act, self._again)

    def _plain(self, name: str) -> Callable[[], None]:
        command: Any = getattr(self._offers, name)

        def act(command_id: UUID, said: str, by: str) -> None:
            command(command_id, self._code, self._version, by=by)

        return lambda: said_deed(self._clock, f"{name}_offer", act, self._again, asks="")


def _facts(one: Offer) -> Markup:
    pairs: list[tuple[str, Markup | str]] = [
        (t("offer.code"), one.code),
        (t("offer.product"), product_of(one)),
        (t("offer.time"), time_of(one)),
        (t("offer.changed"), f"{moment(one.at)} {one.by}".strip()),
    ]
    if one.note:
        pairs.append((t("offer.note"), one.note))
    if one.why:
        pairs.append((t("paper.why"), one.why))
    return markup.facts(pairs)


def _audience(audience: Audience) -> Markup:
    pairs: list[tuple[str, Markup | str]] = [
        (t(f"offer.rule.{rule}"), ", ".join(str(one) for one in getattr(audience, name)))
        for name, rule in _RULES.items()
        if getattr(audience, name)
    ]
    if not pairs:
        return Markup('<p class="yj-note">{}</p>').format(t("offer.for_all"))
    return markup.facts(pairs)


def _terms(one: Offer) -> Markup:
    if not one.terms:
        return Markup('<p class="yj-note">{}</p>').format(t("offer.no_terms"))
    columns = [
        Column(key="name", label=t("offer.term"), card="lead"),
        Column(key="least", label=t("offer.least"), is_number=True, card="left"),
        Column(key="most", label=t("offer.most"), is_number=True, card="left"),
        Column(key="default", label=t("offer.default"), is_number=True, card="right"),
    ]
    rows = [
        {
            "name": term.name,
            "least": formats.number(term.least),
            "most": formats.number(term.most),
            "default": "—" if term.default is None else formats.number(term.default),
        }
        for term in one.terms
    ]
    return table_html(columns, rows, caption=t("offer.terms"))


def register(offers: OffersApi, clock: Clock) -> None:
    """Put the page of an offer on the console."""

    @page("/offers/{code}/{version}", title="offer.offer", active="offer.offers")
    async def shown(code: str, version: str) -> None:
        if not (version.isascii() and version.isdigit() and 0 < len(version) < 9):
            raise OfferNotFound("There is no such offer.", code=code[:40])
        await OneOffer(offers, clock, code, int(version)).draw()
