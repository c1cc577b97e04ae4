"""Ids of imported transfers: functions of what the file says, so that twice is once.

A transfer's id is a UUIDv8 (RFC 9562, section 5.8) of the message and the line's place in it. Two
files that give the same message id and place the same id meet the same transfer: with the same
content it exists already, with other content the ledger refuses it.
"""

import hashlib
import json
from collections.abc import Iterable
from typing import Final
from uuid import UUID

_SPACE: Final = "yunjin/import/1"  # a new rule for ids would need a new number


def _digest(*parts: str) -> bytes:
    """Hash parts so that no two lists of parts are written alike."""
    return hashlib.sha256(json.dumps([_SPACE, *parts]).encode("ascii")).digest()


def _uuid8(digest: bytes) -> UUID:
    bits = int.from_bytes(digest[:16])
    bits = bits & ~(0xF << 76) | 0x8 << 76
    return UUID(int=bits & ~(0x3 << 62) | 0x2 << 62)


def transfer_id(kind: str, message_id: str, key: str) -> UUID:
    """Return the id of the transfer that a line of a message stands for."""
    return _uuid8(_digest("transfer", kind, message_id, key))


def opening_id(account_id: int) -> UUID:
    """Return the id of the transfer that brings an account's opening balance in: one for ever."""
    return _uuid8(_digest("opening", str(account_id)))


def batch_id(kind: str, message_id: str) -> int:
    """Return the 63-bit number of a message: `user_data_64` of all its transfers."""
    return int.from_bytes(_digest("batch", kind, message_id)[:8]) >> 1


def reference_id(reference: str, uetr: str = "") -> UUID:
    """Return what finds a line again: `user_data_128`.

    The end-to-end transaction reference where there is one, else a UUIDv8 of the line's own
    reference; zero where it has neither.
    """
    try:
        return UUID(uetr)
    except ValueError:
        return _uuid8(_digest("reference", reference)) if reference else UUID(int=0)


def command_id(names: Iterable[tuple[str, str]], first: int) -> UUID:
    """Return the id of the command that binds aliases (kind, value) to accounts from `first` on."""
    return _uuid8(_digest("bind", *(part for name in names for part in name), str(first)))
