"""What was posted before: rows of the journal read back as columns."""

from functools import lru_cache
from typing import Any

import numpy as np

from yunjin.foundation.ledger.domain import codec
from yunjin.foundation.ledger.domain.codec import Entry
from yunjin.foundation.ledger.errors import JournalDamaged
from yunjin.foundation.ledger.kernels import Outcome, TransferColumns
from yunjin.foundation.ledger.store.journal import Journal


def zero_columns(count: int) -> TransferColumns:
    """Return a batch of zeros."""
    kinds = codec._NUMPY[codec.TRANSFERS]
    return TransferColumns(*(np.zeros(count, kinds[name]) for name in TransferColumns._fields))


def outcome(count: int, *, balances: bool = False) -> Outcome:
    """Return answers for a batch, all zero."""
    return Outcome(
        np.zeros(count, np.uint8),
        np.zeros(count, np.int64),
        np.zeros(count, np.uint8),
        np.zeros(count, np.int64),
        np.zeros((count if balances else 0, 8), np.int64),
    )


class Past:
    """Rows that are in the journal, and those on their way there."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self.unwritten: dict[int, Entry] = {}
        self.columns_of = lru_cache(maxsize=64)(self._columns_of)
        self._expired_in = lru_cache(maxsize=256)(self._read_expired_in)

    def entry(self, sequence: int) -> Entry | None:
        """Return a row of the journal, durable or not, None where there is none."""
        return self.unwritten.get(sequence) or self._journal.read(sequence)

    def written(self, sequence: int) -> None:
        """Take note that the rows up to a sequence are in the journal.

        Called by the thread of the commits, while the writer goes on.
        """
        for known in [number for number in list(self.unwritten) if number <= sequence]:
            del self.unwritten[known]

    def expired_in(self, sequence: int) -> tuple[Any, Any] | None:
        """Return the ids that a row says have expired, None for a row of transfers."""
        return self._expired_in(sequence)

    def _read_expired_in(self, sequence: int) -> tuple[Any, Any] | None:
        entry = self.entry(sequence)
        if entry is not None and entry.kind == codec.EXPIRY:
            return codec.unpack_expiry(entry)
        return None

    def _columns_of(self, sequence: int) -> tuple[TransferColumns, Outcome]:
        entry = self.entry(sequence)
        if entry is None:
            raise JournalDamaged(
                f"Row {sequence} is gone from the journal. Restore it from the last backup.",
                sequence=sequence,
            )
        return codec.unpack_transfers(entry)

    def rows_at(self, positions: Any) -> tuple[TransferColumns, Outcome]:
        """Return the transfers at positions (int64[n]), in that order."""
        columns, out = zero_columns(len(positions)), outcome(len(positions))
        sequences, places = positions >> 16, positions & 0xFFFF
        for sequence in np.unique(sequences):
            mine = sequences == sequence
            theirs, answers = self.columns_of(int(sequence))
            for target, source in zip((*columns, *out[:4]), (*theirs, *answers[:4]), strict=True):
                target[mine] = source[places[mine]]
        columns.timestamp[:] = out.timestamp
        return columns, out
