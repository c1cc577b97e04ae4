"""What is looked after again and again: done once a pause, until nothing is left to do."""

import threading
from collections.abc import Callable
from typing import Final

import structlog

from yunjin.kernel.errors import Outage, Unknown

_log: Final = structlog.get_logger()
_JOIN_S: Final = 30


class Round:
    """Does something every so often, from `start` to `close`.

    Parameters
    ----------
    act : does some of what there is to do, and returns how much that was; 0: nothing is left.
    stands_by : tells whether another process does this now.
    pause_s : between two looks, s.
    """

    def __init__(
        self,
        name: str,
        act: Callable[[], int],
        *,
        pause_s: float,
        stands_by: Callable[[], bool] = lambda: False,
    ) -> None:
        self._name, self._act, self._pause_s, self._stands_by = name, act, pause_s, stands_by
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"capability-{name}", daemon=True)

    def start(self) -> None:
        """Begin; returns at once."""
        self._thread.start()

    def close(self) -> None:
        """End; what is being done is finished."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(_JOIN_S)

    def look(self) -> None:
        """Do all that there is to be done now. Raises: what `act` raises."""
        while not self._stop.is_set() and self._act():
            pass

    def _run(self) -> None:
        while not self._stop.wait(self._pause_s):
            if self._stands_by():
                continue
            try:
                self.look()
            except (Outage, Unknown) as problem:
                _log.warning("round.looked_in_vain", round=self._name, code=problem.code)
            except Exception:
                _log.exception("round.look_failed", round=self._name)
