"""Moving a cell to another set, while it is used.

Rows are copied while the writer goes on. Once next to none are left, the writer serves what waits
and gives the lease to the mover, which ends the old journal with it, copies the rest, and gives
the cell to a process that follows the copy. A mover that died at any point is run again: what it
finds done it leaves.
"""

import os
import secrets
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from yunjin.foundation.ledger.api.members import Member
from yunjin.foundation.ledger.errors import Fenced, MoveRefused, NobodyFollows
from yunjin.foundation.ledger.service.membership import successor_of
from yunjin.foundation.ledger.store.journal import HeadRow
from yunjin.foundation.ledger.store.passage import Passage
from yunjin.kernel.clock import Clock
from yunjin.kernel.errors import Problem

AskWriter = Callable[[Member, str], object]  # have a writer hand over to a holder; raises: Problem
_LAG_ROWS: Final = 4  # so few rows in one round of copying: the rest takes some milliseconds
_PAUSE_S: Final = 0.05
_SECOND: Final = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """What a move came to."""

    cell: int
    sequence: int  # of the last row from the old set
    row_count: int  # copied by this run
    writer: Member  # who has the cell on the new set
    pause_ms: int  # from when the old writer was asked to stop; 0 where it had stopped before


class Mover:
    """Moves one cell from one set to another.

    Parameters
    ----------
    ask : asks the cell's writer to hand over; where it does not answer, it is fenced off.
    lease_s : how long a writer's lease lasts; so long its readers may trust one that is fenced off.
    tell : is told what is waited for.
    """

    def __init__(
        self,
        old: Passage,
        new: Passage,
        *,
        ask: AskWriter,
        clock: Clock,
        lease_s: float,
        tell: Callable[[str], None],
    ) -> None:
        self._old, self._new, self._ask, self._clock = old, new, ask, clock
        self._lease_s, self._tell = lease_s, tell
        self._name = f"{socket.gethostname()}:{os.getpid()}:mover-{secrets.token_hex(4)}"
        self._copied = 0

    def run(self, *, wait_s: float) -> Moved:
        """Move the cell, or finish a move that was begun.

        wait_s: how long a process that follows the copy is waited for, and then that it writes.
        Raises: MoveRefused, NobodyFollows (the cell stays where it is, but for one that had left
        it already), JournalDamaged, Outage.
        """
        head, begun_ns = self._old.end(), 0
        if head.is_arriving or (head.has_moved and not self._old.left_for(self._new.place)):
            what = f"Cell {self._old.cell} is not on {self._old.place}: {head.holder}."
            raise MoveRefused(what, cell=self._old.cell)
        if self._old.place == self._new.place:
            raise MoveRefused("expected another set, was the one that the cell is on")
        if not head.has_moved:
            successor = self._approach(wait_s)
            begun_ns = self._clock.monotonic_ns()
            self._stop_writing(successor)
        elif not self._new.end().is_arriving:
            return self._moved(self._old.end(), 0, wait_s)
        else:  # the run that ended the journal may not have waited for its writer's lease
            time.sleep(self._lease_s)
        left = self._old.end()
        successor = self._approach(wait_s)
        for end in (self._old, self._new):  # an end that a power cut undoes would be two writers
            end.confirm()
        expires_at = self._clock.now_ns() + int(self._lease_s * _SECOND)
        share = self._old.share()
        kin = [one for one in self._old.members.all() if one.writes and one.flight]
        others = [
            one for one in kin if one.cell != self._old.cell and one.serves.home == share.home
        ]
        self._new.point_back(self._old.place, others)
        self._new.open_for(successor.holder, left, expires_at, share)
        return self._moved(left, begun_ns, wait_s)

    def _approach(self, wait_s: float) -> Member:
        """Copy until next to nothing is left and a process follows the copy; return that one."""
        at = self._new.expect(self._old.place, self._old.share())
        until, said = time.monotonic() + wait_s, ""
        while True:
            before = at.sequence
            at = self._copied_from(at)
            if at.sequence - before > _LAG_ROWS:
                continue
            try:
                return successor_of(
                    self._new.members.all(),
                    self._new.cell,
                    at.sequence,
                    now_ns=self._clock.now_ns(),
                )
            except NobodyFollows as problem:
                if time.monotonic() > until:
                    raise
                if problem.detail != said:
                    said = problem.detail
                    self._tell(f"{at.sequence} rows are on {self._new.place}. {said}")
            time.sleep(_PAUSE_S)

    def _copied_from(self, at: HeadRow) -> HeadRow:
        """Copy what the old set has beyond a head; return the new one."""
        for rows in self._old.rows(at):
            self._new.take_in(rows, at)
            last = self._old.place_of(rows[-1])
            at = replace(at, sequence=last[0], hash=last[1])
            self._copied += len(rows)
        return at

    def _stop_writing(self, successor: Member) -> None:
        """End the old journal, in order where its writer answers."""
        old, cell = self._old, self._old.cell
        old.point_to(self._new.place, successor)
        while True:
            head = old.end()
            old.members.announce(
                self._name,
                http="",
                flight="",
                sequence=head.sequence,
                now_ns=self._clock.now_ns(),
            )
            for one in old.members.all():
                if one.cell == cell and one.writes and one.http:
                    try:
                        self._ask(one, self._name)
                    except Problem as problem:
                        self._tell(f"{one.http} does not hand over: {problem.detail}")
            head = old.end()
            try:
                old.seal(head.epoch, self._new.place)
            except Fenced:  # somebody else took over just now: ask that one
                continue
            break
        if head.holder not in (self._name, ""):
            time.sleep(self._lease_s)  # it may answer readers as long as it trusts its lease
        old.members.leave(self._name)

    def _moved(self, left: HeadRow, begun_ns: int, wait_s: float) -> Moved:
        """Wait for the new writer and have the old set point to it."""
        until = time.monotonic() + wait_s
        while True:
            mine = [one for one in self._new.members.all() if one.cell == self._new.cell]
            writer = next((one for one in mine if one.writes), None)
            if writer is not None and writer.epoch > left.epoch + 1:  # it has taken the lease
                break
            if time.monotonic() > until:
                what = "The cell has moved, and no process has taken it yet: is one running there?"
                raise NobodyFollows(what, cell=self._new.cell)
            time.sleep(_PAUSE_S)
        others = [one for one in mine if one.flight and one != writer and not one.is_signpost]
        self._old.point_to(self._new.place, writer, others)
        pause_ms = (self._clock.monotonic_ns() - begun_ns) // 1_000_000 if begun_ns else 0
        return Moved(
            cell=self._new.cell,
            sequence=left.sequence,
            row_count=self._copied,
            writer=writer,
            pause_ms=pause_ms,
        )
