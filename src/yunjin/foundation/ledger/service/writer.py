"""The one thread that writes a cell: apply in memory, make durable, then answer.

All that waits when a commit ends goes into the next one (group commit). A failed commit stops the
writer for good: what is in memory is thrown away and read back from the journal, for readers.
"""

import contextlib
import os
import secrets
import socket
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

from yunjin.foundation.ledger.api import VerifyReport
from yunjin.foundation.ledger.domain.codec import Entry
from yunjin.foundation.ledger.errors import (
    JournalDamaged,
    OutcomeUnknown,
    Overloaded,
    WritesStopped,
)
from yunjin.foundation.ledger.kernels import Counter
from yunjin.foundation.ledger.service import checkpoints, verifying
from yunjin.foundation.ledger.service.cell import Cell
from yunjin.foundation.ledger.service.checkpoints import Saving
from yunjin.foundation.ledger.store.files import HeadFile, ProcessLock
from yunjin.foundation.ledger.store.index import IndexDamaged
from yunjin.kernel.clock import Clock, SteadyClock
from yunjin.kernel.errors import Outage, Problem, Refusal

T = TypeVar("T")
Command = Callable[[Cell, int, int], tuple[Any, list[Entry]]]  # (cell, epoch, clock) → answer, rows
_SECOND: Final = 1_000_000_000
_PATIENCE_S: Final = 30  # of a reader whose rows are on their way to the journal
_NEVER: Final = 2**63


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What the writer is held to."""

    rows_waiting_max: int
    rows_a_commit_max: int
    lease_s: int
    checkpoint_transfers: int
    verify_at_open: bool = False


@dataclass(slots=True)
class _Job:
    command: Command
    rows: int
    future: "Future[Any]"
    answer: Any = None
    problem: BaseException | None = None


class Writer:
    """Serves one cell from this process."""

    def __init__(
        self,
        build: Callable[[], Cell],
        *,
        cell: int,
        folder: Path,
        clock: Clock,
        limits: Limits,
    ) -> None:
        self._build, self._clock, self._limits = build, clock, limits
        self._steady = SteadyClock(clock)
        self._jobs: deque[_Job] = deque()
        self._rows_waiting = 0
        self._wake, self._lock = threading.Condition(), threading.RLock()
        self._durable = threading.Condition()
        self.durable_sequence, self.epoch, self.stopped = 0, 0, ""
        self._problem: Problem | None = None
        self._is_half_done = False  # a command failed in the middle: the cell is not to be read
        self._unreadable: Problem | None = None
        self._closing = False
        self._saving: threading.Thread | None = None
        self._saved: list[Saving] = []
        folder.mkdir(parents=True, exist_ok=True)
        self._head = HeadFile(folder / f"cell-{cell}.head")
        self._process_lock = ProcessLock(folder / f"cell-{cell}.lock")
        self.cell = build()
        self._head_synced_ns = 0
        self._renewed_ns = self._steady.now_ns()
        try:
            self._open()
        except BaseException:
            self._let_go()
            raise
        self._thread = threading.Thread(target=self._run, name=f"cell-{cell}", daemon=True)
        self._thread.start()

    # opening ------------------------------------------------------------------------------------

    def _open(self) -> None:
        """Take the lease and bring the book up to the journal's head."""
        holder = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        dead = self._process_lock.take(holder)
        self.epoch = self.cell.journal.acquire(
            holder,
            self._clock.now_ns(),
            self._limits.lease_s * _SECOND,
            dead_holders=dead,
        )
        self.cell.index.own(holder)
        wrong = self.recover(self.cell, each=self._while_opening)
        self.durable_sequence = self.cell.sequence
        if not wrong and self._limits.verify_at_open:
            report = self.verify(lambda done, rows: self._while_opening())
            wrong = " ".join(finding.what for finding in report.findings)
        if wrong:
            self._stop(JournalDamaged(f"{wrong}. Restore the journal from the last backup."))
        elif not self.cell.sequence and self._head.read() is None:
            self._head.begin()  # who made it died half-way; no row was written yet

    def _while_opening(self) -> None:
        """Keep the lease, and what was replayed, while a long journal is read."""
        self._renew_if_due(self._steady.now_ns())
        self._checkpoint_if_due()

    def verify(self, progress: verifying.Progress | None = None) -> VerifyReport:
        """Read the whole journal again and hold it against the heads and this cell's balances."""
        live = self.read(lambda cell: verifying.Seen(verifying.head_of(cell), cell.fingerprint()))
        return verifying.verify(self._build, live, self._held_unless_gone_on, progress)

    def _held_unless_gone_on(self, cell: Cell) -> str:
        wrong = verifying.held_against_heads(cell, self._head.read())
        return "" if self.cell.sequence > cell.sequence else wrong

    def recover(self, cell: Cell, *, each: Callable[[], None] = lambda: None) -> str:
        """Load the latest checkpoint and replay the rest, calling `each` after every row.

        Returns what is wrong, "" where nothing is.
        """
        checkpoint = cell.index.latest()
        if checkpoint is not None and checkpoint.sequence > 0:
            at = cell.journal.read(checkpoint.sequence)
            if at is None or at.hash.hex() != checkpoint.hash or at.digest() != at.hash:
                return f"row {checkpoint.sequence} is not the one that the checkpoint was made from"
            try:
                checkpoints.load(cell, checkpoint)
            except IndexDamaged:  # all of it follows from the journal
                cell.index.forget()
        for entry in cell.journal.scan(cell.sequence):
            wrong = cell.replay(entry)
            if wrong:
                return wrong
            each()
        return verifying.held_against_heads(cell, self._head.read())

    @property
    def rows_waiting(self) -> int:
        """Rows of commands whose commit has not begun."""
        return self._rows_waiting

    # asking -------------------------------------------------------------------------------------

    def submit(self, command: Command, rows: int) -> "Future[Any]":
        """Queue a command; its future is done once its effect is durable."""
        job = _Job(command, rows, Future())
        with self._wake:
            if self._problem is not None:
                raise self._problem
            if self._closing:
                raise WritesStopped("The ledger is closing.")
            if self._rows_waiting + rows > self._limits.rows_waiting_max:
                raise Overloaded(
                    "Too many transfers wait already.", waiting=self._rows_waiting, rows=rows
                )
            self._rows_waiting += rows
            self._jobs.append(job)
            self._wake.notify()
        return job.future

    def read(self, look: Callable[[Cell], T]) -> T:
        """Run a look at the cell; return once all it has seen is durable.

        Raises: Outage where that takes too long, or where nobody knows what is durable.
        """
        while True:
            with self._lock:
                if self._unreadable is not None:
                    raise self._unreadable
                cell, mark = self.cell, _NEVER
                if not self._is_half_done:
                    seen, mark = look(cell), cell.sequence
            if mark <= self.durable_sequence:
                return seen
            with self._durable:
                is_settled = partial(self._is_settled, mark, cell)
                if not self._durable.wait_for(is_settled, timeout=_PATIENCE_S):
                    raise Outage(f"The journal has not answered for {_PATIENCE_S} s.")
                if self.cell is cell and self.durable_sequence >= mark:
                    return seen

    def _is_settled(self, mark: int, cell: Cell) -> bool:
        is_lost = self._unreadable is not None
        return self.durable_sequence >= mark or self.cell is not cell or is_lost

    # writing ------------------------------------------------------------------------------------

    def _take(self) -> list[_Job]:
        with self._wake:
            self._wake.wait_for(lambda: self._jobs or self._closing, timeout=0.5)
            taken: list[_Job] = []
            rows = 0
            while self._jobs and (
                not taken or rows + self._jobs[0].rows <= self._limits.rows_a_commit_max
            ):
                taken.append(self._jobs.popleft())
                rows += taken[-1].rows
            self._rows_waiting -= rows
            return taken

    def _run(self) -> None:
        while True:
            jobs = self._take()
            if not jobs and self._closing:
                return
            if self._problem is not None:
                for job in jobs:
                    job.future.set_exception(self._problem)
                continue
            try:
                self._serve(jobs)
            except BaseException as error:  # a bug must not leave callers waiting for ever
                self._halt(jobs, error)

    def _halt(self, jobs: list[_Job], error: BaseException) -> None:
        """Stop, tell those who wait, and show readers what is durable and nothing else."""
        if isinstance(error, Problem):
            problem = error
        else:
            problem = OutcomeUnknown(f"The writer failed: {error!r}.")
            problem.__cause__ = error
        self._stop(problem)
        self._fail(jobs, problem)
        self._read_back()

    def _serve(self, jobs: list[_Job]) -> None:
        entries: list[Entry] = []
        with self._lock:
            now = self._steady.now_ns()
            self._is_half_done = True
            if not jobs:
                entries += self.cell.expire(self.epoch, now)
            for job in jobs:
                entries += self._done(job, now)
            self._is_half_done = False
        if entries:
            self._commit(entries)
        else:
            self._renew_if_due(now)
        for job in jobs:
            if job.problem is not None:
                job.future.set_exception(job.problem)
            else:
                job.future.set_result(job.answer)
        self._checkpoint_if_due()

    def _done(self, job: _Job, now: int) -> list[Entry]:
        """Run a job's command; return its journal rows, none where it is refused."""
        before = self.cell.sequence
        try:
            job.answer, rows = job.command(self.cell, self.epoch, now)
        except JournalDamaged:  # found half-way: what the command changed is unknown
            raise
        except Refusal as problem:
            job.problem = problem
            if self.cell.sequence != before:  # its rows are lost, their effect is not
                what = f"A command failed half-way: {problem.detail}"
                raise WritesStopped(what) from problem
            return []
        return rows

    def _renew_if_due(self, now: int) -> None:
        if now - self._renewed_ns <= self._limits.lease_s * _SECOND // 3:
            return
        self.cell.journal.renew(self.epoch, self._clock.now_ns() + self._limits.lease_s * _SECOND)
        self._renewed_ns = now

    def _commit(self, entries: list[Entry]) -> None:
        now = self._clock.now_ns()
        self.cell.journal.append(entries, self.epoch, now + self._limits.lease_s * _SECOND)
        last = entries[-1]
        self._renewed_ns = self._steady.now_ns()
        self._head.write(last.sequence, last.hash, last.timestamp_last)
        if self._renewed_ns - self._head_synced_ns > _SECOND:
            self._head.sync()
            self._head_synced_ns = self._renewed_ns
        with self._durable:
            self.durable_sequence = last.sequence
            self._durable.notify_all()
        self.cell.past.written(last.sequence)

    def _fail(self, jobs: list[_Job], error: BaseException) -> None:
        for job in jobs:
            if not job.future.done():
                job.future.set_exception(job.problem or error)

    def _stop(self, problem: Problem) -> None:
        """Write no more. What waits is answered with why."""
        with self._wake:
            if self._problem is None:
                later = problem
                if isinstance(problem, OutcomeUnknown):
                    later = WritesStopped(f"Writes stopped: {problem.detail}")
                self._problem, self.stopped = later, problem.detail

    def _read_back(self) -> None:
        """Throw away what did not become durable: readers see the journal's state again."""
        try:
            fresh = self._build()
            wrong = self.recover(fresh)
            if wrong:
                self.stopped += f" {wrong}"
            with self._lock:
                self.cell, self._is_half_done = fresh, False
        except Exception as error:
            self.stopped += f" Reading back failed: {error}"
            self._unreadable = Outage(f"The journal could not be read back: {error}.")
        with self._durable:
            if self._unreadable is None:
                self.durable_sequence = self.cell.sequence
            self._durable.notify_all()

    # checkpoints --------------------------------------------------------------------------------

    def _checkpoint_if_due(self, *, force: bool = False) -> None:
        if self._saving is not None and self._saving.is_alive() and not force:
            return
        if self._problem is not None:
            return
        if self._saving is not None:
            self._saving.join()
            self._saving = None
        cell = self.cell
        if self._saved:
            with self._lock:
                checkpoints.end(cell, self._saved.pop())
        new = cell.count(Counter.IDS)  # transfers made, and ids that failed for good
        if new < (1 if force else self._limits.checkpoint_transfers):
            return
        with self._lock:
            saving = checkpoints.begin(cell)

        def save() -> None:
            # Until they are on disk, ids and fates are known to this memory alone: a second
            # checkpoint after one that failed would forget them, so writing must stop.
            try:
                checkpoints.write(cell.index, saving)
            except Exception as error:
                self._stop(WritesStopped(f"A checkpoint could not be written: {error}"))
            else:
                self._saved.append(saving)

        self._saving = threading.Thread(target=save, name="checkpoint", daemon=True)
        self._saving.start()
        if force:
            self._saving.join()
            if self._saved:
                with self._lock:
                    checkpoints.end(cell, self._saved.pop())

    def close(self) -> None:
        """Answer what waits, write a checkpoint, give the lease back."""
        with self._wake:
            self._closing = True
            self._wake.notify_all()
        self._thread.join()
        try:
            if self._problem is None:
                self._checkpoint_if_due(force=True)
                self._head.sync()
                with contextlib.suppress(Problem):  # then the lease runs out by itself
                    self.cell.journal.free(self.epoch)
        finally:
            self._let_go()

    def _let_go(self) -> None:
        """Close what is open, once nobody writes."""
        if self._saving is not None:
            self._saving.join()
        self.cell.journal.close()
        self.cell.index.close()
        self._head.close()
        self._process_lock.close()
