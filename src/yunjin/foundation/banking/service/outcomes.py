"""What the ledger answered to waves, and when that is kept, with what comes of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from yunjin.chassis.persistence import RoomDatabase, SqlUnitOfWork, instant_us
from yunjin.foundation.banking.domain.packing import pack, unpack
from yunjin.foundation.banking.service.books import Books
from yunjin.foundation.banking.service.drafting import Outcome
from yunjin.foundation.banking.service.follows import IN_BODY, Follows
from yunjin.foundation.banking.store import keeping
from yunjin.kernel.errors import Unknown


@dataclass(frozen=True, slots=True)
class Owed:
    """A wave that the ledger refused in part: its outcome is kept with what comes of that."""

    part: str
    columns: Mapping[str, Any]
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Answered:
    """What the ledger answered to a wave, and what comes of it, to be kept together."""

    sequence: int
    is_done: Any  # bool[chains]
    follows: Follows | None

    @classmethod
    def unasked(cls, sequence: int, chains: int, follows: Follows) -> "Answered":
        """Return it for a wave that asks nothing of the ledger."""
        return cls(sequence, np.ones(chains, np.bool_), follows)

    def keep(self, work: SqlUnitOfWork, at_us: int) -> None:
        """Keep it, unless another process that read the wave has."""
        outcome = pack({"is_done": self.is_done})
        is_first = keeping.put_outcome(work.connection, self.sequence, outcome)
        if is_first and self.follows:
            self.follows.keep(work, self.sequence, at_us)


class Outcomes:
    """The outcomes that wait to be kept: by themselves where something follows from them.

    Else with the next wave. Where a person is owed a word of a refusal, with the wave that has it.
    """

    def __init__(self, room: RoomDatabase, books_of: Callable[[], Books]) -> None:
        self._room, self._books_of = room, books_of
        self._told: dict[int, Answered] = {}  # by wave
        self.owed: dict[int, Owed] = {}

    def take(
        self,
        sequence: int,
        part: str,
        columns: Mapping[str, Any],
        outcome: Outcome,
        known: Follows | None = None,
    ) -> None:
        """Take in what the ledger answered to a wave, given as it was kept.

        known : what follows from it, where that need not be read from its columns again.
        """
        follows = None
        if IN_BODY in columns:
            whole = known or Follows.of_column(columns[IN_BODY])
            follows = whole.of_done(columns, outcome.is_done, self._books_of())
        self._told[sequence] = Answered(sequence, outcome.is_done, follows)
        if part and not outcome.is_done.all():
            self.owed[sequence] = Owed(part, columns, outcome)

    def ripe(self) -> list[Answered]:
        """Return what may be kept now."""
        return [one for each, one in self._told.items() if each not in self.owed]

    def drop_told(self) -> None:
        """Let go of what another process has kept."""
        if not self._told:
            return
        told = self._room.read(lambda connection: keeping.told_of(connection, list(self._told)))
        for sequence in told:
            del self._told[sequence]
            self.owed.pop(sequence, None)

    def forget(self, kept: list[Answered]) -> None:
        """Let go of what was kept."""
        for one in kept:
            del self._told[one.sequence]

    def keep(self, *, only_news: bool = False) -> None:
        """Keep what may be kept: nothing has to be posted again when the bank opens.

        only_news : where nothing follows from any of it, the next wave is soon enough.

        Raises: Outage, Unknown.
        """
        ripe, at_us = self.ripe(), instant_us(self._room.clock.now_ns())

        def kept(work: SqlUnitOfWork) -> None:
            for one in ripe:
                one.keep(work, at_us)

        if any(one.follows or not only_news for one in ripe):
            self._room.run(kept)
            self.forget(ripe)

    def done(self, sequence: int) -> Any:
        """Tell which chains of a wave were booked (bool[chains]). Raises: Outage, Unknown."""
        if sequence in self._told:
            return self._told[sequence].is_done
        kept = self._room.read(lambda connection: keeping.outcome(connection, sequence))
        if kept is None:  # another process is about to
            raise Unknown("Whether it is booked, asking again tells.")
        return unpack(kept)["is_done"]
