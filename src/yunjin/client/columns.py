"""Columns to send: any mixture of NumPy arrays and single values becomes a record batch."""

import datetime as dt
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Column = npt.ArrayLike
TRANSFERS: Final = {
    "id_hi": pa.uint64(),
    "id_lo": pa.uint64(),
    "debit_account_id": pa.int64(),
    "credit_account_id": pa.int64(),
    "amount_minor": pa.int64(),
    "ledger": pa.uint32(),
    "code": pa.uint16(),
    "flags": pa.uint16(),
    "timeout_s": pa.uint32(),
    "pending_id_hi": pa.uint64(),
    "pending_id_lo": pa.uint64(),
    "user_data_128_hi": pa.uint64(),
    "user_data_128_lo": pa.uint64(),
    "user_data_64": pa.uint64(),
    "user_data_32": pa.uint32(),
    "timestamp": pa.int64(),
}
ACCOUNTS: Final = {
    "id": pa.int64(),
    "ledger": pa.uint32(),
    "code": pa.uint16(),
    "flags": pa.uint16(),
    "limit_minor": pa.int64(),
    "timestamp": pa.int64(),
}
ENTRIES: Final = {
    "id_hi": pa.uint64(),
    "id_lo": pa.uint64(),
    "agreement_id": pa.int64(),
    "amount_minor": pa.int64(),
    "counter_agreement_id": pa.int64(),
    "against": pa.uint16(),
    "action": pa.uint8(),
    "hold_id_hi": pa.uint64(),
    "hold_id_lo": pa.uint64(),
    "value_date": pa.date32(),
    "reference_hi": pa.uint64(),
    "reference_lo": pa.uint64(),
}


def Transfers(
    *,
    id_hi: Column,
    id_lo: Column,
    debit_account_id: Column,
    credit_account_id: Column,
    amount_minor: Column,
    ledger: Column,
    code: Column,
    **more: Column,
) -> pa.RecordBatch:
    """Return transfers as columns, ready to post.

    Parameters
    ----------
    Each is an array of n or a single value for all rows. `amount_minor` is in minor units;
    `timeout_s` in seconds; `timestamp` in nanoseconds, for imported ones only.
    more : `flags`, `timeout_s`, `pending_id_hi`, `pending_id_lo`, `user_data_128_hi`,
        `user_data_128_lo`, `user_data_64`, `user_data_32`, `timestamp`.

    Raises: ValueError where lengths differ or a value does not fit its column; TypeError for
    fractions and unknown columns.
    """
    given = {
        "id_hi": id_hi,
        "id_lo": id_lo,
        "debit_account_id": debit_account_id,
        "credit_account_id": credit_account_id,
        "amount_minor": amount_minor,
        "ledger": ledger,
        "code": code,
        **more,
    }
    return _batch(given, TRANSFERS)


def Accounts(*, id: Column, ledger: Column, code: Column, **more: Column) -> pa.RecordBatch:
    """Return accounts as columns, ready to open; `more`: flags, limit_minor, timestamp.

    Raises: as `Transfers`.
    """
    return _batch({"id": id, "ledger": ledger, "code": code, **more}, ACCOUNTS)


def Entries(
    *, id_hi: Column, id_lo: Column, agreement_id: Column, amount_minor: Column, **more: Column
) -> pa.RecordBatch:
    """Return entries of agreements as columns, ready to post.

    Parameters
    ----------
    amount_minor : minor units; > 0 comes in, < 0 goes out; of a hold > 0.
    more : `action` (of `Action`; book where it is missing), `hold_id_hi` and `hold_id_lo` (what it
        captures, releases or reverses), `counter_agreement_id` (0: the bank), `against` (number
        of the bank's slot; 0: clearing), `value_date` (dates; NaT: the business date),
        `reference_hi`, `reference_lo` (the caller's own, 128 bits).

    Raises: as `Transfers`.
    """
    given = {
        "id_hi": id_hi,
        "id_lo": id_lo,
        "agreement_id": agreement_id,
        "amount_minor": amount_minor,
        **more,
    }
    return _batch(given, ENTRIES)


def _batch(given: dict[str, Column], kinds: dict[str, pa.DataType]) -> pa.RecordBatch:
    unknown = sorted(set(given) - set(kinds))
    if unknown:
        raise TypeError(f"expected columns {', '.join(kinds)}, was {', '.join(unknown)}")
    columns = {name: _fitted(name, value, kinds[name]) for name, value in given.items()}
    lengths = {column.size for column in columns.values() if column.ndim}
    if len(lengths) > 1:
        raise ValueError(f"expected columns of one length, was {sorted(lengths)}")
    rows = lengths.pop() if lengths else 1
    arrays = [
        pa.array(column if column.ndim else np.full(rows, column)) for column in columns.values()
    ]
    return pa.RecordBatch.from_arrays(arrays, names=list(columns))


def _fitted(name: str, value: Column, kind: pa.DataType) -> npt.NDArray[Any]:
    """Return values as the column's type; nothing is cut off or wrapped around."""
    found = np.asarray(value)
    if found.ndim > 1:
        raise ValueError(f"expected one dimension in {name}, was {found.ndim}")
    if kind == pa.date32():
        if found.dtype.kind != "M" and not all(type(one) is dt.date for one in found.flat):
            raise TypeError(f"expected dates in {name}, was {found.dtype}")
        return found.astype("datetime64[D]")
    wanted = np.dtype(kind.to_pandas_dtype())
    if found.dtype == object and all(type(one) is int for one in found.ravel()):
        pass  # Python integers too large for int64
    elif found.dtype.kind not in "iu":
        raise TypeError(f"expected whole numbers in {name}, was {found.dtype}")
    if found.dtype == wanted or not found.size:
        return np.ascontiguousarray(found, wanted) if found.ndim else found.astype(wanted)
    limits = np.iinfo(wanted)
    if int(found.min()) < limits.min or int(found.max()) > limits.max:
        raise ValueError(f"expected {name} from {limits.min} to {limits.max}, was beyond")
    return found.astype(wanted)
