"""Pricing and fees 定价计费: quotes that say why; fees charged once, and given back whole."""

import datetime as dt
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Final, Protocol
from uuid import UUID

import pyarrow as pa

from yunjin.kernel.page import Page
from yunjin.platforms.capability.api.centres import Centre, Point, Slo, command, query
from yunjin.platforms.capability.api.price_books import Book, NewBook
from yunjin.platforms.capability.events.pricing import BookPublished, FeesCharged, FeesRefunded

BOOK: Final = "standard"
FEES_MAX: Final = 20  # of one quote
ROWS_MAX: Final = 100_000  # of one batch
TIMES_MAX: Final = 1_000_000  # of one row of volumes
BATCH_REQUIRED: Final = {"amount_minor": pa.int64()}
BATCH_OPTIONAL: Final = {
    "party_id": pa.string(),
    "segment": pa.string(),
    "scenario": pa.string(),
    "business": pa.string(),
    "periods": pa.int64(),  # of a fee by the period; missing: 1
    "used": pa.int64(),  # uses in the period before this one; missing: 0
    "times": pa.int64(),  # of `simulate`: how often the row is there; missing: 1
}
BATCH_ANSWERS: Final = pa.schema(
    [
        ("status", pa.uint8()),  # PriceStatus
        ("price", pa.string()),  # the code of the price that won; "" where none fits
        ("fee_minor", pa.int64()),  # before discounts and tax
        ("off_minor", pa.int64()),
        ("tax_minor", pa.int64()),  # as included, or on top
        ("total_minor", pa.int64()),  # what is paid
    ]
)


class PriceStatus(IntEnum):
    """What came of a row of a batch, in order of precedence."""

    PRICED = 1
    FREE = 2  # one of the free uses
    NO_PRICE = 3  # no price of the book fits it
    MALFORMED = 4
    TOO_LARGE = 5  # the fee is beyond what JSON readers keep exact


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """What is to be priced.

    Parameters
    ----------
    fees : codes of the book's fees; each is a line of the quote.
    amount_minor : of what is done, in the book's currency, ≥ 0.
    book : "" for what overlays say of the business and scenario, or else BOOK.
    agreement_id : where there is no party, free uses are counted by it.
    date : the business date whose prices count; None: today's.
    since, until : of a fee by the period: [since, until); neither: one period.
    """

    fees: tuple[str, ...]
    amount_minor: int = 0
    book: str = ""
    party_id: str = ""
    segment: str = ""
    scenario: str = ""
    business: str = ""
    agreement_id: int = 0
    date: dt.date | None = None
    since: dt.date | None = None
    until: dt.date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """A rule that was looked at. why: a word, such as "won", "narrower-won", "other-segment".

    kind : "price", "discount", "free" or "spread".  minor : what it comes to, where it counts.
    """

    kind: str
    code: str
    won: bool
    why: str
    minor: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteLine:
    """A fee of a quote: fee − off, and tax on top of it or in it.

    tried : every rule of the fee, winners first: why the line is what it is.
    """

    fee: str
    price: str
    zh: str
    en: str
    fee_minor: int
    off_minor: int
    net_minor: int
    tax_minor: int
    total_minor: int
    is_free: bool
    tried: tuple[Tried, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Priced:
    """What something costs by a version of a book."""

    book: str
    version: int
    currency: str
    date: dt.date
    lines: tuple[QuoteLine, ...]
    total_minor: int
    tax_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """A price that is held to until an instant 报价; free uses in it are kept for it until then.

    charge_id : what it was charged by, None while it was not.
    """

    quote_id: UUID
    basis: Basis
    priced: Priced
    valid_until: dt.datetime
    charge_id: UUID | None
    is_cancelled: bool
    at: dt.datetime


class ChargeState(StrEnum):
    """Where a charge stands."""

    POSTING = "posting"  # 记账中: the core is asked; it is done, or refused, soon
    CHARGED = "charged"  # 已收
    REFUSED = "refused"  # 未收: by the core; free uses are given back
    REFUNDING = "refunding"  # 退费中
    REFUNDED = "refunded"  # 已退: all of it


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """A fee that was taken from an agreement. reason: the core's word where it was not."""

    charge_id: UUID
    agreement_id: int
    party_id: str
    quote_id: UUID | None
    subject: str
    priced: Priced
    state: ChargeState
    reason: str
    day: dt.date
    at: dt.datetime
    changed: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RatePart:
    """A part of a rate: its base, a spread that fits, a floor or cap that holds it."""

    code: str
    ppm: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """A yearly rate, and what it is made of."""

    code: str
    book: str
    version: int
    ppm: int
    parts: tuple[RatePart, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedLine:
    """Volumes under the book in force and under another: of one price that wins there."""

    price: str
    times: int
    before_minor: int
    after_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """What a change of a book would have made over given volumes 试算."""

    fee: str
    version: int  # of the book in force
    currency: str
    times: int
    before_minor: int
    after_minor: int
    unpriced: int  # rows that one of the two has no price for; they are in neither sum
    lines: tuple[SimulatedLine, ...]

    @property
    def change_minor(self) -> int:
        """What the change would have brought."""
        return self.after_minor - self.before_minor


class PricingApi(Protocol):
    """Prices, quotes, charges."""

    @command(undone_by="withdraw")
    def publish(self, command_id: UUID, book: NewBook) -> Book:
        """Publish a version of a price book, in force from its day on.

        Raises: PriceBookRefused (a past day, two prices of which neither wins, another currency),
        Malformed.
        """

    @command(lasts="its prices were never in force; publish it anew")
    def withdraw(self, command_id: UUID, code: str, version: int) -> Book:
        """Take a version back before its day. Raises: PriceBookNotFound, PriceBookRefused."""

    @command(undone_by="cancel")
    def quote(self, command_id: UUID, basis: Basis, *, valid_s: int = 900) -> Quote:
        """Quote a price; its id is the command's. It is held to for `valid_s`, 1 to 86,400.

        Raises: PriceBookNotFound, PriceNotFound, Malformed.
        """

    @command(lasts="what was quoted is quoted anew")
    def cancel(self, command_id: UUID, quote_id: UUID) -> Quote:
        """End a quote that was not charged. Raises: QuoteNotFound, QuoteEnded (it was charged)."""

    @command(undone_by="refund")
    def charge(
        self,
        command_id: UUID,
        agreement_id: int,
        *,
        quote_id: UUID | None = None,
        basis: Basis | None = None,
        subject: str = "",
    ) -> Charge:
        """Take a fee from an agreement: by a quote, or by a basis as of now, one of the two.

        Its id is the command's. subject : the id of what it is for, such as a payment's.

        Raises: QuoteNotFound, QuoteEnded, PriceBookNotFound, PriceNotFound, ChargeRefused (the core
        said no, and says so again under this id), Malformed, IdempotencyConflict, Outage, Unknown.
        """

    @command(lasts="what was given back is charged anew")
    def refund(self, command_id: UUID, charge_id: UUID, note: str = "") -> Charge:
        """Give a fee back whole, and its free uses too 退费.

        Raises: ChargeNotFound, ChargeRefused (it was not taken; the core said no), Outage, Unknown.
        """

    @query
    def price(self, basis: Basis) -> Priced:
        """Work a price out now, and keep nothing. Raises: PriceBookNotFound, PriceNotFound."""

    @query
    def quote_all(
        self, fee: str, columns: pa.RecordBatch, *, book: str = BOOK, date: dt.date | None = None
    ) -> pa.RecordBatch:
        """Price many of one fee: BATCH_* columns, at most ROWS_MAX. Returns BATCH_ANSWERS.

        Free uses are those that `used` says; nothing is kept. Raises: PriceBookNotFound, Malformed.
        """

    @query
    def simulate(self, book: NewBook, fee: str, volumes: pa.RecordBatch) -> Simulation:
        """Work out what another version would have made over volumes, beside that in force.

        Raises: PriceBookNotFound, PriceBookRefused, Malformed.
        """

    @query
    def rate(
        self,
        code: str,
        *,
        amount_minor: int = 0,
        term_days: int = 0,
        party_id: str = "",
        segment: str = "",
        scenario: str = "",
        business: str = "",
        book: str = BOOK,
        date: dt.date | None = None,
    ) -> Rate:
        """Return a yearly rate and its parts. Raises: PriceBookNotFound, PriceNotFound."""

    @query
    def book(self, code: str, version: int = 0) -> Book:
        """Return a version, 0 for the one in force. Raises: PriceBookNotFound."""

    @query
    def books(self) -> list[Book]:
        """Return each book once: the version in force, or else the first to come."""

    @query
    def versions(self, code: str) -> list[Book]:
        """Return a book's versions, newest first. Raises: PriceBookNotFound."""

    @query
    def quoted(self, quote_id: UUID) -> Quote:
        """Return a quote. Raises: QuoteNotFound."""

    @query
    def charged(self, charge_id: UUID) -> Charge:
        """Return a charge. Raises: ChargeNotFound."""

    @query
    def charges(
        self,
        *,
        agreement_id: int = 0,
        day: dt.date | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[Charge]:
        """Return charges, newest first. Raises: Malformed (cursor)."""


PRICING: Final = Centre(
    code="pricing",
    words=("定价中心", "Pricing"),
    purpose=(
        "价目、费率、优惠与税：报价说明理由，收费只收一次，可整笔退回。",
        "Price books, rates, discounts, tax: quotes that say why, fees charged once and given "
        "back whole.",
    ),
    bian=("Pricing", "Commissions", "Discount Pricing"),
    door=PricingApi,
    events=(BookPublished, FeesCharged, FeesRefunded),
    slo=Slo(p99_ms=50),
    points=(
        Point(name="book", kind="parameter", words=("用哪本价目", "Which book"), default=BOOK),
    ),
)
