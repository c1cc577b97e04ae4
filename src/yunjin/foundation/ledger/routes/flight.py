"""The ledger over Arrow Flight.

streams : transfers | transfers+balances | accounts | lookup_accounts
exports : accounts by id | every transfer, by timestamp
actions : state | trial_balance | ledgers | declare_ledgers | allot_account_ids | transfers
"""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, Final

import pyarrow as pa

from yunjin.chassis.transport.streams import Endpoints, Export, Pending, Stream
from yunjin.foundation.ledger.api import (
    ACCOUNTS,
    ACCOUNTS_OPTIONAL,
    ACCOUNTS_REQUIRED,
    RESULTS,
    RESULTS_WITH_BALANCES,
    TRANSFERS,
    TRANSFERS_OPTIONAL,
    TRANSFERS_REQUIRED,
    LedgerApi,
    refusal_of,
)
from yunjin.foundation.ledger.errors import BatchRefused
from yunjin.foundation.ledger.routes.actions import account_ids_of, actions
from yunjin.foundation.ledger.routes.values import BATCH_MAX
from yunjin.kernel.errors import Malformed

Columns = tuple[Mapping[str, pa.DataType], Mapping[str, pa.DataType]]  # required, optional
_TRANSFERS: Final = (TRANSFERS_REQUIRED, TRANSFERS_OPTIONAL)
_ACCOUNTS: Final = (ACCOUNTS_REQUIRED, ACCOUNTS_OPTIONAL)
_LOOKUP: Final[Columns] = ({"id": pa.int64()}, {})


def endpoints(ledger: LedgerApi) -> Endpoints:
    """Return what the ledger offers over Flight."""
    return Endpoints(
        streams={
            "transfers": _posting(ledger, balances=False),
            "transfers+balances": _posting(ledger, balances=True),
            "accounts": _stream(_ACCOUNTS, RESULTS, ledger.open_accounts),
            "lookup_accounts": _stream(_LOOKUP, ACCOUNTS, partial(_look, ledger)),
        },
        exports={
            "accounts": Export(
                ACCOUNTS, lambda asked: iter([ledger.accounts(account_ids_of(asked))])
            ),
            "transfers": Export(TRANSFERS, partial(_exported, ledger)),
        },
        actions=actions(ledger),
    )


def _posting(ledger: LedgerApi, *, balances: bool) -> Stream:
    submit = getattr(ledger, "submit_transfers", None)  # BatchPort: of the near twin only
    return _stream(
        _TRANSFERS,
        RESULTS_WITH_BALANCES if balances else RESULTS,
        lambda batch: ledger.post_transfers(batch, balances=balances),
        None if submit is None else lambda batch: submit(batch, balances),
    )


def _stream(
    takes: Columns,
    answers: pa.Schema,
    act: Callable[[pa.RecordBatch], pa.RecordBatch],
    submit: Callable[[pa.RecordBatch], Pending] | None = None,
) -> Stream:
    required, optional = takes
    return Stream(
        answers=answers,
        refusal_of=lambda schema: refusal_of(schema, required, optional),
        refuse=BatchRefused,
        rows_max=BATCH_MAX,
        act=act,
        submit=submit,
    )


def _exported(ledger: LedgerApi, asked: Any) -> Iterator[pa.RecordBatch]:
    export = getattr(ledger, "export_transfers", None)  # ExportPort: of the near twin
    if export is None:
        raise Malformed("expected accounts, was transfers: the ledger is in another process")
    if asked != "all":
        raise Malformed('expected the ticket {"transfers": "all"}, was another')
    batches: Iterator[pa.RecordBatch] = export()
    return batches


def _look(ledger: LedgerApi, batch: pa.RecordBatch) -> pa.RecordBatch:
    if batch.column(0).null_count:
        raise BatchRefused("expected ids without nulls, was one")
    return ledger.accounts(batch.column(0).to_numpy().tolist())
