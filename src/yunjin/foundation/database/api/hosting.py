"""Databases as a service: a tenant's own application gets a database on a set of the fleet."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol
from uuid import UUID

from yunjin.kernel.page import LIMIT_MAX


class HostedState(IntEnum):
    """Where a hosted database stands."""

    CREATING = 0  # begun; the same command again completes it
    OPEN = 1
    FULL = 2  # over its quota: it may be read, and rows and tables deleted
    RESTORING = 3  # closed to its user; where that failed, till a restore that succeeds


@dataclass(frozen=True, slots=True, kw_only=True)
class HostedDatabase:
    """A database that an application of its own uses; its user has its name."""

    name: str
    set_name: str
    owner: str  # who asked for it, in words
    state: HostedState
    quota_mb: int
    connections_max: int  # of its user, on each node
    size_bytes: int  # of its files when they were last measured
    created_us: int
    measured_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    """A hosted database, and how its application connects.

    The password is said once, when it is made, and kept nowhere: `url` is empty where the command
    had been answered before.
    """

    database: HostedDatabase
    url: str  # mysql://USER:PASSWORD@HOST:PORT,…/NAME


@dataclass(frozen=True, slots=True, kw_only=True)
class HostedBackup:
    """A copy of one hosted database."""

    id: str  # its time, sortable
    name: str  # of the database
    taken_us: int
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HostedUse:
    """What a hosted database is doing now."""

    connections: int  # on all nodes
    table_count: int
    size_bytes: int


class HostingApi(Protocol):
    """Databases for applications, on the sets of the fleet. All raise Outage where a set is."""

    def create(
        self,
        command_id: UUID,
        name: str,
        set_name: str,
        *,
        owner: str,
        quota_mb: int,
        connections_max: int,
    ) -> Granted:
        """Make a database, and a user who may do everything in it and nothing outside.

        Raises: Malformed (a name that cannot be), NameTaken, TopologyRefused (no such set).
        """

    def change(self, name: str, *, quota_mb: int, connections_max: int) -> HostedDatabase:
        """Give a database other limits, from now on. Raises: NotFound."""

    def rotate(self, name: str) -> Granted:
        """Give its user another password; whoever is connected stays. Raises: NotFound."""

    def databases(self, *, limit: int = LIMIT_MAX) -> list[HostedDatabase]:
        """Return the hosted databases, by name."""

    def database(self, name: str) -> HostedDatabase:
        """Return one. Raises: NotFound."""

    def use(self, name: str) -> HostedUse:
        """Return what a database is doing now. Raises: NotFound."""

    def measure(self) -> list[HostedDatabase]:
        """Measure all, close those that are over their quota, open those that are under again.

        Returns those that changed their state.
        """

    def backup(self, name: str) -> HostedBackup:
        """Copy one database alone while it is used. Raises: NotFound."""

    def backups(self, name: str) -> list[HostedBackup]:
        """Return the copies of a database, oldest first; of one that was dropped too."""

    def restore(self, name: str, backup: str) -> HostedDatabase:
        """Bring a database back to what a copy holds; what it held before is copied first.

        Raises: NotFound, RestoreRefused.
        """

    def drop(self, name: str, *, confirm: str) -> HostedBackup:
        """Copy a database a last time, then remove it and its user.

        Parameters
        ----------
        confirm : the name once more.

        Raises: NotFound, Malformed where `confirm` is another name.
        """
