"""What customers were told: a row an agreement and notice, by the wave that told it."""

from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa

from yunjin.chassis.persistence import Ascii, Int64, Micros, column, key, table
from yunjin.foundation.banking.store.agreements import tables

notices: Final = table(
    tables,
    "notice",
    key("agreement_id", Int64),
    key("wave", Int64),
    key("place", sa.Integer),
    column("date", sa.Integer),  # business date, days since 1970
    column("at_us", Micros),
    column("code", Ascii(64)),
)
_c: Final = notices.c


def keep(
    connection: sa.Connection, wave: int, date: int, at_us: int, told: Sequence[tuple[int, str]]
) -> None:
    """Keep what a wave told customers: (agreement id, code), in order."""
    if told:
        shared = {"wave": wave, "date": date, "at_us": at_us}
        rows = [
            {"agreement_id": agreement_id, "place": place, "code": code, **shared}
            for place, (agreement_id, code) in enumerate(told)
        ]
        connection.execute(sa.insert(notices), rows)


def of(
    connection: sa.Connection, agreement_id: int, before: tuple[int, int] | None, limit: int
) -> Sequence[Any]:
    """Return an agreement's notices, newest first. before: (wave, place) of the last one seen."""
    query = sa.select(notices).where(_c.agreement_id == agreement_id)
    if before is not None:
        wave, place = before
        query = query.where(sa.or_(_c.wave < wave, (_c.wave == wave) & (_c.place < place)))
    query = query.order_by(_c.wave.desc(), _c.place.desc()).limit(limit)
    return connection.execute(query).all()
