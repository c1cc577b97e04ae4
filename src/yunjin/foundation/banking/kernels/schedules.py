"""The walk over the rows of many loans: what each row pays in interest and principal."""

from typing import Any, NamedTuple

import numpy as np

from yunjin.chassis.compiling import loop
from yunjin.foundation.banking.kernels.exact import LARGEST, divide, scale
from yunjin.foundation.banking.kernels.instalments import (
    DONE,
    PAYS_INTEREST,
    PAYS_PRINCIPAL,
    SOLVES,
    TOO_LARGE,
    UNPROVEN,
    evened,
    level_instalment,
    level_principal,
    owed_interest,
    whole_units,
)
from yunjin.foundation.banking.kernels.interest import E8

_E8 = np.uint64(E8)


class Rows(NamedTuple):
    """The rows of all loans, one after the other; loan l owns rows first[l] … first[l+1] − 1.

    first: int64[loans+1].  opening: int64[loans], minor, owed when the first row begins.
    weight, den: int64[rows]; a full row's interest on a balance is balance · weight / den.
    share: int64[rows], the weight at 1 ppm.  rate: int64[rows], ppm, in force at the row's end.
    flags: int64[rows], PAYS_PRINCIPAL | PAYS_INTEREST | SOLVES.
    fixed: int64[rows], minor, an agreed payment, or −1.
    level: int64[rows], minor, a level instalment that is known, or −1.
    flow_first: int64[rows+1].  flow_amount: int64[flows], minor, what changes the balance inside a
    row.  flow_weight: int64[flows], of the rest of the row.
    begun: int64[loans, 3], minor: what a loan on its way brings along: the level in force, interest
    that was short, interest that was put off.
    """

    first: Any
    opening: Any
    weight: Any
    den: Any
    share: Any
    rate: Any
    flags: Any
    fixed: Any
    level: Any
    flow_first: Any
    flow_amount: Any
    flow_weight: Any
    begun: Any


class Rounds(NamedTuple):
    """How money is rounded, and which of the methods is meant. Scalars."""

    unit: int
    interest: int
    instalment: int
    is_equal_principal: bool
    is_evened: bool
    is_carried: bool


class Paid(NamedTuple):
    """What is written, int64[rows], minor.

    interest, principal: what falls due.  balance: after it.  level: in force from this row on.
    """

    interest: Any
    principal: Any
    balance: Any
    level: Any


@loop
def _carried(high: Any, low: Any, den: Any, carry: Any, rounds: Any) -> Any:
    """Return a row's interest and what its rounding leaves, in 10⁻⁸; −1 if it does not fit."""
    high, low, fits = scale(high, low, _E8)
    by = np.uint64(den)
    if not fits or high >= by:
        return -1, 0
    fine, _ = divide(high, low, by)
    if fine > LARGEST >> np.uint64(1):
        return -1, 0
    total = max(np.int64(fine) + carry, 0)
    interest = whole_units(
        np.uint64(0), np.uint64(total), _E8, np.uint64(rounds.unit), rounds.interest
    )
    return interest, np.int64(fine) + carry - interest * E8


@loop
def _level(rows: Any, row: Any, end: Any, before: Any, rounds: Any) -> Any:
    """Return the level amount from this row on, or −1 where the instalment is not proven."""
    high, low, balance, _ = owed_interest(rows, row, before)
    if rounds.is_equal_principal:
        return level_principal(rows, row, end, balance, rounds)
    level = rows.level[row]
    if level < 0:
        level = level_instalment(rows, row, end, balance, high, low, rounds.unit, rounds.instalment)
    if level < 0 or not rounds.is_evened:
        return level
    return evened(rows, row, end, before, level, rounds)


@loop
def _pay(rows: Any, row: Any, end: Any, due: Any, state: Any, rounds: Any) -> Any:
    """Return interest and principal of a row, and the interest that is short and put off.

    due: this row's interest.  state: balance, level, short, deferred.
    """
    balance, level, short, deferred = state
    flags, fixed = rows.flags[row], rows.fixed[row]
    owed = due + short
    if row == end - 1:
        return owed + deferred, balance, 0, 0
    if fixed >= 0:
        interest = min(fixed, owed + deferred)
        return interest, min(fixed - interest, balance), owed + deferred - interest, 0
    pays_principal = (flags & PAYS_PRINCIPAL) != 0
    if (flags & PAYS_INTEREST) == 0:
        principal = min(level, balance) if pays_principal and rounds.is_equal_principal else 0
        return 0, principal, short, deferred + due
    if not pays_principal:
        return owed + deferred, 0, 0, 0
    if rounds.is_equal_principal:
        return owed + deferred, min(level, balance), 0, 0
    interest = min(owed, level)
    return interest + deferred, min(level - interest, balance), owed - interest, 0


@loop
def _amortise_loan(rows: Any, loan: Any, rounds: Any, paid: Any) -> Any:
    """Walk over the rows of one loan. Returns the status and the row it came about in."""
    balance, carry = rows.opening[loan], 0
    level, short, deferred = rows.begun[loan, 0], rows.begun[loan, 1], rows.begun[loan, 2]
    is_pending = False
    end = rows.first[loan + 1]
    for row in range(rows.first[loan], end):
        before = balance
        high, low, balance, status = owed_interest(rows, row, before)
        if status != DONE:
            return status, row
        if rounds.is_carried:
            due, carry = _carried(high, low, rows.den[row], carry, rounds)
        else:
            due = whole_units(
                high,
                low,
                np.uint64(rows.den[row]),
                np.uint64(rounds.unit),
                rounds.interest,
            )
        if due < 0:
            return TOO_LARGE, row
        is_pending = is_pending or (rows.flags[row] & SOLVES) != 0
        is_level = rows.fixed[row] < 0 and (rows.flags[row] & PAYS_PRINCIPAL) != 0
        if is_pending and is_level and row < end - 1:
            level = _level(rows, row, end, before, rounds)
            if level < 0:
                return UNPROVEN, row
            is_pending = False
        elif rows.fixed[row] >= 0 and rounds.is_equal_principal:
            is_pending = True  # the agreed payment changed what the equal parts are parts of
        state = (balance, level, short, deferred)
        interest, principal, short, deferred = _pay(rows, row, end, due, state, rounds)
        balance -= principal
        paid.interest[row], paid.principal[row] = interest, principal
        paid.balance[row], paid.level[row] = balance, level
    return DONE, end


@loop
def amortise(rows: Any, loan: Any, rounds: Any, paid: Any) -> Any:
    """Walk over all loans from `loan` on, until one cannot be done.

    Returns the loan, its status (DONE after the last) and the row.
    """
    for number in range(loan, len(rows.opening)):
        status, row = _amortise_loan(rows, number, rounds, paid)
        if status != DONE:
            return number, status, row
    return len(rows.opening), DONE, -1
