"""Searching transfers: along an account's history, or back through the journal."""

from typing import Any, Final

import numpy as np
import pyarrow as pa

from yunjin.foundation.ledger.api import TransferQuery, TransferStatus
from yunjin.foundation.ledger.domain import codec
from yunjin.foundation.ledger.kernels import Outcome, TransferColumns
from yunjin.foundation.ledger.service import histories
from yunjin.foundation.ledger.service.cell import Cell
from yunjin.foundation.ledger.service.columns import transfers_of

ROWS_A_PAGE: Final = 400  # journal rows read for one page before it says "go on from here"


def _match(columns: TransferColumns, out: Outcome, query: TransferQuery) -> Any:
    """Return which transfers (bool[n]) a query asks for."""
    match = out.status == TransferStatus.CREATED
    for name in ("ledger", "code", "user_data_64"):
        wanted = getattr(query, name)
        if wanted is not None:
            match &= getattr(columns, name) == wanted
    if query.user_data_128 is not None:
        match &= columns.user_data_128_hi == query.user_data_128.int >> 64
        match &= columns.user_data_128_lo == query.user_data_128.int & (2**64 - 1)
    if query.amount_minor_min is not None:
        match &= columns.amount_minor >= query.amount_minor_min
    if query.amount_minor_max is not None:
        match &= columns.amount_minor <= query.amount_minor_max
    if query.timestamp_from is not None:
        match &= out.timestamp >= query.timestamp_from
    if query.timestamp_until is not None:
        match &= out.timestamp < query.timestamp_until
    if query.account_id is not None:
        mine = columns.debit_account_id == query.account_id
        match &= mine | (columns.credit_account_id == query.account_id)
    return match


def search(
    cell: Cell, query: TransferQuery, cursor: list[int] | None
) -> tuple[pa.RecordBatch, tuple[int, ...] | None]:
    """Return transfers, newest first, and where to go on (journal sequence, row), None at the end.

    A page may be short, even empty, with a cursor: the search looks at a bounded piece at a time.
    """
    if cursor is None:
        cursor = [cell.sequence, 1 << 16]
    sequences = _of_account(cell, query, cursor) if query.account_id is not None else None
    found: list[int] = []
    sequence, row_before = cursor
    for _ in range(ROWS_A_PAGE):
        if sequences is not None:
            sequence = next((s for s in sequences if s <= sequence), 0)
        if sequence < 1 or len(found) >= query.limit:
            break
        entry = cell.past.entry(sequence)
        if entry is not None and entry.timestamp_last < (query.timestamp_from or 0):
            sequence = 0
            break
        if entry is not None and entry.kind == codec.TRANSFERS:
            columns, out = cell.past.columns_of(sequence)
            rows = np.flatnonzero(_match(columns, out, query)[:row_before])[::-1]
            taken = rows[: query.limit - len(found)]
            found += [sequence << 16 | int(row) for row in taken]
            if len(taken) < len(rows):
                return _rows(cell, found), (sequence, int(taken[-1]))
        sequence, row_before = sequence - 1, 1 << 16
    return _rows(cell, found), (sequence, row_before) if sequence >= 1 else None


def _of_account(cell: Cell, query: TransferQuery, cursor: list[int]) -> list[int]:
    """Return the journal rows that an account's history names, newest first."""
    account = query.account_id or 0
    start = query.timestamp_from or 0
    end = 2**63 - 1 if query.timestamp_until is None else query.timestamp_until
    found: list[int] = []
    for page in histories.descending(cell, account, start, end):
        rows = np.unique(page["position"] >> 16)[::-1]
        found += [int(row) for row in rows if row <= cursor[0]]
        if len(found) > ROWS_A_PAGE:
            break
    return sorted(set(found), reverse=True)


def _rows(cell: Cell, positions: list[int]) -> pa.RecordBatch:
    return transfers_of(*cell.past.rows_at(np.array(positions, np.int64)))
