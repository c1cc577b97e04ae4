"""The general ledger whole: what the API says, and what a day's close asks of it."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from uuid import UUID

from yunjin.chassis.persistence import RoomDatabase, SqlUnitOfWork
from yunjin.foundation.banking.api.days import ProofLine
from yunjin.foundation.banking.api.general_ledger import (
    EntryKind,
    GlAccount,
    GlEntry,
    GlLine,
    GlMapping,
    GlPeriod,
    GlRule,
    GlScope,
    LineQuery,
    ManualEntry,
    Movement,
    PostSlots,
    Rule,
)
from yunjin.foundation.banking.api.gl_reports import (
    DayMovement,
    IncomeStatement,
    Report,
    Sheet,
    TrialBalance,
)
from yunjin.foundation.banking.api.gl_transfers import LineTransfer
from yunjin.foundation.banking.domain.general_ledger.tables import csv_of
from yunjin.foundation.banking.service.gl import reporting
from yunjin.foundation.banking.service.gl.booking import Booking
from yunjin.foundation.banking.service.gl.charting import Charting
from yunjin.foundation.banking.service.gl.closing import Closing
from yunjin.foundation.banking.service.gl.manual import Manual
from yunjin.foundation.banking.service.gl.reading import Behind, Reading
from yunjin.foundation.banking.service.gl.reporting import Reporting
from yunjin.kernel.page import Page


class GeneralLedger:
    """GeneralLedgerApi, and `book` and `prove` for the day's close. Safe for threads.

    Parameters
    ----------
    room : banking's tables.
    page_key : signs the cursors of `lines`.
    last_closed : the newest closed business day, None while none is closed; called outside of any
        transaction.
    post_slots : books a manual entry's bank-side slots in the ledger; entries that touch such an
        account are refused without it.
    behind : finds the ledger's transfers behind a line; lines have none without it.
    """

    def __init__(
        self,
        room: RoomDatabase,
        *,
        page_key: bytes,
        last_closed: Callable[[], dt.date | None],
        post_slots: PostSlots | None = None,
        behind: Behind | None = None,
    ) -> None:
        self._behind = behind
        self._booking = Booking(room.clock)
        self._reading = Reading(room, page_key=page_key)
        self._reporting = Reporting(room)
        self._charting = Charting(room, self._booking, last_closed=last_closed)
        self._closing = Closing(room, self._booking, self._reading, last_closed=last_closed)
        self._manual = Manual(
            room, self._booking, self._reading, last_closed=last_closed, post_slots=post_slots
        )

    def book(
        self, work: SqlUnitOfWork, date: dt.date, movements: Sequence[Movement], *, source: str
    ) -> None:
        """Book what slots moved by on a date, inside another step's transaction.

        Parameters
        ----------
        movements : in any order; those of one slot, product, branch and currency are summed.
        source : who says so, "close/2026-01-31/7": the same source with the same movements does
            nothing; at most 80 of A–Z a–z 0–9 . _ / : -

        Raises: Unbalanced (per branch and currency), PeriodClosed, SourceBooked, OutOfRange,
        MappingRefused, Malformed; then the transaction must be given up.
        """
        self._booking.book(work, date, movements, source=source)

    def prove(
        self,
        work: SqlUnitOfWork,
        date: dt.date,
        subledger: Mapping[tuple[int, str, str], int],
    ) -> tuple[ProofLine, ...]:
        """Return every slot of the general ledger at the end of a date beside its accounts.

        subledger : debits less credits by (slot, branch, currency), minor units; slot REST (0) is
            the ledger's counter side of manual entries.
        """
        return reporting.prove(work, date, subledger)

    def accounts(self) -> list[GlAccount]:
        return self._charting.accounts()

    def add_account(self, command_id: UUID, account: GlAccount) -> GlAccount:
        return self._charting.add_account(command_id, account)

    def mappings(self, date: dt.date | None = None) -> list[GlMapping]:
        return self._charting.mappings(date)

    def map_slot(self, command_id: UUID, mapping: GlMapping) -> GlMapping:
        return self._charting.map_slot(command_id, mapping)

    def complaints(self, date: dt.date) -> list[str]:
        return self._charting.complaints(date)

    def rules(self) -> list[GlRule]:
        return self._charting.rules()

    def set_rule(self, command_id: UUID, rule: GlRule) -> GlRule:
        return self._charting.set_rule(command_id, rule)

    def rule_of(self, product: str, date: dt.date) -> Rule:
        return self._charting.rule_of(product, date)

    def enter(self, entry: ManualEntry) -> GlEntry:
        return self._manual.enter(entry)

    def reverse(
        self, command_id: UUID, number: int, *, date: dt.date, reason: str, by: str
    ) -> GlEntry:
        return self._manual.reverse(command_id, number, date=date, reason=reason, by=by)

    def finish_waiting(self) -> int:
        return self._manual.finish_waiting()

    def entry(self, number: int) -> GlEntry:
        return self._reading.entry(number)

    def entries(
        self, kinds: Sequence[EntryKind], *, limit: int = 50, cursor: str | None = None
    ) -> Page[GlEntry]:
        return self._reading.entries(kinds, limit=limit, cursor=cursor)

    def lines(self, query: LineQuery) -> Page[GlLine]:
        return self._reading.lines(query)

    def transfers(
        self, entry: int, place: int, *, limit: int = 50, cursor: str | None = None
    ) -> Page[LineTransfer]:
        line = self._reading.line(entry, place)
        if self._behind is None or not line.has_transfers:
            return Page(items=())
        return self._reading.transfers(self._behind, line, limit=limit, cursor=cursor)

    def daily(
        self, account: str, start: dt.date, end: dt.date, *, currency: str, branch: str = ""
    ) -> list[DayMovement]:
        return self._reading.daily(account, start, end, currency=currency, branch=branch)

    def scope(self) -> GlScope:
        return self._reading.scope()

    def periods(self) -> list[GlPeriod]:
        return self._closing.periods()

    def close_period(self, command_id: UUID, month: str, *, by: str) -> GlPeriod:
        return self._closing.close(command_id, month, by=by)

    def reopen_period(self, command_id: UUID, month: str, *, by: str, reason: str) -> GlPeriod:
        return self._closing.reopen(command_id, month, by=by, reason=reason)

    def lock_period(self, command_id: UUID, month: str, *, by: str) -> GlPeriod:
        return self._closing.lock(command_id, month, by=by)

    def year_end(self, command_id: UUID, year: int, *, by: str) -> GlEntry | None:
        return self._closing.year_end(command_id, year, by=by)

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
        return self._reporting.trial_balance(
            start,
            end,
            branch=branch,
            currency=currency,
            by_branch=by_branch,
            before_closing=before_closing,
        )

    def balance_sheet(
        self, date: dt.date, *, compare: dt.date | None = None, branch: str = "", currency: str = ""
    ) -> Sheet:
        return self._reporting.balance_sheet(date, compare, branch=branch, currency=currency)

    def income_statement(
        self,
        start: dt.date,
        end: dt.date,
        *,
        compare: tuple[dt.date, dt.date] | None = None,
        branch: str = "",
        currency: str = "",
    ) -> IncomeStatement:
        return self._reporting.income_statement(
            start, end, compare, branch=branch, currency=currency
        )

    def csv(self, report: Report, *, language: str = "zh") -> str:
        return csv_of(report, language)
