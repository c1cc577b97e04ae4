"""Public holidays of mainland China and the weekend days worked in exchange (调休), 2023–2026.

Source: the yearly notices of the General Office of the State Council on the arrangement of holidays
(国务院办公厅关于部分节假日安排的通知): 国办发明电[2022]16号 of 2022-12-08 for 2023, [2023]7号 of
2023-10-25 for 2024, [2024]12号 of 2024-11-12 for 2025, and the notice of 2025-11-04 for 2026; each
date below was compared with their texts. A year is added once its notice is published.
Banks' counters and CNAPS follow the notice; stock exchanges stay closed on make-up days.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

YEARS: Final = (2023, 2026)

# name, first day, last day; weekends inside are free anyhow
HOLIDAYS: Final = (
    ("元旦", "2023-01-01", "2023-01-02"),
    ("春节", "2023-01-21", "2023-01-27"),
    ("清明节", "2023-04-05", "2023-04-05"),
    ("劳动节", "2023-04-29", "2023-05-03"),
    ("端午节", "2023-06-22", "2023-06-24"),
    ("中秋节、国庆节", "2023-09-29", "2023-10-06"),
    ("元旦", "2024-01-01", "2024-01-01"),
    ("春节", "2024-02-10", "2024-02-17"),
    ("清明节", "2024-04-04", "2024-04-06"),
    ("劳动节", "2024-05-01", "2024-05-05"),
    ("端午节", "2024-06-10", "2024-06-10"),
    ("中秋节", "2024-09-15", "2024-09-17"),
    ("国庆节", "2024-10-01", "2024-10-07"),
    ("元旦", "2025-01-01", "2025-01-01"),
    ("春节", "2025-01-28", "2025-02-04"),
    ("清明节", "2025-04-04", "2025-04-06"),
    ("劳动节", "2025-05-01", "2025-05-05"),
    ("端午节", "2025-05-31", "2025-06-02"),
    ("国庆节、中秋节", "2025-10-01", "2025-10-08"),
    ("元旦", "2026-01-01", "2026-01-03"),
    ("春节", "2026-02-15", "2026-02-23"),
    ("清明节", "2026-04-04", "2026-04-06"),
    ("劳动节", "2026-05-01", "2026-05-05"),
    ("端午节", "2026-06-19", "2026-06-21"),
    ("中秋节", "2026-09-25", "2026-09-27"),
    ("国庆节", "2026-10-01", "2026-10-07"),
)

MAKE_UP_DAYS: Final = (
    *("2023-01-28", "2023-01-29", "2023-04-23", "2023-05-06", "2023-06-25"),
    *("2023-10-07", "2023-10-08"),
    *("2024-02-04", "2024-02-18", "2024-04-07", "2024-04-28", "2024-05-11"),
    *("2024-09-14", "2024-09-29", "2024-10-12"),
    *("2025-01-26", "2025-02-08", "2025-04-27", "2025-09-28", "2025-10-11"),
    *("2026-01-04", "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10"),
)


def free_days() -> tuple[str, ...]:
    """Return every day of every holiday, as ISO dates in order."""
    return tuple(day.isoformat() for _, first, last in HOLIDAYS for day in _span(first, last))


def _span(first: str, last: str) -> Iterator[date]:
    start, end = date.fromisoformat(first), date.fromisoformat(last)
    return (start + timedelta(days=passed) for passed in range((end - start).days + 1))
