"""What the platters hold: a model of a disk that keeps its promises about syncs and no others.

A synced write stays. Of everything since a file's last sync any part may be there, in any order,
torn at 512-byte sectors; a directory entry that was never synced may be missing or back again.
"""

import itertools
import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from yunjin.chassis.persistence.faulty_disk.trace import Record

SECTOR_BYTES: Final = 512
Manner = Literal["drop", "keep", "prefix", "shuffle"]
MANNERS: Final[dict[Manner, int]] = {"drop": 3, "keep": 1, "prefix": 3, "shuffle": 3}  # weights


@dataclass(slots=True)
class _File:
    """A file: what is safe for certain, and what is on its way, oldest first."""

    durable: bytearray = field(default_factory=bytearray)
    pending: list[Record] = field(default_factory=list)


def _apply(content: bytearray, change: Record) -> None:
    if change.kind == "truncate":
        del content[change.offset :]
        content.extend(bytes(change.offset - len(content)))
    else:
        end = change.offset + len(change.data)
        content.extend(bytes(max(0, end - len(content))))
        content[change.offset : end] = change.data


def _sectors(change: Record) -> list[Record]:
    """Cut a write at the sectors' edges; each part reaches the platter whole or not at all."""
    if change.kind != "write":
        return [change]
    start, end = change.offset, change.offset + len(change.data)
    edges = [start, *range(start - start % SECTOR_BYTES + SECTOR_BYTES, end, SECTOR_BYTES), end]
    return [
        Record("write", change.file, low, change.data[low - start : high - start])
        for low, high in itertools.pairwise(edges)
    ]


class Disk:
    """Take the records of a trace in order, then tell what a power cut would leave behind.

    Parameters
    ----------
    seed : decides every fate (what a failed sync dropped, what a cut keeps); same seed, same disk.
    """

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)
        self._files: dict[int, _File] = {}
        self._entries: dict[str, int] = {}  # as programs see them
        self._entries_durable: dict[str, int] = {}
        self._entry_changes: list[tuple[str, int | None]] = []

    def take(self, record: Record) -> None:
        """Let one change happen."""
        match record.kind:
            case "base":
                self._open(record.file, _File(bytearray(record.data)))
                self._entries_durable[record.file] = self._entries[record.file]
            case "create":
                self._open(record.file, _File())
                self._entry_changes.append((record.file, self._entries[record.file]))
            case "write" | "truncate":
                self._file(record).pending.append(record)
            case "sync":
                self._sync(self._file(record))
            case "sync-failed":
                file = self._file(record)
                kept = self._chance.choice((0.0, 0.5, 1.0))
                file.pending = [one for one in file.pending if self._chance.random() < kept]
            case "sync-directory":
                self._settle_entries(str(Path(record.file).parent))
            case "delete":
                self._entries.pop(record.file, None)
                self._entry_changes.append((record.file, None))
            case "note":
                pass

    def after_cut(self, manner: Manner | None = None) -> dict[str, bytes]:
        """Return what every file holds after the power failed now, by path.

        Parameters
        ----------
        manner : what becomes of un-synced changes. None: each file's and each entry's own chance.
        """
        entries = dict(self._entries_durable)
        for path, number in self._entry_changes:
            happened = manner == "keep" or (manner != "drop" and self._chance.random() < 0.5)
            if not happened:
                continue
            if number is None:
                entries.pop(path, None)
            else:
                entries[path] = number
        return {path: self._content(self._files[n], manner) for path, n in sorted(entries.items())}

    def _open(self, path: str, file: _File) -> None:
        self._entries[path] = len(self._files)
        self._files[len(self._files)] = file

    def _file(self, record: Record) -> _File:
        return self._files[self._entries[record.file]]

    @staticmethod
    def _sync(file: _File) -> None:
        for change in file.pending:
            _apply(file.durable, change)
        file.pending.clear()

    def _settle_entries(self, folder: str) -> None:
        waiting = []
        for path, number in self._entry_changes:
            if str(Path(path).parent) != folder:
                waiting.append((path, number))
            elif number is None:
                self._entries_durable.pop(path, None)
            else:
                self._entries_durable[path] = number
        self._entry_changes = waiting

    def _content(self, file: _File, manner: Manner | None) -> bytes:
        content = bytearray(file.durable)
        if manner is None:
            [manner] = self._chance.choices(list(MANNERS), list(MANNERS.values()))
        for change in self._surviving(file.pending, manner):
            _apply(content, change)
        return bytes(content)

    def _surviving(self, pending: list[Record], manner: Manner) -> Iterable[Record]:
        """Choose which sectors of the un-synced changes arrived, and in which order."""
        if manner == "drop" or not pending:
            return []
        if manner == "keep":
            return pending
        if manner == "prefix":
            last = self._chance.randrange(len(pending))
            torn = _sectors(pending[last])
            return [*pending[:last], *torn[: self._chance.randrange(len(torn) + 1)]]
        parts = [part for change in pending for part in _sectors(change)]
        arrived = [part for part in parts if self._chance.random() < 0.5]
        self._chance.shuffle(arrived)
        return arrived


def cut(
    records: Iterable[Record], folder: Path, into: Path, *, seed: int, manner: Manner | None = None
) -> list[bytes]:
    """Write what the files of `folder` hold after a power cut at the end of `records`.

    Parameters
    ----------
    records : a trace, or its first part.
    folder : where the traced program kept its files; deeper folders keep their place.
    into : a folder for the result, made if need be; traced files that did not survive are removed.

    Returns: the notes before the cut, oldest first: what had been acknowledged.
    """
    disk, notes, seen = Disk(seed), [], set()
    for record in records:
        disk.take(record)
        seen.add(record.file)
        if record.kind == "note":
            notes.append(record.data)
    survivors = disk.after_cut(manner)
    into.mkdir(parents=True, exist_ok=True)
    for path in sorted(seen - {""}):
        target = into / Path(path).relative_to(folder)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        Path(f"{target}-shm").unlink(missing_ok=True)  # memory of the machine that went down
        if path in survivors:
            target.write_bytes(survivors[path])
    return notes
