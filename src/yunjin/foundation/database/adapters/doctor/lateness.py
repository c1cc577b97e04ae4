"""How late this process itself is: a thread that ought to wake ten times a second, and says."""

import threading
from typing import Final

from yunjin.kernel.clock import Clock

_EVERY_MS: Final = 100


class Lateness:
    """Measures how long this process, or its machine, stood still.

    A process that was stopped, swapped out or starved wakes up late; whatever timed out meanwhile
    says nothing about those it was waiting for.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._worst_ms: dict[str, int] = {}  # of each reader, since it last asked
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._tick, name="doctor-lateness", daemon=True)
        self._thread.start()

    def take_ms(self, reader: str) -> int:
        """Return the worst lateness since this reader's last call, milliseconds."""
        with self._lock:
            worst = self._worst_ms.get(reader, 0)
            self._worst_ms[reader] = 0
        return worst

    def close(self) -> None:
        """End the thread."""
        self._stop.set()
        self._thread.join()

    def _tick(self) -> None:
        before_ns = self._clock.monotonic_ns()
        while not self._stop.wait(_EVERY_MS / 1_000):
            now_ns = self._clock.monotonic_ns()
            late_ms = (now_ns - before_ns) // 1_000_000 - _EVERY_MS
            before_ns = now_ns
            with self._lock:
                for reader, worst_ms in self._worst_ms.items():
                    self._worst_ms[reader] = max(worst_ms, late_ms)
