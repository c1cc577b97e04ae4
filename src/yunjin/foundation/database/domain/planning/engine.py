"""Discrete events: a clock, a heap of what is to happen, and the two ways in which work waits.

Callbacks, no coroutines: an event costs about a microsecond, so that millions of them take seconds.
What happens at one instant happens in the order in which it was asked for: same seed, same bytes.
"""

import heapq
from collections import deque
from collections.abc import Callable, Sequence
from itertools import count
from typing import Any, Final

from yunjin.kernel.errors import Bug

Act = Callable[..., Any]
_FOREVER: Final = 1e300


class Simulation:
    """Time, s since the beginning, and what is still to happen."""

    def __init__(self) -> None:
        self.now = 0.0
        self.happened = 0
        self._next: list[tuple[float, int, Act, tuple[Any, ...]]] = []
        self._order = count()

    def at(self, when_s: float, act: Act, *arguments: Any) -> None:
        """Have something happen at an instant, which may not be past."""
        if when_s < self.now:  # said only then: this is called a million times
            raise Bug(f"expected an instant from {self.now}, was {when_s}")
        heapq.heappush(self._next, (when_s, next(self._order), act, arguments))

    def after(self, wait_s: float, act: Act, *arguments: Any) -> None:
        """Have something happen after a while."""
        self.at(self.now + wait_s, act, *arguments)

    def run(self, until_s: float = _FOREVER) -> None:
        """Let everything happen up to an instant, or to the end of all events."""
        while self._next and self._next[0][0] <= until_s:
            self.now, _, act, arguments = heapq.heappop(self._next)
            self.happened += 1
            act(*arguments)
        if until_s < _FOREVER:
            self.now = until_s


class Queue:
    """First come, first served, by one or more servers: M/M/1, M/D/c and their kin."""

    def __init__(self, simulation: Simulation, *, servers: int = 1) -> None:
        self._simulation, self._free = simulation, servers
        self._waiting: deque[tuple[Act, tuple[Any, ...]]] = deque()

    def take(self, begin: Act, *arguments: Any) -> None:
        """Call `begin` as soon as a server is free; whoever holds it gives it back."""
        if self._free:
            self._free -= 1
            begin(*arguments)
        else:
            self._waiting.append((begin, arguments))

    def take_next(self, begin: Act, *arguments: Any) -> None:
        """The same, before all who wait."""
        self._waiting.appendleft((begin, arguments))
        if self._free:
            self._free -= 1
            self.give_back()

    def give_back(self) -> None:
        """Let the next one begin."""
        if self._waiting:
            begin, arguments = self._waiting.popleft()
            begin(*arguments)
        else:
            self._free += 1

    def serve(self, service_s: float, done: Act, *arguments: Any) -> None:
        """Hold a server for a while, then call `done`."""
        self.take(self._begin, service_s, done, arguments)

    def _begin(self, service_s: float, done: Act, arguments: tuple[Any, ...]) -> None:
        self._simulation.after(service_s, self._end, done, arguments)

    def _end(self, done: Act, arguments: tuple[Any, ...]) -> None:
        self.give_back()
        done(*arguments)


class Shared:
    """All at once, each at a pace that depends on how many there are: cores, or a disk.

    Kept in virtual time: `work` is what one would take alone, and ends are in order of the virtual
    time at which they fall due, so an arrival costs one push, however many there are.
    """

    def __init__(self, simulation: Simulation, paces: Sequence[float]) -> None:
        """paces: of each of k, at place k − 1, 1 = alone; beyond, the last one's sum is shared."""
        self._simulation, self._paces = simulation, tuple(paces)
        self._due: list[tuple[float, int, Act, tuple[Any, ...]]] = []
        self._order = count()
        self._virtual, self._seen, self._version = 0.0, 0.0, 0
        self.busy_s = 0.0  # work done so far

    def pace(self, number: int) -> float:
        """Return the pace of each of so many."""
        if number <= len(self._paces):
            return self._paces[number - 1]
        return self._paces[-1] * len(self._paces) / number

    def work(self, amount_s: float, done: Act, *arguments: Any) -> None:
        """Do work that would take so long alone, then call `done`."""
        self._advance()
        heapq.heappush(self._due, (self._virtual + amount_s, next(self._order), done, arguments))
        self._reckon()

    def _advance(self) -> None:
        now = self._simulation.now
        if self._due:
            gone = (now - self._seen) * self.pace(len(self._due))
            self._virtual += gone
            self.busy_s += gone * len(self._due)
        self._seen = now

    def _reckon(self) -> None:
        """Foresee the next end; what was foreseen before is void."""
        self._version += 1
        if self._due:
            left = max(0.0, self._due[0][0] - self._virtual) / self.pace(len(self._due))
            self._simulation.after(left, self._end, self._version)

    def _end(self, version: int) -> None:
        if version != self._version:
            return
        self._advance()
        due, _, done, arguments = heapq.heappop(self._due)
        self._virtual = max(self._virtual, due)  # without what rounding left
        self._reckon()
        done(*arguments)
