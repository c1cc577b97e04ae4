"""What is found wrong, in columns; and where keys are among others."""

from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from yunjin.platforms.capability.api.takeover import Finding, FindingKind
from yunjin.platforms.capability.domain.takeover.mapping import Policy
from yunjin.platforms.capability.domain.takeover.reading import Sheet

KEY_MAX: Final = 64
REASON_MAX: Final = 200
KINDS: Final = tuple(FindingKind)
_GOLDEN: Final = np.uint64(0x9E3779B97F4A7C15)
_MIX: Final = np.uint64(0xBF58476D1CE4E5B9)
FINDINGS: Final = pa.schema(
    [
        ("kind", pa.uint8()),  # place in KINDS
        ("file", pa.string()),
        ("row", pa.int64()),
        ("key", pa.string()),
        ("reason", pa.string()),
        ("is_refusing", pa.bool_()),
    ]
)


class Findings:
    """All that was found, and what of it refuses a line or the whole."""

    def __init__(self, policy: Policy) -> None:
        self._policy, self._parts = policy, list[pa.RecordBatch]()
        self.counts: Counter[FindingKind] = Counter()
        self.whole = 0  # findings that refuse the delivery

    def add(self, kind: FindingKind, sheet: Sheet, wrong: Any, key: str, reason: str) -> Any:
        """Take in lines (bool[n]) of a sheet; return which of them are refused (bool[n]).

        key : the column that a line is known by.
        """
        at = np.flatnonzero(wrong)
        if not len(at):
            return wrong
        words = pc.utf8_slice_codeunits(sheet.words(key).take(pa.array(at)), 0, KEY_MAX)
        self._take(kind, sheet.file, sheet.row[at], pc.fill_null(words, ""), reason)
        refuses = self._policy.act(kind) != "tell"
        return wrong if refuses else np.zeros(len(wrong), np.bool_)

    def add_one(self, kind: FindingKind, file: str, row: int, key: str, reason: str) -> None:
        """Take in a line that is in no sheet, or a whole file (row 0)."""
        self._take(kind, file, np.array([row]), pa.array([key[:KEY_MAX]]), reason)

    def _take(self, kind: FindingKind, file: str, rows: Any, keys: Any, reason: str) -> None:
        count, act = len(rows), self._policy.act(kind)
        self.counts[kind] += count
        self.whole += count if act == "whole" else 0
        columns = [
            pa.array(np.full(count, KINDS.index(kind), np.uint8)),
            pa.array([file] * count),
            pa.array(rows, pa.int64()),
            keys,
            pa.array([reason[:REASON_MAX]] * count),
            pa.array(np.full(count, act != "tell")),
        ]
        self._parts.append(pa.RecordBatch.from_arrays(columns, schema=FINDINGS))

    def table(self) -> pa.Table:
        """Return all of it, by file and row."""
        found = pa.Table.from_batches(self._parts, FINDINGS)
        return found.sort_by([("file", "ascending"), ("row", "ascending"), ("kind", "ascending")])


def each(batch: pa.RecordBatch) -> Iterator[Finding]:
    """Yield findings one by one."""
    for row in batch.to_pylist():
        yield Finding(**{**row, "kind": KINDS[row["kind"]]})


def places(keys: pa.Array, among: pa.Array) -> Any:
    """Return where each key is among others (int64[n]); −1 where it is nowhere, or null.

    Where one is there twice, its first place.
    """
    if len(keys) == len(among) and keys.equals(among) and not keys.null_count:
        at = np.arange(len(keys))
        return at if _is_unique(among) else _indexed(keys, among)
    mine, theirs = _hashes(keys), _hashes(among)
    if mine is None or theirs is None or not len(theirs) or len(mine[0]) == 0:
        return _indexed(keys, among)
    if mine[1] != theirs[1]:  # of another length: none is there
        return np.full(len(keys), -1)
    turn = np.argsort(theirs[0], kind="stable")
    ordered = theirs[0][turn]
    at = np.minimum(np.searchsorted(ordered, mine[0]), len(turn) - 1)
    found = np.where(ordered[at] == mine[0], turn[at], -1)
    is_there = found >= 0
    same = pc.equal(keys.filter(pa.array(is_there)), among.take(pa.array(found[is_there])))
    if not pc.all(same).as_py():  # two keys of one hash
        return _indexed(keys, among)
    return found


def repeated(keys: pa.Array) -> Any:
    """Tell which keys were there before (bool[n]); nulls were not."""
    if _is_unique(keys):
        return np.zeros(len(keys), np.bool_)
    first = places(keys, keys) if keys.null_count else _firsts(keys)
    return (first >= 0) & (first < np.arange(len(keys)))


def _firsts(keys: pa.Array) -> Any:
    coded = keys.dictionary_encode().indices.to_numpy()
    _, first, which = np.unique(coded, return_index=True, return_inverse=True)
    return first[which]


def _is_unique(keys: pa.Array) -> bool:
    hashed = _hashes(keys)
    if hashed is None:
        return int(pc.count_distinct(keys).as_py()) == len(keys)
    ordered = np.sort(hashed[0])
    return not (ordered[1:] == ordered[:-1]).any()


def _indexed(keys: pa.Array, among: pa.Array) -> Any:
    at = pc.index_in(keys, value_set=among, skip_nulls=True)
    found = pc.fill_null(at, -1).to_numpy(zero_copy_only=False).astype(np.int64)
    # a value set that has a key twice is a set: its places are those of its distinct keys
    if int(pc.count_distinct(among).as_py()) == len(among):
        return found
    distinct = among.dictionary_encode()
    _, first = np.unique(distinct.indices.to_numpy(zero_copy_only=False), return_index=True)
    at = pc.index_in(keys, value_set=distinct.dictionary, skip_nulls=True)
    found = pc.fill_null(at, -1).to_numpy(zero_copy_only=False).astype(np.int64)
    return np.where(found >= 0, first[np.maximum(found, 0)], -1)


def _hashes(keys: pa.Array) -> tuple[Any, int] | None:
    """Return 64 bits of each key and their length, where all are of one length."""
    if keys.null_count or not len(keys) or keys.type != pa.string():
        return None
    offsets = np.frombuffer(keys.buffers()[1], np.int32)[keys.offset : keys.offset + len(keys) + 1]
    length = int(offsets[1] - offsets[0])
    if length == 0 or int(offsets[-1] - offsets[0]) != length * len(keys):
        return None
    if (np.diff(offsets) != length).any():
        return None
    raw = np.frombuffer(keys.buffers()[2], np.uint8)[int(offsets[0]) : int(offsets[-1])]
    whole = -(-length // 8) * 8
    padded = np.zeros((len(keys), whole), np.uint8)
    padded[:, :length] = raw.reshape(len(keys), length)
    mixed = np.zeros(len(keys), np.uint64)
    with np.errstate(over="ignore"):
        for part in padded.view(np.uint64).T:
            mixed = (mixed ^ part) * _GOLDEN
            mixed = (mixed ^ (mixed >> np.uint64(32))) * _MIX
    return mixed, length
