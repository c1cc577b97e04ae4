"""Reading and writing drawings."""

import hashlib
import zlib
from typing import Any, Final

import sqlalchemy as sa

from yunjin.kernel.clock import instant
from yunjin.platforms.capability.api.drawings import Drawing
from yunjin.platforms.capability.store.drawing_tables import drawings, versions

_D: Final = drawings.c
_V: Final = versions.c
_SHOWN: Final = (
    _V.code,
    _V.version,
    _V.name,
    _V.operations,
    _V.inputs,
    _V.done_by,
    _V.at_us,
    _D.is_retired,
)


def digest_of(text: str) -> bytes:
    """Return what tells a text from another."""
    return hashlib.sha256(text.encode()).digest()


def locked(connection: sa.Connection, code: str) -> tuple[int, bool] | None:
    """Return a drawing's newest version and whether it is retired, locked until the commit."""
    query = sa.select(_D.newest, _D.is_retired).where(_D.code == code).with_for_update()
    row = connection.execute(query).one_or_none()
    return None if row is None else (int(row.newest), bool(row.is_retired))


def put(connection: sa.Connection, one: Drawing, text: str, at_us: int) -> None:
    """Keep a new version as the newest one; the drawing's row is locked, or not there yet."""
    row = {
        "code": one.code,
        "version": one.version,
        "name": one.name,
        "operations": list(one.operations),
        "inputs": list(one.inputs),
        "digest": digest_of(text),
        "body": zlib.compress(text.encode()),
        "done_by": one.by,
        "at_us": at_us,
    }
    connection.execute(sa.insert(versions).values(**row))
    head = {"newest": one.version, "is_retired": 0}
    if one.version == 1:
        connection.execute(sa.insert(drawings).values(code=one.code, **head))
    else:
        connection.execute(sa.update(drawings).where(_D.code == one.code).values(**head))


def retire(connection: sa.Connection, code: str) -> None:
    """Keep that a drawing starts no more flows."""
    connection.execute(sa.update(drawings).where(_D.code == code).values(is_retired=1))


def digest(connection: sa.Connection, code: str, version: int) -> bytes:
    """Return the digest of a version that is there."""
    query = sa.select(_V.digest).where(_V.code == code, _V.version == version)
    return bytes(connection.execute(query).scalar_one())


def one(connection: sa.Connection, code: str, version: int) -> Drawing | None:
    """Return a version; 0 is the newest."""
    is_it = _V.version == (version or _D.newest)
    query = _joined().where(_V.code == code, is_it)
    row = connection.execute(query).one_or_none()
    return None if row is None else _read(row)


def body(connection: sa.Connection, code: str, version: int) -> str | None:
    """Return a version's text."""
    query = sa.select(_V.body).where(_V.code == code, _V.version == version)
    found = connection.execute(query).scalar_one_or_none()
    return None if found is None else zlib.decompress(found).decode()


def some(connection: sa.Connection, after: str, limit: int) -> list[Drawing]:
    """Return the newest versions, by code."""
    query = _joined().where(_D.code > after, _V.version == _D.newest).order_by(_D.code)
    return [_read(row) for row in connection.execute(query.limit(limit))]


def codes(connection: sa.Connection) -> list[str]:
    """Return the codes of those that may be started, sorted."""
    query = sa.select(_D.code).where(_D.is_retired == 0).order_by(_D.code)
    return list(connection.execute(query).scalars())


def _joined() -> sa.Select[Any]:
    return sa.select(*_SHOWN).select_from(drawings.join(versions, _D.code == _V.code))


def _read(row: Any) -> Drawing:
    return Drawing(
        code=row.code,
        version=int(row.version),
        name=row.name,
        operations=tuple(row.operations),
        inputs=tuple(row.inputs),
        by=row.done_by,
        at=instant(int(row.at_us) * 1_000),
        is_retired=bool(row.is_retired),
    )
