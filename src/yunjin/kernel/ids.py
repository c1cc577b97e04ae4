"""Ids are made by the caller before sending: UUIDv7 for commands, 63-bit integers for accounts."""

import secrets
from typing import Final
from uuid import UUID

from yunjin.kernel.clock import Clock

CELL_BITS: Final = 15
SEQUENCE_BITS: Final = 48
SEQUENCE_MAX: Final = 2**SEQUENCE_BITS - 1
CELL_MAX: Final = 2**CELL_BITS - 1
CLEARING_FROM: Final = 2 ** (SEQUENCE_BITS - 1)  # sequences from here on: clearing accounts


def uuid7(clock: Clock) -> UUID:
    """Return a time-ordered id (RFC 9562, section 5.7): 48 bits of milliseconds, 74 of chance."""
    return uuid7_of(clock.now_ns() // 1_000_000, secrets.randbits(74))


def uuid7_of(milliseconds: int, chance: int) -> UUID:
    """Return the UUIDv7 of a millisecond time and 74 bits, the same for the same arguments."""
    high = (milliseconds & (2**48 - 1)) << 16 | 0x7000 | (chance >> 62 & 0xFFF)
    return UUID(int=high << 64 | 0x8000_0000_0000_0000 | (chance & (2**62 - 1)))


def account_id(cell: int, sequence: int) -> int:
    """Return the 63-bit id of an account: 15 bits of cell, 48 of sequence.

    Raises: ValueError where a part is out of range.
    """
    if not (0 <= cell <= CELL_MAX and 0 <= sequence <= SEQUENCE_MAX):
        raise ValueError(f"expected 15 bits of cell and 48 of sequence, was {cell}/{sequence}")
    return cell << SEQUENCE_BITS | sequence


def cell_of(account: int) -> int:
    """Return the cell that serves an account."""
    return account >> SEQUENCE_BITS


def sequence_of(account: int) -> int:
    """Return the account's number inside its cell."""
    return account & SEQUENCE_MAX
