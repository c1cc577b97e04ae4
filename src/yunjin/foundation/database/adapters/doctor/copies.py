"""Whether the copies of a set's tables are the same: compared chunk by chunk, slowly.

No two nodes can be read at one instant. So a chunk is read on one node after the other, each time
once the node has what the set had then (wsrep_sync_wait). What is equal is equal. What differs is
read again, several times: a chunk that changes from look to look is being written and is passed
over; one that stays as it is on every node, and is not the same on all, differs.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from yunjin.foundation.database.adapters.doctor.tables import (
    COLUMNS,
    KEYS,
    Key,
    Table,
    tables_of,
)
from yunjin.foundation.database.adapters.galera import NodeServer
from yunjin.foundation.database.domain.doctor.observation import Divergence

LOOKS: Final = 4  # at a chunk that differs
_IN_STEP: Final = "SET SESSION wsrep_sync_wait = 1; SET SESSION TRANSACTION READ ONLY;"
_TEXT_LENGTH: Final = 40
Sums = dict[str, tuple[str, ...]]  # node → rows and checksum


@dataclass(slots=True)
class Report:
    """What came of one pass over all tables."""

    tables: int = 0
    chunks: int = 0
    busy: int = 0  # chunks that were being written at every look
    left_out: list[str] = field(default_factory=list)  # without a key that can be compared
    divergences: list[Divergence] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Chunk:
    table: Table
    after: Key | None
    until: Key | None


class Comparison:
    """Compares all tables of a set once.

    Parameters
    ----------
    nodes : those that are in step; the first one is asked for the tables.
    rows, chunks : of a chunk, and chunks a question.
    pause : waits for so many milliseconds, and longer where the set has much to do.
    """

    def __init__(
        self,
        nodes: Sequence[NodeServer],
        *,
        pause: Callable[[int], None],
        rows: int = 2_000,
        chunks: int = 8,
        pause_ms: int = 200,
    ) -> None:
        self._nodes, self._pause = nodes, pause
        self._rows, self._chunks, self._pause_ms = rows, chunks, pause_ms
        self.report = Report()

    def run(self) -> Report:
        """Compare all tables. Raises: SqlFailed, HostUnreachable where a node goes away."""
        for _ in self.steps():
            self._pause(self._pause_ms)
        return self.report

    def steps(self) -> Iterator[None]:
        """Do some chunks, and yield; the caller decides when to go on."""
        found = self._nodes[0].ask(f"{COLUMNS};\nSELECT '-- keys', '', '';\n{KEYS};")
        at = next(number for number, row in enumerate(found) if row[0] == "-- keys")
        tables, self.report.left_out = tables_of(found[:at], found[at + 1 :])
        for table in tables:
            after: Key | None = None
            while True:
                ends = self._ends(table, after)
                bounds = [after, *ends] if len(ends) == self._chunks else [after, *ends, None]
                self._compare([_Chunk(table, *pair) for pair in pairwise(bounds)])
                yield
                if len(ends) < self._chunks:
                    break
                after = ends[-1]
            self.report.tables += 1

    def _ends(self, table: Table, after: Key | None) -> list[Key]:
        rows = self._nodes[0].ask(table.ends(after, self._rows, self._chunks) + ";")
        return [tuple(row[1:]) for row in sorted(rows, key=lambda row: int(row[0]))]

    def _compare(self, chunks: Sequence[_Chunk]) -> None:
        self.report.chunks += len(chunks)
        for chunk, sums in zip(chunks, self._sums(chunks), strict=True):
            if len(set(sums.values())) > 1:
                self._look_again(chunk, sums)

    def _look_again(self, chunk: _Chunk, before: Sums) -> None:
        for _ in range(LOOKS - 1):
            self._pause(random.randint(1, 2 * self._pause_ms))
            [sums] = self._sums([chunk])
            if len(set(sums.values())) == 1:
                return
            if sums != before:
                self.report.busy += 1
                return
        self.report.divergences.append(
            Divergence(table=chunk.table.title, chunk=_said(chunk), odd=odd_ones(before))
        )

    def _sums(self, chunks: Sequence[_Chunk]) -> list[Sums]:
        """Return the checksums of chunks, read on one node after the other."""
        asked = " UNION ALL ".join(
            one.table.checksum(at, one.after, one.until) for at, one in enumerate(chunks)
        )
        found: list[Sums] = [{} for _ in chunks]
        for node in self._nodes:
            for row in node.ask(f"{_IN_STEP}\n{asked};", wait_s=120):
                found[int(row[0])][node.name] = row[1:]
        return found


def odd_ones(sums: Sums) -> tuple[str, ...]:
    """Return the nodes that are not as more than half of all are; none where no half is."""
    [(most, count)] = Counter(sums.values()).most_common(1)
    if 2 * count <= len(sums):
        return ()
    return tuple(node for node, each in sums.items() if each != most)


def _said(chunk: _Chunk) -> str:
    first = chunk.table.shown(chunk.after)[:_TEXT_LENGTH] if chunk.after is not None else "…"
    last = chunk.table.shown(chunk.until)[:_TEXT_LENGTH] if chunk.until is not None else "…"
    return f"{first} – {last}"
