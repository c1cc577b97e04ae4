"""Offers over HTTP: what is sold, to whom, and why not."""

import datetime as dt
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import Field

from yunjin.chassis.transport.values import Command, Form, Key, id_of
from yunjin.kernel.page import Page
from yunjin.platforms.capability.api.offers import (
    TERMS_MAX,
    Audience,
    Circumstances,
    Deal,
    NewOffer,
    Offer,
    Offering,
    OffersApi,
    OfferState,
    OfferTerm,
    Term,
)
from yunjin.platforms.capability.routes.values import Code, Cursor, Name, Note, given_of
from yunjin.platforms.capability.routes.values import Limit as Count

OfferCode = Annotated[str, Field(min_length=1, max_length=40, pattern="^[!-~]+$")]
OfferPath = Annotated[str, Path(min_length=1, max_length=40, pattern="^[!-~]+$")]
PartyCode = Annotated[str, Field(min_length=1, max_length=64, pattern="^[!-~]+$")]
VersionPath = Annotated[int, Path(ge=1, le=2**31 - 1)]
Version = Annotated[int, Query(ge=0, le=2**31 - 1)]
Who = Annotated[str, Field(max_length=64)]


class OfferForm(Command):
    """The next version of an offer."""

    code: OfferCode
    zh: Name
    en: Name
    product: Annotated[str, Field(min_length=1, max_length=64, pattern="^[!-~]+$")]
    product_version: Annotated[int, Field(strict=True, ge=0, le=2**31 - 1)] = 0
    terms: Annotated[tuple[OfferTerm, ...], Field(max_length=TERMS_MAX)] = ()
    audience: Audience = Field(default_factory=Audience)
    since: dt.date | None = None
    until: dt.date | None = None
    note: Note = ""
    by: Who = ""


class MoveForm(Command):
    """Who does it, and why."""

    why: Note = ""
    by: Who = ""


class DealForm(Form):
    """A party and the terms it wishes."""

    party_id: PartyCode
    terms: Annotated[tuple[Term, ...], Field(max_length=TERMS_MAX)] = ()
    version: Annotated[int, Field(strict=True, ge=0, le=2**31 - 1)] = 0
    circumstances: Circumstances = Field(default_factory=Circumstances)


class OfferRoutes:
    """The addresses of offers."""

    def __init__(self, offers: OffersApi) -> None:
        self._offers = offers

    def offers(
        self,
        state: OfferState | None = None,
        product: Code = "",
        limit: Count = 50,
        cursor: Cursor = None,
    ) -> Page[Offer]:
        """Return versions of offers, by code, the newest version first."""
        return self._offers.offers(state=state, product=product, limit=limit, cursor=cursor)

    def draft(self, form: OfferForm, key: Key = None) -> Offer:
        """Draft the next version of an offer."""
        facts = given_of(form)
        by = facts.pop("by")
        return self._offers.draft(id_of(form, key), NewOffer(**facts), by=by)

    def offer(self, code: OfferPath, version: Version = 0) -> Offer:
        """Return a version; 0: the one that is sold."""
        return self._offers.offer(code, version)

    def deal(self, code: OfferPath, form: DealForm) -> Deal:
        """Return what an offer comes to for a party."""
        return self._offers.deal(
            code,
            form.party_id,
            form.terms,
            version=form.version,
            circumstances=form.circumstances,
        )

    def open(self, code: OfferPath, version: VersionPath, form: MoveForm, key: Key = None) -> Offer:
        """Sell a version; the one sold until now is closed."""
        return self._offers.open(id_of(form, key), code, version, by=form.by)

    def suspend(
        self, code: OfferPath, version: VersionPath, form: MoveForm, key: Key = None
    ) -> Offer:
        """Sell a version no more until it is resumed."""
        return self._offers.suspend(id_of(form, key), code, version, form.why, by=form.by)

    def resume(
        self, code: OfferPath, version: VersionPath, form: MoveForm, key: Key = None
    ) -> Offer:
        """Sell a suspended version again."""
        return self._offers.resume(id_of(form, key), code, version, by=form.by)

    def close(
        self, code: OfferPath, version: VersionPath, form: MoveForm, key: Key = None
    ) -> Offer:
        """End a version."""
        return self._offers.close(id_of(form, key), code, version, form.why, by=form.by)

    def offers_for(
        self,
        party_id: Annotated[str, Path(min_length=1, max_length=64, pattern="^[!-~]+$")],
        at: dt.date | None = None,
        segment: Annotated[list[str] | None, Query(max_length=20)] = None,
        region: Code = "",
        business: Code = "",
        scenario: Code = "",
    ) -> list[Offering]:
        """Return what is sold, and whether this party may have it; if not, every reason."""
        occasion = Circumstances(
            segments=tuple(segment or ()), region=region, business=business, scenario=scenario
        )
        return self._offers.offers_for(party_id, at, circumstances=occasion)


def router(offers: OffersApi) -> APIRouter:
    """Return the router of offers."""
    made, to = APIRouter(tags=["offers"]), OfferRoutes(offers)
    made.get("/offers", name="offers")(to.offers)
    made.post("/offers", status_code=201, name="draft_offer")(to.draft)
    made.get("/offers/{code}", name="offer")(to.offer)
    made.post("/offers/{code}/deal", name="offer_deal")(to.deal)
    for act in ("open", "suspend", "resume", "close"):
        path = f"/offers/{{code}}/versions/{{version}}/{act}"
        made.post(path, name=f"{act}_offer")(getattr(to, act))
    made.get("/parties/{party_id}/offers", name="party_offers")(to.offers_for)
    return made
