"""Checkpoints: the state right after a journal row, copied aside and written by someone else."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from yunjin.foundation.ledger import kernels
from yunjin.foundation.ledger.api import Ledger
from yunjin.foundation.ledger.kernels import Counter
from yunjin.foundation.ledger.service.cell import Cell
from yunjin.foundation.ledger.store.index import Checkpoint, Index
from yunjin.kernel.shares import Share


@dataclass(slots=True)
class Saving:
    """A checkpoint on its way to the disk."""

    checkpoint: Checkpoint
    arrays: dict[str, Any]
    runs: list[tuple[str, Any]]


def begin(cell: Cell) -> Saving:
    """Copy the state and begin a new generation; the copy is written by someone else."""
    book, counters = cell.book, cell.book.counters
    holds = book.holds[: cell.count(Counter.HOLDS)]
    settled = holds[holds["fate"] != 0]
    fates = np.zeros(len(settled), kernels.USED)
    for name, source in (("hi", "id_hi"), ("lo", "id_lo"), ("position", "fate")):
        fates[name] = settled[source]
    entries = book.entries[: cell.count(Counter.ENTRIES)]
    used, span = cell.ids.rotate(cell.count(Counter.IDS))
    cell.settled_before, cell.entries_before = fates, entries
    counters[[Counter.ENTRIES, Counter.IDS]] = 0
    cell.book = book._replace(
        ids=cell.ids.young.rows,
        id_slots=cell.ids.young.slots,
        entries=cell.spare("entries", book.entries),
        hold_slots=np.zeros(len(book.hold_slots), np.int32),
        heap=np.zeros(book.heap.shape, np.int64),
    )
    kernels.compact_holds(cell.book)
    runs = [("ids", used), ("fates", fates), ("history", entries)]
    runs = [(kind, rows) for kind, rows in runs if len(rows)]
    known = {kind: list(numbers) for kind, numbers in cell.runs.items()}
    for kind, _ in runs:
        known[kind].append(cell.sequence)
    state = {
        "hash": cell.hash.hex(),
        "counters": cell.book.counters.tolist(),
        "ledgers": [[x.ledger, x.currency, x.name] for x in cell.ledgers.values()],
        "forks": [[number, share.depth, share.residue] for number, share in cell.forks],
        "since": cell.since,
        "made": list(cell.made),
        "runs": known,
        "spans": [*cell.ids.spans, span] if len(used) else cell.ids.spans,
        "room": len(cell.ids.young.rows),
    }
    accounts = cell.spare("accounts", cell.book.accounts)[: cell.count(Counter.ACCOUNTS)]
    accounts[:] = cell.book.accounts[: len(accounts)]
    arrays = {
        "accounts": accounts,
        "holds": cell.book.holds[: cell.count(Counter.HOLDS)].copy(),
        "bloom": cell.ids.bloom.copy() if cell.ids.bloom.any() else np.zeros(0, np.uint64),
    }
    checkpoint = Checkpoint(sequence=cell.sequence, hash=cell.hash.hex(), state=state)
    return Saving(checkpoint, arrays, runs)


def write(index: Index, saving: Saving) -> None:
    """Write a checkpoint. This takes seconds, and needs no lock: nobody changes what is saved."""
    index.save(saving.checkpoint, saving.arrays, saving.runs)


def end(cell: Cell, saving: Saving) -> None:
    """Take note that a checkpoint is on disk; its room is used again."""
    for kind, _ in saving.runs:
        cell.runs[kind].append(saving.checkpoint.sequence)
    cell.ids.spans = [(first, last) for first, last in saving.checkpoint.state["spans"]]
    cell.keep_spare("accounts", saving.arrays["accounts"])
    cell.keep_spare("entries", cell.entries_before)
    cell.settled_before = cell.settled_before[:0]
    cell.entries_before = np.zeros(0, kernels.ENTRY)


def load(cell: Cell, checkpoint: Checkpoint) -> None:
    """Take over a checkpoint's state; the journal after it is still to be replayed.

    Raises: IndexDamaged; the cell is then as it was.
    """
    state, sequence = checkpoint.state, checkpoint.sequence
    accounts = cell.index.load(sequence, "accounts", kernels.ACCOUNT)
    holds = cell.index.load(sequence, "holds", kernels.HOLD)
    bloom = cell.index.load(sequence, "bloom", np.dtype(np.uint64))
    counters = np.array(state["counters"], np.int64)
    counters[[Counter.ACCOUNTS, Counter.HOLDS, Counter.HEAP, Counter.SPARSE]] = 0
    cell.book.counters[:] = counters
    cell.ensure_accounts(accounts["sequence"])
    cell.book.accounts[: len(accounts)] = accounts
    cell.book.counters[Counter.ACCOUNTS] = len(accounts)
    kernels.rehash_accounts(cell.book)
    cell.ensure_transfers(len(holds))
    cell.book.holds[: len(holds)] = holds
    cell.book.counters[Counter.HOLDS] = len(holds)
    kernels.compact_holds(cell.book)
    cell.ids.restore(state, bloom)
    cell.runs = {**state["runs"], "ids": cell.ids.runs}
    home = cell.count(Counter.CELL)
    cell.forks = [(n, Share(home, depth, at)) for n, depth, at in state.get("forks", [])]
    cell.since, cell.made = state.get("since", 0), list(state.get("made", []))
    cell.ledgers = {n: Ledger(ledger=n, currency=c, name=m) for n, c, m in state["ledgers"]}
    cell.sequence, cell.hash = sequence, bytes.fromhex(checkpoint.hash)
