"""Tells of the journal's growth: the journal is the outbox of transfers, an event says how far.

Told at most every few moments, whatever was posted in them: posting pays nothing for it. Who hears
it reads on in the journal from wherever it is; an event that is told twice, or not, loses nothing.
"""

import threading
from typing import Final

import structlog

from yunjin.chassis.persistence import RoomDatabase
from yunjin.foundation.ledger.events import JournalGrown
from yunjin.foundation.ledger.kernels import Counter
from yunjin.foundation.ledger.service.cell import Cell
from yunjin.foundation.ledger.service.writer import Writer
from yunjin.kernel.errors import Problem

EVERY_S: Final = 1.0
_log: Final = structlog.get_logger()


class Teller:
    """Saves an event of a cell's journal in the room's outbox, in a thread of its own."""

    def __init__(self, writer: Writer, tables: RoomDatabase, *, every_s: float = EVERY_S) -> None:
        self._writer, self._tables, self._every_s = writer, tables, every_s
        self._told, self._over = 0, threading.Event()
        self._thread = threading.Thread(target=self._run, name="journal-teller", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def close(self) -> None:
        """Tell what was not told yet, and end."""
        self._over.set()
        if self._thread.is_alive():
            self._thread.join()

    def tell(self) -> None:
        """Tell how far the journal has grown, if it has and is written here. Raises: Outage."""
        writer = self._writer
        if writer.follows or writer.durable_sequence <= self._told:
            return
        event = writer.read(_grown, may_be_old=True)
        self._tables.run(lambda work: work.outbox.add(event))
        self._told = event.sequence

    def _run(self) -> None:
        is_over = False
        while not is_over:
            is_over = self._over.wait(self._every_s)
            try:
                self.tell()
            except Problem as problem:  # told with what comes later
                _log.info("ledger.growth_untold", code=problem.code, detail=problem.detail)


def _grown(cell: Cell) -> JournalGrown:
    return JournalGrown(
        cell=cell.number,
        sequence=cell.sequence,
        transfer_count=str(cell.count(Counter.TRANSFERS)),
        timestamp_last_ns=str(cell.last_timestamp),
        hash=cell.hash.hex(),
    )
