"""What a hook sees: columns with a row an agreement, and a date. Nothing can be changed."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from yunjin.foundation.banking.domain.columns import frozen
from yunjin.foundation.banking.domain.products.declarations import Account, Declaration


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
    def available(self) -> Any:
        """What may be taken from the main account: its balance without what is on hold."""
        return self[self.main] - self.held
