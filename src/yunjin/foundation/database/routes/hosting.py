"""Databases as a service over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from yunjin.chassis.transport.values import Answer, Command, Digits, Form, Key, Limit, id_of
from yunjin.foundation.database.api.hosting import (
    Granted,
    HostedDatabase,
    HostedState,
    HostingApi,
)
from yunjin.foundation.database.routes.fleet import Name
from yunjin.kernel.page import LIMIT_MAX

QuotaMb = Annotated[int, Field(strict=True, ge=1, le=10_000_000)]
Connections = Annotated[int, Field(strict=True, ge=1, le=500)]
Word = Annotated[str, Field(min_length=1, max_length=48, pattern="^[a-z][a-z0-9_]*$")]


class LimitsForm(Form):
    """A database's limits. quota_mb: of its files. connections_max: of its user, on each node."""

    quota_mb: QuotaMb = 1_024
    connections_max: Connections = 20


class HostedForm(Command):
    """A database to make, and its user of the same name. owner: who asks for it, in words."""

    name: Word
    set_name: Word
    owner: Annotated[str, Field(max_length=80)] = ""
    quota_mb: QuotaMb = 1_024
    connections_max: Connections = 20


class RestoreForm(Form):
    """Which copy a database is brought back to."""

    backup: Annotated[str, Field(min_length=1, max_length=40)]


class HostedOut(Answer):
    """A hosted database. state: creating, open, full (over its quota) or restoring."""

    name: str
    set_name: str
    owner: str
    state: str
    quota_mb: int
    connections_max: int
    size_bytes: Digits
    created_us: Digits
    measured_us: Digits

    @classmethod
    def of(cls, one: HostedDatabase) -> "HostedOut":
        """Return a database's answer."""
        same = {name: getattr(one, name) for name in cls.model_fields}
        return cls(**{**same, "state": HostedState(one.state).name.lower()})


class GrantedOut(Answer):
    """A database and the URL its application connects with.

    The password in it is said once and kept nowhere; a repeated command gets an empty url.
    """

    database: HostedOut
    url: str

    @classmethod
    def of(cls, granted: Granted) -> "GrantedOut":
        """Return the answer."""
        return cls(database=HostedOut.of(granted.database), url=granted.url)


class HostedUseOut(Answer):
    """What a database is doing now. connections: on all nodes."""

    connections: int
    table_count: int
    size_bytes: Digits


class HostedBackupOut(Answer):
    """A copy of one database."""

    id: str
    name: str
    taken_us: Digits
    size_bytes: Digits
    sha256: str


class HostingRoutes:
    """The addresses of hosted databases."""

    def __init__(self, hosting: HostingApi) -> None:
        self._hosting = hosting

    def hosted(self, limit: Limit = LIMIT_MAX) -> list[HostedOut]:
        """Return the hosted databases, by name."""
        return [HostedOut.of(one) for one in self._hosting.databases(limit=limit)]

    def host_database(self, form: HostedForm, key: Key = None) -> GrantedOut:
        """Make a database for an application, and a user with rights in it alone."""
        made = self._hosting.create(
            id_of(form, key),
            form.name,
            form.set_name,
            owner=form.owner,
            quota_mb=form.quota_mb,
            connections_max=form.connections_max,
        )
        return GrantedOut.of(made)

    def hosted_database(self, name: Name) -> HostedOut:
        """Return one."""
        return HostedOut.of(self._hosting.database(name))

    def limit_hosted(self, name: Name, form: LimitsForm) -> HostedOut:
        """Give a database other limits, from now on."""
        return HostedOut.of(self._hosting.change(name, **form.model_dump()))

    def hosted_use(self, name: Name) -> HostedUseOut:
        """Return what a database is doing now."""
        return HostedUseOut.model_validate(self._hosting.use(name))

    def rotate_password(self, name: Name) -> GrantedOut:
        """Give a database's user another password; whoever is connected stays."""
        return GrantedOut.of(self._hosting.rotate(name))

    def back_up_hosted(self, name: Name) -> HostedBackupOut:
        """Copy one database alone, while it is used."""
        return HostedBackupOut.model_validate(self._hosting.backup(name))

    def hosted_backups(self, name: Name) -> list[HostedBackupOut]:
        """Return the copies of a database, oldest first; of one that was dropped too."""
        return [HostedBackupOut.model_validate(one) for one in self._hosting.backups(name)]

    def restore_hosted(self, name: Name, form: RestoreForm) -> HostedOut:
        """Bring a database back to what a copy holds; what it held before is copied first."""
        return HostedOut.of(self._hosting.restore(name, form.backup))

    def drop_hosted(
        self, name: Name, confirm: Annotated[str, Query(max_length=48)]
    ) -> HostedBackupOut:
        """Copy a database a last time, then remove it and its user. confirm: the name once more."""
        return HostedBackupOut.model_validate(self._hosting.drop(name, confirm=confirm))


def hosting_router(hosting: HostingApi) -> APIRouter:
    """Return the router of hosted databases."""
    made, to = APIRouter(prefix="/databases", tags=["databases"]), HostingRoutes(hosting)
    made.get("")(to.hosted)
    made.post("")(to.host_database)
    made.get("/{name}")(to.hosted_database)
    made.put("/{name}/limits")(to.limit_hosted)
    made.get("/{name}/use")(to.hosted_use)
    made.post("/{name}/password")(to.rotate_password)
    made.get("/{name}/backups")(to.hosted_backups)
    made.post("/{name}/backups")(to.back_up_hosted)
    made.post("/{name}/restore")(to.restore_hosted)
    made.delete("/{name}")(to.drop_hosted)
    return made
