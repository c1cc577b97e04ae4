"""Payments: the ids of what they do elsewhere, and what answers mean. Pure."""

import hashlib
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import numpy as np

from yunjin.foundation.banking.api.agreements import EntryStatus
from yunjin.kernel.ids import uuid7_of

_SPACE: Final = b"yunjin/pay/1"  # a new rule for ids would need a new number
BOOKED: Final = frozenset((EntryStatus.BOOKED, EntryStatus.EXISTS))
# ISO 20022 ExternalStatusReason1Code of what the core says to a payer's entry.
REASONS: Final = {
    EntryStatus.REFUSED: "AM04",  # insufficient funds, as far as its product says
    EntryStatus.AGREEMENT_NOT_FOUND: "AC01",
    EntryStatus.AGREEMENT_NOT_OPEN: "AC04",
    EntryStatus.AGREEMENT_STOPPED: "AC06",
    EntryStatus.CURRENCIES_DIFFER: "AM03",
    EntryStatus.MALFORMED: "CH16",
    EntryStatus.LEDGER_REFUSED: "NARR",
    EntryStatus.EXISTS_OTHERWISE: "DUPL",
    EntryStatus.ID_USED: "NARR",
}
LIMIT_EXCEEDED: Final = "AM14"  # amount exceeds agreed maximum
LIMIT_NOT_OPEN: Final = "AG01"  # transaction forbidden


def leg(payment_id: UUID, word: str) -> UUID:
    """Return the id of what a payment does elsewhere: "hold", "book", "release", …

    A function of both, so that whoever takes the payment up again asks under the same id. It keeps
    the payment's time, which tells the ledger where to look.
    """
    digest = hashlib.blake2b(
        payment_id.bytes + word.encode(), digest_size=10, person=_SPACE, usedforsecurity=False
    ).digest()
    return uuid7_of(payment_id.int >> 80, int.from_bytes(digest) & (1 << 74) - 1)


def legs(payment_id: UUID, words: Sequence[str]) -> tuple[Any, Any]:
    """Return the ids that `leg` gives to many words, as halves: (uint64[n], uint64[n])."""
    digests = [
        hashlib.blake2b(
            payment_id.bytes + word.encode(), digest_size=10, person=_SPACE, usedforsecurity=False
        ).digest()
        for word in words
    ]
    raw = np.frombuffer(b"".join(digests), np.uint8).reshape(-1, 10)
    top = raw[:, 0].astype(np.uint64) << np.uint64(8) | raw[:, 1]
    low = np.ascontiguousarray(raw[:, 2:]).view(">u8").ravel().astype(np.uint64)
    chance = (top << np.uint64(2) | low >> np.uint64(62)) & np.uint64(0xFFF)
    high = np.uint64((payment_id.int >> 80) << 16 | 0x7000) | chance
    return high, low & np.uint64(2**62 - 1) | np.uint64(1 << 63)
