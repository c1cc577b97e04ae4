"""The calendar over columns: days since 1970 as year, month and day of the month."""

from typing import Any

from yunjin.chassis.compiling import loop

_ERA_DAYS, _ERA_YEARS = 146_097, 400  # after which the Gregorian calendar repeats itself
_TO_1970 = 719_468  # days from 0000-03-01


@loop
def split_days(days: Any, year: Any, month: Any, day: Any) -> None:
    """Write what days (int64[n], since 1970-01-01) are in the calendar, int64[n] each.

    Source: Hinnant, "chrono-Compatible Low-Level Date Algorithms", civil_from_days: years begin in
    March, so that the leap day is a year's last.
    """
    for row in range(len(days)):
        shifted = days[row] + _TO_1970
        era = shifted // _ERA_DAYS
        of_era = shifted - era * _ERA_DAYS
        years = (of_era - of_era // 1460 + of_era // 36_524 - of_era // 146_096) // 365
        of_year = of_era - (365 * years + years // 4 - years // 100)
        march = (5 * of_year + 2) // 153
        day[row] = of_year - (153 * march + 2) // 5 + 1
        month[row] = march + 3 if march < 10 else march - 9
        year[row] = years + era * _ERA_YEARS + (1 if month[row] <= 2 else 0)
