"""What a process that follows a cell may keep: rows that no power cut of the set takes away.

It reads a row as soon as one node has it. Until the cell's writer has had it confirmed by the
disks of the set, nobody was told of it, and the row may be gone after a power cut.
"""

from yunjin.foundation.ledger.domain.codec import GENESIS
from yunjin.foundation.ledger.service.cell import Cell
from yunjin.foundation.ledger.store.files import HeadFile
from yunjin.foundation.ledger.store.journal import HeadRow


class Confirmed:
    """Notes in the head kept apart how far a cell that is followed is known to be confirmed."""

    def __init__(self, head: HeadFile) -> None:
        self._head = head
        self._end = (0, GENESIS, 0)  # where the journal ended when it was last looked at

    def look(self, cell: Cell, head: HeadRow | None) -> None:
        """Take note of where the journal ends now.

        A writer begins a commit once the one before is confirmed: so is whatever was there before
        the newest rows came. While a cell arrives from another set, nobody waits for that.
        """
        end = (cell.sequence, cell.hash, cell.last_timestamp)
        is_arriving = head is not None and head.is_arriving
        if self._end[0] < end[0]:
            if self._end[0] and not is_arriving:
                self._head.note(*self._end)
            self._end = end

    def ask(self, cell: Cell) -> bool:
        """Have the set confirm all that was read, for a checkpoint; tell whether it did."""
        if not cell.journal.is_on_disks():
            return False  # it is asked again with the next row
        self._end = (cell.sequence, cell.hash, cell.last_timestamp)
        self._head.note(*self._end)
        return True

    def start_over(self) -> None:
        """Forget where the journal ended: it is read anew."""
        self._end = (0, GENESIS, 0)
