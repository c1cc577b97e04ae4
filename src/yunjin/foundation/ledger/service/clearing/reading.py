"""Reading a caller's batch of crossings: checked once, cut by peer."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import numpy as np
import pyarrow as pa

from yunjin.foundation.ledger.api import CROSSINGS_OPTIONAL, CROSSINGS_REQUIRED, refusal_of
from yunjin.foundation.ledger.domain.clearing import UNTOLD, Crossings
from yunjin.foundation.ledger.errors import BatchRefused
from yunjin.foundation.ledger.service.clearing.peers import Peer
from yunjin.kernel.ids import SEQUENCE_BITS
from yunjin.kernel.shares import Share

_ALL_ONES: Final = np.uint64(2**64 - 1)


def columns_of(batch: pa.RecordBatch, rows_max: int) -> tuple[Crossings, Any]:
    """Return a batch's crossings and the peer each names (0: none). Raises: BatchRefused."""
    if not isinstance(batch, pa.RecordBatch):
        raise BatchRefused(f"expected an Arrow record batch, was {type(batch).__name__}")
    if batch.num_rows > rows_max:
        raise BatchRefused(
            f"expected at most {rows_max} rows, was {batch.num_rows}", rows=batch.num_rows
        )
    refusal = refusal_of(batch.schema, CROSSINGS_REQUIRED, CROSSINGS_OPTIONAL)
    if refusal is not None:
        raise refusal
    found: dict[str, Any] = {}
    for field, column in zip(batch.schema, batch.columns, strict=True):
        if column.null_count:
            raise BatchRefused(f"expected no nulls, was one in {field.name}", column=field.name)
        found[field.name] = np.array(column.to_numpy(zero_copy_only=False))
    count = batch.num_rows
    found.setdefault("user_data_32", np.zeros(count, np.uint32))
    named = found.pop("peer", np.zeros(count, np.uint16)).astype(np.int64)
    untold = np.full(count, UNTOLD, np.uint8)
    return Crossings(**found, held=untold, there=untold.copy()), named


def by_peer(
    columns: Crossings, named: Any, share: Share, peers: Mapping[int, Peer]
) -> Iterator[tuple[Peer, Any]]:
    """Yield each peer and the places of its rows (int64[k]).

    Raises: BatchRefused, naming the first row that is no crossing from this cell to a known peer.
    """
    is_zero = (columns.id_hi == 0) & (columns.id_lo == 0)
    is_max = (columns.id_hi == _ALL_ONES) & (columns.id_lo == _ALL_ONES)
    _refuse(is_zero | is_max, "an id other than all zeros or all ones")
    _refuse(
        columns.debit_account_id >> SEQUENCE_BITS != share.home, f"a payer of cell {share.home}"
    )
    payee, home = columns.credit_account_id, columns.credit_account_id >> SEQUENCE_BITS
    wanted = np.where(named == 0, home, named)
    is_here = (wanted == share.home) & ~share.lacks(payee)
    known = ", ".join(str(number) for number in peers) or "none: set ledger.clearing.peers"
    is_unknown = is_here | ~np.isin(wanted, list(peers))
    _refuse(is_unknown, f"a payee of another cell (known: {known})")
    for number in np.unique(wanted).tolist():
        peer, rows = peers[number], np.flatnonzero(wanted == number)
        is_elsewhere = home != peer.sides.peer_cell
        _refuse((wanted == number) & is_elsewhere, f"payees of cell {peer.sides.peer_cell}")
        yield peer, rows


def _refuse(wrong: Any, expected: str) -> None:
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise BatchRefused(f"expected {expected}, was otherwise in row {row}", row=row)
