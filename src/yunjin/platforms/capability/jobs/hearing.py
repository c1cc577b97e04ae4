"""Work in the background: what outside services have to tell is collected and taken."""

import threading
from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol

import structlog

from yunjin.kernel.errors import Outage, Unknown

_log: Final = structlog.get_logger()
_PAUSE_S: Final = 1.0
_JOIN_S: Final = 30
_TAKE_MAX: Final = 500  # at a time


class Ear(Protocol):
    """What hears one service."""

    @property
    def name(self) -> str:
        """What logs call it."""

    def hear(self) -> int:
        """Take what there is to be told; return how much it was. Raises: Outage, Unknown."""


class Told:
    """Takes everything a port has behind the last thing that was taken, some at a time."""

    def __init__(
        self,
        name: str,
        *,
        last: Callable[[], str],
        collect: Callable[[str], Sequence[Any]],
        take: Callable[[Sequence[Any]], None],
    ) -> None:
        self.name, self._last, self._collect, self._take = name, last, collect, take

    def hear(self) -> int:
        """Take what there is to be told; return how much it was. Raises: Outage, Unknown."""
        found = self._collect(self._last())
        for first in range(0, len(found), _TAKE_MAX):
            self._take(found[first : first + _TAKE_MAX])
        return len(found)


class Hearing:
    """Listens to services, from `start` to `close`.

    Parameters
    ----------
    stands_by : tells whether another process does this now.
    pause_s : between two looks, s.
    """

    def __init__(
        self,
        name: str,
        ears: Sequence[Ear],
        *,
        stands_by: Callable[[], bool] = lambda: False,
        pause_s: float = _PAUSE_S,
    ) -> None:
        self._ears, self._stands_by = tuple(ears), stands_by
        self._pause_s, self._stop = pause_s, threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin; returns at once."""
        self._thread.start()

    def close(self) -> None:
        """End; the look that runs is finished."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(_JOIN_S)

    def look(self) -> None:
        """Hear every service once; one that is down does not keep the others from being heard."""
        for ear in self._ears:
            try:
                ear.hear()
            except (Outage, Unknown) as problem:
                _log.warning("port.heard_in_vain", port=ear.name, code=problem.code)
            except Exception:
                _log.exception("port.hearing_failed", port=ear.name)

    def _run(self) -> None:
        while not self._stop.wait(self._pause_s):
            if not self._stands_by():
                self.look()
