"""A real ledger to import into, with its aliases."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.foundation.ledger.messages.office import Office
from yunjin.foundation.database import wiring as database
from yunjin.foundation.database.api import DatabaseApi
from yunjin.foundation.ledger import wiring
from yunjin.foundation.ledger.api import LedgerApi
from yunjin.kernel import tenant
from yunjin.kernel.clock import FixedClock

START_NS = 1_780_000_000_000_000_000  # 2026-05-28
SMALL = wiring.Settings(bloom_words=1 << 14)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """Yield an empty bank that imports files."""
    clock = FixedClock(START_NS)
    (tmp_path / "demo").mkdir()
    with tenant.entered("demo"):
        tables = database.build(database.Settings(), tenant="demo", clock=clock, home=tmp_path)
        room = wiring.build(
            SMALL, tenant="demo", clock=clock, home=tmp_path, database=tables.doors[DatabaseApi]
        )
        yield Office(room.doors[LedgerApi], clock)
        for each in (room, tables):
            if each.close is not None:
                each.close()
