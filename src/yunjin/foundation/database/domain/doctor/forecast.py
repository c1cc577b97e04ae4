"""When a disk or a table will have grown to its limit: a straight line that odd days do not bend.

Source: Theil 1950 and Sen 1968: the slope is the median of the slopes between all pairs of points,
so that up to 29 % of them may be anything (a purge, a restore, a bulk load).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

POINTS_MAX: Final = 200  # more are thinned: pairs grow with the square
POINTS_MIN: Final = 5
DAYS_MAX: Final = 3_650
_HOURS: Final = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """How something grows, and when it reaches a limit. Days count from the last sample.

    per_day : growth a day, in the samples' unit; negative: it shrinks.
    days : until the limit; None: not within ten years.
    days_early, days_late : the same with the slope at the quartiles of all pairs.
    """

    now: int
    limit: int
    per_day: int
    days: int | None
    days_early: int | None
    days_late: int | None


def forecast(samples: Sequence[tuple[int, int]], limit: int) -> Forecast | None:
    """Return when a growing figure reaches a limit.

    Parameters
    ----------
    samples : (hour, value), oldest first; hours since any start.

    Returns None where the samples are too few, or cover less than a day.
    """
    points = _thinned(samples)
    if len(points) < POINTS_MIN or points[-1][0] - points[0][0] < _HOURS:
        return None
    slopes = sorted(
        (later[1] - earlier[1]) * _HOURS / (later[0] - earlier[0])
        for at, earlier in enumerate(points)
        for later in points[at + 1 :]
        if later[0] > earlier[0]
    )
    slope = median(slopes)
    last_hour = points[-1][0]
    base = median(value + slope * (last_hour - hour) / _HOURS for hour, value in points)
    low, high = slopes[len(slopes) // 4], slopes[3 * len(slopes) // 4]
    return Forecast(
        now=points[-1][1],
        limit=limit,
        per_day=round(slope),
        days=_days(base, slope, limit),
        days_early=_days(base, high, limit),
        days_late=_days(base, low, limit),
    )


def _days(base: float, slope: float, limit: int) -> int | None:
    if base >= limit:
        return 0
    if slope <= 0:
        return None
    days = int((limit - base) / slope)
    return days if days <= DAYS_MAX else None


def _thinned(samples: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    if len(samples) <= POINTS_MAX:
        return list(samples)
    step = (len(samples) - 1) / (POINTS_MAX - 1)
    return [samples[round(at * step)] for at in range(POINTS_MAX)]
