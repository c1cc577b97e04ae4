"""The arrays a cell lives in, and how rows are found in them.

An account is one cache line of 64 bytes. Hash tables are open-addressing with linear probing, their
sizes powers of two, at most half full; they are grown between batches, never inside a loop.
"""

from enum import IntEnum
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from yunjin.chassis.compiling import leaf, loop
from yunjin.kernel.ids import CLEARING_FROM
from yunjin.kernel.shares import BLOCK_BITS

Array = NDArray[Any]
SEQUENCE_BITS: Final = 48
SEQUENCE_MASK: Final = (1 << SEQUENCE_BITS) - 1
INT64_MAX: Final = 2**63 - 1
ROW_BITS: Final = 16  # of a position: journal sequence << 16 | row of the batch
COUNTERS: Final = 16

ACCOUNT: Final = np.dtype(
    [
        ("debits_pending", "i8"),
        ("debits_posted", "i8"),
        ("credits_pending", "i8"),
        ("credits_posted", "i8"),
        ("timestamp", "i8"),
        ("limit", "i8"),
        ("sequence", "i8"),
        ("ledger", "u4"),
        ("code", "u2"),
        ("flags", "u2"),
    ],
    align=True,
)
HOLD: Final = np.dtype(  # a pending transfer
    [
        ("id_hi", "u8"),
        ("id_lo", "u8"),
        ("amount", "i8"),
        ("timestamp", "i8"),
        ("expires_at", "i8"),  # 0: never
        ("user_data_128_hi", "u8"),
        ("user_data_128_lo", "u8"),
        ("user_data_64", "u8"),
        ("user_data_32", "u4"),
        ("ledger", "u4"),
        ("debit", "i4"),  # row of the account
        ("credit", "i4"),
        ("code", "u2"),
        ("flags", "u2"),
        ("fate", "u4"),
    ],
    align=True,
)
USED: Final = np.dtype(  # a transfer id that was used
    [("hi", "u8"), ("lo", "u8"), ("position", "i8"), ("timestamp", "i8")], align=True
)
ENTRY: Final = np.dtype(  # a line of an account's history
    [
        ("account", "i8"),
        ("timestamp", "i8"),
        ("position", "i8"),
        ("debits_pending", "i8"),
        ("debits_posted", "i8"),
        ("credits_pending", "i8"),
        ("credits_posted", "i8"),
    ],
    align=True,
)


class Fate(IntEnum):
    """What became of a pending transfer."""

    OPEN = 0
    POSTED = 1
    VOIDED = 2
    EXPIRED = 3
    MOVED = 4  # with both its accounts, to another cell of their home


class Inherited(IntEnum):
    """Fields that the request left zero and the pending transfer filled in."""

    DEBIT = 1
    CREDIT = 2
    AMOUNT = 4
    LEDGER = 8
    CODE = 16
    USER_DATA_128 = 32
    USER_DATA_64 = 64
    USER_DATA_32 = 128


class Counter(IntEnum):
    """Places in `Book.counters`."""

    CELL = 0  # the home in the ids of its accounts
    ACCOUNTS = 1
    IDS = 2
    HOLDS = 3
    HEAP = 4
    ENTRIES = 5
    LAST_TIMESTAMP = 6
    TRANSFERS = 7
    OPEN_HOLDS = 8
    SPARSE = 9
    UNDO = 10
    DEPTH = 11  # of the cell's share of its home; 0 where it was never split
    RESIDUE = 12
    ELSEWHERE = 13  # rows of accounts that went to another cell of the home


class Book(NamedTuple):
    """The state of a cell. Capacities are ensured by the caller before a loop runs."""

    accounts: Array  # ACCOUNT[rows]
    direct: Array  # int32[sequences], row of a small sequence, -1 where there is none
    sparse: Array  # int64[slots, 2], (sequence, row + 1) of the others
    ids: Array  # USED[rows], in the order of use
    id_slots: Array  # uint64[slots], 32 bits of the id's hash, row + 1
    holds: Array  # HOLD[rows]
    hold_slots: Array  # int32[slots], row + 1
    heap: Array  # int64[rows, 2], (expires_at, hold row), a binary heap
    entries: Array  # ENTRY[rows]
    undo_rows: Array  # int32[2 × batch]
    undo_accounts: Array  # ACCOUNT[2 × batch], as they were before a chain touched them
    counters: Array  # int64[COUNTERS], see Counter


class AccountColumns(NamedTuple):
    """A batch of accounts to open."""

    id: Array  # int64[n]
    ledger: Array  # uint32[n]
    code: Array  # uint16[n]
    flags: Array  # uint16[n]
    limit_minor: Array  # int64[n]
    timestamp: Array  # int64[n]


class TransferColumns(NamedTuple):
    """A batch of transfers; the loop fills in what a post or a void inherits."""

    id_hi: Array  # uint64[n]
    id_lo: Array  # uint64[n]
    debit_account_id: Array  # int64[n]
    credit_account_id: Array  # int64[n]
    amount_minor: Array  # int64[n]
    ledger: Array  # uint32[n]
    code: Array  # uint16[n]
    flags: Array  # uint16[n]
    timeout_s: Array  # uint32[n]
    pending_id_hi: Array  # uint64[n]
    pending_id_lo: Array  # uint64[n]
    user_data_128_hi: Array  # uint64[n]
    user_data_128_lo: Array  # uint64[n]
    user_data_64: Array  # uint64[n]
    user_data_32: Array  # uint32[n]
    timestamp: Array  # int64[n]


class Outcome(NamedTuple):
    """What the loop answers, a row a transfer."""

    status: Array  # uint8[n]
    timestamp: Array  # int64[n], ns; 0 where nothing was created
    inherited: Array  # uint8[n], Inherited
    requested: Array  # int64[n], the amount asked for, before a balancing or a post changed it
    balances: Array  # int64[n, 8] after it (EXISTS: now), or [0, 8] where nobody asked


class Earlier(NamedTuple):
    """Transfers from before a batch that its ids and pending ids name."""

    known: Array  # int64[n] or [0], row of `priors` with the same id, -1 without
    pending: Array  # int64[n] or [0], row of `priors` with the pending id, -1 without
    priors: TransferColumns
    answers: Outcome
    fates: Array  # uint8[priors], Fate


@leaf
def mix(x: Any) -> Any:
    """Scramble 64 bits (the finaliser of MurmurHash3)."""
    x ^= x >> np.uint64(33)
    x *= np.uint64(0xFF51AFD7ED558CCD)
    x ^= x >> np.uint64(33)
    x *= np.uint64(0xC4CEB9FE1A85EC53)
    return x ^ (x >> np.uint64(33))


@leaf
def mix_id(hi: Any, lo: Any) -> Any:
    """Scramble a 128-bit id into 64 bits."""
    return mix(lo ^ mix(hi))


@leaf
def row_of(book: Any, account_id: Any) -> Any:
    """Return the row of an account, -1 where there is none."""
    if account_id >> SEQUENCE_BITS != book.counters[Counter.CELL]:
        return -1
    sequence = account_id & SEQUENCE_MASK
    if sequence < len(book.direct):
        return book.direct[sequence]
    mask = np.uint64(len(book.sparse) - 1)
    slot = mix(np.uint64(sequence)) & mask
    while book.sparse[slot, 1] != 0:
        if book.sparse[slot, 0] == sequence:
            return np.int32(book.sparse[slot, 1] - 1)
        slot = (slot + np.uint64(1)) & mask
    return -1


@loop
def is_elsewhere(book: Any, account_id: Any) -> Any:
    """Tell whether an account is of this home and of another cell's share of it."""
    depth, sequence = book.counters[Counter.DEPTH], account_id & SEQUENCE_MASK
    if depth == 0 or account_id >> SEQUENCE_BITS != book.counters[Counter.CELL]:
        return False
    if sequence == 0 or sequence >= CLEARING_FROM:
        return False
    return sequence >> BLOCK_BITS & ((1 << depth) - 1) != book.counters[Counter.RESIDUE]


@loop
def has_left(book: Any, row: Any) -> Any:
    """Tell whether a row is of an account that is elsewhere now."""
    home = book.counters[Counter.CELL] << SEQUENCE_BITS
    return is_elsewhere(book, home | book.accounts[row].sequence)


@loop
def put_row(book: Any, sequence: Any, row: Any) -> None:
    """Remember the row of an account's sequence."""
    if sequence < len(book.direct):
        book.direct[sequence] = row
        return
    mask = np.uint64(len(book.sparse) - 1)
    slot = mix(np.uint64(sequence)) & mask
    while book.sparse[slot, 1] != 0:
        slot = (slot + np.uint64(1)) & mask
    book.sparse[slot, 0] = sequence
    book.sparse[slot, 1] = row + 1
    book.counters[Counter.SPARSE] += 1


@loop
def take_row(book: Any, sequence: Any) -> None:
    """Forget the row put last."""
    if sequence < len(book.direct):
        book.direct[sequence] = -1
        return
    mask = np.uint64(len(book.sparse) - 1)
    slot = mix(np.uint64(sequence)) & mask
    while book.sparse[slot, 0] != sequence:
        slot = (slot + np.uint64(1)) & mask
    book.sparse[slot, 0] = 0
    book.sparse[slot, 1] = 0
    book.counters[Counter.SPARSE] -= 1


@loop
def rehash_accounts(book: Any) -> None:
    """Fill fresh `direct` and `sparse` from the accounts that are here."""
    book.counters[Counter.SPARSE] = 0
    for row in range(book.counters[Counter.ACCOUNTS]):
        if not has_left(book, row):
            put_row(book, book.accounts[row].sequence, row)


@loop
def chain_is_open(flags: Any, start: Any, linked: Any) -> Any:
    """Tell whether the batch ends inside the chain that begins at a row."""
    end = start
    while end < len(flags) and flags[end] & linked:
        end += 1
    return end == len(flags)


@loop
def find_hold(book: Any, hi: Any, lo: Any) -> Any:
    """Return the row of a pending transfer in memory, -1 where there is none."""
    mask = np.uint64(len(book.hold_slots) - 1)
    slot = mix_id(hi, lo) & mask
    while book.hold_slots[slot] != 0:
        row = book.hold_slots[slot] - 1
        if book.holds[row].id_lo == lo and book.holds[row].id_hi == hi:
            return row
        slot = (slot + np.uint64(1)) & mask
    return -1


@loop
def put_hold(book: Any, row: Any) -> None:
    """Remember where a hold lies."""
    mask = np.uint64(len(book.hold_slots) - 1)
    slot = mix_id(book.holds[row].id_hi, book.holds[row].id_lo) & mask
    while book.hold_slots[slot] != 0:
        slot = (slot + np.uint64(1)) & mask
    book.hold_slots[slot] = row + 1


@loop
def rehash_holds(book: Any) -> None:
    """Fill fresh `hold_slots` from the holds."""
    for row in range(book.counters[Counter.HOLDS]):
        put_hold(book, row)
