"""The memory of transfer ids: a hash table of the recent ones, and the gates before the disk.

A UUIDv7 made near the time of its transfer (a *timely* id) tells by its time whether an older
generation can hold it. All other ids are in a Bloom filter once they leave the table.
"""

from typing import Any, Final

import numpy as np

from yunjin.foundation.ledger.kernels.compile import leaf, loop
from yunjin.foundation.ledger.kernels.tables import Array, mix, mix_id

NOT_V7: Final = -1
TIMELY_MS: Final = 600_000  # an id is timely within ten minutes of its transfer's timestamp
ASK_DISK: Final = -1


@leaf
def find_id(table: Any, hi: Any, lo: Any) -> Any:
    """Return the slot of an id, or the free slot where it would go."""
    mask = np.uint64(len(table) - 1)
    slot = mix_id(hi, lo) & mask
    while table[slot, 2] != 0 and (table[slot, 1] != lo or table[slot, 0] != hi):
        slot = (slot + np.uint64(1)) & mask
    return slot


@leaf
def milliseconds(hi: Any, lo: Any) -> Any:
    """Return the time in a UUIDv7, NOT_V7 for every other id."""
    if (hi >> np.uint64(12)) & np.uint64(15) == 7 and lo >> np.uint64(62) == 2:
        return np.int64(hi >> np.uint64(16))
    return np.int64(NOT_V7)


@leaf
def is_timely(hi: Any, lo: Any, timestamp: Any) -> Any:
    """Tell whether an id's own time is near the timestamp of its transfer."""
    ms = milliseconds(hi, lo)
    return ms != NOT_V7 and abs(ms - timestamp // 1_000_000) <= TIMELY_MS


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
def bloom_add(bloom: Array, hi: Array, lo: Array) -> None:
    """Add ids (uint64[n] each) to a filter (uint64[words], a power of two), in place."""
    for i in range(len(hi)):
        word, bits = bloom_word(bloom, hi[i], lo[i])
        bloom[word] |= bits


@loop
def probe_ids(
    hi: Array, lo: Array, young: Array, old: Array, bloom: Array, gates: Array, found: Array
) -> Any:
    """Look ids up among the recent ones.

    gates: int64[2], the latest timely milliseconds in `old` and on disk, -1 where there is none.
    found: int64[n], written: position + 1, 0 for an id never seen, ASK_DISK where the disk knows.

    Returns the number of ids that are not plainly new.
    """
    count = 0
    for i in range(len(hi)):
        found[i] = 0
        slot = find_id(young, hi[i], lo[i])
        if young[slot, 2] != 0:
            found[i] = np.int64(young[slot, 2])
            count += 1
            continue
        ms = milliseconds(hi[i], lo[i])
        late_old = ms != NOT_V7 and ms <= gates[0]
        late_disk = ms != NOT_V7 and ms <= gates[1]
        if not (late_old and late_disk):
            word, bits = bloom_word(bloom, hi[i], lo[i])
            if bloom[word] & bits == bits:
                late_old = late_disk = True
        if late_old:
            slot = find_id(old, hi[i], lo[i])
            if old[slot, 2] != 0:
                found[i] = np.int64(old[slot, 2])
                count += 1
                continue
        if late_disk:
            found[i] = ASK_DISK
            count += 1
    return count


@loop
def rehash_ids(source: Array, target: Array) -> None:
    """Copy a table of ids into a larger, empty one."""
    for slot in range(len(source)):
        if source[slot, 2] != 0:
            place = find_id(target, source[slot, 0], source[slot, 1])
            for column in range(4):
                target[place, column] = source[slot, column]


@loop
def split_timely(hi: Array, lo: Array, timestamp: Array, timely: Array) -> Any:
    """Tell timely ids from the others.

    timely: bool[n], written. Returns the latest milliseconds of the timely ones, -1 without any.
    """
    latest = np.int64(NOT_V7)
    for i in range(len(hi)):
        timely[i] = is_timely(hi[i], lo[i], timestamp[i])
        if timely[i]:
            latest = max(latest, milliseconds(hi[i], lo[i]))
    return latest
