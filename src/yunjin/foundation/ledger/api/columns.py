"""The columns that travel: Arrow schemas of accounts, transfers and answers.

A 128-bit id is two columns, the high and the low 64 bits of the UUID read as a big-endian integer.
Optional columns may be left out of a request; they then read as zero.
"""

from collections.abc import Mapping
from typing import Final

import pyarrow as pa

from yunjin.foundation.ledger.errors import BatchRefused
from yunjin.kernel import columns

ACCOUNTS_REQUIRED: Final = {"id": pa.int64(), "ledger": pa.uint32(), "code": pa.uint16()}
ACCOUNTS_OPTIONAL: Final = {
    "flags": pa.uint16(),
    "limit_minor": pa.int64(),  # how far a limit flag may be exceeded: an overdraft, ≥ 0
    "timestamp": pa.int64(),  # ns; imported accounts only
}
TRANSFERS_REQUIRED: Final = {
    "id_hi": pa.uint64(),
    "id_lo": pa.uint64(),
    "debit_account_id": pa.int64(),
    "credit_account_id": pa.int64(),
    "amount_minor": pa.int64(),
    "ledger": pa.uint32(),
    "code": pa.uint16(),
}
TRANSFERS_OPTIONAL: Final = {
    "flags": pa.uint16(),
    "timeout_s": pa.uint32(),
    "pending_id_hi": pa.uint64(),
    "pending_id_lo": pa.uint64(),
    "user_data_128_hi": pa.uint64(),
    "user_data_128_lo": pa.uint64(),
    "user_data_64": pa.uint64(),
    "user_data_32": pa.uint32(),
    "timestamp": pa.int64(),  # ns; imported transfers only
}
RESULTS: Final = pa.schema([("status", pa.uint8()), ("timestamp", pa.int64())])
RESULTS_WITH_BALANCES: Final = pa.schema(
    [
        *RESULTS,
        *(
            (f"{side}_{total}", pa.int64())
            for side in ("debit_account", "credit_account")
            for total in ("debits_pending", "debits_posted", "credits_pending", "credits_posted")
        ),
    ]
)
ACCOUNTS: Final = pa.schema(
    [
        ("id", pa.int64()),
        ("ledger", pa.uint32()),
        ("code", pa.uint16()),
        ("flags", pa.uint16()),
        ("limit_minor", pa.int64()),
        ("timestamp", pa.int64()),
        ("debits_pending", pa.int64()),
        ("debits_posted", pa.int64()),
        ("credits_pending", pa.int64()),
        ("credits_posted", pa.int64()),
    ]
)
TRANSFERS: Final = pa.schema(
    [*TRANSFERS_REQUIRED.items(), *TRANSFERS_OPTIONAL.items(), ("status", pa.uint8())]
)
HISTORY: Final = pa.schema(
    [
        *TRANSFERS,
        ("debits_pending", pa.int64()),  # the account's own totals right after the transfer
        ("debits_posted", pa.int64()),
        ("credits_pending", pa.int64()),
        ("credits_posted", pa.int64()),
    ]
)


def refusal_of(
    schema: pa.Schema,
    required: Mapping[str, pa.DataType],
    optional: Mapping[str, pa.DataType] | None = None,
) -> BatchRefused | None:
    """Say why batches of a schema are refused, None where they are not."""
    return columns.refusal_of(schema, required, optional or {}, BatchRefused)
