"""The new half of a split, in the tables: a copy of the old half's rows that is barred until it is
whole, and made whole in the very commit that splits the old half.
"""

from typing import Any, Final

from yunjin.foundation.ledger.domain.splits import Fork
from yunjin.foundation.ledger.errors import WritesStopped
from yunjin.foundation.ledger.store.engine import Engine
from yunjin.foundation.ledger.store.rows import FIELDS, INSERT
from yunjin.kernel.shares import Share

FORKING: Final = "arriving from cell "  # before a number: has the lease of a copy of that cell
_COPY: Final = (
    f"insert into ledger_journal (cell, {FIELDS}, body) select ?, {FIELDS}, body"
    " from ledger_journal where cell=? and sequence>? and sequence<=?"
)


def copy(engine: Engine, cell: int, into: int, after: int, until: int) -> None:
    """Give a cell another one's rows beyond a sequence, up to another; inside a transaction."""
    if until > after:
        engine.execute(_COPY, (into, cell, after, until))


def share_out(engine: Engine, cell: int, share: Share) -> None:
    """Say what a cell has of its home; inside a transaction."""
    engine.execute(
        "replace into ledger_share values (?, ?, ?, ?)",
        (cell, share.home, share.depth, share.residue),
    )


def fork(
    engine: Engine, cell: int, made: Fork, row: tuple[Any, ...], lease: tuple[int, int]
) -> None:
    """Make the new half whole, inside the transaction that splits the old one.

    row: its first row of its own, but for its cell.  lease: (epoch, when it ends).
    Raises: WritesStopped where the copy was given up meanwhile.
    """
    found = engine.execute(
        "select head_sequence, allotted_to from ledger_cell where cell in (?, ?)"
        " order by cell=? desc",
        (cell, made.into, made.into),
    )
    after, allotted_to = found[0][0], found[-1][1]
    cut = made.entry
    engine.execute(
        "update ledger_cell set epoch=?, holder=?, expires_at=?, head_sequence=?, head_hash=?,"
        " head_timestamp=?, allotted_to=? where cell=? and holder=? and head_sequence=?",
        (
            lease[0],
            made.holder,
            lease[1],
            cut.sequence,
            cut.hash,
            cut.timestamp_last,
            allotted_to,
            made.into,
            f"{FORKING}{cell}",
            after,
        ),
    )
    if engine.changed() != 1:
        raise WritesStopped(f"Cell {made.into} is not being made of cell {cell} any more.")
    copy(engine, cell, made.into, after, cut.sequence - 1)
    engine.prepared(INSERT, (made.into, *row))
    stays = Share(
        made.share.home, made.share.depth, made.share.residue - (1 << made.share.depth - 1)
    )
    share_out(engine, cell, stays)
    share_out(engine, made.into, made.share)
