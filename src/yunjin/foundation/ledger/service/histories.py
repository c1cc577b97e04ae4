"""Histories: an account's lines, newest or oldest first, from memory and from the runs."""

from collections.abc import Iterator
from typing import Any, cast

import numpy as np
import pyarrow as pa

from yunjin.foundation.ledger.api import HISTORY, TransferStatus
from yunjin.foundation.ledger.kernels import ENTRY, Counter
from yunjin.foundation.ledger.service.cell import Cell
from yunjin.foundation.ledger.service.columns import transfers_of
from yunjin.kernel import check


def _memory(cell: Cell, account: int, start: int, end: int) -> list[Any]:
    """Return an account's lines that no run has yet, oldest first."""
    pieces = (cell.entries_before, cell.book.entries[: cell.count(Counter.ENTRIES)])
    found = []
    for piece in pieces:
        mine = (piece["account"] == account) & (piece["timestamp"] >= start)
        mine &= piece["timestamp"] < end
        if mine.any():
            found.append(piece[mine].copy())
    return found


def ascending(cell: Cell, account: int, start: int, end: int) -> Iterator[Any]:
    """Yield an account's lines in pages, oldest first."""
    for run in cell.runs["history"]:
        yield from cell.index.history(run, account, start, end)
    yield from _memory(cell, account, start, end)


def descending(cell: Cell, account: int, start: int, end: int) -> Iterator[Any]:
    """Yield an account's lines in pages, newest first."""
    for page in reversed(_memory(cell, account, start, end)):
        yield page[::-1]
    for run in reversed(cell.runs["history"]):
        for page in cell.index.history(run, account, start, end, newest_first=True):
            yield page[::-1]


def page_of(pages: Iterator[Any], limit: int, *, skip: int, at: int) -> tuple[Any, Any]:
    """Take `limit` lines; `skip` lines of the timestamp `at` were given on an earlier page.

    Returns (lines, (timestamp, lines of that timestamp already given) or None at the end).
    """
    taken: list[Any] = []
    count, to_skip = 0, skip
    for page in pages:
        if to_skip:
            same = page["timestamp"] == at
            drop = np.flatnonzero(same)[:to_skip]
            to_skip -= len(drop)
            page = np.delete(page, drop)
        taken.append(page)
        count += len(page)
        if count > limit:
            break
    lines = np.concatenate(taken) if taken else np.zeros(0, ENTRY)
    if len(lines) <= limit:
        return lines, None
    lines = lines[:limit]
    last = int(lines["timestamp"][-1])
    given = int((lines["timestamp"] == last).sum()) + (skip if last == at else 0)
    return lines, (last, given)


def with_transfers(cell: Cell, lines: Any) -> pa.RecordBatch:
    """Return lines with the transfers they come from, as HISTORY.

    The end of a hold by its time is shown as the pending transfer with the status
    PENDING_TRANSFER_EXPIRED, at the time it expired.
    """
    positions = lines["position"].copy()
    expired = np.zeros(len(lines), np.bool_)
    for i, position in enumerate(positions):
        ended = cell.past.expired_in(int(position) >> 16)
        if ended is not None:
            hi, lo = ended
            row = int(position) & 0xFFFF
            found = cell.ids.find(hi[row : row + 1], lo[row : row + 1])
            check.that(found is not None, "expected a hold's id to be known", row=row)
            positions[i], expired[i] = int(cast(Any, found)[0]), True
    columns, out = cell.past.rows_at(positions)
    out.timestamp[:] = lines["timestamp"]
    out.status[expired] = TransferStatus.PENDING_TRANSFER_EXPIRED
    batch = transfers_of(columns, out)
    totals = ("debits_pending", "debits_posted", "credits_pending", "credits_posted")
    arrays = [*batch.columns, *(pa.array(np.ascontiguousarray(lines[name])) for name in totals)]
    return pa.RecordBatch.from_arrays(arrays, schema=HISTORY)
