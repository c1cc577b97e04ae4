"""Reading and writing definitions of reports, and their runs."""

import datetime as dt
from typing import Any, Final
from uuid import UUID

import msgspec
import sqlalchemy as sa

from yunjin.kernel.clock import instant
from yunjin.platforms.capability.api.reports import Definition, Run
from yunjin.platforms.capability.store.keys import can_be
from yunjin.platforms.capability.store.limits import date_of, days_of
from yunjin.platforms.capability.store.pricing_tables import definitions, runs

_D, _R = definitions.c, runs.c
_HEAD: Final = [column for column in runs.c if column.name not in ("body", "source", "definition")]


def put_definition(connection: sa.Connection, one: Definition, version: int, at_us: int) -> None:
    """Keep a version of a definition."""
    body = msgspec.to_builtins(one)
    connection.execute(
        sa.insert(definitions).values(code=one.code, version=version, body=body, at_us=at_us)
    )


def definition_versions(connection: sa.Connection, code: str = "") -> dict[str, dict[int, Any]]:
    """Return kept definitions by code and version; of one code where that is named."""
    query = sa.select(_D.code, _D.version, _D.body).order_by(_D.code, _D.version)
    if code and not can_be(code, 40):
        return {}
    if code:
        query = query.where(_D.code == code)
    found: dict[str, dict[int, Any]] = {}
    for row in connection.execute(query):
        found.setdefault(row.code, {})[row.version] = msgspec.convert(row.body, Definition)
    return found


def put_run(
    connection: sa.Connection, one: Run, definition: Definition, *, body: bytes, source: bytes
) -> None:
    """Keep a run: its table and what it was made of, packed."""
    connection.execute(
        sa.insert(runs).values(
            run_id=one.run_id,
            code=one.code,
            version=one.version,
            day=days_of(one.day),
            row_count=one.rows,
            source_row_count=one.source_rows,
            hash=bytes.fromhex(one.hash),
            source_hash=bytes.fromhex(one.source_hash),
            made_by=one.by,
            at_us=round(one.at.timestamp() * 1_000_000),
            definition=msgspec.to_builtins(definition),
            body=body,
            source=source,
        )
    )


def run(connection: sa.Connection, run_id: UUID) -> Run | None:
    """Return a run."""
    row = connection.execute(sa.select(*_HEAD).where(_R.run_id == run_id)).one_or_none()
    return None if row is None else _run(row)


def kept(connection: sa.Connection, run_id: UUID) -> tuple[Definition, bytes, bytes] | None:
    """Return a run's definition as it was, its table and what it was made of, packed."""
    query = sa.select(_R.definition, _R.body, _R.source).where(_R.run_id == run_id)
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    return msgspec.convert(row.definition, Definition), bytes(row.body), bytes(row.source)


def some_runs(
    connection: sa.Connection, *, code: str, day: dt.date | None, before: UUID | None, limit: int
) -> list[Run]:
    """Return runs, newest first."""
    if code and not can_be(code, 40):
        return []
    query = sa.select(*_HEAD).order_by(_R.run_id.desc()).limit(limit)
    if code:
        query = query.where(_R.code == code)
    if day is not None:
        query = query.where(_R.day == days_of(day))
    if before is not None:
        query = query.where(_R.run_id < before)
    return [_run(row) for row in connection.execute(query)]


def _run(row: Any) -> Run:
    return Run(
        run_id=row.run_id,
        code=row.code,
        version=row.version,
        day=date_of(row.day),
        rows=row.row_count,
        source_rows=row.source_row_count,
        hash=bytes(row.hash).hex(),
        source_hash=bytes(row.source_hash).hex(),
        by=row.made_by,
        at=instant(row.at_us * 1_000),
    )
