"""Announces this process as a member of its cell, in a thread of its own."""

import re
import threading
from typing import Final

import structlog

from yunjin.foundation.ledger.api.members import Member
from yunjin.foundation.ledger.errors import NobodyFollows, NotLeading
from yunjin.foundation.ledger.service.writer import Writer
from yunjin.foundation.ledger.store.journal import FORM
from yunjin.foundation.ledger.store.members import Members
from yunjin.kernel.clock import Clock
from yunjin.kernel.errors import Problem
from yunjin.kernel.release import RELEASE

_EVERY_S: Final = 1.0
_SECOND: Final = 1_000_000_000
_FORGET_NS: Final = 600 * _SECOND
_FRESH_NS: Final = 5 * _SECOND
BEHIND_MAX: Final = 1_000  # rows of the journal that are read within a second
_log: Final = structlog.get_logger()


def successor_of(
    members: list[Member], cell: int, sequence: int, *, now_ns: int, to: str = "", but: str = ""
) -> Member:
    """Return who takes a cell over: the one named `to`, else the follower of the newest release.

    Of several the one that has read furthest does.

    sequence: of the journal's last row.  but: a holder that is not asked.

    Raises: NobodyFollows.
    """
    others = [
        one
        for one in members
        if one.cell == cell and one.holder != but and to in ("", one.holder)
        if now_ns - one.seen_at_ns < _FRESH_NS and (to or one.flight) and not one.is_signpost
    ]
    near = [one for one in others if sequence - one.sequence <= BEHIND_MAX]
    best = max(near or others, key=lambda one: (_rank(one.version), one.sequence), default=None)
    if best is None:
        who = f"{to} was not" if to else "No other process was"
        what = f"{who} heard of for {_FRESH_NS // _SECOND} s: start it with ledger.stands_by."
        raise NobodyFollows(what, cell=cell)
    behind = sequence - best.sequence
    if behind > BEHIND_MAX:
        what = f"{best.holder} is {behind} rows behind: hand over once it has read them."
        raise NobodyFollows(what, cell=cell, holder=best.holder)
    return best


def _rank(version: str) -> list[int]:
    """Return what orders releases: 0.10.1 is after 0.9; one that does not tell is the oldest."""
    return [int(part) for part in re.findall(r"\d+", version)]


def older_members(members: list[Member], cell: int, form: int, now_ns: int) -> list[Member]:
    """Return the living processes of a cell that cannot read a form of its journal."""
    return [
        one
        for one in members
        if one.cell == cell and one.form < form and not one.is_signpost and one.flight
        if now_ns - one.seen_at_ns < _FRESH_NS
    ]


class Alone:
    """The only process of a cell whose journal is a file (MembersApi)."""

    def __init__(self, writer: Writer, clock: Clock, *, cell: int, http: str, flight: str) -> None:
        self._writer, self._clock, self._cell = writer, clock, cell
        self._http, self._flight = http, flight

    def members(self) -> list[Member]:
        return [
            Member(
                cell=self._cell,
                holder=self._writer.tenure.holder,
                http=self._http,
                flight=self._flight,
                sequence=self._writer.durable_sequence,
                seen_at_ns=self._clock.now_ns(),
                epoch=self._writer.tenure.epoch,
                version=RELEASE,
                form=FORM,
            )
        ]

    def hand_over(self, epoch: int, to: str = "") -> Member:
        what = "A journal in a file has no other process that could follow it."
        raise NobodyFollows(what, cell=self._cell)


class Membership:
    """Says every second where this process is reached, until `close`."""

    def __init__(
        self,
        members: Members,
        writer: Writer,
        clock: Clock,
        *,
        cell: int,
        http: str,
        flight: str,
    ) -> None:
        self._members, self._writer, self._clock = members, writer, clock
        self._cell, self._http, self._flight = cell, http, flight
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"cell-{cell}-member", daemon=True)

    def start(self) -> None:
        """Begin; the first word is said before this returns, if the set answers."""
        self._say()
        self._thread.start()

    def members(self) -> list[Member]:
        return self._members.all()

    def hand_over(self, epoch: int, to: str = "") -> Member:
        found, tenure = self._members.all(), self._writer.tenure
        writer = next((one for one in found if one.cell == self._cell and one.writes), None)
        if writer is None or writer.epoch < epoch or self._writer.follows:
            raise NotLeading("This process does not write the cell: ask the one that does.")
        if writer.epoch > epoch or to == tenure.holder:
            return writer
        successor = successor_of(
            found,
            self._cell,
            self._writer.durable_sequence,
            now_ns=self._clock.now_ns(),
            to=to,
            but=tenure.holder,
        )
        self._writer.leave(
            lambda cell: cell.journal.pass_on(epoch, successor.holder, tenure.expires_at)
        )
        _log.info("ledger.handed_over", cell=self._cell, to=successor.holder)
        return successor

    def close(self) -> None:
        """Say good-bye; where the set does not answer, the others forget us by themselves."""
        self._over.set()
        if self._thread.is_alive():
            self._thread.join()
        try:
            self._members.leave(self._writer.tenure.holder)
        except Problem as problem:
            _log.info("ledger.member_left_unsaid", code=problem.code)
        self._members.close()

    def _run(self) -> None:
        while not self._over.wait(_EVERY_S):
            self._say()

    def _say(self) -> None:
        now_ns = self._clock.now_ns()
        try:
            self._members.announce(
                self._writer.tenure.holder,
                http=self._http,
                flight=self._flight,
                sequence=self._writer.durable_sequence,
                now_ns=now_ns,
                version=RELEASE,
                form=FORM,
            )
            self._members.forget(now_ns - _FORGET_NS)
        except Problem as problem:
            _log.info("ledger.member_unsaid", code=problem.code, detail=problem.detail)
