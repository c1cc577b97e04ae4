"""Searching transfers: along an account's history, or back through the journal."""

from dataclasses import replace
from typing import Any, Final
from uuid import UUID

import numpy as np
import pyarrow as pa

from yunjin.foundation.ledger import kernels
from yunjin.foundation.ledger.api import AccountFlag, TransferQuery, TransferStatus
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
    for name in ("user_data_128", "pending_id"):
        wanted = getattr(query, name)
        if wanted is not None:
            match &= getattr(columns, f"{name}_hi") == wanted.int >> 64
            match &= getattr(columns, f"{name}_lo") == wanted.int & (2**64 - 1)
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
    if query.pending_id is not None:
        narrowed = _after_hold(cell, query, query.pending_id)
        if narrowed is None:
            return _rows(cell, []), None
        query = narrowed
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


def _after_hold(cell: Cell, query: TransferQuery, hold: UUID) -> TransferQuery | None:
    """Narrow a search for what ended a hold to the time since it was made.

    Also to the history of one of its accounts, where one is kept; None where there is no such hold.
    """
    hi, lo = np.array([hold.int >> 64], np.uint64), np.array([hold.int & (2**64 - 1)], np.uint64)
    position = cell.ids.find(hi, lo)
    if position is None or position[0] < 0:
        return None
    columns, out = cell.past.rows_at(position)
    if out.status[0] != TransferStatus.CREATED:
        return None
    since = max(query.timestamp_from or 0, int(out.timestamp[0]))
    query = replace(query, timestamp_from=since)
    if query.account_id is not None:
        return query
    sides = np.array([columns.debit_account_id[0], columns.credit_account_id[0]], np.int64)
    rows = np.empty(2, np.int32)
    found = cell.book.accounts[rows[: kernels.rows_of(cell.book, sides, rows)]]
    kept = sides[: len(found)][found["flags"] & AccountFlag.HISTORY != 0]
    return replace(query, account_id=int(kept[0])) if len(kept) else query


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
