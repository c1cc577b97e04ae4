"""State = f(journal): the latest checkpoint, and the rows after it."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Final

import structlog

from yunjin.foundation.ledger.domain.codec import GENESIS
from yunjin.foundation.ledger.service import checkpoints, verifying
from yunjin.foundation.ledger.service.cell import Cell
from yunjin.foundation.ledger.store.files import HeadFile
from yunjin.foundation.ledger.store.index import Checkpoint, IndexDamaged
from yunjin.foundation.ledger.store.journal import HeadRow

_log: Final = structlog.get_logger()


def recover(
    cell: Cell, apart: HeadFile, *, each: Callable[[], None] = lambda: None, owner: str = ""
) -> str:
    """Bring a cell up to the journal's end, calling `each` after every row.

    A cell that is ahead of the latest checkpoint is only replayed.

    owner: who writes the cell's index from now on; empty: nobody does, or it is taken later. It
        stands by, and gives up a checkpoint of rows that its set has lost: whether one of them was
        acknowledged is told by the head kept apart.

    Returns what is wrong, "" where nothing is.
    """
    if owner:
        cell.index.own(owner)
    while (found := cell.index.latest()) is not None and found.sequence > cell.sequence:
        if _is_of(found, cell):
            _load(cell, found)
            break
        what = f"row {found.sequence} is not the one that the checkpoint was made from"
        if not owner:
            return what
        _log.warning("ledger.checkpoint_dropped", cell=cell.number, why=what)
        cell.index.drop(found.sequence)
        cell.index.own(owner)
    before = -1
    while True:
        wrong = replay_rest(cell, each) or verifying.held_against_heads(cell, apart.read())
        if not wrong or cell.sequence == before:
            return wrong
        before = cell.sequence  # rows may have come between two looks: a writer elsewhere goes on


def _is_of(checkpoint: Checkpoint, cell: Cell) -> bool:
    """Tell whether the row that a checkpoint was made from is in the journal."""
    at = cell.journal.read(checkpoint.sequence)
    return at is not None and at.hash.hex() == checkpoint.hash and at.digest() == at.hash


def _load(cell: Cell, checkpoint: Checkpoint) -> None:
    try:
        checkpoints.load(cell, checkpoint)
    except IndexDamaged:  # all of it follows from the journal
        cell.index.forget()


def follow(
    cell: Cell, each: Callable[[], None], lock: AbstractContextManager[object]
) -> tuple[HeadRow | None, str]:
    """Replay what another process wrote since.

    Returns the journal's head as it was before, and what is wrong, "" where nothing is.
    """
    head = cell.journal.head(is_latest=True)
    return head, _cut(cell, head) or replay_rest(cell, each, lock=lock)


def _cut(cell: Cell, head: HeadRow | None) -> str:
    """Hold what was read of a journal against a head that was asked for later.

    Returns what is wrong, "" where nothing is.
    """
    last, digest = (head.sequence, head.hash) if head is not None else (0, GENESIS)
    if last > cell.sequence or (last, digest) == (cell.sequence, cell.hash):
        return ""
    return f"the journal ends at row {last}, and it had another row {cell.sequence} before"


def replay_rest(
    cell: Cell, each: Callable[[], None], *, lock: AbstractContextManager[object] | None = None
) -> str:
    """Replay the rows that a cell has not seen yet. Returns what is wrong, "" where nothing is.

    lock: held for a row at a time, and never while the journal is asked.
    """
    for entry in cell.journal.scan(cell.sequence):
        with lock or nullcontext():
            wrong = cell.replay(entry)
        if wrong:
            return wrong
        each()
    return ""
