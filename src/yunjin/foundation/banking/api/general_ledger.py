"""The general ledger 总账: chart of accounts, entries, periods; its reports are in `gl_reports`."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, Protocol
from uuid import UUID

from yunjin.foundation.banking.api.agreements import BRANCH
from yunjin.foundation.banking.api.gl_reports import (
    DayMovement,
    IncomeStatement,
    Report,
    Sheet,
    TrialBalance,
)
from yunjin.foundation.banking.api.gl_transfers import LineTransfer
from yunjin.kernel.page import Page

REST: Final = 0  # the slot of what no slot is booked to: the rest of the general ledger, in sum
CLOSING: Final = -1  # the slot of what a year's end carries into retained earnings
EVERY_PRODUCT: Final = "*"
LINES_MAX: Final = 500  # of a manual entry
MOVEMENTS_MAX: Final = 50_000  # of one booking


class Rule(IntEnum):
    """When income and expense of a product count."""

    ACCRUAL = 1  # 权责发生制: when they are earned
    CASH = 2  # 收付实现制: when they are paid


class EntryKind(IntEnum):
    """Where an entry comes from."""

    MOVEMENTS = 0  # a step of a day's close
    MANUAL = 1
    REVERSAL = 2  # the opposite of a manual one
    YEAR_END = 3  # 年终结转
    REMAP = 4  # a slot's balance follows it to another account


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """What a slot moved by, in sum. slot: Slot's number, or REST. Unit: minor, ≥ 0."""

    product: str
    branch: str
    currency: str
    slot: int
    debit_minor: int = 0
    credit_minor: int = 0


class PostSlots(Protocol):
    """Books a manual entry's share of the bank-side accounts in the ledger; the app wires it."""

    def __call__(
        self, command_id: UUID, date: dt.date, movements: Sequence[Movement], reference: str
    ) -> None:
        """Post movements that balance per branch and currency; slot REST is the counter side.

        Sent again under its id it acts once and returns, whatever else has changed since.
        Raises: Refusal (nothing was done, nor ever will be), Outage, Unknown.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class GlAccount:
    """An account of the chart.

    element : "asset", "liability", "equity", "income" or "expense".
    is_contra : it grows on the other side than its element does.
    is_common : 共同类: shown as an asset or a liability by the side of its balance.
    is_control : agreements make it up; no manual entry.
    slots : slots that are booked to it now.
    """

    code: str
    name_zh: str
    name_en: str
    element: str
    parent: str = ""
    is_postable: bool = True
    is_contra: bool = False
    is_common: bool = False
    is_control: bool = False
    is_preset: bool = False
    slots: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GlMapping:
    """Where a slot of a product is booked, from a day on; since None: as it was delivered.

    product : a code, or "*" for all that have no mapping of their own.
    account : "" lets a product follow "*" again.
    """

    slot: str
    account: str
    product: str = EVERY_PRODUCT
    since: dt.date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GlRule:
    """A product's accounting rule from a day on; product "*": all without one of their own."""

    product: str
    rule: Rule
    since: dt.date


@dataclass(frozen=True, slots=True, kw_only=True)
class ManualLine:
    """A line of a manual entry: a debit or a credit. Unit: minor, > 0."""

    account: str
    branch: str = BRANCH
    currency: str = "CNY"
    debit_minor: int = 0
    credit_minor: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ManualEntry:
    """What a person books. reference: the voucher's number or the like; by: who it was."""

    command_id: UUID
    date: dt.date
    lines: tuple[ManualLine, ...]
    reason: str
    by: str
    reference: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GlLine:
    """A line of an entry. slot: "" where none is behind it, "closing" for a year's end."""

    entry: int
    place: int
    source: str
    kind: EntryKind
    date: dt.date
    account: str
    slot: str
    product: str
    branch: str
    currency: str
    debit_minor: int
    credit_minor: int
    reason: str = ""

    @property
    def has_transfers(self) -> bool:
        """Whether transfers of the ledger are behind it: not of what carries a balance over."""
        if self.kind is EntryKind.MOVEMENTS:
            return True
        return self.kind in (EntryKind.MANUAL, EntryKind.REVERSAL) and bool(self.slot)


@dataclass(frozen=True, slots=True, kw_only=True)
class GlEntry:
    """An entry as it was booked. number: dense, from 1 on; 0: it is not booked yet."""

    number: int
    source: str
    kind: EntryKind
    date: dt.date
    reason: str
    reference: str
    by: str
    reverses: int | None
    reversed_by: int | None
    at_us: int
    lines: tuple[GlLine, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LineQuery:
    """Which lines; what is empty does not matter, a heading means all beneath it. Newest first."""

    account: str = ""
    start: dt.date | None = None
    end: dt.date | None = None  # the last day
    branch: str = ""
    currency: str = ""
    product: str = ""
    limit: int = 50
    cursor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GlPeriod:
    """A month 会计期间. status: "open", "closed" or "locked" (never opened again)."""

    month: str  # 2026-01
    status: str
    by: str = ""
    reason: str = ""
    at_us: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class GlScope:
    """What the general ledger holds. first, last: days with entries, None while there is none."""

    branches: tuple[str, ...]
    currencies: tuple[str, ...]
    products: tuple[str, ...]
    first: dt.date | None
    last: dt.date | None


class GeneralLedgerApi(Protocol):
    """The general ledger, seen from outside; what books day closes is the room's own matter.

    Every method may raise Outage (nothing done) and, where it writes, Unknown (ask by id). Each
    command acts once under its id. Dates are business dates.
    """

    def accounts(self) -> list[GlAccount]:
        """Return the chart of accounts, by code."""

    def add_account(self, command_id: UUID, account: GlAccount) -> GlAccount:
        """Add an account beneath another, or beside the preset's where it names no parent.

        Raises: Malformed, AccountUnusable (taken, or contradicts its parent), IdempotencyConflict.
        """

    def mappings(self, date: dt.date | None = None) -> list[GlMapping]:
        """Return where slots are booked on a day; without one, every mapping there is or was."""

    def map_slot(self, command_id: UUID, mapping: GlMapping) -> GlMapping:
        """Book a slot to another account from a day on that has not been booked yet.

        The balance moves with it: the first booking from that day on brings it over.
        Raises: Malformed, GlAccountNotFound, MappingRefused, IdempotencyConflict.
        """

    def complaints(self, date: dt.date) -> list[str]:
        """Return what is wrong with the mapping on a day: slots nowhere, elements that differ."""

    def rules(self) -> list[GlRule]:
        """Return the accounting rules that were set; whatever has none is on accrual."""

    def set_rule(self, command_id: UUID, rule: GlRule) -> GlRule:
        """Set a product's rule from a day on that is not closed.

        Raises: Malformed, MappingRefused, IdempotencyConflict.
        """

    def rule_of(self, product: str, date: dt.date) -> Rule:
        """Return the rule of a product on a day."""

    def enter(self, entry: ManualEntry) -> GlEntry:
        """Book a manual entry; the same again returns the first answer.

        Lines on accounts that slots are booked to go through the ledger first, on the open
        business day.
        Raises: Malformed, GlAccountNotFound, AccountUnusable, ControlAccount, Unbalanced,
        PeriodClosed, DayClosed, SlotsNotOffered, OutOfRange, IdempotencyConflict.
        """

    def reverse(
        self, command_id: UUID, number: int, *, date: dt.date, reason: str, by: str
    ) -> GlEntry:
        """Book the opposite of a manual entry.

        Raises: GlEntryNotFound, AlreadyReversed, and as `enter`.
        """

    def entry(self, number: int) -> GlEntry:
        """Return an entry with its lines. Raises: GlEntryNotFound."""

    def entries(
        self, kinds: Sequence[EntryKind], *, limit: int = 50, cursor: str | None = None
    ) -> Page[GlEntry]:
        """Return entries of some kinds with their lines, newest first. Raises: Malformed."""

    def lines(self, query: LineQuery) -> Page[GlLine]:
        """Return lines, newest first. Raises: Malformed, GlAccountNotFound."""

    def transfers(
        self, entry: int, place: int, *, limit: int = 50, cursor: str | None = None
    ) -> Page[LineTransfer]:
        """Return the ledger's transfers behind a line, oldest first; their sums are the line's.

        Of a manual entry's lines on one slot, branch and currency the ledger moves what is left
        in sum. A page may be short, even empty, with a cursor: the search looks at a bounded
        piece of the day at a time. Raises: GlEntryNotFound (entry or place), Malformed.
        """

    def daily(
        self, account: str, start: dt.date, end: dt.date, *, currency: str, branch: str = ""
    ) -> list[DayMovement]:
        """Return an account's days that moved, with what it came to. Raises: as `lines`."""

    def scope(self) -> GlScope:
        """Return branches, currencies, products and days that there are entries of."""

    def finish_waiting(self) -> int:
        """Finish manual entries whose answer from the ledger got lost; return how many."""

    def periods(self) -> list[GlPeriod]:
        """Return the months from the first booked one to the open business day's, newest first."""

    def close_period(self, command_id: UUID, month: str, *, by: str) -> GlPeriod:
        """Close a month whose days are closed and that follows closed ones.

        Raises: Malformed, PeriodNotReady, IdempotencyConflict.
        """

    def reopen_period(self, command_id: UUID, month: str, *, by: str, reason: str) -> GlPeriod:
        """Open the last closed month again. Raises: as `close_period`."""

    def lock_period(self, command_id: UUID, month: str, *, by: str) -> GlPeriod:
        """Lock a closed month and those before it for ever. Raises: as `close_period`."""

    def year_end(self, command_id: UUID, year: int, *, by: str) -> GlEntry | None:
        """Carry a year's income and expense into retained earnings, dated 31 December.

        What is left after later entries is carried by calling it again; None: nothing is left.
        Raises: Malformed, PeriodNotReady, PeriodClosed, IdempotencyConflict.
        """

    def trial_balance(
        self,
        start: dt.date,
        end: dt.date,
        *,
        branch: str = "",
        currency: str = "",
        by_branch: bool = False,
        before_closing: bool = False,
    ) -> TrialBalance:
        """Return opening, debits, credits and closing of all accounts.

        Parameters
        ----------
        start, end : first and last day; the same for a day's balance.
        branch, currency : only these; "" for all.
        by_branch : a row an account and branch, not an account.
        before_closing : leave out what year ends carried.

        Raises: Malformed.
        """

    def balance_sheet(
        self, date: dt.date, *, compare: dt.date | None = None, branch: str = "", currency: str = ""
    ) -> Sheet:
        """Return assets, liabilities and equity at the end of a day, beside another day's.

        compare : without one, the end of the year before. Raises: Malformed.
        """

    def income_statement(
        self,
        start: dt.date,
        end: dt.date,
        *,
        compare: tuple[dt.date, dt.date] | None = None,
        branch: str = "",
        currency: str = "",
    ) -> IncomeStatement:
        """Return income and expense of the days from `start` to and with `end`, beside others'.

        compare : without one, the same days a year before. Raises: Malformed.
        """

    def csv(self, report: Report, *, language: str = "zh") -> str:
        """Return a report as CSV, amounts as decimals, in "zh" or "en". Raises: Malformed."""
