"""The journal: one durable row a batch, the lease that lets one process write, the head."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import pyarrow as pa

from yunjin.foundation.ledger.api import JournalRow
from yunjin.foundation.ledger.domain.codec import GENESIS, Entry
from yunjin.foundation.ledger.errors import Fenced, LeaseHeld
from yunjin.foundation.ledger.store.engine import Engine, typed

_TABLES: Final = (
    """create table if not exists ledger_cell (
      cell INTEGER NOT NULL, epoch BIGINT NOT NULL, holder VARCHAR(200) NOT NULL,
      expires_at BIGINT NOT NULL, head_sequence BIGINT NOT NULL, head_hash BINARY(32) NOT NULL,
      head_timestamp BIGINT NOT NULL, allotted_to BIGINT NOT NULL, PRIMARY KEY (cell))""",
    """create table if not exists ledger_journal (
      cell INTEGER NOT NULL, sequence BIGINT NOT NULL, epoch BIGINT NOT NULL,
      kind VARCHAR(16) NOT NULL, version INTEGER NOT NULL, codec VARCHAR(8) NOT NULL,
      columns_present BIGINT NOT NULL, row_count INTEGER NOT NULL,
      timestamp_first BIGINT NOT NULL, timestamp_last BIGINT NOT NULL,
      previous_hash BINARY(32) NOT NULL, hash BINARY(32) NOT NULL,
      body_bytes INTEGER NOT NULL, body {blob} NOT NULL, PRIMARY KEY (cell, sequence))""",
)


class _Row(NamedTuple):
    """A row of ledger_journal but for its cell and its body, in the order of the table."""

    sequence: int
    epoch: int
    kind: str
    version: int
    codec: str
    columns_present: int
    row_count: int
    timestamp_first: int
    timestamp_last: int
    previous_hash: bytes
    hash: bytes
    body_bytes: int


_FIELDS: Final = ", ".join(_Row._fields)
_OF_ENTRY: Final = [  # what a row has from its entry, under the same name
    name for name in _Row._fields if name not in ("codec", "columns_present", "body_bytes")
]
_PLACES: Final = ", ".join("?" * (len(_Row._fields) + 2))


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


class Journal:
    """The rows of one cell."""

    def __init__(self, engine: Engine, cell: int, *, codec: str = "none") -> None:
        self._engine, self._cell, self._codec = engine, cell, codec
        for table in _TABLES:
            engine.execute(typed(table, engine.kind))

    def head(self) -> HeadRow | None:
        """Return the head row, None before the first writer came."""
        rows = self._engine.execute(
            "select head_sequence, head_hash, head_timestamp, epoch, holder, expires_at,"
            " allotted_to from ledger_cell where cell=?",
            (self._cell,),
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
        self, holder: str, now_ns: int, lease_ns: int, *, dead_holders: Collection[str] = ()
    ) -> int:
        """Take the lease; return the new fencing epoch.

        dead_holders: whose lease need not run out, since their processes are known to be dead.

        Raises: LeaseHeld while another holder's lease runs.
        """
        with self._engine.transaction():
            seen = self.head()
            if seen is None:
                self._engine.execute(
                    "insert into ledger_cell values (?, ?, ?, ?, ?, ?, ?, ?)",
                    (self._cell, 1, holder, now_ns + lease_ns, 0, GENESIS, 0, 0),
                )
                return 1
            if seen.expires_at > now_ns and seen.holder and seen.holder not in dead_holders:
                raise LeaseHeld(
                    f"Cell {self._cell} is written by {seen.holder} (host:process:…). "
                    "Stop that process, or send to it over HTTP or Flight.",
                    holder=seen.holder,
                    epoch=seen.epoch,
                    seconds_left=(seen.expires_at - now_ns) // 1_000_000_000 + 1,
                )
            self._engine.execute(
                "update ledger_cell set epoch=?, holder=?, expires_at=? where cell=? and epoch=?",
                (seen.epoch + 1, holder, now_ns + lease_ns, self._cell, seen.epoch),
            )
            return seen.epoch + 1

    def _guard(self, epoch: int) -> None:
        """Stop the transaction where a newer writer came."""
        if self._engine.changed() == 1:
            return
        now = self.head()
        raise Fenced(
            f"Epoch {epoch} of cell {self._cell} is over.",
            epoch=epoch,
            newer_epoch=now.epoch if now else 0,
            holder=now.holder if now else "",
        )

    def renew(self, epoch: int, expires_at: int) -> None:
        """Lengthen the lease. Raises: Fenced."""
        with self._engine.transaction():
            self._engine.execute(
                "update ledger_cell set expires_at=? where cell=? and epoch=?",
                (expires_at, self._cell, epoch),
            )
            self._guard(epoch)

    def allot(self, epoch: int, count: int, floor: int) -> int:
        """Set account sequences aside; return the first. Raises: Fenced."""
        with self._engine.transaction():
            seen = self.head()
            first = max(seen.allotted_to if seen else 0, floor) + 1
            self._engine.execute(
                "update ledger_cell set allotted_to=? where cell=? and epoch=?",
                (first + count - 1, self._cell, epoch),
            )
            self._guard(epoch)
            return first

    def append(self, entries: list[Entry], epoch: int, expires_at: int) -> None:
        """Make rows durable together with the epoch check and the head.

        Raises: Fenced, WritesStopped, OutcomeUnknown; nothing is written, but for the last.
        """
        with self._engine.transaction():
            last = entries[-1]  # the epoch first: a stale writer's rows would only collide
            self._engine.execute(
                "update ledger_cell set head_sequence=?, head_hash=?, head_timestamp=?,"
                " expires_at=? where cell=? and epoch=?",
                (
                    last.sequence,
                    last.hash,
                    last.timestamp_last,
                    expires_at,
                    self._cell,
                    epoch,
                ),
            )
            self._guard(epoch)
            for entry in entries:
                body = entry.body
                if self._codec != "none":
                    body = pa.compress(body, codec=self._codec, asbytes=True)
                row = _Row(
                    codec=self._codec,
                    columns_present=entry.columns,
                    body_bytes=len(entry.body),
                    **{name: getattr(entry, name) for name in _OF_ENTRY},
                )
                self._engine.execute(
                    f"insert into ledger_journal values ({_PLACES})", (self._cell, *row, body)
                )

    def _entry(self, row: tuple[Any, ...]) -> Entry:
        seen, body = _Row(*row[:-1]), bytes(row[-1])
        if seen.codec != "none":
            size = seen.body_bytes
            body = pa.decompress(body, decompressed_size=size, codec=seen.codec, asbytes=True)
        return Entry(
            cell=self._cell,
            columns=seen.columns_present,
            body=body,
            **{name: getattr(seen, name) for name in _OF_ENTRY},
        )

    def read(self, sequence: int) -> Entry | None:
        """Return one row, None where there is none."""
        rows = self._engine.execute(
            f"select {_FIELDS}, body from ledger_journal where cell=? and sequence=?",
            (self._cell, sequence),
        )
        return self._entry(rows[0]) if rows else None

    def scan(self, after: int, *, chunk: int = 16) -> Iterator[Entry]:
        """Yield the rows after a sequence, in order."""
        while True:
            rows = self._engine.execute(
                f"select {_FIELDS}, body from ledger_journal where cell=? and sequence>?"
                f" order by sequence limit {chunk}",
                (self._cell, after),
            )
            for row in rows:
                yield self._entry(row)
            if len(rows) < chunk:
                return
            after = rows[-1][0]

    def page(self, before: int | None, limit: int) -> list[JournalRow]:
        """Return rows without their bodies, newest first."""
        rows = self._engine.execute(
            f"select {_FIELDS} from ledger_journal where cell=? and sequence<?"
            f" order by sequence desc limit {limit:d}",
            (self._cell, before if before is not None else 2**62),
        )
        return [_shown(_Row(*row)) for row in rows]

    def free(self, epoch: int) -> None:
        """Give the lease back."""
        with self._engine.transaction():
            self._engine.execute(
                "update ledger_cell set expires_at=0, holder='' where cell=? and epoch=?",
                (self._cell, epoch),
            )

    def close(self) -> None:
        """Let go of the engine."""
        self._engine.close()


def _shown(row: _Row) -> JournalRow:
    """Return a row as people see it."""
    shown = row._asdict() | {"previous_hash": row.previous_hash.hex(), "hash": row.hash.hex()}
    del shown["columns_present"]
    return JournalRow(**shown)
