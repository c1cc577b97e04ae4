"""The journal: one durable row a batch, the lease that lets one process write, the head."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import pyarrow as pa

from yunjin.foundation.ledger.api import JournalRow
from yunjin.foundation.ledger.domain.codec import GENESIS, Entry
from yunjin.foundation.ledger.errors import (
    CellMoved,
    Fenced,
    JournalDamaged,
    LeaseHeld,
    OutcomeUnknown,
    SplitRefused,
)
from yunjin.foundation.ledger.store.engine import Engine, typed
from yunjin.foundation.ledger.store.forks import fork
from yunjin.foundation.ledger.store.insisting import insist, settle
from yunjin.foundation.ledger.store.rows import FIELDS, INSERT, OF_ENTRY, TABLES, Row, shown
from yunjin.kernel.shares import Share

T = TypeVar("T")
FORM: Final = 2  # of the journal: raised where older programs cannot read it; 2: rows of splits
MOVED: Final = "moved to "  # before a set's nodes: has the lease of a cell that left for good
ARRIVING: Final = "arriving from "  # has the lease of a copy until all of the cell is there


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadRow:
    """Where the journal says it ends."""

    sequence: int
    hash: bytes
    timestamp: int
    epoch: int
    holder: str
    expires_at: int
    allotted_to: int

    @property
    def has_moved(self) -> bool:
        """Whether the cell is on another set now."""
        return self.holder.startswith(MOVED)

    @property
    def is_arriving(self) -> bool:
        """Whether the cell is being copied here from another set."""
        return self.holder.startswith(ARRIVING)

    @property
    def is_barred(self) -> bool:
        """Whether nobody may take the lease, however long it was not renewed."""
        return self.has_moved or self.is_arriving


class Journal:
    """The rows of one cell.

    home: in the ids of its accounts; the cell's own number, unless it came of a split.
    """

    def __init__(self, engine: Engine, cell: int, *, codec: str = "none") -> None:
        self._engine, self.cell, self._codec = engine, cell, codec
        for name, table in TABLES.items():
            if not engine.has(
                name
            ):  # a statement of form stops a whole set, even if it does nothing
                engine.execute(typed(table, engine.kind))
        self.home = self.share().home

    def share(self) -> Share:
        """Return what the cell has of its home; all of its own number, if it was never split."""
        found = self._engine.execute(
            "select home, depth, residue from ledger_share where cell=?", (self.cell,)
        )
        return Share(*found[0]) if found else Share(self.cell)

    def head(self, *, is_latest: bool = False) -> HeadRow | None:
        """Return the head row, None before the first writer came.

        is_latest: as the whole set knows it, not only the node that is asked; waits with the set.
        """
        ask = self._engine.latest if is_latest else self._engine.execute
        rows = ask(
            "select head_sequence, head_hash, head_timestamp, epoch, holder, expires_at,"
            " allotted_to from ledger_cell where cell=?",
            (self.cell,),
        )
        if not rows:
            return None
        sequence, digest, at, epoch, holder, expires_at, allotted = rows[0]
        return HeadRow(
            sequence=sequence,
            hash=bytes(digest),
            timestamp=at,
            epoch=epoch,
            holder=holder,
            expires_at=expires_at,
            allotted_to=allotted,
        )

    def acquire(
        self,
        holder: str,
        now_ns: int,
        lease_ns: int,
        *,
        dead_holders: Collection[str] = (),
        over: HeadRow | None = None,
    ) -> int:
        """Take the lease; return the new fencing epoch.

        dead_holders: whose lease need not run out, since their processes are known to be dead.
        over: a lease that was seen to run out; one that was renewed meanwhile is not taken.

        Raises: LeaseHeld while another holder's lease runs.
        """
        epoch = self._insist(
            lambda: self._acquire(holder, now_ns, lease_ns, {"", holder, *dead_holders}, over)
        )
        self._insist(self._engine.confirm)  # of rows too whose writer died before it was sure
        return epoch

    def _acquire(
        self, holder: str, now_ns: int, lease_ns: int, gone: set[str], over: HeadRow | None
    ) -> int:
        with self._engine.transaction():
            seen = self.head()
            if seen is None:
                self._engine.execute(
                    "insert into ledger_cell values (?, ?, ?, ?, ?, ?, ?, ?)",
                    (self.cell, 1, holder, now_ns + lease_ns, 0, GENESIS, 0, 0),
                )
                return 1
            if over is not None:
                is_free = (seen.epoch, seen.expires_at) == (over.epoch, over.expires_at)
            else:
                is_free = seen.expires_at <= now_ns
            if seen.has_moved:
                raise CellMoved(f"Cell {self.cell} has {seen.holder}.", holder=seen.holder)
            if seen.is_arriving or (
                not is_free and seen.holder not in gone
            ):  # ours: the answer to a try was lost
                raise LeaseHeld(
                    f"Cell {self.cell} is written by {seen.holder} (host:process:…). "
                    "Stop that process, or send to it over HTTP or Flight.",
                    holder=seen.holder,
                    epoch=seen.epoch,
                    seconds_left=(seen.expires_at - now_ns) // 1_000_000_000 + 1,
                )
            self._engine.execute(
                "update ledger_cell set epoch=?, holder=?, expires_at=?"
                " where cell=? and epoch=? and expires_at=?",
                (
                    seen.epoch + 1,
                    holder,
                    now_ns + lease_ns,
                    self.cell,
                    seen.epoch,
                    seen.expires_at,
                ),
            )
            self._guard(seen.epoch)  # it was taken, or renewed, between the look and the change
            return seen.epoch + 1

    def _insist(self, act: Callable[[], T]) -> T:
        """Do what may be done twice, again where an outage of a set undid it or hid its end.

        Raises: what `act` raised, once the engine's patience is over.
        """
        return insist(act, patience_s=self._engine.patience_s)

    def _guard(self, epoch: int) -> None:
        """Stop the transaction where a newer writer came."""
        if self._engine.changed() == 1:
            return
        now = self.head()
        raise Fenced(
            f"Epoch {epoch} of cell {self.cell} is over.",
            epoch=epoch,
            newer_epoch=now.epoch if now else 0,
            holder=now.holder if now else "",
        )

    def renew(self, epoch: int, expires_at: int) -> None:
        """Lengthen the lease. Raises: Fenced."""

        def act() -> None:
            with self._engine.transaction():
                self._engine.execute(
                    "update ledger_cell set expires_at=? where cell=? and epoch=?",
                    (expires_at, self.cell, epoch),
                )
                self._guard(epoch)

        self._insist(act)

    def allot(self, epoch: int, count: int, floor: int, share: Share) -> int:
        """Set account sequences of a share aside; return the first. Raises: Fenced, SplitRefused.

        Where an answer was lost, some are set aside that nobody gets.
        """

        def act() -> int:
            with self._engine.transaction():
                seen = self.head()
                first = share.room(max(seen.allotted_to if seen else 0, floor) + 1, count)
                if first is None:
                    raise SplitRefused("A cell that was split gives 1,024 ids at a time at most.")
                self._engine.execute(
                    "update ledger_cell set allotted_to=? where cell=? and epoch=?",
                    (first + count - 1, self.cell, epoch),
                )
                self._guard(epoch)
                return first

        return self._insist(act)

    def append(self, entries: list[Entry], epoch: int, expires_at: int) -> None:
        """Make rows durable together with the epoch check and the head.

        On a set, a node that is lost on the way is nobody's concern: whether the rows became
        durable is asked of another node, and if they did not, they are written again.

        Raises: Fenced, WritesStopped, OutcomeUnknown; nothing is written, but for the last.
        """
        rows = [self._row_of(entry) for entry in entries]
        settle(
            lambda: self._append(entries, rows, epoch, expires_at),
            lambda: self._has(entries[-1]),
            self._engine.confirm,
            patience_s=self._engine.patience_s,
        )

    def _has(self, entry: Entry) -> bool:
        """Tell whether a row is in the journal, asked of a set that lost an answer."""
        found = self._engine.execute(
            "select hash from ledger_journal where cell=? and sequence=?",
            (self.cell, entry.sequence),
        )
        return bool(found) and bytes(found[0][0]) == entry.hash

    def _append(
        self, entries: list[Entry], rows: list[tuple[Any, ...]], epoch: int, expires_at: int
    ) -> None:
        first, last = entries[0], entries[-1]
        with self._engine.transaction():
            # the epoch first: a stale writer's rows would only collide
            self._engine.execute(
                "update ledger_cell set head_sequence=?, head_hash=?, head_timestamp=?,"
                " expires_at=? where cell=? and epoch=? and head_sequence=?",
                (
                    last.sequence,
                    last.hash,
                    last.timestamp_last,
                    expires_at,
                    self.cell,
                    epoch,
                    first.sequence - 1,
                ),
            )
            self._guard(epoch)
            for row in rows:
                self._engine.prepared(INSERT, row)
            for entry in entries:
                if entry.fork is not None:
                    row = self._row_of(entry.fork.entry)[1:]
                    fork(self._engine, self.cell, entry.fork, row, (epoch + 1, expires_at))

    def _row_of(self, entry: Entry) -> tuple[Any, ...]:
        body = entry.body
        if self._codec != "none":
            body = pa.compress(body, codec=self._codec, asbytes=True)
        row = Row(
            codec=self._codec,
            columns_present=entry.columns,
            body_bytes=len(entry.body),
            **{name: getattr(entry, name) for name in OF_ENTRY},
        )
        return (self.cell, *row, body)

    def _entry(self, row: tuple[Any, ...]) -> Entry:
        """Return what a row of the table says. Raises: JournalDamaged where it says nothing."""
        seen = Row(*row[:-1])
        try:
            body = bytes(row[-1])
            if seen.codec != "none":
                size = seen.body_bytes
                body = pa.decompress(body, decompressed_size=size, codec=seen.codec, asbytes=True)
        except (TypeError, ValueError, pa.ArrowException) as error:
            what = f"Row {seen.sequence} is not what was written: {error}."
            raise JournalDamaged(what) from error
        return Entry(
            cell=self.home,
            columns=seen.columns_present,
            body=body,
            **{name: getattr(seen, name) for name in OF_ENTRY},
        )

    def read(self, sequence: int) -> Entry | None:
        """Return one row, None where there is none."""
        rows = self._engine.execute(
            f"select {FIELDS}, body from ledger_journal where cell=? and sequence=?",
            (self.cell, sequence),
        )
        return self._entry(rows[0]) if rows else None

    def scan(self, after: int, *, chunk: int = 16) -> Iterator[Entry]:
        """Yield the rows after a sequence, in order."""
        if not after:
            self.home = self.share().home  # a split may have named it since
        while True:
            rows = self._engine.execute(
                f"select {FIELDS}, body from ledger_journal where cell=? and sequence>?"
                f" order by sequence limit {chunk}",
                (self.cell, after),
            )
            for row in rows:
                yield self._entry(row)
            if len(rows) < chunk:
                return
            after = rows[-1][0]

    def page(self, before: int | None, limit: int) -> list[JournalRow]:
        """Return rows without their bodies, newest first."""
        rows = self._engine.execute(
            f"select {FIELDS} from ledger_journal where cell=? and sequence<?"
            f" order by sequence desc limit {limit:d}",
            (self.cell, before if before is not None else 2**62),
        )
        return [shown(Row(*row)) for row in rows]

    def is_on_disks(self) -> bool:
        """Tell whether all that was read so far would outlive a power cut of the whole set."""
        try:
            self._engine.confirm(was_read=True)
        except OutcomeUnknown:
            return False
        return True

    def pass_on(self, epoch: int, successor: str, expires_at: int) -> None:
        """Put another name into the lease, under an epoch at which nobody writes.

        Raises: Fenced.
        """

        def act() -> None:
            seen = self.head()
            if seen is not None and seen.epoch > epoch and seen.holder == successor:
                return  # it was done, and the answer was lost
            with self._engine.transaction():
                self._engine.execute(
                    "update ledger_cell set epoch=?, holder=?, expires_at=?"
                    " where cell=? and epoch=?",
                    (epoch + 1, successor, expires_at, self.cell, epoch),
                )
                self._guard(epoch)

        self._insist(act)

    def free(self, epoch: int) -> None:
        """Give the lease back."""
        with self._engine.transaction():
            self._engine.execute(
                "update ledger_cell set expires_at=0, holder='' where cell=? and epoch=?",
                (self.cell, epoch),
            )

    def close(self) -> None:
        """Let go of the engine."""
        self._engine.close()
