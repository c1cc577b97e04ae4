"""Posting transfers: judge one, apply it, undo a chain that failed."""

from typing import Any

import numpy as np

from yunjin.chassis.compiling import leaf, loop, prefetch
from yunjin.foundation.ledger.api.codes import AccountFlag as A
from yunjin.foundation.ledger.api.codes import TransferFlag as F
from yunjin.foundation.ledger.api.codes import TransferStatus as S
from yunjin.foundation.ledger.kernels.apply import apply_transfer, tell_balances, undo_transfer
from yunjin.foundation.ledger.kernels.bounds import balanced, bounds, judge_imported
from yunjin.foundation.ledger.kernels.forms import compare, form, plan
from yunjin.foundation.ledger.kernels.ids import fetch_slot, position_of, put_id, take_id
from yunjin.foundation.ledger.kernels.tables import (
    ROW_BITS,
    SEQUENCE_BITS,
    SEQUENCE_MASK,
    Book,
    Counter,
    Earlier,
    Fate,
    Outcome,
    TransferColumns,
    chain_is_open,
    find_hold,
    is_elsewhere,
    row_of,
)

_SETTLE = int(F.POST_PENDING | F.VOID_PENDING)
_BALANCING = int(F.BALANCING_DEBIT | F.BALANCING_CREDIT)
_AHEAD = 16
_ROW = (1 << ROW_BITS) - 1


@loop
def _settle(book: Any, batch: Any, i: Any, seen: Any, priors: Any, answers: Any, fates: Any) -> Any:
    """Judge a post or a void. Returns (status, row of the hold, amount)."""
    none = np.int64(-1)
    hold_row = np.int64(find_hold(book, batch.pending_id_hi[i], batch.pending_id_lo[i]))
    if hold_row >= 0:
        hold = book.holds[hold_row]
        cell = book.counters[Counter.CELL] << SEQUENCE_BITS
        debit = cell | book.accounts[hold.debit].sequence
        credit = cell | book.accounts[hold.credit].sequence
        ledger, code, held, fate = hold.ledger, hold.code, hold.amount, hold.fate
    else:
        if seen < 0 or answers.status[seen] != S.CREATED:
            return np.uint8(S.PENDING_TRANSFER_NOT_FOUND), none, np.int64(0)
        if not priors.flags[seen] & F.PENDING:
            return np.uint8(S.PENDING_TRANSFER_NOT_PENDING), none, np.int64(0)
        debit, credit = priors.debit_account_id[seen], priors.credit_account_id[seen]
        ledger, code = priors.ledger[seen], priors.code[seen]
        held, fate = priors.amount_minor[seen], np.uint32(fates[seen])
    if batch.debit_account_id[i] != 0 and batch.debit_account_id[i] != debit:
        return np.uint8(S.PENDING_TRANSFER_HAS_DIFFERENT_DEBIT_ACCOUNT_ID), none, np.int64(0)
    if batch.credit_account_id[i] != 0 and batch.credit_account_id[i] != credit:
        return np.uint8(S.PENDING_TRANSFER_HAS_DIFFERENT_CREDIT_ACCOUNT_ID), none, np.int64(0)
    if batch.ledger[i] != 0 and batch.ledger[i] != ledger:
        return np.uint8(S.PENDING_TRANSFER_HAS_DIFFERENT_LEDGER), none, np.int64(0)
    if batch.code[i] != 0 and batch.code[i] != code:
        return np.uint8(S.PENDING_TRANSFER_HAS_DIFFERENT_CODE), none, np.int64(0)
    amount = batch.amount_minor[i] if batch.amount_minor[i] != 0 else held
    if amount > held:
        return np.uint8(S.EXCEEDS_PENDING_TRANSFER_AMOUNT), none, np.int64(0)
    if batch.flags[i] & F.VOID_PENDING and amount != held:
        return np.uint8(S.PENDING_TRANSFER_HAS_DIFFERENT_AMOUNT), none, np.int64(0)
    if fate == Fate.POSTED:
        return np.uint8(S.PENDING_TRANSFER_ALREADY_POSTED), none, np.int64(0)
    if fate == Fate.VOIDED:
        return np.uint8(S.PENDING_TRANSFER_ALREADY_VOIDED), none, np.int64(0)
    if fate == Fate.EXPIRED:
        return np.uint8(S.PENDING_TRANSFER_EXPIRED), none, np.int64(0)
    if fate == Fate.MOVED:
        return np.uint8(S.PENDING_TRANSFER_MOVED), none, np.int64(0)
    return np.uint8(S.CREATED), hold_row, amount


@loop
def _judge_settle(
    book: Any,
    batch: Any,
    i: Any,
    seen: Any,
    priors: Any,
    answers: Any,
    fates: Any,
    imported: Any,
) -> Any:
    """Judge a post or a void whose form is right and id is new.

    Returns (status, row of the debit account, of the credit account, of the hold, amount).
    """
    nil = np.int64(-1)
    status, hold_row, amount = _settle(book, batch, i, seen, priors, answers, fates)
    if status != S.CREATED:
        return status, nil, nil, nil, amount
    hold = book.holds[hold_row]
    if imported:
        status = judge_imported(book, batch, i)
    if status == S.CREATED and not batch.flags[i] & F.VOID_PENDING:
        if book.accounts[hold.debit].flags & A.CLOSED and not hold.flags & F.CLOSING_DEBIT:
            status = np.uint8(S.DEBIT_ACCOUNT_CLOSED)
        elif book.accounts[hold.credit].flags & A.CLOSED and not hold.flags & F.CLOSING_CREDIT:
            status = np.uint8(S.CREDIT_ACCOUNT_CLOSED)
    return status, np.int64(hold.debit), np.int64(hold.credit), hold_row, amount


@loop
def _missing(book: Any, batch: Any, i: Any, debit: Any) -> Any:
    """Judge a transfer of whose accounts one is not here."""
    if is_elsewhere(book, batch.debit_account_id[i]):
        return np.uint8(S.DEBIT_ACCOUNT_MOVED)
    if is_elsewhere(book, batch.credit_account_id[i]):
        return np.uint8(S.CREDIT_ACCOUNT_MOVED)
    return np.uint8(S.DEBIT_ACCOUNT_NOT_FOUND if debit < 0 else S.CREDIT_ACCOUNT_NOT_FOUND)


@leaf
def _judge_plain(book: Any, batch: Any, i: Any, imported: Any, at: Any) -> Any:
    """Judge a plain or pending transfer whose form is right and id is new.

    Returns (status, row of the debit account, of the credit account, amount).
    """
    debit = np.int64(row_of(book, batch.debit_account_id[i]))
    credit = np.int64(row_of(book, batch.credit_account_id[i]))
    amount = batch.amount_minor[i]
    if debit < 0 or credit < 0:
        status = _missing(book, batch, i, debit)
    else:
        accounts, flags = book.accounts, batch.flags[i]
        status = np.uint8(S.CREATED)
        if accounts[debit].ledger != accounts[credit].ledger:
            status = np.uint8(S.ACCOUNTS_MUST_HAVE_THE_SAME_LEDGER)
        elif accounts[debit].ledger != batch.ledger[i]:
            status = np.uint8(S.TRANSFER_MUST_HAVE_THE_SAME_LEDGER_AS_ACCOUNTS)
        elif imported:
            status = judge_imported(book, batch, i)
        if status == S.CREATED:
            if accounts[debit].flags & A.CLOSED:
                status = np.uint8(S.DEBIT_ACCOUNT_CLOSED)
            elif accounts[credit].flags & A.CLOSED:
                status = np.uint8(S.CREDIT_ACCOUNT_CLOSED)
            else:
                if flags & _BALANCING:
                    amount = balanced(accounts[debit], accounts[credit], flags, amount)
                status = bounds(accounts, debit, credit, flags, amount, at, batch.timeout_s[i])
    return status, debit, credit, amount


@loop
def _is_transient(status: Any) -> Any:
    return (
        status == S.EXCEEDS_CREDITS
        or status == S.EXCEEDS_DEBITS
        or status == S.DEBIT_ACCOUNT_NOT_FOUND
        or status == S.CREDIT_ACCOUNT_NOT_FOUND
        or status == S.PENDING_TRANSFER_NOT_FOUND
        or status == S.DEBIT_ACCOUNT_CLOSED
        or status == S.CREDIT_ACCOUNT_CLOSED
    )


@leaf
def _in_batch(book: Any, hi: Any, lo: Any, position: Any) -> Any:
    """Return the row of this very batch that an id was used in, -1 where none was."""
    at = position_of(book.id_slots, book.ids, hi, lo)
    return at & _ROW if at >= position else np.int64(-1)


@leaf
def remember(book: Any, hi: Any, lo: Any, position: Any, timestamp: Any) -> None:
    """Remember an id for ever."""
    put_id(book.id_slots, book.ids, book.counters[Counter.IDS], hi, lo, position, timestamp)
    book.counters[Counter.IDS] += 1


@loop
def _undo_chain(book: Any, batch: Any, out: Any, first: Any, end: Any) -> None:
    """Take back the rows first … end-1 of a chain that failed, the last one first."""
    for j in range(end - 1, first - 1, -1):
        if out.status[j] == S.CREATED:
            undo_transfer(book, batch, out, j)
            take_id(book.id_slots, book.ids, batch.id_hi[j], batch.id_lo[j])
            book.counters[Counter.IDS] -= 1
        out.status[j] = S.LINKED_FAILED
        out.timestamp[j] = 0
        if len(out.balances) > 0:
            out.balances[j, :] = 0


@loop
def _known(book: Any, batch: Any, out: Any, i: Any, earlier: Any, position: Any) -> Any:
    """Hold a transfer against an earlier one of its id: before this batch, or in it."""
    if len(earlier.known) > 0 and earlier.known[i] >= 0:
        row = earlier.known[i]
        status = compare(batch, i, earlier.priors, earlier.answers, row)
        if status == S.EXISTS:
            out.timestamp[i] = earlier.answers.timestamp[row]
        return status
    row = _in_batch(book, batch.id_hi[i], batch.id_lo[i], position)
    if row < 0:
        return np.uint8(S.CREATED)
    status = compare(batch, i, batch, out, row)
    if status == S.EXISTS:
        out.timestamp[i] = out.timestamp[row]
    return status


@leaf
def _judge(
    book: Any,
    batch: Any,
    out: Any,
    i: Any,
    earlier: Any,
    imported: Any,
    position: Any,
    at: Any,
    clock: Any,
) -> Any:
    """Judge one transfer.

    Returns (status, row of the debit account, of the credit account, of the hold, amount).
    """
    debit = credit = hold_row = np.int64(-1)
    amount = np.int64(0)
    status = form(batch, i, imported, clock)
    if status == S.CREATED:
        status = _known(book, batch, out, i, earlier, position)
    if status == S.CREATED:
        status = plan(batch, i)
    if status == S.CREATED and batch.flags[i] & _SETTLE:
        own = _in_batch(book, batch.pending_id_hi[i], batch.pending_id_lo[i], position)
        if own >= 0:
            status, debit, credit, hold_row, amount = _judge_settle(
                book, batch, i, own, batch, out, earlier.fates, imported
            )
        else:
            seen = earlier.pending[i] if len(earlier.pending) > 0 else np.int64(-1)
            status, debit, credit, hold_row, amount = _judge_settle(
                book, batch, i, seen, earlier.priors, earlier.answers, earlier.fates, imported
            )
    elif status == S.CREATED:
        status, debit, credit, amount = _judge_plain(book, batch, i, imported, at)
    return status, debit, credit, hold_row, amount


@leaf
def fetch_ahead(book: Any, batch: Any, i: Any, count: Any) -> None:
    """Ask for what later rows will need: random places in memory are what a transfer waits for."""
    far, near = i + 2 * _AHEAD, i + _AHEAD
    if far < count:
        prefetch(book.direct, batch.debit_account_id[far] & SEQUENCE_MASK)
        prefetch(book.direct, batch.credit_account_id[far] & SEQUENCE_MASK)
    if near < count:
        fetch_slot(book.id_slots, batch.id_hi[near], batch.id_lo[near])
        prefetch(book.accounts, np.int64(row_of(book, batch.debit_account_id[near])))
        prefetch(book.accounts, np.int64(row_of(book, batch.credit_account_id[near])))


@loop
def tell_retries(
    book: Book, batch: TransferColumns, out: Outcome, earlier: Earlier, position: int
) -> None:
    """Answer retries with the balances, as they are now, of what the known transfers moved.

    A pass of its own after `post_transfers`: inside it, this would be in the way of every transfer.
    """
    for i in range(len(out.status)):
        if out.status[i] != S.EXISTS:
            continue
        if len(earlier.known) > 0 and earlier.known[i] >= 0:
            debit_id = earlier.priors.debit_account_id[earlier.known[i]]
            credit_id = earlier.priors.credit_account_id[earlier.known[i]]
        else:
            row = _in_batch(book, batch.id_hi[i], batch.id_lo[i], position)
            debit_id, credit_id = batch.debit_account_id[row], batch.credit_account_id[row]
        debit, credit = np.int64(row_of(book, debit_id)), np.int64(row_of(book, credit_id))
        tell_balances(book, out, i, debit, credit)


@loop
def post_transfers(
    book: Book,
    batch: TransferColumns,
    out: Outcome,
    earlier: Earlier,
    position: int,
    base: int,
    clock: int,
) -> Any:
    """Post transfers in order; row i depends on the rows before it.

    earlier: what the batch's ids mean already.  position: of row 0.  base, clock: ns.
    Capacities of the book are ensured.

    Returns the number of created transfers.
    """
    count = len(out.status)
    imported = count > 0 and batch.flags[0] & F.IMPORTED != 0
    chain, broken, is_open, created = -1, False, False, 0
    entries_before = last_before = np.int64(0)
    for i in range(count):
        fetch_ahead(book, batch, i, count)
        linked = batch.flags[i] & F.LINKED != 0
        hi, lo = batch.id_hi[i], batch.id_lo[i]
        out.timestamp[i] = 0
        out.requested[i] = batch.amount_minor[i]
        if linked and chain < 0:
            chain, broken = i, False
            is_open = chain_is_open(batch.flags, i, F.LINKED)
            entries_before = book.counters[Counter.ENTRIES]
            last_before = book.counters[Counter.LAST_TIMESTAMP]
            book.counters[Counter.UNDO] = 0
        at = batch.timestamp[i] if imported else base + i
        debit = credit = hold_row = np.int64(-1)
        amount = np.int64(0)
        if broken:
            status = np.uint8(S.LINKED_FAILED)
        elif is_open and chain >= 0:
            status = np.uint8(S.LINKED_CHAIN_OPEN if i == count - 1 else S.LINKED_FAILED)
        else:
            status, debit, credit, hold_row, amount = _judge(
                book, batch, out, i, earlier, imported, position, at, clock
            )
        out.status[i] = status
        if status == S.CREATED:
            out.timestamp[i] = at
            apply_transfer(
                book, batch, out, i, debit, credit, hold_row, amount, position + i, chain >= 0
            )
            remember(book, hi, lo, position + i, at)
            if imported:
                book.counters[Counter.LAST_TIMESTAMP] = at
            created += 1
        elif status != S.EXISTS:
            if chain >= 0 and not broken and not is_open:
                broken = True
                before = book.counters[Counter.TRANSFERS]
                _undo_chain(book, batch, out, chain, i)
                created -= before - book.counters[Counter.TRANSFERS]
                book.counters[Counter.ENTRIES] = entries_before
                book.counters[Counter.LAST_TIMESTAMP] = last_before
            if _is_transient(status):
                remember(book, hi, lo, position + i, at)
        if not linked:
            chain, broken = -1, False
    return created
