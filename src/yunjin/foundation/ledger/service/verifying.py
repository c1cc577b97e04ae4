"""Reading the whole journal again: hashes, chain, heads, and that replay gives the balances."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from yunjin.foundation.ledger.api import Finding, Head, VerifyReport
from yunjin.foundation.ledger.kernels import Counter
from yunjin.foundation.ledger.service import checkpoints
from yunjin.foundation.ledger.service.cell import Cell
from yunjin.foundation.ledger.store.files import HeadFile

Progress = Callable[[int, int], None]  # (rows read, rows in all), after every row
_IDS_MAX: Final = 1 << 22


@dataclass(frozen=True, slots=True)
class Seen:
    """What the journal is held against: a cell as its readers see it."""

    head: Head
    fingerprint: str


def head_of(cell: Cell) -> Head:
    """Return where a cell's journal ends."""
    return Head(sequence=cell.sequence, hash=cell.hash.hex(), timestamp_last=cell.last_timestamp)


def seen_of(cell: Cell) -> Seen:
    """Return what the journal of a cell is held against."""
    return Seen(head_of(cell), cell.fingerprint())


def held_against_heads(cell: Cell, apart: tuple[int, bytes, int] | None) -> str:
    """Compare the end of a replayed journal with its head row and the head kept apart from it.

    apart: what HeadFile.read gives.  Returns what is wrong, "" where nothing is.
    """
    head = cell.journal.head()
    if head is not None and (head.sequence, head.hash) != (cell.sequence, cell.hash):
        return f"the journal ends at row {cell.sequence}, its head row says {head.sequence}"
    if apart is None:
        return ""
    sequence, digest, _ = apart
    if sequence > cell.sequence:
        return f"the journal ends at row {cell.sequence}, the head kept apart at {sequence}"
    row = cell.journal.read(sequence) if sequence else None
    if row is not None and row.hash != digest:
        return f"row {sequence} is not the one the head kept apart from the journal has seen"
    return ""


def verify(
    build: Callable[[], Cell],
    live: Seen,
    apart: HeadFile,
    now: Callable[[], Cell],
    progress: Progress | None = None,
) -> VerifyReport:
    """Replay the journal into a cell that `build` makes, up to the live head.

    now: returns the cell in use; where it has gone on meanwhile, the heads have too.
    """
    fresh = build()
    try:
        finding = _replayed(fresh, live.head.sequence, progress)
        if finding is None:
            wrong = held_against_heads(fresh, apart.read())
            finding = _found(fresh, "" if now().sequence > fresh.sequence else wrong)
        if finding is None and head_of(fresh).hash != live.head.hash:
            what = f"the journal ends at row {fresh.sequence}, expected {live.head.sequence}"
            finding = _found(fresh, what)
        if finding is None and fresh.fingerprint() != live.fingerprint:
            what = "replaying the journal gives other balances than those in memory"
            finding = _found(fresh, what)
        return VerifyReport(
            row_count=fresh.sequence,
            transfer_count=fresh.count(Counter.TRANSFERS),
            head=head_of(fresh),
            findings=() if finding is None else (finding,),
        )
    finally:
        fresh.journal.close()
        fresh.index.close()


def _found(cell: Cell, what: str) -> Finding | None:
    return Finding(sequence=cell.sequence, what=what) if what else None


def _replayed(fresh: Cell, until: int, progress: Progress | None) -> Finding | None:
    """Replay the rows up to a sequence; return the first thing that is wrong."""
    for entry in fresh.journal.scan(0):
        if entry.sequence > until:
            break
        wrong = fresh.replay(entry)
        if wrong:
            return Finding(sequence=entry.sequence, what=wrong)
        if fresh.count(Counter.IDS) > _IDS_MAX:
            checkpoints.begin(fresh)  # and never written: it bounds what is remembered
        if progress is not None:
            progress(entry.sequence, until)
    return None
