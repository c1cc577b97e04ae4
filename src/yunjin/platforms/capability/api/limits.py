"""Limits and exposure 额度: a tree of ceilings, what is reserved under them, what is used."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Final, Protocol
from uuid import UUID

from yunjin.kernel.page import Page
from yunjin.platforms.capability.api.centres import Centre, Slo, command, query
from yunjin.platforms.capability.events import (
    LimitChanged,
    LimitOpened,
    LimitReserved,
    LimitUsed,
)

DEPTH_MAX: Final = 8  # nodes from a root to a leaf
HOLDS_MAX: Final = 10_000  # of one call


class Period(StrEnum):
    """What use counts: all there ever was, or that of the running day or month."""

    ALL = "all"
    DAY = "day"
    MONTH = "month"


class LimitState(StrEnum):
    """Whether a limit may be reserved from."""

    OPEN = "open"
    FROZEN = "frozen"  # 冻结: nothing new; what is held may be used or cancelled
    CLOSED = "closed"


class HoldState(StrEnum):
    """Where a hold stands."""

    HELD = "held"
    CONFIRMED = "confirmed"
    CANCELLED = "cancelled"


class LimitStatus(IntEnum):
    """What came of a reservation, in order of precedence."""

    RESERVED = 1
    EXISTS = 2  # it had been reserved before
    EXISTS_OTHERWISE = 3  # another reservation has the id
    LIMIT_NOT_FOUND = 4
    LIMIT_NOT_OPEN = 5  # it, or one above it, is frozen, closed, or not of this date
    EXCEEDED = 6  # `limit_id` says which limit has too little left, `left_minor` how much


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLimit:
    """A limit to be opened; its id is the command's.

    Parameters
    ----------
    parent_id : what is used here counts there too; None for a root.
    party_id : whose it is; "" for one of the institution's own.
    kind : what it is a limit of, such as "credit" or "payment".
    currency : ISO 4217; a tree has one.
    since, until : the business dates it is valid from, and up to but not on; None: no end.
    """

    name: str
    kind: str
    currency: str
    ceiling_minor: int
    parent_id: UUID | None = None
    party_id: str = ""
    period: Period = Period.ALL
    since: dt.date | None = None
    until: dt.date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A limit as it stands now. path : ids from the root to itself."""

    limit_id: UUID
    path: tuple[UUID, ...]
    name: str
    kind: str
    currency: str
    party_id: str
    period: Period
    since: dt.date | None
    until: dt.date | None
    state: LimitState
    ceiling_minor: int
    held_minor: int  # of its own holds and of those below
    used_minor: int

    @property
    def left_minor(self) -> int:
        """What may still be reserved, as far as this limit itself goes; < 0 once it was lowered."""
        return self.ceiling_minor - self.held_minor - self.used_minor


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """A part of a limit that is wanted.

    hold_id : the caller's; it acts once.  subject : the id of what it is for, such as a payment's.
    """

    hold_id: UUID
    limit_id: UUID
    amount_minor: int
    subject: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reserved:
    """What came of a reservation."""

    hold_id: UUID
    status: LimitStatus
    limit_id: UUID | None = None
    left_minor: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A part of a limit that is reserved 占用, and what became of it."""

    hold_id: UUID
    limit_id: UUID
    amount_minor: int
    used_minor: int  # as confirmed
    restored_minor: int  # came back since
    state: HoldState
    subject: str
    at: dt.datetime


class LimitsApi(Protocol):
    """Limits: opened as trees, reserved from, used, given back."""

    @command(undone_by="close")
    def open(self, command_id: UUID, limit: NewLimit) -> Limit:
        """Open a limit; its id is the command's.

        Raises: LimitNotFound (the parent), LimitRefused (too deep, another currency, a parent that
        is closed, a ceiling below 0).
        """

    @command(undone_by="change")
    def change(
        self,
        command_id: UUID,
        limit_id: UUID,
        *,
        ceiling_minor: int | None = None,
        until: dt.date | None = None,
        note: str = "",
    ) -> Limit:
        """Set another ceiling or end 调额. Below what is used it may be: nothing new is reserved.

        Raises: LimitNotFound, LimitRefused.
        """

    @command(undone_by="thaw")
    def freeze(self, command_id: UUID, limit_id: UUID, note: str = "") -> Limit:
        """Let nothing new be reserved here or below 冻结. Raises: LimitNotFound, LimitRefused."""

    @command(undone_by="freeze")
    def thaw(self, command_id: UUID, limit_id: UUID, note: str = "") -> Limit:
        """Open a frozen limit again 解冻. Raises: LimitNotFound, LimitRefused."""

    @command(lasts="a closed limit has nothing in use; open another one")
    def close(self, command_id: UUID, limit_id: UUID) -> Limit:
        """Close a limit that nothing is reserved or used of. Raises: LimitNotFound, LimitInUse."""

    @command(undone_by="cancel")
    def reserve(
        self, command_id: UUID, limit_id: UUID, amount_minor: int, subject: str = ""
    ) -> Hold:
        """Reserve a part of a limit, and of all above it, under the command's id.

        Raises: LimitNotFound, LimitNotOpen, LimitExceeded, IdempotencyConflict, Malformed.
        """

    @command(undone_by="cancel")
    def reserve_all(self, command_id: UUID, wanted: Sequence[Reservation]) -> list[Reserved]:
        """Reserve many, each by itself and under its own id, in their order; one transaction.

        Raises: Malformed.
        """

    @command(undone_by="restore")
    def confirm(self, command_id: UUID, hold_id: UUID, amount_minor: int | None = None) -> Hold:
        """Use a hold, or a part of it; the rest is free again. None: all of it.

        Raises: HoldNotFound, HoldEnded, Malformed.
        """

    @command(lasts="what was held is free again; reserve it anew")
    def cancel(self, command_id: UUID, hold_id: UUID) -> Hold:
        """Give a hold back unused. Raises: HoldNotFound, HoldEnded (it was used)."""

    @command(lasts="what came back may be reserved anew")
    def restore(self, command_id: UUID, hold_id: UUID, amount_minor: int) -> Hold:
        """Give back a part of what a hold was used for, as when a loan is repaid.

        Raises: HoldNotFound, HoldEnded (it was not used, or so much has come back), Malformed.
        """

    @query
    def limit(self, limit_id: UUID) -> Limit:
        """Return a limit. Raises: LimitNotFound."""

    @query
    def below(self, limit_id: UUID) -> list[Limit]:
        """Return a limit and all below it, parents first. Raises: LimitNotFound."""

    @query
    def limits(
        self, *, party_id: str = "", roots: bool = False, limit: int = 50, cursor: str | None = None
    ) -> Page[Limit]:
        """Return limits, newest first: a party's, or the roots. Raises: Malformed (cursor)."""

    @query
    def hold(self, hold_id: UUID) -> Hold:
        """Return a hold. Raises: HoldNotFound."""

    @query
    def holds(self, limit_id: UUID, *, limit: int = 50, cursor: str | None = None) -> Page[Hold]:
        """Return a limit's own holds, newest first. Raises: Malformed (cursor)."""


LIMITS: Final = Centre(
    code="limit",
    words=("额度中心", "Limits"),
    purpose=(
        "额度树：授信、占用、使用、恢复；任何时刻不超用。",
        "Trees of limits: reserved, used, restored; never over-used.",
    ),
    bian=("Limit and Exposure Management",),
    door=LimitsApi,
    events=(LimitOpened, LimitChanged, LimitReserved, LimitUsed),
    slo=Slo(p99_ms=20),
)
