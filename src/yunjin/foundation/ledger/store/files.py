"""The small files beside the journal: its head, kept apart, and the lock of the writing process."""

import fcntl
import os
import struct
import zlib
from pathlib import Path
from typing import Final

_SLOT: Final = struct.Struct("<q32sqI")  # sequence, hash, timestamp, crc of those before
_SECTOR: Final = 512
_NAMES_KEPT: Final = 100
_NAMES_BYTES_MAX: Final = 65_536


class HeadFile:
    """Where the journal ended, written after each commit and never ahead of it.

    A journal that was cut at a row's edge or recomputed whole is valid in itself; this file tells.
    Two sectors are written in turn, so a torn write leaves the other one.
    """

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)

    def read(self) -> tuple[int, bytes, int] | None:
        """Return (sequence, hash, timestamp) of the latest sound sector, None without any."""
        found = []
        for slot in (0, 1):
            raw = os.pread(self._file, _SLOT.size, slot * _SECTOR)
            if len(raw) == _SLOT.size:
                sequence, digest, at, crc = _SLOT.unpack(raw)
                if zlib.crc32(raw[:-4]) == crc:
                    found.append((sequence, digest, at))
        return max(found, default=None)

    def write(self, sequence: int, digest: bytes, timestamp: int) -> None:
        """Note a new head; `sync` makes it outlive a power cut."""
        raw = _SLOT.pack(sequence, digest, timestamp, 0)[:-4]
        raw += struct.pack("<I", zlib.crc32(raw))
        os.pwrite(self._file, raw, sequence % 2 * _SECTOR)

    def sync(self) -> None:
        """Force the head to the disk."""
        os.fdatasync(self._file)

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)


class ProcessLock:
    """A lock that the operating system frees when its process dies, so a crash needs no waiting."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)

    def take(self, holder: str) -> set[str]:
        """Try to take the lock; return who had it before and is dead now.

        Names are kept in the file, ours before the lease is asked for: whoever dies between the two
        is known all the same. A lease held from another folder or machine is not judged.
        """
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return set()
        names = os.pread(self._file, _NAMES_BYTES_MAX, 0).decode("utf-8", "replace").split()
        text = "\n".join([*names[-_NAMES_KEPT:], holder]).encode()
        os.pwrite(self._file, text, 0)
        os.ftruncate(self._file, len(text))
        return set(names)

    def close(self) -> None:
        """Free the lock."""
        os.close(self._file)
