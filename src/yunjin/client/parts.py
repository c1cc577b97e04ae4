"""A batch cut into parts: the rows of one payer's cell that are done in the same way, in order."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from yunjin.kernel.errors import Malformed
from yunjin.kernel.ids import SEQUENCE_BITS

_LINKED: Final = 1
_PLAIN: Final = ("flags", "timeout_s", "pending_id_hi", "pending_id_lo", "timestamp")
_MARKS: Final = ("user_data_128_hi", "user_data_128_lo", "user_data_64")


@dataclass(frozen=True, slots=True)
class Part:
    """Rows of a batch that one cell gets at once.

    rows : int64[k], ascending.  crosses : whether their payees are in other cells.
    """

    cell: int
    rows: npt.NDArray[np.int64]
    crosses: bool


def parts_of(transfers: pa.RecordBatch) -> list[Part]:
    """Cut a batch of `Transfers`; each cell's parts are in the order of its rows.

    Raises: Malformed for a row without an account, a chain over cells, or a transfer to another
    cell with more than a crossing may have.
    """
    count = transfers.num_rows
    debit = transfers["debit_account_id"].to_numpy() >> SEQUENCE_BITS
    credit = transfers["credit_account_id"].to_numpy() >> SEQUENCE_BITS
    cell = np.where(debit != 0, debit, credit)
    crosses = (debit != 0) & (credit != 0) & (debit != credit)
    if count and not cell.all():
        raise _wrong(np.flatnonzero(cell == 0), "an account that tells its cell")
    for name in (*_PLAIN, *_MARKS):
        wrong = np.flatnonzero(crosses & (_column(transfers, name) != 0))
        if len(wrong):
            raise _wrong(wrong, f"no {name} in a transfer to another cell")
    linked = (_column(transfers, "flags") & _LINKED).astype(np.bool_)
    follows = np.append(False, linked[:-1])  # of the same chain as the row before
    breaks = follows & ((cell != np.roll(cell, 1)) | crosses)
    if breaks.any():
        raise _wrong(np.flatnonzero(breaks), "all transfers of a chain in one cell")
    parts = []
    for number in np.unique(cell):
        rows = np.flatnonzero(cell == number)
        turns = np.flatnonzero(np.diff(crosses[rows])) + 1
        parts += [Part(int(number), some, bool(crosses[some[0]])) for some in np.split(rows, turns)]
    return parts


def _column(transfers: pa.RecordBatch, name: str) -> Any:
    if name not in transfers.schema.names:
        return np.zeros(transfers.num_rows, np.uint16)
    return transfers[name].to_numpy()


def _wrong(rows: npt.NDArray[np.int64], what: str) -> Malformed:
    return Malformed(f"expected {what}, was another in row {rows[0]}", row=int(rows[0]))
