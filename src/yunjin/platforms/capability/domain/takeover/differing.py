"""Why two cores differ on a figure of a day, from what is known of both."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa

from yunjin.platforms.capability.api.takeover import Cause
from yunjin.platforms.capability.domain.takeover.interest import accrued_minor
from yunjin.platforms.capability.domain.takeover.mapping import Days, Interest, Tolerance

E8: Final = 10**8
CAUSES: Final = tuple(Cause)
_CONVENTIONS: Final[tuple[Days, ...]] = ("ACT_360", "ACT_365F", "THIRTY_E_360")
DIFFERENCES: Final = pa.schema(
    [
        ("key", pa.string()),
        ("figure", pa.string()),
        ("theirs_e8", pa.int64()),
        ("ours_e8", pa.int64()),
        ("cause", pa.uint8()),  # place in CAUSES
        ("is_beyond", pa.bool_()),
    ]
)


@dataclass(frozen=True, slots=True)
class Inputs:
    """What moved on agreements on the day (int64[n], minor).

    theirs, ours : on that day.  theirs_near, ours_near : on other days that are told of.
    """

    theirs: Any
    ours: Any
    theirs_near: Any
    ours_near: Any


def of_balances(theirs: Any, ours: Any, inputs: Inputs) -> Any:
    """Return why balances (int64[n], minor) differ: places in CAUSES (uint8[n])."""
    differs = ours - theirs
    unlike = inputs.ours - inputs.theirs
    by_input = (unlike != 0) & (differs == unlike)
    # what one side has more of on the day, the other has on another
    is_late = by_input & ((inputs.theirs_near == unlike) | (inputs.ours_near == -unlike))
    found = np.full(len(differs), _at(Cause.UNKNOWN), np.uint8)
    found[np.abs(differs) <= 1] = _at(Cause.RESIDUE)
    found[by_input] = _at(Cause.MISSING_INPUT)
    found[is_late] = _at(Cause.CUT_OFF)
    return found


def of_accruals(
    theirs: Any, ours: Any, rule: Interest | None, basis: tuple[Any, Any, Any, Any]
) -> Any:
    """Return why accruals (int64[n], 10⁻⁸ minor) differ.

    basis : balance (minor), rate (ppm), since, until: what they grew on.
    """
    found = np.full(len(theirs), _at(Cause.UNKNOWN), np.uint8)
    amount, rate, since, until = basis
    for days in _CONVENTIONS if rule is not None else ():
        if rule is None or days == rule.days:
            continue
        other = accrued_minor(amount, rate, since, until, days)
        own = accrued_minor(amount, rate, since, until, rule.days)
        fits = (np.abs(theirs // E8 - own) <= 1) & (np.abs(ours // E8 - other) <= 1)
        fits |= (np.abs(ours // E8 - own) <= 1) & (np.abs(theirs // E8 - other) <= 1)
        found[fits & (own != other)] = _at(Cause.DAY_COUNT)
    found[np.abs(ours - theirs) < E8] = _at(Cause.RESIDUE)
    return found


def beyond(figure: str, theirs: Any, ours: Any, tolerance: Tolerance) -> Any:
    """Tell which differences (10⁻⁸ minor) the tolerance does not allow (bool[n])."""
    allowed = {
        "balance": tolerance.balance_e8,
        "accrued": tolerance.accrued_e8,
        "due": tolerance.due_e8,
    }[figure]
    return np.abs(ours - theirs) > allowed


def told(
    keys: pa.Array, figure: str, theirs: Any, ours: Any, causes: Any, outside: Any
) -> pa.RecordBatch:
    """Return differences as they are kept; both sides in 10⁻⁸ minor."""
    count = len(keys)
    columns = [
        keys,
        pa.array([figure] * count, pa.string()),
        pa.array(theirs, pa.int64()),
        pa.array(ours, pa.int64()),
        pa.array(causes, pa.uint8()),
        pa.array(outside, pa.bool_()),
    ]
    return pa.RecordBatch.from_arrays(columns, schema=DIFFERENCES)


def _at(cause: Cause) -> int:
    return CAUSES.index(cause)


ABSENT: Final = _at(Cause.ABSENT)
