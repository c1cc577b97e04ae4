"""Migrations: numbered modules of a room that bring its tables from form to form.

`migrations/v0001_first.py`, `v0002_….py` hold `upgrade(connection)`. Engines of MySQL's family
commit before and after each CREATE or ALTER, so a crash may leave an upgrade half done: each
must be fit to run again (`create_all(checkfirst=True)`, or a look before). One process migrates at
a time; the others wait. A row of `<room>_migrations` is written after each.
"""

import importlib
import pkgutil
import re
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Final

import sqlalchemy as sa

from yunjin.chassis.persistence.columns import Ascii, Micros, instant_us
from yunjin.chassis.persistence.database import Database
from yunjin.chassis.persistence.problems import DatabaseNewer
from yunjin.chassis.persistence.tables import column, key, metadata, table
from yunjin.chassis.persistence.verdicts import Flavour
from yunjin.kernel import check
from yunjin.kernel.clock import Clock

_NAME: Final = re.compile(r"v(\d{4})_[a-z0-9_]+")


@dataclass(frozen=True, slots=True)
class Migration:
    """One step: its number, its name, and what it does."""

    version: int
    name: str
    upgrade: Callable[[sa.Connection], None]


def migrations_of(package: ModuleType) -> list[Migration]:
    """Return a room's migrations in order. Raises: Bug for a gap or a name of another form."""
    found: list[Migration] = []
    for info in pkgutil.iter_modules(package.__path__):
        match = _NAME.fullmatch(info.name)
        check.that(match is not None, f"expected v0001_name as migration, was {info.name}")
        name = f"{package.__name__}.{info.name}"
        module = importlib.import_module(name)  # tidy: a room's own steps, found by their names
        found.append(Migration(len(found) + 1, info.name, module.upgrade))
    for each in found:
        expected = f"v{each.version:04d}_"
        check.that(each.name.startswith(expected), f"expected {expected}…, was {each.name}")
    return found


def versions_table(room: str) -> sa.Table:
    """Return the table that says which migrations a room's tables have been through."""
    return table(
        metadata(room),
        "migrations",
        key("version", sa.Integer),
        column("name", Ascii(80)),
        column("at_us", Micros),
    )


class Migrator:
    """Brings one room's tables to the form its code expects."""

    def __init__(
        self, database: Database, room: str, migrations: list[Migration], clock: Clock
    ) -> None:
        self._database, self._migrations, self._clock = database, migrations, clock
        self._room, self._versions = room, versions_table(room)

    def migrate(self) -> list[str]:
        """Run what has not run yet; return the names of what this call ran.

        Raises: DatabaseNewer, Outage, Bug (the tables went another way: other names).
        """
        applied = self._database.read(self._applied)
        known = len(self._migrations)
        if max(applied, default=0) > known:
            raise DatabaseNewer(
                f"The tables of {self._room} have form {max(applied)}, this program knows {known}. "
                "Use the program that wrote them, or a newer one.",
                room=self._room,
                form_found=max(applied),
                form_known=known,
            )
        for each in self._migrations:
            name = applied.get(each.version, each.name)
            check.that(name == each.name, f"expected migration {each.name}, was {name}")
        missing = [each for each in self._migrations if each.version not in applied]
        if missing:
            self._database.run(self._lay_ground)
        return [each.name for each in missing if self._alone(each)]

    def _alone(self, migration: Migration) -> bool:
        """Run one migration while no other process can; return whether it was still to run."""

        def guarded() -> bool:
            with self._database.transaction(reads=True) as guard:
                ground = self._versions.c.version == 0
                guard.execute(sa.select(self._versions).where(ground).with_for_update())
                return self._database.run(lambda connection: self._step(connection, migration))

        if self._database.flavour is Flavour.SQLITE:
            # DDL is part of the transaction here, and one transaction writes at a time.
            return self._database.run(lambda connection: self._step(connection, migration))
        # Elsewhere DDL commits by itself, so a connection of its own holds the lock.
        return self._database.again(guarded)

    def _step(self, connection: sa.Connection, migration: Migration) -> bool:
        if migration.version in self._applied(connection):
            return False
        migration.upgrade(connection)
        self._record(connection, migration.version, migration.name)
        return True

    def _applied(self, connection: sa.Connection) -> dict[int, str]:
        if not sa.inspect(connection).has_table(self._versions.name):
            return {}
        c = self._versions.c
        rows = connection.execute(sa.select(c.version, c.name).where(c.version > 0))
        return {row.version: row.name for row in rows}

    def _lay_ground(self, connection: sa.Connection) -> None:
        """Make the table of versions and its row 0, which is the lock."""
        connection.execute(sa.schema.CreateTable(self._versions, if_not_exists=True))
        ground = sa.select(self._versions).where(self._versions.c.version == 0)
        if connection.execute(ground).first() is None:
            self._record(connection, 0, "ground")

    def _record(self, connection: sa.Connection, version: int, name: str) -> None:
        at_us = instant_us(self._clock.now_ns())
        connection.execute(
            sa.insert(self._versions).values(version=version, name=name, at_us=at_us)
        )
