"""Price books 价目: what is asked for what, of whom, from which day on. Data, no arithmetic.

Amounts are minor units of the book's currency. A share is in parts per million (ppm), a tax or a
discount in basis points (bp).
"""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Final

PPM: Final = 1_000_000
BP: Final = 10_000
PRICES_MAX: Final = 500  # of a book; as many discounts, as many rates
BANDS_MAX: Final = 50
_STRICT: Final = {"extra": "forbid"}  # what comes in over HTTP names nothing that is not there


class FeeKind(StrEnum):
    """How a fee is worked out."""

    FLAT = "flat"  # 固定: `minor` each time
    PERCENT = "percent"  # 按比例: `rate_ppm` of the amount
    SLAB = "slab"  # 全额分档: the amount's band counts for all of it
    PROGRESSIVE = "progressive"  # 超额累进: each band counts for what lies in it
    PERIOD = "period"  # 按期: `minor` for each period that is begun


class Every(StrEnum):
    """A period that fees, or free uses, are counted by."""

    DAY = "day"
    MONTH = "month"
    YEAR = "year"


class Rounding(StrEnum):
    """What becomes of a part that is no whole minor unit; no fee is below 0."""

    DOWN = "down"  # 截尾
    UP = "up"  # 进位
    HALF_UP = "half_up"  # 四舍五入
    HALF_EVEN = "half_even"  # 四舍六入五成双


class Tax(StrEnum):
    """Where value-added tax 增值税 stands."""

    INCLUDED = "included"  # 价内: the price has it in it
    EXCLUDED = "excluded"  # 价外: it comes on top


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Whom and what a price is for; "" leaves it open.

    Of two prices of a fee with one priority, the narrower scope wins: a party is narrower than a
    segment, that than a scenario, that than a business, and any of these than all below it.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = _STRICT
    party_id: str = ""
    segment: str = ""
    scenario: str = ""
    business: str = ""


ANYONE: Final = Scope()


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """A band of amounts: those up to and with `upto_minor`, from the band before. None: no end.

    minor, rate_ppm : what it costs: a fixed part, and a share (of all of the amount in a slab, of
        what lies in the band where the fee is progressive).
    """

    __pydantic_config__: ClassVar[dict[str, str]] = _STRICT
    upto_minor: int | None = None
    minor: int = 0
    rate_ppm: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Free:
    """So many uses a period cost nothing 免费次数; counted by party, or else by agreement."""

    __pydantic_config__: ClassVar[dict[str, str]] = _STRICT
    count: int
    every: Every = Every.MONTH


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """A price of a fee; several of one fee differ in `scope` or `priority`.

    Parameters
    ----------
    fee : what is charged, such as "transfer.out".
    code : names the price in the book.
    bands : of FLAT, PERCENT and PERIOD just one, without an end; else rising, the last without.
    least_minor, most_minor : what the fee is at least and at most, before discounts and tax.
    every : the period of PERIOD.
    priority : the higher wins, whatever the scopes.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = _STRICT
    fee: str
    code: str
    zh: str
    en: str
    kind: FeeKind
    bands: tuple[Band, ...]
    least_minor: int = 0
    most_minor: int | None = None
    every: Every = Every.MONTH
    free: Free | None = None
    rounding: Rounding = Rounding.HALF_UP
    tax: Tax = Tax.INCLUDED
    tax_bp: int = 0
    scope: Scope = ANYONE
    priority: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Discount:
    """Something off a fee 优惠, from a day on, up to but not on another.

    Of those that do not stack the one that takes most off wins; those that do stack come after it,
    one on what the other left, in the order of their codes.

    Parameters
    ----------
    fees : those it is for; () for all.
    off_bp, off_minor : one of the two: a share of the fee, or an amount; 10,000 bp waives it.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = _STRICT
    code: str
    zh: str
    en: str
    fees: tuple[str, ...] = ()
    off_bp: int = 0
    off_minor: int = 0
    stacks: bool = False
    since: dt.date | None = None
    until: dt.date | None = None
    scope: Scope = ANYONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """Points added to a rate (or, below 0, taken off) where all of it fits 加减点.

    from_minor, until_minor : amounts [from, until); from_days, until_days : terms; None: no end.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = _STRICT
    code: str
    ppm: int
    from_minor: int = 0
    until_minor: int | None = None
    from_days: int = 0
    until_days: int | None = None
    scope: Scope = ANYONE


@dataclass(frozen=True, slots=True, kw_only=True)
class RateRule:
    """A yearly rate: a base, and every spread that fits added; held to [floor, cap]."""

    __pydantic_config__: ClassVar[dict[str, str]] = _STRICT
    code: str
    zh: str
    en: str
    base_ppm: int
    spreads: tuple[Spread, ...] = ()
    floor_ppm: int = 0
    cap_ppm: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewBook:
    """A version of a price book, to be in force from a business date on. since None: today."""

    __pydantic_config__: ClassVar[dict[str, str]] = _STRICT
    code: str
    zh: str
    en: str
    currency: str
    prices: tuple[Price, ...] = ()
    discounts: tuple[Discount, ...] = ()
    rates: tuple[RateRule, ...] = ()
    since: dt.date | None = None
    note: str = ""


class BookState(StrEnum):
    """Where a version stands, as of a business date."""

    COMING = "coming"  # its day is to come
    IN_FORCE = "in_force"
    PAST = "past"  # a later one is in force
    WITHDRAWN = "withdrawn"  # before its day


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """A version of a price book as it stands now."""

    code: str
    version: int
    zh: str
    en: str
    currency: str
    prices: tuple[Price, ...]
    discounts: tuple[Discount, ...]
    rates: tuple[RateRule, ...]
    since: dt.date
    note: str
    state: BookState
    at: dt.datetime
