"""A book of agreements of one product version, in columns, and what effects do to it.

The book is what `simulate` runs on and what day close loads from the ledger and the store; both
call the same hooks and apply the same effects.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from yunjin.foundation.banking.domain.products.context import Context, frozen
from yunjin.foundation.banking.domain.products.declarations import (
    Account,
    Accrual,
    Event,
    Field,
    Parameter,
    Product,
    declared,
)
from yunjin.foundation.banking.domain.products.effects import (
    Accrue,
    Effect,
    Notice,
    Place,
    Post,
    Put,
    Refuse,
    Schedule,
    Settle,
    Task,
    listed,
)
from yunjin.foundation.banking.domain.products.slots import Slot, element, grows_by_credit
from yunjin.kernel import check

E8: Final = 10**8
NEVER: Final = np.datetime64("NaT", "D")


@dataclass(slots=True)
class Transfers:
    """Amounts that moved in one effect: a row each, all between the same two places."""

    debit: Place
    credit: Place
    rows: Any  # int64[k], of the book
    amount: Any  # int64[k], minor, > 0


@dataclass(slots=True)
class Applied:
    """What a call's effects came to."""

    transfers: list[Transfers] = field(default_factory=list)
    refusals: list[tuple[str, Any]] = field(default_factory=list)  # (reason, rows)
    notices: list[tuple[str, Any]] = field(default_factory=list)
    tasks: list[tuple[str, Any]] = field(default_factory=list)


class Book:
    """Agreements of one product, a row each."""

    def __init__(self, product: Product, count: int) -> None:
        self.product = product
        kind = type(product)
        self.accounts: dict[str, Account] = declared(kind, Account)
        self.accruals: dict[str, Accrual] = declared(kind, Accrual)
        self.parameters: dict[str, Parameter] = declared(kind, Parameter)
        self.fields: dict[str, Field] = declared(kind, Field)
        self.events: dict[str, Event] = declared(kind, Event)
        self.columns: dict[str, Any] = {
            name: np.zeros(count, np.int64)
            for name in (*self.accounts, *self.accruals, *self.fields, *self.parameters)
        }
        self.columns |= {name: np.full(count, NEVER) for name in self.events}
        self.opened = np.full(count, NEVER)
        self.since = np.full(count, NEVER)
        self.held = np.zeros(count, np.int64)
        self.is_open = np.zeros(count, np.bool_)
        self.sums: Counter[Slot] = Counter()  # debits − credits of the slots, minor
        self.accrued: Counter[str] = Counter()  # booked and settled, minor, by accrual

    def __len__(self) -> int:
        return len(self.opened)

    def context(self, rows: Any, date: Any, *, amount: Any = 0) -> Context:
        """Return the columns of some rows (int64[k]) as a hook sees them on a date."""
        return self._context(rows, date, self.since[rows], date, amount)

    def nights(self, rows: Any, dates: Any) -> Context:
        """Return what `on_day` sees: a row for each of the rows and the dates, by date.

        dates: datetime64[D][days]; each is accrued for the night that follows it. The first one
        takes in what was not accrued before.
        """
        since = np.concatenate([self.since[rows], np.repeat(dates[1:], len(rows))])
        all_rows, days = np.tile(rows, len(dates)), np.repeat(dates, len(rows))
        return self._context(all_rows, days, since, days + 1, 0)

    def _context(self, rows: Any, date: Any, since: Any, until: Any, amount: Any) -> Context:
        def take(name: str) -> Any:
            if name not in self.columns:
                raise KeyError(f"expected a declaration of the product, was {name!r}")
            taken = self.columns[name][rows]
            account = self.accounts.get(name)
            if account is not None and grows_by_credit(account.slot):
                return -taken  # kept as debits − credits
            return taken

        return Context(
            take=take,
            date=date,
            since=frozen(since),
            until=until,
            opened=frozen(self.opened[rows]),
            amount=frozen(np.broadcast_to(np.asarray(amount, np.int64), len(rows))),
            held=frozen(self.held[rows]),
            main=self.product.main,
        )

    def judge(self, context: Context, rows: Any) -> list[tuple[str, Any]]:
        """Ask `before_post`; return (reason, refused rows) in the order the product names them."""
        found = []
        for effect in listed(self.product.before_post(context)):
            if not isinstance(effect, Refuse):
                raise TypeError(f"expected before_post to refuse only, was {effect!r}")
            refused = rows[_where(effect.where, len(rows))]
            if len(refused):
                found.append((effect.reason, refused))
        return found

    def apply(self, effects: list[Effect], rows: Any) -> Applied:
        """Do what a hook asked for on the rows (int64[k]) its context was made of."""
        applied = Applied()
        for effect in effects:
            match effect:
                case Post(debit, credit, amount):
                    self._post(debit, credit, amount, rows, applied)
                case Accrue(accrual, amount_e8):
                    self.columns[accrual.name][rows] += _integers(amount_e8, len(rows))
                case Settle(accrual, into, where):
                    self._settle(accrual, into, rows[_where(where, len(rows))], applied)
                case Put(memory, value, where):
                    chosen = _where(where, len(rows))
                    self.columns[memory.name][rows[chosen]] = _integers(value, len(rows))[chosen]
                case Schedule(event, on, where):
                    chosen = _where(where, len(rows))
                    dates = np.broadcast_to(np.asarray(on, "datetime64[D]"), len(rows))
                    self.columns[event.name][rows[chosen]] = dates[chosen]
                case Notice(code, where):
                    applied.notices.append((code, rows[_where(where, len(rows))]))
                case Task(code, where):
                    applied.tasks.append((code, rows[_where(where, len(rows))]))
                case Refuse(where, reason):
                    applied.refusals.append((reason, rows[_where(where, len(rows))]))
        return applied

    def _post(self, debit: Place, credit: Place, amount: Any, rows: Any, applied: Applied) -> None:
        amounts = _integers(amount, len(rows))
        check.that(not (amounts < 0).any(), "expected amounts of at least 0 to post")
        moved = np.flatnonzero(amounts)
        if not len(moved):
            return
        rows, amounts = rows[moved], amounts[moved]
        self._move(debit, rows, amounts)
        self._move(credit, rows, -amounts)
        applied.transfers.append(Transfers(debit, credit, rows, amounts))

    def _move(self, place: Place, rows: Any, amounts: Any) -> None:
        if isinstance(place, Slot):
            self.sums[place] += int(amounts.sum())
        else:
            self.columns[place.name][rows] += amounts

    def _settle(self, accrual: Accrual, into: Account, rows: Any, applied: Applied) -> None:
        grown = self.columns[accrual.name][rows]
        amounts = rounded(grown)
        self.columns[accrual.name][rows] -= amounts * E8
        self.accrued[accrual.name] -= int(amounts.sum())
        debit: Place = accrual.credit
        credit: Place = into
        if earns(accrual):
            debit, credit = into, accrual.debit
        self._post(debit, credit, np.maximum(amounts, 0), rows, applied)
        self._post(credit, debit, np.maximum(-amounts, 0), rows, applied)

    def book_accruals(self) -> list[tuple[Accrual, int]]:
        """Book in sum what accrued since the last time; return (accrual, amount, minor)."""
        booked = []
        for name, accrual in self.accruals.items():
            parts = np.array_split(self.columns[name], 1 + len(self) // 1024)
            total = sum(int(part.sum()) for part in parts)  # a whole book may pass 64 bits
            grown = _rounded(total) - self.accrued[name]
            if grown:
                self.sums[accrual.debit] += grown
                self.sums[accrual.credit] -= grown
                self.accrued[name] += grown
                booked.append((accrual, grown))
        return booked

    def difference(self) -> int:
        """Return debits − credits over all accounts and slots: 0, or money was made or lost."""
        own = sum(int(self.columns[name].sum()) for name in self.accounts)
        return own + sum(self.sums.values())


def earns(accrual: Accrual) -> bool:
    """Tell income that accrues from expense that accrues."""
    return not grows_by_credit(accrual.debit) and element(accrual.debit) == 1


def rounded(amount_e8: Any) -> Any:
    """Round 10⁻⁸ of a minor unit (int64[n]) to minor units, halves away from zero."""
    return np.sign(amount_e8) * ((np.abs(amount_e8) + E8 // 2) // E8)


def _rounded(amount_e8: int) -> int:
    whole = (abs(amount_e8) + E8 // 2) // E8
    return -whole if amount_e8 < 0 else whole


def _where(where: Any, count: int) -> Any:
    chosen = np.asarray(where)
    check.that(
        chosen.dtype == np.bool_, "expected a condition, was numbers", kind=str(chosen.dtype)
    )
    return np.broadcast_to(chosen, count)


def _integers(values: Any, count: int) -> Any:
    numbers = np.asarray(values)
    check.that(
        np.issubdtype(numbers.dtype, np.integer), "expected whole numbers", kind=str(numbers.dtype)
    )
    return np.broadcast_to(numbers.astype(np.int64, copy=False), count)
