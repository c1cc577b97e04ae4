"""An apsw VFS over the system's own: counts, kills, refuses, lies, and traces every change.

It inherits locking and WAL's shared memory from the base, so several connections and processes
work as ever. SQLite gives it no memory mapping, so every change passes through here.
"""

import os
import signal
from collections import Counter
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import apsw

from yunjin.chassis.persistence.faulty_disk.trace import Record, Trace

Call = Literal["read", "write", "sync", "truncate"]
Phase = Literal["before", "torn", "after"]
_EXTENDED: Final[dict[Call, int]] = {
    "read": apsw.SQLITE_IOERR_READ,
    "write": apsw.SQLITE_IOERR_WRITE,
    "sync": apsw.SQLITE_IOERR_FSYNC,
    "truncate": apsw.SQLITE_IOERR_TRUNCATE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultPlan:
    """What goes wrong, and when. Calls are counted from 1, per kind, over all chosen files.

    Parameters
    ----------
    files : only files whose path has this in it are counted and fail.
    kill_at : kill -9 this process around the call with this number; "torn" lets a write do half.
    error_at : answer EIO from this call on …
    error_count : … this often; None: for ever.
    space_bytes : let this many bytes be written, then answer ENOSPC.
    is_lying : syncs answer yes and do nothing, as a disk with a broken write cache does.
    """

    files: str = ""
    kill_at: tuple[Call, int, Phase] | None = None
    error_at: tuple[Call, int] | None = None
    error_count: int | None = 1
    space_bytes: int | None = None
    is_lying: bool = False

    def is_error(self, call: Call, number: int) -> bool:
        """Return whether the call with this number of its kind fails."""
        if self.error_at is None or self.error_at[0] != call:
            return False
        since = number - self.error_at[1]
        return since >= 0 and (self.error_count is None or since < self.error_count)


def kill_this_process() -> None:
    """End this process as kill -9 does: nothing is flushed, nobody is told."""
    os.kill(os.getpid(), signal.SIGKILL)


class FaultyFileSystem(apsw.VFS):
    """Register a faulty file system under `name`; connections choose it by that name.

    Keep a reference to it as long as connections use it.

    Parameters
    ----------
    plan : what goes wrong; `arm` replaces it.
    trace : where changes are written down; None: only count and fail.
    kill : how this process ends.
    """

    def __init__(
        self,
        name: str,
        plan: FaultPlan | None = None,
        *,
        trace: Trace | None = None,
        kill: Callable[[], None] = kill_this_process,
    ) -> None:
        super().__init__(name, "")
        self.name = name
        self.trace = trace
        self.fired: Counter[str] = Counter()  # what went wrong, over all plans
        self.kill = kill
        self._traced: set[str] = set()
        self.arm(plan or FaultPlan())

    def arm(self, plan: FaultPlan) -> None:
        """Follow another plan; calls and bytes are counted anew."""
        self.plan = plan
        self.calls: Counter[str] = Counter()
        self._written_bytes = 0

    def xOpen(self, name: Any, flags: list[int]) -> apsw.VFSFile:
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        if path is None:  # a temporary file: no crash can be seen in it
            return apsw.VFSFile("", name, flags)
        with self.in_order():
            existed = os.path.exists(path)
            file = FaultyFile(self, path, name, flags, is_new=not existed)
            self.opened(path, existed=existed)
        return file

    def xDelete(self, filename: str, syncdir: bool) -> None:
        with self.in_order():
            if os.path.exists(filename):
                self.record(Record("delete", filename))
            super().xDelete(filename, syncdir)
            if syncdir:
                self.record(Record("sync-directory", filename))

    def opened(self, path: str, *, existed: bool) -> None:
        """Write down what a file holds when it is first opened; later its changes tell."""
        if path not in self._traced or not existed:
            self._traced.add(path)
            content = Path(path).read_bytes() if existed else b""
            self.record(Record("base" if existed else "create", path, data=content))

    def in_order(self) -> Any:
        """Return the lock that keeps the trace in the order of the changes."""
        return self.trace.lock if self.trace else nullcontext()

    def record(self, record: Record) -> None:
        """Write a change down, where a trace is kept."""
        if self.trace:
            self.trace.append(record)

    def count(self, call: Call, path: str) -> Phase | None:
        """Count a call; return the phase in which it must kill, and raise what it must raise.

        Raises: apsw.IOError.
        """
        if self.plan.files not in path:
            return None
        self.calls[call] += 1
        number, plan = self.calls[call], self.plan
        if plan.is_error(call, number):
            self.fired["error"] += 1
            error = apsw.IOError(f"planned EIO at {call} {number}")
            setattr(error, "extendedresult", _EXTENDED[call])  # noqa: B010 — unknown to its types
            raise error
        return plan.kill_at[2] if plan.kill_at and plan.kill_at[:2] == (call, number) else None

    def spend(self, size: int, path: str) -> None:
        """Use up space. Raises: apsw.FullError."""
        if self.plan.files not in path:
            return
        if self.plan.space_bytes is not None and self._written_bytes + size > self.plan.space_bytes:
            self.fired["full"] += 1
            raise apsw.FullError("planned ENOSPC")
        self._written_bytes += size

    def sync(self, path: str, act: Callable[[], None], *, with_directory: bool = False) -> None:
        """Do a sync, or what the plan makes of it. Raises: apsw.IOError."""

        def sync() -> None:
            if self.plan.is_lying:
                self.fired["lie"] += 1
                return
            act()
            self.record(Record("sync", path))
            if with_directory:
                self.record(Record("sync-directory", path))

        try:
            self.around("sync", path, sync)
        except apsw.IOError:
            self.record(Record("sync-failed", path))
            raise

    def around(
        self,
        call: Call,
        path: str,
        act: Callable[[], None],
        *,
        torn: Callable[[], None] = lambda: None,
        before: Callable[[], None] = lambda: None,
    ) -> None:
        """Do what a call does, and what the plan does to it."""
        with self.in_order():
            phase = self.count(call, path)
            before()
            if phase in (None, "after"):
                act()
            if phase == "torn":
                torn()
            if phase:
                self.fired["kill"] += 1
                self.kill()


class FaultyFile(apsw.VFSFile):
    """A file of the faulty file system."""

    def __init__(
        self, system: FaultyFileSystem, path: str, name: Any, flags: list[int], *, is_new: bool
    ) -> None:
        super().__init__("", name, flags)
        self._system, self._path = system, path
        beside = (
            apsw.SQLITE_OPEN_WAL | apsw.SQLITE_OPEN_MAIN_JOURNAL | apsw.SQLITE_OPEN_SUPER_JOURNAL
        )
        self._syncs_directory = is_new and bool(flags[0] & beside)  # as SQLite's unix VFS does

    def xRead(self, amount: int, offset: int) -> bytes:
        self._system.around("read", self._path, lambda: None)
        return super().xRead(amount, offset)

    def xWrite(self, data: Any, offset: int) -> None:
        def write(part: bytes) -> None:
            self._system.record(Record("write", self._path, offset, part))
            apsw.VFSFile.xWrite(self, part, offset)

        body = bytes(data)
        self._system.around(
            "write",
            self._path,
            lambda: write(body),
            torn=lambda: write(body[: len(body) // 2]),
            before=lambda: self._system.spend(len(body), self._path),
        )

    def xTruncate(self, newsize: int) -> None:
        def truncate() -> None:
            self._system.record(Record("truncate", self._path, newsize))
            apsw.VFSFile.xTruncate(self, newsize)

        self._system.around("truncate", self._path, truncate)

    def xSync(self, flags: int) -> None:
        self._system.sync(
            self._path,
            lambda: apsw.VFSFile.xSync(self, flags),
            with_directory=self._syncs_directory,
        )
        self._syncs_directory = False
