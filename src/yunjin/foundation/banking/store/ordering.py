"""Reading and writing standing orders."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from yunjin.foundation.banking.store.agreements import orders

_c = orders.c


def put(connection: sa.Connection, row: Mapping[str, Any]) -> None:
    """Keep an order."""
    connection.execute(sa.insert(orders).values(**row))


def end(connection: sa.Connection, order_id: UUID) -> bool:
    """Let an order end; return whether it was there."""
    query = sa.update(orders).where(_c.order_id == order_id).values(next=None)
    return connection.execute(query).rowcount == 1


def end_with(connection: sa.Connection, agreement_ids: Sequence[int]) -> None:
    """Let the orders end that agreements pay, or are paid by."""
    for start in range(0, len(agreement_ids), 500):
        some = agreement_ids[start : start + 500]
        query = sa.update(orders).where(_c.next.is_not(None))
        ends = _c.agreement_id.in_(some) | _c.counter_agreement_id.in_(some)
        connection.execute(query.where(ends).values(next=None))


def of(connection: sa.Connection, agreement_id: int) -> Sequence[Any]:
    """Return the orders of an agreement."""
    query = sa.select(orders).where(_c.agreement_id == agreement_id).order_by(_c.order_id)
    return connection.execute(query).all()


def due(connection: sa.Connection, days: int, limit: int) -> Sequence[Any]:
    """Return orders that are due by a day."""
    query = sa.select(orders).where(_c.next <= days).order_by(_c.next, _c.order_id).limit(limit)
    return connection.execute(query).all()


def forward(connection: sa.Connection, order_id: UUID, coming: int | None, times: int) -> None:
    """Set when an order is due next; None: never again."""
    query = sa.update(orders).where(_c.order_id == order_id)
    connection.execute(query.values(next=coming, times=times))
