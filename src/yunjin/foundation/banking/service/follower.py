"""The thread of a bank that stands by: it has the books in memory before it is its turn."""

import threading
from collections.abc import Callable
from typing import Final

import structlog

from yunjin.foundation.banking.service.core import Core
from yunjin.kernel.errors import Problem

_PAUSE_S: Final = 5.0  # after what went wrong
_log: Final = structlog.get_logger()


class Follower:
    """Reads what another process writes to the books, whenever it is another's turn.

    Parameters
    ----------
    stands_by : tells whether another process may write now.
    every_s : seconds between two looks.
    """

    def __init__(self, core: Core, stands_by: Callable[[], bool], *, every_s: float) -> None:
        self._core, self._stands_by, self._every_s = core, stands_by, every_s
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="banking-follower", daemon=True)

    def start(self) -> None:
        """Begin to follow."""
        self._thread.start()

    def close(self) -> None:
        """Follow no more."""
        self._over.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        pause_s = 0.0
        while not self._over.wait(pause_s):
            pause_s = self._every_s
            if not self._stands_by():
                continue
            try:
                self._core.follow()
            except Problem as problem:  # whoever's turn it is reads what is missing
                _log.warning("banking.not_followed", code=problem.code, why=problem.detail)
                pause_s = _PAUSE_S
            except Exception:
                _log.exception("banking.follower_failed")
                pause_s = _PAUSE_S
