"""The database room's service: one tenant's database, opened room by room."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Final

from yunjin.chassis.persistence import (
    Database,
    Flavour,
    Migrator,
    Programs,
    RoomDatabase,
    instant_us,
    migrations_of,
    private_folder,
)
from yunjin.foundation.database import migrations as own_migrations
from yunjin.foundation.database.api import Backup, DatabaseInfo, Health
from yunjin.foundation.database.errors import BackupNotOffered, BackupTargetTaken
from yunjin.foundation.database.store import heartbeat as store
from yunjin.kernel.clock import Clock
from yunjin.kernel.errors import Problem
from yunjin.kernel.release import RELEASE

_CHUNK: Final = 1 << 20
_BACKUP_TOOLS: Final = {
    Flavour.MARIADB: "mariadb-backup",
    Flavour.MYSQL: "xtrabackup",
    Flavour.TIDB: "br",
    Flavour.OCEANBASE: "the cluster's own backup",
    Flavour.VITESS: "vtctldclient Backup",
}


class DatabaseService:
    """The near implementation of DatabaseApi."""

    def __init__(
        self,
        database: Database,
        *,
        tenant: str,
        clock: Clock,
        prober: str,
        traceparent: Callable[[], str] = str,
    ) -> None:
        self._database, self._tenant, self._clock = database, tenant, clock
        self._prober, self._traceparent = prober, traceparent
        self._rooms: dict[str, RoomDatabase] = {}
        self._programs = Programs(database, clock, holder=prober, version=RELEASE)
        try:
            self.own = self.open(
                "database", source="/foundation/database", migrations=own_migrations
            )
        except BaseException:  # nobody is to wait for a program that did not come to run
            self._programs.close()
            raise
        self._programs.start()

    def open(self, room: str, *, source: str, migrations: ModuleType) -> RoomDatabase:
        if room not in self._rooms:
            steps = migrations_of(migrations)
            Migrator(self._database, room, steps, self._clock, self._programs).migrate()
            self._rooms[room] = RoomDatabase(
                self._database,
                room=room,
                tenant=self._tenant,
                source=source,
                clock=self._clock,
                traceparent=self._traceparent,
            )
        return self._rooms[room]

    def rooms(self) -> list[RoomDatabase]:
        """Return the rooms that are open, by name."""
        return [self._rooms[name] for name in sorted(self._rooms)]

    def info(self) -> DatabaseInfo:
        version = store.version(self._database)
        return DatabaseInfo(
            tenant=self._tenant,
            engine=self._database.flavour.value,
            version=version,
            url=self._database.engine.url.render_as_string(hide_password=True),
            rooms=tuple(sorted(self._rooms)),
            size_bytes=store.size_bytes(self._database),
        )

    def health(self) -> Health:
        beat = self._clock.now_ns()
        started_us = self._ticks_us()
        try:
            self.own.run(
                lambda work: store.write_beat(work.connection, self._prober, beat, instant_us(beat))
            )
            written_us = self._ticks_us()
            seen = self.own.read(lambda connection: store.read_beat(connection, self._prober))
        except Problem as problem:
            return Health(is_ready=False, why=problem.detail, write_us=0, read_us=0)
        why = "" if seen == beat else f"expected heartbeat {beat} back, was {seen}"
        return Health(
            is_ready=not why,
            why=why,
            write_us=written_us - started_us,
            read_us=self._ticks_us() - written_us,
        )

    def backup(self, to: Path) -> Backup:
        if self._database.flavour is not Flavour.SQLITE:
            tool = _BACKUP_TOOLS[self._database.flavour]
            raise BackupNotOffered(
                f"A {self._database.flavour.value} database is copied by {tool}.", tool=tool
            )
        if to.exists():
            raise BackupTargetTaken("There is a file of this name already.", path=str(to))
        private_folder(to.parent)
        store.copy_sqlite(self._database, to)
        digest, size = hashlib.sha256(), 0
        with to.open("rb") as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
                size += len(chunk)
        return Backup(path=to, size_bytes=size, sha256=digest.hexdigest())

    def close(self) -> None:
        """Close the connections; units of work that still run keep theirs to the end."""
        self._programs.close()
        self._database.close()

    def _ticks_us(self) -> int:
        return self._clock.monotonic_ns() // 1_000
