"""The memory of ids: this generation and the last in memory, all others on disk, for ever."""

from typing import Any

import numpy as np

from yunjin.foundation.ledger.kernels import USED, end_generation, probe_ids, rehash_ids
from yunjin.foundation.ledger.kernels.ids import ASK_DISK, NOWHERE
from yunjin.foundation.ledger.store.index import Index


class Generations:
    """Which transfer ids were used, and where (a position in the journal)."""

    def __init__(self, index: Index, *, bloom_words: int) -> None:
        self._index = index
        self.rows, self.slots = _room(64)
        self._old_rows, self._old_slots = _room(64)
        self.bloom = np.zeros(bloom_words, np.uint64)
        self.gates = np.array([NOWHERE, NOWHERE], np.int64)
        self.runs: list[int] = []

    def ensure(self, used: int, more: int) -> None:
        """Make room for `more` ids beside the `used` ones, the slots at most half full."""
        size = len(self.rows)
        while size < used + more:
            size *= 2
        if size != len(self.rows):
            rows, self.slots = _room(size)
            rows[:used] = self.rows[:used]
            rehash_ids(rows, used, self.slots)
            self.rows = rows

    def find(self, hi: Any, lo: Any) -> Any | None:
        """Return positions (int64[n], -1 for a new id), or None where all are plainly new."""
        found = np.empty(len(hi), np.int64)
        young, old = (self.slots, self.rows), (self._old_slots, self._old_rows)
        if not probe_ids(hi, lo, *young, *old, self.bloom, self.gates, found):
            return None
        for i in np.flatnonzero(found == ASK_DISK):
            position = self._index.find("ids", self.runs, int(hi[i]), int(lo[i]))
            found[i] = NOWHERE if position is None else position
        return found

    def rotate(self, used: int) -> Any:
        """Begin a new generation of the same size; return the ids of the one that ended (USED)."""
        self.gates[1] = max(self.gates)
        self.gates[0] = end_generation(self.rows, used, self.bloom)
        ended, spare = (self.rows, self.slots), (self._old_rows, self._old_slots)
        if len(spare[0]) != len(ended[0]):
            spare = _room(len(ended[0]))
        else:
            spare[1].fill(0)
        (self._old_rows, self._old_slots), (self.rows, self.slots) = ended, spare
        return self._old_rows[:used]

    def restore(self, runs: list[int], gate: int, bloom: bytes) -> None:
        """Take over what a checkpoint says is on disk."""
        self.runs, self.gates[1] = list(runs), gate
        if bloom:
            self.bloom = np.frombuffer(bloom, np.uint64).copy()


def _room(rows: int) -> tuple[Any, Any]:
    """Return empty rows and twice as many slots."""
    return np.zeros(rows, USED), np.zeros(2 * rows, np.uint64)
