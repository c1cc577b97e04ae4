"""What will fall due: an agreement goes on under its own product's rules, in memory.

The rules that will bill it are the rules that foretell it, so the two cannot differ. Whoever owes
pays each bill on its day, or not at all.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from yunjin.foundation.banking.api.agreements import Agreement
from yunjin.foundation.banking.domain.products import run
from yunjin.foundation.banking.domain.products.book import OPEN as IS_OPEN
from yunjin.foundation.banking.domain.products.book import SINCE, STATUS, earns
from yunjin.foundation.banking.domain.products.declarations import Account, Product
from yunjin.foundation.banking.domain.products.simulation import Entry, Run
from yunjin.foundation.banking.domain.products.slots import Slot, grows_by_credit
from yunjin.foundation.banking.errors import NoSchedule

YEARS_MAX: Final = 60
_ROW: Final = np.zeros(1, np.int64)
BUCKETS: Final = {
    Slot.LOANS_OVERDUE: "principal",
    Slot.INTEREST_RECEIVABLE: "interest",
    Slot.PENALTY_RECEIVABLE: "penalty",
    Slot.FEES_RECEIVABLE: "fee",
}
PRINCIPAL: Final = (Slot.LOANS, Slot.OVERDRAFTS, Slot.CARD_RECEIVABLE)


@dataclass(frozen=True, slots=True)
class Bill:
    """What falls due on a date, minor units; balance: principal not due yet, afterwards."""

    date: Any  # datetime64[D]
    principal: int
    interest: int
    penalty: int
    fee: int
    balance: int

    @property
    def total(self) -> int:
        """All of it together."""
        return self.principal + self.interest + self.penalty + self.fee

    def plus(self, other: "Bill") -> "Bill":
        """Return this bill with what was added to it."""
        names = ("principal", "interest", "penalty", "fee")
        sums = {name: getattr(self, name) + getattr(other, name) for name in names}
        return Bill(self.date, **sums, balance=other.balance)


def buckets_of(product: Product, accounts: dict[str, Account]) -> dict[str, str]:
    """Return what is billed on each account that is due: "principal", "interest", …

    Raises: NoSchedule for a product that bills nothing, or lends nothing.
    """
    found = {
        name: BUCKETS[account.slot]
        for name, account in accounts.items()
        if account.is_due and account.slot in BUCKETS
    }
    if not found or product.main.slot not in PRINCIPAL:
        raise NoSchedule(f"expected a loan that is paid back on dates, was {product.code}")
    return found


class Projection:
    """One agreement on its way ahead."""

    def __init__(self, product: Product, terms: dict[str, int], opened: Any) -> None:
        self._run = Run(product, [terms], opened)
        self.book = self._run.book
        self.buckets = buckets_of(product, self.book.accounts)
        self.date = opened
        self._seen = 0

    @classmethod
    def fresh(cls, product: Product, agreement: Agreement) -> "Projection":
        """Return the agreement as it is opened, by the terms it has now."""
        made = cls(product, dict(agreement.terms), np.datetime64(agreement.opened, "D"))
        made._asked(lambda: made._run.open(made.date))
        return made

    @classmethod
    def of(cls, product: Product, agreement: Agreement, today: Any) -> "Projection":
        """Return the agreement as it stands on the open business date."""
        opened = np.datetime64(agreement.opened, "D")
        made = cls(product, dict(agreement.terms), opened)
        columns, book = made.book.columns, made.book
        for name, account in book.accounts.items():
            sign = -1 if grows_by_credit(account.slot) else 1
            columns[name][0] = sign * agreement.balances[name]
        for values in (agreement.accrued_e8, agreement.fields):
            for name, value in values.items():
                columns[name][0] = value
        for dates in (agreement.due, agreement.dates):
            for name, day in dates.items():
                columns[name][0] = np.datetime64(day, "D")
        columns[STATUS][0], columns[SINCE][0] = IS_OPEN, today
        made.date = today
        return made

    def bills(self, until: Any, *, is_paid: bool = True) -> Iterator[Bill]:
        """Go on up to and with a date; yield what falls due on the way.

        is_paid: whether each bill is paid on its day, by an entry.
        Raises: NoSchedule where the product fails on it.
        """
        while self.date <= until:
            self._asked(lambda: self._run.fall_due(self.date))
            bill = fresh = self._billed()
            while is_paid and fresh is not None and (amount := min(fresh.total, self.due)) > 0:
                self.pay(amount)
                fresh = self._billed()  # a payment may settle penalty interest, which is billed
                bill = bill.plus(fresh) if bill and fresh else bill
            if bill is not None:
                yield bill
            ahead = self._run.next_event(self.date + 1, until + 1)
            if self.date == until or (ahead > until and not self.owed):
                return
            self.close_until(min(ahead, until))

    def close_until(self, date: Any) -> None:
        """Close the days before a date."""
        days = np.arange(self.date, date)
        if len(days):
            self._asked(lambda: self._run.close_days(days))
        self.date = date

    def pay(self, amount: int) -> None:
        """Pay an amount in."""
        self.enter(Entry(date=self.date, amount_minor=amount))

    def enter(self, entry: Entry) -> None:
        """Book an entry of the date."""
        refused = self._asked(lambda: self._run.enter(self.date, [entry]))
        if refused:
            raise NoSchedule(f"expected the product to take a payment, was: {refused[0][1]}")
        self._asked(lambda: self._run.fall_due(self.date))

    def go_to(self, date: Any) -> None:
        """Go on to a date, with nothing but what falls due; that of the date itself included."""
        while self.date < date:
            self.close_until(min(self._run.next_event(self.date + 1, date), date))
            self._asked(lambda: self._run.fall_due(self.date))
        self._seen = len(self._run.said)

    def change(self, terms: Mapping[str, int]) -> None:
        """Give parameters other values, on the date."""
        book = self.book
        for name, value in terms.items():
            book.columns[name][0] = value
        hook = book.product.on_parameter_change
        self._hooked(lambda some: hook(book.context(some, self.date, changed=terms)))

    def convert(self, product: Product, terms: Mapping[str, int]) -> None:
        """Bring the agreement over to another version of its product, on the date."""
        old, said = self.book, self._run.said
        self._run = Run(product, [dict(terms)], old.opened[:1])
        self._run.said += said
        self.book = book = self._run.book
        for name in book.columns.keys() & old.columns.keys():
            book.columns[name][0] = old.columns[name][0]
        self.buckets = buckets_of(product, book.accounts)
        self._hooked(lambda some: product.on_convert(book.context(some, self.date)))

    def _hooked(self, ask: Any) -> None:
        applied = self._asked(lambda: list(run.apply(self.book, _ROW, ask)))
        self._run.said += [(self.date, one) for one in applied]
        self._asked(lambda: self._run.fall_due(self.date))

    def _asked(self, what: Any) -> Any:
        """Do what a product's rules say; they may fail on an agreement."""
        try:
            return what()
        except NoSchedule:
            raise
        except Exception as error:
            told = f"{type(error).__name__}: {error}"[:300]
            raise NoSchedule(f"expected the product to go on, was {told}") from error

    def _billed(self) -> Bill | None:
        sums = dict.fromkeys(BUCKETS.values(), 0)
        said = self._run.said[self._seen :]
        self._seen = len(self._run.said)
        for _, applied in said:
            for moved in applied.transfers:
                name = getattr(moved.debit, "name", "")
                if isinstance(moved.debit, Account) and name in self.buckets:
                    sums[self.buckets[name]] += int(moved.amount.sum())
        if not any(sums.values()):
            return None
        return Bill(self.date, **sums, balance=self.not_due)

    def evening(self) -> dict[str, int]:
        """Return balances once the date is closed, on the side they grow on; it stays open."""
        kept = {name: column.copy() for name, column in self.book.columns.items()}
        date, said = self.date, len(self._run.said)
        self.close_until(date + np.timedelta64(1, "D"))
        found = {name: self.on(name) for name in self.book.accounts}
        for name, column in kept.items():
            self.book.columns[name][:] = column
        del self._run.said[said:]
        self.date = date
        return found

    def drawn(self) -> int:
        """Return what was paid out so far, minor units."""
        return sum(
            int(moved.amount.sum())
            for _, applied in self._run.said
            for moved in applied.transfers
            if moved.debit is self.book.product.main and isinstance(moved.credit, Slot)
        )

    def on(self, name: str) -> int:
        """Return an account's balance, on the side it grows on."""
        sign = -1 if grows_by_credit(self.book.accounts[name].slot) else 1
        return sign * int(self.book.columns[name][0])

    @property
    def not_due(self) -> int:
        """Principal that is not due yet."""
        return self.on(self.book.product.main.name)

    @property
    def due(self) -> int:
        """What should have been paid by now."""
        return sum(self.on(name) for name in self.buckets)

    @property
    def owed(self) -> int:
        """All that is owed, less what was paid in."""
        return sum(amount for _, amount in self.parts())

    def parts(self) -> list[tuple[str, int]]:
        """Return what a payoff on the date is made of (name as in PayoffPart, minor units)."""
        found: list[tuple[str, int]] = []
        for name, account in self.book.accounts.items():
            amount = self.on(name)
            if account.slot in PRINCIPAL:
                found.append(("principal", amount))
            elif account.slot == Slot.OVERPAYMENTS:
                found.append(("paid_in", -amount))
            elif account.slot in BUCKETS:
                bucket = BUCKETS[account.slot]
                part = "fees_due" if bucket == "fee" else f"{bucket}_due"
                is_put_off = not account.is_due and bucket == "interest"
                found.append(("interest_put_off" if is_put_off else part, amount))
        for name, accrual in self.book.accruals.items():
            if earns(accrual):
                whole, _ = accrual.split(self.book.columns[name][:1])
                is_penalty = accrual.credit == Slot.PENALTY_INCOME
                part = "penalty_accrued" if is_penalty else "interest_accrued"
                found.append((part, int(whole[0])))
        derived = self.book.product.derived(self.book.context(_ROW, self.date))
        if "payoff" in derived:  # a product may ask for more, such as a fee
            told = int(np.broadcast_to(np.asarray(derived["payoff"]), 1)[0])
            rest = told - max(sum(amount for _, amount in found), 0)
            found.append(("other", rest))
        return [(name, amount) for name, amount in found if amount]
