"""When checkpoints are made, and the thread that writes one."""

import threading

from yunjin.foundation.ledger.kernels import Counter
from yunjin.foundation.ledger.service import checkpoints
from yunjin.foundation.ledger.service.cell import Cell
from yunjin.foundation.ledger.service.checkpoints import Saving


class Saver:
    """Saves checkpoints of one cell, one at a time.

    failed: why the last one could not be written, None while all could. Until they are on disk, ids
        and fates are known to memory alone: a second checkpoint after one that failed would forget
        them, so writing must stop.
    """

    def __init__(self, lock: threading.RLock, *, every: int) -> None:
        """every: transfers between two checkpoints."""
        self._lock, self._every = lock, every
        self._thread: threading.Thread | None = None
        self._saved: list[tuple[Cell, Saving]] = []
        self.failed: Exception | None = None

    def is_due(self, cell: Cell) -> bool:
        """Tell whether a checkpoint should begin. Notes that the last one is on disk."""
        if self._thread is not None and self._thread.is_alive():
            return False
        self.settle()
        new = cell.count(Counter.IDS)  # transfers made, and ids that failed for good
        return new >= self._every

    def begin(self, cell: Cell) -> None:
        """Copy the state and have it written; all its rows are in the journal."""
        if not cell.count(Counter.IDS):
            return
        with self._lock:
            saving = checkpoints.begin(cell)

        def save() -> None:
            try:
                checkpoints.write(cell.index, saving)
            except Exception as error:
                self.failed = error
            else:
                self._saved.append((cell, saving))

        self._thread = threading.Thread(target=save, name="checkpoint", daemon=True)
        self._thread.start()

    def start_over(self) -> None:
        """Forget what failed, for a cell that is read from the journal again."""
        self.settle()
        self.failed = None

    def settle(self) -> None:
        """Wait for the checkpoint that is being written, and use its room again."""
        thread = self._thread
        if thread is not None:
            thread.join()
        with self._lock:  # the writer and the thread of its commits may both come here
            if self._thread is thread:
                self._thread = None
            while self._saved:
                checkpoints.end(*self._saved.pop())
