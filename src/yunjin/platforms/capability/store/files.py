"""Reading and writing files of payments."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from yunjin.kernel.clock import instant
from yunjin.platforms.capability.api.payment_files import FileState, PaymentFile
from yunjin.platforms.capability.store.tables import file_parts, files

_F: Final = files.c
_P: Final = file_parts.c


def put(connection: sa.Connection, row: Mapping[str, Any], parts: Sequence[bytes]) -> None:
    """Keep a new file and its parts."""
    connection.execute(sa.insert(files).values(**row))
    if parts:
        rows = [
            {"file_id": row["file_id"], "part": at, "body": body, "outcome": None}
            for at, body in enumerate(parts)
        ]
        connection.execute(sa.insert(file_parts), rows)


def one(connection: sa.Connection, file_id: UUID) -> PaymentFile | None:
    """Return a file."""
    row = connection.execute(sa.select(files).where(_F.file_id == file_id)).one_or_none()
    return None if row is None else _read(row)


def digest_and_head(connection: sa.Connection, file_id: UUID) -> tuple[bytes, Any] | None:
    """Return what tells a file from another, and its header."""
    query = sa.select(_F.digest, _F.head).where(_F.file_id == file_id)
    row = connection.execute(query).one_or_none()
    return None if row is None else (bytes(row.digest), row.head)


def is_known(connection: sa.Connection, sender: str, message_id: str) -> bool:
    """Tell whether a sender's file of this id was taken and not refused whole."""
    query = sa.select(_F.file_id).where(
        _F.message_id == message_id, _F.sender == sender, _F.state != FileState.REFUSED.value
    )
    return connection.execute(query.limit(1)).first() is not None


def some(connection: sa.Connection, before: UUID | None, limit: int) -> list[PaymentFile]:
    """Return files, newest first."""
    query = sa.select(files).order_by(_F.file_id.desc()).limit(limit)
    if before is not None:
        query = query.where(_F.file_id < before)
    return [_read(row) for row in connection.execute(query)]


def part(connection: sa.Connection, file_id: UUID, at: int) -> tuple[bytes, bytes | None] | None:
    """Return a part's lines and what became of them."""
    query = sa.select(_P.body, _P.outcome).where(_P.file_id == file_id, _P.part == at)
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    return bytes(row.body), None if row.outcome is None else bytes(row.outcome)


def put_outcome(connection: sa.Connection, file_id: UUID, at: int, outcome: bytes) -> None:
    """Keep what became of a part's lines."""
    query = sa.update(file_parts).where(_P.file_id == file_id, _P.part == at)
    connection.execute(query.values(outcome=outcome))


def end(connection: sa.Connection, file_id: UUID, at_us: int, **counts: int) -> None:
    """Say that every line has its outcome."""
    query = sa.update(files).where(_F.file_id == file_id)
    connection.execute(query.values(state=FileState.DONE.value, changed_us=at_us, **counts))


def _read(row: Any) -> PaymentFile:
    return PaymentFile(
        file_id=row.file_id,
        message_id=row.message_id,
        name=row.name,
        sender=row.sender,
        state=FileState(row.state),
        lines=row.lines,
        booked=row.booked,
        refused=row.refused,
        away=row.away,
        reason=row.reason,
        detail=row.detail,
        at=instant(row.at_us * 1_000),
        changed=instant(row.changed_us * 1_000),
    )
