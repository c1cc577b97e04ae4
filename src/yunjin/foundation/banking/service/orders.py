"""Standing orders 定期转账: kept, found when they are due, brought forward."""

import datetime as dt
from collections.abc import Collection, Sequence
from typing import Any, Final
from uuid import UUID

import numpy as np
import pyarrow as pa

from yunjin.chassis.persistence import RoomDatabase, SqlUnitOfWork
from yunjin.foundation.banking.api.agreements import (
    ENTRIES_OPTIONAL,
    ENTRIES_REQUIRED,
    EntryStatus,
    StandingOrder,
)
from yunjin.foundation.banking.domain import derived_ids
from yunjin.foundation.banking.domain.periods import add_months
from yunjin.foundation.banking.store import ordering
from yunjin.kernel.errors import Malformed, NotFound
from yunjin.kernel.money import MINOR_MAX

ORDERS: Final = "orders"  # the part of a close in which they are paid
_EVERY_MAX: Final = 1_200
_LOW: Final = 2**64 - 1


class Orders:
    """The standing orders of a bank."""

    def __init__(self, room: RoomDatabase) -> None:
        self._room = room

    def keep(self, command_id: UUID, order: StandingOrder, today: dt.date) -> StandingOrder:
        """Keep an order. Raises: Malformed, IdempotencyConflict."""
        _check(order, today)
        row = {
            "order_id": order.order_id,
            "agreement_id": order.agreement_id,
            "counter_agreement_id": order.counter_agreement_id,
            "amount_minor": order.amount_minor,
            "first": _days(order.first),
            "last": None if order.last is None else _days(order.last),
            "every_months": order.every_months,
            "every_days": order.every_days,
            "times": 0,
            "next": _days(order.first),
            "note": order.note[:200].rstrip(),
        }

        def kept(work: SqlUnitOfWork) -> bool:
            ordering.put(work.connection, row)
            return True

        request = {**row, "order_id": str(order.order_id)}
        self._room.command(command_id, request, kept)
        return next(one for one in self.of(order.agreement_id) if one.order_id == order.order_id)

    def cancel(self, command_id: UUID, order_id: UUID) -> None:
        """Let an order end. Raises: NotFound."""

        def ended(work: SqlUnitOfWork) -> bool:
            if not ordering.end(work.connection, order_id):
                raise NotFound("There is no such standing order.", order_id=str(order_id))
            return True

        self._room.command(command_id, {"cancel": str(order_id)}, ended)

    def of(self, agreement_id: int) -> list[StandingOrder]:
        """Return an agreement's orders."""
        rows = self._room.read(lambda connection: ordering.of(connection, agreement_id))
        return [_order(row) for row in rows]

    def due(self, date: Any, limit: int) -> list[StandingOrder]:
        """Return orders that are due on a date (datetime64[D]) or were before."""
        days = int(date.astype(np.int64))
        rows = self._room.read(lambda connection: ordering.due(connection, days, limit))
        return [_order(row) for row in rows]

    def forward(self, connection: Any, orders: list[StandingOrder], date: Any) -> None:
        """Set the next date of orders, the first one after a date."""
        for one in orders:
            times, coming = 0, one.first
            while np.datetime64(coming, "D") <= date:
                times += 1
                coming = _nth(one, times)
            is_over = one.last is not None and coming > one.last
            ordering.forward(connection, one.order_id, None if is_over else _days(coming), times)


class Payments:
    """Orders on their way: what comes of each is kept once, with the wave that decides it.

    A wave decides about the orders it books, and about those that were refused before it: were the
    bank to stop behind it, these would be judged again, by balances that it changed.
    """

    def __init__(self, orders: Orders, due: list[StandingOrder], date: Any) -> None:
        self._orders, self._due, self._date = orders, due, date
        self._open = dict(enumerate(due))
        self._decided: list[StandingOrder] = []

    def entries(self) -> pa.RecordBatch:
        """Return them as entries, under ids that order and date decide."""
        ids = [_payment_id(one.order_id, self._date) for one in self._due]
        columns = {
            "id_hi": [one.int >> 64 for one in ids],
            "id_lo": [one.int & _LOW for one in ids],
            "agreement_id": [one.agreement_id for one in self._due],
            "amount_minor": [-one.amount_minor for one in self._due],
            "counter_agreement_id": [one.counter_agreement_id for one in self._due],
            "reference_hi": [one.order_id.int >> 64 for one in self._due],
            "reference_lo": [one.order_id.int & _LOW for one in self._due],
        }
        types = {**ENTRIES_REQUIRED, **ENTRIES_OPTIONAL}
        arrays = [pa.array(values, types[name]) for name, values in columns.items()]
        return pa.RecordBatch.from_arrays(arrays, names=list(columns))

    def decide(
        self, booked: Collection[int], status: Sequence[int], reason: Sequence[str]
    ) -> list[dict[str, Any]]:
        """Take what a wave decides: the entries it books (places), and those that have an answer.

        Returns the tasks of those that cannot be paid.
        """
        tasks = []
        places = [at for at in self._open if at in booked or status[at]]
        self._decided = [self._open.pop(at) for at in places]
        for at, one in zip(places, self._decided, strict=True):
            if at not in booked and status[at] != EntryStatus.EXISTS:
                why = reason[at] or EntryStatus(status[at]).name.lower()
                tasks.append(unpaid(one.agreement_id, one.order_id, why))
        return tasks

    def keep(self, work: SqlUnitOfWork) -> None:
        """Bring what was decided forward, in the wave's transaction."""
        self._orders.forward(work.connection, self._decided, self._date)


def unpaid(agreement_id: int, order_id: UUID, why: str) -> dict[str, Any]:
    """Return the task that says an order could not be paid."""
    detail = f"{order_id}: {why}"[:500]
    return {"agreement_id": agreement_id, "code": "standing-order", "detail": detail}


def _payment_id(order_id: UUID, date: Any) -> UUID:
    one = np.array([order_id.int & (2**62 - 1)])
    high, low = derived_ids.of_day(
        date, derived_ids.salt_of(order_id.hex), one, np.zeros(1, np.int64)
    )
    return UUID(int=(int(high[0]) << 64) | int(low[0]))


def _nth(order: StandingOrder, times: int) -> dt.date:
    if order.every_days:
        return order.first + dt.timedelta(days=times * order.every_days)
    first = np.datetime64(order.first, "D")
    moved = add_months(np.array([first]), times * order.every_months, is_end_of_month=False)
    found: dt.date = moved[0].astype(dt.date)
    return found


def _check(order: StandingOrder, today: dt.date) -> None:
    if not 0 < order.amount_minor <= MINOR_MAX:
        raise Malformed("expected an amount of 1 to 2^53 - 1 minor units, was another")
    if order.first <= today:
        raise Malformed(f"expected a first date after {today}, was {order.first}")
    if (order.every_months > 0) == (order.every_days > 0) or order.every_months * order.every_days:
        raise Malformed("expected months or days between two payments, not both")
    if not 0 <= order.every_months + order.every_days <= _EVERY_MAX:
        raise Malformed(f"expected at most {_EVERY_MAX} months or days, was more")
    if order.last is not None and order.last < order.first:
        raise Malformed("expected the last date not before the first, was before")


def _days(date: dt.date) -> int:
    return int(np.datetime64(date, "D").astype(np.int64))


def _date(days: int | None) -> dt.date | None:
    return None if days is None else dt.date(1970, 1, 1) + dt.timedelta(days=days)


def _order(row: Any) -> StandingOrder:
    return StandingOrder(
        order_id=row.order_id,
        agreement_id=row.agreement_id,
        counter_agreement_id=row.counter_agreement_id,
        amount_minor=row.amount_minor,
        first=_date(row.first) or dt.date.min,
        last=_date(row.last),
        every_months=row.every_months,
        every_days=row.every_days,
        note=row.note,
        next=_date(row.next),
    )
