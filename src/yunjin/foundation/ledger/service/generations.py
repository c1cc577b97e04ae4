"""The memory of ids: this generation and the last in memory, all others on disk, for ever."""

from typing import Any, Final

import numpy as np

from yunjin.foundation.ledger import kernels
from yunjin.foundation.ledger.kernels import USED
from yunjin.foundation.ledger.kernels.ids import ASK_ALL, NOWHERE
from yunjin.foundation.ledger.service.ahead import Ahead, touched
from yunjin.foundation.ledger.store.index import Index

_SMALL: Final = 64
_LARGE: Final = 1 << 17  # from here on, room is made ahead: doubling would stop the ledger


class Table:
    """Ids in rows, in the order of use, and slots to find them by, at most half full."""

    def __init__(self, rows: Any, used: int) -> None:
        self.rows = rows
        self.slots = np.zeros(1 << max(2 * len(rows) - 1, 0).bit_length(), np.uint64)
        kernels.rehash_ids(rows, used, self.slots)

    def find(self, hi: Any, lo: Any) -> Any:
        """Return positions (int64[n]), NOWHERE where an id is not here."""
        found = np.empty(len(hi), np.int64)
        kernels.find_ids(hi, lo, self.slots, self.rows, found)
        return found


def empty(rows: int) -> Table:
    """Return room for ids; memory is taken as it is used."""
    return Table(np.zeros(rows, USED), 0)


def _empty_at_once(rows: int) -> Table:
    """Return room for ids whose slots, used all over from the first batch, have their memory."""
    made = empty(rows)
    touched(made.slots)
    return made


class Generations:
    """Which transfer ids were used, and where (a position in the journal)."""

    def __init__(self, index: Index, *, bloom_words: int, usual: int) -> None:
        """usual: ids of a generation."""
        self._index, self._usual = index, usual
        self.young, self._old = empty(_SMALL), empty(_SMALL)
        self._ahead = Ahead(_empty_at_once)
        self.bloom = np.zeros(bloom_words, np.uint64)
        self.gates = np.array([NOWHERE, NOWHERE], np.int64)
        self.runs: list[int] = []
        self.spans: list[tuple[int, int]] = []  # of the timely ids of each run, ms

    def ensure(self, used: int, more: int) -> None:
        """Make room for `more` ids beside the `used` ones."""
        if self.is_half_full(used):
            self._order_ahead()
        size = len(self.young.rows)
        if used + more <= size:
            return
        larger = self._ahead.take(self._usual) if used + more <= self._usual else None
        if larger is None:
            while size < used + more:
                size = self._usual if 2 * size < self._usual < 4 * size else 2 * size
            larger = empty(size)
        larger.rows[:used] = self.young.rows[:used]
        kernels.rehash_ids(larger.rows, used, larger.slots)
        self.young = larger

    def is_half_full(self, used: int) -> bool:
        """Tell whether large room will be needed soon."""
        return 2 * used >= len(self.young.rows) >= _LARGE

    def _order_ahead(self) -> None:
        """Have room made for what comes next: a usual generation, or the one after this."""
        have = len(self.young.rows)
        if have < self._usual:
            self._ahead.order(self._usual)
        elif len(self._old.rows) != have:
            self._ahead.order(have)

    def find(self, hi: Any, lo: Any) -> Any | None:
        """Return positions (int64[n], -1 for a new id), or None where all are plainly new."""
        found = np.empty(len(hi), np.int64)
        tables = (self.young.slots, self.young.rows, self._old.slots, self._old.rows)
        if not kernels.probe_ids(hi, lo, *tables, self.bloom, self.gates, found):
            return None
        asked = np.flatnonzero(found < NOWHERE)
        if len(asked):
            found[asked] = self._find_on_disk(hi[asked], lo[asked], found[asked] == ASK_ALL)
        return found

    def _find_on_disk(self, hi: Any, lo: Any, anywhere: Any) -> Any:
        found, ms = np.full(len(hi), NOWHERE, np.int64), (hi >> np.uint64(16)).astype(np.int64)
        for run, (first, last) in zip(reversed(self.runs), reversed(self.spans), strict=True):
            mine = np.flatnonzero((found == NOWHERE) & (anywhere | ((ms >= first) & (ms <= last))))
            if len(mine):
                found[mine] = self._index.find("ids", run, hi[mine], lo[mine])
        return found

    def rotate(self, used: int) -> tuple[Any, tuple[int, int]]:
        """Begin a new generation of the same size.

        Returns the ids of the one that ended (USED), and the span of the timely ones (ms).
        """
        span = kernels.end_generation(self.young.rows, used, self.bloom)
        self.gates[:] = span[1], max(self.gates)
        ended, spare = self.young, self._old
        if len(spare.rows) == len(ended.rows):
            spare.slots.fill(0)  # fresh memory would be slower
        else:
            spare = self._ahead.take(len(ended.rows)) or empty(len(ended.rows))
        self._old, self.young = ended, spare
        return ended.rows[:used], span

    def restore(self, state: dict[str, Any], bloom: Any) -> None:
        """Take over what a checkpoint says is on disk."""
        self.runs, self.spans = list(state["runs"]["ids"]), [(a, b) for a, b in state["spans"]]
        self.gates[1] = max((last for _, last in self.spans), default=NOWHERE)
        self.young = empty(state["room"])
        if len(bloom):
            self.bloom = bloom
