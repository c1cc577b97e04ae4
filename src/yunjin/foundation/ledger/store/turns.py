"""Waiting until another process is done with a cell's file: a release takes over from another."""

import fcntl
import os
import time
from pathlib import Path
from typing import Final

_LOOK_S: Final = 0.02


def await_turn(lock: Path, wait_s: float) -> None:
    """Return once no process has the lock, or the time is over: who opens the cell then says who.

    Whoever closes a cell gives its lease back before its lock.
    """
    until = time.monotonic() + wait_s
    file = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        while not _is_free(file) and time.monotonic() < until:
            time.sleep(_LOOK_S)
    finally:
        os.close(file)


def _is_free(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)  # several may wait
    except BlockingIOError:
        return False
    return True
