"""Clearing 清算: channels described as data, which one a payment takes, sessions and their nets."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol
from uuid import UUID

from yunjin.kernel.page import Page
from yunjin.platforms.capability.api.centres import Centre, Slo, command, query
from yunjin.platforms.capability.events.clearing import SessionClosed

SESSION: Final = "payment.session"  # the flow of a file that a session sends
CUTOFFS_MAX: Final = 48  # of a day
BANKS_MAX: Final = 1_000  # prefixes of a channel


class Why(StrEnum):
    """Why a channel does not take a payment."""

    DOWN = "down"  # 停用或中断
    CURRENCY = "currency"  # 币种不受理
    TOO_SMALL = "too_small"  # 低于限额
    TOO_LARGE = "too_large"  # 超过限额
    BANK = "bank"  # 收款行不可达
    LATER = "later"  # another takes it sooner
    COSTS_MORE = "costs_more"  # as soon, and dearer or of lower priority


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelTerms:
    """What a clearing channel takes, and when.

    Parameters
    ----------
    is_batch : its payments are held until a cut-off and go out as a file (net settlement 轧差);
        else each is sent at once.
    currencies : ISO 4217; none: all.
    least_minor, most_minor : of a payment; most_minor 0: no bound.
    opens, closes : local time, half open; the same: around the clock.
    cutoffs : local times at which sessions of a batch end; of others the last is the day's end.
    is_every_day : it works on days that are no business days too.
    cost_minor : of a payment, in its currency.
    priority : the lower the sooner, where day and cost are the same.
    banks : what the numbers of banks (BIC, CNAPS) begin with that it reaches; none: all.
    """

    channel: str
    is_batch: bool = False
    currencies: tuple[str, ...] = ()
    least_minor: int = 1
    most_minor: int = 0
    opens: dt.time = dt.time(0)
    closes: dt.time = dt.time(0)
    cutoffs: tuple[dt.time, ...] = ()
    is_every_day: bool = True
    cost_minor: int = 0
    priority: int = 100
    banks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """A channel as it stands now.

    is_connected : the port is there.
    is_up : neither taken out by a person (`why` says why) nor down of itself.
    next_cutoff : None where nothing ends its day.
    """

    terms: ChannelTerms
    is_connected: bool
    is_up: bool
    why: str
    next_cutoff: dt.datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a route is asked for. creditor_agent: BIC or number of the payee's bank."""

    amount_minor: int
    currency: str
    creditor_agent: str = ""
    day: dt.date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Considered:
    """A channel that was considered. why: None for the one that is taken; detail: in words."""

    channel: str
    why: Why | None
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Which channel a payment takes.

    day : the business date it goes on.
    after : not before this instant: opening hours, or the cut-off of its session.
    considered : every channel, the one that is taken first.
    """

    channel: str
    day: dt.date
    after: dt.datetime | None
    cost_minor: int
    considered: tuple[Considered, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NetLine:
    """What a session comes to in a currency 轧差; net > 0: we get it. Unit: minor.

    sent, settled, rejected : of what we sent; incoming : what came to our customers meanwhile.
    """

    currency: str
    sent_count: int
    sent_minor: int
    settled_minor: int
    rejected_minor: int
    incoming_count: int
    incoming_minor: int

    @property
    def net_minor(self) -> int:
        """What the settlement account gets, or gives where it is below 0."""
        return self.incoming_minor - self.settled_minor


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A session of a batch channel 清算场次 that is over.

    files : the messages that it sent, each a flow.
    since, cutoff : what came in from `since` on, before `cutoff`, nets with what was sent.
    """

    session_id: UUID
    channel: str
    day: dt.date
    since: dt.datetime | None
    cutoff: dt.datetime
    payments: int
    amount_minor: int
    files: tuple[UUID, ...]


class ClearingApi(Protocol):
    """Clearing channels, routes, and sessions of batch channels."""

    @command(undone_by="describe")
    def describe(self, command_id: UUID, terms: ChannelTerms) -> Channel:
        """Say what a channel takes, or say it anew; payments that were routed stay where they are.

        Raises: Malformed.
        """

    @command(undone_by="set_up")
    def set_up(self, command_id: UUID, channel: str, is_up: bool, why: str = "") -> Channel:
        """Take a channel out, or let it in again. Raises: ChannelNotFound, Malformed."""

    @command(lasts="what is sent is sent; payments come back one by one")
    def close_session(self, command_id: UUID, channel: str) -> Session:
        """End the running session of a batch channel before its cut-off.

        Raises: ChannelNotFound, Malformed (not a batch channel).
        """

    @query
    def route(self, wish: Wish) -> Route:
        """Return which channel takes a payment, and why others do not. Raises: NoRoute."""

    @query
    def channels(self) -> list[Channel]:
        """Return the channels, those that are connected and those that are described."""

    @query
    def sessions(
        self, channel: str = "", *, limit: int = 50, cursor: str | None = None
    ) -> Page[Session]:
        """Return sessions that are over, newest first. Raises: Malformed (cursor)."""

    @query
    def net(self, session_id: UUID) -> Sequence[NetLine]:
        """Return what a session comes to as of now, by currency. Raises: SessionNotFound."""


CLEARING: Final = Centre(
    code="clearing",
    words=("清算路由", "Clearing"),
    purpose=(
        "清算通道以数据描述；按限额、时间、费用与可达行选路；批量通道按场次出清算文件并轧差。",
        "Channels described as data; a payment's route by limits, hours, cost and reach; sessions "
        "of batch channels, their files and nets.",
    ),
    bian=("Payment Execution", "Correspondent Bank Relationship Management"),
    door=ClearingApi,
    events=(SessionClosed,),
    slo=Slo(p99_ms=50),
)
