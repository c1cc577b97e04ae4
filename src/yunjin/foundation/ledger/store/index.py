"""What can be worked out from the journal and is kept to save the work: snapshots and runs.

A run is a table in pages that are found by their first key, written once and never changed: the
ids of a generation of transfers, the fates of settled holds (both on shelves by their hash, so
that nothing has to be sorted), the lines of account histories. All of it may be deleted; the
ledger then reads its whole journal when it opens.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np
import pyarrow as pa

from yunjin.foundation.ledger.kernels import ENTRY, find_on_page, shelves_of
from yunjin.foundation.ledger.store.engine import Engine, typed

ID: Final = np.dtype([("hi", "u8"), ("lo", "u8"), ("value", "i8")])
FORMAT: Final = 2
PAGE: Final = 4_096
PAGES_A_COMMIT: Final = 16
PART_BYTES: Final = 4 << 20
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
)
Run = tuple[str, Any]  # ("ids" | "fates", USED) or ("history", ENTRY), in the order of time


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A state of the cell right after one journal row."""

    sequence: int
    hash: str
    state: dict[str, Any]


def _key(high: int, low: int) -> bytes:
    return int(high).to_bytes(8, "big") + int(low).to_bytes(8, "big")


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
        for table in _TABLES:
            engine.execute(typed(table, engine.kind))
        self._starts = lru_cache(maxsize=1024)(self._read_starts)
        self._page = lru_cache(maxsize=64)(self._read_page)

    def latest(self) -> Checkpoint | None:
        """Return the newest checkpoint."""
        rows = self._engine.execute(
            "select sequence, state from ledger_checkpoint where cell=?"
            " order by sequence desc limit 1",
            (self._cell,),
        )
        if not rows:
            return None
        state = json.loads(rows[0][1])
        if state.get("format") != FORMAT:
            self._forget()
            return None
        return Checkpoint(sequence=rows[0][0], hash=state["hash"], state=state)

    def _forget(self) -> None:
        """Delete all that was worked out by code of another format."""
        for table in ("ledger_checkpoint", "ledger_snapshot", "ledger_run"):
            with self._engine.transaction():
                self._engine.execute(f"delete from {table} where cell=?", (self._cell,))

    def load(self, sequence: int, name: str) -> bytes:
        """Return one array of a checkpoint."""
        parts = self._engine.execute(
            "select size, body from ledger_snapshot where cell=? and sequence=? and name=?"
            " order by part",
            (self._cell, sequence, name),
        )
        return b"".join(
            pa.decompress(bytes(body), decompressed_size=size, codec="zstd", asbytes=True)
            for size, body in parts
        )

    def save(self, checkpoint: Checkpoint, arrays: dict[str, Any], runs: list[Run]) -> None:
        """Write a checkpoint, its arrays and runs; the one before it is kept, older ones go.

        The checkpoint's own row is written last: without it the rest does not count.
        """
        sequence = checkpoint.sequence
        for name, array in arrays.items():
            raw = np.ascontiguousarray(array).view(np.uint8).reshape(-1)
            for part, start in enumerate(range(0, len(raw), PART_BYTES)):
                piece = raw[start : start + PART_BYTES]
                body = pa.compress(pa.py_buffer(piece), codec="zstd", asbytes=True)
                self._insert(
                    "ledger_snapshot", (self._cell, sequence, name, part, len(piece), body)
                )
        for kind, rows in runs:
            self._write_run(kind, sequence, rows)
        with self._engine.transaction():
            self._engine.execute(
                "insert into ledger_checkpoint values (?, ?, ?)",
                (self._cell, sequence, json.dumps({"format": FORMAT, **checkpoint.state}).encode()),
            )
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
        with self._engine.transaction():
            self._engine.execute(
                f"replace into {table} values ({', '.join('?' * len(values))})", values
            )

    def _write_run(self, kind: str, run: int, rows: Any) -> None:
        order, starts, keys = (_by_account if kind == "history" else _shelved)(rows)
        pages = list(zip(range(len(keys)), keys, starts, [*starts[1:], len(rows)], strict=True))
        for first in range(0, len(pages), PAGES_A_COMMIT):
            with self._engine.transaction():
                for number, key, start, end in pages[first : first + PAGES_A_COMMIT]:
                    page = rows.take(order[start:end])  # seven times as fast as an index
                    if kind != "history":
                        page = _kept(page)
                    body = pa.compress(page.tobytes(), codec="zstd", asbytes=True)
                    self._engine.execute(
                        "replace into ledger_run values (?, ?, ?, ?, ?, ?)",
                        (
                            self._cell,
                            kind,
                            run,
                            key,
                            number,
                            (end - start).to_bytes(4, "big") + body,
                        ),
                    )

    def _read_page(self, kind: str, run: int, key: bytes, order: str) -> Any | None:
        """Return the page whose first key is the last at most `key` (or the first beyond it)."""
        compare, way = ("<=", "desc") if order == "upto" else (">", "asc")
        found = self._engine.execute(
            f"select body from ledger_run where cell=? and kind=? and run=? and first_key{compare}?"
            f" order by first_key {way}, page {way} limit 1",
            (self._cell, kind, run, key),
        )
        if not found:
            return None
        raw = bytes(found[0][0])
        count, dtype = int.from_bytes(raw[:4], "big"), ENTRY if kind == "history" else ID
        body = pa.decompress(
            raw[4:], decompressed_size=count * dtype.itemsize, codec="zstd", asbytes=True
        )
        return np.frombuffer(body, dtype)

    def find(self, kind: str, run: int, hi: Any, lo: Any) -> Any:
        """Return the values (int64[n]) kept under ids in one run, -1 where it has none."""
        found, starts = np.full(len(hi), -1, np.int64), self._starts(kind, run)
        pages = np.searchsorted(starts, _shelves(hi, lo), side="right") - 1
        for number in np.unique(pages[pages >= 0]):
            page: Any = self._page(kind, run, _key(starts[number], 0), "upto")
            mine = np.flatnonzero(pages == number)
            values = found[mine]
            find_on_page(page, hi[mine], lo[mine], values)
            found[mine] = values
        return found

    def _read_starts(self, kind: str, run: int) -> Any:
        """Return the first shelf of each page of a run (uint64[pages])."""
        rows = self._engine.execute(
            "select first_key from ledger_run where cell=? and kind=? and run=? order by first_key",
            (self._cell, kind, run),
        )
        return np.array([int.from_bytes(bytes(key)[:8], "big") for (key,) in rows], np.uint64)

    def history(self, run: int, account: int, start: int, end: int) -> Iterator[Any]:
        """Yield pages of an account's lines in one run, start ≤ timestamp < end, oldest first."""
        key = _key(account, max(start, 0))
        page = self._page("history", run, key, "upto")
        while True:
            if page is not None:
                mine = page["account"] == account
                inside = mine & (page["timestamp"] >= start) & (page["timestamp"] < end)
                if inside.any():
                    yield page[inside]
                if (page["account"] > account).any() or (mine & (page["timestamp"] >= end)).any():
                    return
                key = _key(page["account"][-1], page["timestamp"][-1])
            page = self._page("history", run, key, "after")
            if page is None or page["account"][0] > account:
                return

    def close(self) -> None:
        """Let go of the engine."""
        self._engine.close()
