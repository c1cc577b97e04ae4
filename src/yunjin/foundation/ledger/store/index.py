"""What can be worked out from the journal and is kept to save the work: snapshots and runs.

A run is a table in pages that are found by their first key, written once and never changed: the
ids of a generation of transfers, the fates of settled holds (both on shelves by their hash, so
that nothing has to be sorted), the lines of account histories. All of it may be deleted; the
ledger then reads its whole journal when it opens. What is kept carries a checksum: an id that a
flipped bit made unknown would be posted twice.
"""

import json
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, NamedTuple

import numpy as np

from yunjin.foundation.ledger.errors import Fenced, WritesStopped
from yunjin.foundation.ledger.kernels import ENTRY, find_on_page, shelves_of
from yunjin.foundation.ledger.store.engine import Engine, typed
from yunjin.foundation.ledger.store.planes import packed, unpacked

ID: Final = np.dtype([("hi", "u8"), ("lo", "u8"), ("value", "i8")])
FORMAT: Final = 4
PAGE: Final = 4_096
PAGES_A_COMMIT: Final = 4  # 256 KiB: whoever syncs the journal meanwhile waits for no more
PART_BYTES: Final = 1 << 20  # of an array, packed to about as much
_TABLES: Final = (
    """create table if not exists ledger_checkpoint (
      cell INTEGER NOT NULL, sequence BIGINT NOT NULL, state {blob} NOT NULL,
      PRIMARY KEY (cell, sequence))""",
    """create table if not exists ledger_snapshot (
      cell INTEGER NOT NULL, sequence BIGINT NOT NULL, name VARCHAR(16) NOT NULL,
      part INTEGER NOT NULL, size INTEGER NOT NULL, body {blob} NOT NULL,
      PRIMARY KEY (cell, sequence, name, part))""",
    """create table if not exists ledger_run (
      cell INTEGER NOT NULL, kind VARCHAR(8) NOT NULL, run BIGINT NOT NULL,
      first_key BINARY(16) NOT NULL, page INTEGER NOT NULL, body {blob} NOT NULL,
      PRIMARY KEY (cell, kind, run, first_key, page))""",
    """create table if not exists ledger_index (
      cell INTEGER NOT NULL, owner VARCHAR(200) NOT NULL, PRIMARY KEY (cell))""",
)
_CRC_BYTES: Final = 4
Run = tuple[str, Any]  # ("ids" | "fates", USED) or ("history", ENTRY), in the order of time


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A state of the cell right after one journal row."""

    sequence: int
    hash: str
    state: dict[str, Any]


class IndexDamaged(WritesStopped):
    """What is kept is not what was written; it can be made again from the journal."""


class _Contents(NamedTuple):
    """The first key of each page of a run, in order of pages."""

    high: Any  # int64[pages], shelf or account
    low: Any  # int64[pages], 0 or timestamp

    def key(self, number: int) -> bytes:
        """Return the first key of a page, nothing beyond the last page."""
        return _key(self.high[number], self.low[number]) if number < len(self.high) else b""

    def first_from(self, high: int, low: int) -> int:
        """Return the number of the first page whose key is not before (high, low)."""
        start, end = (int(np.searchsorted(self.high, high, side)) for side in _SIDES)
        return start + int(np.searchsorted(self.low[start:end], low))


_SIDES: Final[tuple[Any, Any]] = ("left", "right")


def _key(high: int, low: int) -> bytes:
    return int(high).to_bytes(8, "big") + int(low).to_bytes(8, "big")


def _signed(name: bytes, body: bytes) -> bytes:
    """Put a checksum over the body, and over what it is stored under, before it."""
    return zlib.crc32(body, zlib.crc32(name)).to_bytes(_CRC_BYTES, "big") + body


def _checked(name: bytes, kept: bytes, what: str) -> bytes:
    """Return the body that `_signed` was given. Raises: IndexDamaged."""
    body = bytes(kept[_CRC_BYTES:])
    if _signed(name, body) != kept:
        raise _damaged(what)
    return body


def _damaged(what: str) -> IndexDamaged:
    return IndexDamaged(
        f"{what} in the index is not what was written. Stop, delete the cell's index files"
        " (…index.db…), start: they are made again from the journal."
    )


def _snapshot_key(sequence: int, name: str, part: int) -> bytes:
    return f"{sequence}|{name}|{part}".encode()


def _page_key(kind: str, run: int, number: int, key: bytes, next_key: bytes) -> bytes:
    """Name a page by its place: a key that was changed must not send a search astray."""
    return f"{kind}|{run}|{number}|".encode() + key + next_key


def _crc(state: dict[str, Any]) -> int:
    return zlib.crc32(json.dumps(state).encode())


def _shelves(hi: Any, lo: Any) -> Any:
    found = np.empty(len(hi), np.uint16)
    shelves_of(hi, lo, found)
    return found


def _kept(used: Any) -> Any:
    rows = np.empty(len(used), ID)
    rows["hi"], rows["lo"], rows["value"] = used["hi"], used["lo"], used["position"]
    return rows


def _shelved(rows: Any) -> tuple[Any, list[int], list[bytes]]:
    """Put ids in the order of their shelves; no shelf is divided between pages.

    Returns (the order, where pages start in it, the first key of each).
    """
    shelves = _shelves(rows["hi"], rows["lo"])
    order = np.argsort(shelves, kind="stable")
    shelves = shelves[order]
    starts = np.unique(np.searchsorted(shelves, shelves[::PAGE])).tolist()
    return order, starts, [_key(shelves[start], 0) for start in starts]


def _by_account(rows: Any) -> tuple[Any, list[int], list[bytes]]:
    """Put lines in the order of account and time; returns what `_shelved` returns."""
    order = np.arange(len(rows))
    for shift in range(0, 64, 16):  # NumPy sorts 16 bits in a pass
        digit = (rows["account"] >> shift).astype(np.uint16)
        if (digit != digit[0]).any():
            order = order[np.argsort(digit[order], kind="stable")]
    starts = list(range(0, len(rows), PAGE))
    first = rows[order[starts]]
    return order, starts, [_key(row["account"], row["timestamp"]) for row in first]


class Index:
    """Checkpoints and runs of one cell."""

    def __init__(self, engine: Engine, cell: int) -> None:
        self._engine, self._cell = engine, cell
        self._owner = ""
        for table in _TABLES:
            engine.execute(typed(table, engine.kind))
        self._contents = lru_cache(maxsize=1024)(self._read_contents)
        self._page = lru_cache(maxsize=64)(self._read_page)

    def own(self, owner: str) -> None:
        """Take the index over from whoever wrote it before; its unfinished work is deleted.

        A run that a dead process left half-written must not be mixed with the pages of a later
        one of the same number, and a process that was only asleep must not go on writing.
        """
        self._owner, latest = owner, self.latest()
        done = latest.sequence if latest is not None else 0
        with self._engine.transaction():
            self._engine.execute("replace into ledger_index values (?, ?)", (self._cell, owner))
        for table, number in (("ledger_run", "run"), ("ledger_snapshot", "sequence")):
            with self._writing():
                self._engine.execute(
                    f"delete from {table} where cell=? and {number}>?", (self._cell, done)
                )

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Open a transaction of the owner's. Raises: Fenced, WritesStopped."""
        with self._engine.transaction():
            found = self._engine.execute(
                "select owner from ledger_index where cell=? and owner=?"
                + (" for update" if self._engine.kind == "mysql" else ""),
                (self._cell, self._owner),
            )
            if not found:
                raise Fenced(f"The index of cell {self._cell} was taken over by a newer writer.")
            yield

    def latest(self) -> Checkpoint | None:
        """Return the newest checkpoint; one that cannot be read is forgotten with all the rest."""
        rows = self._engine.execute(
            "select sequence, state from ledger_checkpoint where cell=?"
            " order by sequence desc limit 1",
            (self._cell,),
        )
        if not rows:
            return None
        try:
            kept = json.loads(rows[0][1])
            if kept["format"] == FORMAT and kept["crc"] == _crc(kept["state"]):
                state = kept["state"]
                return Checkpoint(sequence=rows[0][0], hash=state["hash"], state=state)
        except (ValueError, KeyError):
            pass
        self.forget()
        return None

    def drop(self, sequence: int) -> None:
        """Give a checkpoint up, for the one before it; what came with it goes at `own`."""
        with self._writing():
            self._engine.execute(
                "delete from ledger_checkpoint where cell=? and sequence=?", (self._cell, sequence)
            )
        self._contents.cache_clear()
        self._page.cache_clear()

    def forget(self) -> None:
        """Delete everything, the checkpoints last: where this is broken off, it is done again."""
        for table in ("ledger_run", "ledger_snapshot", "ledger_checkpoint"):
            with self._engine.transaction():
                self._engine.execute(f"delete from {table} where cell=?", (self._cell,))
        self._contents.cache_clear()
        self._page.cache_clear()

    def load(self, sequence: int, name: str, dtype: Any) -> Any:
        """Return one array of a checkpoint. Raises: IndexDamaged."""
        parts = self._engine.execute(
            "select size, body from ledger_snapshot where cell=? and sequence=? and name=?"
            " order by part",
            (self._cell, sequence, name),
        )
        found = [np.zeros(0, dtype)]
        for part, (count, kept) in enumerate(parts):
            body = _checked(_snapshot_key(sequence, name, part), bytes(kept), "A snapshot")
            found.append(unpacked(body, count, dtype))
        return np.concatenate(found)

    def save(self, checkpoint: Checkpoint, arrays: dict[str, Any], runs: list[Run]) -> None:
        """Write a checkpoint, its arrays and runs; the one before it is kept, older ones go.

        The checkpoint's own row is written last: without it the rest does not count.
        Raises: Fenced, WritesStopped, OutcomeUnknown.
        """
        sequence = checkpoint.sequence
        for name, array in arrays.items():
            rows = PART_BYTES // array.dtype.itemsize
            for part, start in enumerate(range(0, len(array), rows)):
                piece = array[start : start + rows]
                kept = _signed(_snapshot_key(sequence, name, part), packed(piece))
                with self._writing():
                    self._insert(
                        "ledger_snapshot", (self._cell, sequence, name, part, len(piece), kept)
                    )
        for kind, rows in runs:
            self._write_run(kind, sequence, rows)
        state = {"format": FORMAT, "crc": _crc(checkpoint.state), "state": checkpoint.state}
        with self._writing():
            self._insert("ledger_checkpoint", (self._cell, sequence, json.dumps(state).encode()))
            old = self._engine.execute(
                "select sequence from ledger_checkpoint where cell=? and sequence<?"
                " order by sequence desc limit 1",
                (self._cell, sequence),
            )
            for table in ("ledger_checkpoint", "ledger_snapshot") if old else ():
                self._engine.execute(
                    f"delete from {table} where cell=? and sequence<?", (self._cell, old[0][0])
                )

    def _insert(self, table: str, values: tuple[Any, ...]) -> None:
        self._engine.execute(f"insert into {table} values ({', '.join('?' * len(values))})", values)

    def _write_run(self, kind: str, run: int, rows: Any) -> None:
        order, starts, keys = (_by_account if kind == "history" else _shelved)(rows)
        bounds = zip(keys, [*keys[1:], b""], starts, [*starts[1:], len(rows)], strict=True)
        pages = list(enumerate(bounds))
        for first in range(0, len(pages), PAGES_A_COMMIT):
            with self._writing():
                for number, (key, following, start, end) in pages[first : first + PAGES_A_COMMIT]:
                    page = rows.take(order[start:end])  # seven times as fast as an index
                    if kind != "history":
                        page = _kept(page)
                    name = _page_key(kind, run, number, key, following)
                    kept = _signed(name, (end - start).to_bytes(4, "big") + packed(page))
                    self._insert("ledger_run", (self._cell, kind, run, key, number, kept))

    # reading ------------------------------------------------------------------------------------

    def _read_contents(self, kind: str, run: int) -> _Contents:
        """Return where the pages of a run begin. Raises: IndexDamaged."""
        rows = self._engine.execute(
            "select first_key, page from ledger_run where cell=? and kind=? and run=?"
            " order by first_key, page",
            (self._cell, kind, run),
        )
        if not rows or [number for _, number in rows] != list(range(len(rows))):
            raise _damaged(f"Run {run} of {kind}")
        keys = np.frombuffer(b"".join(bytes(key) for key, _ in rows), ">i8").astype(np.int64)
        return _Contents(keys[::2].copy(), keys[1::2].copy())

    def _read_page(self, kind: str, run: int, number: int) -> Any:
        """Return a page of a run. Raises: IndexDamaged."""
        contents = self._contents(kind, run)
        key, following = contents.key(number), contents.key(number + 1)
        found = self._engine.execute(
            "select body from ledger_run where cell=? and kind=? and run=? and first_key=?"
            " and page=?",
            (self._cell, kind, run, key, number),
        )
        kept = bytes(found[0][0]) if found else b""
        name = _page_key(kind, run, number, key, following)
        raw = _checked(name, kept, f"Page {number} of run {run}")
        count, dtype = int.from_bytes(raw[:4], "big"), ENTRY if kind == "history" else ID
        return unpacked(raw[4:], count, dtype)

    def find(self, kind: str, run: int, hi: Any, lo: Any) -> Any:
        """Return the values (int64[n]) kept under ids in one run, -1 where it has none."""
        found, starts = np.full(len(hi), -1, np.int64), self._contents(kind, run).high
        pages = np.searchsorted(starts, _shelves(hi, lo), side="right") - 1
        for number in np.unique(pages[pages >= 0]):
            mine = np.flatnonzero(pages == number)
            values = found[mine]
            find_on_page(self._page(kind, run, int(number)), hi[mine], lo[mine], values)
            found[mine] = values
        return found

    def history(
        self, run: int, account: int, start: int, end: int, *, newest_first: bool = False
    ) -> Iterator[Any]:
        """Yield pages of an account's lines in one run, start ≤ timestamp < end, in order of time.

        Lines within a page are oldest first either way.
        """
        contents = self._contents("history", run)
        first = max(contents.first_from(account, start) - 1, 0)
        numbers = range(first, contents.first_from(account, max(start, end)))
        for number in reversed(numbers) if newest_first else numbers:
            page = self._page("history", run, number)
            inside = page["account"] == account
            inside &= (page["timestamp"] >= start) & (page["timestamp"] < end)
            if inside.any():
                yield page[inside]

    def close(self) -> None:
        """Let go of the engine."""
        self._engine.close()
