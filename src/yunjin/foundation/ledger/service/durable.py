"""How far the journal is durable, and the readers that wait for it."""

import threading
from collections.abc import Callable
from typing import Final

from yunjin.kernel.errors import Outage

_PATIENCE_S: Final = 30  # of a reader whose rows are on their way to the journal


class Durable:
    """The last row that is in the journal."""

    def __init__(self) -> None:
        self.sequence = 0
        self._changed = threading.Condition()

    def reach(self, sequence: int) -> None:
        """Take note of the last row, and wake those who wait for it."""
        with self._changed:
            self.sequence = sequence
            self._changed.notify_all()

    def wake(self) -> None:
        """Let those who wait look again whether it makes sense."""
        with self._changed:
            self._changed.notify_all()

    def wait(self, sequence: int, is_vain: Callable[[], bool]) -> bool:
        """Wait until a row is durable; return False where waiting became vain.

        Raises: Outage where that takes too long.
        """
        with self._changed:
            if not self._changed.wait_for(
                lambda: self.sequence >= sequence or is_vain(), timeout=_PATIENCE_S
            ):
                raise Outage(f"The journal has not answered for {_PATIENCE_S} s.")
            return self.sequence >= sequence
