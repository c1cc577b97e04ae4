"""Reading and writing runs, cells, their parts, and what came over."""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from yunjin.kernel.clock import instant
from yunjin.platforms.capability.api.takeover import CellLine, CellState, Compared, Run, RunState
from yunjin.platforms.capability.store.limits import date_of, days_of
from yunjin.platforms.capability.store.takeover_tables import cells, days, found, loads, parts, runs

_C: Final = cells.c
_L: Final = loads.c
_P: Final = parts.c


def put_run(connection: sa.Connection, run: Run, mapping: bytes, at_us: int) -> None:
    """Keep a run that was checked."""
    facts = {
        "customers": run.customers,
        "agreements": run.agreements,
        "movements": run.movements,
        "lines": run.lines,
        "refused": run.refused,
        "findings": dict(run.findings),
    }
    connection.execute(
        sa.insert(runs).values(
            run_id=run.run_id,
            source=run.source,
            name=run.name,
            state=run.state.value,
            as_of=days_of(run.as_of),
            mapping=mapping,
            facts=facts,
            at_us=at_us,
            by=run.by,
        )
    )


def run(connection: sa.Connection, run_id: UUID) -> Run | None:
    """Return a run."""
    row = connection.execute(sa.select(runs).where(runs.c.run_id == run_id)).one_or_none()
    return None if row is None else _run(row)


def mapping_of(connection: sa.Connection, run_id: UUID) -> str:
    """Return the mapping of a run that there is."""
    query = sa.select(runs.c.mapping).where(runs.c.run_id == run_id)
    return bytes(connection.execute(query).scalar_one()).decode()


def some_runs(connection: sa.Connection, before: UUID | None, limit: int) -> list[Run]:
    """Return runs, newest first."""
    query = sa.select(runs).order_by(runs.c.run_id.desc()).limit(limit)
    if before is not None:
        query = query.where(runs.c.run_id < before)
    return [_run(row) for row in connection.execute(query)]


def runs_named(connection: sa.Connection, name: str) -> list[UUID]:
    """Return the runs of a source."""
    return list(connection.execute(sa.select(runs.c.run_id).where(runs.c.name == name)).scalars())


def drop(connection: sa.Connection, run_id: UUID) -> None:
    """Take away what was staged of a run that came to no end."""
    for one in (parts, found):
        connection.execute(sa.delete(one).where(one.c.run_id == run_id))


def put_found(connection: sa.Connection, run_id: UUID, part: int, body: bytes) -> None:
    """Keep a part of what was found."""
    connection.execute(sa.insert(found).values(run_id=run_id, part=part, body=body))


def found_of(connection: sa.Connection, run_id: UUID, part: int) -> bytes | None:
    """Return a part of what was found."""
    query = sa.select(found.c.body).where(found.c.run_id == run_id, found.c.part == part)
    body = connection.execute(query).scalar_one_or_none()
    return None if body is None else bytes(body)


def put_cell(connection: sa.Connection, line: CellLine, at_us: int) -> None:
    """Keep a new cell."""
    connection.execute(
        sa.insert(cells).values(
            run_id=line.run_id,
            cell=line.cell,
            state=line.state.value,
            agreements=line.agreements,
            loads=line.loads,
            loaded_on=None,
            proof=None,
            changed_us=at_us,
            by=line.by,
        )
    )


def cells_of(connection: sa.Connection, run_id: UUID) -> list[CellLine]:
    """Return a run's cells, by name."""
    query = sa.select(cells).where(_C.run_id == run_id).order_by(_C.cell)
    loaded = _loaded(connection, run_id)
    return [_cell(row, loaded) for row in connection.execute(query)]


def cell(
    connection: sa.Connection, run_id: UUID, name: str, *, locked: bool = False
) -> CellLine | None:
    """Return a cell."""
    query = sa.select(cells).where(_C.run_id == run_id, _C.cell == name)
    row = connection.execute(query.with_for_update() if locked else query).one_or_none()
    return None if row is None else _cell(row, _loaded(connection, run_id))


def turn(
    connection: sa.Connection, line: CellLine, state: CellState, at_us: int, by: str, **more: Any
) -> None:
    """Keep that a cell, which is locked, came to another state."""
    query = sa.update(cells).where(_C.run_id == line.run_id, _C.cell == line.cell)
    connection.execute(query.values(state=state.value, changed_us=at_us, by=by, **more))


def facts_of_cell(
    connection: sa.Connection, run_id: UUID, name: str
) -> tuple[bytes | None, dt.date | None]:
    """Return a cell's newest proof, and the business date it was brought over on."""
    query = sa.select(_C.proof, _C.loaded_on).where(_C.run_id == run_id, _C.cell == name)
    row = connection.execute(query).one()
    proof = None if row.proof is None else bytes(row.proof)
    return proof, None if row.loaded_on is None else date_of(row.loaded_on)


def put_part(
    connection: sa.Connection,
    run_id: UUID,
    cell: str,
    kind: str,
    place: tuple[int, int],
    count: int,
    facts: Mapping[str, Any],
    body: bytes,
) -> None:
    """Keep a piece of a part of a cell."""
    connection.execute(
        sa.insert(parts).values(
            run_id=run_id,
            cell=cell,
            kind=kind,
            part=place[0],
            piece=place[1],
            row_count=count,
            facts=dict(facts),
            body=body,
        )
    )


def parts_of(
    connection: sa.Connection, run_id: UUID, cell: str, kind: str
) -> list[tuple[int, int, dict[str, Any]]]:
    """Return a cell's parts of a kind, without their pieces: (part, rows, facts)."""
    query = sa.select(_P.part, _P.row_count, _P.facts).where(
        _P.run_id == run_id, _P.cell == cell, _P.kind == kind, _P.piece == 0
    )
    rows = connection.execute(query.order_by(_P.part))
    return [(row.part, row.row_count, dict(row.facts)) for row in rows]


def bodies(connection: sa.Connection, run_id: UUID, cell: str, kind: str, part: int) -> list[bytes]:
    """Return the pieces of a part."""
    query = sa.select(_P.body).where(
        _P.run_id == run_id, _P.cell == cell, _P.kind == kind, _P.part == part
    )
    return [bytes(body) for body in connection.execute(query.order_by(_P.piece)).scalars()]


def body(
    connection: sa.Connection, run_id: UUID, cell: str, kind: str, place: tuple[int, int]
) -> bytes:
    """Return a piece of a part that there is."""
    query = sa.select(_P.body).where(
        _P.run_id == run_id,
        _P.cell == cell,
        _P.kind == kind,
        _P.part == place[0],
        _P.piece == place[1],
    )
    return bytes(connection.execute(query).scalar_one())


def drop_parts(connection: sa.Connection, run_id: UUID, cell: str, kind: str) -> None:
    """Take away a cell's parts of a kind."""
    is_it = (_P.run_id == run_id, _P.cell == cell, _P.kind == kind)
    connection.execute(sa.delete(parts).where(*is_it))


def put_load(connection: sa.Connection, row: Mapping[str, Any]) -> None:
    """Keep that a part came over."""
    connection.execute(sa.insert(loads).values(**row, back=None))


def loads_of(
    connection: sa.Connection, run_id: UUID, cell: str = "", load: int | None = None
) -> list[Any]:
    """Return what of a run, or a cell, came over: rows of the table, by cell, load and part."""
    query = sa.select(loads).where(_L.run_id == run_id)
    if cell:
        query = query.where(_L.cell == cell)
    if load is not None:
        query = query.where(_L.load == load)
    return list(connection.execute(query.order_by(_L.cell, _L.load, _L.part)))


def put_back(connection: sa.Connection, first_id: int, back: Mapping[str, Any]) -> None:
    """Keep how what came over was given back."""
    query = sa.update(loads).where(_L.first_id == first_id)
    connection.execute(query.values(back=dict(back)))


def load_with(connection: sa.Connection, agreement_id: int) -> Any:
    """Return what came over with an agreement, if it did."""
    query = sa.select(loads).where(_L.first_id <= agreement_id)
    return connection.execute(query.order_by(_L.first_id.desc()).limit(1)).one_or_none()


def put_day(
    connection: sa.Connection, day: Compared, facts: Mapping[str, Any], body: bytes, at_us: int
) -> None:
    """Keep a day of the parallel run in place of what was there."""
    is_it = (days.c.run_id == day.run_id, days.c.date == days_of(day.date))
    connection.execute(sa.delete(days).where(*is_it))
    row = {"run_id": day.run_id, "date": days_of(day.date), "facts": dict(facts), "body": body}
    connection.execute(sa.insert(days).values(**row, at_us=at_us))


def days_compared(connection: sa.Connection, run_id: UUID) -> list[Compared]:
    """Return the days of the parallel run, oldest first."""
    columns = [one for one in days.c if one.name != "body"]
    query = sa.select(*columns).where(days.c.run_id == run_id).order_by(days.c.date)
    return [
        Compared(
            run_id=row.run_id,
            date=date_of(row.date),
            at=instant(row.at_us * 1_000),
            **row.facts,
        )
        for row in connection.execute(query)
    ]


def differences(connection: sa.Connection, run_id: UUID, date: dt.date) -> bytes | None:
    """Return a day's differences."""
    query = sa.select(days.c.body).where(days.c.run_id == run_id, days.c.date == days_of(date))
    body = connection.execute(query).scalar_one_or_none()
    return None if body is None else bytes(body)


def _loaded(connection: sa.Connection, run_id: UUID) -> Iterator[Any] | Sequence[Any]:
    query = (
        sa.select(_L.cell, _L.load, sa.func.sum(_L.row_count).label("count"))
        .where(_L.run_id == run_id, _L.back.is_(None))
        .group_by(_L.cell, _L.load)
    )
    return list(connection.execute(query))


def _cell(row: Any, loaded: Any) -> CellLine:
    return CellLine(
        run_id=row.run_id,
        cell=row.cell,
        state=CellState(row.state),
        agreements=row.agreements,
        loaded=sum(int(one.count) for one in loaded if one.cell == row.cell),
        loads=row.loads,
        changed=instant(row.changed_us * 1_000),
        by=row.by,
    )


def _run(row: Any) -> Run:
    return Run(
        run_id=row.run_id,
        source=row.source,
        name=row.name,
        state=RunState(row.state),
        as_of=date_of(row.as_of),
        at=instant(row.at_us * 1_000),
        by=row.by,
        **row.facts,
    )
