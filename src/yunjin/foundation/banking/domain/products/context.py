"""What a hook sees: columns with a row an agreement, and a date. Nothing can be changed."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from yunjin.foundation.banking.domain.columns import frozen
from yunjin.foundation.banking.domain.products.declarations import Account, Declaration

HISTORY: Final = ".history"


@dataclass(frozen=True, kw_only=True)
class Context:
    """The columns of one call.

    Attributes
    ----------
    date : the business date (datetime64[D], one for all or one a row).
    since, until : datetime64[D][n]: interest is to be accrued for [since, until).
    opened : datetime64[D][n].
    amount : int64[n], minor units, of the entry: > 0 comes in, < 0 goes out; 0 without an entry.
    held : int64[n], minor units on hold where entries arrive.
    value_date : datetime64[D][n], the day an entry counts from: the date, unless it is back-dated.
    against : int64[n], the Slot an entry comes from or goes to; 0 without an entry.
    changed : names of the parameters whose change is told.
    past : gives the closing balances that `history` is made of, where the product needs them.
    """

    take: Callable[[str], Any] = field(repr=False)
    date: Any
    since: Any
    until: Any
    opened: Any
    amount: Any
    held: Any
    value_date: Any
    main: Account
    against: Any = 0
    changed: frozenset[str] = frozenset()
    past: Callable[[str, Any], Any] | None = field(default=None, repr=False)
    seen: dict[str, Any] = field(default_factory=dict, repr=False)

    def __getitem__(self, what: Declaration) -> Any:
        if not isinstance(what, Declaration):
            raise TypeError(f"expected a declaration of the product, was {what!r}")
        if what.name not in self.seen:
            self.seen[what.name] = frozen(self.take(what.name))
        return self.seen[what.name]

    def __len__(self) -> int:
        return len(self.opened)

    @property
    def history(self) -> "Evenings":
        """Closing balances of the days before the date: `at.history[account]`, int64[n, days]."""
        return Evenings(self)

    @property
    def available(self) -> Any:
        """What may be taken from the main account: its balance without what is on hold."""
        return self[self.main] - self.held


@dataclass(frozen=True, slots=True)
class Evenings:
    """The evenings before a date, as many as the product declares with `needs`."""

    context: Context

    def __getitem__(self, account: Account) -> Any:
        """Return closing balances, int64[n, days], the evening before the date last.

        On the side the account grows on; 0 before the opening. Raises: LookupError where the
        product declares no need.
        """
        return self.of(account, np.ones(len(self.context), np.bool_))

    def of(self, account: Account, rows: Any) -> Any:
        """Return closing balances of some rows (bool[n]); 0 for the others, not looked up."""
        past = self.context.past
        if past is None:
            raise LookupError("expected `needs = History(days=…)` in the product, was none")
        self.context.seen[HISTORY] = True  # tells that days cannot be closed together
        return frozen(past(account.name, rows))
