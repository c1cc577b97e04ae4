"""The bank's calendar, for rooms that keep hours of their own."""

import datetime as dt
from typing import Protocol


class CalendarApi(Protocol):
    """Which days are business days 工作日: weekends, public holidays, make-up working days."""

    def is_business_day(self, date: dt.date) -> bool:
        """Tell whether a date is one; where holidays are not published yet only weekends count."""

    def business_day(self, date: dt.date) -> dt.date:
        """Return the date itself where it is a business day, else the next one that is."""
