"""Splitting the cell that this process writes, between two of its batches.

The new half's journal is copied inside the set while the writer goes on. Then the split is a
command like any other: its row, the new half's last rows and both leases become durable in one
commit, which the fencing epoch guards. Whatever dies before it leaves the cell as it was.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, Final

import structlog

from yunjin.foundation.ledger.api.members import Member
from yunjin.foundation.ledger.api.splits import WAIT_S_MAX, SplitState
from yunjin.foundation.ledger.domain.codec import Entry
from yunjin.foundation.ledger.errors import NobodyFollows, NotLeading, SplitRefused, SplitWaits
from yunjin.foundation.ledger.service import halving
from yunjin.foundation.ledger.service.cell import Cell
from yunjin.foundation.ledger.service.membership import older_members, successor_of
from yunjin.foundation.ledger.service.writer import Writer
from yunjin.foundation.ledger.store.forking import Forking
from yunjin.foundation.ledger.store.journal import FORM
from yunjin.foundation.ledger.store.members import Members
from yunjin.kernel.clock import Clock
from yunjin.kernel.errors import Outage
from yunjin.kernel.ids import CELL_MAX
from yunjin.kernel.shares import Share

_LAG_ROWS: Final = 4  # so few rows left to copy: the rest goes with the commit
_PAUSE_S: Final = 0.02
_GATE_S: Final = 1.0
_log: Final = structlog.get_logger()
# Holds back what would be under way between the halves; yields what raises SplitWaits while any is.
Gate = Callable[[Share], AbstractContextManager[Callable[[], None]]]


def open_gate(share: Share) -> AbstractContextManager[Callable[[], None]]:
    """Hold nothing back: for a cell without clearing."""
    return nullcontext(lambda: None)


class NoSplit:
    """Where a cell cannot be split (SplitApi): says why."""

    def __init__(self, why: str) -> None:
        self._why = why

    def split(self, epoch: int, into: int, *, to: str = "", wait_s: float = 10.0) -> SplitState:
        raise SplitRefused(self._why)

    def give_up(self, epoch: int, into: int) -> None:
        raise SplitRefused(self._why)


class Splitter:
    """Splits one cell (SplitApi). Safe for threads; one split at a time."""

    def __init__(
        self,
        writer: Writer,
        members: Members,
        opened: Callable[[int], Forking],
        clock: Clock,
        *,
        cell: int,
        gate: Gate = open_gate,
    ) -> None:
        """opened: opens the journal and the copy of it that becomes another cell's."""
        self._writer, self._members, self._opened, self._clock = writer, members, opened, clock
        self._cell, self._gate, self._alone = cell, gate, threading.Lock()

    def split(self, epoch: int, into: int, *, to: str = "", wait_s: float = 10.0) -> SplitState:
        if not 1 <= into <= CELL_MAX or into == self._cell:
            raise SplitRefused(f"expected another cell, 1 to {CELL_MAX}, was {into}")
        with self._leading(epoch, into) as forking:
            if self._writer.read(lambda cell: into in cell.made):
                return self._done(forking, 0)
            self._check_all_can_read(into)
            until = time.monotonic() + min(wait_s, WAIT_S_MAX)
            goes = self._writer.read(lambda cell: cell.share).halves()[1]
            forking.begin(goes)
            while (left := forking.copy_on()) > _LAG_ROWS:
                if time.monotonic() > until:
                    return self._state(forking, left, f"{left} rows are to be copied yet")
            successor = self._successor(forking, to, until)
            if isinstance(successor, str):
                return self._state(forking, forking.copy_on(), successor)
            pause_ms = self._cut_in_time(forking, successor, goes, until)
            _log.info("ledger.split", cell=self._cell, into=into, to=successor.holder)
            return self._done(forking, pause_ms)

    def give_up(self, epoch: int, into: int) -> None:
        with self._leading(epoch, into) as forking:
            forking.give_up()

    @contextmanager
    def _leading(self, epoch: int, into: int) -> Iterator[Forking]:
        """Have the split to ourselves for a block. Raises: NotLeading, SplitRefused."""
        if self._writer.follows or self._writer.tenure.epoch != epoch:
            raise NotLeading("This process does not write the cell: ask the one that does.")
        if not self._alone.acquire(blocking=False):
            raise Outage("The cell is being split just now: ask again in a moment.")
        try:
            forking = self._opened(into)
            try:
                yield forking
            finally:
                forking.close()
        finally:
            self._alone.release()

    def _check_all_can_read(self, into: int) -> None:
        found, now_ns = self._members.all(), self._clock.now_ns()
        for cell in (self._cell, into):
            for one in older_members(found, cell, FORM, now_ns):
                what = (
                    f"{one.holder} is of a release that cannot read a split: bring in the new one."
                )
                raise SplitRefused(what, holder=one.holder, version=one.version)

    def _successor(self, forking: Forking, to: str, until: float) -> Member | str:
        """Return who gets the new half, or what is waited for."""
        while True:
            forking.copy_on()
            at = forking.made()
            try:
                return successor_of(
                    self._members.all(),
                    forking.into,
                    at.sequence if at is not None else 0,
                    now_ns=self._clock.now_ns(),
                    to=to,
                )
            except NobodyFollows as problem:
                if time.monotonic() > until:
                    return f"start a process with ledger.cell={forking.into}: {problem.detail}"
            time.sleep(_PAUSE_S)

    def _cut_in_time(self, forking: Forking, successor: Member, goes: Share, until: float) -> int:
        """Split, holding crossings back for no more than a moment at a time; return the pause."""
        while True:
            try:
                with self._gate(goes) as check_clear:
                    moment = min(until, time.monotonic() + _GATE_S)
                    return self._cut(forking, successor, check_clear, moment)
            except SplitWaits:
                if time.monotonic() > until:
                    raise
            time.sleep(_GATE_S)

    def _cut(
        self,
        forking: Forking,
        successor: Member,
        check_clear: Callable[[], None],
        until: float,
    ) -> int:
        """Split once nothing is under way between the halves; return the pause, ms."""

        def command(cell: Cell, epoch: int, now: int) -> tuple[None, list[Entry]]:
            return None, halving.split(
                cell, epoch, now, number=self._cell, into=forking.into, holder=successor.holder
            )

        while True:
            while forking.copy_on() > _LAG_ROWS:
                pass
            begun_ns = self._clock.monotonic_ns()
            try:
                check_clear()
                self._writer.submit(command, 1).result()
            except SplitWaits:
                if time.monotonic() > until:
                    raise
            else:
                return max(1, (self._clock.monotonic_ns() - begun_ns) // 1_000_000)
            time.sleep(_PAUSE_S)

    def _done(self, forking: Forking, pause_ms: int) -> SplitState:
        found = [one for one in self._members.all() if one.cell == forking.into]
        writer = next((one for one in found if one.writes), None)
        return self._state(forking, 0, "", pause_ms=pause_ms, writer=writer, is_done=True)

    def _state(self, forking: Forking, left: int, says: str, **more: Any) -> SplitState:
        at = forking.made()
        plain: dict[str, Any] = {"pause_ms": 0, "writer": None, "is_done": False}
        return SplitState(
            cell=self._cell,
            into=forking.into,
            row_count=at.sequence if at is not None else 0,
            rows_left=left,
            says=says,
            **{**plain, **more},
        )
