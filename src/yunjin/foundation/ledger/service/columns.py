"""Between the Arrow columns of the door and the NumPy columns of the loops."""

from typing import Any, Final

import numpy as np
import pyarrow as pa

from yunjin.foundation.ledger import kernels
from yunjin.foundation.ledger.api import (
    ACCOUNTS,
    ACCOUNTS_OPTIONAL,
    ACCOUNTS_REQUIRED,
    RESULTS,
    RESULTS_WITH_BALANCES,
    TRANSFERS,
    TRANSFERS_OPTIONAL,
    TRANSFERS_REQUIRED,
    refusal_of,
)
from yunjin.foundation.ledger.domain.codec import ACCOUNT_TYPES, TRANSFER_TYPES
from yunjin.foundation.ledger.errors import BatchRefused
from yunjin.foundation.ledger.kernels import AccountColumns, Outcome, TransferColumns

_TRANSFER_DTYPES: Final = {k: np.dtype(v.to_pandas_dtype()) for k, v in TRANSFER_TYPES.items()}
_ACCOUNT_DTYPES: Final = {k: np.dtype(v.to_pandas_dtype()) for k, v in ACCOUNT_TYPES.items()}


def _arrays(
    batch: pa.RecordBatch, required: dict[str, Any], optional: dict[str, Any], rows_max: int
) -> dict[str, Any]:
    """Check a batch once and copy its columns. Raises: BatchRefused."""
    if not isinstance(batch, pa.RecordBatch):
        raise BatchRefused(f"expected an Arrow record batch, was {type(batch).__name__}")
    if batch.num_rows > rows_max:
        raise BatchRefused(
            f"expected at most {rows_max} rows, was {batch.num_rows}", rows=batch.num_rows
        )
    refusal = refusal_of(batch.schema, required, optional)
    if refusal is not None:
        raise refusal
    found: dict[str, Any] = {}
    for field, column in zip(batch.schema, batch.columns, strict=True):
        if column.null_count:
            raise BatchRefused(f"expected no nulls, was one in {field.name}", column=field.name)
        found[field.name] = np.array(column.to_numpy(zero_copy_only=False))
    return found


def transfer_columns(batch: pa.RecordBatch, rows_max: int) -> TransferColumns:
    """Return a batch of transfers in columns of their own. Raises: BatchRefused."""
    found = _arrays(batch, TRANSFERS_REQUIRED, TRANSFERS_OPTIONAL, rows_max)
    count = batch.num_rows
    return TransferColumns(
        *(
            found[name] if name in found else np.zeros(count, _TRANSFER_DTYPES[name])
            for name in TransferColumns._fields
        )
    )


def account_columns(batch: pa.RecordBatch, rows_max: int) -> AccountColumns:
    """Return a batch of accounts in columns of their own. Raises: BatchRefused."""
    found = _arrays(batch, ACCOUNTS_REQUIRED, ACCOUNTS_OPTIONAL, rows_max)
    count = batch.num_rows
    return AccountColumns(
        *(
            found[name] if name in found else np.zeros(count, _ACCOUNT_DTYPES[name])
            for name in AccountColumns._fields
        )
    )


def results(status: Any, timestamp: Any, balances: Any | None = None) -> pa.RecordBatch:
    """Return answers as Arrow, with balances (int64[n, 8]) where they were asked for."""
    if balances is None:
        return pa.RecordBatch.from_arrays([pa.array(status), pa.array(timestamp)], schema=RESULTS)
    columns = [np.ascontiguousarray(balances[:, i]) for i in range(8)]
    return pa.RecordBatch.from_arrays(
        [pa.array(x) for x in (status, timestamp, *columns)], schema=RESULTS_WITH_BALANCES
    )


def accounts_of(book: kernels.Book, rows: Any) -> pa.RecordBatch:
    """Return rows of the book (int32[n]) as ACCOUNTS."""
    count = len(rows)
    wide = np.empty((7, count), np.int64)
    ledger = np.empty(count, np.uint32)
    code, flags = np.empty(count, np.uint16), np.empty(count, np.uint16)
    kernels.gather_accounts(book, rows, wide, ledger, code, flags)
    identity, limit, timestamp, *totals = wide
    columns = (identity, ledger, code, flags, limit, timestamp, *totals)
    return pa.RecordBatch.from_arrays([pa.array(x) for x in columns], schema=ACCOUNTS)


def transfers_of(columns: TransferColumns, out: Outcome) -> pa.RecordBatch:
    """Return transfers as TRANSFERS."""
    timed = columns._replace(timestamp=out.timestamp)
    arrays = [pa.array(x, kind) for x, kind in zip(timed, TRANSFER_TYPES.values(), strict=True)]
    return pa.RecordBatch.from_arrays([*arrays, pa.array(out.status)], schema=TRANSFERS)
