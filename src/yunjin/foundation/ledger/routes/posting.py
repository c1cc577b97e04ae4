"""Transfers as JSON: read by msgspec into rows, the rows into columns, the codes into answers."""

from collections.abc import Sequence
from typing import Annotated, Final, Literal, NamedTuple
from uuid import UUID

import msgspec
import pyarrow as pa

from yunjin.chassis.transport.values import INT64_MAX, UINT64_MAX, big, exact
from yunjin.foundation.ledger.api import (
    TRANSFERS_OPTIONAL,
    TRANSFERS_REQUIRED,
    TransferFlag,
    TransferStatus,
)
from yunjin.foundation.ledger.errors import TransferRefused
from yunjin.foundation.ledger.routes.values import BATCH_MAX
from yunjin.kernel.errors import Malformed
from yunjin.kernel.money import MINOR_MAX

Small = Annotated[int, msgspec.Meta(ge=0, le=MINOR_MAX)]
Digits = Annotated[str, msgspec.Meta(pattern="^[0-9]{1,20}$")]
Minor = Annotated[int, msgspec.Meta(ge=-MINOR_MAX, le=MINOR_MAX)]
UInt16 = Annotated[int, msgspec.Meta(ge=0, le=2**16 - 1)]
UInt32 = Annotated[int, msgspec.Meta(ge=0, le=2**32 - 1)]
SingleFlag = Literal[
    "pending",
    "post_pending",
    "void_pending",
    "balancing_debit",
    "balancing_credit",
    "closing_debit",
    "closing_credit",
]
BatchFlag = Literal["linked", "imported"]
ZERO: Final = UUID(int=0)
_LOW: Final = 2**64 - 1
_FLAGS: Final = {flag.name.lower(): int(flag) for flag in TransferFlag if flag.name}
_NAMES: Final = {int(status): status.name.lower() for status in TransferStatus}
_COLUMNS: Final = {**TRANSFERS_REQUIRED, **TRANSFERS_OPTIONAL}
_REQUIRED_COUNT: Final = len(TRANSFERS_REQUIRED)
_REQUIRED_SCHEMA: Final = pa.schema(TRANSFERS_REQUIRED.items())
_TOTALS: Final = ("debits_pending", "debits_posted", "credits_pending", "credits_posted")
Row = tuple[int, ...]  # in the order of TRANSFERS_REQUIRED, then TRANSFERS_OPTIONAL


class Transfer(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, gc=False):
    """A transfer to post. Make its id before sending and keep it: sent again, it acts once."""

    id: UUID
    amount_minor: Minor
    debit_account_id: Small | Digits = 0
    credit_account_id: Small | Digits = 0
    ledger: UInt32 = 0
    code: UInt16 = 0
    flags: Annotated[tuple[SingleFlag, ...], msgspec.Meta(max_length=7)] = ()
    timeout_s: UInt32 = 0
    pending_id: UUID = ZERO
    user_data_128: UUID = ZERO
    user_data_64: Small | Digits = 0
    user_data_32: UInt32 = 0
    balances: bool = False


class BatchTransfer(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, gc=False):
    """A transfer of a batch: it may be linked with the next, and bring its own timestamp."""

    id: UUID
    amount_minor: Minor
    debit_account_id: Small | Digits = 0
    credit_account_id: Small | Digits = 0
    ledger: UInt32 = 0
    code: UInt16 = 0
    flags: Annotated[tuple[SingleFlag | BatchFlag, ...], msgspec.Meta(max_length=9)] = ()
    timeout_s: UInt32 = 0
    pending_id: UUID = ZERO
    user_data_128: UUID = ZERO
    user_data_64: Small | Digits = 0
    user_data_32: UInt32 = 0
    timestamp: Small | Digits = 0


class TransferBatch(msgspec.Struct, forbid_unknown_fields=True):
    """Transfers to post in one batch, in order; each gets its own result."""

    transfers: Annotated[list[BatchTransfer], msgspec.Meta(min_length=1, max_length=BATCH_MAX)]
    balances: bool = False


class AccountTotals(msgspec.Struct):
    """An account's totals right after the transfer, in minor units; a string beyond 2^53-1.

    A retry (`exists`) is answered with the totals of now.
    """

    debits_pending: int | str
    debits_posted: int | str
    credits_pending: int | str
    credits_posted: int | str


class Posted(msgspec.Struct, omit_defaults=True):
    """What came of a transfer."""

    id: UUID
    status: str
    status_code: int
    timestamp: str
    debit_account: AccountTotals | None = None
    credit_account: AccountTotals | None = None


class PostedBatch(msgspec.Struct):
    """One result a transfer, in order."""

    results: list[Posted]


class Outcome(NamedTuple):
    """The ledger's answer to one transfer."""

    status: int
    timestamp: int
    totals: Sequence[int] = ()  # 4 of the debit account, 4 of the credit account


def row_of(transfer: Transfer | BatchTransfer) -> Row:
    """Return a transfer as a row. Raises: Malformed."""
    identity, flags, timestamp = transfer.id.int, 0, 0
    for name in transfer.flags:
        flags |= _FLAGS[name]
    if isinstance(transfer, BatchTransfer):
        timestamp = _big(transfer.timestamp, INT64_MAX, "timestamp")
    pending, data = transfer.pending_id.int, transfer.user_data_128.int
    return (
        identity >> 64,
        identity & _LOW,
        _big(transfer.debit_account_id, INT64_MAX, "debit_account_id"),
        _big(transfer.credit_account_id, INT64_MAX, "credit_account_id"),
        transfer.amount_minor,
        transfer.ledger,
        transfer.code,
        flags,
        transfer.timeout_s,
        pending >> 64,
        pending & _LOW,
        data >> 64,
        data & _LOW,
        _big(transfer.user_data_64, UINT64_MAX, "user_data_64"),
        transfer.user_data_32,
        timestamp,
    )


def columns_of(rows: Sequence[Row]) -> pa.RecordBatch:
    """Return rows as columns; optional ones that are all zero are left out."""
    columns = list(zip(*rows, strict=True))
    kinds = list(_COLUMNS.items())
    arrays = [
        pa.array(column, kind)
        for column, (_, kind) in zip(columns[:_REQUIRED_COUNT], kinds, strict=False)
    ]
    schema = _REQUIRED_SCHEMA
    for (name, kind), column in zip(
        kinds[_REQUIRED_COUNT:], columns[_REQUIRED_COUNT:], strict=True
    ):
        if any(column):
            arrays.append(pa.array(column, kind))
            schema = schema.append(pa.field(name, kind))
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def outcomes_of(results: pa.RecordBatch) -> list[Outcome]:
    """Return the answers of a batch, one a transfer."""
    status, timestamp, *totals = (column.to_numpy().tolist() for column in results.columns)
    if not totals:
        return [Outcome(*pair) for pair in zip(status, timestamp, strict=True)]
    return [
        Outcome(*three) for three in zip(status, timestamp, zip(*totals, strict=True), strict=True)
    ]


def posted(identity: UUID, outcome: Outcome, *, balances: bool) -> Posted:
    """Return the answer to one transfer; balances only where it was posted, now or before."""
    answer = Posted(identity, _NAMES[outcome.status], outcome.status, str(outcome.timestamp))
    if balances and outcome.totals and outcome.status in _POSTED:
        exactly = [exact(total) for total in outcome.totals]
        answer.debit_account = AccountTotals(*exactly[:4])
        answer.credit_account = AccountTotals(*exactly[4:])
    return answer


def refusal(transfer: Transfer, outcome: Outcome) -> TransferRefused:
    """Return the refusal of a transfer, with the facts its sender needs."""
    name = _NAMES[outcome.status]
    return TransferRefused(
        f"The transfer was refused: {name.replace('_', ' ')}.",
        result=name,
        result_code=outcome.status,
        id=str(transfer.id),
        debit_account_id=str(transfer.debit_account_id),
        credit_account_id=str(transfer.credit_account_id),
    )


def http_status(status: int) -> int:
    """Return the HTTP status of a transfer's result code."""
    if status in _POSTED:
        return 201 if status == TransferStatus.CREATED else 200
    if status in _NOT_FOUND:
        return 404
    return 422 if status in _MALFORMED else 409


def _big(value: int | str, maximum: int, name: str) -> int:
    if type(value) is int:
        return value
    try:
        return big(value, maximum)
    except ValueError as error:
        raise Malformed(
            "The request is not of the form this address takes.",
            errors=[{"at": f"body.{name}", "message": str(error)}],
        ) from None


# What the cell that has the payer now has to be asked.
ELSEWHERE: Final = (TransferStatus.DEBIT_ACCOUNT_MOVED, TransferStatus.PENDING_TRANSFER_MOVED)
_POSTED: Final = (TransferStatus.CREATED, TransferStatus.EXISTS)
_NOT_FOUND: Final = frozenset(
    {
        TransferStatus.DEBIT_ACCOUNT_NOT_FOUND,
        TransferStatus.CREDIT_ACCOUNT_NOT_FOUND,
        TransferStatus.PENDING_TRANSFER_NOT_FOUND,
    }
)
# What no state of the ledger could make good: the transfer's own fields do not go together.
_MALFORMED: Final = frozenset(
    {
        TransferStatus.LINKED_CHAIN_OPEN,
        TransferStatus.IMPORTED_EXPECTED,
        TransferStatus.IMPORTED_NOT_EXPECTED,
        TransferStatus.TIMESTAMP_MUST_BE_ZERO,
        TransferStatus.IMPORTED_TIMESTAMP_OUT_OF_RANGE,
        TransferStatus.RESERVED_FLAG,
        TransferStatus.ID_MUST_NOT_BE_ZERO,
        TransferStatus.ID_MUST_NOT_BE_INT_MAX,
        TransferStatus.FLAGS_ARE_MUTUALLY_EXCLUSIVE,
        TransferStatus.DEBIT_ACCOUNT_ID_OUT_OF_RANGE,
        TransferStatus.CREDIT_ACCOUNT_ID_OUT_OF_RANGE,
        TransferStatus.ACCOUNTS_MUST_BE_DIFFERENT,
        TransferStatus.PENDING_ID_MUST_BE_ZERO,
        TransferStatus.PENDING_ID_MUST_NOT_BE_ZERO,
        TransferStatus.PENDING_ID_MUST_BE_DIFFERENT,
        TransferStatus.TIMEOUT_RESERVED_FOR_PENDING,
        TransferStatus.CLOSING_MUST_BE_PENDING,
        TransferStatus.LEDGER_MUST_NOT_BE_ZERO,
        TransferStatus.CODE_MUST_NOT_BE_ZERO,
        TransferStatus.AMOUNT_OUT_OF_RANGE,
        TransferStatus.IMPORTED_TIMEOUT_MUST_BE_ZERO,
    }
)
