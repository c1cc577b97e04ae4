"""Rows of the ledger's columns as people think of them: a balance has a side, a hold a direction.

Pure: no console, no clock.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from typing import Any, Final, Self, TypeVar
from uuid import UUID

import pyarrow as pa

from yunjin.foundation.ledger.api import AccountFlag, Ledger, TransferFlag, TransferStatus
from yunjin.kernel.money import exponent, format_minor

DIGITS_MAX: Final = 39  # of 128 bits
T = TypeVar("T")


def whole(text: str | None, below: int) -> int | None:
    """Read a whole number of an address, from 0 to less than `below`; anything else is none."""
    if text is None or not (text.isascii() and text.isdecimal()) or len(text) > DIGITS_MAX:
        return None
    return number if (number := int(text)) < below else None


def following(ask: Callable[[str | None], tuple[T, str | None]]) -> Iterator[T]:
    """Yield page after page of what answers with a page and the cursor of the next."""
    page, cursor = ask(None)
    yield page
    while cursor is not None:
        page, cursor = ask(cursor)
        yield page


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """What went through an account. Unit: minor."""

    debits_pending: int
    debits_posted: int
    credits_pending: int
    credits_posted: int

    def net(self, side: str) -> int:
        """Return the posted balance as seen from a side."""
        net = self.credits_posted - self.debits_posted
        return net if side == "credit" else -net


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRow(Totals):
    """An account."""

    id: int
    ledger: int
    code: int
    flags: int
    limit_minor: int
    timestamp: int

    @classmethod
    def all_of(cls, batch: pa.RecordBatch) -> list[Self]:
        """Read ACCOUNTS."""
        return [cls(**row) for row in batch.to_pylist()]

    def has(self, flag: AccountFlag) -> bool:
        """Say whether a flag is set."""
        return bool(self.flags & flag)

    @property
    def side(self) -> str:
        """The side a balance of this account stands on by its nature; else where it is now."""
        if self.has(AccountFlag.DEBITS_MUST_NOT_EXCEED_CREDITS):
            return "credit"
        if self.has(AccountFlag.CREDITS_MUST_NOT_EXCEED_DEBITS):
            return "debit"
        return "credit" if self.credits_posted >= self.debits_posted else "debit"

    @property
    def balance_minor(self) -> int:
        """The posted balance on the account's own side."""
        return self.net(self.side)

    @property
    def held_minor(self) -> int:
        """What pending transfers will take away from the balance."""
        return self.debits_pending if self.side == "credit" else self.credits_pending

    @property
    def incoming_minor(self) -> int:
        """What pending transfers will add to the balance."""
        return self.credits_pending if self.side == "credit" else self.debits_pending

    @property
    def available_minor(self) -> int | None:
        """What may still be moved; None where no rule limits it."""
        limited = (
            AccountFlag.DEBITS_MUST_NOT_EXCEED_CREDITS | AccountFlag.CREDITS_MUST_NOT_EXCEED_DEBITS
        )
        if not self.flags & limited:
            return None
        return self.balance_minor - self.held_minor + self.limit_minor


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferRow:
    """A transfer; in an account's history also the account's totals right after it."""

    id: UUID
    debit_account_id: int
    credit_account_id: int
    amount_minor: int
    ledger: int
    code: int
    flags: int
    timeout_s: int
    pending_id: UUID | None
    user_data_128: UUID | None
    user_data_64: int
    user_data_32: int
    timestamp: int
    status: int
    totals: Totals | None = None

    @classmethod
    def all_of(cls, batch: pa.RecordBatch) -> list[Self]:
        """Read TRANSFERS or HISTORY."""
        return [cls._of(row) for row in batch.to_pylist()]

    @classmethod
    def _of(cls, row: dict[str, Any]) -> Self:
        plain = {f.name: row[f.name] for f in fields(cls) if f.name in row}
        names = [f.name for f in fields(Totals)]
        return cls(
            **plain,
            id=UUID(int=row["id_hi"] << 64 | row["id_lo"]),
            pending_id=_uuid(row, "pending_id"),
            user_data_128=_uuid(row, "user_data_128"),
            totals=Totals(**{name: row[name] for name in names}) if names[0] in row else None,
        )

    def has(self, flag: TransferFlag) -> bool:
        """Say whether a flag is set."""
        return bool(self.flags & flag)

    @property
    def kind(self) -> str:
        """What it did: plain, pending, post, void, or expired (the end of a hold in a history)."""
        if self.status == TransferStatus.PENDING_TRANSFER_EXPIRED:
            return "expired"
        if self.has(TransferFlag.PENDING):
            return "pending"
        if self.has(TransferFlag.POST_PENDING):
            return "post"
        return "void" if self.has(TransferFlag.VOID_PENDING) else "plain"

    @property
    def expires_ns(self) -> int | None:
        """When a hold ends by itself; None where it never does."""
        if not (self.has(TransferFlag.PENDING) and self.timeout_s):
            return None
        return self.timestamp + self.timeout_s * 1_000_000_000

    def other_side(self, account_id: int) -> int:
        """Return the account on the other side."""
        mine = self.debit_account_id == account_id
        return self.credit_account_id if mine else self.debit_account_id


def _uuid(row: dict[str, Any], name: str) -> UUID | None:
    number = row[f"{name}_hi"] << 64 | row[f"{name}_lo"]
    return UUID(int=number) if number else None


class Units:
    """In what the accounts of each ledger are counted. An undeclared ledger counts as it comes."""

    def __init__(self, ledgers: list[Ledger]) -> None:
        self._ledgers = {one.ledger: one for one in ledgers}

    def all(self) -> list[Ledger]:
        """Return the declared ledgers."""
        return list(self._ledgers.values())

    def choices(self) -> dict[str, str]:
        """Return the declared ledgers to choose from: number → name."""
        return {str(ledger): self.name(ledger) for ledger in self._ledgers}

    def currency(self, ledger: int) -> str:
        """Return the currency's code; empty where it is not declared."""
        return self._ledgers[ledger].currency if ledger in self._ledgers else ""

    def name(self, ledger: int) -> str:
        """Name a ledger: `1 · CNY`."""
        return f"{ledger} · {self.currency(ledger)}" if ledger in self._ledgers else str(ledger)

    def given_name(self, ledger: int) -> str:
        """Return the name a ledger was declared with; may be empty."""
        return self._ledgers[ledger].name if ledger in self._ledgers else ""

    def decimals(self, ledger: int) -> int:
        """Return the number of decimals of its amounts."""
        return exponent(self.currency(ledger)) if ledger in self._ledgers else 0

    def amount(self, ledger: int, minor: int) -> str:
        """Write an amount with its decimals and thousands separators, without the currency."""
        if ledger not in self._ledgers:
            return f"{minor:,}"
        return format_minor(minor, self.currency(ledger), grouped=True)

    def money(self, ledger: int, minor: int) -> str:
        """Write an amount with its currency."""
        return f"{self.amount(ledger, minor)} {self.currency(ledger)}".strip()

    def common(self, ledgers: set[int]) -> str:
        """Return the currency that all of these share; empty where they do not."""
        currencies = {self.currency(ledger) for ledger in ledgers}
        return currencies.pop() if len(currencies) == 1 else ""
