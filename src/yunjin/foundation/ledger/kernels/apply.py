"""The effect of one transfer on the book, and taking it back."""

from typing import Any

import numpy as np

from yunjin.chassis.compiling import leaf, loop
from yunjin.foundation.ledger.api.codes import AccountFlag as A
from yunjin.foundation.ledger.api.codes import TransferFlag as F
from yunjin.foundation.ledger.kernels.holds import add_entry, push, release, reopen
from yunjin.foundation.ledger.kernels.tables import (
    SEQUENCE_BITS,
    Counter,
    Fate,
    Inherited,
    find_hold,
    mix_id,
    put_hold,
)

_SETTLE = int(F.POST_PENDING | F.VOID_PENDING)
_AMOUNT = np.uint8(Inherited.AMOUNT)
_OPEN, _POSTED, _VOIDED = (np.uint32(f) for f in (Fate.OPEN, Fate.POSTED, Fate.VOIDED))
_CLOSED = np.uint16(A.CLOSED)


@loop
def _hold(book: Any, batch: Any, i: Any, debit: Any, credit: Any, amount: Any, at: Any) -> None:
    """Hold an amount until it is posted, voided or expires."""
    book.accounts[debit].debits_pending += amount
    book.accounts[credit].credits_pending += amount
    row = book.counters[Counter.HOLDS]
    hold = book.holds[row]
    hold.id_hi, hold.id_lo = batch.id_hi[i], batch.id_lo[i]
    hold.amount, hold.timestamp = amount, at
    hold.user_data_128_hi = batch.user_data_128_hi[i]
    hold.user_data_128_lo = batch.user_data_128_lo[i]
    hold.user_data_64, hold.user_data_32 = batch.user_data_64[i], batch.user_data_32[i]
    hold.ledger, hold.code, hold.flags = batch.ledger[i], batch.code[i], batch.flags[i]
    hold.debit, hold.credit = debit, credit
    hold.fate = _OPEN
    hold.expires_at = 0
    if batch.timeout_s[i] != 0:
        hold.expires_at = at + np.int64(batch.timeout_s[i]) * 1_000_000_000
        push(book, hold.expires_at, row)
    put_hold(book, row)
    book.counters[Counter.HOLDS] += 1
    book.counters[Counter.OPEN_HOLDS] += 1
    if batch.flags[i] & F.CLOSING_DEBIT:
        book.accounts[debit].flags |= _CLOSED
    if batch.flags[i] & F.CLOSING_CREDIT:
        book.accounts[credit].flags |= _CLOSED


@loop
def _inherit(book: Any, batch: Any, out: Any, i: Any, hold: Any) -> None:
    """Fill in what a post or a void left zero, and note what that was."""
    left = 0
    cell = book.counters[Counter.CELL] << SEQUENCE_BITS
    if batch.debit_account_id[i] == 0:
        batch.debit_account_id[i] = cell | book.accounts[hold.debit].sequence
        left |= Inherited.DEBIT
    if batch.credit_account_id[i] == 0:
        batch.credit_account_id[i] = cell | book.accounts[hold.credit].sequence
        left |= Inherited.CREDIT
    if batch.ledger[i] == 0:
        batch.ledger[i] = hold.ledger
        left |= Inherited.LEDGER
    if batch.code[i] == 0:
        batch.code[i] = hold.code
        left |= Inherited.CODE
    if batch.user_data_128_hi[i] == 0 and batch.user_data_128_lo[i] == 0:
        batch.user_data_128_hi[i] = hold.user_data_128_hi
        batch.user_data_128_lo[i] = hold.user_data_128_lo
        left |= Inherited.USER_DATA_128
    if batch.user_data_64[i] == 0:
        batch.user_data_64[i] = hold.user_data_64
        left |= Inherited.USER_DATA_64
    if batch.user_data_32[i] == 0:
        batch.user_data_32[i] = hold.user_data_32
        left |= Inherited.USER_DATA_32
    out.inherited[i] = left


@leaf
def apply_effect(
    book: Any,
    batch: Any,
    i: Any,
    debit: Any,
    credit: Any,
    hold_row: Any,
    amount: Any,
    at: Any,
) -> None:
    """Move, hold, post or void one amount. All has been judged; nothing is refused here."""
    flags = batch.flags[i]
    if flags & F.PENDING:
        _hold(book, batch, i, debit, credit, amount, at)
    elif flags & _SETTLE:
        hold = book.holds[hold_row]
        release(book, hold)
        if flags & F.POST_PENDING:
            hold.fate = _POSTED
            book.accounts[debit].debits_posted += amount
            book.accounts[credit].credits_posted += amount
        else:
            hold.fate = _VOIDED
            reopen(book, hold)
    else:
        book.accounts[debit].debits_posted += amount
        book.accounts[credit].credits_posted += amount
    book.counters[Counter.TRANSFERS] += 1


@leaf
def tell_balances(book: Any, out: Any, i: Any, debit: Any, credit: Any) -> None:
    """Answer with what both accounts are now."""
    d, c = book.accounts[debit], book.accounts[credit]
    line = out.balances[i]
    line[0], line[1] = d.debits_pending, d.debits_posted
    line[2], line[3] = d.credits_pending, d.credits_posted
    line[4], line[5] = c.debits_pending, c.debits_posted
    line[6], line[7] = c.credits_pending, c.credits_posted


@leaf
def apply_transfer(
    book: Any,
    batch: Any,
    out: Any,
    i: Any,
    debit: Any,
    credit: Any,
    hold_row: Any,
    amount: Any,
    position: Any,
    in_chain: Any,
) -> None:
    """Apply one judged transfer: effect, inherited fields, history, balances if asked."""
    if in_chain:  # keep the accounts as they were, in case the chain fails
        undo = book.counters[Counter.UNDO]
        book.undo_rows[undo], book.undo_rows[undo + 1] = debit, credit
        book.undo_accounts[undo] = book.accounts[debit]
        book.undo_accounts[undo + 1] = book.accounts[credit]
        book.counters[Counter.UNDO] += 2
    if batch.flags[i] & _SETTLE:
        _inherit(book, batch, out, i, book.holds[hold_row])
        if out.requested[i] == 0:
            out.inherited[i] |= _AMOUNT
    batch.amount_minor[i] = amount
    apply_effect(book, batch, i, debit, credit, hold_row, amount, out.timestamp[i])
    add_entry(book, debit, out.timestamp[i], position)
    add_entry(book, credit, out.timestamp[i], position)
    if len(out.balances) > 0:
        tell_balances(book, out, i, debit, credit)


@loop
def undo_transfer(book: Any, batch: Any, out: Any, j: Any) -> None:
    """Take back the transfer applied last."""
    book.counters[Counter.UNDO] -= 2
    undo = book.counters[Counter.UNDO]
    book.accounts[book.undo_rows[undo + 1]] = book.undo_accounts[undo + 1]
    book.accounts[book.undo_rows[undo]] = book.undo_accounts[undo]
    flags = batch.flags[j]
    if flags & F.PENDING:
        mask = np.uint64(len(book.hold_slots) - 1)
        slot = mix_id(batch.id_hi[j], batch.id_lo[j]) & mask
        while book.hold_slots[slot] != book.counters[Counter.HOLDS]:
            slot = (slot + np.uint64(1)) & mask
        book.hold_slots[slot] = 0
        book.counters[Counter.HOLDS] -= 1
        book.counters[Counter.OPEN_HOLDS] -= 1
    elif flags & _SETTLE:
        row = find_hold(book, batch.pending_id_hi[j], batch.pending_id_lo[j])
        book.holds[row].fate = _OPEN
        book.counters[Counter.OPEN_HOLDS] += 1
        _disinherit(batch, out, j)
    batch.amount_minor[j] = out.requested[j]
    book.counters[Counter.TRANSFERS] -= 1


@loop
def _disinherit(batch: Any, out: Any, j: Any) -> None:
    """Set inherited fields back to zero, as they were asked."""
    left = out.inherited[j]
    if left & Inherited.DEBIT:
        batch.debit_account_id[j] = 0
    if left & Inherited.CREDIT:
        batch.credit_account_id[j] = 0
    if left & Inherited.LEDGER:
        batch.ledger[j] = 0
    if left & Inherited.CODE:
        batch.code[j] = 0
    if left & Inherited.USER_DATA_128:
        batch.user_data_128_hi[j] = 0
        batch.user_data_128_lo[j] = 0
    if left & Inherited.USER_DATA_64:
        batch.user_data_64[j] = 0
    if left & Inherited.USER_DATA_32:
        batch.user_data_32[j] = 0
    out.inherited[j] = 0
