"""Holds of crossings that the shelf does not know, found in the journal and taken up again.

The tables may have been restored to an earlier time than the journal. Since a hold says all there
is to say of its crossing, the list of what is to be done can be made anew from the ledger.
"""

from collections import defaultdict
from typing import Any, Final

import numpy as np
import pyarrow as pa

from yunjin.foundation.ledger.api import (
    CrossingOutcome,
    ExportPort,
    LedgerApi,
    TransferFlag,
)
from yunjin.foundation.ledger.domain.clearing import UNTOLD, Crossings, peer_of
from yunjin.foundation.ledger.service.clearing.asking import outcomes
from yunjin.foundation.ledger.service.clearing.saga import uuids
from yunjin.foundation.ledger.service.clearing.shelf import Shelf
from yunjin.kernel.ids import CLEARING_FROM, SEQUENCE_MAX

_SCAN_ROWS: Final = 8_190


def orphans(here: LedgerApi, export: ExportPort, shelf: Shelf) -> dict[int, Crossings]:
    """Return peer → crossings that are held and neither ended nor on the shelf. Raises: Outage."""
    open_holds: dict[int, list[Crossings]] = defaultdict(list)
    for exported in export.export_transfers():
        for start in range(0, exported.num_rows, _SCAN_ROWS):
            for peer, columns in _open_holds(here, exported.slice(start, _SCAN_ROWS)):
                open_holds[peer].append(columns)
    known = {pair for batch in shelf.all() for pair in _pairs(batch.columns)}
    found = {}
    for peer, parts in open_holds.items():
        columns = Crossings(*(np.concatenate(column) for column in zip(*parts, strict=True)))
        is_unknown = np.array([pair not in known for pair in _pairs(columns)], np.bool_)
        if is_unknown.any():
            found[peer] = columns.rows(is_unknown)
    return found


def _open_holds(here: LedgerApi, rows: pa.RecordBatch) -> list[tuple[int, Crossings]]:
    credit = rows["credit_account_id"].to_numpy()
    is_pending = rows["flags"].to_numpy() & TransferFlag.PENDING != 0
    mine = np.flatnonzero(is_pending & (credit & SEQUENCE_MAX >= CLEARING_FROM))
    if not len(mine):
        return []
    holds = rows.take(pa.array(mine))
    hi, lo = (holds[f"user_data_128_{half}"].to_numpy() for half in ("hi", "lo"))
    told = outcomes(here, uuids(hi, lo))["outcome"].to_numpy()
    is_open = told == CrossingOutcome.IN_DOUBT
    columns = Crossings(
        id_hi=hi,
        id_lo=lo,
        debit_account_id=holds["debit_account_id"].to_numpy(),
        credit_account_id=holds["user_data_64"].to_numpy().astype(np.int64),
        amount_minor=holds["amount_minor"].to_numpy(),
        ledger=holds["ledger"].to_numpy(),
        code=holds["code"].to_numpy(),
        user_data_32=holds["user_data_32"].to_numpy(),
        held=np.zeros(len(mine), np.uint8),
        there=np.full(len(mine), UNTOLD, np.uint8),
    )
    peers = peer_of(holds["credit_account_id"].to_numpy())
    kept = [(peer, is_open & (peers == peer)) for peer in np.unique(peers[is_open]).tolist()]
    return [(peer, columns.rows(which)) for peer, which in kept]


def _pairs(columns: Crossings) -> list[Any]:
    return list(zip(columns.id_hi.tolist(), columns.id_lo.tolist(), strict=True))
