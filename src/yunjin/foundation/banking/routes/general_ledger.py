"""The general ledger over HTTP: chart, mapping, entries, periods, reports."""

import datetime as dt
from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Response
from pydantic import Field

from yunjin.chassis.transport.values import CommandId, Form
from yunjin.foundation.banking.api.general_ledger import (
    MOVEMENTS_MAX,
    EntryKind,
    GeneralLedgerApi,
    LineQuery,
)
from yunjin.foundation.banking.api.gl_reports import IncomeStatement, Report
from yunjin.foundation.banking.routes.gl_report_schemas import (
    IncomeOut,
    SheetOut,
    TrialBalanceOut,
)
from yunjin.foundation.banking.routes.gl_schemas import (
    AccountDayOut,
    AccountDaysOut,
    AccountForm,
    AccountOut,
    AccountsOut,
    Branch,
    Currency,
    EntriesOut,
    EntryForm,
    EntryOut,
    KindName,
    LineOut,
    LinesOut,
    MappingForm,
    MappingOut,
    MappingsOut,
    Month,
    PeriodForm,
    PeriodOut,
    PeriodsOut,
    ReversalForm,
    RuleForm,
    RuleOut,
    RulesOut,
    ScopeOut,
    TransferOut,
    TransfersOut,
    YearEndForm,
    YearEndOut,
)
from yunjin.kernel.errors import Malformed
from yunjin.kernel.page import LIMIT_MAX

Number = Annotated[int, Path(ge=1, le=2**63 - 1)]
Place = Annotated[int, Path(ge=1, le=MOVEMENTS_MAX)]
Language = Literal["zh", "en"]


class CsvResponse(Response):
    """A table for spreadsheets."""

    media_type = "text/csv"


class LinesQuery(Form):
    """Which lines; what is left out does not matter, a heading means all beneath it."""

    account: Annotated[str, Field(max_length=16)] = ""
    start: dt.date | None = None
    end: dt.date | None = Field(None, description="The last day.")
    branch: Branch = ""
    currency: Currency = ""
    product: Annotated[str, Field(max_length=40)] = ""
    cursor: Annotated[str, Field(min_length=1, max_length=500)] | None = None
    limit: Annotated[int, Field(ge=1, le=LIMIT_MAX)] = 50


class TransfersQuery(Form):
    """Which page of transfers."""

    cursor: Annotated[str, Field(min_length=1, max_length=500)] | None = None
    limit: Annotated[int, Field(ge=1, le=LIMIT_MAX)] = 50


class EntriesQuery(Form):
    """Which entries; all kinds, where none is named."""

    kind: Annotated[list[KindName], Field(max_length=5)] = Field(default_factory=list)
    cursor: Annotated[str, Field(min_length=1, max_length=500)] | None = None
    limit: Annotated[int, Field(ge=1, le=LIMIT_MAX)] = 50


class DailyQuery(Form):
    """Which account, days, currency and branch."""

    account: Annotated[str, Field(min_length=1, max_length=16)]
    start: dt.date
    end: dt.date = Field(description="The last day.")
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] = "CNY"
    branch: Branch = ""


class Narrowed(Form):
    """Which branch and currency; all, where nothing is said."""

    branch: Branch = ""
    currency: Currency = ""


class TrialQuery(Narrowed):
    """Which days."""

    start: dt.date
    end: dt.date
    by_branch: bool = False
    before_closing: bool = Field(False, description="Leave out what year ends carried.")


class SheetQuery(Narrowed):
    """Which day, and which one beside it."""

    date: dt.date
    compare: dt.date | None = Field(None, description="Else the end of the year before.")


class IncomeQuery(Narrowed):
    """Which days, and which ones beside them."""

    start: dt.date
    end: dt.date
    compare_start: dt.date | None = Field(None, description="Else the days a year before.")
    compare_end: dt.date | None = None


class TrialCsvQuery(TrialQuery):
    """In which language."""

    language: Language = "zh"


class SheetCsvQuery(SheetQuery):
    """In which language."""

    language: Language = "zh"


class IncomeCsvQuery(IncomeQuery):
    """In which language."""

    language: Language = "zh"


class GeneralLedgerRoutes:
    """The general ledger's addresses."""

    def __init__(self, gl: GeneralLedgerApi) -> None:
        self._gl = gl

    def add_to(self, router: APIRouter) -> None:
        """Add the addresses to a router, under names that no other room's have."""
        read: dict[str, Callable[..., Any]] = {
            "/accounts": self.accounts,
            "/mappings": self.mappings,
            "/rules": self.rules,
            "/lines": self.lines,
            "/entries/{number}/lines/{place}/transfers": self.transfers,
            "/daily": self.daily,
            "/scope": self.scope,
            "/entries": self.entries,
            "/entries/{number}": self.entry,
            "/periods": self.periods,
            "/trial_balance": self.trial_balance,
            "/balance_sheet": self.balance_sheet,
            "/income_statement": self.income_statement,
        }
        tables: dict[str, Callable[..., Any]] = {
            "/trial_balance.csv": self.trial_balance_csv,
            "/balance_sheet.csv": self.balance_sheet_csv,
            "/income_statement.csv": self.income_statement_csv,
        }
        made: dict[str, Callable[..., Any]] = {
            "/accounts": self.add_account,
            "/mappings": self.map_slot,
            "/rules": self.set_rule,
            "/entries": self.enter,
            "/entries/{number}/reversal": self.reverse,
        }
        done: dict[str, Callable[..., Any]] = {
            "/periods/{month}/close": self.close_period,
            "/periods/{month}/reopen": self.reopen_period,
            "/periods/{month}/lock": self.lock_period,
            "/years/{year}/end": self.year_end,
        }
        for path, answer in read.items():
            router.get(f"/gl{path}", name=_name(answer))(answer)
        for path, answer in tables.items():
            router.get(f"/gl{path}", name=_name(answer), response_class=CsvResponse)(answer)
        for path, answer in made.items():
            router.post(f"/gl{path}", name=_name(answer), status_code=201)(answer)
        for path, answer in done.items():
            router.post(f"/gl{path}", name=_name(answer))(answer)

    def accounts(self) -> AccountsOut:
        """Return the chart of accounts."""
        found = self._gl.accounts()
        return AccountsOut(items=[AccountOut.model_validate(one) for one in found])

    def add_account(self, form: AccountForm, command_id: CommandId) -> AccountOut:
        """Add an account."""
        return AccountOut.model_validate(self._gl.add_account(command_id, form.asked()))

    def mappings(self, date: dt.date | None = None) -> MappingsOut:
        """Return where slots are booked on a day; without one, all there is or was."""
        items = [MappingOut.model_validate(one) for one in self._gl.mappings(date)]
        return MappingsOut(items=items, complaints=self._gl.complaints(date) if date else [])

    def map_slot(self, form: MappingForm, command_id: CommandId) -> MappingOut:
        """Book a slot to another account from a day on."""
        return MappingOut.model_validate(self._gl.map_slot(command_id, form.asked()))

    def rules(self) -> RulesOut:
        """Return the accounting rules that were set."""
        return RulesOut(items=[RuleOut.of(one) for one in self._gl.rules()])

    def set_rule(self, form: RuleForm, command_id: CommandId) -> RuleOut:
        """Set a product's accounting rule from a day on."""
        return RuleOut.of(self._gl.set_rule(command_id, form.asked()))

    def lines(self, query: Annotated[LinesQuery, Query()]) -> LinesOut:
        """Search lines, newest first."""
        page = self._gl.lines(LineQuery(**query.model_dump()))
        items = [LineOut.of(line) for line in page.items]
        return LinesOut(items=items, next_cursor=page.next_cursor)

    def transfers(
        self, number: Number, place: Place, query: Annotated[TransfersQuery, Query()]
    ) -> TransfersOut:
        """Return the ledger's transfers behind a line, oldest first; their sums are the line's.

        A page may be short, even empty, with a cursor.
        """
        page = self._gl.transfers(number, place, **query.model_dump())
        items = [TransferOut.of(one) for one in page.items]
        return TransfersOut(items=items, next_cursor=page.next_cursor)

    def daily(self, query: Annotated[DailyQuery, Query()]) -> AccountDaysOut:
        """Return an account's days that moved, with what it came to."""
        found = self._gl.daily(**query.model_dump())
        return AccountDaysOut(items=[AccountDayOut.model_validate(one) for one in found])

    def scope(self) -> ScopeOut:
        """Return the branches, currencies, products and days that there are entries of."""
        return ScopeOut.model_validate(self._gl.scope())

    def entries(self, query: Annotated[EntriesQuery, Query()]) -> EntriesOut:
        """Return entries with their lines, newest first."""
        kinds = [EntryKind[name.upper()] for name in query.kind] or list(EntryKind)
        page = self._gl.entries(kinds, limit=query.limit, cursor=query.cursor)
        items = [EntryOut.of(one) for one in page.items]
        return EntriesOut(items=items, next_cursor=page.next_cursor)

    def enter(self, form: EntryForm, command_id: CommandId) -> EntryOut:
        """Book a manual entry."""
        return EntryOut.of(self._gl.enter(form.asked(command_id)))

    def entry(self, number: Number) -> EntryOut:
        """Return an entry with its lines."""
        return EntryOut.of(self._gl.entry(number))

    def reverse(self, number: Number, form: ReversalForm, command_id: CommandId) -> EntryOut:
        """Book the opposite of a manual entry."""
        return EntryOut.of(
            self._gl.reverse(command_id, number, date=form.date, reason=form.reason, by=form.by)
        )

    def periods(self) -> PeriodsOut:
        """Return the months of the books, newest first."""
        return PeriodsOut(items=[PeriodOut.of(one) for one in self._gl.periods()])

    def close_period(self, month: Month, form: PeriodForm, command_id: CommandId) -> PeriodOut:
        """Close a month."""
        return PeriodOut.of(self._gl.close_period(command_id, month, by=form.by))

    def reopen_period(self, month: Month, form: PeriodForm, command_id: CommandId) -> PeriodOut:
        """Open the last closed month again."""
        changed = self._gl.reopen_period(command_id, month, by=form.by, reason=form.reason)
        return PeriodOut.of(changed)

    def lock_period(self, month: Month, form: PeriodForm, command_id: CommandId) -> PeriodOut:
        """Lock a closed month and those before it for ever."""
        return PeriodOut.of(self._gl.lock_period(command_id, month, by=form.by))

    def year_end(
        self,
        year: Annotated[int, Path(ge=1970, le=2199)],
        form: YearEndForm,
        command_id: CommandId,
    ) -> YearEndOut:
        """Carry a year's income and expense into retained earnings."""
        entry = self._gl.year_end(command_id, year, by=form.by)
        return YearEndOut(entry=None if entry is None else EntryOut.of(entry))

    def trial_balance(self, query: Annotated[TrialQuery, Query()]) -> TrialBalanceOut:
        """Return the trial balance of days from `start` to and with `end`."""
        return TrialBalanceOut.model_validate(self._gl.trial_balance(**query.model_dump()))

    def balance_sheet(self, query: Annotated[SheetQuery, Query()]) -> SheetOut:
        """Return the balance sheet of a day beside another's."""
        return SheetOut.model_validate(self._gl.balance_sheet(**query.model_dump()))

    def income_statement(self, query: Annotated[IncomeQuery, Query()]) -> IncomeOut:
        """Return the income statement of days beside others'."""
        return IncomeOut.model_validate(self._income(query))

    def trial_balance_csv(self, query: Annotated[TrialCsvQuery, Query()]) -> Response:
        """Return the trial balance as CSV."""
        asked = query.model_dump(exclude={"language"})
        return self._csv(self._gl.trial_balance(**asked), query.language)

    def balance_sheet_csv(self, query: Annotated[SheetCsvQuery, Query()]) -> Response:
        """Return the balance sheet as CSV."""
        asked = query.model_dump(exclude={"language"})
        return self._csv(self._gl.balance_sheet(**asked), query.language)

    def income_statement_csv(self, query: Annotated[IncomeCsvQuery, Query()]) -> Response:
        """Return the income statement as CSV."""
        return self._csv(self._income(query), query.language)

    def _income(self, query: IncomeQuery) -> IncomeStatement:
        first, last = query.compare_start, query.compare_end
        if (first is None) != (last is None):
            raise Malformed("expected compare_start and compare_end together, was one of them")
        compare = None if first is None or last is None else (first, last)
        return self._gl.income_statement(
            query.start, query.end, compare=compare, branch=query.branch, currency=query.currency
        )

    def _csv(self, report: Report, language: str) -> Response:
        text = "\ufeff" + self._gl.csv(report, language=language)  # so that spreadsheets read UTF-8
        return CsvResponse(text)


def _name(answer: Callable[..., Any]) -> str:
    return f"gl_{answer.__name__}"


def router(gl: GeneralLedgerApi) -> APIRouter:
    """Return the router of the general ledger."""
    made = APIRouter(tags=["general ledger"])
    GeneralLedgerRoutes(gl).add_to(made)
    return made
