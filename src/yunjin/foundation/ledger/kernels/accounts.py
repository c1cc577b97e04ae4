"""Opening accounts."""

from typing import Any

import numpy as np

from yunjin.chassis.compiling import loop
from yunjin.foundation.ledger.api.codes import AccountFlag as F
from yunjin.foundation.ledger.api.codes import AccountStatus as S
from yunjin.foundation.ledger.kernels.tables import (
    SEQUENCE_BITS,
    SEQUENCE_MASK,
    AccountColumns,
    Array,
    Book,
    Counter,
    chain_is_open,
    is_elsewhere,
    put_row,
    row_of,
    take_row,
)

_LIMITS = int(F.DEBITS_MUST_NOT_EXCEED_CREDITS | F.CREDITS_MUST_NOT_EXCEED_DEBITS)
_KNOWN = _LIMITS | int(F.LINKED | F.HISTORY | F.IMPORTED | F.CLOSED)
_CLOSED = int(F.CLOSED)
BORN_CLOSED = 1 << 15  # closing and reopening happen later: this is how it was opened


@loop
def _form(book: Any, batch: Any, i: Any, imported: Any, clock: Any) -> Any:
    """Judge what needs no look at other accounts."""
    flags = batch.flags[i]
    if imported and not flags & F.IMPORTED:
        return np.uint8(S.IMPORTED_EXPECTED)
    if not imported and flags & F.IMPORTED:
        return np.uint8(S.IMPORTED_NOT_EXPECTED)
    if not imported and batch.timestamp[i] != 0:
        return np.uint8(S.TIMESTAMP_MUST_BE_ZERO)
    if imported and batch.timestamp[i] < 1:
        return np.uint8(S.IMPORTED_TIMESTAMP_OUT_OF_RANGE)
    if imported and batch.timestamp[i] > clock:
        return np.uint8(S.IMPORTED_TIMESTAMP_MUST_NOT_ADVANCE)
    if flags & ~_KNOWN:
        return np.uint8(S.RESERVED_FLAG)
    if batch.id[i] < 0 or batch.id[i] & SEQUENCE_MASK == 0:
        return np.uint8(S.ID_OUT_OF_RANGE)
    if batch.id[i] >> SEQUENCE_BITS != book.counters[Counter.CELL] or is_elsewhere(
        book, batch.id[i]
    ):
        return np.uint8(S.CELL_DIFFERENT)
    return np.uint8(S.CREATED)


@loop
def _judge(book: Any, batch: Any, i: Any, imported: Any, clock: Any) -> Any:
    """Return the status of one account; its row too where it exists."""
    status = _form(book, batch, i, imported, clock)
    if status != S.CREATED:
        return status, np.int32(-1)
    flags = batch.flags[i]
    row = row_of(book, batch.id[i])
    if row >= 0:
        known = book.accounts[row]
        opened = flags & ~_CLOSED | (BORN_CLOSED if flags & _CLOSED else 0)
        if (known.flags & ~_CLOSED) != opened:
            return np.uint8(S.EXISTS_WITH_DIFFERENT_FLAGS), row
        if known.limit != batch.limit_minor[i]:
            return np.uint8(S.EXISTS_WITH_DIFFERENT_LIMIT), row
        if known.ledger != batch.ledger[i]:
            return np.uint8(S.EXISTS_WITH_DIFFERENT_LEDGER), row
        if known.code != batch.code[i]:
            return np.uint8(S.EXISTS_WITH_DIFFERENT_CODE), row
        return np.uint8(S.EXISTS), row
    if flags & _LIMITS == _LIMITS:
        return np.uint8(S.FLAGS_ARE_MUTUALLY_EXCLUSIVE), row
    if batch.ledger[i] == 0:
        return np.uint8(S.LEDGER_MUST_NOT_BE_ZERO), row
    if batch.code[i] == 0:
        return np.uint8(S.CODE_MUST_NOT_BE_ZERO), row
    if batch.limit_minor[i] < 0 or (batch.limit_minor[i] > 0 and not flags & _LIMITS):
        return np.uint8(S.LIMIT_OUT_OF_RANGE), row
    if imported and batch.timestamp[i] <= book.counters[Counter.LAST_TIMESTAMP]:
        return np.uint8(S.IMPORTED_TIMESTAMP_MUST_NOT_REGRESS), row
    return np.uint8(S.CREATED), row


@loop
def add_account(book: Any, batch: Any, i: Any, timestamp: Any) -> None:
    """Append one account; capacity is there."""
    row = book.counters[Counter.ACCOUNTS]
    account = book.accounts[row]
    account.debits_pending = 0
    account.debits_posted = 0
    account.credits_pending = 0
    account.credits_posted = 0
    account.timestamp = timestamp
    account.limit = batch.limit_minor[i]
    account.sequence = batch.id[i] & SEQUENCE_MASK
    account.ledger = batch.ledger[i]
    account.code = batch.code[i]
    account.flags = batch.flags[i]
    if account.flags & _CLOSED:
        account.flags |= BORN_CLOSED
    put_row(book, account.sequence, row)
    book.counters[Counter.ACCOUNTS] += 1


@loop
def open_accounts(
    book: Book,
    batch: AccountColumns,
    status: Array,
    timestamp: Array,
    base: int,
    clock: int,
) -> None:
    """Open accounts in order; row i depends on the rows before it.

    base, clock: ns; item i gets base + i unless the batch is imported.
    status: uint8[n], timestamp: int64[n], written.
    """
    count = len(status)
    imported = count > 0 and batch.flags[0] & F.IMPORTED != 0
    chain, broken, is_open, last_before = -1, False, False, np.int64(0)
    for i in range(count):
        linked = batch.flags[i] & F.LINKED != 0
        timestamp[i] = 0
        if linked and chain < 0:
            chain, broken = i, False
            is_open = chain_is_open(batch.flags, i, F.LINKED)
            last_before = book.counters[Counter.LAST_TIMESTAMP]
        if broken:
            result, row = np.uint8(S.LINKED_FAILED), np.int32(-1)
        elif is_open and chain >= 0:
            result = np.uint8(S.LINKED_CHAIN_OPEN if i == count - 1 else S.LINKED_FAILED)
            row = np.int32(-1)
        else:
            result, row = _judge(book, batch, i, imported, clock)
        status[i] = result
        if result == S.CREATED:
            timestamp[i] = batch.timestamp[i] if imported else base + i
            add_account(book, batch, i, timestamp[i])
            if imported:
                book.counters[Counter.LAST_TIMESTAMP] = timestamp[i]
        elif result == S.EXISTS:
            timestamp[i] = book.accounts[row].timestamp
        elif chain >= 0 and not broken and not is_open:
            broken = True
            book.counters[Counter.LAST_TIMESTAMP] = last_before
            for j in range(i - 1, chain - 1, -1):
                if status[j] == S.CREATED:
                    take_row(book, batch.id[j] & SEQUENCE_MASK)
                    book.counters[Counter.ACCOUNTS] -= 1
                status[j] = S.LINKED_FAILED
                timestamp[j] = 0
        if not linked:
            chain, broken = -1, False
