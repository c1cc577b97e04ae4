"""What the ledger's JSON looks like: read and create schemas apart."""

from typing import Annotated, Any, Literal, Self
from uuid import UUID

import pyarrow as pa
from pydantic import Field

from yunjin.chassis.transport.values import (
    Digits,
    Form,
    Int63,
    Minor,
    Total,
    UInt16,
    UInt32,
    rfc3339,
)
from yunjin.foundation.ledger.api import (
    ACCOUNTS_OPTIONAL,
    ACCOUNTS_REQUIRED,
    AccountFlag,
    AccountStatus,
    Alias,
    TransferFlag,
    TransferStatus,
)
from yunjin.foundation.ledger.routes.values import BATCH_MAX, AccountId, Answer, flag_names

AccountFlagName = Literal[
    "linked",
    "debits_must_not_exceed_credits",
    "credits_must_not_exceed_debits",
    "history",
    "imported",
    "closed",
]


class LedgerForm(Form):
    """A unit that accounts are kept in."""

    ledger: Annotated[int, Field(strict=True, ge=1, le=2**32 - 1)]
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")]
    name: Annotated[str, Field(max_length=100)] = ""


class LedgersForm(Form):
    """Units to declare; those already declared may be said again."""

    ledgers: Annotated[list[LedgerForm], Field(min_length=1, max_length=1_000)]


class LedgerOut(Answer):
    """A declared unit."""

    ledger: int
    currency: str
    name: str


class LedgersOut(Answer):
    """All declared units, by number."""

    items: list[LedgerOut]


class AccountForm(Form):
    """An account to open; take its id from POST /v1/account_ids and keep it before sending."""

    id: AccountId
    ledger: UInt32
    code: UInt16
    flags: Annotated[tuple[AccountFlagName, ...], Field(max_length=6)] = ()
    limit_minor: Minor = 0
    timestamp: Int63 = 0

    def row(self) -> dict[str, int]:
        """Return the account as a row of columns."""
        flags = sum({AccountFlag[name.upper()] for name in self.flags})
        return self.model_dump(exclude={"flags"}) | {"flags": int(flags)}


class AccountBatchForm(Form):
    """Accounts to open in one batch, in order."""

    accounts: Annotated[list[AccountForm], Field(min_length=1, max_length=BATCH_MAX)]


class AccountResult(Answer):
    """What came of opening one account."""

    id: Digits
    status: str
    status_code: int
    timestamp: Digits

    @classmethod
    def of(cls, identity: int, status: int, timestamp: int) -> Self:
        name = AccountStatus(status).name.lower()
        return cls(id=identity, status=name, status_code=status, timestamp=timestamp)


class AccountBatchOut(Answer):
    """One result an account, in order."""

    results: list[AccountResult]


class AccountIdsForm(Form):
    """How many account ids to set aside."""

    count: Annotated[int, Field(strict=True, ge=1, le=1_000_000)]


class AccountIdsOut(Answer):
    """Ids set aside for the caller: `first` and the `count - 1` that follow it."""

    first: Digits
    count: int


class Totals(Answer):
    """An account's four totals, in minor units."""

    debits_pending: Total
    debits_posted: Total
    credits_pending: Total
    credits_posted: Total


class AccountOut(Totals):
    """An account as it stands."""

    id: Digits
    ledger: int
    code: int
    flags: list[str]
    limit_minor: Total
    timestamp: Digits
    opened_at: str

    @classmethod
    def of(cls, row: dict[str, Any]) -> Self:
        flags = flag_names(row["flags"], AccountFlag)
        return cls(**row | {"flags": flags, "opened_at": rfc3339(row["timestamp"])})


class AccountsOut(Answer):
    """A page of accounts, newest first."""

    items: list[AccountOut]
    next_cursor: str | None


class TransferOut(Answer):
    """A transfer as it was taken."""

    id: UUID
    debit_account_id: Digits
    credit_account_id: Digits
    amount_minor: Total
    ledger: int
    code: int
    flags: list[str]
    timeout_s: int
    pending_id: UUID | None
    user_data_128: UUID | None
    user_data_64: Digits
    user_data_32: int
    status: str
    timestamp: Digits
    posted_at: str

    @classmethod
    def of(cls, row: dict[str, Any]) -> Self:
        return cls(**_transfer_fields(row))


class TransfersOut(Answer):
    """A page of transfers, newest first."""

    items: list[TransferOut]
    next_cursor: str | None


class Posting(TransferOut):
    """A transfer of an account, with the account's own totals right after it."""

    totals: Totals

    @classmethod
    def of(cls, row: dict[str, Any]) -> Self:
        return cls(**_transfer_fields(row), totals=Totals(**row))


class HistoryOut(Answer):
    """A page of an account's postings."""

    items: list[Posting]
    next_cursor: str | None


class AliasForm(Form):
    """An alias to bind."""

    kind: Annotated[str, Field(min_length=1, max_length=32)]
    value: Annotated[str, Field(min_length=1, max_length=128)]
    account_id: AccountId


class AliasBatchForm(Form):
    """Aliases to bind together."""

    aliases: Annotated[list[AliasForm], Field(min_length=1, max_length=BATCH_MAX)]


class AliasOut(Answer):
    """A name that people use for an account."""

    kind: str
    value: str
    account_id: Digits

    @classmethod
    def of(cls, alias: Alias) -> Self:
        return cls(kind=alias.kind, value=alias.value, account_id=alias.account_id)


class AliasesOut(Answer):
    """A page of aliases."""

    items: list[AliasOut]
    next_cursor: str | None


def account_batch(forms: list[AccountForm]) -> pa.RecordBatch:
    """Return accounts as columns."""
    schema = pa.schema([*ACCOUNTS_REQUIRED.items(), *ACCOUNTS_OPTIONAL.items()])
    return pa.RecordBatch.from_pylist([form.row() for form in forms], schema=schema)


def _transfer_fields(row: dict[str, Any]) -> dict[str, Any]:
    return row | {
        "id": _uuid(row, "id"),
        "pending_id": _uuid(row, "pending_id") if _is_set(row, "pending_id") else None,
        "user_data_128": _uuid(row, "user_data_128") if _is_set(row, "user_data_128") else None,
        "flags": flag_names(row["flags"], TransferFlag),
        "status": TransferStatus(row["status"]).name.lower(),
        "posted_at": rfc3339(row["timestamp"]),
    }


def _is_set(row: dict[str, Any], name: str) -> bool:
    return bool(row[f"{name}_hi"] or row[f"{name}_lo"])


def _uuid(row: dict[str, Any], name: str) -> UUID:
    return UUID(int=row[f"{name}_hi"] << 64 | row[f"{name}_lo"])
