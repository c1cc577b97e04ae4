"""A tenant's database: what the other rooms ask of it."""

from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Protocol, TypeVar

RoomDatabaseT_co = TypeVar("RoomDatabaseT_co", covariant=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseInfo:
    """Which engine keeps a tenant's tables."""

    tenant: str
    engine: str  # "sqlite", "mariadb", "mysql", "tidb", "oceanbase" or "vitess"
    version: str
    url: str  # without the password
    rooms: tuple[str, ...]  # whose tables are open
    size_bytes: int  # of the file; 0 where the engine keeps it elsewhere


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """Whether the database takes writes now, tried by one."""

    is_ready: bool
    why: str  # why not; empty while it is ready
    write_us: int  # until the heartbeat was durable
    read_us: int  # until it was read back


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """A copy that was made while work went on, and read back."""

    path: Path
    size_bytes: int
    sha256: str


class DatabaseApi(Protocol[RoomDatabaseT_co]):
    """The tenant's database, opened room by room.

    What `open` returns is `chassis.persistence.RoomDatabase`; this file stays free of SQL.
    """

    def open(self, room: str, *, source: str, migrations: ModuleType) -> RoomDatabaseT_co:
        """Bring a room's tables to the form its code expects, and return them to work with.

        Parameters
        ----------
        source : where the room's events come from: `/foundation/ledger`.
        migrations : the room's package of migrations.

        Raises: chassis.persistence.DatabaseNewer, OlderProgramLives; Outage.
        """

    def info(self) -> DatabaseInfo:
        """Return which engine this is. Raises: Outage."""

    def health(self) -> Health:
        """Write a heartbeat, read it back, and say how it went. Raises nothing."""

    def backup(self, to: Path) -> Backup:
        """Copy the database into one file while work goes on, and check the copy.

        Raises: BackupNotOffered, BackupTargetTaken, BackupFailed, Outage.
        """
