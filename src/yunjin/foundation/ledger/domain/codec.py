"""The body of a journal row: an Arrow record batch of the columns that are not all zero.

The row's `columns` is a bit mask over FIELDS; the batch's schema follows from it.
"""

import hashlib
import json
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import pyarrow as pa

from yunjin.foundation.ledger.api import (
    ACCOUNTS_OPTIONAL,
    ACCOUNTS_REQUIRED,
    TRANSFERS_OPTIONAL,
    TRANSFERS_REQUIRED,
    AccountFlag,
    Ledger,
    TransferFlag,
)
from yunjin.foundation.ledger.kernels import AccountColumns, Outcome, TransferColumns
from yunjin.kernel import check

VERSION: Final = 1
ACCOUNTS, TRANSFERS, EXPIRY, LEDGERS = "accounts", "transfers", "expiry", "ledgers"
SPLIT: Final = "split"
GENESIS: Final = hashlib.sha256(b"yunjin journal 1").digest()

TRANSFER_TYPES: Final[dict[str, Any]] = {**TRANSFERS_REQUIRED, **TRANSFERS_OPTIONAL}
ACCOUNT_TYPES: Final[dict[str, Any]] = {**ACCOUNTS_REQUIRED, **ACCOUNTS_OPTIONAL}
_ANSWERS: Final = {"status": pa.uint8(), "inherited": pa.uint8(), "requested": pa.int64()}
FIELDS: Final[dict[str, dict[str, Any]]] = {
    ACCOUNTS: {**ACCOUNT_TYPES, "status": pa.uint8()},
    TRANSFERS: {**TRANSFER_TYPES, **_ANSWERS},
    EXPIRY: {"id_hi": pa.uint64(), "id_lo": pa.uint64()},
}
_NUMPY: Final = {
    kind: {name: np.dtype(kind_.to_pandas_dtype()) for name, kind_ in fields.items()}
    for kind, fields in FIELDS.items()
}
NO_BALANCES: Final = np.zeros((0, 8), np.int64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One row of the journal; the body is uncompressed here.

    cell: the home of its accounts: the halves of a split cell share the rows before it.
    fork: of a row that splits a cell, a `Fork`: what is committed with it; no part of the row.
    """

    cell: int
    sequence: int
    epoch: int
    kind: str
    columns: int
    row_count: int
    timestamp_first: int
    timestamp_last: int
    previous_hash: bytes
    body: bytes
    hash: bytes = b""
    version: int = VERSION
    fork: Any = None

    def digest(self) -> bytes:
        """Return the SHA-256 over everything the row says and the hash of the row before it."""
        head = (
            f"{self.cell}|{self.sequence}|{self.epoch}|{self.kind}|{self.version}|{self.columns}|"
            f"{self.row_count}|{self.timestamp_first}|{self.timestamp_last}|"
        )
        chain = hashlib.sha256(head.encode() + self.previous_hash)
        chain.update(self.body)
        return chain.digest()

    def sealed(self) -> "Entry":
        """Return the row with its hash."""
        return replace(self, hash=self.digest())


def _pack(kind: str, arrays: dict[str, Any]) -> tuple[int, bytes]:
    """Return the mask and the bytes of the columns given."""
    mask, fields, kept = 0, [], []
    for bit, (name, arrow) in enumerate(FIELDS[kind].items()):
        if name in arrays:
            mask |= 1 << bit
            fields.append(pa.field(name, arrow))
            kept.append(pa.array(arrays[name], arrow))
    batch = pa.RecordBatch.from_arrays(kept, schema=pa.schema(fields))
    return mask, batch.serialize().to_pybytes()


def _unpack(entry: Entry) -> dict[str, Any]:
    """Return every column of a body; the ones left out are zero."""
    fields = [
        pa.field(name, arrow)
        for bit, (name, arrow) in enumerate(FIELDS[entry.kind].items())
        if entry.columns >> bit & 1
    ]
    batch = pa.ipc.read_record_batch(pa.py_buffer(entry.body), pa.schema(fields))
    check.that(
        batch.num_rows == entry.row_count,
        "expected the row count of the journal row",
        sequence=entry.sequence,
        rows=batch.num_rows,
    )
    found = {field.name: np.array(batch.column(i)) for i, field in enumerate(fields)}
    return {
        name: found[name] if name in found else np.zeros(entry.row_count, kind)
        for name, kind in _NUMPY[entry.kind].items()
    }


def pack_transfers(columns: TransferColumns, out: Outcome) -> tuple[int, bytes]:
    """Write a batch and its answers as mask and body."""
    arrays = {
        name: array
        for name, array in zip(columns._fields, columns, strict=True)
        if name in TRANSFERS_REQUIRED or array.any()
    }
    for name in ("status", "inherited"):
        if getattr(out, name).any():
            arrays[name] = getattr(out, name)
    if not np.array_equal(out.requested, columns.amount_minor):
        arrays["requested"] = out.requested
    return _pack(TRANSFERS, arrays)


def unpack_transfers(entry: Entry) -> tuple[TransferColumns, Outcome]:
    """Read a body of transfers; the timestamps of the answers are worked out again."""
    arrays = _unpack(entry)
    columns = TransferColumns(*(arrays[name] for name in TransferColumns._fields))
    requested = arrays["requested"]
    bit = list(FIELDS[TRANSFERS]).index("requested")
    if not entry.columns >> bit & 1:
        requested = columns.amount_minor.copy()
    timestamp = _timestamps(entry, columns, TransferFlag.IMPORTED)
    timestamp = np.where(arrays["status"] == 0, timestamp, 0)
    return columns, Outcome(
        arrays["status"], timestamp, arrays["inherited"], requested, NO_BALANCES
    )


def pack_accounts(columns: AccountColumns, status: Any) -> tuple[int, bytes]:
    """Write a batch of accounts and its answers as mask and body."""
    arrays = {
        name: array
        for name, array in zip(columns._fields, columns, strict=True)
        if name in ACCOUNTS_REQUIRED or array.any()
    }
    if status.any():
        arrays["status"] = status
    return _pack(ACCOUNTS, arrays)


def unpack_accounts(entry: Entry) -> tuple[AccountColumns, Any, Any]:
    """Read a body of accounts: columns, statuses, timestamps."""
    arrays = _unpack(entry)
    columns = AccountColumns(*(arrays[name] for name in AccountColumns._fields))
    return columns, arrays["status"], _timestamps(entry, columns, AccountFlag.IMPORTED)


def _timestamps(entry: Entry, columns: AccountColumns | TransferColumns, imported: int) -> Any:
    """Return when each row happened; what a row of a batch that is not imported brought is void."""
    if entry.row_count and columns.flags[0] & imported:
        return columns.timestamp
    first = entry.timestamp_first
    return np.arange(first, first + entry.row_count, dtype=np.int64)


def pack_expiry(hi: Any, lo: Any) -> tuple[int, bytes]:
    """Write the ids of expired holds as mask and body."""
    return _pack(EXPIRY, {"id_hi": hi, "id_lo": lo})


def unpack_expiry(entry: Entry) -> tuple[Any, Any]:
    """Read the ids of expired holds."""
    arrays = _unpack(entry)
    return arrays["id_hi"], arrays["id_lo"]


def pack_ledgers(ledgers: list[Ledger]) -> bytes:
    """Write declared ledgers as a body."""
    return json.dumps([[x.ledger, x.currency, x.name] for x in ledgers]).encode()


def unpack_ledgers(body: bytes) -> list[Ledger]:
    """Read declared ledgers."""
    return [Ledger(ledger=n, currency=c, name=name) for n, c, name in json.loads(body)]
