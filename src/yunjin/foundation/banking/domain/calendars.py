"""Business days: weekends, public holidays and make-up working days, and how a date is rolled.

A calendar knows the years it was made for. A date outside of them is refused, not guessed, unless
the calendar says that only weekends count there. The Chinese facts are in chinese_holidays.py.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from yunjin.foundation.banking.domain import chinese_holidays
from yunjin.foundation.banking.domain.columns import Bools, Days, Int64s, days
from yunjin.foundation.banking.errors import OutsideCalendar
from yunjin.kernel import check

_CLOSED_RUN_MAX: Final = 31  # no holiday is longer


class Roll(StrEnum):
    """Where a date goes that is no business day (2006 ISDA Definitions, section 4.12)."""

    NONE = "none"
    FOLLOWING = "following"
    MODIFIED_FOLLOWING = "modified following"  # but not into the next month: then preceding
    PRECEDING = "preceding"


class Years(NamedTuple):
    """The years a calendar's holidays are known for, both included."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Calendar:
    """Which days are business days.

    Attributes
    ----------
    weekend : weekdays that are free, Monday 0 … Sunday 6.
    holidays, workdays : ISO dates; free days, and weekend days that are worked.
    years : for which holidays are known; None: weekends only, at all times.
    is_weekends_beyond : outside of `years`, only weekends count.
    """

    name: str
    weekend: tuple[int, ...]
    holidays: tuple[str, ...] = ()
    workdays: tuple[str, ...] = ()
    years: Years | None = None
    is_weekends_beyond: bool = False

    def with_weekends_beyond(self) -> Self:
        """Return the calendar that counts weekends only where holidays are not known yet.

        For schedules over many years: dates are rolled again once a year's holidays are published.
        """
        return replace(self, name=f"{self.name}, weekends beyond", is_weekends_beyond=True)

    def is_business_day(self, dates: ArrayLike) -> Bools:
        """Tell which dates (any shape) are business days.

        Raises: OutsideCalendar.
        """
        asked = days(dates)
        self._know(asked)
        free = _is_among(_week(self.weekend), _weekday(asked))
        free |= _is_among(_read(self.holidays), asked)
        return np.asarray(~free | _is_among(_read(self.workdays), asked))

    def roll(self, dates: ArrayLike, convention: Roll) -> Days:
        """Return dates (any shape) moved to business days.

        Raises: OutsideCalendar.
        """
        asked = days(dates)
        if convention is Roll.NONE:
            return asked
        if convention is Roll.PRECEDING:
            return self._step(asked, -1)
        following = self._step(asked, 1)
        if convention is Roll.FOLLOWING:
            return following
        left = following.astype("datetime64[M]") != asked.astype("datetime64[M]")
        return np.where(left, self._step(asked, -1), following) if left.any() else following

    def _step(self, dates: Days, step: int) -> Days:
        moved = dates.copy()
        for _ in range(_CLOSED_RUN_MAX):
            free = ~self.is_business_day(moved)
            if not free.any():
                return moved
            moved = moved + free * np.timedelta64(step, "D")
        check.that(False, f"expected a business day within {_CLOSED_RUN_MAX} days, was none")
        return moved

    def _know(self, dates: Days) -> None:
        if self.years is None or self.is_weekends_beyond or dates.size == 0:
            return
        years = dates.astype("datetime64[Y]").astype(np.int64) + 1970
        known = (years >= self.years.first) & (years <= self.years.last)
        if not known.all():
            stranger = dates[~known].flat[0] if dates.ndim else dates
            raise OutsideCalendar(
                f"expected a date in {self.years.first}–{self.years.last}, was {stranger}",
                calendar=self.name,
                date=str(stranger),
            )


@lru_cache(maxsize=64)
def _read(dates: tuple[str, ...]) -> Days:
    return np.sort(days(dates))


@lru_cache(maxsize=64)
def _week(weekend: tuple[int, ...]) -> Int64s:
    return np.sort(np.array(weekend, np.int64))


def _is_among(known: NDArray[Any], asked: NDArray[Any]) -> Bools:
    """Tell which values are among known ones, sorted; quicker than isin for few values."""
    if not known.size:
        return np.zeros(asked.shape, bool)
    place = np.minimum(known.searchsorted(asked), len(known) - 1)
    return np.asarray(known[place] == asked)


def _weekday(dates: Days) -> Int64s:
    return np.asarray((dates.astype(np.int64) + 3) % 7)  # 1970-01-01 was a Thursday


WEEKENDS: Final = Calendar(name="weekends only", weekend=(5, 6))
EVERY_DAY: Final = Calendar(name="every day", weekend=())
CHINA: Final = Calendar(
    name="China",
    weekend=(5, 6),
    holidays=chinese_holidays.free_days(),
    workdays=chinese_holidays.MAKE_UP_DAYS,
    years=Years(*chinese_holidays.YEARS),
)
