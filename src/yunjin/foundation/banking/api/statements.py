"""Papers of an agreement: statements, certificates, schedules, quotes, costs.

Periods are business dates, from `start` to `end`, the last day. What is booked carries the bank's
business date and a UTC instant; the two need not fall on the same day.
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

import pyarrow as pa

LINES: Final = pa.schema(
    [
        ("timestamp", pa.int64()),  # ns, of the ledger
        ("transfer_hi", pa.uint64()),
        ("transfer_lo", pa.uint64()),
        ("business_date", pa.date32()),
        ("value_date", pa.date32()),
        ("code", pa.uint16()),  # kind of posting
        ("text", pa.string()),  # the same in words
        ("debit_minor", pa.int64()),
        ("credit_minor", pa.int64()),
        ("balance_minor", pa.int64()),  # afterwards, on the side the account grows on
        ("counter_account_id", pa.int64()),
        ("counterparty", pa.string()),
        ("reference", pa.string()),  # the caller's own, as a UUID; "" where none was given
    ]
)


class Lang(StrEnum):
    """The language of words."""

    ZH = "zh"
    EN = "en"


class Form(StrEnum):
    """What a paper is written as."""

    CSV = "csv"
    PDF = "pdf"


class Kind(StrEnum):
    """The papers there are."""

    STATEMENT = "statement"  # 对账单
    INTEREST = "interest"  # 利息证明
    SCHEDULE = "schedule"  # 还款计划
    PAYOFF = "payoff"  # 提前还款试算
    COST = "cost"  # 年化综合成本


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """What a paper is checked by: SHA-256 of its data, and where the journal ended then."""

    digest: str
    journal_sequence: int
    journal_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementQuery:
    """Which account of an agreement ("": the main one), and which period; `end` is its last day."""

    agreement_id: int
    start: dt.date
    end: dt.date
    account: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """An account over a period. Amounts in minor units; balances on the side it grows on.

    account : its name in the product.  issued : the business date it was made on.
    lines : LINES, in the order of booking; what is only on hold is not among them.
    """

    query: StatementQuery
    account: str
    account_id: int
    product: str
    currency: str
    issued: dt.date
    opening_minor: int
    closing_minor: int
    debit_minor: int
    credit_minor: int
    line_count: int
    lines: pa.RecordBatch
    seal: Seal


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """Whether a statement is what the ledger says.

    is_chained : the journal has that row with that hash.
    is_same : the lines up to that row give that digest.
    """

    is_chained: bool
    is_same: bool

    @property
    def is_genuine(self) -> bool:
        """Whether both hold."""
        return self.is_chained and self.is_same


@dataclass(frozen=True, slots=True, kw_only=True)
class BalancesAt:
    """Balances of an agreement's accounts at a time, minor units.

    date : the business date whose close is meant; None where an instant was asked for.
    timestamp : ns, the last instant that counts.
    """

    agreement_id: int
    currency: str
    date: dt.date | None
    timestamp: int
    balances: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class InterestLine:
    """Interest on a date. kind: "earned" by the customer, "charged" to him, "paid" by him."""

    date: dt.date
    kind: str
    is_penalty: bool
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLine:
    """A rate from a date on, ppm a year, by the product's name of it."""

    since: dt.date
    name: str
    rate_ppm: int


@dataclass(frozen=True, slots=True, kw_only=True)
class InterestCertificate:
    """Interest of a period.

    earned, charged, paid : minor units; penalty interest is counted with them.
    accrued_earned, accrued_charged : grown and not settled on the day of issue, minor units.
    """

    agreement_id: int
    product: str
    currency: str
    start: dt.date
    end: dt.date
    issued: dt.date
    earned_minor: int
    charged_minor: int
    paid_minor: int
    accrued_earned_minor: int
    accrued_charged_minor: int
    lines: tuple[InterestLine, ...]
    rates: tuple[RateLine, ...]
    seal: Seal


@dataclass(frozen=True, slots=True, kw_only=True)
class Instalment:
    """What falls due on a date, minor units.

    status : "paid", "due" (today), "overdue", "coming", or "prepaid" (principal before its time).
    paid_on : when the last part of it was paid.
    balance_minor : principal that is not due yet, afterwards.
    """

    number: int  # 0: no instalment
    due: dt.date
    principal_minor: int
    interest_minor: int
    penalty_minor: int
    fee_minor: int
    paid_minor: int
    paid_on: dt.date | None
    balance_minor: int
    status: str

    @property
    def total_minor(self) -> int:
        """All of it together."""
        return self.principal_minor + self.interest_minor + self.penalty_minor + self.fee_minor


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanSchedule:
    """What fell due and what will, if everything is paid on its day and the terms stay.

    date : as of the evening of this business date, by the terms that were in force on it.
    """

    agreement_id: int
    product: str
    currency: str
    issued: dt.date
    date: dt.date
    drawn_minor: int
    overdue_minor: int
    instalments: tuple[Instalment, ...]
    seal: Seal


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoffPart:
    """A part of a payoff: "principal", "principal_due", "interest_due", "interest_put_off",
    "interest_accrued", "penalty_due", "penalty_accrued", "fees_due", "other", "paid_in" (< 0)."""

    name: str
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoffQuote:
    """What settles a loan in full on a date.

    before : instalments that fall due until then and are taken as paid on their days.
    per_day_minor : what a day's delay adds.
    valid_until : the business date on whose close it ends; any posting before ends it too.
    """

    agreement_id: int
    product: str
    currency: str
    issued: dt.date
    date: dt.date
    valid_until: dt.date
    total_minor: int
    per_day_minor: int
    parts: tuple[PayoffPart, ...]
    before: tuple[Instalment, ...]
    seal: Seal


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanCost:
    """What a loan costs its borrower by its terms, if he pays on the days.

    apr_ppm : Regulation Z, Appendix J.  nominal_ppm, effective_ppm : 年化综合成本 by the internal
    rate of return, simple and compounded.  basis : "months" or "days" between payments.
    warning : "", "above_protected" (24 %) or "above_limit" (36 %), of `nominal_ppm`.
    """

    agreement_id: int
    product: str
    currency: str
    issued: dt.date
    drawn_minor: int
    paid_minor: int
    charged_minor: int
    apr_ppm: int
    nominal_ppm: int
    effective_ppm: int
    basis: str
    warning: str
    payments: tuple[Instalment, ...]
    seal: Seal


class StatementsApi(Protocol):
    """What an agreement came to. Every method may raise AgreementNotFound and Outage."""

    def statement(self, query: StatementQuery, *, lang: Lang = Lang.ZH) -> Statement:
        """Return an account's lines over a period.

        Raises: Malformed (period, account), StatementTooLong.
        """

    def verify(self, query: StatementQuery, seal: Seal) -> Verification:
        """Hold a statement's seal against the ledger, whatever was booked since."""

    def balances(
        self, agreement_id: int, *, date: dt.date | None = None, timestamp: int | None = None
    ) -> BalancesAt:
        """Return balances at the close of a business date or at an instant (ns); now if neither.

        Raises: Malformed (both, or a date that is still to come).
        """

    def interest(self, agreement_id: int, *, start: dt.date, end: dt.date) -> InterestCertificate:
        """Return the interest of a period 利息证明. Raises: Malformed (period)."""

    def schedule(self, agreement_id: int, *, date: dt.date | None = None) -> LoanSchedule:
        """Return a loan's schedule, past and to come 还款计划, as of a business date; now if none.

        Raises: NoSchedule (also: the past cannot be worked out again), Malformed (date).
        """

    def payoff(self, agreement_id: int, date: dt.date) -> PayoffQuote:
        """Return what settles a loan on a date 提前还款试算.

        On a past date: by the terms in force then, after all that was booked on it.
        Raises: NoSchedule, AgreementNotOpen, Malformed (a date before it was opened).
        """

    def cost(self, agreement_id: int) -> LoanCost:
        """Return a loan's annual cost by the terms it was opened with 年化综合成本.

        What was agreed since changes nothing of it. Raises: NoSchedule, NoRate.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperOrder:
    """A paper that is wanted. start, end: of a period; others are for `start`.

    has_mark : CSV begins with a byte-order mark; Excel takes it for another encoding without.
    """

    kind: Kind
    form: Form
    agreement_id: int
    lang: Lang = Lang.ZH
    start: dt.date | None = None
    end: dt.date | None = None
    account: str = ""
    has_mark: bool = True


class PapersPort(Protocol):
    """Writes papers; of the near twin only, since bytes stream."""

    def write(self, order: PaperOrder) -> Iterator[bytes]:
        """Return a paper in parts; refusals come before the first one.

        CSV is UTF-8 after RFC 4180, in bounded memory however long it is.
        Raises: what the data raises; Malformed (dates missing); StatementTooLong (PDF).
        """
