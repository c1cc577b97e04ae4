"""Gather requests that come one by one into batches (group commit).

While one batch is acted on in a worker thread, all requests that arrive make up the next; so
many callers share one durable commit, and the fewer there are the sooner each is served. Where a
batch costs much and an item little, the next one may wait for the callers just answered: they are
about to ask again, and would else make up a batch of their own, in turn with the others.
"""

import asyncio
import contextvars
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar

from yunjin.chassis.transport.problems import Crowded
from yunjin.kernel.errors import Bug, Outage, Problem

I = TypeVar("I")  # noqa: E741 - an item
A = TypeVar("A")  # its answer


class Gatherer(Generic[I, A]):
    """Hand items to `act` in batches, one batch at a time and in order of arrival.

    It belongs to the event loop that first calls `ask`. An answer may be a Problem: what `act`
    raises is the answer to every item of its batch, returned rather than raised, because one
    exception raised in many tasks at once would drag all their tracebacks along.

    Parameters
    ----------
    act : runs in a worker thread; takes 1 … batch_max items, returns as many answers in order.
    batch_max : most items in a batch.
    waiting_max : most items that wait; beyond it `ask` refuses with Crowded.
    linger_s : how long a batch that could begin waits for the callers of the one before.
    """

    def __init__(
        self,
        act: Callable[[list[I]], Sequence[A]],
        *,
        batch_max: int,
        waiting_max: int,
        linger_s: float = 0,
    ) -> None:
        self._act, self._batch_max, self._waiting_max = act, batch_max, waiting_max
        self._linger_s, self._expected = linger_s, 0
        self._timer: asyncio.TimerHandle | None = None  # while a batch waits for more callers
        self._items: list[I] = []
        self._futures: list[asyncio.Future[A | Problem]] = []
        self._is_busy = self._is_closed = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._worker: ThreadPoolExecutor | None = None
        self._context = contextvars.copy_context()

    def ask(self, item: I) -> "asyncio.Future[A | Problem]":
        """Queue an item; the future gets its answer. Raises: Crowded, Outage (nothing was done)."""
        if self._is_closed:
            raise _stopping()
        if len(self._items) >= self._waiting_max:
            raise Crowded("expected room in the queue, was full", waiting_max=self._waiting_max)
        loop = self._loop or self._begin()
        future: asyncio.Future[A | Problem] = loop.create_future()
        self._items.append(item)
        self._futures.append(future)
        if not self._is_busy:
            self._is_busy = True
            loop.call_soon(self._launch)  # what else this turn of the loop brings comes along
        elif self._timer is not None and len(self._items) >= self._expected:
            self._timer.cancel()
            self._launch()
        return future

    def close(self) -> None:
        """Let the worker finish the batch it has; what waits for the next is told of an outage.

        For the thread of the event loop.
        """
        self._is_closed = True
        if self._timer is not None:
            self._timer.cancel()
        waiting, self._items, self._futures = self._futures, [], []
        for future in waiting:
            if not future.done():
                future.set_result(_stopping())
        if self._worker is not None:
            self._worker.shutdown(wait=not self._is_busy)

    def _begin(self) -> asyncio.AbstractEventLoop:
        self._loop = asyncio.get_running_loop()
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="gather")
        self._context = contextvars.copy_context()  # the tenant; batches have many traces
        return self._loop

    def _launch(self) -> None:
        self._timer = None
        items, futures = self._items[: self._batch_max], self._futures[: self._batch_max]
        self._items, self._futures = self._items[len(items) :], self._futures[len(items) :]
        if self._worker is not None and items:  # none: it was closed since
            self._worker.submit(self._context.run, self._work, items, futures)

    def _work(self, items: list[I], futures: list["asyncio.Future[A | Problem]"]) -> None:
        answers: Sequence[A | Problem]
        try:
            answers = self._act(items)
            if len(answers) != len(items):
                raise Bug(f"expected {len(items)} answers, was {len(answers)}")
        except Problem as problem:
            answers = [problem] * len(items)
        except Exception as error:
            bug = Bug(f"expected no exception, was {type(error).__name__}")
            bug.__cause__ = error
            answers = [bug] * len(items)
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._finish, futures, answers)

    def _finish(
        self, futures: list["asyncio.Future[A | Problem]"], answers: Sequence[A | Problem]
    ) -> None:
        for future, answer in zip(futures, answers, strict=True):
            if not future.done():  # its caller may have gone away
                future.set_result(answer)
        if not self._items:
            self._is_busy = False
        elif self._linger_s and self._loop is not None:
            self._expected = min(len(self._items) + len(futures), self._batch_max)
            self._timer = self._loop.call_later(self._linger_s, self._launch)
        else:
            self._launch()


def _stopping() -> Outage:
    return Outage("The service is stopping; nothing was done.")
