"""Ids by the column: time-ordered UUIDs (RFC 9562, section 5.7) without a Python object each."""

import secrets
from uuid import UUID

import numpy as np
import numpy.typing as npt

from yunjin.kernel.clock import Clock, SystemClock

UInt64s = npt.NDArray[np.uint64]
_TIME_SHIFT, _VERSION = np.uint64(16), np.uint64(0x7000)
_CHANCE_HIGH, _CHANCE_LOW = np.uint64(0x0FFF), np.uint64(2**62 - 1)
_VARIANT = np.uint64(2**63)


def ids(n: int, *, clock: Clock | None = None) -> tuple[UInt64s, UInt64s]:
    """Make n UUIDv7 as two columns: one time for all, 74 bits of the machine's chance each.

    Keep them before sending: sent again after a lost answer, a transfer acts once.

    Returns: (hi, lo), uint64[n] each, the halves of the UUIDs read as big-endian integers.
    """
    milliseconds = (clock or SystemClock()).now_ns() // 1_000_000
    chance = np.frombuffer(secrets.token_bytes(16 * n), np.uint64).reshape(2, n)
    time = np.uint64(milliseconds & (2**48 - 1)) << _TIME_SHIFT
    return time | _VERSION | (chance[0] & _CHANCE_HIGH), _VARIANT | (chance[1] & _CHANCE_LOW)


def uuids(hi: UInt64s, lo: UInt64s) -> list[UUID]:
    """Return two columns as UUID objects, for a few."""
    pairs = zip(hi.tolist(), lo.tolist(), strict=True)
    return [UUID(int=high << 64 | low) for high, low in pairs]
