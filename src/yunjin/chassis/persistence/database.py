"""A database: transactions that are tried again from the start, and never leave a guess behind."""

import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, TypeVar

import sqlalchemy as sa

from yunjin.chassis.persistence.engines import READS, OpenEngine
from yunjin.chassis.persistence.problems import (
    Conflict,
    LostAnswer,
    RolledBack,
    problem_of,
)
from yunjin.chassis.persistence.verdicts import Flavour
from yunjin.kernel.clock import Clock
from yunjin.kernel.errors import Bug, Problem

T = TypeVar("T")
_MILLION: Final = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryLimits:
    """How often and how long a transaction is tried again before the caller hears of it."""

    tries: int = 8
    conflict_tries: int = 3  # a race is lost once or twice; more often it is no race
    pause_ms_first: int = 5
    pause_ms_max: int = 500
    total_ms: int = 15_000  # no new try begins after this


def _sleep_ms(pause_ms: int) -> None:
    time.sleep(pause_ms / 1_000)


class Database:
    """One engine, and how transactions run on it. Safe for threads.

    Parameters
    ----------
    pause : waits for some milliseconds; tests hand in one that does not.
    """

    def __init__(
        self,
        opened: OpenEngine,
        *,
        clock: Clock,
        limits: RetryLimits | None = None,
        pause: Callable[[int], None] = _sleep_ms,
    ) -> None:
        self._opened = opened
        self._reader = opened.engine.execution_options(**{READS: True})
        self._clock, self._limits, self._pause = clock, limits or RetryLimits(), pause
        self._counts: Counter[str] = Counter()
        self._counting = threading.Lock()
        self._writing = threading.Lock()

    @property
    def engine(self) -> sa.Engine:
        """The engine beneath, for what has no transaction: backup, dispose."""
        return self._opened.engine

    @property
    def flavour(self) -> Flavour:
        """Which engine it is; behind MySQL's protocol that is known after the first connect."""
        return self._opened.flavour

    def counts(self) -> dict[str, int]:
        """Return how often transactions were committed, read, and ended in which problem."""
        with self._counting:
            return dict(self._counts)

    def close(self) -> None:
        """Close the connections that wait in the pool."""
        self.engine.dispose()

    @contextmanager
    def transaction(self, *, reads: bool = False) -> Iterator[sa.Connection]:
        """Open a transaction once: leaving the block commits, an exception rolls back.

        Raises: RolledBack, Unreachable, Stopped, Damaged, LostAnswer, Conflict, Misused.
        """
        committing, connecting = False, True
        try:
            engine = self._reader if reads else self.engine
            with self._turn(reads=reads), engine.connect() as connection:
                connecting = False
                connection.begin()
                yield connection
                committing = not reads
                connection.commit()
            self._count("read" if reads else "committed")
        except sa.exc.SQLAlchemyError as error:
            problem = problem_of(
                error,
                flavour=self.flavour,
                committing=committing,
                connecting=connecting,
                place=self._opened.place,
            )
            self._count(problem.code.removeprefix("persistence/"))
            raise problem from error

    def run(
        self,
        body: Callable[[sa.Connection], T],
        *,
        settle: Callable[[sa.Connection], T | None] | None = None,
    ) -> T:
        """Run `body` in a transaction; run it again from the start while that can help.

        Parameters
        ----------
        body : what to do; it may run several times, so it changes nothing but the database.
        settle : finds the first answer after an outcome got lost, None where the command was not
            done; the row it reads must be written by `body`.

        Raises: Outage (nothing was done), Unknown (only without `settle`, or where asking failed
        too), Conflict, Bug, and whatever `body` raises.
        """

        def once() -> T:
            with self.transaction() as connection:
                return body(connection)

        if settle is None:
            return self.again(once)
        asked = settle
        return self.again(once, settle=lambda: self.read(asked))

    def read(self, body: Callable[[sa.Connection], T]) -> T:
        """Run `body` on one snapshot of the database (MySQL family: READ COMMITTED).

        Raises: Outage, Bug, and whatever `body` raises.
        """

        def once() -> T:
            with self.transaction(reads=True) as connection:
                return body(connection)

        return self.again(once)

    def again(self, once: Callable[[], T], *, settle: Callable[[], T | None] | None = None) -> T:
        """Call `once` until it returns or a retry cannot help; `once` opens its own transaction."""
        started_ns, conflicts = self._clock.monotonic_ns(), 0
        lost: LostAnswer | None = None
        last: Problem | None = None
        for attempt in range(1, self._limits.tries + 1):
            is_final = attempt == self._limits.tries
            try:
                return once()
            except RolledBack as problem:
                last = problem
            except Conflict as problem:
                # Another took the key between our look and our write: the next look sees it.
                last, conflicts = problem, conflicts + 1
                is_final = is_final or conflicts == self._limits.conflict_tries
            except LostAnswer as problem:
                if settle is None:
                    raise
                lost = problem
            except Problem as problem:
                if lost is None:
                    raise
                last, is_final = problem, True
            if lost is not None and settle is not None:
                answer = self._settled(settle, lost)
                if answer is not None:
                    return answer
            elapsed_ms = (self._clock.monotonic_ns() - started_ns) // _MILLION
            if is_final or elapsed_ms >= self._limits.total_ms:
                break
            self._pause(self._pause_ms(attempt))
        # A lost transaction may still be on its way inside the server, whatever came after it.
        raise lost or last or Bug("expected at least one try, was none")

    @contextmanager
    def _turn(self, *, reads: bool) -> Iterator[None]:
        """Let the writers of this process take turns on SQLite, where one writes at a time.

        SQLite's own waiting is sleep and look again: a busy file starves the unlucky for seconds.
        """
        if reads or self.flavour is not Flavour.SQLITE:
            yield
            return
        if not self._writing.acquire(timeout=self._opened.lock_wait_s):
            self._count("rolled-back")
            raise RolledBack(
                "Another writer of this process did not finish in time.",
                engine=self.flavour.value,
                wait_s=self._opened.lock_wait_s,
            )
        try:
            yield
        finally:
            self._writing.release()

    def _settled(self, settle: Callable[[], T | None], lost: LostAnswer) -> T | None:
        try:
            return settle()
        except Problem as problem:
            raise lost from problem

    def _pause_ms(self, attempt: int) -> int:
        ceiling = min(self._limits.pause_ms_max, self._limits.pause_ms_first << (attempt - 1))
        return ceiling - secrets.randbelow(ceiling // 2 + 1)

    def _count(self, what: str) -> None:
        with self._counting:
            self._counts[what] += 1
