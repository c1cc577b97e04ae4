"""One command at a time changes a set: a lock on this machine, from which fleets are worked on."""

import fcntl
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import wraps
from pathlib import Path
from typing import Concatenate, Final, ParamSpec, Protocol, TypeVar

from yunjin.chassis.persistence import private_folder
from yunjin.foundation.database.errors import SetRefused

P = ParamSpec("P")
T = TypeVar("T")
_EVERY_S: Final = 0.2
WAIT_S: Final = 1_800


class Changer(Protocol):
    """Whoever changes sets."""

    def changing(self, name: str) -> AbstractContextManager[None]:
        """Return what holds a set for a block."""


ChangerT = TypeVar("ChangerT", bound=Changer)


def alone(
    method: Callable[Concatenate[ChangerT, str, P], T],
) -> Callable[Concatenate[ChangerT, str, P], T]:
    """Let a method, whose first argument is a set, run while nobody else changes that set."""

    @wraps(method)
    def locked(self: ChangerT, name: str, /, *args: P.args, **options: P.kwargs) -> T:
        with self.changing(name):
            return method(self, name, *args, **options)

    return locked


class SetLocks:
    """Locks of sets, in a folder; held once by one object, however often it asks.

    Parameters
    ----------
    tell : hears that another command is waited for.
    """

    def __init__(self, folder: Path, tell: Callable[[str], None]) -> None:
        self._folder, self._tell = folder, tell
        self._guard = threading.Lock()
        self._held: dict[str, tuple[int, int]] = {}  # set → how often, and the open file

    @contextmanager
    def holding(self, name: str, *, wait_s: int = WAIT_S) -> Iterator[None]:
        """Hold a set for a block; waits for whoever holds it. Raises: SetRefused after `wait_s`."""
        with self._guard:
            depth, file = self._held.get(name) or (0, self._taken(name, wait_s))
            self._held[name] = depth + 1, file
        try:
            yield
        finally:
            with self._guard:
                depth, file = self._held.pop(name)
                if depth > 1:
                    self._held[name] = depth - 1, file
                else:
                    os.close(file)  # which lets it go

    def _taken(self, name: str, wait_s: int) -> int:
        private_folder(self._folder)
        file = os.open(self._folder / f"{name}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        end, has_told = time.monotonic() + wait_s, False
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= end:
                    os.close(file)
                    raise SetRefused(
                        f"Another command is at work on set {name}; it was waited for {wait_s} s."
                    ) from None
                if not has_told:
                    self._tell(f"{name}: another command is at work; waiting for it")
                has_told = True
                time.sleep(_EVERY_S)
            else:
                return file
