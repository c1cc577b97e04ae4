"""One account, one transfer: single commands as batches of one row."""

import datetime as dt
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import pyarrow as pa
import pyarrow.parquet as pq

from yunjin.foundation.ledger.api import (
    ACCOUNTS_OPTIONAL,
    ACCOUNTS_REQUIRED,
    TRANSFERS,
    TRANSFERS_REQUIRED,
    AccountFlag,
    AccountStatus,
    Ledger,
    LedgerApi,
    TransferStatus,
)
from yunjin.foundation.ledger.errors import AccountNotFound, AccountRefused, TransferRefused
from yunjin.kernel.clock import nanoseconds
from yunjin.kernel.errors import Malformed
from yunjin.kernel.money import parse_minor

# Columns of few values; a dictionary of ids would be all work and no gain.
_REPEATING: Final = ["ledger", "code", "flags", "timeout_s", "user_data_32", "status"]


def one_account(
    ledger: LedgerApi, number: int, currency: str, code: int, limit_minor: int, *, is_limited: bool
) -> int:
    """Open one account with its history; return its id. Raises: AccountRefused, BatchRefused."""
    ledger.declare_ledgers([Ledger(ledger=number, currency=currency)])
    identity = ledger.allot_account_ids(1)
    flags = AccountFlag.HISTORY | (AccountFlag.DEBITS_MUST_NOT_EXCEED_CREDITS if is_limited else 0)
    row = {
        "id": identity,
        "ledger": number,
        "code": code,
        "flags": flags,
        "limit_minor": limit_minor,
    }
    types = {**ACCOUNTS_REQUIRED, **ACCOUNTS_OPTIONAL}
    batch = pa.RecordBatch.from_pylist([row], schema=pa.schema([(k, types[k]) for k in row]))
    status = AccountStatus(ledger.open_accounts(batch)["status"][0].as_py())
    if status is not AccountStatus.CREATED:
        raise AccountRefused(f"The account was not opened: {status.name.lower()}.")
    return identity


def transfer_row(
    ledger: LedgerApi, identity: UUID, debit: int, credit: int, amount: str, code: int
) -> pa.RecordBatch:
    """Return a transfer as a batch of one row, its amount read in the currency of the account.

    Raises: Malformed, AccountNotFound.
    """
    account = one_balance(ledger, debit, None)
    currency = currency_of(ledger, account["ledger"])
    row = {
        "id_hi": identity.int >> 64,
        "id_lo": identity.int & (2**64 - 1),
        "debit_account_id": debit,
        "credit_account_id": credit,
        "amount_minor": parse_minor(amount, currency),
        "ledger": account["ledger"],
        "code": code,
    }
    return pa.RecordBatch.from_pylist([row], schema=pa.schema(TRANSFERS_REQUIRED.items()))


def one_transfer(ledger: LedgerApi, batch: pa.RecordBatch) -> str:
    """Post a batch of one transfer; say what came of it. Raises: TransferRefused."""
    status = TransferStatus(ledger.post_transfers(batch)["status"][0].as_py())
    if status not in (TransferStatus.CREATED, TransferStatus.EXISTS):
        raise TransferRefused(
            f"The transfer was refused: {status.name.lower()}.", status=status.name
        )
    return status.name.lower()


def currency_of(ledger: LedgerApi, number: int) -> str:
    """Return the currency of a ledger; ISO 4217's code of no currency for an undeclared one."""
    return next((x.currency for x in ledger.ledgers() if x.ledger == number), "XXX")


def one_balance(ledger: LedgerApi, account: int, at_ns: int | None) -> dict[str, Any]:
    """Return an account's row, now or at an instant. Raises: AccountNotFound, HistoryNotKept."""
    found = ledger.accounts([account]) if at_ns is None else ledger.balance_at(account, at_ns)
    if not found.num_rows:
        raise AccountNotFound(f"There is no account {account}.", account_id=str(account))
    row: dict[str, Any] = found.to_pylist()[0]
    return row


def instant_ns(text: str) -> int:
    """Read an RFC 3339 instant as nanoseconds. Raises: Malformed."""
    try:
        return nanoseconds(dt.datetime.fromisoformat(text))
    except ValueError:
        raise Malformed(
            f"expected an instant with its zone, such as 2025-06-30T16:00:00Z, was {text[:40]!r}"
        ) from None


def export_parquet(batches: Iterable[pa.RecordBatch], file: Path) -> int:
    """Write transfers to Parquet, a row group a batch; return how many.

    The file has its name only when it is whole: an export that breaks off leaves none.
    """
    count, part = 0, file.with_name(f"{file.name}.part")
    try:
        with pq.ParquetWriter(
            part, TRANSFERS, compression="zstd", compression_level=1, use_dictionary=_REPEATING
        ) as writer:
            for batch in batches:
                writer.write_batch(batch)
                count += int(batch.num_rows)
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)
    return count
