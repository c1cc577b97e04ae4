"""What the general ledger reports: trial balance, balance sheet, income statement. Unit: minor."""

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialRow:
    """An account's row; opening and closing are debits less credits.

    is_total : it sums up what stands beneath it (`depth` deeper), itself included.
    branch : "" where all are summed.
    """

    account: str
    name_zh: str
    name_en: str
    element: str
    parent: str
    depth: int
    is_total: bool
    branch: str
    currency: str
    opening_minor: int
    debits_minor: int
    credits_minor: int
    closing_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialTotal:
    """All accounts of a currency (and branch)."""

    branch: str
    currency: str
    opening_minor: int
    debits_minor: int
    credits_minor: int
    closing_minor: int

    @property
    def difference_minor(self) -> int:
        """Debits less credits since the first entry; always 0."""
        return self.closing_minor


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialBalance:
    """试算平衡表, 科目余额表: every account that has or had a balance."""

    start: dt.date
    end: dt.date
    branch: str
    currency: str
    rows: tuple[TrialRow, ...]
    totals: tuple[TrialTotal, ...]

    @property
    def is_balanced(self) -> bool:
        """Whether debits equal credits everywhere."""
        return not any(one.difference_minor or one.opening_minor for one in self.totals)


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementRow:
    """A row of a statement, on the side its section grows on.

    account : "" for a row that is no account.
    key : what the row is: an account's code, or "total_assets", "profit", …
    """

    key: str
    account: str
    name_zh: str
    name_en: str
    section: str
    depth: int
    is_total: bool
    currency: str
    amount_minor: int
    prior_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementCheck:
    """A currency's difference, always 0.

    Of a balance sheet: assets less liabilities and equity. Of an income statement: its profit
    less what the accounts of income and expense moved by.
    """

    currency: str
    difference_minor: int
    prior_difference_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """资产负债表: at the end of a day, beside another's."""

    date: dt.date
    compare: dt.date
    branch: str
    currency: str
    rows: tuple[StatementRow, ...]
    checks: tuple[StatementCheck, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomeStatement:
    """利润表: of days from `start` to and with `end`, beside others'. Year ends are left out."""

    start: dt.date
    end: dt.date
    compare_start: dt.date
    compare_end: dt.date
    branch: str
    currency: str
    rows: tuple[StatementRow, ...]
    checks: tuple[StatementCheck, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DayMovement:
    """A day of an account; balance: debits less credits at its end."""

    date: dt.date
    debits_minor: int
    credits_minor: int
    balance_minor: int


Report = TrialBalance | Sheet | IncomeStatement
