"""What papers look like as JSON."""

import datetime as dt
from typing import Self
from uuid import UUID

from pydantic import Field

from yunjin.chassis.transport.values import Answer, Digits, Instant, Total
from yunjin.foundation.banking.api.statements import Statement


class SealOut(Answer):
    """SHA-256 of the data, and where the journal ended then."""

    digest: str
    journal_sequence: int
    journal_hash: str


class LineOut(Answer):
    """A movement of the account."""

    transfer_id: UUID
    posted_at: Instant = Field(description="UTC.")
    business_date: dt.date
    value_date: dt.date
    code: int
    text: str
    debit_minor: Total
    credit_minor: Total
    balance_minor: Total
    counter_account_id: Digits
    counterparty: str
    reference: str


class StatementOut(Answer):
    """An account over a period."""

    agreement_id: Digits
    account: str
    account_id: Digits
    product: str
    currency: str
    start: dt.date
    end: dt.date
    issued: dt.date
    opening_minor: Total
    closing_minor: Total
    debit_minor: Total
    credit_minor: Total
    line_count: int
    lines: list[LineOut]
    seal: SealOut

    @classmethod
    def of(cls, found: Statement) -> Self:
        names = set(cls.model_fields) - {"agreement_id", "start", "end", "lines", "seal"}
        rows = found.lines.to_pylist()
        return cls(
            **{name: getattr(found, name) for name in names},
            agreement_id=found.query.agreement_id,
            start=found.query.start,
            end=found.query.end,
            seal=SealOut.model_validate(found.seal),
            lines=[
                LineOut(
                    transfer_id=UUID(int=(row["transfer_hi"] << 64) | row["transfer_lo"]),
                    posted_at=row["timestamp"],
                    **{name: row[name] for name in LineOut.model_fields if name in row},
                )
                for row in rows
            ],
        )


class VerificationOut(Answer):
    """Whether a statement is what the ledger says."""

    is_genuine: bool
    is_chained: bool
    is_same: bool


class BalancesOut(Answer):
    """Balances at a time, by account."""

    agreement_id: Digits
    currency: str
    date: dt.date | None
    timestamp: Instant
    balances: dict[str, Total]


class PaperOut(Answer):
    """What every paper of an agreement says."""

    agreement_id: Digits
    product: str
    currency: str
    issued: dt.date
    seal: SealOut


class InterestLineOut(Answer):
    """Interest on a date."""

    date: dt.date
    kind: str
    is_penalty: bool
    amount_minor: Total


class RateOut(Answer):
    """A rate from a date on."""

    since: dt.date
    name: str
    rate_ppm: int


class InterestOut(PaperOut):
    """Interest of a period."""

    start: dt.date
    end: dt.date
    earned_minor: Total
    charged_minor: Total
    paid_minor: Total
    accrued_earned_minor: Total
    accrued_charged_minor: Total
    lines: list[InterestLineOut]
    rates: list[RateOut]


class InstalmentOut(Answer):
    """What falls due on a date."""

    number: int
    due: dt.date
    principal_minor: Total
    interest_minor: Total
    penalty_minor: Total
    fee_minor: Total
    total_minor: Total
    paid_minor: Total
    paid_on: dt.date | None
    balance_minor: Total
    status: str


class ScheduleOut(PaperOut):
    """A loan's schedule. date: as of its evening."""

    date: dt.date
    drawn_minor: Total
    overdue_minor: Total
    instalments: list[InstalmentOut]


class PartOut(Answer):
    """A part of a payoff."""

    name: str
    amount_minor: Total


class PayoffOut(PaperOut):
    """What settles a loan on a date."""

    date: dt.date
    valid_until: dt.date
    total_minor: Total
    per_day_minor: Total
    parts: list[PartOut]
    before: list[InstalmentOut]


class CostOut(PaperOut):
    """What a loan costs a year, rates in ppm."""

    drawn_minor: Total
    paid_minor: Total
    charged_minor: Total
    apr_ppm: int
    nominal_ppm: int
    effective_ppm: int
    basis: str
    warning: str
    payments: list[InstalmentOut]
