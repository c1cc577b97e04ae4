"""Columns as the loops want them: one row or many, int64 or days, contiguous, read-only."""

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

Int64s: TypeAlias = NDArray[np.int64]
Days: TypeAlias = NDArray[np.datetime64]
Bools: TypeAlias = NDArray[np.bool_]


def column(values: ArrayLike) -> Int64s:
    """Return whole numbers as a read-only int64 column; raises TypeError for anything else."""
    array = np.asarray(values)
    if array.ndim == 1 and array.dtype == np.int64 and array.flags.c_contiguous:
        return array if not array.flags.writeable else frozen(array)
    if array.size == 0:
        array = array.astype(np.int64)
    if array.dtype.kind not in "iub":
        raise TypeError(f"expected whole numbers, was {array.dtype}")
    return frozen(np.atleast_1d(array.astype(np.int64, casting="safe", copy=False)))


def frozen(array: NDArray[Any]) -> NDArray[Any]:
    """Return a contiguous read-only view: one kind of array, so that loops compile once."""
    if array.flags.c_contiguous and not array.flags.writeable:
        return array
    view = np.ascontiguousarray(array).view()
    view.flags.writeable = False
    return view


def spread(values: ArrayLike, count: int, kind: str = "int64") -> NDArray[Any]:
    """Return a column of `count` rows, of a column or of one value for all; read-only."""
    array = np.asarray(values, kind)
    if array.shape == (count,):
        return frozen(array)
    full = np.empty(count, array.dtype)
    full[:] = array
    full.flags.writeable = False
    return full


def days(values: ArrayLike) -> Days:
    """Return dates (datetime64, ISO text, date) as datetime64[D]."""
    return np.asarray(values, dtype="datetime64[D]")


def like(result: Int64s, *sources: ArrayLike) -> Any:
    """Return a result as a scalar where all its sources were scalars."""
    return result[0] if all(np.ndim(source) == 0 for source in sources) else result


def is_ascending(table: Days) -> bool:
    """Tell whether no row of dates ever goes back, and each gets somewhere."""
    onward = (table[..., 1:] >= table[..., :-1]).all() and (table[..., -1] > table[..., 0]).all()
    return bool(onward)
