"""Posting drafts in columns: one batch of up to 8,190 transfers after the other."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from yunjin.foundation.ledger.adapters.messages import Side, days
from yunjin.foundation.ledger.api import (
    TRANSFERS_OPTIONAL,
    TRANSFERS_REQUIRED,
    LedgerApi,
    TransferStatus,
)
from yunjin.foundation.ledger.service import identity
from yunjin.foundation.ledger.service.drafting import Draft
from yunjin.foundation.ledger.service.placing import BATCH_ROWS, chunks

Tick = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Answers:
    """The ledger's answers to a list of drafts, in order."""

    status: Any  # uint8[n]: TransferStatus
    timestamp: Any  # int64[n], ns; 0 where there is no transfer
    debit_balance: Any  # int64[n]: credits − debits of the debit account right after; created only
    credit_balance: Any  # int64[n]


def columns(drafts: list[Draft], batch_id: int) -> pa.RecordBatch:
    """Return drafts as the columns of `post_transfers`."""
    lines = [draft.line for draft in drafts]
    references = [identity.reference_id(line.reference, line.uetr) for line in lines]
    ids = _halves([draft.transfer_id.bytes for draft in drafts])
    marks = _halves([reference.bytes for reference in references])
    made = {
        "id_hi": ids[:, 0],
        "id_lo": ids[:, 1],
        "debit_account_id": [draft.debit_account_id for draft in drafts],
        "credit_account_id": [draft.credit_account_id for draft in drafts],
        "amount_minor": [line.amount_minor for line in lines],
        "ledger": [draft.ledger for draft in drafts],
        "code": [draft.code for draft in drafts],
        "user_data_128_hi": marks[:, 0],
        "user_data_128_lo": marks[:, 1],
        "user_data_64": np.full(len(drafts), batch_id, np.uint64),
        "user_data_32": [days(line.value_date) for line in lines],
    }
    types = {**TRANSFERS_REQUIRED, **TRANSFERS_OPTIONAL}
    return pa.RecordBatch.from_arrays(
        [pa.array(values, types[name]) for name, values in made.items()], names=list(made)
    )


def _halves(ids: list[bytes]) -> Any:
    """Return 128-bit ids as uint64[n, 2], high and low."""
    return np.frombuffer(b"".join(ids), ">u8").astype(np.uint64).reshape(-1, 2)


def post(ledger: LedgerApi, drafts: list[Draft], batch_id: int, tick: Tick) -> Answers:
    """Post drafts; each batch is durable when the next begins.

    Raises: what `LedgerApi.post_transfers` raises. What was posted before stays; doing it again
    posts the rest.
    """
    answers: list[pa.RecordBatch] = []
    done = 0
    for some in chunks(drafts, BATCH_ROWS):
        answers.append(ledger.post_transfers(columns(some, batch_id), balances=True))
        tick(done := done + len(some))

    def column(name: str) -> Any:
        kind = np.uint8 if name == "status" else np.int64
        return np.concatenate([np.zeros(0, kind), *(part[name].to_numpy() for part in answers)])

    def balance(side: Side) -> Any:
        account = f"{side}_account"
        return column(f"{account}_credits_posted") - column(f"{account}_debits_posted")

    return Answers(column("status"), column("timestamp"), balance(Side.DEBIT), balance(Side.CREDIT))


def foresee(ledger: LedgerApi, drafts: list[Draft], tick: Tick) -> Answers:
    """Tell what posting would answer as far as ids tell: a dry run changes nothing."""
    status = np.zeros(len(drafts), np.uint8)
    timestamp = np.zeros(len(drafts), np.int64)
    place = 0
    for some in chunks(drafts, BATCH_ROWS):
        found = ledger.transfers([draft.transfer_id for draft in some])
        known = {(row["id_hi"] << 64) | row["id_lo"]: row for row in found.to_pylist()}
        for draft in some:
            if row := known.get(draft.transfer_id.int):
                status[place], timestamp[place] = _compared(draft, row), row["timestamp"]
            place += 1
        tick(place)
    nothing = np.zeros(len(drafts), np.int64)
    return Answers(status, timestamp, nothing, nothing)


def _compared(draft: Draft, row: dict[str, Any]) -> TransferStatus:
    if row["debit_account_id"] != draft.debit_account_id:
        return TransferStatus.EXISTS_WITH_DIFFERENT_DEBIT_ACCOUNT_ID
    if row["credit_account_id"] != draft.credit_account_id:
        return TransferStatus.EXISTS_WITH_DIFFERENT_CREDIT_ACCOUNT_ID
    if row["amount_minor"] != draft.line.amount_minor:
        return TransferStatus.EXISTS_WITH_DIFFERENT_AMOUNT
    return TransferStatus.EXISTS
