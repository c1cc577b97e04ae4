"""Goal: that the journal has grown is told, once a look however much was posted, and never by a
process that only follows; whoever hears it can read on from where it is.

Method: the room over its own tables; looks in hand, then the thread that the app starts.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from tests.foundation.ledger.book import Served
from tests.foundation.ledger.sets.cells import ACCOUNTS, transfer, wait_until
from yunjin.chassis.persistence import RoomDatabase
from yunjin.foundation.database import wiring as database
from yunjin.foundation.database.api import DatabaseApi
from yunjin.foundation.ledger import migrations
from yunjin.foundation.ledger.api import LedgerApi
from yunjin.foundation.ledger.service.telling import Teller
from yunjin.foundation.ledger.wiring import Settings, build
from yunjin.kernel.clock import SystemClock
from yunjin.kernel.room import Room

CLOCK = SystemClock()
GROWN = "yunjin.ledger.journal.grown.v1"


@dataclass
class Open:
    """A ledger with its tables."""

    room: Room
    tables: RoomDatabase

    @property
    def ledger(self) -> LedgerApi:
        found: LedgerApi = self.room.doors[LedgerApi]
        return found

    @property
    def writer(self) -> Any:
        return self.ledger._writer  # type: ignore[attr-defined]

    def told(self) -> list[dict[str, Any]]:
        """Return the data of the events of growth, in order."""
        c = self.tables.tables.outbox.c
        query = sa.select(c.data).where(c.type == GROWN).order_by(c.sequence)
        return self.tables.read(lambda connection: list(connection.execute(query).scalars()))


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Open]:
    tables = database.build(database.Settings(), tenant="demo", clock=CLOCK, home=tmp_path)
    door: Any = tables.doors[DatabaseApi]
    room = build(Settings(bloom_words=64), tenant="demo", clock=CLOCK, home=tmp_path, database=door)
    Served(room.doors[LedgerApi]).open_accounts(ACCOUNTS)
    yield Open(room, door.open("ledger", source="/foundation/ledger", migrations=migrations))
    for each in (room, tables):
        assert each.close is not None
        each.close()


def post(ledger: Open, first: int, batches: int) -> None:
    served = Served(ledger.ledger)
    for number in range(first, first + batches):
        served.post_transfers([transfer(number)])


def test_a_look_tells_once_of_all_that_was_posted_and_never_of_nothing(ledger: Open) -> None:
    teller = Teller(ledger.writer, ledger.tables)
    post(ledger, 1, 20)
    teller.tell()
    teller.tell()
    head = ledger.ledger.state().head
    [told] = ledger.told()
    assert (told["cell"], told["sequence"], told["hash"]) == (1, head.sequence, head.hash)
    assert (told["transfer_count"], told["timestamp_last_ns"]) == ("20", str(head.timestamp_last))
    post(ledger, 21, 3)
    teller.tell()
    after = ledger.told()[-1]["sequence"]
    new = [row.row_count for row in ledger.ledger.journal() if told["sequence"] < row.sequence]
    assert (len(ledger.told()), after, new) == (2, head.sequence + 3, [1, 1, 1])


def test_what_nobody_told_before_a_crash_is_told_at_the_next_start(ledger: Open) -> None:
    post(ledger, 1, 5)
    Teller(ledger.writer, ledger.tables).tell()
    assert ledger.told()[-1]["sequence"] == ledger.ledger.state().head.sequence


def test_who_follows_tells_nothing(ledger: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    post(ledger, 1, 5)
    monkeypatch.setattr(ledger.writer, "follows", True)
    Teller(ledger.writer, ledger.tables).tell()
    assert ledger.told() == []


def test_the_app_s_start_tells_by_itself_and_the_end_tells_the_rest(ledger: Open) -> None:
    teller = Teller(ledger.writer, ledger.tables, every_s=0.005)
    teller.start()
    post(ledger, 1, 1)
    wait_until(lambda: bool(ledger.told()))
    teller.close()
    late = Teller(ledger.writer, ledger.tables, every_s=3_600)
    late.start()
    post(ledger, 2, 1)
    late.close()
    assert ledger.told()[-1]["transfer_count"] == "2"
