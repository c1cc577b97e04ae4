"""Offers 产品目录: what is sold, on which banking product, in which bounds, to whom, when."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Protocol
from uuid import UUID

from yunjin.kernel.page import Page
from yunjin.platforms.capability.api.centres import Centre, Slo, command, query
from yunjin.platforms.capability.api.party_facts import Kyc, PartyKind, Role
from yunjin.platforms.capability.events.offers import OfferChanged

TERMS_MAX: Final = 100  # parameters of an offer
AUDIENCE_MAX: Final = 100  # values of one rule


class OfferState(StrEnum):
    """Where a version of an offer stands."""

    DRAFT = "draft"
    OPEN = "open"  # 在售; one version of an offer at a time
    SUSPENDED = "suspended"  # 暂停
    CLOSED = "closed"  # 停售, or a newer version was opened


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferTerm:
    """A parameter of the banking product, as it is offered.

    Parameters
    ----------
    name, and the unit of all values : as the product has them.
    least, most : what may be agreed; the same where nothing is left to agree.
    default : what holds where nothing is said; None: it must be said.
    """

    name: str
    least: int
    most: int
    default: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """To whom it is offered: each rule that is not empty must be met.

    Parameters
    ----------
    roles : one of them is enough; so for segments and regions.
    kyc : how well the party must be known.
    segments, regions, businesses, scenarios : codes, as callers give them.
    """

    kinds: tuple[PartyKind, ...] = ()
    roles: tuple[Role, ...] = ()
    kyc: tuple[Kyc, ...] = ()
    segments: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    businesses: tuple[str, ...] = ()
    scenarios: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOffer:
    """An offer to be drafted: the next version of its code.

    Parameters
    ----------
    product : the banking product's code.
    product_version : 0: the newest that is live when a contract is drafted.
    terms : parameters without an entry are the product's own, and cannot be agreed.
    since, until : business dates, [since, until); None: at once, without end.
    """

    code: str
    zh: str
    en: str
    product: str
    product_version: int = 0
    terms: tuple[OfferTerm, ...] = ()
    audience: Audience = field(default_factory=Audience)
    since: dt.date | None = None
    until: dt.date | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A version of an offer as it stands now. why : the last change of its state was made."""

    code: str
    version: int
    zh: str
    en: str
    product: str
    product_version: int
    terms: tuple[OfferTerm, ...]
    audience: Audience
    since: dt.date | None
    until: dt.date | None
    note: str
    state: OfferState
    at: dt.datetime
    by: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What is known of the occasion, beside the party itself."""

    segments: tuple[str, ...] = ()
    region: str = ""
    business: str = ""
    scenario: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferReason:
    """A rule that says no. rule: "kind", "role", "kyc", "segment", "region", "business",
    "scenario", "since", "until", "state" or "blocked"; wanted, seen: as text.
    """

    rule: str
    wanted: str
    seen: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Offering:
    """An offer and a party. reasons: every rule that says no; none: it is offered."""

    offer: Offer
    is_offered: bool
    reasons: tuple[OfferReason, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """A parameter's value."""

    name: str
    value: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Deal:
    """What an offer comes to: the version of the product and the value of every offered term."""

    offer: str
    version: int
    product: str
    product_version: int
    terms: tuple[Term, ...]


class OffersApi(Protocol):
    """Offers: drafted, opened, suspended, closed; asked for a party, and told why not.

    Whoever acts says who it is (`by`). Every command may raise OfferNotFound, Malformed and
    IdempotencyConflict, beside what it says.
    """

    @command(undone_by="close")
    def draft(self, command_id: UUID, offer: NewOffer, *, by: str = "") -> Offer:
        """Draft the next version of an offer.

        Raises: OfferRefused (no such product or version, a parameter it does not have or that
        agreements cannot set, bounds outside of the product's), Malformed.
        """

    @command(undone_by="suspend")
    def open(self, command_id: UUID, code: str, version: int, *, by: str = "") -> Offer:
        """Sell a version; the one that was sold until now is closed.

        Raises: OfferNotFound, OfferRefused (not a draft, its time is over).
        """

    @command(undone_by="resume")
    def suspend(
        self, command_id: UUID, code: str, version: int, why: str, *, by: str = ""
    ) -> Offer:
        """Sell a version no more until it is resumed. Raises: OfferNotFound, OfferRefused."""

    @command(undone_by="suspend")
    def resume(self, command_id: UUID, code: str, version: int, *, by: str = "") -> Offer:
        """Sell a suspended version again. Raises: OfferNotFound, OfferRefused."""

    @command(lasts="contracts name the version; draft it anew")
    def close(self, command_id: UUID, code: str, version: int, why: str, *, by: str = "") -> Offer:
        """End a version. Raises: OfferNotFound, OfferRefused (closed)."""

    @query
    def offer(self, code: str, version: int = 0) -> Offer:
        """Return a version; 0: the one that is sold. Raises: OfferNotFound."""

    @query
    def offers(
        self,
        *,
        state: OfferState | None = None,
        product: str = "",
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[Offer]:
        """Return versions of offers, by code, the newest version first. Raises: Malformed."""

    @query
    def offers_for(
        self,
        party_id: str,
        at: dt.date | None = None,
        *,
        circumstances: Circumstances | None = None,
    ) -> list[Offering]:
        """Return every offer that is sold or suspended, and whether this party may have it.

        at : the business date; None: today.  What is offered comes first. Raises: PartyNotFound.
        """

    @query
    def deal(
        self,
        code: str,
        party_id: str,
        terms: Sequence[Term] = (),
        *,
        version: int = 0,
        circumstances: Circumstances | None = None,
    ) -> Deal:
        """Return what an offer comes to today for a party with these terms; the others default.

        Raises: OfferNotFound, NotOffered, OfferTermsRefused (not offered, out of bounds, not
        said), PartyNotFound.
        """


OFFERS: Final = Centre(
    code="offer",
    words=("产品目录中心", "Product catalogue"),
    purpose=(
        "在售产品：银行产品、参数范围、适用客户与场景、起止；为何不可办理一问便知。",
        "What is sold: product, bounds of terms, to whom and where, from when; and why not.",
    ),
    bian=("Product Directory", "Product Design", "Product Matching"),
    door=OffersApi,
    events=(OfferChanged,),
    slo=Slo(p99_ms=50),
)
