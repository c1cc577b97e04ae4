"""Ids of postings, made of what they follow from: the same again and again, on every machine.

They have the form of a UUIDv7 and keep its time, so that the ledger tells new from old by it.
"""

import hashlib
from typing import Any, Final

import numpy as np

_GOLDEN: Final = np.uint64(0x9E3779B97F4A7C15)
_FIRST: Final = np.uint64(0xBF58476D1CE4E5B9)
_SECOND: Final = np.uint64(0x94D049BB133111EB)
_TIME: Final = np.uint64(0xFFFF_FFFF_FFFF_0000)
_VERSION: Final = np.uint64(0x7000)
_VARIANT: Final = np.uint64(0x8000_0000_0000_0000)
_LOW_BITS: Final = np.uint64(0x3FFF_FFFF_FFFF_FFFF)
_MS_A_DAY: Final = 86_400_000


def salt_of(words: str) -> np.uint64:
    """Return 64 bits that stand for words."""
    return np.uint64(int.from_bytes(hashlib.blake2b(words.encode(), digest_size=8).digest(), "big"))


def followers(high: Any, low: Any, number: Any) -> tuple[Any, Any]:
    """Return ids of what follows from commands (uint64[n] each): a number tells them apart.

    high, low : of the command's id.  number : int64[n], 1, 2, …
    """
    spread = _mixed(low ^ _mixed(number.astype(np.uint64) * _GOLDEN ^ high))
    return high, spread & _LOW_BITS | _VARIANT


def of_day(date: Any, salt: np.uint64, agreement_ids: Any, number: Any) -> tuple[Any, Any]:
    """Return ids of what a day's close does to agreements (uint64[n] each).

    date: datetime64[D], not before 1970.  number: int64[n], tells postings of one agreement apart.
    """
    milliseconds = int(date.astype(np.int64)) * _MS_A_DAY
    one = _mixed(agreement_ids.astype(np.uint64) ^ salt)
    two = _mixed(one + number.astype(np.uint64) * _GOLDEN)
    high = np.uint64(milliseconds << 16) & _TIME | _VERSION | (one >> np.uint64(52))
    return high, two & _LOW_BITS | _VARIANT


def _mixed(bits: Any) -> Any:
    with np.errstate(over="ignore"):
        bits = bits + _GOLDEN
        bits = (bits ^ (bits >> np.uint64(30))) * _FIRST
        bits = (bits ^ (bits >> np.uint64(27))) * _SECOND
        return bits ^ (bits >> np.uint64(31))
