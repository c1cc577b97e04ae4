"""Giving everything out: the journal's transfers in columns, in order and in bounded memory."""

from collections.abc import Iterator
from typing import Final

import pyarrow as pa

from yunjin.foundation.ledger.api import TransferStatus
from yunjin.foundation.ledger.domain import codec
from yunjin.foundation.ledger.domain.codec import Entry
from yunjin.foundation.ledger.errors import JournalDamaged
from yunjin.foundation.ledger.service.columns import transfers_of
from yunjin.foundation.ledger.store.journal import Journal

ROWS_A_BATCH: Final = 65_520  # eight full batches of the journal: 7 MB of columns


def transfers_in_order(
    journal: Journal, since: int, until: int, *, after: int = 0
) -> Iterator[pa.RecordBatch]:
    """Yield the transfers of rows, since < sequence ≤ until, as TRANSFERS; close the journal then.

    after : rows up to this one are not even read.

    A batch has about ROWS_A_BATCH rows, however many transfers each row of the journal has.
    Raises: JournalDamaged at a row that is not what was written.
    """
    waiting: list[pa.RecordBatch] = []
    rows = 0
    try:
        for entry in journal.scan(after):
            if entry.sequence > until:
                break
            if entry.digest() != entry.hash:
                raise JournalDamaged(
                    f"Row {entry.sequence} is not what was written: its hash differs. "
                    "Restore the journal from the last backup.",
                    sequence=entry.sequence,
                )
            if entry.kind != codec.TRANSFERS or entry.sequence <= since:
                continue
            waiting.append(_created(entry))
            rows += waiting[-1].num_rows
            if rows >= ROWS_A_BATCH:
                yield pa.concat_batches(waiting)
                waiting, rows = [], 0
        if rows:
            yield pa.concat_batches(waiting)
    finally:
        journal.close()


def _created(entry: Entry) -> pa.RecordBatch:
    """Return the transfers that a row of the journal made; what it refused is left out."""
    columns, out = codec.unpack_transfers(entry)
    batch = transfers_of(columns, out)
    if not out.status.any():
        return batch
    return batch.filter(pa.array(out.status == TransferStatus.CREATED))
