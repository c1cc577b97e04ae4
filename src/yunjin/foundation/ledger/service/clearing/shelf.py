"""Where batches of crossings stand until their end: rows of the room's table, columns in a blob."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final
from uuid import UUID

import numpy as np
import pyarrow as pa

from yunjin.chassis.persistence import RoomDatabase, instant_us
from yunjin.foundation.ledger.domain.clearing import Crossings
from yunjin.foundation.ledger.store import clearing as store
from yunjin.kernel.errors import Bug

_PACKED: Final = pa.ipc.IpcWriteOptions(compression="lz4")
_REASON: Final = 500
_ROWS_AT_ONCE: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Crossings to one peer that go on together."""

    batch_id: UUID
    peer: int
    columns: Crossings
    at_us: int
    due_us: int
    tries: int = 0
    is_stuck: bool = False
    reason: str = ""


class Shelf:
    """The batches in doubt of one cell. Safe for threads.

    Writes may be done twice, so that a lost answer needs no care: a row that is written again is
    the same, one that is gone stays gone.
    """

    def __init__(self, room: RoomDatabase, cell: int) -> None:
        self._room, self._cell = room, cell

    def now_us(self) -> int:
        """Return the time that ages are told by."""
        return instant_us(self._room.clock.now_ns())

    def keep(self, batch: Batch) -> None:
        """Save a new batch. Raises: Outage, Unknown."""
        self._room.run(lambda work: store.insert(work.connection, self._cell, _row(batch)))

    def tell(self, batch: Batch) -> None:
        """Save how far a batch has come. Raises: Outage, Unknown."""
        row = _row(batch)
        names = ("row_count", "due_us", "tries", "stuck", "reason", "body")
        values = {name: getattr(row, name) for name in names}
        self._update(batch.batch_id, values)

    def put_off(self, batch: Batch) -> None:
        """Save when a batch is to be tried again, and why. Raises: Outage, Unknown."""
        row = _row(batch)
        names = ("due_us", "tries", "reason")
        self._update(batch.batch_id, {name: getattr(row, name) for name in names})

    def _update(self, batch_id: UUID, values: dict[str, Any]) -> None:
        self._room.run(lambda work: store.update(work.connection, self._cell, batch_id, **values))

    def end(self, batch_ids: list[UUID]) -> None:
        """Delete batches whose every crossing has ended. Raises: Outage, Unknown."""
        self._room.run(lambda work: store.delete(work.connection, self._cell, batch_ids))

    def find(self, batch_id: UUID) -> Batch | None:
        """Return a batch in doubt, None where it has ended. Raises: Outage."""
        row = self._read(lambda connection: store.find(connection, self._cell, batch_id))
        return None if row is None else _batch(row)

    def due(self, until_us: int) -> list[tuple[UUID, int]]:
        """Return (batch, peer) of what is due by an instant, in order. Raises: Outage."""
        found: list[tuple[UUID, int]] = self._read(
            lambda connection: store.due(connection, self._cell, until_us)
        )
        return found

    def oldest(self, until_us: int, limit: int) -> list[Batch]:
        """Return batches in doubt since an instant or longer, the oldest first. Raises: Outage."""
        rows = self._read(lambda connection: store.oldest(connection, self._cell, until_us, limit))
        return [_batch(row) for row in rows]

    def all(self) -> Iterator[Batch]:
        """Yield all batches in doubt, few at a time. Raises: Outage."""
        last = UUID(int=0)
        while True:
            rows = self._read(
                partial(store.after, cell=self._cell, batch_id=last, limit=_ROWS_AT_ONCE)
            )
            yield from map(_batch, rows)
            if len(rows) < _ROWS_AT_ONCE:
                return
            last = rows[-1].batch_id

    def totals(self) -> dict[int, tuple[int, int, int]]:
        """Return peer → (batches, rows, since when the oldest, µs). Raises: Outage."""
        found: dict[int, tuple[int, int, int]] = self._read(
            lambda connection: store.totals(connection, self._cell)
        )
        return found

    def _read(self, body: Callable[[Any], Any]) -> Any:
        return self._room.read(body)


def _row(batch: Batch) -> store.Row:
    return store.Row(
        batch_id=batch.batch_id,
        peer=batch.peer,
        row_count=len(batch.columns.id_hi),
        at_us=batch.at_us,
        due_us=batch.due_us,
        tries=batch.tries,
        stuck=int(batch.is_stuck),
        reason=batch.reason[:_REASON].rstrip(),
        body=_packed(batch.columns),
    )


def _batch(row: store.Row) -> Batch:
    columns = _unpacked(row.body)
    if len(columns.id_hi) != row.row_count:
        raise Bug(f"expected {row.row_count} crossings in a batch, was {len(columns.id_hi)}")
    return Batch(
        batch_id=row.batch_id,
        peer=row.peer,
        columns=columns,
        at_us=row.at_us,
        due_us=row.due_us,
        tries=row.tries,
        is_stuck=bool(row.stuck),
        reason=row.reason,
    )


def left_of(batch: Batch, rows: Any, **changed: Any) -> Batch:
    """Return a batch with some of its rows only, and with changes."""
    return replace(batch, columns=batch.columns.rows(rows), **changed)


def _packed(columns: Crossings) -> bytes:
    arrays = [pa.array(column) for column in columns]
    body = pa.RecordBatch.from_arrays(arrays, names=list(Crossings._fields))
    stream = pa.BufferOutputStream()
    with pa.ipc.new_stream(stream, body.schema, options=_PACKED) as writer:
        writer.write_batch(body)
    written: bytes = stream.getvalue().to_pybytes()
    return written


def _unpacked(body: bytes) -> Crossings:
    with pa.ipc.open_stream(body) as stream:
        read = stream.read_next_batch()
    return Crossings(*(np.array(read[name].to_numpy()) for name in Crossings._fields))
