"""Lanes: what waits for a peer is gathered into batches while others are on their way."""

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from yunjin.foundation.ledger.domain.clearing import Crossings
from yunjin.foundation.ledger.errors import Overloaded
from yunjin.foundation.ledger.service.clearing.saga import Answer


class Request:
    """One caller's batch, whose rows may go to several peers. Safe for threads."""

    def __init__(self, count: int, parts: int) -> None:
        self.future: Future[pa.RecordBatch] = Future()
        self.future.set_running_or_notify_cancel()  # what was sent is not taken back
        self.answer = Answer.in_doubt(count)
        self._left, self._lock = parts, threading.Lock()

    def told(self, rows: Any, answer: Answer) -> None:
        """Take what became of some rows; the last completes the future."""
        with self._lock:
            for column, part in zip(self.answer, answer, strict=True):
                column[rows] = part
            self._left -= 1
            is_whole = self._left == 0
        if is_whole and not self.future.done():
            self.future.set_result(self.answer.arrow())

    def failed(self, problem: BaseException) -> None:
        """Tell what went wrong before anything was known."""
        with self._lock:
            if not self.future.done():
                self.future.set_exception(problem)


@dataclass(frozen=True, slots=True)
class Part:
    """The rows of a request that go to one peer."""

    request: Request
    rows: Any  # int64[k], places in the request
    columns: Crossings

    def __len__(self) -> int:
        return len(self.rows)


def merged(parts: list[Part]) -> Crossings:
    """Return the crossings of parts, one after the other."""
    if len(parts) == 1:
        return parts[0].columns
    columns = zip(*(part.columns for part in parts), strict=True)
    return Crossings(*(np.concatenate(column) for column in columns))


def tell(parts: list[Part], answer: Answer) -> None:
    """Give each part its share of a batch's answer."""
    start = 0
    for part in parts:
        part.request.told(part.rows, answer.rows(slice(start, start + len(part))))
        start += len(part)


class Lane:
    """The way to one peer: a queue, and threads that each take what waits and act on it.

    Parameters
    ----------
    act : takes parts of at most `batch_rows_max` rows in all, and raises nothing.
    """

    def __init__(
        self,
        act: Callable[[list[Part]], None],
        *,
        name: str,
        batch_rows_max: int,
        rows_waiting_max: int,
    ) -> None:
        self._act, self._name = act, name
        self._batch_rows_max, self._rows_waiting_max = batch_rows_max, rows_waiting_max
        self._parts: deque[Part] = deque()
        self._rows = 0
        self._wake = threading.Condition()
        self.threads: list[threading.Thread] = []
        self._is_closed = False

    def put(self, part: Part) -> None:
        """Queue a part. Raises: Overloaded (nothing was done)."""
        with self._wake:
            if self._is_closed or self._rows + len(part) > self._rows_waiting_max:
                raise Overloaded(
                    f"expected at most {self._rows_waiting_max} crossings to wait for "
                    f"{self._name}, was {self._rows}",
                    rows_waiting=self._rows,
                )
            self._parts.append(part)
            self._rows += len(part)
            self._wake.notify()

    def turn(self) -> bool:
        """Act on what waits, once, in this thread; return whether anything did."""
        with self._wake:
            parts = self._take()
        if parts:
            self._act(parts)
        return bool(parts)

    def start(self, threads: int) -> None:
        """Begin; returns at once."""
        for _ in range(threads):
            thread = threading.Thread(target=self._run, name=f"to-{self._name}", daemon=True)
            self.threads.append(thread)
            thread.start()

    def close(self) -> list[Part]:
        """Take no more; return what was never sent. What is on its way goes on: see `threads`."""
        with self._wake:
            self._is_closed = True
            left = list(self._parts)
            self._parts.clear()
            self._wake.notify_all()
        return left

    def _take(self) -> list[Part]:
        taken: list[Part] = []
        rows = 0
        while self._parts and rows + len(self._parts[0]) <= self._batch_rows_max:
            part = self._parts.popleft()
            taken.append(part)
            rows += len(part)
        self._rows -= rows
        return taken

    def _run(self) -> None:
        while True:
            with self._wake:
                while not self._parts and not self._is_closed:
                    self._wake.wait()
                if self._is_closed:
                    return
                parts = self._take()
            self._act(parts)
