"""Making the new half of a split: rows copied inside the set while the old half is written.

Every step may be done twice: what a step finds done it leaves.
"""

from typing import Final

from yunjin.foundation.ledger.api.members import FOR_EVER_NS
from yunjin.foundation.ledger.domain.codec import GENESIS
from yunjin.foundation.ledger.errors import SplitRefused
from yunjin.foundation.ledger.store.engine import Engine
from yunjin.foundation.ledger.store.forks import FORKING, copy, share_out
from yunjin.foundation.ledger.store.journal import ARRIVING, HeadRow, Journal
from yunjin.kernel.shares import Share

_ROWS: Final = 64
_BYTES_A_COMMIT: Final = 2 << 20  # a set replicates a transaction whole: small ones let others by
_DELETED_AT_ONCE: Final = 64
_GIVEN_UP: Final = f"{ARRIVING}nowhere: given up"


class Forking(Journal):
    """The journal of a cell, and the copy of it that becomes another cell's."""

    def __init__(self, engine: Engine, cell: int, into: int) -> None:
        super().__init__(engine, cell)
        self.into = into
        self._copy = Journal(engine, into)
        self._mark = f"{FORKING}{cell}"

    def made(self) -> HeadRow | None:
        """Return where the new half's journal ends, None before it was begun."""
        return self._copy.head(is_latest=True)

    def begin(self, share: Share) -> None:
        """Bar the new cell's lease and say whose home it has. Raises: SplitRefused."""
        bound = self._engine.execute("select why from ledger_bound where cell=?", (self.cell,))
        if bound:
            raise SplitRefused(bound[0][0])

        def act() -> None:
            with self._engine.transaction():
                seen = self._copy.head()
                if seen is None:
                    self._engine.execute(
                        "insert into ledger_cell values (?, ?, ?, ?, ?, ?, ?, ?)",
                        (self.into, 0, self._mark, FOR_EVER_NS, 0, GENESIS, 0, 0),
                    )
                elif seen.holder != self._mark:
                    raise SplitRefused(
                        f"Cell {self.into} is there already: {seen.holder or 'nobody'} has its"
                        f" lease at row {seen.sequence}. Choose a number that no cell has; its"
                        " processes are to start once the split has begun.",
                        cell=self.into,
                        holder=seen.holder,
                    )
                share_out(self._engine, self.into, share)

        self._insist(act)

    def copy_on(self) -> int:
        """Copy some more rows, in one commit; return how many are left. Raises: SplitRefused."""
        at = self._begun()
        rows = self._engine.execute(
            "select sequence, hash, timestamp_last, body_bytes from ledger_journal"
            f" where cell=? and sequence>? order by sequence limit {_ROWS}",
            (self.cell, at.sequence),
        )
        size, chosen = 0, rows[:0]
        for row in rows:
            size += row[-1]
            if chosen and size > _BYTES_A_COMMIT:
                break
            chosen.append(row)
        if not chosen:
            return 0
        sequence, digest, timestamp, _ = chosen[-1]

        def act() -> None:
            with self._engine.transaction():
                self._engine.execute(
                    "update ledger_cell set head_sequence=?, head_hash=?, head_timestamp=?"
                    " where cell=? and holder=? and head_sequence=?",
                    (sequence, bytes(digest), timestamp, self.into, self._mark, at.sequence),
                )
                if self._engine.changed():  # else the answer was lost, or another one does it too
                    copy(self._engine, self.cell, self.into, at.sequence, sequence)

        self._insist(act)
        head = self.head()
        return (head.sequence if head is not None else sequence) - self._begun().sequence

    def _begun(self) -> HeadRow:
        found = self._copy.head()
        if found is None or found.holder != self._mark:
            raise SplitRefused(f"Cell {self.into} is not being made of cell {self.cell}.")
        return found

    def give_up(self) -> None:
        """Delete a copy that was never made whole. Raises: SplitRefused."""
        found = self.made()
        if found is None:
            return
        if found.holder not in (self._mark, _GIVEN_UP):
            raise SplitRefused(f"Cell {self.into} is no copy of cell {self.cell} that waits.")

        def bar() -> None:
            with self._engine.transaction():
                self._engine.execute(
                    "update ledger_cell set holder=? where cell=? and holder=?",
                    (_GIVEN_UP, self.into, self._mark),
                )

        self._insist(bar)
        while rows := self._engine.execute(
            "select sequence from ledger_journal where cell=? order by sequence"
            f" limit {_DELETED_AT_ONCE}",
            (self.into,),
        ):
            self._delete(rows[-1][0])

        def end() -> None:
            with self._engine.transaction():
                for table in ("ledger_share", "ledger_member", "ledger_cell"):
                    self._engine.execute(f"delete from {table} where cell=?", (self.into,))

        self._insist(end)

    def _delete(self, until: int) -> None:
        def act() -> None:
            with self._engine.transaction():
                self._engine.execute(
                    "delete from ledger_journal where cell=? and sequence<=?", (self.into, until)
                )

        self._insist(act)
