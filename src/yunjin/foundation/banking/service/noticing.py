"""Reading what a customer was told of an agreement."""

import datetime as dt

from yunjin.chassis.persistence import RoomDatabase
from yunjin.foundation.banking.api.agreements import Notice
from yunjin.foundation.banking.store import notices
from yunjin.kernel.clock import instant
from yunjin.kernel.errors import Malformed
from yunjin.kernel.page import LIMIT_MAX, Page, seal, unseal

_EPOCH = dt.date(1970, 1, 1)


def notices_of(
    room: RoomDatabase, agreement_id: int, limit: int, cursor: str | None, key: bytes
) -> Page[Notice]:
    """Return a page of an agreement's notices, newest first. Raises: Malformed, Outage."""
    if not 1 <= limit <= LIMIT_MAX:
        raise Malformed(f"expected a limit of 1 to {LIMIT_MAX}, was {limit}")
    before = _place(cursor, key) if cursor else None
    rows = room.read(lambda connection: notices.of(connection, agreement_id, before, limit + 1))
    found = tuple(
        Notice(
            agreement_id=agreement_id,
            date=_EPOCH + dt.timedelta(days=row.date),
            at=instant(row.at_us * 1_000),
            code=row.code,
        )
        for row in rows[:limit]
    )
    last = rows[limit - 1] if len(rows) > limit else None
    return Page(found, seal(["notice", last.wave, last.place], key) if last else None)


def _place(cursor: str, key: bytes) -> tuple[int, int]:
    match unseal(cursor, key):
        case ["notice", int(wave), int(place)]:
            return wave, place
    raise Malformed("expected a cursor of an agreement's notices, was another list's")
