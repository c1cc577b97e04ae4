"""What a product declares: parameters, accounts, accruals, fields, events.

A declaration is read through the context: `at[self.rate]` is the column of the parameter `rate`.
"""

from collections.abc import Callable, Iterator, Mapping
from enum import IntEnum
from typing import Any, ClassVar, Final, TypeVar

import numpy as np

from yunjin.foundation.banking.domain.products.slots import Slot
from yunjin.foundation.banking.domain.rounding import Rounding, post, round_to
from yunjin.foundation.banking.kernels import PPM
from yunjin.kernel.money import MINOR_MAX

NEAR: Final = 10  # 10⁻⁸ of a minor unit
RATE_MAX: Final = 10 * PPM
SHARE_MAX: Final = 10 * PPM
# How what is below zero is rounded, so that the residue of rounding up is no amount of its own.
_UPWARD: Final = {Rounding.HALF_AWAY: Rounding.HALF_UP, Rounding.UP: Rounding.DOWN}


class Level(IntEnum):
    """Where a parameter's value is set; a lower level overrides a higher one."""

    PRODUCT = 1
    TEMPLATE = 2
    INSTANCE = 3


class Declaration:
    """Something a product class declares under a name."""

    name: str = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = self.name or name  # a second name of the same thing is no declaration

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name})"


class Parameter(Declaration):
    """A term of the contract: an integer between bounds, effective-dated.

    Parameters
    ----------
    level : the lowest level that may set it.
    default : value where nobody set one; None where one must be given.
    least, most : inclusive bounds.
    """

    unit: ClassVar[str] = "count"

    def __init__(
        self,
        *,
        level: Level = Level.TEMPLATE,
        default: int | None = None,
        least: int = 0,
        most: int = MINOR_MAX,
    ) -> None:
        self.level, self.default, self.least, self.most = level, default, least, most

    def complaint(self, value: int) -> str:
        """Return why a value will not do, "" where it will."""
        if type(value) is not int:
            return f"expected {self.name} as a whole number, was {value!r}"
        if not self.least <= value <= self.most:
            return f"expected {self.name} from {self.least} to {self.most}, was {value}"
        return ""


class Money(Parameter):
    """An amount, minor units."""

    unit = "minor"


class Rate(Parameter):
    """A rate a year, parts per million: 35,000 is 3.5 %."""

    unit = "ppm"

    def __init__(
        self,
        *,
        level: Level = Level.TEMPLATE,
        default: int | None = None,
        least: int = 0,
        most: int = RATE_MAX,
    ) -> None:
        super().__init__(level=level, default=default, least=least, most=most)


class Share(Parameter):
    """A part of something, parts per million: 100,000 is a tenth."""

    unit = "ppm"

    def __init__(
        self,
        *,
        level: Level = Level.TEMPLATE,
        default: int | None = None,
        least: int = 0,
        most: int = SHARE_MAX,
    ) -> None:
        super().__init__(level=level, default=default, least=least, most=most)


class Count(Parameter):
    """A number of something: periods, months."""


class Days(Parameter):
    """A number of days."""

    unit = "days"


class Choice(Parameter):
    """One member of an enum."""

    unit = "choice"

    def __init__(
        self, members: type[IntEnum], *, level: Level = Level.TEMPLATE, default: IntEnum
    ) -> None:
        super().__init__(level=level, default=int(default), least=min(members), most=max(members))
        self.members = members

    def complaint(self, value: int) -> str:
        if value not in list(self.members):
            return f"expected {self.name} as a {self.members.__name__}, was {value!r}"
        return ""


class Account(Declaration):
    """A sub-balance of an agreement, kept as an account of the ledger.

    `at[account]` is its balance on the side its slot grows on: what a customer has in a deposit,
    what a customer owes on a loan.

    is_due : what is on it should have been paid by now; the book counts the days since.
    """

    def __init__(self, slot: Slot, *, is_due: bool = False) -> None:
        self.slot, self.is_due = slot, is_due


class Accrual(Declaration):
    """Interest that grows day by day and is not yet on any account, 10⁻⁸ of a minor unit.

    Its daily growth is booked from `credit` to `debit` in sum; `settle` posts it to the agreement.

    Parameters
    ----------
    rounding : how `settle` comes to whole minor units.
    keeps_residue : what rounding leaves over grows on; else it is dropped with each settlement.
        What was rounded up is then owed to the next growth and never given back by itself: a second
        settlement right after the first posts nothing.
    """

    def __init__(
        self,
        *,
        debit: Slot,
        credit: Slot,
        rounding: Rounding = Rounding.HALF_AWAY,
        keeps_residue: bool = True,
    ) -> None:
        self.debit, self.credit = debit, credit
        self.rounding, self.keeps_residue = rounding, keeps_residue

    def split(self, grown_e8: Any) -> tuple[Any, Any]:
        """Return what `settle` posts (int64[n], minor) and what stays (int64[n], 10⁻⁸ minor)."""
        amounts, residue = post(self.near(grown_e8), self.rounding)
        if not self.keeps_residue:
            return amounts, np.zeros_like(residue)
        if self.rounding in _UPWARD:
            less, more = post(grown_e8, _UPWARD[self.rounding]), np.asarray(grown_e8) >= 0
            amounts, residue = np.where(more, amounts, less[0]), np.where(more, residue, less[1])
        return amounts, residue

    def near(self, grown_e8: Any) -> Any:
        """Return what is rounded (int64[n], 10⁻⁸ minor).

        Days that were accrued in parts may miss an exact half by some 10⁻⁸. Where the residue is
        dropped, and nothing would make up for it later, such a near half counts as a half.
        """
        return grown_e8 if self.keeps_residue else round_to(grown_e8, NEAR, Rounding.HALF_EVEN)[0]


class Field(Declaration):
    """A whole number that an agreement remembers: an instalment, the periods left."""


class Date(Field):
    """A date that an agreement remembers; NaT until it is put."""


class History:
    """A need: the closing balances of so many days before the date, fetched before the call."""

    def __init__(self, *, days: int) -> None:
        self.days = days


class Event(Declaration):
    """A hook that is called on the dates a product schedules for it."""

    def __init__(self, hook: Callable[..., Iterator[Any]]) -> None:
        self.hook, self.__doc__ = hook, hook.__doc__


Hook = TypeVar("Hook", bound=Callable[..., Iterator[Any]])


def event(hook: Callable[..., Iterator[Any]]) -> Event:
    """Declare a method as the hook of an event of its own name."""
    return Event(hook)


class Product:
    """Base of every product: a class that declares, and hooks that yield effects.

    A hook takes the context `at`, whose columns have a row an agreement, and yields effects. It
    has no clock, no chance and no memory: the same columns give the same effects, and a row's
    effects depend on that row alone.

    on_open             an agreement was opened
    before_post         an entry is asked for: refuse it or let it be
    after_post          the entry is booked
    on_day              the business day closes
    on_parameter_change a parameter of an agreement got another value
    on_convert          the agreement comes over from an older version
    on_close            the agreement is to be closed

    `derived` yields no effects: it returns columns by name that can be asked for at any date, such
    as what would settle a loan. Days overdue are told of every product that has dues.
    """

    code: ClassVar[str] = ""
    currency: ClassVar[str] = "CNY"
    needs: ClassVar[History | None] = None
    ends_when_repaid: ClassVar[bool] = False  # closed with the day that leaves nothing to come
    main: ClassVar[Account]
    inbox: ClassVar[Account]  # where entries arrive; the main account unless a product says so

    def __init_subclass__(cls) -> None:
        if "main" in vars(cls) and "inbox" not in vars(cls):
            cls.inbox = cls.main

    def on_open(self, at: Any) -> Iterator[Any]:
        return iter(())

    def before_post(self, at: Any) -> Iterator[Any]:
        return iter(())

    def after_post(self, at: Any) -> Iterator[Any]:
        return iter(())

    def on_day(self, at: Any) -> Iterator[Any]:
        return iter(())

    def on_parameter_change(self, at: Any) -> Iterator[Any]:
        return iter(())

    def on_convert(self, at: Any) -> Iterator[Any]:
        return iter(())

    def on_close(self, at: Any) -> Iterator[Any]:
        return iter(())

    def derived(self, at: Any) -> Mapping[str, Any]:
        return {}


def declared(product: type[Product], kind: type[Declaration]) -> dict[str, Any]:
    """Return a product's declarations of a kind by name, the base's first, in order."""
    found: dict[str, Any] = {}
    for base in reversed(product.__mro__):
        mine = {name: what for name, what in vars(base).items() if isinstance(what, kind)}
        found |= {name: what for name, what in mine.items() if what.name == name}
    return found
