"""The memory of ids: this generation and the last in memory, all others on disk, for ever."""

from typing import Any, Final

import numpy as np

from yunjin.foundation.ledger.kernels import bloom_add, probe_ids, rehash_ids, split_timely
from yunjin.foundation.ledger.store.index import ID, Index

ASK_DISK: Final = -1
_EMPTY: Final = 64


def _table(slots: int) -> Any:
    return np.zeros((slots, 4), np.uint64)


class Generations:
    """Which transfer ids were used, and where (a position in the journal)."""

    def __init__(self, index: Index, *, bloom_words: int) -> None:
        self._index = index
        self.young = _table(_EMPTY)
        self._old = _table(_EMPTY)
        self.bloom = np.zeros(bloom_words, np.uint64)
        self.gates = np.array([-1, -1], np.int64)
        self.runs: list[int] = []

    def ensure(self, used: int, more: int) -> None:
        """Make room for `more` ids beside the `used` ones, the table at most half full."""
        slots = len(self.young)
        while slots < 2 * (used + more):
            slots *= 2
        if slots != len(self.young):
            larger = _table(slots)
            rehash_ids(self.young, larger)
            self.young = larger

    def find(self, hi: Any, lo: Any) -> Any | None:
        """Return positions (int64[n], -1 for a new id), or None where all are plainly new."""
        found = np.empty(len(hi), np.int64)
        if not probe_ids(hi, lo, self.young, self._old, self.bloom, self.gates, found):
            return None
        for i in np.flatnonzero(found == ASK_DISK):
            position = self._index.find("ids", self.runs, int(hi[i]), int(lo[i]))
            found[i] = 0 if position is None else position + 1
        return found - 1

    def rotate(self) -> Any:
        """Begin a new generation; return the sorted ids of the one that ended (ID rows)."""
        ended = self.young[self.young[:, 2] != 0]
        ended = ended[np.lexsort((ended[:, 1], ended[:, 0]))]
        timely = np.empty(len(ended), np.bool_)
        latest = split_timely(
            ended[:, 0].copy(), ended[:, 1].copy(), ended[:, 3].astype(np.int64), timely
        )
        late = ended[~timely]
        bloom_add(self.bloom, late[:, 0].copy(), late[:, 1].copy())
        self.gates[1] = max(self.gates[1], self.gates[0])
        self.gates[0] = latest
        self._old, self.young = self.young, _table(_EMPTY)
        rows = np.empty(len(ended), ID)
        rows["hi"], rows["lo"] = ended[:, 0], ended[:, 1]
        rows["value"] = ended[:, 2].astype(np.int64) - 1
        return rows

    def restore(self, runs: list[int], gate: int, bloom: bytes) -> None:
        """Take over what a checkpoint says is on disk."""
        self.runs, self.gates[1] = list(runs), gate
        if bloom:
            self.bloom = np.frombuffer(bloom, np.uint64).copy()
