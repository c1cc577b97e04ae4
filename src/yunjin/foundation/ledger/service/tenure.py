"""The right to write a cell, and how long it lasts.

A lease's end is written in the writer's wall time. A follower does not believe it: it takes over
once the lease has not been renewed for its whole length of the follower's own steady time, while
the set answered promptly. The fencing epoch makes a mistake harmless; this makes it rare.
"""

import os
import secrets
import socket
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Final

from yunjin.foundation.ledger.errors import CellMoved, LeaseHeld, NotLeading
from yunjin.foundation.ledger.store.files import ProcessLock
from yunjin.foundation.ledger.store.journal import HeadRow, Journal
from yunjin.kernel.clock import Clock
from yunjin.kernel.errors import Outage, Problem

_PARTS: Final = 4  # an answer that took this part of the lease says that the set stood still


def who_writes(
    told: Problem | None, head: HeadRow | None, where: Callable[[HeadRow | None], dict[str, str]]
) -> Problem:
    """Return what a process that stands by answers to a command.

    told: what it answered before.  where: tells where a lease's holder is reached, as facts.
    """
    holder = head.holder if head else ""
    has_moved = head is not None and head.has_moved  # and may be reached elsewhere there by now
    known = told.facts if told is not None and not has_moved else {}
    if told is not None and known.get("holder") == holder and "flight" in known:
        return told  # who has just come is announced a moment later, and looked for until then
    facts = {"holder": holder, **where(head)}
    if has_moved:
        return CellMoved(f"The cell has {holder}; its journal here ended.", **facts)
    what = f"The cell is written by {holder or 'nobody yet'}; this process stands by."
    return NotLeading(what, **facts)


class Tenure:
    """This process's part in who writes the cell.

    epoch: the one it writes with, 0 before it ever did.
    """

    def __init__(self, lock: ProcessLock, *, clock: Clock, lease_ns: int) -> None:
        self.holder = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        self._lock, self._clock, self._lease_ns = lock, clock, lease_ns
        self.epoch = 0
        self._renewed_ns = clock.monotonic_ns()
        self._mark: tuple[int, int, int] | None = None
        self._since_ns = 0

    @property
    def expires_at(self) -> int:
        """When the lease ends if it is renewed now, ns of the wall clock."""
        return self._clock.now_ns() + self._lease_ns

    def take(self, journal: Journal, over: HeadRow | None = None) -> None:
        """Take the lease, or take it over from a holder that was seen to be gone.

        Raises: LeaseHeld.
        """
        dead: Collection[str] = self._lock.take(self.holder)
        with self.renewing():
            self.epoch = journal.acquire(
                self.holder, self._clock.now_ns(), self._lease_ns, dead_holders=dead, over=over
            )

    def take_over(self, journal: Journal, gone: HeadRow | None) -> bool:
        """Take the lease from a holder that was seen to be gone, unless somebody was quicker."""
        try:
            self.take(journal, gone)
        except LeaseHeld:
            return False
        return True

    @contextmanager
    def renewing(self) -> Iterator[None]:
        """Take note that what the block commits lengthens the lease, as from its beginning.

        Whoever watches sees it later than that, and so waits longer than we count on.
        """
        begun_ns = self._clock.monotonic_ns()
        yield
        self._renewed_ns = begun_ns

    def renew_if_due(self, journal: Journal) -> None:
        """Lengthen the lease where a third of it is over. Raises: Fenced."""
        if self._clock.monotonic_ns() - self._renewed_ns > self._lease_ns // 3:
            with self.renewing():
                journal.renew(self.epoch, self.expires_at)

    def check_certain(self) -> None:
        """See that the lease has not run out by our own steady clock. Raises: Outage.

        A process that was asleep would else answer with what it knew when it fell asleep.
        """
        if self._clock.monotonic_ns() - self._renewed_ns >= self._lease_ns:
            raise Outage("The lease could not be renewed in time: another may write by now.")

    def is_vacant(self, head: HeadRow | None, asked_ns: int) -> bool:
        """Tell whether the cell may be taken over.

        head: as it was just read.  asked_ns: when it was asked for, of the steady clock.
        """
        if head is None or head.holder in ("", self.holder):
            return True  # nobody ever wrote it, or the lease was given back, or is ours
        if head.is_barred:
            return False
        now_ns = self._clock.monotonic_ns()
        mark = (head.epoch, head.expires_at, head.sequence)
        if mark != self._mark or now_ns - asked_ns > self._lease_ns // _PARTS:
            self._mark, self._since_ns = mark, now_ns
            return False
        return now_ns - self._since_ns > self._lease_ns
