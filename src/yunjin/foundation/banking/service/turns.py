"""Whose turn it is with a bank's books: one thread's at a time, and a close's before all others."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from yunjin.foundation.banking.errors import DayBeingClosed

WAIT_S: Final = 60


class Turns:
    """A lock that knows of the day's close.

    `with turns:` is for whoever writes. Between two parts of a close nobody has the lock, and yet
    no entry may come between them: who writes waits until the day is closed. Where the close does
    not get on, waiting has no end, so that they are told at once.

    Parameters
    ----------
    wait_s : how long a writer waits for the end of a close, s.
    """

    def __init__(self, wait_s: int = WAIT_S) -> None:
        self._free, self._wait_s = threading.Condition(threading.RLock()), wait_s
        self._is_closing = self._is_held_up = False
        self._closer = 0  # the thread that works at a part of a close

    def __enter__(self) -> None:
        """Take the lock once no day is being closed. Raises: DayBeingClosed."""
        self._free.acquire()
        if not self._is_closing or self._closer == threading.get_ident():
            return
        self._free.wait_for(lambda: not self._is_closing or self._is_held_up, self._wait_s)
        if self._is_closing:
            self._free.release()
            raise DayBeingClosed("The business day is being closed; entries have to wait.")

    def __exit__(self, *_: object) -> None:
        self._free.release()

    @contextmanager
    def looking(self) -> Iterator[None]:
        """Take the lock to read, or between two parts of a close."""
        with self._free:
            yield

    @contextmanager
    def closing(self) -> Iterator[None]:
        """Take the lock for a part of a close; one that raises holds the others up no longer."""
        with self._free:
            self._closer, self._is_held_up = threading.get_ident(), False
            try:
                yield
            except BaseException:
                self._is_held_up = True
                raise
            finally:
                self._closer = 0
                self._free.notify_all()

    def set_closing(self, is_closing: bool) -> None:
        """Say whether a day is half-way closed. The caller holds the lock."""
        self._is_closing = is_closing
        self._is_held_up = False
        self._free.notify_all()
