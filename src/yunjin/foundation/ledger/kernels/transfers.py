"""Posting transfers: judge one, apply it, undo a chain that failed."""

from typing import Any

import numpy as np

from yunjin.chassis.compiling import leaf, loop, prefetch
from yunjin.foundation.ledger.api.codes import AccountFlag as A
from yunjin.foundation.ledger.api.codes import TransferFlag as F
from yunjin.foundation.ledger.api.codes import TransferStatus as S
from yunjin.foundation.ledger.kernels.apply import apply_transfer, tell_balances, undo_transfer
from yunjin.foundation.ledger.kernels.forms import compare, form, plan
from yunjin.foundation.ledger.kernels.ids import fetch_slot, position_of, put_id, take_id
from yunjin.foundation.ledger.kernels.tables import (
    INT64_MAX,
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
    return np.uint8(S.CREATED), hold_row, amount


@leaf
def _plus(a: Any, b: Any) -> Any:
    """Add two non-negative amounts, stopping at the largest."""
    return INT64_MAX if a > INT64_MAX - b else a + b


@loop
def _balanced(d: Any, c: Any, flags: Any, amount: Any) -> Any:
    """Return the amount a balancing transfer may move, ≥ 0."""
    if flags & F.BALANCING_DEBIT:
        room = d.credits_posted
        if d.flags & A.DEBITS_MUST_NOT_EXCEED_CREDITS:
            room = _plus(room, d.limit)
        amount = min(amount, max(np.int64(0), room - d.debits_posted - d.debits_pending))
    if flags & F.BALANCING_CREDIT:
        room = c.debits_posted
        if c.flags & A.CREDITS_MUST_NOT_EXCEED_DEBITS:
            room = _plus(room, c.limit)
        amount = min(amount, max(np.int64(0), room - c.credits_posted - c.credits_pending))
    return amount


@loop
def _bounds(
    accounts: Any, debit: Any, credit: Any, flags: Any, amount: Any, at: Any, timeout_s: Any
) -> Any:
    """Judge overflow and limits of a plain or pending transfer."""
    d, c = accounts[debit], accounts[credit]
    room = INT64_MAX - amount
    if flags & F.PENDING:
        if d.debits_pending > room:
            return np.uint8(S.OVERFLOWS_DEBITS_PENDING)
        if c.credits_pending > room:
            return np.uint8(S.OVERFLOWS_CREDITS_PENDING)
    else:
        if d.debits_posted > room:
            return np.uint8(S.OVERFLOWS_DEBITS_POSTED)
        if c.credits_posted > room:
            return np.uint8(S.OVERFLOWS_CREDITS_POSTED)
    if d.debits_pending + d.debits_posted > room:
        return np.uint8(S.OVERFLOWS_DEBITS)
    if c.credits_pending + c.credits_posted > room:
        return np.uint8(S.OVERFLOWS_CREDITS)
    if timeout_s != 0 and at > INT64_MAX - np.int64(timeout_s) * 1_000_000_000:
        return np.uint8(S.OVERFLOWS_TIMEOUT)
    debits = d.debits_pending + d.debits_posted + amount
    if d.flags & A.DEBITS_MUST_NOT_EXCEED_CREDITS and debits > _plus(d.credits_posted, d.limit):
        return np.uint8(S.EXCEEDS_CREDITS)
    credits = c.credits_pending + c.credits_posted + amount
    if c.flags & A.CREDITS_MUST_NOT_EXCEED_DEBITS and credits > _plus(c.debits_posted, c.limit):
        return np.uint8(S.EXCEEDS_DEBITS)
    return np.uint8(S.CREATED)


@loop
def _imported(book: Any, batch: Any, i: Any) -> Any:
    if batch.timestamp[i] <= book.counters[Counter.LAST_TIMESTAMP]:
        return np.uint8(S.IMPORTED_TIMESTAMP_MUST_NOT_REGRESS)
    if batch.timeout_s[i] != 0:
        return np.uint8(S.IMPORTED_TIMEOUT_MUST_BE_ZERO)
    return np.uint8(S.CREATED)


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
        status = _imported(book, batch, i)
    if status == S.CREATED and not batch.flags[i] & F.VOID_PENDING:
        if book.accounts[hold.debit].flags & A.CLOSED and not hold.flags & F.CLOSING_DEBIT:
            status = np.uint8(S.DEBIT_ACCOUNT_CLOSED)
        elif book.accounts[hold.credit].flags & A.CLOSED and not hold.flags & F.CLOSING_CREDIT:
            status = np.uint8(S.CREDIT_ACCOUNT_CLOSED)
    return status, np.int64(hold.debit), np.int64(hold.credit), hold_row, amount


@leaf
def _judge_plain(book: Any, batch: Any, i: Any, imported: Any, at: Any) -> Any:
    """Judge a plain or pending transfer whose form is right and id is new.

    Returns (status, row of the debit account, of the credit account, amount).
    """
    debit = np.int64(row_of(book, batch.debit_account_id[i]))
    credit = np.int64(row_of(book, batch.credit_account_id[i]))
    amount = batch.amount_minor[i]
    if debit < 0:
        status = np.uint8(S.DEBIT_ACCOUNT_NOT_FOUND)
    elif credit < 0:
        status = np.uint8(S.CREDIT_ACCOUNT_NOT_FOUND)
    else:
        accounts, flags = book.accounts, batch.flags[i]
        status = np.uint8(S.CREATED)
        if accounts[debit].ledger != accounts[credit].ledger:
            status = np.uint8(S.ACCOUNTS_MUST_HAVE_THE_SAME_LEDGER)
        elif accounts[debit].ledger != batch.ledger[i]:
            status = np.uint8(S.TRANSFER_MUST_HAVE_THE_SAME_LEDGER_AS_ACCOUNTS)
        elif imported:
            status = _imported(book, batch, i)
        if status == S.CREATED:
            if accounts[debit].flags & A.CLOSED:
                status = np.uint8(S.DEBIT_ACCOUNT_CLOSED)
            elif accounts[credit].flags & A.CLOSED:
                status = np.uint8(S.CREDIT_ACCOUNT_CLOSED)
            else:
                if flags & _BALANCING:
                    amount = _balanced(accounts[debit], accounts[credit], flags, amount)
                status = _bounds(accounts, debit, credit, flags, amount, at, batch.timeout_s[i])
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


@leaf
def _balances_now(book: Any, known: Any, row: Any, out: Any, i: Any) -> None:
    """Answer a retry with the balances of the accounts that the known transfer came to move."""
    if len(out.balances) > 0:
        debit = np.int64(row_of(book, known.debit_account_id[row]))
        credit = np.int64(row_of(book, known.credit_account_id[row]))
        tell_balances(book, out, i, debit, credit)


@loop
def _known(book: Any, batch: Any, out: Any, i: Any, earlier: Any, position: Any) -> Any:
    """Hold a transfer against an earlier one of its id: before this batch, or in it."""
    if len(earlier.known) > 0 and earlier.known[i] >= 0:
        row = earlier.known[i]
        status = compare(batch, i, earlier.priors, earlier.answers, row)
        if status == S.EXISTS:
            out.timestamp[i] = earlier.answers.timestamp[row]
            _balances_now(book, earlier.priors, row, out, i)
        return status
    row = _in_batch(book, batch.id_hi[i], batch.id_lo[i], position)
    if row < 0:
        return np.uint8(S.CREATED)
    status = compare(batch, i, batch, out, row)
    if status == S.EXISTS:
        out.timestamp[i] = out.timestamp[row]
        _balances_now(book, batch, row, out, i)
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
