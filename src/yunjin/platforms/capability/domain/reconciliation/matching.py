"""The matcher: what agrees is found in columns; only what does not is looked at line by line. Pure.

A movement of ours and a line of theirs belong together when both name the payment and the side of
it (the payment itself, or its return). They agree when amount and day are the same.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from yunjin.platforms.capability.domain.reconciliation.columns import REJECTED, RETURNED

_MIX: Final = np.uint64(0x9E3779B97F4A7C15)
_SIDE: Final = np.uint64(0xD1B54A32D192ED03)


@dataclass(frozen=True, slots=True)
class Agreement:
    """What agrees at once. left_lines, left_ours: rows (int64) that are still to be explained."""

    matched: int
    left_lines: Any
    left_ours: Any


def agree(lines: pa.RecordBatch, ours: pa.RecordBatch, day: int) -> Agreement:
    """Match one to one what names the same payment, side, currency, amount, and the day.

    Parameters
    ----------
    lines, ours : LINES and OURS.
    day : the clearing day, days since 1970.
    """
    keys, mine = _keys(lines), _own_keys(ours)
    places = pc.index_in(pa.array(keys), value_set=pa.array(mine))
    found = pc.fill_null(places, -1).to_numpy().astype(np.int64)
    at = np.maximum(found, 0)
    good = found >= 0
    if good.any():
        good &= _same(lines, ours, at)
        good &= lines["day"].to_numpy() == day
        good &= lines["outcome"].to_numpy() != REJECTED
        good &= _once(found, ours.num_rows)
    rest = np.ones(ours.num_rows, bool)
    rest[found[good]] = False
    return Agreement(int(good.sum()), np.flatnonzero(~good), np.flatnonzero(rest))


def _once(found: Any, count: int) -> Any:
    """Return which lines are the only ones of what they were found to be (bool[n])."""
    times = np.bincount(found[found >= 0], minlength=count)
    return times[np.maximum(found, 0)] == 1


def _same(lines: pa.RecordBatch, ours: pa.RecordBatch, at: Any) -> Any:
    """Return which lines are what was found, in all that must be the same (bool[n]).

    The key is a mixture of the id's halves: that the id itself is the same is seen to here.
    """
    same = lines["amount_minor"].to_numpy() == ours["amount_minor"].to_numpy()[at]
    for name in ("payment_hi", "payment_lo"):
        same &= lines[name].to_numpy() == ours[name].to_numpy()[at]
    returns = ours["is_return"].to_numpy(zero_copy_only=False)
    same &= (lines["outcome"].to_numpy() == RETURNED) == returns[at]
    theirs, mine = _codes(lines["currency"], ours["currency"])
    return same & (theirs == mine[at])


def _codes(one: pa.Array, other: pa.Array) -> tuple[Any, Any]:
    names = pc.unique(pa.concat_arrays([pc.unique(one), pc.unique(other)]))
    theirs, mine = (pc.index_in(each, value_set=names).to_numpy() for each in (one, other))
    return theirs, mine


def _keys(lines: pa.RecordBatch) -> Any:
    """Return a key of each line (uint64[n]): payment and side."""
    side = (lines["outcome"].to_numpy() == RETURNED).astype(np.uint64)
    return _mixed(lines, side)


def _own_keys(ours: pa.RecordBatch) -> Any:
    return _mixed(ours, ours["is_return"].to_numpy(zero_copy_only=False).astype(np.uint64))


def _mixed(rows: pa.RecordBatch, side: Any) -> Any:
    high, low = rows["payment_hi"].to_numpy(), rows["payment_lo"].to_numpy()
    return low ^ (high * _MIX) ^ (side * _SIDE)


def named(lines: pa.RecordBatch, references: pa.RecordBatch) -> pa.RecordBatch:
    """Return lines with the payments that their end-to-end ids name, where they name none.

    Parameters
    ----------
    references : payment_hi, payment_lo, end_to_end_id of payments that may be meant; an id that
        two have names neither.
    """
    open_rows = (lines["payment_hi"].to_numpy() == 0) & (lines["payment_lo"].to_numpy() == 0)
    texts = lines["end_to_end_id"]
    open_rows &= pc.is_valid(texts).to_numpy(zero_copy_only=False)
    if not open_rows.any() or not references.num_rows:
        return lines
    known = references["end_to_end_id"].dictionary_encode()
    codes = known.indices.to_numpy()
    times = np.bincount(codes, minlength=len(known.dictionary))
    first = np.zeros(len(known.dictionary), np.int64)
    first[codes[::-1]] = np.arange(len(codes))[::-1]
    places = pc.fill_null(pc.index_in(texts, value_set=known.dictionary), -1)
    found = places.to_numpy().astype(np.int64)
    good = open_rows & (found >= 0)
    good &= times[np.maximum(found, 0)] == 1
    rows = first[found[good]]
    made = lines
    for at, name in enumerate(("payment_hi", "payment_lo")):
        values = lines[name].to_numpy().copy()
        values[good] = references[name].to_numpy()[rows]
        made = made.set_column(at, name, pa.array(values))
    return made


def sums(rows: pa.RecordBatch, *, only_money: bool) -> dict[str, tuple[int, int]]:
    """Return (how many, minor) of each currency. only_money: without lines that moved none."""
    counted = rows
    if only_money and "outcome" in rows.schema.names:
        counted = rows.filter(pc.not_equal(rows["outcome"], REJECTED))
    table = pa.table({"currency": counted["currency"], "amount_minor": counted["amount_minor"]})
    found = table.group_by("currency").aggregate([("amount_minor", "sum"), ([], "count_all")])
    return {
        row["currency"]: (int(row["count_all"]), int(row["amount_minor_sum"]))
        for row in found.to_pylist()
    }
