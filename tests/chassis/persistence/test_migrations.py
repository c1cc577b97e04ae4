"""Migrations: they run once, in order, alone; two releases live on one database as far as they can.

Method: packages of migrations written into a temporary folder, on SQLite and MariaDB; what an
earlier release left there is made by hand.
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
from yunjin.chassis.persistence import (
    DatabaseNewer,
    Migrator,
    OlderProgramLives,
    Programs,
    migrations_of,
)
from yunjin.kernel.clock import FixedClock
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


def package(folder: Path, name: str, *tables: str, then: str = "", needs: int = 0) -> ModuleType:
    """Return a package of one migration a table; the last one ends with `then`, and has `needs`."""
    name = f"{name}_of_{folder.name}"  # modules are kept by name: a test's are its own
    path = folder / name
    path.mkdir()
    for number, table in enumerate(tables, 1):
        is_last = number == len(tables)
        text = TABLE.format(name=table, then=then if is_last else "")
        text += f"NEEDS = {needs}\n" if is_last and needs else ""
        (path / f"v{number:04d}_{table}.py").write_text(text)
    found = ModuleType(name)
    found.__path__ = [str(path)]
    sys.modules[name] = found
    return found


def migrate(room: Opened, found: ModuleType, programs: Programs | None = None) -> list[str]:
    return Migrator(room.database, "shop", migrations_of(found), CLOCK, programs).migrate()


def program(room: Opened, holder: str, *, later_s: int = 0) -> Programs:
    clock = FixedClock(CLOCK.now_ns() + later_s * 10**9)
    return Programs(room.database, clock, holder=holder, version=f"of-{holder}")


def tables(room: Opened) -> set[str]:
    return room.database.read(lambda connection: set(sa.inspect(connection).get_table_names()))


def test_each_migration_runs_once_and_in_order(empty: Opened, tmp_path: Path) -> None:
    assert migrate(empty, package(tmp_path, "one", "tea")) == ["v0001_tea"]
    both = package(tmp_path, "two", "tea", "silk")
    assert migrate(empty, both) == ["v0002_silk"]
    assert migrate(empty, both) == []
    assert tables(empty) == {"shop_migrations", "shop_needs", "shop_tea", "shop_silk"}


def test_what_a_newer_release_added_does_not_keep_an_older_program_out(
    empty: Opened, tmp_path: Path
) -> None:
    older = package(tmp_path, "older", "tea")
    migrate(empty, older)
    migrate(empty, package(tmp_path, "newer", "tea", "silk"))
    assert migrate(empty, older) == []


def test_what_a_newer_release_took_away_keeps_older_programs_out(
    empty: Opened, tmp_path: Path
) -> None:
    migrate(empty, package(tmp_path, "newest", "tea", "silk", "jade", needs=2))
    migrate(empty, package(tmp_path, "newer", "tea", "silk"))
    with pytest.raises(DatabaseNewer) as caught:
        migrate(empty, package(tmp_path, "older", "tea"))
    assert (caught.value.facts["form_found"], caught.value.facts["form_known"]) == (3, 1)


def test_what_a_release_did_that_said_nothing_of_needs_keeps_older_programs_out(
    empty: Opened, tmp_path: Path
) -> None:
    said = "INSERT INTO shop_migrations VALUES (0, 'ground', 0), (1, 'v0001_tea', 0)"
    with empty.database.transaction() as connection:
        connection.execute(
            sa.text(
                "CREATE TABLE shop_migrations"
                " (version INT PRIMARY KEY, name VARCHAR(80), at_us BIGINT)"
            )
        )
        connection.execute(sa.text(said))
    with pytest.raises(DatabaseNewer, match="form 1, this program knows 0"):
        migrate(empty, package(tmp_path, "none"))
    assert migrate(empty, package(tmp_path, "next", "tea", "silk")) == ["v0002_silk"]
    with pytest.raises(DatabaseNewer, match="form 1, this program knows 0"):
        migrate(empty, package(tmp_path, "nothing"))
    assert migrate(empty, package(tmp_path, "old", "tea")) == []


def test_nothing_is_taken_away_while_a_program_runs_that_needs_it(
    empty: Opened, tmp_path: Path
) -> None:
    old, middle = package(tmp_path, "old", "tea"), package(tmp_path, "middle", "tea", "silk")
    new = package(tmp_path, "new", "tea", "silk", "jade", needs=2)
    first, second, third = (program(empty, name) for name in ("a:1", "b:2", "c:3"))
    migrate(empty, old, first)
    assert migrate(empty, middle, second) == ["v0002_silk"]
    with pytest.raises(OlderProgramLives, match="a:1 still uses") as caught:
        migrate(empty, new, third)
    assert caught.value.facts["version"] == "of-a:1"
    assert migrate(empty, old, first) == []  # it may even start again
    first.close()
    assert migrate(empty, new, third) == ["v0003_jade"]
    assert migrate(empty, middle, second) == []
    with pytest.raises(DatabaseNewer):
        migrate(empty, old, first)


def test_a_program_that_died_is_in_the_way_for_half_a_minute(empty: Opened, tmp_path: Path) -> None:
    migrate(empty, package(tmp_path, "old", "tea"), program(empty, "a:1"))
    new = package(tmp_path, "new", "tea", "silk", "jade", needs=2)
    with pytest.raises(OlderProgramLives):
        migrate(empty, new, program(empty, "b:2"))
    assert migrate(empty, new, program(empty, "b:2", later_s=31)) == ["v0003_jade"]


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
    gap_folder = Path(gap.__path__[0])
    (gap_folder / "v0001_tea.py").unlink()
    with pytest.raises(Bug, match="expected v0001_"):
        migrations_of(gap)
    (gap_folder / "helpers.py").write_text("")
    with pytest.raises(Bug, match="was helpers"):
        migrations_of(gap)
