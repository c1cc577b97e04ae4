"""What the general ledger's reports look like as JSON."""

import datetime as dt

from yunjin.chassis.transport.values import Answer, Total
from yunjin.foundation.banking.routes.gl_schemas import Element


class TrialRowOut(Answer):
    """An account; opening and closing are debits less credits."""

    account: str
    name_zh: str
    name_en: str
    element: Element
    parent: str
    depth: int
    is_total: bool
    branch: str
    currency: str
    opening_minor: Total
    debits_minor: Total
    credits_minor: Total
    closing_minor: Total


class TrialTotalOut(Answer):
    """All accounts of a currency (and branch)."""

    branch: str
    currency: str
    opening_minor: Total
    debits_minor: Total
    credits_minor: Total
    closing_minor: Total
    difference_minor: Total


class TrialBalanceOut(Answer):
    """The trial balance of some days."""

    start: dt.date
    end: dt.date
    branch: str
    currency: str
    rows: list[TrialRowOut]
    totals: list[TrialTotalOut]
    is_balanced: bool


class StatementRowOut(Answer):
    """A row of a statement."""

    key: str
    account: str
    name_zh: str
    name_en: str
    section: str
    depth: int
    is_total: bool
    currency: str
    amount_minor: Total
    prior_minor: Total


class CheckOut(Answer):
    """A currency's difference, always 0."""

    currency: str
    difference_minor: Total
    prior_difference_minor: Total


class SheetOut(Answer):
    """A balance sheet."""

    date: dt.date
    compare: dt.date
    branch: str
    currency: str
    rows: list[StatementRowOut]
    checks: list[CheckOut]


class IncomeOut(Answer):
    """An income statement: income > 0, expense < 0."""

    start: dt.date
    end: dt.date
    compare_start: dt.date
    compare_end: dt.date
    branch: str
    currency: str
    rows: list[StatementRowOut]
    checks: list[CheckOut]
