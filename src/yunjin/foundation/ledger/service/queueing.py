"""Commands that wait for the writer."""

import threading
from collections import deque
from collections.abc import Callable

from yunjin.foundation.ledger.errors import NotLeading, Overloaded, WritesStopped
from yunjin.foundation.ledger.service.commits import Job
from yunjin.kernel.errors import Problem


class Queue:
    """Takes commands from many threads, for one that serves them.

    problem: why none are taken, None while they are.
    last: the command after which none is taken, which is served alone; None while there is none.
    """

    def __init__(self, *, rows_waiting_max: int, rows_taken_max: int) -> None:
        self._waiting_max, self._taken_max = rows_waiting_max, rows_taken_max
        self._jobs: deque[Job] = deque()
        self._changed = threading.Condition()  # over a lock that one thread may take twice
        self.rows_waiting = 0  # of commands that were not taken yet
        self.is_closing = False
        self.problem: Problem | None = None
        self.last: Job | None = None

    def add(self, job: Job) -> None:
        """Queue a command. Raises: why none are taken, WritesStopped, Overloaded."""
        with self._changed:
            if self.problem is not None:  # told to many: not to keep what each was about to do
                raise self.problem.with_traceback(None)
            if self.is_closing:
                raise WritesStopped("The ledger is closing.")
            if self.last is not None:
                raise NotLeading("This process hands the cell over just now.")
            if self.rows_waiting + job.rows > self._waiting_max:
                raise Overloaded(
                    "Too many transfers wait already.", waiting=self.rows_waiting, rows=job.rows
                )
            self.rows_waiting += job.rows
            self._jobs.append(job)
            self._changed.notify()

    def end_with(self, job: Job) -> None:
        """Queue the last command. Raises: as `add`."""
        with self._changed:
            self.add(job)
            self.last = job

    def turn_away(self, problem: Problem) -> None:
        """Take none from now on, and tell those that wait too."""
        with self._changed:
            self.problem = problem
            left = list(self._jobs)
            self._jobs.clear()
            self.rows_waiting, self.last = 0, None
            self._changed.notify_all()
        for job in left:
            job.fail(problem)

    def take(self, *, wait_s: float) -> list[Job]:
        """Return what waits, as much as one commit takes; none where nothing came."""
        with self._changed:
            self._changed.wait_for(lambda: self._jobs or self.is_closing, timeout=wait_s)
            taken: list[Job] = []
            rows = 0
            while self._jobs and (not taken or rows + self._jobs[0].rows <= self._taken_max):
                if taken and self._jobs[0] is self.last:
                    break
                taken.append(self._jobs.popleft())
                rows += taken[-1].rows
            self.rows_waiting -= rows
            return taken

    def pause(self, *, wait_s: float) -> None:
        """Wait for a while, or for the end."""
        with self._changed:
            self._changed.wait_for(lambda: self.is_closing, timeout=wait_s)

    def open(self) -> None:
        """Take commands from now on."""
        with self._changed:
            self.problem = None
            self._changed.notify_all()

    def wait_for(self, is_so: Callable[[], bool]) -> None:
        """Wait until something is so that `open`, `close` or `turn_away` bring about."""
        with self._changed:
            self._changed.wait_for(lambda: is_so() or self.is_closing)

    def close(self) -> None:
        """Take no more; what waits is still served."""
        with self._changed:
            self.is_closing = True
            self._changed.notify_all()
