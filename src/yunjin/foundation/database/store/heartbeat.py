"""The heartbeat's table, the engine's version, and the copy of a SQLite database."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa

from yunjin.chassis.persistence import (
    Ascii,
    Database,
    Flavour,
    Int64,
    Micros,
    column,
    key,
    metadata,
    private_file,
    standard,
    table,
)
from yunjin.foundation.database.errors import BackupFailed

tables: Final = metadata("database")
standard(tables)
heartbeat: Final = table(
    tables,
    "heartbeat",
    key("prober", Ascii(64)),
    column("beat", Int64),
    column("at_us", Micros),
)
_PAGES_A_STEP: Final = 256  # 1 MB: others get a turn between two steps


def write_beat(connection: sa.Connection, prober: str, beat: int, at_us: int) -> None:
    """Save a prober's newest beat."""
    values = {"beat": beat, "at_us": at_us}
    changed = connection.execute(
        sa.update(heartbeat).where(heartbeat.c.prober == prober).values(**values)
    )
    if not changed.rowcount:
        connection.execute(sa.insert(heartbeat).values(prober=prober, **values))


def read_beat(connection: sa.Connection, prober: str) -> int:
    """Return a prober's newest beat, 0 where it has none."""
    query = sa.select(heartbeat.c.beat).where(heartbeat.c.prober == prober)
    return connection.execute(query).scalar_one_or_none() or 0


def version(database: Database) -> str:
    """Return the engine's version as it gives it."""
    asked = "sqlite_version()" if database.flavour is Flavour.SQLITE else "version()"
    return database.read(lambda c: str(c.execute(sa.text(f"SELECT {asked}")).scalar_one()))


def size_bytes(database: Database) -> int:
    """Return the size of a SQLite database's files, 0 for a server's."""
    if database.flavour is not Flavour.SQLITE:
        return 0
    path = str(database.engine.url.database)
    files = [Path(path), Path(f"{path}-wal")]
    return sum(file.stat().st_size for file in files if file.exists())


def copy_sqlite(database: Database, to: Path) -> None:
    """Copy page by page while others write, check the copy, and give it its name at the end.

    Raises: BackupFailed; nothing is left behind then.
    """
    part = to.with_name(f".{to.name}.part")
    try:
        private_file(part)
        _copy(database, part)
        with part.open("rb") as file:
            os.fsync(file.fileno())
        part.rename(to)
        folder = os.open(to.parent, os.O_RDONLY)
        try:
            os.fsync(folder)  # the name is as durable as the bytes
        finally:
            os.close(folder)
    except (sqlite3.Error, OSError) as error:
        raise BackupFailed(f"The copy could not be made: {error}", path=str(to)) from error
    finally:
        part.unlink(missing_ok=True)


def _copy(database: Database, part: Path) -> None:
    with (
        closing(database.engine.raw_connection()) as source,
        closing(sqlite3.connect(part, isolation_level=None)) as target,
    ):
        origin: Any = source.driver_connection
        # One snapshot for all steps: without it each commit of others starts the copy over.
        origin.execute("BEGIN")
        try:
            origin.execute("SELECT 1 FROM sqlite_schema").fetchone()
            origin.backup(target, pages=_PAGES_A_STEP)
        finally:
            origin.execute("ROLLBACK")
        target.execute("PRAGMA journal_mode = DELETE")  # one file, complete in itself
        [finding] = target.execute("PRAGMA integrity_check(1)").fetchone()
        if finding != "ok":
            raise sqlite3.DatabaseError(f"expected a sound copy, was: {finding}")
