"""The one thread that writes a cell: apply in memory, make durable, then answer.

A commit that fails stops the writer: memory is thrown away, and read back for readers.
"""

import contextlib
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Final, TypeVar

import structlog

from yunjin.foundation.ledger.api import VerifyReport
from yunjin.foundation.ledger.domain.codec import Entry
from yunjin.foundation.ledger.errors import AccountMoved, JournalDamaged, NotLeading, WritesStopped
from yunjin.foundation.ledger.service import recovering, verifying
from yunjin.foundation.ledger.service.cell import Cell
from yunjin.foundation.ledger.service.commits import Commits, Group, Job, later_answer, problem_of
from yunjin.foundation.ledger.service.confirming import Confirmed
from yunjin.foundation.ledger.service.durable import Durable
from yunjin.foundation.ledger.service.limits import Limits
from yunjin.foundation.ledger.service.queueing import Queue
from yunjin.foundation.ledger.service.saver import Saver
from yunjin.foundation.ledger.service.tenure import Tenure, who_writes
from yunjin.foundation.ledger.store.files import HeadFile, ProcessLock
from yunjin.foundation.ledger.store.journal import HeadRow
from yunjin.kernel.clock import Clock, SteadyClock
from yunjin.kernel.errors import Outage, Problem, Refusal

T = TypeVar("T")
Command = Callable[[Cell, int, int], tuple[Any, list[Entry]]]  # (cell, epoch, clock) → answer, rows
_NEVER: Final = 2**63
_IDLE_S: Final = 0.5
_log: Final = structlog.get_logger()


class Writer:
    """Serves one cell from this process.

    Where it stands by, it follows the journal of another process and takes over when that one is
    gone; and when it is fenced off itself, or loses the set, it follows again.
    """

    def __init__(
        self,
        build: Callable[[], Cell],
        *,
        cell: int,
        folder: Path,
        clock: Clock,
        limits: Limits,
        leader_of: Callable[[HeadRow | None], dict[str, str]] = lambda head: {},
    ) -> None:
        """leader_of: tells where the holder of a lease is reached, as facts of a problem."""
        self._build, self._clock, self._limits = build, clock, limits
        self._number, self._leader_of, self._steady = cell, leader_of, SteadyClock(clock)
        self._queue = Queue(
            rows_waiting_max=limits.rows_waiting_max, rows_taken_max=limits.rows_a_commit_max
        )
        self._lock = threading.RLock()
        self._durable, self.stopped, self.follows = Durable(), "", False
        self._is_half_done = False  # a command failed in the middle: the cell is not to be read
        self._unreadable: Problem | None = None
        self._process_lock = ProcessLock(folder / f"cell-{cell}.lock", is_alone=limits.is_alone)
        self._head = HeadFile(folder / f"cell-{cell}.head")
        self._confirmed = Confirmed(self._head)
        self.tenure = Tenure(self._process_lock, clock=clock, lease_ns=limits.lease_ns)
        self._owner = self.tenure.holder if limits.stands_by else ""  # of the index, time and again
        self._saver = Saver(self._lock, every=limits.checkpoint_transfers)
        self.cell = build()
        self._commits = Commits(self._commit, self._halt, rows_max=limits.rows_a_commit_max)
        try:
            self._open()
        except BaseException:
            self._commits.close()
            self._let_go()
            raise
        self._thread = threading.Thread(target=self._run, name=f"cell-{cell}", daemon=True)
        self._thread.start()

    @property
    def durable_sequence(self) -> int:
        """The last row that is in the journal."""
        return self._durable.sequence

    def wait_until_leading(self) -> None:
        """Return once this process writes the cell, or never will."""
        self._queue.wait_for(lambda: not self.follows)

    def _open(self) -> None:
        """Take the lease and bring the book up to the journal's head, or begin to follow."""
        if self._limits.stands_by:
            self._begin_to_follow("This process stands by; who writes the cell is not known yet.")
            wrong = recovering.recover(
                self.cell, self._head, each=self._save_if_due, owner=self._owner
            )
            self._durable.reach(self.cell.sequence)
        else:
            self.tenure.take(self.cell.journal)
            self.cell.index.own(self.tenure.holder)
            wrong = self._catch_up()
        if wrong:
            self._break_off(wrong)
        elif not self.cell.sequence and self._head.read() is None:
            self._head.begin()  # who made it died half-way; no row was written yet

    def _catch_up(self) -> str:
        """Bring the book up to the journal's head under our lease. Returns what is wrong."""
        wrong = recovering.recover(self.cell, self._head, each=self._while_opening)
        self._durable.reach(self.cell.sequence)
        if not wrong and self._limits.verify_at_open:
            report = self.verify(lambda done, rows: self._while_opening())
            wrong = " ".join(finding.what for finding in report.findings)
        return wrong

    def _while_opening(self) -> None:
        """Keep the lease, and what was replayed, while a long journal is read."""
        self.tenure.renew_if_due(self.cell.journal)
        self._save_if_due()

    def _break_off(self, wrong: str) -> None:
        """Neither write nor follow a journal that is not what was written."""
        self.follows, self.stopped = False, f"{wrong}. Restore the journal from the last backup."
        self._queue.turn_away(JournalDamaged(self.stopped))

    # following ----------------------------------------------------------------------------------

    def _begin_to_follow(self, why: str) -> None:
        self.follows, self.stopped = True, why
        self._confirmed.start_over()
        self._queue.turn_away(NotLeading(why))

    def _follow(self) -> None:
        """Read what the cell's writer wrote; take over where it is gone."""
        try:
            if self._unreadable is not None:
                self._read_back()
            if self._unreadable is None and self.follows:
                self._look()
        except JournalDamaged as damaged:
            self._break_off(damaged.detail)
        except Problem as problem:  # of the set: it is asked again
            self.stopped = f"Follows; the set does not answer: {problem.detail}"
        except Exception as error:  # a row may be half replayed: all of it is read again
            _log.exception("ledger.follower_failed", cell=self._number)
            self._look_anew(f"it failed: {error!r}")
        if self.follows:
            self._queue.pause(wait_s=self._limits.follow_ms / 1_000)

    def _look(self) -> None:
        asked_ns, cell = self._clock.monotonic_ns(), self.cell
        head, wrong = recovering.follow(cell, self._save_if_due, self._lock)
        self._durable.reach(cell.sequence)
        self._confirmed.look(cell, head)
        if wrong:
            self._look_anew(wrong)
        elif self.tenure.is_vacant(head, asked_ns):
            self._take_over(head)
        else:
            self._queue.problem = problem = who_writes(self._queue.problem, head, self._leader_of)
            self.stopped = problem.detail

    def _look_anew(self, wrong: str) -> None:
        """Have all read again: a power cut may have taken rows of which nobody was told."""
        _log.warning("ledger.follower_reads_anew", cell=self._number, why=wrong)
        self._begin_to_follow(f"Follows; {wrong}.")
        self._unreadable = Outage(self.stopped)

    def _take_over(self, head: HeadRow | None) -> None:
        """Become the writer. Another follower may be quicker; then it is followed."""
        if not self.tenure.take_over(self.cell.journal, head):
            return
        with self._lock:
            wrong = recovering.recover(self.cell, self._head)
            self._durable.reach(self.cell.sequence)
        if wrong:
            self._look_anew(wrong)
            return
        self._commits.close()
        self._commits = self._commits.anew()
        _log.info("ledger.took_over", cell=self._number, epoch=self.tenure.epoch)
        self.follows, self.stopped = False, ""
        self._queue.open()

    def verify(self, progress: verifying.Progress | None = None) -> VerifyReport:
        """Read the whole journal again and hold it against the heads and this cell's balances."""
        live = self.read(verifying.seen_of, may_be_old=True)
        return verifying.verify(self._build, live, self._head, lambda: self.cell, progress)

    @property
    def rows_waiting(self) -> int:
        """Rows of commands whose commit has not begun."""
        return self._queue.rows_waiting

    # asking -------------------------------------------------------------------------------------

    def submit(self, command: Command, rows: int) -> "Future[Any]":
        """Queue a command; its future is done once its effect is durable."""
        job = Job(command, rows)
        self._queue.add(job)
        return job.future

    def leave(self, pass_on: Callable[[Cell], object]) -> None:
        """Serve what waits, pass the lease on in order, and follow.

        pass_on: called while nothing is on its way; where it fails, this process follows too, and
            takes the lease back if it still has it.
        """
        job = Job(lambda cell, *_: (pass_on(cell), []), 0)
        self._queue.end_with(job)
        job.future.result()

    def read(self, look: Callable[[Cell], T], *, may_be_old: bool = False) -> T:
        """Run a look at the cell; return once all it has seen is durable.

        may_be_old: do not ask whether another process has written since.
        Raises: Outage where that takes too long, or where nobody knows what is durable, or new.
        """
        while True:
            with self._lock:
                if self._unreadable is not None:
                    raise self._unreadable.with_traceback(None)
                cell, mark = self.cell, _NEVER
                if not self._is_half_done:
                    seen, mark = look(cell), cell.sequence
            if mark > self._durable.sequence:
                is_there = self._durable.wait(
                    mark,
                    lambda: self.cell is not cell or bool(self._unreadable),  # noqa: B023
                )
                if not is_there or self.cell is not cell:
                    continue
            is_alone = not (self._limits.stands_by or self.follows)
            if not (is_alone or may_be_old or self._limits.reads_behind):
                self._vouch()
            return seen

    def _vouch(self) -> None:
        """See that nobody can have taken over before the look. Raises: NotLeading, Outage."""
        if self.follows and self._queue.problem is not None:
            raise self._queue.problem.with_traceback(None)
        self.tenure.check_certain()

    # writing ------------------------------------------------------------------------------------

    def _run(self) -> None:
        while True:
            if self.follows and not self._queue.is_closing:
                self._follow()
                continue
            jobs = self._queue.take(wait_s=min(_IDLE_S, self._limits.lease_ns / 4e9))
            if not jobs and self._queue.is_closing:
                return
            try:
                is_last = bool(jobs) and jobs[0] is self._queue.last
                is_answered = self._leave(jobs[0]) if is_last else self._serve(jobs)
            except BaseException as error:  # a bug must not leave callers waiting for ever
                self._commits.drain()
                self._halt(jobs, [], error)
                is_answered = True
            for job in () if is_answered else jobs:
                job.fail(self._queue.problem or WritesStopped("Writes stopped."))

    def _serve(self, jobs: list[Job]) -> bool:
        """Apply commands in memory and hand their rows over to be made durable.

        Returns whether who asked is answered then; if not, nothing was done.
        """
        entries: list[Entry] = []
        with self._lock:
            if self._queue.problem is not None:  # at times set just now, by a commit that failed
                return False
            now = self._steady.now_ns()
            self._is_half_done = True
            if not jobs:
                entries += self.cell.expire(self.tenure.epoch, now)
            for job in jobs:
                entries += self._done(job, now)
            self._is_half_done = False
        if not (jobs or entries):
            self.tenure.renew_if_due(self.cell.journal)
        elif not self._commits.add(Group(jobs, entries)):
            self._commits.drain()  # until those before us were told why
            return False
        self._save_if_due()
        return True

    def _leave(self, last: Job) -> bool:
        self._commits.drain()
        if self._queue.problem is not None:
            return False
        self._begin_to_follow("This process hands the cell over.")  # first: readers ask from now on
        last.command(self.cell, self.tenure.epoch, 0)
        last.tell()
        return True

    def _done(self, job: Job, now: int) -> list[Entry]:
        """Run a job's command; return its journal rows, none where it is refused."""
        before = self.cell.sequence
        try:
            job.answer, rows = job.command(self.cell, self.tenure.epoch, now)
        except JournalDamaged:  # found half-way: what the command changed is unknown
            raise
        except (Refusal, AccountMoved) as problem:
            job.problem = problem
            if self.cell.sequence != before:  # its rows are lost, their effect is not
                what = f"A command failed half-way: {problem.detail}"
                raise WritesStopped(what) from problem
            return []
        return rows

    def _commit(self, entries: list[Entry]) -> None:
        """Make rows durable; called by the thread of the commits."""
        cell, last = self.cell, entries[-1]
        with self.tenure.renewing():
            cell.journal.append(entries, self.tenure.epoch, self.tenure.expires_at)
        self._head.note(last.sequence, last.hash, last.timestamp_last)
        self._durable.reach(last.sequence)
        cell.past.written(last.sequence)

    def _halt(self, jobs: list[Job], behind: list[Job], error: BaseException) -> None:
        """Stop, tell those who wait, and show readers what is durable and nothing else.

        jobs: of the commit or command that failed.  behind: what was not written for sure.
        """
        problem = problem_of(error)
        self._stop(problem)
        for job in jobs:
            job.fail(problem)
        for job in behind:
            job.fail(self._queue.problem or problem)
        self._read_back()
        if self._limits.stands_by and not isinstance(self._queue.problem, JournalDamaged):
            self._begin_to_follow(self.stopped)

    def _stop(self, problem: Problem) -> None:
        """Write no more. What waits is answered with why."""
        if self._queue.problem is None:
            self._queue.problem, self.stopped = later_answer(problem), problem.detail

    def _read_back(self) -> None:
        """Throw away what did not become durable: readers see the journal's state again."""
        try:
            self._saver.start_over()  # what it writes is not mixed with what comes now
            fresh = self._build()
            wrong = recovering.recover(fresh, self._head, owner=self._owner)
            with self._lock:
                before, self.cell = self.cell, fresh
                self._is_half_done, self._unreadable = False, None
            before.journal.close()
            before.index.close()
        except Exception as error:
            self.stopped += f" Reading back failed: {error}"
            self._unreadable = Outage(f"The journal could not be read back: {error}.")
            self._durable.wake()
        else:
            self._durable.reach(self.cell.sequence)
            if wrong:  # the journal lost what was in it: whoever went on would hide that
                self._break_off(f"{self.stopped} {wrong}")

    def _save_if_due(self) -> None:
        if self._saver.failed is not None:
            end = self._pass_on if self._limits.stands_by and not self.follows else self._stop
            end(WritesStopped(f"A checkpoint could not be written: {self._saver.failed}"))
        elif self._saver.is_due(self.cell):
            self._commits.drain()  # a checkpoint is of rows that are in the journal
            if self._confirmed.ask(self.cell) if self.follows else self._queue.problem is None:
                self._saver.begin(self.cell)

    def _pass_on(self, problem: Problem) -> None:
        """Let another process write, if there is one, until all is read from the journal again."""
        _log.warning("ledger.passed_on", cell=self._number, why=problem.detail)
        self._unreadable = problem
        self._leave(Job(lambda cell, epoch, _: (cell.journal.free(epoch), []), 0))

    def close(self) -> None:
        """Answer what waits, write a checkpoint, give the lease back."""
        self._queue.close()
        self._thread.join()
        self._commits.close()
        try:
            self._saver.settle()
            if self._queue.problem is None and self._saver.failed is None:
                self._saver.begin(self.cell)
                self._saver.settle()
                self._head.sync()
                with contextlib.suppress(Problem):  # then the lease runs out by itself
                    self.cell.journal.free(self.tenure.epoch)
        finally:
            self._let_go()

    def _let_go(self) -> None:
        """Close what is open, once nobody writes."""
        self._saver.settle()
        self.cell.journal.close()
        self.cell.index.close()
        self._head.close()
        self._process_lock.close()
