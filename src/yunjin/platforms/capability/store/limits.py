"""Reading and writing limits and their holds."""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from yunjin.kernel.clock import instant
from yunjin.platforms.capability.api.limits import (
    Hold,
    HoldState,
    Limit,
    LimitState,
    Period,
)
from yunjin.platforms.capability.domain.limits import Node
from yunjin.platforms.capability.store.tables import holds, limits

_EPOCH = dt.date(1970, 1, 1)
_IDS_MAX = 500  # of one IN: below every engine's limit


def date_of(days: int) -> dt.date:
    """Return the date of a column."""
    return _EPOCH + dt.timedelta(days=days)


def day_of(days: int | None) -> dt.date | None:
    """Return the date of a column that may be empty."""
    return None if days is None else date_of(days)


def days_of(date: dt.date | None) -> int | None:
    """Return what a column keeps of a date."""
    return None if date is None else (date - _EPOCH).days


def put(connection: sa.Connection, one: Limit, node: Node) -> None:
    """Keep a new limit."""
    row = {
        "limit_id": one.limit_id,
        "root_id": one.path[0],
        "parent_id": one.path[-2] if len(one.path) > 1 else None,
        "path": [str(limit_id) for limit_id in one.path],
        "name": one.name,
        "kind": one.kind,
        "currency": one.currency,
        "party_id": one.party_id,
        "period": one.period.value,
        "since": days_of(one.since),
        **_changing(node),
    }
    connection.execute(sa.insert(limits).values(**row))


def _changing(node: Node) -> dict[str, Any]:
    return {
        "began": days_of(node.began),
        "until": days_of(node.until),
        "state": node.state.value,
        "ceiling_minor": node.ceiling_minor,
        "held_minor": node.held_minor,
        "used_minor": node.used_minor,
    }


def keep(connection: sa.Connection, nodes: Iterable[Node]) -> None:
    """Keep what changed of limits."""
    changes = [{"of": node.limit_id, **_changing(node)} for node in nodes]
    if changes:
        values: dict[str, Any] = {name: sa.bindparam(name) for name in changes[0] if name != "of"}
        query = sa.update(limits).where(limits.c.limit_id == sa.bindparam("of", type_=_ID))
        connection.execute(query.values(**values), changes)


def locked(connection: sa.Connection, limit_ids: Iterable[UUID]) -> dict[UUID, Node]:
    """Return limits and all above them, locked in the order of their ids until the commit."""
    paths = {row.limit_id: _path(row) for row in _rows(connection, limit_ids)}
    every = sorted({one for path in paths.values() for one in path})
    nodes: dict[UUID, Node] = {}
    for at in range(0, len(every), _IDS_MAX):
        query = (
            sa.select(limits)
            .where(limits.c.limit_id.in_(every[at : at + _IDS_MAX]))
            .order_by(limits.c.limit_id)
            .with_for_update()
        )
        nodes |= {row.limit_id: _node(row) for row in connection.execute(query)}
    return nodes


def _rows(connection: sa.Connection, limit_ids: Iterable[UUID]) -> list[Any]:
    ids = sorted(set(limit_ids))
    found: list[Any] = []
    for at in range(0, len(ids), _IDS_MAX):
        query = sa.select(limits).where(limits.c.limit_id.in_(ids[at : at + _IDS_MAX]))
        found += connection.execute(query).all()
    return found


def one(connection: sa.Connection, limit_id: UUID, *, today: dt.date) -> Limit | None:
    """Return a limit as of a business date."""
    query = sa.select(limits).where(limits.c.limit_id == limit_id)
    row = connection.execute(query).one_or_none()
    return None if row is None else _limit(row, today)


def below(connection: sa.Connection, limit: Limit, *, today: dt.date) -> list[Limit]:
    """Return a limit and all below it, parents before their children."""
    query = sa.select(limits).where(limits.c.root_id == limit.path[0])
    tree = [_limit(row, today) for row in connection.execute(query)]
    found = [each for each in tree if limit.limit_id in each.path]
    return sorted(found, key=lambda each: each.path)


def some(
    connection: sa.Connection,
    *,
    party_id: str,
    roots: bool,
    before: UUID | None,
    limit: int,
    today: dt.date,
) -> list[Limit]:
    """Return limits, newest first."""
    query = sa.select(limits).order_by(limits.c.limit_id.desc()).limit(limit)
    if party_id:
        query = query.where(limits.c.party_id == party_id)
    if roots:
        query = query.where(limits.c.parent_id.is_(None))
    if before is not None:
        query = query.where(limits.c.limit_id < before)
    return [_limit(row, today) for row in connection.execute(query)]


def has_children(connection: sa.Connection, limit_id: UUID) -> bool:
    """Whether there are limits below one that are not closed."""
    c = limits.c
    query = sa.select(c.limit_id).where(c.parent_id == limit_id, c.state != LimitState.CLOSED)
    return connection.execute(query.limit(1)).first() is not None


def in_use_of(connection: sa.Connection, party_ids: Sequence[str]) -> bool:
    """Whether anything is held of these parties' limits, or used of those without a period."""
    c = limits.c
    is_used = sa.and_(c.period == Period.ALL.value, c.used_minor > 0)
    query = sa.select(c.limit_id).where(
        c.party_id.in_(party_ids), sa.or_(c.held_minor > 0, is_used)
    )
    return connection.execute(query.limit(1)).first() is not None


def put_holds(connection: sa.Connection, rows: Sequence[tuple[Hold, Sequence[Any]]]) -> None:
    """Keep new holds, each with the running periods (dates or None) of its path."""
    if rows:
        connection.execute(
            sa.insert(holds),
            [
                {
                    "hold_id": hold.hold_id,
                    "limit_id": hold.limit_id,
                    "since": [days_of(began) for began in since],
                    "amount_minor": hold.amount_minor,
                    "used_minor": hold.used_minor,
                    "restored_minor": hold.restored_minor,
                    "state": hold.state.value,
                    "subject": hold.subject,
                    "at_us": round(hold.at.timestamp() * 1_000_000),
                }
                for hold, since in rows
            ],
        )


def keep_holds(connection: sa.Connection, turned: Sequence[Hold]) -> None:
    """Keep what became of holds."""
    names = ("state", "used_minor", "restored_minor")
    query = sa.update(holds).where(holds.c.hold_id == sa.bindparam("of", type_=_ID))
    connection.execute(
        query.values({name: sa.bindparam(f"to_{name}") for name in names}),
        [
            {"of": one.hold_id} | {f"to_{name}": getattr(one, name) for name in names}
            for one in turned
        ],
    )


def holds_by_id(connection: sa.Connection, hold_ids: Iterable[UUID]) -> dict[UUID, Hold]:
    """Return those holds that there are."""
    ids = sorted(set(hold_ids))
    found: dict[UUID, Hold] = {}
    for at in range(0, len(ids), _IDS_MAX):
        query = sa.select(holds).where(holds.c.hold_id.in_(ids[at : at + _IDS_MAX]))
        found |= {row.hold_id: _hold(row) for row in connection.execute(query)}
    return found


def locked_holds(
    connection: sa.Connection, hold_ids: Iterable[UUID]
) -> list[tuple[Hold, list[dt.date | None]]]:
    """Return holds, locked in the order of their ids, and the periods each was made in."""
    ids = sorted(set(hold_ids))
    found: list[tuple[Hold, list[dt.date | None]]] = []
    for at in range(0, len(ids), _IDS_MAX):
        query = (
            sa.select(holds)
            .where(holds.c.hold_id.in_(ids[at : at + _IDS_MAX]))
            .order_by(holds.c.hold_id)
            .with_for_update()
        )
        rows = connection.execute(query)
        found += [(_hold(row), [day_of(days) for days in row.since]) for row in rows]
    return found


def holds_of(
    connection: sa.Connection, limit_id: UUID, before: UUID | None, limit: int
) -> list[Hold]:
    """Return a limit's own holds, newest first."""
    query = sa.select(holds).where(holds.c.limit_id == limit_id)
    if before is not None:
        query = query.where(holds.c.hold_id < before)
    query = query.order_by(holds.c.hold_id.desc()).limit(limit)
    return [_hold(row) for row in connection.execute(query)]


_ID = limits.c.limit_id.type


def _path(row: Any) -> tuple[UUID, ...]:
    return tuple(UUID(one) for one in row.path)


def _node(row: Any) -> Node:
    return Node(
        limit_id=row.limit_id,
        path=_path(row),
        ceiling_minor=row.ceiling_minor,
        held_minor=row.held_minor,
        used_minor=row.used_minor,
        state=LimitState(row.state),
        period=Period(row.period),
        began=day_of(row.began),
        since=day_of(row.since),
        until=day_of(row.until),
    )


def _limit(row: Any, today: dt.date) -> Limit:
    node = _node(row)
    node.turn(today)
    return Limit(
        limit_id=node.limit_id,
        path=node.path,
        name=row.name,
        kind=row.kind,
        currency=row.currency,
        party_id=row.party_id,
        period=node.period,
        since=node.since,
        until=node.until,
        state=node.state,
        ceiling_minor=node.ceiling_minor,
        held_minor=node.held_minor,
        used_minor=node.used_minor,
    )


def _hold(row: Any) -> Hold:
    return Hold(
        hold_id=row.hold_id,
        limit_id=row.limit_id,
        amount_minor=row.amount_minor,
        used_minor=row.used_minor,
        restored_minor=row.restored_minor,
        state=HoldState(row.state),
        subject=row.subject,
        at=instant(row.at_us * 1_000),
    )
