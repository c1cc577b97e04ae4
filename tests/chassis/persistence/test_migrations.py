"""Migrations: they run once, in order, alone, and a newer database is refused.

Method: packages of migrations written into a temporary folder, on SQLite and MariaDB.
"""

import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType

import pytest
import sqlalchemy as sa

from tests.chassis.persistence.rooms import CLOCK, Opened, opened
from yunjin.chassis.persistence import DatabaseNewer, Migrator, migrations_of
from yunjin.kernel.errors import Bug

TABLE = """
import sqlalchemy as sa
from yunjin.chassis.persistence import Ascii, key, metadata, table

def upgrade(connection):
    tables = metadata("shop")
    table(tables, "{name}", key("item", Ascii(40)))
    tables.create_all(connection, checkfirst=True)
    {then}
"""


@pytest.fixture
def empty(database_url: str) -> Iterator[Opened]:
    found = opened(database_url, create=False)
    yield found
    found.database.close()


def package(folder: Path, name: str, *tables: str, then: str = "") -> ModuleType:
    """Return a package of one migration a table; the last one ends with `then`."""
    path = folder / name
    path.mkdir()
    for number, table in enumerate(tables, 1):
        text = TABLE.format(name=table, then=then if number == len(tables) else "")
        (path / f"v{number:04d}_{table}.py").write_text(text)
    found = ModuleType(name)
    found.__path__ = [str(path)]
    sys.modules[name] = found
    return found


def migrate(room: Opened, found: ModuleType) -> list[str]:
    return Migrator(room.database, "shop", migrations_of(found), CLOCK).migrate()


def tables(room: Opened) -> set[str]:
    return room.database.read(lambda connection: set(sa.inspect(connection).get_table_names()))


def test_each_migration_runs_once_and_in_order(empty: Opened, tmp_path: Path) -> None:
    assert migrate(empty, package(tmp_path, "one", "tea")) == ["v0001_tea"]
    both = package(tmp_path, "two", "tea", "silk")
    assert migrate(empty, both) == ["v0002_silk"]
    assert migrate(empty, both) == []
    assert tables(empty) == {"shop_migrations", "shop_tea", "shop_silk"}


def test_a_database_newer_than_the_program_is_refused(empty: Opened, tmp_path: Path) -> None:
    migrate(empty, package(tmp_path, "newer", "tea", "silk"))
    with pytest.raises(DatabaseNewer) as caught:
        migrate(empty, package(tmp_path, "older", "tea"))
    assert (caught.value.facts["form_found"], caught.value.facts["form_known"]) == (2, 1)


def test_a_database_that_went_another_way_is_refused(empty: Opened, tmp_path: Path) -> None:
    migrate(empty, package(tmp_path, "here", "tea"))
    with pytest.raises(Bug, match="v0001_silk, was v0001_tea"):
        migrate(empty, package(tmp_path, "there", "silk"))


def test_a_migration_that_died_half_way_is_run_again(empty: Opened, tmp_path: Path) -> None:
    dying = package(tmp_path, "dying", "tea", then="raise KeyboardInterrupt")
    with pytest.raises(KeyboardInterrupt):
        migrate(empty, dying)
    assert migrate(empty, package(tmp_path, "healed", "tea")) == ["v0001_tea"]


def test_of_many_processes_that_start_at_once_one_migrates(
    database_url: str, tmp_path: Path
) -> None:
    found = package(tmp_path, "many", "tea", "silk", "jade")
    rooms = [opened(database_url, create=False) for _ in range(4)]
    steps, together = migrations_of(found), threading.Barrier(4)

    def start(room: Opened) -> list[str]:
        together.wait(20)
        return Migrator(room.database, "shop", steps, CLOCK).migrate()

    with ThreadPoolExecutor(4) as pool:
        ran = sorted(name for names in pool.map(start, rooms) for name in names)
    assert ran == ["v0001_tea", "v0002_silk", "v0003_jade"]
    for room in rooms:
        room.database.close()


def test_a_gap_or_a_stranger_among_the_numbers_is_a_bug(tmp_path: Path) -> None:
    gap = package(tmp_path, "gap", "tea", "silk")
    (tmp_path / "gap" / "v0001_tea.py").unlink()
    with pytest.raises(Bug, match="expected v0001_"):
        migrations_of(gap)
    (tmp_path / "gap" / "helpers.py").write_text("")
    with pytest.raises(Bug, match="was helpers"):
        migrations_of(gap)
