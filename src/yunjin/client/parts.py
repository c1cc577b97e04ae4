"""A batch cut into parts: the rows of one payer's cell that are done in the same way, in order."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from yunjin.client.shares import Shares
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


@dataclass(frozen=True, slots=True)
class Ways:
    """How each row of a batch goes.

    cell : int64[n], that is asked.  crosses : bool[n], whether to another cell.
    payer : int64[n], the account that tells the cell.  chain : int64[n], first row of its chain.
    """

    cell: npt.NDArray[np.int64]
    crosses: npt.NDArray[np.bool_]
    payer: npt.NDArray[np.int64]
    chain: npt.NDArray[np.int64]


def ways_of(transfers: pa.RecordBatch, shares: Shares) -> Ways:
    """Tell how each row of `Transfers` goes, by the map as it is known.

    What one cell did before it was split is asked of the payer's half first, whatever it carries:
    sent again, it exists there.

    Raises: Malformed for a row without an account, a chain over homes, or a transfer to another
    home with more than a crossing may have.
    """
    count = transfers.num_rows
    debit, credit = (transfers[f"{side}_account_id"].to_numpy() for side in ("debit", "credit"))
    payer = np.where(debit != 0, debit, credit)
    home, is_home = payer >> SEQUENCE_BITS, debit >> SEQUENCE_BITS == credit >> SEQUENCE_BITS
    cell = shares.cells_of(payer)
    crosses = (debit != 0) & (credit != 0) & (cell != shares.cells_of(credit))
    if count and not home.all():
        raise _wrong(np.flatnonzero(home == 0), "an account that tells its cell")
    marked = np.zeros(count, np.bool_)
    for name in (*_PLAIN, *_MARKS):
        has = _column(transfers, name) != 0
        wrong = np.flatnonzero(crosses & ~is_home & has)
        if len(wrong):
            raise _wrong(wrong, f"no {name} in a transfer to another cell")
        marked |= has
    linked = (_column(transfers, "flags") & _LINKED).astype(np.bool_)
    follows = np.append(False, linked[:-1])[:count]  # of the same chain as the row before
    chain = np.maximum.accumulate(np.where(follows, 0, np.arange(count)))
    breaks = follows & ((home != home[chain]) | (crosses & ~is_home))
    if breaks.any():
        raise _wrong(np.flatnonzero(breaks), "all transfers of a chain in one cell")
    return Ways(cell[chain], crosses & ~marked & ~follows, payer, chain)


def parts_of(
    transfers: pa.RecordBatch, shares: Shares, rows: npt.NDArray[np.int64] | None = None
) -> list[Part]:
    """Cut a batch of `Transfers`, or some rows of it; each cell's parts are in their order.

    Raises: Malformed, as `ways_of`.
    """
    ways = ways_of(transfers, shares)
    rows = np.arange(transfers.num_rows) if rows is None else rows
    parts = []
    for number in np.unique(ways.cell[rows]):
        mine = rows[ways.cell[rows] == number]
        turns = np.flatnonzero(np.diff(ways.crosses[mine])) + 1
        pieces = np.split(mine, turns)
        parts += [Part(int(number), some, bool(ways.crosses[some[0]])) for some in pieces]
    return parts


def _column(transfers: pa.RecordBatch, name: str) -> Any:
    if name not in transfers.schema.names:
        return np.zeros(transfers.num_rows, np.uint16)
    return transfers[name].to_numpy()


def _wrong(rows: npt.NDArray[np.int64], what: str) -> Malformed:
    return Malformed(f"expected {what}, was another in row {rows[0]}", row=int(rows[0]))
