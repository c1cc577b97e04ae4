"""A book of agreements of one product version, in columns, and what effects do to it.

The book is what `simulate` runs on and what day close loads from the ledger and the store; both
call the same hooks and apply the same effects.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

import numpy as np

from yunjin.foundation.banking.domain import rounding
from yunjin.foundation.banking.domain.columns import frozen, spread
from yunjin.foundation.banking.domain.products.context import Context
from yunjin.foundation.banking.domain.products.declarations import (
    Account,
    Accrual,
    Date,
    Event,
    Field,
    Parameter,
    Product,
    declared,
)
from yunjin.foundation.banking.domain.products.effects import (
    Accrue,
    Add,
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
from yunjin.foundation.banking.domain.rounding import Rounding
from yunjin.kernel import check

OPENED, SINCE, HELD, STATUS, BOOKED = ".opened", ".since", ".held", ".status", ".booked"
BEHIND: Final = ".behind"  # the day since whose evening something due is unpaid, without a break
OPEN, CLOSED, STOPPED = 1, 2, 3  # of the status; 0: not opened yet
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
    """Agreements of one product version, a row each; every column is int64 or a date.

    Own columns begin with a dot, so that no declaration can have their names.
    """

    def __init__(self, product: Product, count: int = 0, *, is_cash: bool = False) -> None:
        self.product, self.is_cash = product, is_cash
        kind = type(product)
        self.accounts: dict[str, Account] = declared(kind, Account)
        self.accruals: dict[str, Accrual] = declared(kind, Accrual)
        self.parameters: dict[str, Parameter] = declared(kind, Parameter)
        self.fields: dict[str, Field] = declared(kind, Field)
        self.events: dict[str, Event] = declared(kind, Event)
        remembered: dict[str, Date] = declared(kind, Date)
        memory = [name for name in self.fields if name not in remembered]
        numbers = (*self.accounts, *self.accruals, *memory, *self.parameters, HELD, STATUS)
        booked = [f"{name}{BOOKED}" for name in self.accruals]
        self._room = {name: np.zeros(count, np.int64) for name in (*numbers, *booked)}
        self.dues = [name for name, one in self.accounts.items() if one.is_due]
        dates = (*self.events, *remembered, OPENED, SINCE, *[BEHIND] * bool(self.dues))
        self._room |= {name: np.full(count, NEVER) for name in dates}
        self.columns: dict[str, Any] = {}
        self.sums: Counter[Slot] = Counter()  # debits − credits of the slots, minor
        # closing balances of the days before a date: (account, rows, date) → int64[k, days]
        self.past: Callable[[str, Any, Any], Any] | None = None
        self._count = count
        self._show()

    def __len__(self) -> int:
        return self._count

    def add(self, count: int) -> Any:
        """Make room for more agreements; return their rows (int64[count])."""
        first, self._count = self._count, self._count + count
        if self._count > len(self._room[STATUS]):
            more = max(self._count, 2 * first) - len(self._room[STATUS])
            for name, column in self._room.items():
                empty = NEVER if column.dtype.kind == "M" else 0
                self._room[name] = np.concatenate([column, np.full(more, empty, column.dtype)])
        self._show()
        return np.arange(first, self._count)

    def hold_column(self, name: str) -> None:
        """Give every agreement one more number, under a name that begins with a dot."""
        self._room[name] = np.zeros(len(self._room[STATUS]), np.int64)
        self._show()

    def _show(self) -> None:
        self.columns.update({name: room[: self._count] for name, room in self._room.items()})

    @property
    def opened(self) -> Any:
        """datetime64[D][n]: since when they are agreements."""
        return self.columns[OPENED]

    @property
    def since(self) -> Any:
        """datetime64[D][n]: interest is accrued up to here."""
        return self.columns[SINCE]

    @property
    def held(self) -> Any:
        """int64[n], minor: on hold where entries arrive."""
        return self.columns[HELD]

    @property
    def is_open(self) -> Any:
        """bool[n]."""
        return self.columns[STATUS] == OPEN

    def context(
        self,
        rows: Any,
        date: Any,
        *,
        amount: Any = 0,
        value_date: Any = None,
        released: Any = 0,
        against: Any = 0,
        changed: Iterable[str] = (),
    ) -> Context:
        """Return the columns of some rows (int64[k]) as a hook sees them on a date.

        value_date: datetime64[D][k] that entries count from; None: the date itself.
        released: int64[k], minor, what the entry itself had on hold.
        against: Slot, or int64[k], on the bank's side of the entry.
        changed: names of the parameters whose change is told.
        """
        count = len(rows)
        return self._context(
            rows,
            date=date,
            since=self.since[rows],
            until=date,
            amount=spread(amount, count),
            held=frozen(self.held[rows] - released),
            value_date=spread(date if value_date is None else value_date, count, "datetime64[D]"),
            against=spread(against, count),
            changed=frozenset(changed),
        )

    def nights(self, rows: Any, begins: Any, counts: Any = 1) -> Context:
        """Return what `on_day` sees: a row for each night of each of the rows, in this order.

        begins: datetime64[D], or [k] by row: the first date; it takes in what was not accrued yet.
        counts: int64[k], ≥ 1: how many dates from there on, each accrued for the night after it.
        """
        since = self.since[rows]
        days = np.broadcast_to(begins, len(rows))
        if np.ndim(counts):
            first = np.cumsum(counts) - counts
            days = np.repeat(days - first, counts) + np.arange(counts.sum())
            rows, since, before = np.repeat(rows, counts), days.copy(), since
            since[first] = before
        return self._context(
            rows,
            date=days,
            since=since,
            until=days + 1,
            amount=spread(0, len(days)),
            held=frozen(self.held[rows]),
            value_date=days,
        )

    def _context(self, rows: Any, *, date: Any, since: Any, **seen: Any) -> Context:
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
            opened=frozen(self.opened[rows]),
            main=self.product.main,
            past=None if self.past is None else partial(self._evenings, rows, date),
            **seen,
        )

    def _evenings(self, rows: Any, date: Any, name: str, chosen: Any) -> Any:
        """Return the closing balances before a date of some of the rows (bool[k]), 0 elsewhere."""
        needs, past = self.product.needs, self.past
        if needs is None or past is None:
            raise LookupError("expected a product and a book with a history, was one without")
        found = np.zeros((len(rows), needs.days), np.int64)
        if chosen.any():
            found[chosen] = past(name, rows[chosen], np.min(date))
        return found

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

    def apply(self, effects: Iterable[Effect], rows: Any, *, may_refuse: bool = True) -> Applied:
        """Do what a hook asked for on the rows (int64[k]) its context was made of; all or nothing.

        may_refuse : there is still something to refuse.

        Raises: TypeError, Bug, before anything is changed.
        """

        def ready_one(effect: Effect) -> Effect:
            if isinstance(effect, Refuse) and not may_refuse:
                raise TypeError(f"expected no refusal here, it is too late, was {effect.reason!r}")
            return ready_for(effect, len(rows))

        ready = listed(effects, ready_one)
        applied = Applied()
        for effect in ready:
            match effect:
                case Post(debit, credit, amount):
                    self._post(debit, credit, amount, rows, applied)
                case Accrue(accrual, amount_e8):
                    self.columns[accrual.name][rows] += amount_e8
                case Settle(accrual, into, where):
                    self._settle(accrual, into, rows[where], applied)
                case Put(memory, value, where):
                    self.columns[memory.name][rows[where]] = value[where]
                case Add(memory, amount):
                    self.columns[memory.name][rows] += amount
                case Schedule(event, on, where):
                    self.columns[event.name][rows[where]] = on[where]
                case Notice(code, where):
                    applied.notices.append((code, rows[where]))
                case Task(code, where):
                    applied.tasks.append((code, rows[where]))
                case Refuse(where, reason):
                    applied.refusals.append((reason, rows[where]))
        return applied

    def _post(self, debit: Place, credit: Place, amounts: Any, rows: Any, applied: Applied) -> None:
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
        amounts, residue = accrual.split(self.columns[accrual.name][rows])
        self.columns[accrual.name][rows] = residue
        debit: Place = accrual.credit
        credit: Place = into
        if earns(accrual):
            debit, credit = into, accrual.debit
        if self.is_cash:  # nothing was booked while it grew: it is income, or cost, only now
            debit, credit = (into, accrual.credit) if earns(accrual) else (accrual.debit, into)
        else:
            self.columns[f"{accrual.name}{BOOKED}"][rows] -= amounts
        self._post(debit, credit, np.maximum(amounts, 0), rows, applied)
        self._post(credit, debit, np.maximum(-amounts, 0), rows, applied)

    def book_accruals(self, rows: Any) -> list[tuple[Accrual, Any]]:
        """Book what accrued since the last time; return (accrual, int64[k] minor, by row).

        Each agreement's accrual stands in the general ledger rounded, so that the sum over the
        agreements is the ledger's figure to the unit.
        """
        booked: list[tuple[Accrual, Any]] = []
        for name, accrual in ({} if self.is_cash else self.accruals).items():
            whole, _ = rounding.post(self.columns[name][rows], Rounding.HALF_UP)
            grown = whole - self.columns[f"{name}{BOOKED}"][rows]
            if grown.any():
                self.columns[f"{name}{BOOKED}"][rows] = whole
                total = int(grown.sum())
                self.sums[accrual.debit] += total
                self.sums[accrual.credit] -= total
                booked.append((accrual, grown))
        return booked

    def age(self, rows: Any, date: Any) -> None:
        """Note on the evening of a date which rows (int64[k]) have something due and unpaid.

        An instalment that is paid while a later one is not does not move the date: days overdue
        are never too few.
        """
        if self.dues:
            behind = self.columns[BEHIND]
            owes = sum(self.columns[name][rows] for name in self.dues) > 0
            since = np.where(np.isnat(behind[rows]), date, behind[rows])
            behind[rows] = np.where(owes, since, NEVER)

    def days_overdue(self, rows: Any, date: Any) -> Any:
        """Return since how many days rows (int64[k]) have something due and unpaid (int64[k])."""
        if not self.dues:
            return np.zeros(len(rows), np.int64)
        behind = self.columns[BEHIND][rows]
        owes = sum(self.columns[name][rows] for name in self.dues) > 0
        return np.where(owes & ~np.isnat(behind), (date - behind).astype(np.int64), 0)

    def difference(self) -> int:
        """Return debits − credits over all accounts and slots: 0, or money was made or lost."""
        own = sum(int(self.columns[name].sum()) for name in self.accounts)
        return own + sum(self.sums.values())


def earns(accrual: Accrual) -> bool:
    """Tell income that accrues from expense that accrues."""
    return not grows_by_credit(accrual.debit) and element(accrual.debit) == 1


def ready_for(effect: Effect, count: int) -> Effect:
    """Return an effect with its columns as a book takes them, `count` rows each.

    Raises: Bug for numbers as a condition, other than whole numbers, amounts below 0 to post.
    """
    match effect:
        case Post(debit, credit, amount):
            amounts = _integers(amount, count)
            check.that(amounts.min(initial=0) >= 0, "expected amounts of at least 0 to post")
            return Post(debit, credit, amounts)
        case Accrue(accrual, amount_e8):
            return Accrue(accrual, _integers(amount_e8, count))
        case Settle(accrual, into, where):
            return Settle(accrual, into, _where(where, count))
        case Put(memory, value, where):
            values = _dates if isinstance(memory, Date) else _integers
            return Put(memory, values(value, count), _where(where, count))
        case Add(memory, amount):
            return Add(memory, _integers(amount, count))
        case Schedule(event, on, where):
            return Schedule(event, _dates(on, count), _where(where, count))
        case Notice(code, where):
            return Notice(code, _where(where, count))
        case Task(code, where):
            return Task(code, _where(where, count))
        case Refuse(where, reason):
            return Refuse(_where(where, count), reason)


def _where(where: Any, count: int) -> Any:
    chosen = np.asarray(where)
    check.that(chosen.dtype.kind == "b", "expected a condition, was numbers")
    return spread(chosen, count, "bool")


def _dates(values: Any, count: int) -> Any:
    return spread(values, count, "datetime64[D]")


def _integers(values: Any, count: int) -> Any:
    numbers = np.asarray(values)
    check.that(numbers.dtype.kind in "iu", "expected whole numbers, was other ones")
    return spread(numbers, count)
