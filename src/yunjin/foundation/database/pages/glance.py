"""What many readers look at: asked for as long as somebody looks, once for all of them."""

import asyncio
from collections.abc import Callable
from typing import Final, Generic, TypeVar

from nicegui import background_tasks

from yunjin.chassis.console import ask
from yunjin.kernel.clock import Clock

T = TypeVar("T")
_NS: Final = 1_000_000


class Glance(Generic[T]):
    """The newest answer of a door.

    Parameters
    ----------
    read : asks; it may take long, nobody waits for it but the first reader.
    every_ms : between two questions, at least.
    """

    def __init__(self, read: Callable[[], T], clock: Clock, *, every_ms: int) -> None:
        self._read, self._clock, self._every_ns = read, clock, every_ms * _NS
        self._task: asyncio.Task[None] | None = None
        self._asked_ns = 0
        self._answers: list[T] = []
        self._problem: Exception | None = None

    async def newest(self) -> T:
        """Return the newest answer, and ask anew where it is old. Raises: what the door raised."""
        is_due = self._clock.monotonic_ns() - self._asked_ns >= self._every_ns
        if self._task is None or (self._task.done() and is_due):
            self._asked_ns = self._clock.monotonic_ns()
            self._task = background_tasks.create(self._ask(), name="glance")
        if not self._answers:
            await asyncio.wait([self._task])
        if self._problem is not None:
            raise self._problem
        return self._answers[0]

    async def _ask(self) -> None:
        try:
            self._answers = [await ask(self._read)]
        except Exception as problem:
            self._problem = problem
        else:
            self._problem = None
