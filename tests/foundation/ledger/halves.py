"""Cells over one SQLite file, and what is split off them, for tests."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.foundation.ledger.book import Served
from yunjin.foundation.ledger.service import halving
from yunjin.foundation.ledger.service.cell import Cell
from yunjin.foundation.ledger.service.ledger import LedgerService
from yunjin.foundation.ledger.service.limits import Limits
from yunjin.foundation.ledger.service.metering import Meter
from yunjin.foundation.ledger.service.writer import Writer
from yunjin.foundation.ledger.store.engine import SqliteEngine
from yunjin.foundation.ledger.store.forking import Forking
from yunjin.foundation.ledger.store.index import Index
from yunjin.foundation.ledger.store.journal import Journal
from yunjin.foundation.ledger.store.members import Members
from yunjin.kernel.clock import Clock


@dataclass
class Halves:
    """Cells of one home, each with a writer of its own."""

    home: Path
    clock: Clock
    checkpoint_transfers: int = 50
    open: dict[int, Served] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.home.mkdir(parents=True, exist_ok=True)
        Members(self._engine("journal.db"), 1)

    def _engine(self, file: str) -> SqliteEngine:
        return SqliteEngine(self.home / file)

    def built(self, number: int) -> Cell:
        """Return a cell that has read nothing yet."""
        index = Index(self._engine(f"index-{number}.db"), number)
        return Cell(self.journal(number), index, bloom_words=64, usual=64)

    def journal(self, number: int) -> Journal:
        return Journal(self._engine("journal.db"), number)

    def serve(self, number: int) -> Served:
        """Open a cell, or open it again."""
        if number in self.open:
            self.close(number)
        limits = Limits(
            rows_waiting_max=100_000,
            rows_a_commit_max=65_520,
            lease_ns=10**10,
            checkpoint_transfers=self.checkpoint_transfers,
        )
        writer = Writer(
            lambda: self.built(number),
            cell=number,
            folder=self.home,
            clock=self.clock,
            limits=limits,
        )
        ledger: Any = LedgerService(
            writer,
            lambda: self.journal(number),
            Meter(self.clock),
            tenant="demo",
            cell=number,
            tables=None,
            cursor_key=b"key",
            batch_rows_max=8_190,
            head_is_readable=lambda: True,
        )
        self.open[number] = Served(ledger)
        return self.open[number]

    def writer(self, number: int) -> Writer:
        ledger: Any = self.open[number].ledger
        found: Writer = ledger._writer
        return found

    def forking(self, number: int, into: int) -> Forking:
        return Forking(self._engine("journal.db"), number, into)

    def split(self, number: int, into: int) -> Served:
        """Split a cell, and open the new one."""
        forking = self.forking(number, into)
        forking.begin(self.writer(number).cell.share.halves()[1])
        while forking.copy_on():
            pass
        self.writer(number).submit(
            lambda cell, epoch, now: (
                None,
                halving.split(cell, epoch, now, number=number, into=into, holder=""),
            ),
            1,
        ).result()
        forking.close()
        return self.serve(into)

    def close(self, number: int) -> None:
        ledger: Any = self.open.pop(number).ledger
        ledger.close()

    def close_all(self) -> None:
        for number in list(self.open):
            self.close(number)
