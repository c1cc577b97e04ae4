"""The memory of transfer ids: rows in order of use, slots to find them by, gates before the disk.

A slot holds 32 bits of an id's hash beside its row, so that a new id is told without looking at
any row. A UUIDv7 made near the time of its transfer (a *timely* id) tells by its time whether an
older generation can hold it. All other ids are in a Bloom filter once they leave the table.
"""

from typing import Any, Final

import numpy as np

from yunjin.chassis.compiling import leaf, loop, prefetch
from yunjin.foundation.ledger.kernels.tables import Array, mix, mix_id

NOT_V7: Final = -1
BEHIND_MS: Final = 600_000  # a timely id was made ten minutes before its transfer at most …
AHEAD_MS: Final = 5_000  # … or seconds after: one fast clock must not widen every run's span
_AHEAD: Final = 16
NOWHERE: Final = -1
ASK_DISK: Final = -2  # the runs of its time may have it
ASK_ALL: Final = -3  # any run may have it
_MARK: Final = np.uint64(0xFFFFFFFF00000000)
_ROW: Final = np.uint64(0x00000000FFFFFFFF)


@leaf
def find_id(slots: Any, rows: Any, hi: Any, lo: Any) -> Any:
    """Return the slot of an id, or the free slot where it would go, and the mark to put there."""
    mask, scrambled = np.uint64(len(slots) - 1), mix_id(hi, lo)
    mark = scrambled & _MARK
    at = scrambled & mask
    while slots[at] != 0:
        if (slots[at] & _MARK) == mark:
            row = (slots[at] & _ROW) - np.uint64(1)
            if rows[row].lo == lo and rows[row].hi == hi:
                break
        at = (at + np.uint64(1)) & mask
    return at, mark


@leaf
def fetch_slot(slots: Any, hi: Any, lo: Any) -> None:
    """Ask the memory for the slot of an id that will be looked up soon."""
    prefetch(slots, np.int64(mix_id(hi, lo) & np.uint64(len(slots) - 1)))


@leaf
def position_of(slots: Any, rows: Any, hi: Any, lo: Any) -> Any:
    """Return where an id was used, NOWHERE for a new one."""
    at, _ = find_id(slots, rows, hi, lo)
    found = np.int64(NOWHERE)
    if slots[at] != 0:
        found = rows[(slots[at] & _ROW) - np.uint64(1)].position
    return found


@leaf
def put_id(slots: Any, rows: Any, row: Any, hi: Any, lo: Any, position: Any, at: Any) -> None:
    """Write an id into a row and its slot; there is room."""
    slot, mark = find_id(slots, rows, hi, lo)
    slots[slot] = mark | np.uint64(row + 1)
    rows[row].hi, rows[row].lo = hi, lo
    rows[row].position, rows[row].timestamp = position, at


@leaf
def take_id(slots: Any, rows: Any, hi: Any, lo: Any) -> None:
    """Free the slot of the id that was put last."""
    slot, _ = find_id(slots, rows, hi, lo)
    slots[slot] = 0


@leaf
def milliseconds(hi: Any, lo: Any) -> Any:
    """Return the time in a UUIDv7, NOT_V7 for every other id."""
    if (hi >> np.uint64(12)) & np.uint64(15) == 7 and lo >> np.uint64(62) == 2:
        return np.int64(hi >> np.uint64(16))
    return np.int64(NOT_V7)


@leaf
def is_timely(hi: Any, lo: Any, timestamp: Any) -> Any:
    """Tell whether an id's own time is near the timestamp of its transfer."""
    ms, at = milliseconds(hi, lo), timestamp // 1_000_000
    return ms != NOT_V7 and at - BEHIND_MS <= ms <= at + AHEAD_MS


@leaf
def bloom_word(bloom: Any, hi: Any, lo: Any) -> Any:
    """Return the word of the filter an id falls in, and its four bits there."""
    h = mix_id(hi, lo)
    g = mix(h ^ np.uint64(0x9E3779B97F4A7C15))
    bits = np.uint64(0)
    for shift in (0, 6, 12, 18):
        bits |= np.uint64(1) << ((g >> np.uint64(shift)) & np.uint64(63))
    return h & np.uint64(len(bloom) - 1), bits


@loop
def probe_ids(
    hi: Array,
    lo: Array,
    slots: Array,
    rows: Array,
    old_slots: Array,
    old_rows: Array,
    bloom: Array,
    gates: Array,
    found: Array,
) -> Any:
    """Look ids up among the recent ones: this generation's (slots, rows) and the last one's.

    gates: int64[2], the latest timely milliseconds in the last one and on disk, -1 without any.
    found: int64[n], written: position, NOWHERE for an id never seen, ASK_DISK, ASK_ALL.

    Returns the number of ids that are not plainly new.
    """
    count = 0
    for i in range(len(hi)):
        if i + _AHEAD < len(hi):
            fetch_slot(slots, hi[i + _AHEAD], lo[i + _AHEAD])
        found[i] = position_of(slots, rows, hi[i], lo[i])
        if found[i] != NOWHERE:
            count += 1
            continue
        ms = milliseconds(hi[i], lo[i])
        late_old = ms != NOT_V7 and ms <= gates[0]
        ask = np.int64(ASK_DISK if ms != NOT_V7 and ms <= gates[1] else NOWHERE)
        word, bits = bloom_word(bloom, hi[i], lo[i])
        if bloom[word] & bits == bits:
            late_old, ask = True, np.int64(ASK_ALL)
        if late_old:
            found[i] = position_of(old_slots, old_rows, hi[i], lo[i])
        if found[i] == NOWHERE:
            found[i] = ask
        if found[i] != NOWHERE:
            count += 1
    return count


@loop
def find_ids(hi: Array, lo: Array, slots: Array, rows: Array, found: Array) -> None:
    """Look ids up in one table. found: int64[n], written: position, NOWHERE for a new one."""
    for i in range(len(hi)):
        found[i] = position_of(slots, rows, hi[i], lo[i])


@loop
def find_on_page(page: Array, hi: Array, lo: Array, found: Array) -> None:
    """Look ids up on a page of a run. found: int64[n], written where the page has the id."""
    for i in range(len(hi)):
        for row in range(len(page)):
            if page[row].lo == lo[i] and page[row].hi == hi[i]:
                found[i] = page[row].value


@loop
def shelves_of(hi: Array, lo: Array, shelves: Array) -> None:
    """Say on which of 65,536 shelves of the disk ids lie. shelves: uint16[n], written."""
    for i in range(len(hi)):
        shelves[i] = mix_id(hi[i], lo[i]) >> np.uint64(48)


@loop
def rehash_ids(rows: Array, count: int, slots: Array) -> None:
    """Fill empty slots from the first `count` rows; no id is there twice."""
    mask = np.uint64(len(slots) - 1)
    for row in range(count):
        scrambled = mix_id(rows[row].hi, rows[row].lo)
        at = scrambled & mask
        while slots[at] != 0:
            at = (at + np.uint64(1)) & mask
        slots[at] = scrambled & _MARK | np.uint64(row + 1)


@loop
def end_generation(rows: Array, count: int, bloom: Array) -> Any:
    """Take leave of the first `count` ids: the ones that are not timely go into the filter.

    bloom: uint64[words], written.

    Returns the earliest and the latest milliseconds of the timely ones, (0, NOT_V7) without any.
    """
    earliest, latest = np.int64(0), np.int64(NOT_V7)
    for i in range(count):
        hi, lo = rows[i].hi, rows[i].lo
        if is_timely(hi, lo, rows[i].timestamp):
            ms = milliseconds(hi, lo)
            earliest = ms if latest == NOT_V7 else min(earliest, ms)
            latest = max(latest, ms)
        else:
            word, bits = bloom_word(bloom, hi, lo)
            bloom[word] |= bits
    return earliest, latest
