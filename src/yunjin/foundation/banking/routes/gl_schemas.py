"""What the general ledger's JSON looks like."""

import dataclasses
import datetime as dt
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import Field

from yunjin.chassis.transport.values import Answer, Form, Total
from yunjin.foundation.banking.api.general_ledger import (
    LINES_MAX,
    GlAccount,
    GlEntry,
    GlLine,
    GlMapping,
    GlPeriod,
    GlRule,
    ManualEntry,
    ManualLine,
    Rule,
)
from yunjin.foundation.banking.api.gl_transfers import LineTransfer
from yunjin.kernel.money import MINOR_MAX

Element = Literal["asset", "liability", "equity", "income", "expense"]
Branch = Annotated[str, Field(max_length=16, pattern="^[A-Za-z0-9._-]*$")]
Currency = Annotated[str, Field(pattern="^([A-Z]{3})?$")]
Product = Annotated[str, Field(min_length=1, max_length=40)]
Who = Annotated[str, Field(min_length=1, max_length=64, description="Who it was.")]
Reason = Annotated[str, Field(min_length=1, max_length=200)]
KindName = Literal["movements", "manual", "reversal", "year_end", "remap"]
Month = Annotated[str, Field(pattern="^[0-9]{4}-[0-9]{2}$")]
Side = Annotated[int, Field(strict=True, ge=0, le=MINOR_MAX)]
Code = Annotated[str, Field(min_length=1, max_length=16, pattern="^[0-9]+$")]


class AccountForm(Form):
    """An account to add."""

    code: Code
    name_zh: Annotated[str, Field(min_length=1, max_length=100)]
    name_en: Annotated[str, Field(min_length=1, max_length=100)]
    element: Element
    parent: Annotated[str, Field(max_length=16)] = ""
    is_postable: bool = True
    is_contra: bool = False

    def asked(self) -> GlAccount:
        """Return what is asked for."""
        return GlAccount(**self.model_dump())


class AccountOut(Answer):
    """An account of the chart."""

    code: str
    name_zh: str
    name_en: str
    element: Element
    parent: str
    is_postable: bool
    is_contra: bool
    is_common: bool
    is_control: bool
    is_preset: bool
    slots: list[str]


class AccountsOut(Answer):
    """The chart of accounts, by code."""

    items: list[AccountOut]


class MappingForm(Form):
    """Where a slot is booked from a day on. account: empty lets a product follow `*` again."""

    slot: Annotated[str, Field(min_length=1, max_length=40)]
    account: Annotated[str, Field(max_length=16)]
    since: dt.date
    product: Product = "*"

    def asked(self) -> GlMapping:
        """Return what is asked for."""
        return GlMapping(**self.model_dump())


class MappingOut(Answer):
    """Where a slot is booked. since: null for the preset."""

    slot: str
    product: str
    account: str
    since: dt.date | None


class MappingsOut(Answer):
    """Mappings, and what is wrong with them on the day."""

    items: list[MappingOut]
    complaints: list[str] = Field(default_factory=list)


class RuleForm(Form):
    """A product's accounting rule from a day on."""

    product: Product
    rule: Literal["accrual", "cash"]
    since: dt.date

    def asked(self) -> GlRule:
        """Return what is asked for."""
        return GlRule(product=self.product, rule=Rule[self.rule.upper()], since=self.since)


class RuleOut(Answer):
    """A rule that was set."""

    product: str
    rule: Literal["accrual", "cash"]
    since: dt.date

    @classmethod
    def of(cls, rule: GlRule) -> Self:
        return cls(
            product=rule.product,
            rule="accrual" if rule.rule is Rule.ACCRUAL else "cash",
            since=rule.since,
        )


class RulesOut(Answer):
    """The rules that were set; whatever has none is on accrual."""

    items: list[RuleOut]


class LineForm(Form):
    """A line of a manual entry: a debit or a credit."""

    account: Code
    branch: Annotated[str, Field(min_length=1, max_length=16)] = "head"
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] = "CNY"
    debit_minor: Side = 0
    credit_minor: Side = 0


class EntryForm(Form):
    """A manual entry; its lines balance in each branch and currency."""

    date: dt.date
    lines: Annotated[list[LineForm], Field(min_length=2, max_length=LINES_MAX)]
    reason: Reason
    by: Who
    reference: Annotated[str, Field(max_length=64)] = ""

    def asked(self, command_id: UUID) -> ManualEntry:
        """Return what is asked for."""
        return ManualEntry(
            command_id=command_id,
            date=self.date,
            lines=tuple(ManualLine(**line.model_dump()) for line in self.lines),
            reason=self.reason,
            by=self.by,
            reference=self.reference,
        )


class ReversalForm(Form):
    """Why and when an entry is reversed."""

    date: dt.date
    reason: Reason
    by: Who


class LineOut(Answer):
    """A line of an entry."""

    entry: str
    place: int
    source: str
    kind: KindName
    date: dt.date
    account: str
    slot: str
    product: str
    branch: str
    currency: str
    debit_minor: Total
    credit_minor: Total
    reason: str
    has_transfers: bool = Field(description="Transfers of the ledger are behind it.")

    @classmethod
    def of(cls, line: GlLine) -> Self:
        facts = dataclasses.asdict(line) | {"has_transfers": line.has_transfers}
        return cls(**facts | {"entry": str(line.entry), "kind": line.kind.name.lower()})


class LinesOut(Answer):
    """A page of lines, newest first."""

    items: list[LineOut]
    next_cursor: str | None


class TransferOut(Answer):
    """A transfer of the ledger as a line counts it; on both sides where it stays within its slot.

    Code: 1 entry, 2 product, 3 accrual, 4 provision, 5 manual. Agreement "0": in sum, or by hand.
    """

    transfer_id: UUID
    agreement_id: str
    debit_account_id: str
    credit_account_id: str
    debit_minor: Total
    credit_minor: Total
    code: int
    value_date: dt.date
    at: dt.datetime

    @classmethod
    def of(cls, one: LineTransfer) -> Self:
        facts = dataclasses.asdict(one)
        at_us = facts.pop("timestamp") // 1_000
        numbers = ("agreement_id", "debit_account_id", "credit_account_id")
        return cls(**facts | {name: str(facts[name]) for name in numbers}, at=_instant(at_us))


class TransfersOut(Answer):
    """A page of transfers, oldest first."""

    items: list[TransferOut]
    next_cursor: str | None


class EntryOut(Answer):
    """An entry as it was booked."""

    number: str
    source: str
    kind: KindName
    date: dt.date
    reason: str
    reference: str
    by: str
    reverses: str | None
    reversed_by: str | None
    at: dt.datetime
    lines: list[LineOut]

    @classmethod
    def of(cls, entry: GlEntry) -> Self:
        return cls(
            number=str(entry.number),
            source=entry.source,
            kind=entry.kind.name.lower(),
            date=entry.date,
            reason=entry.reason,
            reference=entry.reference,
            by=entry.by,
            reverses=None if entry.reverses is None else str(entry.reverses),
            reversed_by=None if entry.reversed_by is None else str(entry.reversed_by),
            at=_instant(entry.at_us),
            lines=[LineOut.of(line) for line in entry.lines],
        )


class EntriesOut(Answer):
    """A page of entries with their lines, newest first."""

    items: list[EntryOut]
    next_cursor: str | None


class AccountDayOut(Answer):
    """A day of an account. balance: debits less credits at its end."""

    date: dt.date
    debits_minor: Total
    credits_minor: Total
    balance_minor: Total


class AccountDaysOut(Answer):
    """The days of an account that moved."""

    items: list[AccountDayOut]


class ScopeOut(Answer):
    """What there are entries of. first, last: null while there is none."""

    branches: list[str]
    currencies: list[str]
    products: list[str]
    first: dt.date | None
    last: dt.date | None


class YearEndForm(Form):
    """Who carries a year."""

    by: Who


class YearEndOut(Answer):
    """The entry that was booked, null where nothing was left."""

    entry: EntryOut | None


class PeriodForm(Form):
    """Who changes a month's state, and why."""

    by: Who
    reason: Annotated[str, Field(max_length=200)] = ""


class PeriodOut(Answer):
    """A month of the books."""

    month: str
    status: Literal["open", "closed", "locked"]
    by: str
    reason: str
    at: dt.datetime | None

    @classmethod
    def of(cls, period: GlPeriod) -> Self:
        facts: dict[str, Any] = dataclasses.asdict(period)
        at_us = facts.pop("at_us")
        return cls(**facts, at=_instant(at_us) if at_us else None)


class PeriodsOut(Answer):
    """Months, newest first."""

    items: list[PeriodOut]


def _instant(at_us: int) -> dt.datetime:
    return dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(microseconds=at_us)
