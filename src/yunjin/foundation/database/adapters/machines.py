"""What is done on a host, whatever way commands get there: files, processes, disk and clock."""

import re
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from yunjin.foundation.database.adapters.runners import Ran, Runner
from yunjin.foundation.database.errors import HostUnreachable

# Detached from whoever started it; its output goes to a file, its number comes back.
_START: Final = (
    'umask 077; pid=$1 log=$2; shift 2; setsid nohup "$@" >>"$log" 2>&1 </dev/null & '
    'echo $! >"$pid"; echo $!'
)
_WRITE: Final = (
    'umask 077; cat >"$1.part" && chmod "$2" "$1.part" && sync "$1.part" && mv -f "$1.part" "$1" '
    '&& sync "${1%/*}"'
)
_EVERY_S: Final = 0.05
_LOOKS: Final = 50
_OWNER: Final = re.compile(r'users:\(\("([^"]+)",pid=(\d+)')


@dataclass(frozen=True, slots=True, kw_only=True)
class Disk:
    """Room on the disk that a folder is on, in bytes."""

    free_bytes: int
    total_bytes: int


class Machine:
    """A host, worked on through its Runner. All methods raise HostUnreachable."""

    def __init__(self, name: str, runner: Runner) -> None:
        self.name, self.runner = name, runner
        self._user = ""

    def run(self, words: Sequence[str], *, stdin: bytes = b"", wait_s: int = 60) -> Ran:
        """Run a program to its end, whatever its exit code."""
        return self.runner.run(words, stdin=stdin, wait_s=wait_s)

    def done(self, words: Sequence[str], *, stdin: bytes = b"", wait_s: int = 60) -> Ran:
        """Run a program that has to succeed. Raises: HostUnreachable with its complaint."""
        ran = self.run(words, stdin=stdin, wait_s=wait_s)
        if ran.code:
            raise HostUnreachable(
                f"{words[0]} failed on host {self.name}: {ran.complaint}",
                host=self.name,
                exit_code=ran.code,
            )
        return ran

    def start(self, words: Sequence[str], *, pid: str, log: str) -> int:
        """Start a program that goes on by itself; return its process id, also kept in a file."""
        return int(self.done(["sh", "-c", _START, "sh", pid, log, *words]).text)

    def send(self, pid: int, what: signal.Signals) -> None:
        """Send a signal; a process that is gone is no error."""
        self.run(["kill", f"-{what.value}", str(pid)])

    def command_of(self, pid: int) -> str:
        """Return the command line of a process, empty where it is gone (or a zombie)."""
        for _ in range(_LOOKS):
            ran = self.run(["cat", f"/proc/{pid}/cmdline"])
            command = "" if ran.code else ran.text.replace("\0", " ").strip()
            # While a process becomes another program its command line is empty for a moment.
            if command or not self._lives(pid):
                return command
        return ""  # one of the kernel's own

    def _lives(self, pid: int) -> bool:
        state = self.run(["cat", f"/proc/{pid}/stat"]).text.rpartition(")")[2].split()
        return bool(state) and state[0] not in "ZX"

    def wait_end(self, pid: int, wait_s: int) -> bool:
        """Wait until a process has ended; return whether it has in time."""
        end = time.monotonic() + wait_s
        while self.command_of(pid):
            if time.monotonic() > end:
                return False
            time.sleep(_EVERY_S)
        return True

    def read(self, path: str) -> str:
        """Return a file's text, empty where there is none."""
        ran = self.run(["cat", path])
        return "" if ran.code else ran.text

    def tail(self, path: str, lines: int = 15) -> str:
        """Return a file's last lines."""
        return self.run(["tail", "-n", str(lines), path]).text

    def write(self, path: str, data: str | bytes, *, mode: str = "600") -> None:
        """Put a file in place in one step; it outlives a power cut."""
        body = data.encode() if isinstance(data, str) else data
        self.done(["sh", "-c", _WRITE, "sh", path, mode], stdin=body)

    def make_folder(self, path: str) -> None:
        """Make a folder, and those above it, for this user alone."""
        self.done(["sh", "-c", 'umask 077; mkdir -p "$1"', "sh", path])

    def names(self, path: str) -> list[str]:
        """Return the names in a folder, none where there is no such folder."""
        return self.run(["ls", "-A", path]).text.splitlines()

    def remove(self, path: str) -> None:
        """Remove a file or a folder with all that is in it."""
        self.done(["rm", "-rf", "--", path], wait_s=600)

    def pack(self, folder: str, *, without: Sequence[str] = ()) -> bytes:
        """Return a small folder as a compressed archive."""
        left_out = [f"--exclude=./{name}" for name in without]
        return self.done(["tar", "-C", folder, "-czf", "-", *left_out, "."], wait_s=600).out

    def unpack(self, folder: str, archive: bytes) -> None:
        """Put what was packed into a folder."""
        self.done(["tar", "-C", folder, "-xzf", "-"], stdin=archive, wait_s=600)

    def disk(self, path: str) -> Disk:
        """Return the room on the disk that a folder is on."""
        words = self.done(["stat", "-f", "-c", "%b %a %S", path]).text.split()
        total, free, size = map(int, words)
        return Disk(free_bytes=free * size, total_bytes=total * size)

    def clock_ns(self) -> int:
        """Return what the host's clock says, nanoseconds since 1970."""
        return int(self.done(["date", "+%s%N"]).text)

    def user(self) -> str:
        """Return who programs run as there."""
        self._user = self._user or self.done(["id", "-un"]).text.strip()
        return self._user

    def listeners(self) -> dict[tuple[str, int], str]:
        """Return who listens at which (address, TCP port): `mariadbd 4711`, or empty: not known."""
        found: dict[tuple[str, int], str] = {}
        for line in self.done(["ss", "-Hltnp"]).text.splitlines():
            address, _, port = line.split()[3].rpartition(":")
            owner = _OWNER.search(line)
            found[address.partition("%")[0], int(port)] = f"{owner[1]} {owner[2]}" if owner else ""
        return found
