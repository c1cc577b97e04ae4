"""The bank's calendar as a door."""

import datetime as dt

import numpy as np

from yunjin.foundation.banking.domain.calendars import Calendar, Roll


class CalendarDoor:
    """CalendarApi over a calendar."""

    def __init__(self, calendar: Calendar) -> None:
        self._calendar = calendar

    def is_business_day(self, date: dt.date) -> bool:
        """Tell whether a date is a business day."""
        return bool(self._calendar.is_business_day(np.datetime64(date)))

    def business_day(self, date: dt.date) -> dt.date:
        """Return the date itself where it is a business day, else the next one that is."""
        rolled = self._calendar.roll(np.datetime64(date), Roll.FOLLOWING)
        return dt.date.fromisoformat(str(rolled))
