"""The small files beside the journal: its head, kept apart, and the lock of the writing process."""

import fcntl
import os
import struct
import time
import zlib
from pathlib import Path
from typing import Final

import structlog

from yunjin.foundation.ledger.domain.codec import GENESIS
from yunjin.foundation.ledger.errors import FolderInUse
from yunjin.kernel.errors import Outage

_SLOT: Final = struct.Struct("<q32sqI")  # sequence, hash, timestamp, crc of those before
_SECTOR: Final = 512
_SYNC_EVERY_S: Final = 1.0
_NAMES_KEPT: Final = 100
_NAMES_BYTES_MAX: Final = 65_536
HEAD_UNREADABLE: Final = (
    "the head kept apart is unreadable: a journal that was cut would not show; the next commit "
    "writes it anew"
)
_log: Final = structlog.get_logger()


class HeadFile:
    """Where the journal ended, written after each commit and never ahead of it.

    A journal that was cut at a row's edge or recomputed whole is valid in itself; this file tells.
    Two sectors are written in turn, so a torn write leaves the other one.
    """

    def __init__(self, path: Path) -> None:
        flags = os.O_RDWR | os.O_CREAT
        self._synced_s = 0.0
        try:
            self._file = os.open(path, flags | os.O_EXCL, 0o600)
        except FileExistsError:
            self._file = os.open(path, flags, 0o600)
            if self.read() is None:
                _log.warning("ledger.head-unreadable", file=str(path), what=HEAD_UNREADABLE)
        else:
            self.begin()

    def read(self) -> tuple[int, bytes, int] | None:
        """Return (sequence, hash, timestamp) of the latest sound sector.

        None: it is unreadable; since a new file has a head of sequence 0, it was damaged, or who
        made it died before the first row was written.
        """
        return _latest(os.pread(self._file, 2 * _SECTOR, 0))

    def begin(self) -> None:
        """Write a sound head of no rows, so that a file without any was damaged."""
        self.write(0, GENESIS, 0)
        self.sync()

    def write(self, sequence: int, digest: bytes, timestamp: int) -> None:
        """Note a new head; `sync` makes it outlive a power cut."""
        raw = _SLOT.pack(sequence, digest, timestamp, 0)[:-4]
        raw += struct.pack("<I", zlib.crc32(raw))
        os.pwrite(self._file, raw, sequence % 2 * _SECTOR)

    def sync(self) -> None:
        """Force the head to the disk."""
        os.fdatasync(self._file)

    def note(self, sequence: int, digest: bytes, timestamp: int) -> None:
        """Write a new head, and sync it where the last sync is a second old."""
        self.write(sequence, digest, timestamp)
        now_s = time.monotonic()
        if now_s - self._synced_s > _SYNC_EVERY_S:
            self.sync()
            self._synced_s = now_s

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)


def head_is_readable(path: Path) -> bool:
    """Tell whether a head kept apart has a sound sector; one that is not there has none."""
    return path.is_file() and _latest(path.read_bytes()) is not None


def _latest(content: bytes) -> tuple[int, bytes, int] | None:
    found = []
    for start in (0, _SECTOR):
        raw = content[start : start + _SLOT.size]
        if len(raw) == _SLOT.size:
            sequence, digest, at, crc = _SLOT.unpack(raw)
            if zlib.crc32(raw[:-4]) == crc:
                found.append((sequence, digest, at))
    return max(found, default=None)


class ProcessLock:
    """A lock that the operating system frees when its process dies, so a crash needs no waiting."""

    def __init__(self, path: Path, *, is_alone: bool = False) -> None:
        """is_alone: take the lock now. Raises: FolderInUse where another process has it."""
        self._path = path
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        if is_alone and not self._is_ours():
            os.close(self._file)
            raise FolderInUse(
                f"Another process has {path} open: stop it, or give this one a home of its own.",
                file=path.name,
            )

    def _is_ours(self) -> bool:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def take(self, holder: str) -> set[str]:
        """Try to take the lock; return who had it before and is dead now.

        Names are kept in the file, ours before the lease is asked for: whoever dies between the two
        is known all the same, after a power cut too. A lease held from another folder or machine is
        not judged.

        Raises: Outage (the disk is full or broken).
        """
        if not self._is_ours():
            return set()
        names = os.pread(self._file, _NAMES_BYTES_MAX, 0).decode("utf-8", "replace").split()
        text = "\n".join([*names[-_NAMES_KEPT:], holder]).encode()
        try:
            os.pwrite(self._file, text, 0)
            os.ftruncate(self._file, len(text))
            os.fdatasync(self._file)
            _sync_folder(self._path.parent)
        except OSError as error:
            what = f"{self._path.name} could not be written: {error}."
            raise Outage(what, file=self._path.name) from error
        return set(names)

    def close(self) -> None:
        """Free the lock."""
        os.close(self._file)


def _sync_folder(folder: Path) -> None:
    """Force the names of a folder's files to the disk."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
