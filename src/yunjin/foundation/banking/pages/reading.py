"""What the doors answer, as people think of it: movements in and out, slots by name. Pure."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self
from uuid import UUID

import pyarrow as pa

from yunjin.foundation.banking.api.agreements import Agreement
from yunjin.foundation.banking.api.dates import business_days
from yunjin.foundation.banking.api.products import ProductInfo
from yunjin.foundation.ledger.api import TransferFlag, TransferStatus
from yunjin.kernel.ids import SEQUENCE_MAX
from yunjin.kernel.ids import account_id as made_id

EPOCH: Final = dt.date(1970, 1, 1)
ENTRY: Final = 1  # the ledger's code of what a customer or an officer asked for
CODES: Final[Mapping[int, str]] = {
    ENTRY: "entry",
    2: "product",
    3: "accrual",
    4: "provision",
    5: "manual",
}
# An account's code in the ledger is its slot; the words of the slots are kept by name.
SLOTS: Final[Mapping[int, str]] = {
    100: "cash", 101: "clearing", 102: "fund_source", 103: "inter_branch",
    110: "loans", 111: "loans_overdue", 112: "overdrafts", 113: "card_receivable",
    120: "interest_receivable", 121: "fees_receivable", 122: "penalty_receivable",
    123: "interest_accrued", 130: "provision",
    200: "deposits", 201: "term_deposits", 202: "wallets", 203: "wealth_units",
    210: "interest_payable", 220: "suspense", 221: "overpayments", 222: "dormant",
    300: "equity", 301: "retained",
    400: "interest_income", 401: "fee_income", 402: "penalty_income", 403: "recoveries",
    500: "interest_expense", 501: "fee_expense", 502: "impairment", 503: "write_off",
}  # fmt: skip
PROVISION: Final = 130


def is_asset(slot: str) -> bool:
    """Say whether a slot by name is something the bank owns, as a loan."""
    return any(name == slot and number < 200 for number, name in SLOTS.items())


def owed_minor(one: Agreement, info: ProductInfo) -> int | None:
    """Return what a borrower owes, due or not, minor units; None where nothing is lent."""
    if not is_asset(info.accounts.get("main", "")):
        return None
    return sum(one.balances[name] for name, slot in info.accounts.items() if is_asset(slot))


def grows_by_credit(code: int) -> bool:
    """Say on which side an account grows: the first digit of its code is the element."""
    return code == PROVISION or code // 100 in (2, 3, 4)


def whole(text: str | None, below: int = 1 << 63) -> int | None:
    """Read a whole number from 0 to less than `below`; anything else is none."""
    if text is None or not (text.isascii() and text.isdecimal()) or len(text) > 19:
        return None
    return number if (number := int(text)) < below else None


def agreement_number(text: str, cell: int) -> int | None:
    """Read an agreement's id: the whole one, `1-000042`, or `42` in this cell."""
    first, dash, last = text.strip().partition("-")
    if dash:
        own, sequence = whole(first, 1 << 15), whole(last, SEQUENCE_MAX + 1)
        return made_id(own, sequence) if own is not None and sequence else None
    number = whole(first)
    if not number:
        return None
    return number if number > SEQUENCE_MAX else made_id(cell, number)


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """A transfer as one account sees it; amounts in minor units, in where the balance grows."""

    id: UUID
    pending_id: UUID | None
    other: int
    amount_minor: int  # < 0 where the balance falls
    balance_minor: int  # posted, right after it
    code: int
    kind: str  # "plain", "pending", "post", "void" or "expired"
    business_date: dt.date | None
    timestamp: int

    @classmethod
    def all_of(cls, batch: pa.RecordBatch, account_id: int, code: int) -> list[Self]:
        """Read HISTORY of an account with a code of the ledger."""
        sign = 1 if grows_by_credit(code) else -1
        return [cls._of(row, account_id, sign) for row in batch.to_pylist()]

    @classmethod
    def _of(cls, row: dict[str, Any], account_id: int, sign: int) -> Self:
        is_credit = row["credit_account_id"] == account_id
        pending = row["pending_id_hi"] << 64 | row["pending_id_lo"]
        days = business_days(row["user_data_32"])
        return cls(
            id=UUID(int=row["id_hi"] << 64 | row["id_lo"]),
            pending_id=UUID(int=pending) if pending else None,
            other=row["debit_account_id"] if is_credit else row["credit_account_id"],
            amount_minor=row["amount_minor"] * (sign if is_credit else -sign),
            balance_minor=(row["credits_posted"] - row["debits_posted"]) * sign,
            code=row["code"],
            kind=_kind(row["flags"], row["status"]),
            business_date=EPOCH + dt.timedelta(days=days) if days else None,
            timestamp=row["timestamp"],
        )

    @property
    def is_booked(self) -> bool:
        """Whether the balance moved."""
        return self.kind in ("plain", "post")


def _kind(flags: int, status: int) -> str:
    if status == TransferStatus.PENDING_TRANSFER_EXPIRED:
        return "expired"
    named = (
        (TransferFlag.PENDING, "pending"),
        (TransferFlag.POST_PENDING, "post"),
        (TransferFlag.VOID_PENDING, "void"),
    )
    return next((name for flag, name in named if flags & flag), "plain")


def open_holds(newest_first: list[Movement]) -> list[Movement]:
    """Return the holds among movements that nothing has ended yet."""
    ended = {one.pending_id for one in newest_first if one.pending_id}
    ended |= {one.id for one in newest_first if one.kind == "expired"}
    return [one for one in newest_first if one.kind == "pending" and one.id not in ended]


def evenings(newest_first: list[Movement]) -> list[tuple[dt.date, int]]:
    """Return the balance at the end of each business day that moved it, oldest first."""
    found: dict[dt.date, int] = {}
    for one in newest_first:
        if one.is_booked and one.business_date is not None:
            found.setdefault(one.business_date, one.balance_minor)
    return sorted(found.items())
