"""The capability centre for tests: its tables on SQLite and on MariaDB, and a day that is set."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.mariadb import database_url, mariadb
from tests.platforms.capability.desk import desk
from yunjin.foundation.database import wiring as database
from yunjin.foundation.database.api import DatabaseApi
from yunjin.kernel import tenant
from yunjin.kernel.clock import SystemClock
from yunjin.platforms.capability import wiring

__all__ = ["database_url", "desk", "mariadb"]


@dataclass
class Centre:
    """The room, its doors, and the business date."""

    today: dt.date
    clock: SystemClock
    home: Path
    room: Any = None

    def door(self, api: type[Any]) -> Any:
        return self.room.doors[api]


@pytest.fixture
def centre(tmp_path: Path, database_url: str) -> Iterator[Centre]:
    """Open the room over an empty database."""
    with tenant.entered("demo"):
        clock = SystemClock()
        made = Centre(today=dt.date(2026, 1, 5), clock=clock, home=tmp_path)
        settings = database.Settings(url=database_url)
        tables = database.build(settings, tenant="demo", clock=clock, home=tmp_path)
        made.room = wiring.build(
            wiring.Settings(),
            tenant="demo",
            clock=clock,
            database=tables.doors[DatabaseApi],
            today=lambda: made.today,
        )
        yield made
        if tables.close is not None:
            tables.close()
