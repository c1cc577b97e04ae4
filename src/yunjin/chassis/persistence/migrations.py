"""Migrations: numbered modules of a room that bring its tables from form to form.

`migrations/v0001_first.py`, `v0002_….py` hold `upgrade(connection)`. Engines of MySQL's family
commit before and after each CREATE or ALTER, so a crash may leave an upgrade half done: each
must be fit to run again (`create_all(checkfirst=True)`, or a look before). One process migrates at
a time; the others wait. A row of `<room>_migrations` is written after each.

While a release replaces another, programs of both run. So a migration only adds: tables, columns
that may be NULL, indexes; the program before it goes on beside it and may even start again. What
takes away comes a release later, as a migration that says `NEEDS = 4`: programs that know fewer
forms of the room than 4 cannot live with it. It is refused while one of them runs.

A process that lays the tables of many tenants composes the statements once: what a step said on an
empty database is said again on the next one.
"""

import importlib
import pkgutil
import re
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Final

import sqlalchemy as sa

from yunjin.chassis.persistence.columns import Ascii, Micros, instant_us
from yunjin.chassis.persistence.database import Database
from yunjin.chassis.persistence.problems import DatabaseNewer, OlderProgramLives
from yunjin.chassis.persistence.programs import Programs
from yunjin.chassis.persistence.tables import column, key, metadata, table
from yunjin.chassis.persistence.verdicts import Flavour
from yunjin.kernel import check
from yunjin.kernel.clock import Clock

_NAME: Final = re.compile(r"v(\d{4})_[a-z0-9_]+")
_READS: Final = ("PRAGMA", "SELECT", "SHOW", "DESCRIBE", "EXPLAIN")
Upgrade = Callable[[sa.Connection], None]


@dataclass(frozen=True, slots=True)
class Migration:
    """One step: its number, its name, what it does, and whom it leaves behind.

    needs : programs that know fewer forms of the room cannot live with it; 0: it only adds.
    """

    version: int
    name: str
    upgrade: Upgrade
    needs: int = 0


@dataclass(frozen=True, slots=True)
class _Applied:
    """A step that was done. needs: None where who did it did not say."""

    name: str
    needs: int | None


def migrations_of(package: ModuleType) -> list[Migration]:
    """Return a room's migrations in order. Raises: Bug for a gap or a name of another form."""
    found: list[Migration] = []
    for info in pkgutil.iter_modules(package.__path__):
        match = _NAME.fullmatch(info.name)
        check.that(match is not None, f"expected v0001_name as migration, was {info.name}")
        name = f"{package.__name__}.{info.name}"
        module = importlib.import_module(name)  # tidy: a room's own steps, found by their names
        needs = getattr(module, "NEEDS", 0)
        found.append(Migration(len(found) + 1, info.name, module.upgrade, needs))
    for each in found:
        check.that(each.needs < each.version, f"expected NEEDS below its own number: {each.name}")
        expected = f"v{each.version:04d}_"
        check.that(each.name.startswith(expected), f"expected {expected}…, was {each.name}")
    return found


_said: Final[dict[tuple[str, Upgrade], list[tuple[str, Any]]]] = {}


def _say(connection: sa.Connection, upgrade: Upgrade) -> None:
    """Run a step on a database that has nothing of the room yet, as it was run on one before."""
    known = connection.dialect.name, upgrade
    if known in _said:
        for statement, parameters in _said[known]:
            connection.exec_driver_sql(statement, parameters)
        return
    heard: list[tuple[str, Any]] = []

    def hear(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
        if not statement.lstrip().upper().startswith(_READS):
            heard.append((statement, parameters or None))

    sa.event.listen(connection, "before_cursor_execute", hear)
    try:
        upgrade(connection)
    finally:
        sa.event.remove(connection, "before_cursor_execute", hear)
    _said[known] = heard


def versions_table(room: str) -> sa.Table:
    """Return the table that says which migrations a room's tables have been through."""
    return table(
        metadata(room),
        "migrations",
        key("version", sa.Integer),
        column("name", Ascii(80)),
        column("at_us", Micros),
    )


def needs_table(room: str) -> sa.Table:
    """Return the table that says whom each migration left behind; 0: who may not start now.

    A table of its own: releases before it put rows of three values into the other one.
    """
    return table(metadata(room), "needs", key("version", sa.Integer), column("needs", sa.Integer))


class Migrator:
    """Brings one room's tables to the form its code expects.

    Parameters
    ----------
    programs : who else runs on the database; None: nobody, as in tests and tools.
    """

    def __init__(
        self,
        database: Database,
        room: str,
        migrations: list[Migration],
        clock: Clock,
        programs: Programs | None = None,
    ) -> None:
        self._database, self._migrations, self._clock = database, migrations, clock
        self._versions, self._needs = versions_table(room), needs_table(room)
        self._room, self._programs, self._is_fresh = room, programs, False

    def migrate(self) -> list[str]:
        """Run what has not run yet; return the names of what this call ran.

        Raises: DatabaseNewer, OlderProgramLives (what could be run before it was), Outage, Bug
        (the tables went another way: other names).
        """
        if self._programs is not None:  # first: who takes away looks after it has barred us
            self._programs.tell(self._room, len(self._migrations))
        applied = self._database.read(self._applied)
        self._check_known(applied)
        for each in self._migrations:
            name = applied[each.version].name if each.version in applied else each.name
            check.that(name == each.name, f"expected migration {each.name}, was {name}")
        missing = [each for each in self._migrations if each.version not in applied]
        self._is_fresh = not applied
        if missing:
            self._database.run(self._lay_ground)
        if self._is_fresh and self._database.flavour is Flavour.SQLITE:
            return self._database.run(lambda connection: self._all(connection, missing))
        return [each.name for each in missing if self._ran(each)]

    def _check_known(self, applied: dict[int, _Applied]) -> None:
        """See that this program can live with what was done. Raises: DatabaseNewer."""
        known = len(self._migrations)
        beyond = [
            max(version, known + 1)
            for version, done in applied.items()
            if (done.needs or 0) > known or (version > known and done.needs is None)
        ]
        if beyond:
            raise DatabaseNewer(
                f"The tables of {self._room} have form {max(beyond)}, this program knows {known}. "
                "Use the program that wrote them, or a newer one.",
                room=self._room,
                form_found=max(beyond),
                form_known=known,
            )

    def _bar_older(self, migration: Migration) -> None:
        """Let no older program start any more, and see that none runs. Raises: OlderProgramLives.

        Who starts tells of itself first and then looks for the bar: one of us sees the other.
        """
        if self._programs is None:
            return
        self._database.run(lambda connection: self._bar(connection, migration.needs))
        older = self._programs.older(self._room, migration.needs)
        if not older:
            return
        self._database.run(lambda connection: self._bar(connection, 0))
        first = older[0]
        raise OlderProgramLives(
            f"{migration.name} of {self._room} takes away what {first.holder} still uses: it knows "
            f"form {first.form}, {migration.needs} is needed. Upgrade that process to "
            "the release between, or stop it; one that died is forgotten after 30 s.",
            room=self._room,
            migration=migration.name,
            holder=first.holder,
            version=first.version,
            form_known=first.form,
            form_needed=migration.needs,
        )

    def _bar(self, connection: sa.Connection, needs: int) -> None:
        bar = self._needs.c.version == 0
        connection.execute(sa.update(self._needs).where(bar).values(needs=needs))

    def _ran(self, migration: Migration) -> bool:
        """Run one migration; return whether it was still to run. Raises: OlderProgramLives."""
        if migration.needs:
            self._bar_older(migration)
        return self._alone(lambda connection: self._step(connection, migration))

    def _alone(self, act: Callable[[sa.Connection], bool]) -> bool:
        """Do something while no other process can."""

        def guarded() -> bool:
            with self._database.transaction(reads=True) as guard:
                ground = self._versions.c.version == 0
                guard.execute(sa.select(self._versions).where(ground).with_for_update())
                return self._database.run(act)

        if self._database.flavour is Flavour.SQLITE:
            # DDL is part of the transaction here, and one transaction writes at a time.
            return self._database.run(act)
        # Elsewhere DDL commits by itself, so a connection of its own holds the lock.
        return self._database.again(guarded)

    def _all(self, connection: sa.Connection, missing: list[Migration]) -> list[str]:
        """Run all steps in one transaction, where DDL is part of it; return those still to run."""
        applied = self._applied(connection)
        left = [each for each in missing if each.version not in applied]
        for each in left:
            _say(connection, each.upgrade)
            self._record(connection, each)
        return [each.name for each in left]

    def _step(self, connection: sa.Connection, migration: Migration) -> bool:
        if migration.version in self._applied(connection):
            return False
        if self._is_fresh:
            _say(connection, migration.upgrade)
        else:
            migration.upgrade(connection)
        self._record(connection, migration)
        return True

    def _applied(self, connection: sa.Connection) -> dict[int, _Applied]:
        """Return what was done, by number; 0 is the ground, with what bars older programs."""
        look, versions, needs = sa.inspect(connection), self._versions.c, self._needs.c
        if not look.has_table(self._versions.name):
            return {}
        rows = connection.execute(sa.select(versions.version, versions.name))
        names = {row.version: row.name for row in rows}
        said: dict[int, int] = {}
        if look.has_table(self._needs.name):
            found = connection.execute(sa.select(needs.version, needs.needs))
            said = {row.version: row.needs for row in found}
        return {number: _Applied(name, said.get(number)) for number, name in names.items()}

    def _lay_ground(self, connection: sa.Connection) -> None:
        """Make the tables of versions and needs, and their rows 0: the lock, and the bar."""
        ground = Migration(0, "ground", lambda connection: None)
        for each in (self._versions, self._needs):
            connection.execute(sa.schema.CreateTable(each, if_not_exists=True))
        for each in (self._versions, self._needs):
            if connection.execute(sa.select(each).where(each.c.version == 0)).first() is None:
                self._record(connection, ground, only=each)

    def _record(
        self, connection: sa.Connection, migration: Migration, *, only: sa.Table | None = None
    ) -> None:
        values = {
            "name": migration.name,
            "at_us": instant_us(self._clock.now_ns()),
            "needs": migration.needs,
        }
        for each in (self._versions, self._needs) if only is None else (only,):
            kept = {name: value for name, value in values.items() if name in each.c}
            connection.execute(sa.insert(each).values(version=migration.version, **kept))
