"""Reading and writing cases of collection and promises to pay."""

import datetime as dt
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from yunjin.platforms.capability.api.collection import Case, Promise, PromiseState, Stage
from yunjin.platforms.capability.store.lending_tables import cases, promises
from yunjin.platforms.capability.store.limits import date_of, day_of, days_of

_C = cases.c


def put(connection: sa.Connection, one: Case) -> None:
    """Keep a new case; a second open one of an agreement is refused by the engine."""
    row = {
        "case_id": one.case_id,
        "agreement_id": one.agreement_id,
        "application_id": one.application_id,
        "party_id": one.party_id,
        "currency": one.currency,
        "opened": days_of(one.opened),
        "task_id": None,
    }
    connection.execute(sa.insert(cases).values(**row, **_changing(one)))


def keep(connection: sa.Connection, one: Case) -> None:
    """Keep what changed of a case."""
    connection.execute(sa.update(cases).where(_C.case_id == one.case_id).values(**_changing(one)))


def _changing(one: Case) -> dict[str, Any]:
    return {
        "open_agreement_id": None if one.is_closed else one.agreement_id,
        "stage": one.stage.value,
        "days_overdue": one.days_overdue,
        "due_minor": one.due_minor,
        "seen": days_of(one.seen),
        "closed": days_of(one.closed),
        "is_open": int(not one.is_closed),
        "why": one.why[:200],
    }


def one(connection: sa.Connection, case_id: UUID) -> Case | None:
    """Return a case."""
    row = connection.execute(sa.select(cases).where(_C.case_id == case_id)).one_or_none()
    return None if row is None else read(row)


def locked(connection: sa.Connection, case_id: UUID) -> Case | None:
    """Return a case, locked until the commit."""
    query = sa.select(cases).where(_C.case_id == case_id).with_for_update()
    row = connection.execute(query).one_or_none()
    return None if row is None else read(row)


def open_of(connection: sa.Connection, agreement_id: int) -> Case | None:
    """Return the open case of an agreement, locked until the commit."""
    query = sa.select(cases).where(_C.open_agreement_id == agreement_id).with_for_update()
    row = connection.execute(query).one_or_none()
    return None if row is None else read(row)


def was_closed(connection: sa.Connection, agreement_id: int, day: dt.date) -> bool:
    """Return whether a case of an agreement was closed on a business date."""
    query = sa.select(_C.case_id).where(_C.agreement_id == agreement_id, _C.closed == days_of(day))
    return connection.execute(query.limit(1)).first() is not None


def task_of(connection: sa.Connection, case_id: UUID) -> UUID | None:
    """Return the task of a case's stage."""
    query = sa.select(_C.task_id).where(_C.case_id == case_id)
    found: UUID | None = connection.execute(query).scalar()
    return found


def keep_task(connection: sa.Connection, case_id: UUID, task_id: UUID | None) -> None:
    """Keep the task of a case's stage."""
    mine = sa.update(cases).where(_C.case_id == case_id)
    connection.execute(mine.values(task_id=task_id))


def some(
    connection: sa.Connection,
    *,
    stage: Stage | None,
    party_id: str,
    agreement_id: int,
    is_closed: bool,
    before: UUID | None,
    limit: int,
) -> list[Case]:
    """Return cases, newest first."""
    query = sa.select(cases).where(_C.is_open == int(not is_closed))
    query = query.order_by(_C.case_id.desc()).limit(limit)
    if stage is not None:
        query = query.where(_C.stage == stage)
    if party_id:
        query = query.where(_C.party_id == party_id)
    if agreement_id:
        query = query.where(_C.agreement_id == agreement_id)
    if before is not None:
        query = query.where(_C.case_id < before)
    return [read(row) for row in connection.execute(query)]


def alone_after(connection: sa.Connection, after: UUID | None, limit: int) -> list[UUID]:
    """Return the ids of open cases whose loan came of no application, behind one."""
    query = sa.select(_C.case_id).where(_C.is_open == 1, _C.application_id.is_(None))
    if after is not None:
        query = query.where(_C.case_id > after)
    return list(connection.execute(query.order_by(_C.case_id).limit(limit)).scalars())


def counts(connection: sa.Connection) -> dict[str, int]:
    """Return how many open cases there are in each stage."""
    query = sa.select(_C.stage, sa.func.count()).where(_C.is_open == 1).group_by(_C.stage)
    return {row.stage: int(row[1]) for row in connection.execute(query)}


def put_promise(connection: sa.Connection, promise: Promise) -> None:
    """Keep a new promise."""
    row = {
        "promise_id": promise.promise_id,
        "case_id": promise.case_id,
        "amount_minor": promise.amount_minor,
        "day": days_of(promise.day),
        "made": days_of(promise.made),
        "state": promise.state.value,
        "done_by": promise.by,
    }
    connection.execute(sa.insert(promises).values(**row))


def set_promise(connection: sa.Connection, promise_id: UUID, state: PromiseState) -> None:
    """Keep what became of a promise."""
    mine = sa.update(promises).where(promises.c.promise_id == promise_id)
    connection.execute(mine.values(state=state.value))


def promise(connection: sa.Connection, promise_id: UUID) -> Promise | None:
    """Return a promise."""
    query = sa.select(promises).where(promises.c.promise_id == promise_id)
    row = connection.execute(query).one_or_none()
    return None if row is None else _promise(row)


def promises_of(connection: sa.Connection, case_id: UUID) -> list[Promise]:
    """Return the promises of a case, newest first."""
    c = promises.c
    query = sa.select(promises).where(c.case_id == case_id).order_by(c.promise_id.desc())
    return [_promise(row) for row in connection.execute(query)]


def read(row: Any) -> Case:
    """Return a row as a case."""
    return Case(
        case_id=row.case_id,
        agreement_id=row.agreement_id,
        application_id=row.application_id,
        party_id=row.party_id,
        currency=row.currency,
        stage=Stage(row.stage),
        days_overdue=row.days_overdue,
        due_minor=row.due_minor,
        opened=date_of(row.opened),
        seen=date_of(row.seen),
        closed=day_of(row.closed),
        why=row.why,
    )


def _promise(row: Any) -> Promise:
    return Promise(
        promise_id=row.promise_id,
        case_id=row.case_id,
        amount_minor=row.amount_minor,
        day=date_of(row.day),
        made=date_of(row.made),
        state=PromiseState(row.state),
        by=row.done_by,
    )
