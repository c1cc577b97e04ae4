"""The thread that makes durable what was applied, while more is applied.

One commit is on its way at a time; all that became ready meanwhile goes into the next one (group
commit). Answers are given in the order of the commands, also those that changed nothing: what they
say may rest on rows before them.
"""

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from yunjin.foundation.ledger.domain.codec import Entry
from yunjin.foundation.ledger.errors import OutcomeUnknown, WritesStopped
from yunjin.kernel.errors import Problem, Unknown


@dataclass(slots=True)
class Job:
    """A command on its way, and what came of it."""

    command: Callable[..., tuple[Any, list[Entry]]]
    rows: int
    future: "Future[Any]" = field(default_factory=Future)
    answer: Any = None
    problem: BaseException | None = None

    def __post_init__(self) -> None:
        """Be under way at once: whoever gives up waiting cannot call a command back."""
        self.future.set_running_or_notify_cancel()

    def tell(self) -> None:
        """Answer who asked."""
        if self.problem is not None:
            self.future.set_exception(self.problem)
        else:
            self.future.set_result(self.answer)

    def fail(self, problem: BaseException) -> None:
        """Tell that nothing came of it, or that nobody knows; a refusal stays what it is."""
        if not self.future.done():
            self.future.set_exception(self.problem or problem)


def problem_of(error: BaseException) -> Problem:
    """Return an error as those see it whose commands it befell: a bug may strike at any point."""
    if isinstance(error, Problem):
        return error
    problem = OutcomeUnknown(f"The writer failed: {error!r}.")
    problem.__cause__ = error
    return problem


def later_answer(problem: Problem) -> Problem:
    """Return what commands are answered that come after one with this problem."""
    if isinstance(problem, Unknown):
        return WritesStopped(f"Writes stopped: {problem.detail}")
    return problem


@dataclass(frozen=True, slots=True)
class Group:
    """Commands that were applied together, and their rows."""

    jobs: list[Job]
    entries: list[Entry]

    @property
    def rows(self) -> int:
        """The number of transfers, accounts, … in the rows."""
        return sum(entry.row_count for entry in self.entries)


class Commits:
    """Commits groups in order, in a thread of its own.

    Parameters
    ----------
    commit : makes rows durable, or raises.
    halt : told once, by the thread, when a commit failed: (jobs of that commit, jobs behind it,
        the error). Nothing is committed any more after that.
    rows_max : how many rows one commit takes, and how many may be ready.
    """

    def __init__(
        self,
        commit: Callable[[list[Entry]], None],
        halt: Callable[[list[Job], list[Job], BaseException], None],
        *,
        rows_max: int,
    ) -> None:
        self._commit, self._halt, self._rows_max = commit, halt, rows_max
        self._ready: deque[Group] = deque()
        self._rows = 0
        self._is_busy = self._is_closing = self._has_failed = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="commits", daemon=True)
        self._thread.start()

    def anew(self) -> "Commits":
        """Return one like this, for a writer that goes on after it ended."""
        return Commits(self._commit, self._halt, rows_max=self._rows_max)

    def add(self, group: Group) -> bool:
        """Queue a group, waiting for room; return False where nothing is committed any more."""
        with self._changed:
            self._changed.wait_for(lambda: self._rows < self._rows_max or self._has_failed)
            if self._has_failed:
                return False
            self._ready.append(group)
            self._rows += group.rows
            self._changed.notify_all()
            return True

    def drain(self) -> None:
        """Wait until nothing is ready or on its way."""
        with self._changed:
            self._changed.wait_for(lambda: not self._ready and not self._is_busy)

    def close(self) -> None:
        """Commit what is ready, and end."""
        with self._changed:
            self._is_closing = True
            self._changed.notify_all()
        if self._thread is not threading.current_thread():
            self._thread.join()

    def _run(self) -> None:
        while groups := self._take():
            jobs = [job for group in groups for job in group.jobs]
            entries = [entry for group in groups for entry in group.entries]
            try:
                if entries:
                    self._commit(entries)
            except BaseException as error:  # callers must not wait for ever
                self._fail(jobs, error)
                return
            for job in jobs:
                job.tell()
            with self._changed:
                self._is_busy = False
                self._changed.notify_all()

    def _take(self) -> list[Group]:
        """Wait for groups and return those of the next commit, none at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._ready or self._is_closing)
            taken: list[Group] = []
            rows = 0
            while self._ready and (not taken or rows + self._ready[0].rows <= self._rows_max):
                rows += self._ready[0].rows
                taken.append(self._ready.popleft())
            self._rows -= rows
            self._is_busy = bool(taken)
            self._changed.notify_all()
            return taken

    def _fail(self, jobs: list[Job], error: BaseException) -> None:
        with self._changed:
            self._has_failed = True
            behind = [job for group in self._ready for job in group.jobs]
            self._ready.clear()
            self._changed.notify_all()
        try:
            self._halt(jobs, behind, error)
        finally:
            with self._changed:
                self._is_busy = False
                self._changed.notify_all()
