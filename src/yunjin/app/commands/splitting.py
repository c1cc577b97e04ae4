"""Asking whichever process writes a cell to split it, until that is done."""

import time
from collections.abc import Callable
from functools import partial
from types import TracebackType
from typing import Final, Self, TypeVar

from yunjin.foundation.ledger.adapters.asking import ask_to_give_up, ask_to_split
from yunjin.foundation.ledger.api.members import Member
from yunjin.foundation.ledger.api.splits import SplitState
from yunjin.foundation.ledger.errors import NobodyFollows, SplitWaits
from yunjin.foundation.ledger.store.members import Members
from yunjin.foundation.ledger.store.mysql import SetEngine
from yunjin.kernel.errors import Outage, Unknown

T = TypeVar("T")
_PAUSE_S: Final = 0.2
_ASK_S: Final = 10.0


class Asking:
    """The processes of a cell on a set, of which the one that writes is asked.

    Parameters
    ----------
    say : is told what is waited for.
    """

    def __init__(self, url: str, cell: int, say: Callable[[str], None]) -> None:
        self._members, self._cell, self._say = Members(SetEngine(url), cell), cell, say
        self._said = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._members.close()

    def split(self, into: int, *, wait_s: float) -> SplitState:
        """Have the cell split; return how that ended.

        Raises: SplitRefused, SplitWaits, NobodyFollows once patience is over, Outage.
        """
        until = time.monotonic() + wait_s
        while True:
            left_s = max(0.0, until - time.monotonic())
            try:
                state = self._asked(partial(self._split, into, min(left_s, _ASK_S)), until)
            except SplitWaits as problem:
                if time.monotonic() > until:
                    raise
                self._tell(problem.detail)
            else:
                if state.is_done:
                    return state
                if time.monotonic() > until:
                    raise NobodyFollows(f"Nothing was split: {state.says}", cell=into)
                self._tell(f"{state.row_count} rows are in cell {into}; {state.says}")
            time.sleep(_PAUSE_S)

    @staticmethod
    def _split(into: int, wait_s: float, writer: Member) -> SplitState:
        return ask_to_split(writer, into, "", wait_s)

    def give_up(self, into: int, *, wait_s: float) -> None:
        """Delete what was copied for a split that was not done. Raises: SplitRefused, Outage."""
        self._asked(lambda writer: ask_to_give_up(writer, into), time.monotonic() + wait_s)

    def _asked(self, act: Callable[[Member], T], until: float) -> T:
        """Ask whoever writes the cell, and whoever does then where that one is gone."""
        while True:
            try:
                return act(self._writer())
            except (Outage, Unknown) as problem:
                if time.monotonic() > until:
                    raise
                self._tell(problem.detail)
            time.sleep(_PAUSE_S)

    def _writer(self) -> Member:
        mine = (one for one in self._members.all() if one.cell == self._cell and one.writes)
        found = next((one for one in mine if one.http), None)
        if found is None:
            raise Outage(f"Nobody writes cell {self._cell} just now.")
        return found

    def _tell(self, what: str) -> None:
        if what != self._said:
            self._said = what
            self._say(what)
