"""The table of hosted databases."""

from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from yunjin.chassis.persistence import (
    Ascii,
    Int64,
    Micros,
    Small,
    Uuid,
    Words,
    column,
    key,
    metadata,
    table,
)
from yunjin.foundation.database.api.hosting import HostedDatabase, HostedState

tables: Final = metadata("database")
hosted: Final = table(
    tables,
    "hosted",
    key("name", Ascii(48)),
    column("set_name", Ascii(48)),
    column("owner", Words(80)),
    column("state", Small),
    column("quota_mb", Int64),
    column("connections_max", Small),
    column("size_bytes", Int64),
    column("created_us", Micros),
    column("measured_us", Micros),
    column("command_id", Uuid()),  # that made it
)


def one(connection: sa.Connection, name: str) -> tuple[HostedDatabase, UUID] | None:
    """Return a hosted database and the command that made it."""
    row = connection.execute(sa.select(hosted).where(hosted.c.name == name)).one_or_none()
    return None if row is None else (_read(row), row.command_id)


def some(connection: sa.Connection, limit: int) -> list[HostedDatabase]:
    """Return hosted databases, by name."""
    query = sa.select(hosted).order_by(hosted.c.name).limit(limit)
    return [_read(row) for row in connection.execute(query)]


def add(connection: sa.Connection, made: HostedDatabase, command_id: UUID) -> None:
    """Save a new one."""
    values = {name: getattr(made, name) for name in HostedDatabase.__slots__}
    connection.execute(sa.insert(hosted).values(**values, command_id=command_id))


def change(connection: sa.Connection, name: str, was: HostedState, **values: Any) -> bool:
    """Save what changed of one that has the state it had; return whether it has."""
    changed = connection.execute(
        sa.update(hosted).where(hosted.c.name == name, hosted.c.state == was).values(**values)
    )
    return bool(changed.rowcount)


def remove(connection: sa.Connection, name: str) -> None:
    """Forget one."""
    connection.execute(sa.delete(hosted).where(hosted.c.name == name))


def _read(row: Any) -> HostedDatabase:
    values = {name: getattr(row, name) for name in HostedDatabase.__slots__}
    return HostedDatabase(**{**values, "state": HostedState(values["state"])})
