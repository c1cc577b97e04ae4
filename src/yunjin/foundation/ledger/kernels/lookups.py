"""Reading accounts."""

from typing import Any

from yunjin.chassis.compiling import loop
from yunjin.foundation.ledger.kernels.accounts import BORN_CLOSED
from yunjin.foundation.ledger.kernels.tables import (
    SEQUENCE_BITS,
    Array,
    Book,
    Counter,
    has_left,
    row_of,
)


@loop
def rows_of(book: Book, account_ids: Array, rows: Array) -> Any:
    """Find the rows of accounts. rows: int32[n], written, the found ones packed to the front.

    Returns how many were found.
    """
    found = 0
    for i in range(len(account_ids)):
        row = row_of(book, account_ids[i])
        if row >= 0:
            rows[found] = row
            found += 1
    return found


@loop
def gather_accounts(
    book: Book, rows: Array, wide: Array, ledger: Array, code: Array, flags: Array
) -> None:
    """Copy accounts into columns.

    wide: int64[7, n], written: id, limit, timestamp, debits pending and posted, credits likewise.
    ledger: uint32[n], code and flags: uint16[n], written.
    """
    cell = book.counters[Counter.CELL] << SEQUENCE_BITS
    for i in range(len(rows)):
        account = book.accounts[rows[i]]
        wide[0, i] = cell | account.sequence
        wide[1, i] = account.limit
        wide[2, i] = account.timestamp
        wide[3, i] = account.debits_pending
        wide[4, i] = account.debits_posted
        wide[5, i] = account.credits_pending
        wide[6, i] = account.credits_posted
        ledger[i] = account.ledger
        code[i] = account.code
        flags[i] = account.flags & ~BORN_CLOSED


@loop
def sum_ledgers(book: Book, ledgers: Array, sums: Array) -> Any:
    """Add accounts up by ledger.

    ledgers: uint32[k], written.  sums: int64[k, 9], written: accounts, then each of
    the four totals as high and low 32 bits, so that no sum of a whole bank overflows.
    Returns the number of ledgers, or -1 where there are more than k.
    """
    count = 0
    at = 0
    for row in range(book.counters[Counter.ACCOUNTS]):
        if has_left(book, row):
            continue
        account = book.accounts[row]
        if count == 0 or ledgers[at] != account.ledger:
            at = 0
            while at < count and ledgers[at] != account.ledger:
                at += 1
            if at == count:
                if count == len(ledgers):
                    return -1
                ledgers[at] = account.ledger
                count += 1
        line = sums[at]
        line[0] += 1
        line[1] += account.debits_pending >> 32
        line[2] += account.debits_pending & 0xFFFFFFFF
        line[3] += account.debits_posted >> 32
        line[4] += account.debits_posted & 0xFFFFFFFF
        line[5] += account.credits_pending >> 32
        line[6] += account.credits_pending & 0xFFFFFFFF
        line[7] += account.credits_posted >> 32
        line[8] += account.credits_posted & 0xFFFFFFFF
    return count
