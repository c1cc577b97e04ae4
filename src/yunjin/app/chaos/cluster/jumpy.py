"""A process of the struck town whose wall clock can be stepped from outside; nothing else is other.

The offset, in whole seconds, is read from the file that YUNJIN_CHAOS_CLOCK names, at each look at
the clock. The steady clock goes on, as on a machine whose time service steps the wall.
"""

import os
from contextlib import suppress
from pathlib import Path

from yunjin.kernel import clock

VARIABLE = "YUNJIN_CHAOS_CLOCK"


def install() -> None:
    """Let the wall clock of this process jump."""
    file = Path(os.environ.pop(VARIABLE))
    straight = clock.SystemClock.now_ns

    def jumpy(self: clock.SystemClock) -> int:
        offset_s = 0
        with suppress(OSError, ValueError):  # it is being written
            offset_s = int(file.read_text())
        return straight(self) + offset_s * 1_000_000_000

    clock.SystemClock.now_ns = jumpy  # type: ignore[method-assign]
