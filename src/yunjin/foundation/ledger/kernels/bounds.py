"""How much may move: overflow, limits, balancing transfers, imported timestamps."""

from typing import Any

import numpy as np

from yunjin.chassis.compiling import leaf, loop
from yunjin.foundation.ledger.api.codes import AccountFlag as A
from yunjin.foundation.ledger.api.codes import TransferFlag as F
from yunjin.foundation.ledger.api.codes import TransferStatus as S
from yunjin.foundation.ledger.kernels.tables import INT64_MAX, Counter


@leaf
def _plus(a: Any, b: Any) -> Any:
    """Add two non-negative amounts, stopping at the largest."""
    return INT64_MAX if a > INT64_MAX - b else a + b


@loop
def balanced(d: Any, c: Any, flags: Any, amount: Any) -> Any:
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
def bounds(
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
def judge_imported(book: Any, batch: Any, i: Any) -> Any:
    """Judge the timestamp that an imported transfer brings."""
    if batch.timestamp[i] <= book.counters[Counter.LAST_TIMESTAMP]:
        return np.uint8(S.IMPORTED_TIMESTAMP_MUST_NOT_REGRESS)
    if batch.timeout_s[i] != 0:
        return np.uint8(S.IMPORTED_TIMEOUT_MUST_BE_ZERO)
    return np.uint8(S.CREATED)
