"""Interest by the day over columns: simple or compound, flat or in tiers.

One row is one agreement; a whole book is one call. Interest is exact to 10⁻⁸ of a minor unit, and
the residue of a posting is never lost: see `rounding.post`.
"""

from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
from numpy.typing import ArrayLike

from yunjin.foundation.banking.domain.columns import Int64s, column, frozen, like
from yunjin.foundation.banking.domain.daycount import YearFraction
from yunjin.foundation.banking.domain.rounding import Rounding
from yunjin.foundation.banking.errors import OutOfRange
from yunjin.foundation.banking.kernels import accrue_rows
from yunjin.kernel import check

RATE_MAX: Final = 10_000_000  # ppm a year: 1000 %


@dataclass(frozen=True, slots=True)
class Tiers:
    """Rates by the size of a balance.

    Attributes
    ----------
    begins : int64[t], minor units where each tier begins, ascending from 0.
    rates : int64[1 or n, t], ppm a year; n rows give every agreement rates of its own.
    is_marginal : each slice of a balance earns its tier's rate (超额累进); else the whole balance
        earns the rate of the tier it reaches (全额累进).
    """

    begins: Int64s
    rates: Int64s
    is_marginal: bool

    @classmethod
    def flat(cls, rate_ppm: ArrayLike) -> Self:
        """Return one tier: a rate for all, or one per agreement."""
        return cls.of([0], column(rate_ppm).reshape(-1, 1), is_marginal=False)

    @classmethod
    def of(cls, begins: ArrayLike, rates_ppm: ArrayLike, *, is_marginal: bool) -> Self:
        """Return tiers that make sense.

        Raises: OutOfRange (tiers not ascending from 0, rates outside 0 to 1000 %).
        """
        starts = column(begins)
        rates = frozen(np.atleast_2d(np.asarray(rates_ppm, np.int64)))
        if starts[0] != 0 or not (np.diff(starts) > 0).all():
            raise OutOfRange(f"expected tiers ascending from 0, was {starts.tolist()}")
        if rates.shape[1] != len(starts):
            raise OutOfRange(f"expected {len(starts)} rates, was {rates.shape[1]}")
        if rates.size and not (rates.min() >= 0 and rates.max() <= RATE_MAX):
            raise OutOfRange(f"expected rates of 0 to {RATE_MAX} ppm, was {_outside(rates)}")
        return cls(starts, rates, is_marginal)

    def bounded(self, *, floor_ppm: int = 0, cap_ppm: int = RATE_MAX) -> Self:
        """Return the tiers with every rate between floor and cap."""
        bounded = bounded_rate(self.rates, floor_ppm=floor_ppm, cap_ppm=cap_ppm)
        return self.of(self.begins, bounded, is_marginal=self.is_marginal)


def bounded_rate(rate_ppm: ArrayLike, *, floor_ppm: ArrayLike, cap_ppm: ArrayLike) -> Int64s:
    """Return rates, a benchmark plus a margin maybe, held between floor and cap."""
    return np.clip(np.asarray(rate_ppm, np.int64), floor_ppm, cap_ppm)


def accrue(
    balance: ArrayLike,
    tiers: Tiers,
    fraction: YearFraction,
    rounding: Rounding,
    *,
    compound_on: ArrayLike | None = None,
) -> Any:
    """Return the interest of a part of a year on each balance.

    Parameters
    ----------
    balance : int64[n], minor units; a debit balance (< 0) earns negative interest.
    fraction : of one row or n, ≥ 0; a day, or the days since interest was last accrued.
    rounding : of what lies beyond 10⁻⁸ of a minor unit.
    compound_on : int64[n], 10⁻⁸ of a minor unit: interest accrued so far, which earns interest too.

    Returns int64[n], 10⁻⁸ of a minor unit; a single int64 for a single balance.

    Raises: OutOfRange (above 92 billion minor units of interest, or time that goes back; names the
    row).
    """
    owned = column(balance)
    accrued = frozen(np.zeros(1, np.int64)) if compound_on is None else column(compound_on)
    check.that(
        compound_on is None or len(accrued) == len(owned),
        f"expected {len(owned)} rows of accrued interest, was {len(accrued)}",
    )
    numerator, denominator = column(fraction.numerator), _narrow(fraction.denominator)
    widths = (len(numerator), len(denominator), len(tiers.rates))
    for name, rows in zip(("numerators", "denominators", "rates"), widths, strict=True):
        check.that(rows in (1, len(owned)), f"expected 1 or {len(owned)} {name}, was {rows}")
    out = np.empty(len(owned), np.int64)
    bad = accrue_rows(
        owned,
        accrued,
        tiers.begins,
        tiers.rates,
        numerator,
        denominator,
        tiers.is_marginal,
        compound_on is not None,
        int(rounding),
        out,
    )
    if bad >= 0:
        raise OutOfRange(
            "expected a balance of 62 bits, time that passes and interest of 63 bits, was another",
            row=int(bad),
        )
    return like(out, balance)


def _narrow(denominator: Int64s) -> Int64s:
    """Return one row where all rows are the same, as they are within a day count."""
    if not any(denominator.strides):
        return column(denominator.reshape(-1)[:1])
    return column(denominator)


def _outside(rates: Int64s) -> int:
    return int(rates[(rates < 0) | (rates > RATE_MAX)].flat[0])
