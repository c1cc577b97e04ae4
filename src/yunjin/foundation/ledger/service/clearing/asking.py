"""What is told of crossings: their outcomes by id, out of the ledger; batches in doubt."""

from collections import Counter
from typing import Any
from uuid import UUID

import numpy as np
import pyarrow as pa

from yunjin.foundation.ledger.api import (
    CrossingOutcome,
    InDoubt,
    LedgerApi,
    TransferFlag,
    TransferQuery,
)
from yunjin.foundation.ledger.domain.clearing import leg_ids
from yunjin.foundation.ledger.service.clearing.saga import Answer, uuids
from yunjin.foundation.ledger.service.clearing.shelf import Batch


def outcomes(here: LedgerApi, ids: list[UUID]) -> pa.RecordBatch:
    """Tell what became of crossings, by what this cell's ledger holds under the ids of their legs.

    Returns: CROSSED, in order. Raises: Outage.
    """
    hi = np.array([one.int >> 64 for one in ids], np.uint64)
    lo = np.array([one.int & (2**64 - 1) for one in ids], np.uint64)
    legs = leg_ids(hi, lo, known_as=0)
    holds, ends = uuids(legs.hold_hi, legs.hold_lo), uuids(legs.ending_hi, legs.ending_lo)
    found = {_id(row): row for row in here.transfers([*holds, *ends]).to_pylist()}
    answer = Answer.in_doubt(len(ids))
    for place, (hold, end) in enumerate(zip(holds, ends, strict=True)):
        if hold.int not in found:
            answer.outcome[place] = CrossingOutcome.NOT_HELD
            continue
        ended = found.get(end.int) or _ended_otherwise(here, hold)
        if ended is not None:
            is_void = bool(ended["flags"] & TransferFlag.VOID_PENDING)
            kind = CrossingOutcome.REFUSED_THERE if is_void else CrossingOutcome.POSTED
            answer.outcome[place] = kind
            answer.status[place] = ended["user_data_32"] & 0xFF if is_void else 0
            answer.timestamp[place] = ended["timestamp"]
    return answer.arrow()


def _ended_otherwise(here: LedgerApi, hold: UUID) -> dict[str, Any] | None:
    """Find what ended a hold under the id of a later attempt."""
    rows, _ = here.find_transfers(TransferQuery(pending_id=hold, limit=1))
    found: list[dict[str, Any]] = rows.to_pylist()
    return found[0] if found else None


def _id(row: dict[str, Any]) -> int:
    number: int = row["id_hi"] << 64 | row["id_lo"]
    return number


def in_doubt(batch: Batch) -> InDoubt:
    """Return a batch as people see it."""
    columns = batch.columns
    amounts: Counter[int] = Counter()
    for ledger in np.unique(columns.ledger).tolist():
        # Python's sum: what was asked for may be more than 63 bits hold
        amounts[ledger] = sum(columns.amount_minor[columns.ledger == ledger].tolist())
    return InDoubt(
        batch_id=batch.batch_id,
        peer=batch.peer,
        row_count=len(columns.id_hi),
        amounts_minor=dict(amounts),
        at_us=batch.at_us,
        due_us=batch.due_us,
        tries=batch.tries,
        is_stuck=batch.is_stuck,
        reason=batch.reason,
    )
