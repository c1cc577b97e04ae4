"""The two dates that a transfer of the ledger carries in its `user_data_32`.

The lower 16 bits are the business date it was booked on 记账日, in days since 1970; the upper ones
are by how many days the value date 起息日 lies before it: 0 unless it was back-dated.
"""

import datetime as dt
from typing import Any, Final

FIRST_DATE: Final = dt.date(1970, 1, 1)
_DAYS: Final = 0xFFFF


def packed(days: Any, days_back: Any) -> Any:
    """Return `user_data_32` of a business date and how far the value date lies back (int64[n])."""
    return days + (days_back << 16)


def business_days(user_data_32: Any) -> Any:
    """Return the business date, days since 1970; of a number or a column."""
    return user_data_32 & _DAYS


def value_days(user_data_32: Any) -> Any:
    """Return the value date, days since 1970; of a number or a column of int64."""
    return (user_data_32 & _DAYS) - (user_data_32 >> 16)


def business_date(user_data_32: int) -> dt.date:
    """Return the date a transfer was booked on."""
    return FIRST_DATE + dt.timedelta(days=business_days(user_data_32))


def value_date(user_data_32: int) -> dt.date:
    """Return the date a transfer counts from."""
    return FIRST_DATE + dt.timedelta(days=value_days(user_data_32))
