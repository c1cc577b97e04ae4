"""The same faults for the small files that a program writes itself, through `os`."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import apsw

from yunjin.chassis.persistence.faulty_disk.shim import FaultyFileSystem
from yunjin.chassis.persistence.faulty_disk.trace import Record


class FaultyOs:
    """Stand in for the module `os`: opens, writes and syncs are counted, failed and traced."""

    def __init__(self, system: FaultyFileSystem) -> None:
        self._system = system
        self._paths: dict[int, str] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)

    def open(self, path: Any, flags: int, mode: int = 0o777) -> int:
        """Open a file; from now on its changes are traced."""
        place = Path(path)
        if place.is_dir():
            self._paths[file := os.open(path, flags, mode)] = str(place)
            return file
        with self._system.in_order():
            existed = place.exists()
            file = os.open(path, flags, mode)
            self._system.opened(str(place), existed=existed)
        self._paths[file] = str(place)
        return file

    def pwrite(self, file: int, data: bytes, offset: int) -> int:
        """Write at an offset. Raises: OSError as planned."""

        path = self._paths[file]

        def write(part: bytes) -> None:
            self._system.record(Record("write", path, offset, part))
            os.pwrite(file, part, offset)

        with _as_the_system_says():
            self._system.around(
                "write",
                path,
                lambda: write(data),
                torn=lambda: write(data[: len(data) // 2]),
                before=lambda: self._system.spend(len(data), path),
            )
        return len(data)

    def ftruncate(self, file: int, size: int) -> None:
        """Set a file's length. Raises: OSError as planned."""
        path = self._paths[file]

        def truncate() -> None:
            self._system.record(Record("truncate", path, size))
            os.ftruncate(file, size)

        with _as_the_system_says():
            self._system.around("truncate", path, truncate)

    def fdatasync(self, file: int) -> None:
        """Force a file to the disk. Raises: OSError as planned."""
        with _as_the_system_says():
            self._system.sync(self._paths[file], lambda: os.fdatasync(file))

    def fsync(self, file: int) -> None:
        """Force a file, or the names in a folder, to the disk. Raises: OSError as planned."""
        path = Path(self._paths[file])
        if not path.is_dir():
            self.fdatasync(file)
            return
        with self._system.in_order():
            os.fsync(file)
            if not self._system.plan.is_lying:
                self._system.record(Record("sync-directory", str(path / "*")))

    def close(self, file: int) -> None:
        """Close a file."""
        self._paths.pop(file, None)
        os.close(file)


@contextmanager
def _as_the_system_says() -> Iterator[None]:
    """Raise planned errors as the operating system does."""
    try:
        yield
    except apsw.FullError as error:
        raise OSError(errno.ENOSPC, str(error)) from error
    except apsw.IOError as error:
        raise OSError(errno.EIO, str(error)) from error
