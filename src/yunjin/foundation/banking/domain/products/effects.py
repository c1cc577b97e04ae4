"""What a hook may ask for, as data: the engine does all of it, or none.

Amounts, dates and conditions are columns with a row an agreement, or one value for all of them.
A row whose amount is 0 or whose condition is false is left alone.
"""

from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from yunjin.foundation.banking.domain.products.declarations import Account, Accrual, Event, Field
from yunjin.foundation.banking.domain.products.slots import Slot
from yunjin.kernel.money import MINOR_MAX

Column = Any  # int64[n], bool[n] or datetime64[D][n], or one value
Place = Account | Slot


@dataclass(frozen=True, slots=True)
class Refuse:
    """Do not let an entry be booked."""

    where: Column
    reason: str


@dataclass(frozen=True, slots=True)
class Post:
    """Move an amount (int64, minor, ≥ 0) between an agreement's accounts or slots of the GL."""

    debit: Place
    credit: Place
    amount: Column


@dataclass(frozen=True, slots=True)
class Accrue:
    """Let an accrual grow by an amount (int64, 10⁻⁸ minor, of either sign)."""

    accrual: Accrual
    amount_e8: Column


@dataclass(frozen=True, slots=True)
class Settle:
    """Post what an accrual has grown to, rounded, to an account; the residue is kept."""

    accrual: Accrual
    into: Account
    where: Column


@dataclass(frozen=True, slots=True)
class Put:
    """Remember a number."""

    field: Field
    value: Column
    where: Column


@dataclass(frozen=True, slots=True)
class Add:
    """Add to a number that is remembered."""

    field: Field
    amount: Column


@dataclass(frozen=True, slots=True)
class Schedule:
    """Call an event's hook on a date; one date an event, the last one asked for."""

    event: Event
    on: Column
    where: Column


@dataclass(frozen=True, slots=True)
class Notice:
    """Tell the customer something."""

    code: str
    where: Column


@dataclass(frozen=True, slots=True)
class Task:
    """Ask a person of the institution to look."""

    code: str
    where: Column


Effect = Refuse | Post | Accrue | Settle | Put | Add | Schedule | Notice | Task


def listed(
    effects: Iterable[Effect], ready: Callable[[Effect], Effect] = lambda one: one
) -> list[Effect]:
    """Return what a hook yields, all of it worked out before anything is done.

    ready : looks at each and returns it as it is to be used.

    Raises: TypeError for anything else, and what `ready` raises: in the hook, at the line it is of.
    """
    found: list[Effect] = []
    for effect in effects:
        try:
            if not isinstance(effect, Effect):
                raise TypeError(f"expected an effect, was {effect!r}")
            found.append(ready(effect))
        except Exception as wrong:
            if isinstance(effects, Generator):
                effects.throw(wrong)
            raise
    return found


def refuse(where: Column, reason: str) -> Refuse:
    """Refuse an entry where a condition holds."""
    return Refuse(where, reason)


def post(*, debit: Place, credit: Place, amount: Column) -> Post:
    """Book an amount, debit to credit."""
    return Post(debit, credit, amount)


def accrue(accrual: Accrual, amount_e8: Column) -> Accrue:
    """Let an accrual grow."""
    return Accrue(accrual, amount_e8)


def settle(accrual: Accrual, *, into: Account, where: Column = True) -> Settle:
    """Post an accrual to an account."""
    return Settle(accrual, into, where)


def put(field: Field, value: Column, where: Column = True) -> Put:
    """Remember a number."""
    return Put(field, value, where)


def add(field: Field, amount: Column) -> Add:
    """Add to a number that is remembered."""
    return Add(field, amount)


def schedule(event: Event, on: Column, where: Column = True) -> Schedule:
    """Set the date of an event."""
    return Schedule(event, on, where)


def notice(code: str, where: Column = True) -> Notice:
    """Tell the customer."""
    return Notice(code, where)


def task(code: str, where: Column = True) -> Task:
    """Ask a person."""
    return Task(code, where)


def pay_down(
    at: Any,
    over: tuple[Account, ...],
    *,
    source: Account,
    amount: Column = MINOR_MAX,
    where: Column = True,
) -> Iterator[Post]:
    """Yield posts that pay accounts off in the order given, as far as an amount reaches.

    source: the account that the money is taken from.  amount: enough for all, if none is given.
    """
    rest = np.where(where, np.maximum(amount, 0), 0)
    for account in over:
        part = np.minimum(rest, np.maximum(at[account], 0))
        yield Post(source, account, part)
        rest = rest - part
