"""A cell on its way from one set to another: its rows as they are, and whose the lease is.

Every step may be done twice: what a step finds done it leaves.
"""

from collections.abc import Collection, Iterator, Sequence
from typing import Any, Final

from yunjin.foundation.ledger.api.members import FOR_EVER_NS, Member
from yunjin.foundation.ledger.domain.codec import GENESIS
from yunjin.foundation.ledger.errors import JournalDamaged, MoveRefused
from yunjin.foundation.ledger.store.engine import Engine
from yunjin.foundation.ledger.store.forks import share_out
from yunjin.foundation.ledger.store.journal import ARRIVING, MOVED, HeadRow, Journal
from yunjin.foundation.ledger.store.members import Members
from yunjin.foundation.ledger.store.rows import FIELDS, INSERT
from yunjin.kernel.shares import Share

Raw = tuple[Any, ...]  # a row of ledger_journal without its cell: FIELDS, body
_NAMES: Final = FIELDS.split(", ")
_ROWS_READ: Final = 16
_BYTES_A_COMMIT: Final = 2 << 20  # a set replicates a transaction whole: small ones let others by


class Passage(Journal):
    """One end of a move: the journal of a cell on one set, and the members there.

    place : the set's nodes, HOST:PORT, as the other end tells of it.
    """

    def __init__(self, engine: Engine, cell: int, place: str) -> None:
        super().__init__(engine, cell)
        self.place = place
        self.members = Members(engine, cell)

    def close(self) -> None:
        """Let go of the engine, which the members share."""
        self.members.close()

    def confirm(self) -> None:
        """Wait until what was written here is on the disks of the set's nodes.

        Raises: OutcomeUnknown where it is on too few.
        """
        self._insist(self._engine.confirm)

    # where the cell leaves ----------------------------------------------------------------------

    def rows(self, after: HeadRow) -> Iterator[list[Raw]]:
        """Yield the rows after a head, each held against the one before it, a commit at a time.

        Raises: JournalDamaged at a row that is not what was written.
        """
        sequence, digest = after.sequence, after.hash
        waiting: list[Raw] = []
        size = 0
        while True:
            found = self._engine.execute(
                f"select {FIELDS}, body from ledger_journal where cell=? and sequence>?"
                f" order by sequence limit {_ROWS_READ}",
                (self.cell, sequence),
            )
            for raw in found:
                entry = self._entry(raw)
                follows = (entry.sequence, entry.previous_hash) == (sequence + 1, digest)
                if not follows or entry.digest() != entry.hash:
                    what = f"Row {sequence + 1} is not what was written: restore the journal first."
                    raise JournalDamaged(what, sequence=sequence + 1)
                if waiting and size + len(raw[-1]) > _BYTES_A_COMMIT:
                    yield waiting
                    waiting, size = [], 0
                waiting.append(raw)
                size += len(raw[-1])
                sequence, digest = entry.sequence, entry.hash
            if len(found) < _ROWS_READ:
                break
        if waiting:
            yield waiting

    @staticmethod
    def place_of(raw: Raw) -> tuple[int, bytes]:
        """Return the sequence and the hash of a row."""
        named = dict(zip(_NAMES, raw, strict=False))
        return int(named["sequence"]), bytes(named["hash"])

    def point_to(self, place: str, writer: Member, others: Sequence[Member] = ()) -> None:
        """Tell whoever asks here where the cell is reached on the set at `place`.

        others: who stands by there, so that one dead address does not lead nowhere.
        """
        name = _named(MOVED, place)
        signs = {name: writer} | {f"{name} ({n})": one for n, one in enumerate(others, 2)}
        for holder, one in signs.items():
            self.members.announce(
                holder,
                http=one.http,
                flight=one.flight,
                sequence=one.sequence,
                now_ns=FOR_EVER_NS,
            )
        self._forget_signposts(but=set(signs))

    def _forget_signposts(self, *, but: Collection[str]) -> None:
        for one in self.members.all():
            if one.cell == self.cell and one.is_signpost and one.holder not in but:
                self.members.leave(one.holder)

    def seal(self, epoch: int, place: str) -> None:
        """End the journal here for good: nobody writes it after this. Raises: Fenced."""
        self.pass_on(epoch, _named(MOVED, place), FOR_EVER_NS)

    def left_for(self, place: str) -> bool:
        """Tell whether the cell has moved to the set at `place`."""
        return self.end().holder == _named(MOVED, place)

    # where the cell arrives ---------------------------------------------------------------------

    def expect(self, place: str, share: Share | None = None) -> HeadRow:
        """Make room for a cell that comes from the set at `place`; return what is here of it.

        A cell that left from here comes back to the rows that it left.  share: what it has of its
        home, where that was split.

        Raises: MoveRefused where the cell is here for another reason.
        """
        holder = _named(ARRIVING, place)

        def act() -> None:
            with self._engine.transaction():
                seen = self.head()
                if seen is None:
                    self._engine.execute(
                        "insert into ledger_cell values (?, ?, ?, ?, ?, ?, ?, ?)",
                        (self.cell, 0, holder, FOR_EVER_NS, 0, GENESIS, 0, 0),
                    )
                elif seen.has_moved:
                    self._engine.execute(
                        "update ledger_cell set holder=? where cell=? and epoch=?",
                        (holder, self.cell, seen.epoch),
                    )
                    self._guard(seen.epoch)
                elif seen.holder != holder:
                    raise MoveRefused(
                        f"Cell {self.cell} is there already: {seen.holder or 'nobody'} has its"
                        f" lease at row {seen.sequence}. Its processes are to start once the move"
                        " has begun; choose an empty database.",
                        cell=self.cell,
                        holder=seen.holder,
                    )
                self._shared_out(share)

        self._insist(act)
        return self.end()

    def _shared_out(self, share: Share | None) -> None:
        if share is not None and share.depth:
            share_out(self._engine, self.cell, share)

    def point_back(self, place: str, kin: Sequence[Member]) -> None:
        """Tell whoever asks here of the cells of the same home that stay on the set at `place`."""
        for one in kin:
            with self._engine.transaction():
                share_out(self._engine, one.cell, one.serves)
            Members(self._engine, one.cell).announce(
                _named(MOVED, place),
                http=one.http,
                flight=one.flight,
                sequence=one.sequence,
                now_ns=FOR_EVER_NS,
            )

    def end(self) -> HeadRow:
        """Return how far the journal is here, as the whole set knows it. Raises: MoveRefused."""
        found = self.head(is_latest=True)
        if found is None:
            raise MoveRefused(f"There is no cell {self.cell} on {self.place}.", cell=self.cell)
        return found

    def take_in(self, rows: Sequence[Raw], after: HeadRow) -> None:
        """Add rows to a cell that is arriving. Raises: MoveRefused where another move does too."""
        last = dict(zip(_NAMES, rows[-1], strict=False))

        def act() -> None:
            with self._engine.transaction():
                self._engine.execute(
                    "update ledger_cell set head_sequence=?, head_hash=?, head_timestamp=?"
                    " where cell=? and holder=? and head_sequence=?",
                    (
                        last["sequence"],
                        last["hash"],
                        last["timestamp_last"],
                        self.cell,
                        after.holder,
                        after.sequence,
                    ),
                )
                if not self._engine.changed():
                    self._check_done(last["sequence"], bytes(last["hash"]))
                    return  # the answer to this very step was lost
                for row in rows:
                    self._engine.prepared(INSERT, (self.cell, *row))

        self._insist(act)

    def _check_done(self, sequence: int, digest: bytes) -> None:
        head = self.head()
        if head is None or (head.sequence, head.hash) != (sequence, digest):
            raise MoveRefused(f"Another process moves cell {self.cell} too: let it end.")

    def open_for(
        self, holder: str, left: HeadRow, expires_at: int, share: Share | None = None
    ) -> None:
        """Give the lease of a cell that is all here to the process that is to write it.

        left: the head that the cell had when it was sealed where it came from.  share: as then.
        Raises: MoveRefused where the two ends are not the same.
        """

        def act() -> None:
            with self._engine.transaction():
                seen = self.head()
                if seen is not None and not seen.is_barred and seen.epoch > left.epoch:
                    return  # done, and the answer was lost
                is_all = seen is not None and (seen.sequence, seen.hash, seen.is_arriving) == (
                    left.sequence,
                    left.hash,
                    True,
                )
                if seen is None or not is_all:
                    raise MoveRefused(f"The copy of cell {self.cell} does not end as it should.")
                self._engine.execute(
                    "update ledger_cell set epoch=?, holder=?, expires_at=?, allotted_to=?"
                    " where cell=? and epoch=? and head_sequence=?",
                    (
                        left.epoch + 1,
                        holder,
                        expires_at,
                        left.allotted_to,
                        self.cell,
                        seen.epoch,
                        left.sequence,
                    ),
                )
                self._guard(seen.epoch)
                self._shared_out(share)

        self._insist(act)
        self._forget_signposts(but=())  # of a cell that came back


def _named(how: str, place: str) -> str:
    return f"{how}{place}"[:190]  # of the 200 that a holder may have
