"""Interest as an old core accrued it, so that what it says can be recomputed."""

from typing import Any, Final

import numpy as np

from yunjin.platforms.capability.domain.takeover.mapping import Days

PPM: Final = 1_000_000
_YEAR: Final = {"ACT_360": 360, "ACT_365F": 365, "THIRTY_E_360": 360}


def accrued_minor(amount: Any, rate_ppm: Any, since: Any, until: Any, days: Days) -> Any:
    """Return simple interest on amounts (int64[n], minor), half away from zero.

    rate_ppm : int64[n], a year.  since : datetime64[D][n], included; until : excluded.
    """
    count = days_between(since, until, days)
    # up to 10¹⁵ minor × 10⁶ ppm × 10⁴ days is beyond 64 bits: the amount is cut in two
    whole, rest = np.divmod(np.abs(amount), 10**6)
    base = _YEAR[days] * PPM
    top = whole * (rate_ppm * count)
    high, left = np.divmod(top, base)
    part = left * 10**6 + rest * (rate_ppm * count)
    found = high * 10**6 + (2 * part + base) // (2 * base)
    return np.sign(amount) * found


def days_between(since: Any, until: Any, days: Days) -> Any:
    """Return how many days interest runs by a convention (int64[n]); 0 where nothing is said."""
    empty = np.isnat(since)
    start = np.where(empty, until, since).astype("datetime64[D]")
    if days != "THIRTY_E_360":
        return (until - start).astype(np.int64)
    begin, end = _parts(start), _parts(np.broadcast_to(until, start.shape))
    years, months = end[0] - begin[0], end[1] - begin[1]
    return 360 * years + 30 * months + np.minimum(end[2], 30) - np.minimum(begin[2], 30)


def _parts(dates: Any) -> tuple[Any, Any, Any]:
    months = dates.astype("datetime64[M]")
    day = (dates - months.astype("datetime64[D]")).astype(np.int64) + 1
    return months.astype(np.int64) // 12, months.astype(np.int64) % 12, day
