"""Prices over HTTP: books, what something costs, quotes, charges and their refunds."""

import datetime as dt
from typing import Annotated, Any
from uuid import UUID

import pyarrow as pa
from fastapi import APIRouter, Query
from pydantic import Field

from yunjin.chassis.transport.values import (
    Answer,
    Command,
    Digits,
    Exact,
    Form,
    Int63,
    Key,
    facts_of,
    id_of,
)
from yunjin.kernel.money import MINOR_MAX
from yunjin.platforms.capability.api.price_books import (
    Book,
    BookState,
    Discount,
    NewBook,
    Price,
    RateRule,
)
from yunjin.platforms.capability.api.pricing import (
    BOOK,
    FEES_MAX,
    TIMES_MAX,
    Basis,
    Charge,
    ChargeState,
    Priced,
    PricingApi,
    Quote,
    RatePart,
)
from yunjin.platforms.capability.routes.values import Code, Cursor, Note
from yunjin.platforms.capability.routes.values import Limit as Count

Fee = Annotated[str, Field(min_length=1, max_length=40, pattern="^[!-~]+$")]
Amount0 = Annotated[int, Field(ge=0, le=MINOR_MAX)]
Subject = Annotated[str, Field(max_length=80, pattern="^[!-~]*$")]
Days = Annotated[int, Query(ge=0, le=100_000)]
Version = Annotated[int, Query(ge=0, le=2**31 - 1)]


class BookForm(Command):
    """A version of a price book to publish."""

    book: NewBook


class BookOut(Answer):
    """A version of a price book as it stands now."""

    code: str
    version: int
    zh: str
    en: str
    currency: str
    prices: list[Price]
    discounts: list[Discount]
    rates: list[RateRule]
    since: dt.date
    note: str
    state: BookState
    at: dt.datetime


class BasisForm(Form):
    """What is to be priced; its fields are those of the door's `Basis`."""

    fees: Annotated[list[Fee], Field(min_length=1, max_length=FEES_MAX)]
    amount_minor: Amount0 = 0
    book: Code = ""
    party_id: Code = ""
    segment: Code = ""
    scenario: Code = ""
    business: Code = ""
    agreement_id: Int63 = 0
    date: dt.date | None = None
    since: dt.date | None = None
    until: dt.date | None = None


class QuoteForm(Command):
    """A price that is to be held to for so many seconds."""

    basis: BasisForm
    valid_s: Annotated[int, Field(ge=1, le=86_400)] = 900


class QuoteOut(Answer):
    """A quote, and by what it was charged."""

    quote_id: UUID
    priced: Priced
    valid_until: dt.datetime
    charge_id: UUID | None
    is_cancelled: bool
    at: dt.datetime


class ChargeForm(Command):
    """A fee to take from an agreement: by a quote, or by a basis."""

    agreement_id: Int63
    quote_id: UUID | None = None
    basis: BasisForm | None = None
    subject: Subject = ""


class RefundForm(Command):
    """Why a fee is given back."""

    note: Note = ""


class ChargeOut(Answer):
    """A fee that was taken, or not: `reason` is why."""

    charge_id: UUID
    agreement_id: Digits
    party_id: str
    quote_id: UUID | None
    subject: str
    priced: Priced
    state: ChargeState
    reason: str
    day: dt.date
    at: dt.datetime
    changed: dt.datetime


class ChargesOut(Answer):
    """A page of charges."""

    items: list[ChargeOut]
    next_cursor: str | None


class VolumeForm(Form):
    """A row of volumes: how often something is done."""

    amount_minor: Amount0
    times: Annotated[int, Field(ge=0, le=TIMES_MAX)] = 1
    segment: Code = ""
    scenario: Code = ""
    business: Code = ""
    used: Annotated[int, Field(ge=0, le=TIMES_MAX)] = 0


class SimulationForm(Form):
    """Another version of a book, to be tried on volumes of a fee."""

    book: NewBook
    fee: Fee
    volumes: Annotated[list[VolumeForm], Field(min_length=1, max_length=10_000)]


class SimulatedLineOut(Answer):
    """Volumes of one price that wins in the other version."""

    price: str
    times: int
    before_minor: Exact
    after_minor: Exact


class SimulationOut(Answer):
    """What a change would have brought."""

    fee: str
    version: int
    currency: str
    times: int
    before_minor: Exact
    after_minor: Exact
    change_minor: Exact
    unpriced: int
    lines: list[SimulatedLineOut]


class RateOut(Answer):
    """A yearly rate, and what it is made of."""

    code: str
    book: str
    version: int
    ppm: int
    parts: list[RatePart]


class PricingRoutes:
    """The addresses of prices."""

    def __init__(self, pricing: PricingApi) -> None:
        self._pricing = pricing

    def price_books(self) -> list[BookOut]:
        """Return each book once: the version in force, or the first to come."""
        return [_book(one) for one in self._pricing.books()]

    def publish_price_book(self, form: BookForm, key: Key = None) -> BookOut:
        """Publish a version of a price book."""
        return _book(self._pricing.publish(id_of(form, key), form.book))

    def price_book(self, code: str, version: Version = 0) -> BookOut:
        """Return a version of a book, 0 for the one in force."""
        return _book(self._pricing.book(code, version))

    def price_book_versions(self, code: str) -> list[BookOut]:
        """Return a book's versions, newest first."""
        return [_book(one) for one in self._pricing.versions(code)]

    def withdraw_price_book(
        self, code: str, version: int, form: Command, key: Key = None
    ) -> BookOut:
        """Take a version back before its day."""
        return _book(self._pricing.withdraw(id_of(form, key), code, version))

    def price(self, form: BasisForm) -> Priced:
        """Work out what something costs now, and keep nothing."""
        return self._pricing.price(_basis(form))

    def simulate_prices(self, form: SimulationForm) -> SimulationOut:
        """Work out what another version would have made over volumes."""
        rows = [one.model_dump() for one in form.volumes]
        columns: dict[str, Any] = {
            name: pa.array([row[name] for row in rows], kind)
            for name, kind in (
                ("amount_minor", pa.int64()),
                ("times", pa.int64()),
                ("used", pa.int64()),
                ("segment", pa.string()),
                ("scenario", pa.string()),
                ("business", pa.string()),
            )
        }
        found = self._pricing.simulate(form.book, form.fee, pa.record_batch(columns))
        return SimulationOut.model_validate(found)

    def rate(
        self,
        code: str,
        amount_minor: Annotated[int, Query(ge=0, le=MINOR_MAX)] = 0,
        term_days: Days = 0,
        segment: Code = "",
        scenario: Code = "",
        business: Code = "",
        book: Fee = BOOK,
    ) -> RateOut:
        """Return a yearly rate and its parts."""
        found = self._pricing.rate(
            code,
            amount_minor=amount_minor,
            term_days=term_days,
            segment=segment,
            scenario=scenario,
            business=business,
            book=book,
        )
        return RateOut.model_validate(found)

    def quote_price(self, form: QuoteForm, key: Key = None) -> QuoteOut:
        """Quote a price and hold to it."""
        found = self._pricing.quote(id_of(form, key), _basis(form.basis), valid_s=form.valid_s)
        return _quote(found)

    def price_quote(self, quote_id: UUID) -> QuoteOut:
        """Return a quote."""
        return _quote(self._pricing.quoted(quote_id))

    def cancel_price_quote(self, quote_id: UUID, form: Command, key: Key = None) -> QuoteOut:
        """End a quote that was not charged."""
        return _quote(self._pricing.cancel(id_of(form, key), quote_id))

    def charge_fee(self, form: ChargeForm, key: Key = None) -> ChargeOut:
        """Take a fee from an agreement."""
        found = self._pricing.charge(
            id_of(form, key),
            form.agreement_id,
            quote_id=form.quote_id,
            basis=None if form.basis is None else _basis(form.basis),
            subject=form.subject,
        )
        return _charge(found)

    def fee_charges(
        self,
        agreement_id: Int63 = 0,
        day: dt.date | None = None,
        limit: Count = 50,
        cursor: Cursor = None,
    ) -> ChargesOut:
        """Return charges, newest first."""
        found = self._pricing.charges(
            agreement_id=agreement_id, day=day, limit=limit, cursor=cursor
        )
        return ChargesOut.model_validate(found)

    def fee_charge(self, charge_id: UUID) -> ChargeOut:
        """Return a charge."""
        return _charge(self._pricing.charged(charge_id))

    def refund_fee(self, charge_id: UUID, form: RefundForm, key: Key = None) -> ChargeOut:
        """Give a fee back whole."""
        return _charge(self._pricing.refund(id_of(form, key), charge_id, **facts_of(form)))


def router(pricing: PricingApi) -> APIRouter:
    """Return the router of prices."""
    made, to = APIRouter(tags=["pricing"]), PricingRoutes(pricing)
    made.get("/price_books")(to.price_books)
    made.post("/price_books", status_code=201)(to.publish_price_book)
    made.get("/price_books/{code}")(to.price_book)
    made.get("/price_books/{code}/versions")(to.price_book_versions)
    made.post("/price_books/{code}/versions/{version}/withdraw")(to.withdraw_price_book)
    made.post("/prices")(to.price)
    made.post("/prices/simulate")(to.simulate_prices)
    made.get("/rates/{code}")(to.rate)
    made.post("/price_quotes", status_code=201)(to.quote_price)
    made.get("/price_quotes/{quote_id}")(to.price_quote)
    made.post("/price_quotes/{quote_id}/cancel")(to.cancel_price_quote)
    made.post("/fee_charges", status_code=201)(to.charge_fee)
    made.get("/fee_charges")(to.fee_charges)
    made.get("/fee_charges/{charge_id}")(to.fee_charge)
    made.post("/fee_charges/{charge_id}/refund")(to.refund_fee)
    return made


def _basis(form: BasisForm) -> Basis:
    return Basis(**{**form.model_dump(), "fees": tuple(form.fees)})


def _book(one: Book) -> BookOut:
    return BookOut.model_validate(one)


def _quote(one: Quote) -> QuoteOut:
    return QuoteOut.model_validate(one)


def _charge(one: Charge) -> ChargeOut:
    return ChargeOut.model_validate(one)
