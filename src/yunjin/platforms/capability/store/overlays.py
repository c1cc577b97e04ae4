"""Reading and writing overlays."""

import msgspec
import sqlalchemy as sa

from yunjin.platforms.capability.api.overlays import Overlay
from yunjin.platforms.capability.store.overlay_tables import overlays, register


def lock(connection: sa.Connection) -> None:
    """Let nobody else put an overlay until the commit."""
    connection.execute(sa.update(register).values(version=register.c.version + 1))


def every(connection: sa.Connection) -> list[Overlay]:
    """Return all overlays, by point and name."""
    query = sa.select(overlays.c.content).order_by(overlays.c.point, overlays.c.name)
    return [_read(kept) for (kept,) in connection.execute(query)]


def one(connection: sa.Connection, name: str) -> Overlay | None:
    """Return an overlay."""
    query = sa.select(overlays.c.content).where(overlays.c.name == name)
    kept = connection.execute(query).scalar()
    return None if kept is None else _read(kept)


def put(connection: sa.Connection, overlay: Overlay, at_us: int) -> None:
    """Keep an overlay in the place of what had its name."""
    drop(connection, overlay.name)
    kept = msgspec.to_builtins(overlay)
    row = {"name": overlay.name, "point": overlay.point, "content": kept, "at_us": at_us}
    connection.execute(sa.insert(overlays).values(**row))


def drop(connection: sa.Connection, name: str) -> None:
    """Take an overlay away."""
    connection.execute(sa.delete(overlays).where(overlays.c.name == name))


def _read(kept: object) -> Overlay:
    return msgspec.convert(kept, Overlay)
