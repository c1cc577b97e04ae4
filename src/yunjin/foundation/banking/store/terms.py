"""The record of what agreements' terms were changed to: a row a parameter, value and wave.

A change that many agreements share is one row for all of them: a product's new rate is not a
million rows. Their ids and what they had before are columns in its body.
"""

from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa

from yunjin.chassis.persistence import (
    Ascii,
    Blob,
    Int64,
    Micros,
    Small,
    Uuid,
    Words,
    column,
    key,
    table,
)
from yunjin.foundation.banking.store.agreements import tables

terms: Final = table(
    tables,
    "term",
    key("wave", Int64),
    key("place", sa.Integer),
    column("is_shared", Small),
    column("first_id", Int64),  # the lowest of the agreements
    column("last_id", Int64),
    column("date", sa.Integer),  # business date, days since 1970
    column("at_us", Micros),
    column("command_id", Uuid()),
    column("by", Words(64)),
    column("cause", Ascii(16)),
    column("parameter", Ascii(64)),
    column("old", Int64, nullable=True),  # null: it had none, or the body says
    column("new", Int64, nullable=True),  # null: it has none any more
    column("body", Blob(), nullable=True),
    sa.Index("banking_term_agreement", "is_shared", "first_id", "last_id"),
)
_c: Final = terms.c


def put(
    connection: sa.Connection, wave: int, date: int, at_us: int, rows: Sequence[dict[str, Any]]
) -> None:
    """Keep what a wave changed."""
    if rows:
        shared = {"wave": wave, "date": date, "at_us": at_us}
        kept = [{**row, **shared, "place": place} for place, row in enumerate(rows)]
        connection.execute(sa.insert(terms), kept)


def of(connection: sa.Connection, agreement_id: int) -> Sequence[Any]:
    """Return the rows that may speak of an agreement, in the order they acted."""
    alone = (_c.is_shared == 0) & (_c.first_id == agreement_id)
    among = (_c.is_shared == 1) & (_c.first_id <= agreement_id) & (_c.last_id >= agreement_id)
    asked = [sa.select(terms).where(rule) for rule in (alone, among)]
    rows = [row for query in asked for row in connection.execute(query)]
    return sorted(rows, key=lambda row: (row.wave, row.place))
