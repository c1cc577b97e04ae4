"""Replaying the journal: effects only, nothing is judged again."""

from typing import Any

import numpy as np

from yunjin.chassis.compiling import loop
from yunjin.foundation.ledger.api.codes import AccountStatus, TransferFlag
from yunjin.foundation.ledger.api.codes import TransferStatus as S
from yunjin.foundation.ledger.kernels.accounts import add_account
from yunjin.foundation.ledger.kernels.apply import apply_effect
from yunjin.foundation.ledger.kernels.holds import add_entry
from yunjin.foundation.ledger.kernels.tables import (
    AccountColumns,
    Array,
    Book,
    Outcome,
    TransferColumns,
    find_hold,
    row_of,
)
from yunjin.foundation.ledger.kernels.transfers import _is_transient, fetch_ahead, remember

_SETTLE = int(TransferFlag.POST_PENDING | TransferFlag.VOID_PENDING)


@loop
def replay_accounts(book: Book, batch: AccountColumns, status: Array, timestamp: Array) -> None:
    """Open again the accounts that were opened."""
    for i in range(len(status)):
        if status[i] == AccountStatus.CREATED:
            add_account(book, batch, i, timestamp[i])


@loop
def replay_transfers(
    book: Book, batch: TransferColumns, out: Outcome, position: int, base: int
) -> Any:
    """Apply again the transfers that were created, remember the ids that were used.

    base: ns, the timestamp of row 0 (for failed ids).
    Returns the number of rows that do not fit the book: 0, or the journal is not its own.
    """
    strangers = 0
    count = len(out.status)
    for i in range(count):
        fetch_ahead(book, batch, i, count)
        status = out.status[i]
        if status != S.CREATED:
            if _is_transient(status):
                remember(book, batch.id_hi[i], batch.id_lo[i], position + i, base + i)
            continue
        debit = np.int64(row_of(book, batch.debit_account_id[i]))
        credit = np.int64(row_of(book, batch.credit_account_id[i]))
        hold = np.int64(-1)
        if batch.flags[i] & _SETTLE:
            hold = np.int64(find_hold(book, batch.pending_id_hi[i], batch.pending_id_lo[i]))
        if debit < 0 or credit < 0 or (hold < 0 and batch.flags[i] & _SETTLE):
            strangers += 1
            continue
        at = out.timestamp[i]
        apply_effect(book, batch, i, debit, credit, hold, batch.amount_minor[i], at)
        remember(book, batch.id_hi[i], batch.id_lo[i], position + i, at)
        add_entry(book, debit, at, position + i)
        add_entry(book, credit, at, position + i)
    return strangers
