"""Legal caps on the price of credit in China, as dated parameters, and the warnings they give.

24 %: 最高人民法院《关于进一步加强金融审判工作的若干意见》(法发〔2017〕22号): what a financial
borrower pays in all above 24 % a year is cut on his request. 36 %: 法释〔2015〕18号, article 26,
the outer line that practice kept for lenders that are financial institutions.
LPR × 4: 法释〔2020〕6号, now 法释〔2020〕17号, article 25: private lending above four times the
one-year LPR at the time of the contract is not protected; financial institutions stand outside
(法释〔2020〕27号).
LPR: published on the 20th of each month by the National Interbank Funding Center; changes only.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike

from yunjin.foundation.banking.domain.columns import Int64s, days
from yunjin.foundation.banking.errors import OutOfRange

Dated = Sequence[tuple[str, int]]  # from this date on, ppm a year; ascending

LPR_1Y: Final[Dated] = (
    ("2019-08-20", 42_500),
    ("2019-09-20", 42_000),
    ("2019-11-20", 41_500),
    ("2020-02-20", 40_500),
    ("2020-04-20", 38_500),
    ("2021-12-20", 38_000),
    ("2022-01-20", 37_000),
    ("2022-08-22", 36_500),
    ("2023-06-20", 35_500),
    ("2023-08-21", 34_500),
    ("2024-07-22", 33_500),
    ("2024-10-21", 31_000),
    ("2025-05-20", 30_000),
)
LPR_5Y: Final[Dated] = (
    ("2019-08-20", 48_500),
    ("2019-11-20", 48_000),
    ("2020-02-20", 47_500),
    ("2020-04-20", 46_500),
    ("2022-01-20", 46_000),
    ("2022-05-20", 44_500),
    ("2022-08-22", 43_000),
    ("2023-06-20", 42_000),
    ("2024-02-20", 39_500),
    ("2024-07-22", 38_500),
    ("2024-10-21", 36_000),
    ("2025-05-20", 35_000),
)


class CapWarning(IntEnum):
    """What an annual cost runs into; a higher one says more."""

    NONE = 0
    ABOVE_PROTECTED = 1  # above 24 %: the excess is cut on request
    ABOVE_LIMIT = 2  # above 36 %: not to be offered


@dataclass(frozen=True, slots=True)
class CapPolicy:
    """The two lines in ppm a year, from a date on."""

    since: str
    protected: int
    limit: int


CAPS: Final = (CapPolicy(since="2015-09-01", protected=240_000, limit=360_000),)


def cap_warnings(
    cost_ppm: ArrayLike, at: ArrayLike, policies: Sequence[CapPolicy] = CAPS
) -> Int64s:
    """Return a CapWarning for each annual cost, by the policy in force on its date.

    Raises: OutOfRange (a date before the first policy).
    """
    cost = np.asarray(cost_ppm, np.int64)
    protected = in_force([(policy.since, policy.protected) for policy in policies], at)
    limit = in_force([(policy.since, policy.limit) for policy in policies], at)
    above = (cost > protected) * int(CapWarning.ABOVE_PROTECTED)
    return np.asarray(np.where(cost > limit, int(CapWarning.ABOVE_LIMIT), above))


def lpr_cap(at: ArrayLike, rates: Dated = LPR_1Y, times: int = 4) -> Any:
    """Return four times the one-year LPR in force on dates, ppm a year.

    Raises: OutOfRange (a date before the first rate).
    """
    return in_force(rates, at) * times


def in_force(table: Dated, at: ArrayLike) -> Any:
    """Return the value of a dated table in force on each date.

    Raises: OutOfRange (a date before the first).
    """
    since = days([day for day, _ in table])
    place = np.searchsorted(since, days(at), side="right") - 1
    if np.min(place, initial=0) < 0:
        raise OutOfRange(f"expected a date on or after {since[0]}, was an earlier one")
    return np.array([value for _, value in table], np.int64)[place]
