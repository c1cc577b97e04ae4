"""A bank into which an old core's book is brought, and the folder where deliveries lie."""

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import pyarrow as pa
import pytest

from tests.mariadb import database_url, mariadb
from tests.platforms.capability.takeover.legacy import Book, made
from yunjin.foundation.banking import wiring as banking
from yunjin.foundation.banking.api.agreements import AgreementsApi, EntryStatus
from yunjin.foundation.banking.api.bringing import BringingApi
from yunjin.foundation.banking.api.days import DayReport, DaysApi
from yunjin.foundation.database import wiring as database
from yunjin.foundation.database.api import DatabaseApi
from yunjin.foundation.ledger import wiring as ledger
from yunjin.foundation.ledger.api import LedgerApi
from yunjin.kernel import tenant
from yunjin.kernel.clock import SystemClock
from yunjin.kernel.ids import uuid7
from yunjin.platforms.capability import migrations
from yunjin.platforms.capability.api.parties import PartiesApi
from yunjin.platforms.capability.api.takeover import CellLine, Run, TakeoverApi
from yunjin.platforms.capability.wiring import parties, takeover
from yunjin.platforms.capability.wiring.making import Ground, Making, begun
from yunjin.platforms.capability.wiring.settings import Settings

__all__ = ["database_url", "mariadb"]

FIRST_DAY = dt.date(2026, 3, 17)


@dataclass
class NewHome:
    """A bank with the centre, and the deliveries it can read."""

    clock: SystemClock
    folder: Path
    doors: dict[type, Any] = field(default_factory=dict)
    making: Making | None = None

    @property
    def takeover(self) -> TakeoverApi:
        found: TakeoverApi = self.doors[TakeoverApi]
        return found

    @property
    def parties(self) -> PartiesApi:
        found: PartiesApi = self.doors[PartiesApi]
        return found

    @property
    def agreements(self) -> AgreementsApi:
        found: AgreementsApi = self.doors[AgreementsApi]
        return found

    @property
    def bringing(self) -> BringingApi:
        found: BringingApi = self.doors[BringingApi]
        return found

    @property
    def days(self) -> DaysApi:
        found: DaysApi = self.doors[DaysApi]
        return found

    def id(self) -> UUID:
        return uuid7(self.clock)

    def delivered(self, agreements: int, name: str = "one", **more: Any) -> Book:
        """Make a delivery and put it where it can be read."""
        book = made(self.folder / name, agreements, **more)
        book.write()
        return book

    def checked(self, agreements: int = 60, **more: Any) -> Run:
        self.delivered(agreements, **more)
        return self.takeover.check(self.id(), "one", by="Lin")

    def loaded(self, run: Run) -> list[CellLine]:
        """Freeze and bring over every cell of a run."""
        found = []
        for one in self.takeover.cells(run.run_id):
            self.takeover.freeze(self.id(), run.run_id, one.cell, by="Lin")
            found.append(self.takeover.load(self.id(), run.run_id, one.cell, by="Lin"))
        return found

    def lived(self, run: Run) -> None:
        """Bring every cell of a run over, prove it, go live."""
        for one in self.loaded(run):
            assert self.takeover.prove(self.id(), run.run_id, one.cell).holds
            self.takeover.go_live(self.id(), run.run_id, one.cell, by="Lin")

    def pay(self, agreement_id: int, amount_minor: int) -> None:
        """Book an entry on an agreement."""
        own = self.id().int
        columns = {
            "id_hi": pa.array([own >> 64], pa.uint64()),
            "id_lo": pa.array([own & (2**64 - 1)], pa.uint64()),
            "agreement_id": pa.array([agreement_id], pa.int64()),
            "amount_minor": pa.array([amount_minor], pa.int64()),
        }
        answer = self.agreements.post(pa.RecordBatch.from_pydict(columns))
        assert answer["status"].to_pylist() == [EntryStatus.BOOKED], answer["reason"]

    def close_day(self) -> DayReport:
        """Close the open day; its proof must hold."""
        report = self.days.close(self.days.business_date())
        assert report.status == "closed"
        assert not any(line.difference_minor for line in report.proof)
        return report


@contextmanager
def opened(folder: Path, url: str) -> Iterator[NewHome]:
    """Open the bank of a folder, new or not."""
    with tenant.entered("demo"):
        clock = SystemClock()
        home = NewHome(clock, folder / "deliveries")
        home.folder.mkdir(exist_ok=True)
        tables = database.build(database.Settings(url=url), tenant="demo", clock=clock, home=folder)
        door = tables.doors[DatabaseApi]
        cell = ledger.build(
            ledger.Settings(), tenant="demo", clock=clock, home=folder, database=door
        )
        bank = banking.build(
            banking.Settings(first_day=FIRST_DAY),
            tenant="demo",
            clock=clock,
            home=folder,
            database=door,
            ledger=cell.doors[LedgerApi],
        )
        room = door.open("capability", source="/platforms/capability", migrations=migrations)
        making = begun(
            Ground(
                settings=Settings(takeover_folder=str(home.folder)),
                tenant="demo",
                clock=clock,
                room=room,
                today=bank.doors[DaysApi].business_date,
                agreements=bank.doors[AgreementsApi],
                core=bank.doors,
            )
        )
        parties.add(making)
        takeover.add(making)
        if bank.start is not None:
            bank.start()
        home.making, home.doors = making, {**cell.doors, **bank.doors, **making.doors}
        try:
            yield home
        finally:
            for each in (bank, cell, tables):
                if each.close is not None:
                    each.close()


@pytest.fixture
def home(tmp_path: Path, database_url: str) -> Iterator[NewHome]:
    with opened(tmp_path, database_url) as found:
        yield found


@pytest.fixture
def reopened(tmp_path: Path, database_url: str) -> Callable[[], Any]:
    """Return what opens the bank of this test again."""
    return lambda: opened(tmp_path, database_url)
