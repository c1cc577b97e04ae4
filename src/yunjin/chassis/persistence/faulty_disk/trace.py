"""The trace: every change of a traced file system, in order, in a file that outlives the process.

A record is appended before the change it speaks of (a sync: after it), so a process killed between
the two has at most promised less than it did. A kill -9 may tear the last record; readers stop
there.
"""

import os
import threading
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Literal

import msgspec

Kind = Literal[
    "base",  # the file was there when it was first opened; data = its content
    "create",
    "write",
    "truncate",  # offset = the new size
    "sync",
    "sync-failed",  # the kernel may have dropped the pages and called them clean
    "sync-directory",
    "delete",
    "note",  # the program's own mark: data = what it has acknowledged
]
_HEAD_BYTES: Final = 8


class Record(msgspec.Struct, frozen=True, array_like=True):
    """One change. `file` is an absolute path ("" for a note)."""

    kind: Kind
    file: str = ""
    offset: int = 0
    data: bytes = b""


class Trace:
    """Append records. `lock` spans a record and its change, so both have one order."""

    def __init__(self, path: Path) -> None:
        self.lock = threading.RLock()
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._encode = msgspec.msgpack.Encoder().encode

    def append(self, record: Record) -> None:
        """Write one record; it survives the process, which is all the harness needs."""
        body = self._encode(record)
        head = len(body).to_bytes(4, "little") + zlib.crc32(body).to_bytes(4, "little")
        with self.lock:
            if self._file >= 0:  # connections that nobody closed may still tidy up after the end
                os.writev(self._file, (head, body))

    def note(self, data: bytes) -> None:
        """Mark this point of the trace: whatever `data` says was known to be durable here."""
        self.append(Record("note", data=data))

    def close(self) -> None:
        """Stop recording."""
        with self.lock:
            os.close(self._file)
            self._file = -1


def read_trace(path: Path) -> Iterator[Record]:
    """Yield a trace's records in order, up to the end or the record a kill has torn."""
    decode = msgspec.msgpack.Decoder(Record).decode
    with path.open("rb") as file:
        while len(head := file.read(_HEAD_BYTES)) == _HEAD_BYTES:
            size, digest = int.from_bytes(head[:4], "little"), int.from_bytes(head[4:], "little")
            body = file.read(size)
            if len(body) < size or zlib.crc32(body) != digest:
                return
            yield decode(body)
