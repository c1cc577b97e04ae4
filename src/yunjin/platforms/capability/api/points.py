"""Points 积分: programmes, what parties earn and spend, lots that end; conserved to a point."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Final, Protocol
from uuid import UUID

from yunjin.kernel.page import Page
from yunjin.platforms.capability.api.centres import Centre, Slo, command, query
from yunjin.platforms.capability.events.points import PointsExpired, PointsMoved

EARNINGS_MAX: Final = 1_000  # of one call
RULES_MAX: Final = 100  # of a programme
POINTS_MAX: Final = 10**12  # of one act
_STRICT: Final = {"extra": "forbid"}  # what comes in over HTTP names nothing that is not there


@dataclass(frozen=True, slots=True, kw_only=True)
class EarningRule:
    """How points are earned: `points`, and `per_points` for every whole `per_minor`.

    Of the rules of a programme those of the very category count, or else those of category ""; a
    rule that is a bonus counts besides. All that count are added up.

    Parameters
    ----------
    category : of what was paid for, such as "dining"; "" for any.
    least_minor : nothing is earned for less.
    since, until : business dates, [since, until); None: no end.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = _STRICT
    code: str
    zh: str
    en: str
    category: str = ""
    points: int = 0
    per_minor: int = 0
    per_points: int = 0
    least_minor: int = 0
    is_bonus: bool = False
    since: dt.date | None = None
    until: dt.date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Programme:
    """A programme 积分计划.

    Parameters
    ----------
    day_max, month_max : points that a party earns at most in a business day, and in a month;
        0: no cap.
    months : how long a point lives; it ends with the last day of that month. 0: for ever.
    value_e6 : what a point is worth, 10⁻⁶ minor units of `currency`: the bank's liability.
    is_open : whether anything is earned now.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = _STRICT
    code: str
    zh: str
    en: str
    currency: str
    rules: tuple[EarningRule, ...]
    day_max: int = 0
    month_max: int = 0
    months: int = 24
    value_e6: int = 0
    is_open: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Earning:
    """Something that points are earned by. event_id: of what happened; it earns once.

    day : the business date whose rules and ends count; None: today's. Caps are those of the day
        on which it comes in.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = _STRICT
    programme: str
    party_id: str
    event_id: str
    amount_minor: int = 0
    category: str = ""
    day: dt.date | None = None


class EntryKind(StrEnum):
    """What moved points."""

    EARNED = "earned"
    GRANTED = "granted"  # 赠送: by hand, or a campaign
    HELD = "held"  # 冻结: out of the balance
    SPENT = "spent"  # 使用: what was held
    FREED = "freed"  # 解冻: what was held is back
    EXPIRED = "expired"
    REVERSED = "reversed"  # 冲回: of an earning or a grant
    RETURNED = "returned"  # 退回: of something spent
    SENT = "sent"  # 转出
    RECEIVED = "received"  # 转入


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A line of a party's account.

    Parameters
    ----------
    points : what the balance moved by; < 0 out.
    owed : what the debt moved by: > 0 where more was taken back than there was.
    balance : afterwards.
    rules : codes of the rules that earned it.
    capped : points that a cap kept away.
    expires : the last day of what it brought; None: it brought nothing, or that never ends.
    reverses : the entry that it takes back.
    """

    entry_id: UUID
    programme: str
    party_id: str
    kind: EntryKind
    points: int
    owed: int
    balance: int
    subject: str
    note: str
    rules: tuple[str, ...]
    capped: int
    expires: dt.date | None
    reverses: UUID | None
    day: dt.date
    at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Lot:
    """Points that end together. expires: the last day they can be spent on; None: never."""

    expires: dt.date | None
    points: int  # all that ever came into it
    left: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PointsAccount:
    """A party's points in a programme. All but `owed` ≥ 0 always.

    balance : can be spent.  held : is being spent.
    owed : was taken back beyond what there was; what is earned next goes there first.
    came, went : all that ever came in, and went out: came − went = balance + held − owed.
    soon, soon_by : how much ends next, and when; None: nothing does.
    """

    programme: str
    party_id: str
    balance: int
    held: int
    owed: int
    came: int
    went: int
    soon: int
    soon_by: dt.date | None


class PointsHoldState(StrEnum):
    """Where a hold of points stands."""

    HELD = "held"
    SPENT = "spent"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class PointsHold:
    """Points that are being spent. returned: of what was spent, what has come back."""

    hold_id: UUID
    programme: str
    party_id: str
    points: int
    returned: int
    state: PointsHoldState
    subject: str
    at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Liability:
    """What a programme's points would cost: rounded up to the minor unit."""

    programme: str
    accounts: int
    points: int  # balances and holds
    owed: int
    value_minor: int
    currency: str


class PointsApi(Protocol):
    """Points: earned once an event, spent once, never below 0."""

    @command(undone_by="put_programme")
    def put_programme(self, command_id: UUID, programme: Programme) -> Programme:
        """Add a programme, or change one; points that are there keep their terms.

        Raises: ProgrammeRefused (another currency), Malformed.
        """

    @command(undone_by="reverse")
    def earn(self, command_id: UUID, earning: Earning) -> Entry:
        """Earn points by the programme's rules; an event that has earned has the first answer.

        An entry of 0 points says that no rule or cap left any. Raises: ProgrammeNotFound,
        ProgrammeClosed, Malformed, IdempotencyConflict.
        """

    @command(undone_by="reverse")
    def earn_all(self, command_id: UUID, earnings: Sequence[Earning]) -> list[Entry]:
        """Earn many, in one transaction; of different events. Raises: as `earn`."""

    @command(undone_by="reverse")
    def grant(
        self,
        command_id: UUID,
        programme: str,
        party_id: str,
        points: int,
        *,
        note: str,
        expires: dt.date | None = None,
    ) -> Entry:
        """Give points, whatever the rules; the entry's id is the command's.

        expires : the last day of these; None: as the programme says.

        Raises: ProgrammeNotFound, Malformed.
        """

    @command(lasts="what was taken back is granted anew")
    def reverse(self, command_id: UUID, entry_id: UUID, note: str = "") -> Entry:
        """Take back what an entry brought; what is spent already is owed 冲回.

        Raises: PointsEntryNotFound, PointsEntryRefused (it brought nothing, or was taken back).
        """

    @command(undone_by="cancel")
    def hold(
        self, command_id: UUID, programme: str, party_id: str, points: int, subject: str = ""
    ) -> PointsHold:
        """Put points aside to be spent, those first that end first; its id is the command's.

        Raises: ProgrammeNotFound, PointsTooFew, Malformed.
        """

    @command(undone_by="give_back")
    def confirm(self, command_id: UUID, hold_id: UUID) -> PointsHold:
        """Spend what is held. Raises: PointsHoldNotFound, PointsHoldEnded."""

    @command(lasts="what was held is free again; hold it anew")
    def cancel(self, command_id: UUID, hold_id: UUID) -> PointsHold:
        """Put what is held back into its lots. Raises: PointsHoldNotFound, PointsHoldEnded."""

    @command(lasts="what came back is spent anew")
    def give_back(self, command_id: UUID, hold_id: UUID, points: int) -> PointsHold:
        """Give back a part of what was spent, as when a purchase is returned; to its lots.

        Raises: PointsHoldNotFound, PointsHoldEnded (not spent, or so much has come back).
        """

    @command(undone_by="transfer")
    def transfer(
        self, command_id: UUID, programme: str, from_id: str, to_id: str, points: int
    ) -> Entry:
        """Move points to another party, with the days they end on; return the sender's entry.

        Raises: ProgrammeNotFound, PointsTooFew, Malformed.
        """

    @command(lasts="what is over is over; grant points where it was wrong")
    def expire(self, command_id: UUID, day: dt.date) -> int:
        """End lots whose last day is before `day`, some accounts at a time; return how many.

        Sent again under another id until it is 0. Raises: Malformed (a day that is to come).
        """

    @query
    def programme(self, code: str) -> Programme:
        """Return a programme. Raises: ProgrammeNotFound."""

    @query
    def programmes(self) -> list[Programme]:
        """Return all programmes, by code."""

    @query
    def account(self, programme: str, party_id: str) -> PointsAccount:
        """Return a party's account, empty where it never had one. Raises: ProgrammeNotFound."""

    @query
    def accounts(self, party_id: str) -> list[PointsAccount]:
        """Return a party's accounts, by programme."""

    @query
    def lots(self, programme: str, party_id: str) -> list[Lot]:
        """Return the lots that have something left, those that end first in front."""

    @query
    def entry(self, entry_id: UUID) -> Entry:
        """Return an entry. Raises: PointsEntryNotFound."""

    @query
    def entries(
        self, programme: str, party_id: str, *, limit: int = 50, cursor: str | None = None
    ) -> Page[Entry]:
        """Return an account's entries, newest first. Raises: Malformed (cursor)."""

    @query
    def held(self, hold_id: UUID) -> PointsHold:
        """Return a hold. Raises: PointsHoldNotFound."""

    @query
    def liability(self) -> list[Liability]:
        """Return what each programme's points would cost now, by programme."""


POINTS: Final = Centre(
    code="points",
    words=("积分中心", "Points"),
    purpose=(
        "积分计划：获得、使用、到期、冲回、转让；同一事件只计一次，永不为负。",
        "Programmes: earned, spent, expired, reversed, moved; an event earns once, and no balance "
        "is ever below 0.",
    ),
    bian=("Loyalty Program", "Customer Reward Points Account"),
    door=PointsApi,
    events=(PointsMoved, PointsExpired),
    slo=Slo(p99_ms=50),
)
