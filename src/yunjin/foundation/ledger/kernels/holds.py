"""Pending transfers: held, then posted, voided or expired in the order of their time."""

from typing import Any

import numpy as np

from yunjin.chassis.compiling import leaf, loop
from yunjin.foundation.ledger.api.codes import AccountFlag, TransferFlag
from yunjin.foundation.ledger.kernels.tables import (
    SEQUENCE_BITS,
    Array,
    Book,
    Counter,
    Fate,
    find_hold,
    put_hold,
)

_EXPIRED = np.uint32(Fate.EXPIRED)
_CLOSED = int(AccountFlag.CLOSED)


@leaf
def add_entry(book: Any, row: Any, timestamp: Any, position: Any) -> None:
    """Append a line to an account's history, where it keeps one."""
    account = book.accounts[row]
    if not account.flags & AccountFlag.HISTORY:
        return
    entry = book.entries[book.counters[Counter.ENTRIES]]
    entry.account = book.counters[Counter.CELL] << SEQUENCE_BITS | account.sequence
    entry.timestamp = timestamp
    entry.position = position
    entry.debits_pending = account.debits_pending
    entry.debits_posted = account.debits_posted
    entry.credits_pending = account.credits_pending
    entry.credits_posted = account.credits_posted
    book.counters[Counter.ENTRIES] += 1


@loop
def push(book: Any, expires_at: Any, row: Any) -> None:
    """Put a hold on the heap of expiries."""
    heap, child = book.heap, book.counters[Counter.HEAP]
    book.counters[Counter.HEAP] += 1
    while child > 0:
        parent = (child - 1) // 2
        if heap[parent, 0] < expires_at or (
            heap[parent, 0] == expires_at and heap[parent, 1] <= row
        ):
            break
        heap[child, 0], heap[child, 1] = heap[parent, 0], heap[parent, 1]
        child = parent
    heap[child, 0], heap[child, 1] = expires_at, row


@loop
def pop(book: Any) -> None:
    """Take the earliest hold off the heap."""
    heap = book.heap
    book.counters[Counter.HEAP] -= 1
    size = book.counters[Counter.HEAP]
    at, row = heap[size, 0], heap[size, 1]
    parent = 0
    while True:
        child = 2 * parent + 1
        if child >= size:
            break
        right = child + 1
        if right < size and (
            heap[right, 0] < heap[child, 0]
            or (heap[right, 0] == heap[child, 0] and heap[right, 1] < heap[child, 1])
        ):
            child = right
        if at < heap[child, 0] or (at == heap[child, 0] and row <= heap[child, 1]):
            break
        heap[parent, 0], heap[parent, 1] = heap[child, 0], heap[child, 1]
        parent = child
    heap[parent, 0], heap[parent, 1] = at, row


@loop
def release(book: Any, hold: Any) -> None:
    """Take a hold's amount off both accounts' pending totals."""
    book.accounts[hold.debit].debits_pending -= hold.amount
    book.accounts[hold.credit].credits_pending -= hold.amount
    book.counters[Counter.OPEN_HOLDS] -= 1


@loop
def reopen(book: Any, hold: Any) -> None:
    """Undo the closing that a hold did."""
    if hold.flags & TransferFlag.CLOSING_DEBIT:
        account = book.accounts[hold.debit]
        account.flags = np.uint16(account.flags & ~_CLOSED)
    if hold.flags & TransferFlag.CLOSING_CREDIT:
        account = book.accounts[hold.credit]
        account.flags = np.uint16(account.flags & ~_CLOSED)


@loop
def _expire_one(book: Any, row: Any, timestamp: Any, position: Any) -> None:
    hold = book.holds[row]
    hold.fate = _EXPIRED
    release(book, hold)
    reopen(book, hold)
    add_entry(book, hold.debit, timestamp, position)
    add_entry(book, hold.credit, timestamp, position)


@loop
def expire(book: Book, until: int, position: int, hi: Array, lo: Array) -> Any:
    """Expire every hold whose time has come, the earliest first, up to len(hi) of them.

    until: ns, inclusive.  position: of the journal row, row number 0.
    hi, lo: uint64[n], written: whose holds they were. Returns how many.
    """
    count = 0
    while count < len(hi) and book.counters[Counter.HEAP] > 0 and book.heap[0, 0] <= until:
        expires_at, row = book.heap[0, 0], book.heap[0, 1]
        pop(book)
        if row >= book.counters[Counter.HOLDS]:
            continue  # its chain was undone
        hold = book.holds[row]
        if hold.fate != Fate.OPEN or hold.expires_at != expires_at:
            continue
        hi[count], lo[count] = hold.id_hi, hold.id_lo
        _expire_one(book, row, until, position + count)
        count += 1
    return count


@loop
def expire_again(book: Book, hi: Array, lo: Array, timestamp: int, position: int) -> Any:
    """Replay an expiry from the journal. Returns the number of ids that were not held."""
    strangers = 0
    for i in range(len(hi)):
        row = find_hold(book, hi[i], lo[i])
        if row < 0 or book.holds[row].fate != Fate.OPEN:
            strangers += 1
            continue
        _expire_one(book, row, timestamp, position + i)
    return strangers


@loop
def fates_of(book: Book, hi: Array, lo: Array, fates: Array) -> None:
    """Tell what became of pending transfers. fates: int64[n], written where the book knows."""
    for i in range(len(hi)):
        row = find_hold(book, hi[i], lo[i])
        if row >= 0:
            fates[i] = book.holds[row].fate


@loop
def compact_holds(book: Book) -> None:
    """Keep the open holds only, in order; index and heap are built anew (both come in empty)."""
    kept = 0
    for row in range(book.counters[Counter.HOLDS]):
        if book.holds[row].fate == Fate.OPEN:
            book.holds[kept] = book.holds[row]
            kept += 1
    book.counters[Counter.HOLDS] = kept
    book.counters[Counter.HEAP] = 0
    for row in range(kept):
        put_hold(book, row)
        if book.holds[row].expires_at != 0:
            push(book, book.holds[row].expires_at, row)
