"""A cable of a data centre as a process: frames wait in it as long as on a line to another city.

For kernels without netem. It joins two TAP devices; what goes in at one comes out at the other, in
order, after delay and jitter, and no faster than the line. Its input says how it is, a line each
time: delay in ms, jitter in ms, Mbit/s (0: any). It ends with its input. Needs root.
"""

import fcntl
import os
import random
import select
import struct
import sys
import time
from collections import deque
from dataclasses import dataclass
from typing import Final

_TUNSETIFF: Final = 0x400454CA  # linux/if_tun.h
_TAP, _WITHOUT_HEADER = 0x0002, 0x1000
_FRAME_BYTES: Final = 65_536
_BURST: Final = 64  # frames read at one go: the other direction gets its turn
_WAITING_BYTES: Final = 16 << 20  # beyond, frames are dropped as by a full router


@dataclass(frozen=True, slots=True)
class Line:
    """How a line is, each way."""

    delay_ms: int = 0
    jitter_ms: int = 0  # up to so much more
    rate_mbit: int = 0  # 0: any

    @classmethod
    def read(cls, words: str) -> "Line":
        """Return a line from its words."""
        return cls(*(int(word) for word in words.split()))

    def words(self) -> str:
        """Return it as it is read."""
        return f"{self.delay_ms} {self.jitter_ms} {self.rate_mbit}"


class Way:
    """One direction of the cable."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._waiting: deque[tuple[float, bytes]] = deque()
        self._bytes, self._sent_s, self._due_s = 0, 0.0, 0.0

    def put(self, frame: bytes, line: Line, now_s: float) -> None:
        """Send a frame on its way."""
        if self._bytes + len(frame) > _WAITING_BYTES:
            return
        takes_s = len(frame) * 8 / (line.rate_mbit * 1e6) if line.rate_mbit else 0.0
        self._sent_s = max(now_s, self._sent_s) + takes_s
        late_ms = line.delay_ms + line.jitter_ms * self._chance.random()
        self._due_s = max(self._due_s, self._sent_s + late_ms / 1_000)  # none overtakes another
        self._waiting.append((self._due_s, frame))
        self._bytes += len(frame)

    def arrived(self, now_s: float) -> list[bytes]:
        """Return the frames that have come to the other end."""
        found = []
        while self._waiting and self._waiting[0][0] <= now_s:
            _, frame = self._waiting.popleft()
            self._bytes -= len(frame)
            found.append(frame)
        return found

    def next_s(self) -> float | None:
        """Return when the next one comes, None where none is on its way."""
        return self._waiting[0][0] if self._waiting else None


def main(names: list[str]) -> None:
    """Join two devices of these names until the input ends."""
    ends = [_tap(name) for name in names]
    line, chance = Line(), random.Random(1)
    ways = [Way(chance), Way(chance)]
    print("up", flush=True)
    while True:
        due = [at for at in (way.next_s() for way in ways) if at is not None]
        wait_s = max(0.0, min(due) - time.monotonic()) if due else None
        ready, _, _ = select.select([*ends, sys.stdin], [], [], wait_s)
        if sys.stdin in ready:
            words = sys.stdin.readline()
            if not words:
                return
            line = Line.read(words)
        now_s = time.monotonic()
        for way, source in zip(ways, ends, strict=True):
            if source in ready:
                for frame in _frames(source):
                    way.put(frame, line, now_s)
        for way, target in zip(ways, reversed(ends), strict=True):
            for frame in way.arrived(time.monotonic()):
                _send(target, frame)


def _frames(source: int) -> list[bytes]:
    found: list[bytes] = []
    while len(found) < _BURST:
        try:
            found.append(os.read(source, _FRAME_BYTES))
        except OSError:  # no more, or the device is down
            break
    return found


def _send(target: int, frame: bytes) -> None:
    try:
        os.write(target, frame)
    except OSError:  # the device is down, or full: the frame is lost
        return


def _tap(name: str) -> int:
    file = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    flags = struct.pack("16sH", name.encode(), _TAP | _WITHOUT_HEADER)
    fcntl.ioctl(file, _TUNSETIFF, flags)
    return file


if __name__ == "__main__":
    main(sys.argv[1:])
