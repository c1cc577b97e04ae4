"""A cell's book cut in two: what goes is taken out, and what it came to is told by ledger.

Accounts that went keep their rows, all zero, so that rows keep their numbers; they are no longer
found by their ids.
"""

from typing import Any

import numpy as np

from yunjin.chassis.compiling import loop
from yunjin.foundation.ledger.kernels.tables import (
    Array,
    Book,
    Counter,
    Fate,
    has_left,
    rehash_accounts,
)
from yunjin.kernel.ids import CLEARING_FROM

_MOVED = np.uint32(Fate.MOVED)


@loop
def torn_holds(book: Book, hi: Array, lo: Array) -> Any:
    """Count the open holds of whose accounts one stays and one goes.

    The book's counters say what stays, for the cell that keeps the clearing accounts.
    hi, lo: uint64[n], written: the ids of the first n. Returns how many there are.
    """
    count = 0
    for row in range(book.counters[Counter.HOLDS]):
        hold = book.holds[row]
        if hold.fate == Fate.OPEN and has_left(book, hold.debit) != has_left(book, hold.credit):
            if count < len(hi):
                hi[count], lo[count] = hold.id_hi, hold.id_lo
            count += 1
    return count


@loop
def _goes(book: Any, row: Any, keeps_clearing: Any) -> Any:
    """Tell whether a row's totals are not this cell's any more."""
    if book.accounts[row].sequence >= CLEARING_FROM:
        return not keeps_clearing
    return has_left(book, row)


@loop
def divide(book: Book, keeps_clearing: bool, ledgers: Array, sums: Array) -> Any:
    """Zero what is not of the share that the counters name; let go of its holds.

    keeps_clearing: whether the clearing accounts stay here; if not, they begin anew at zero.
    ledgers: uint32[k], written; there is room for all.  sums: int64[k, 5], written: rows that
    went, then their posted credits and debits, each as high and low 32 bits.
    direct and sparse come in empty. Returns (number of ledgers, holds that went).
    """
    holds = 0
    for row in range(book.counters[Counter.HOLDS]):
        hold = book.holds[row]
        is_gone = _goes(book, hold.debit, keeps_clearing) or _goes(
            book, hold.credit, keeps_clearing
        )
        if hold.fate == Fate.OPEN and is_gone:
            hold.fate = _MOVED
            holds += 1
    book.counters[Counter.OPEN_HOLDS] -= holds
    book.counters[Counter.ELSEWHERE] = 0
    count, at = 0, 0
    for row in range(book.counters[Counter.ACCOUNTS]):
        book.counters[Counter.ELSEWHERE] += has_left(book, row)
        if not _goes(book, row, keeps_clearing):
            continue
        account = book.accounts[row]
        if count == 0 or ledgers[at] != account.ledger:
            at = 0
            while at < count and ledgers[at] != account.ledger:
                at += 1
            if at == count:
                ledgers[at] = account.ledger
                count += 1
        line = sums[at]
        line[0] += 1
        line[1] += account.credits_posted >> 32
        line[2] += account.credits_posted & 0xFFFFFFFF
        line[3] += account.debits_posted >> 32
        line[4] += account.debits_posted & 0xFFFFFFFF
        account.debits_pending = 0
        account.debits_posted = 0
        account.credits_pending = 0
        account.credits_posted = 0
    rehash_accounts(book)
    return count, holds
