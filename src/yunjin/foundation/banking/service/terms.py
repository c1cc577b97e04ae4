"""What agreements' terms were changed to: found by comparing, kept with the wave, read again."""

import datetime as dt
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import numpy as np

from yunjin.foundation.banking.api.agreements import Cause, TermChange
from yunjin.foundation.banking.api.dates import FIRST_DATE
from yunjin.foundation.banking.domain.packing import pack, unpack
from yunjin.foundation.banking.service.books import AGREEMENT, Kept
from yunjin.kernel.clock import instant

VERSION: Final = "version"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why terms change, and who asked for it."""

    cause: Cause
    command_id: UUID
    by: str = ""

    def rows(self, parameter: str, ids: Any, old: Any, new: int | None) -> Iterator[dict[str, Any]]:
        """Yield what is kept of a value that agreements get (int64[k] each; old may be None)."""
        if not len(ids):
            return
        alone = len(ids) == 1
        body = {"ids": ids} if old is None else {"ids": ids, "old": old}
        yield {
            "is_shared": int(not alone),
            "first_id": int(ids.min()),
            "last_id": int(ids.max()),
            "command_id": self.command_id,
            "by": self.by,
            "cause": self.cause.value,
            "parameter": parameter,
            "old": int(old[0]) if alone and old is not None else None,
            "new": new,
            "body": None if alone else pack(body),
        }

    def changed(self, kept: Kept, rows: Any, before: Any) -> Iterator[dict[str, Any]]:
        """Yield what is kept of rows whose image was another before (int64[columns, k])."""
        names = kept.columns_kept()
        ids = kept.book.columns[AGREEMENT][rows]
        for name in kept.book.parameters:
            old, now = before[names.index(name)], kept.book.columns[name][rows]
            for value in np.unique(now[now != old]).tolist():
                some = (now != old) & (now == value)
                yield from self.rows(name, ids[some], old[some], value)

    def converted(
        self, source: Kept, old: Any, target: Kept, rows: Any
    ) -> Iterator[dict[str, Any]]:
        """Yield what is kept of rows brought over to another version of their product."""
        ids = target.book.columns[AGREEMENT][rows]
        yield from self.rows(
            VERSION, ids, np.full(len(ids), source.version, np.int64), target.version
        )
        for name in source.book.parameters.keys() - target.book.parameters.keys():
            yield from self.rows(name, ids, source.book.columns[name][old], None)
        for name in target.book.parameters.keys() - source.book.parameters.keys():
            values = target.book.columns[name][rows]
            for value in np.unique(values).tolist():
                yield from self.rows(name, ids[values == value], None, value)


def without(rows: Sequence[dict[str, Any]], lost: Collection[int]) -> Iterator[dict[str, Any]]:
    """Yield what is kept of changed terms, but of some agreements."""
    for row in rows:
        if not row["is_shared"]:
            if row["first_id"] not in lost:
                yield row
            continue
        body = unpack(row["body"])
        is_left = ~np.isin(body["ids"], list(lost))
        left = {name: column[is_left] for name, column in body.items()}
        ids = left["ids"]
        if len(ids):
            ends = {"first_id": int(ids.min()), "last_id": int(ids.max())}
            yield {**row, **ends, "body": pack(left)}


def changes_of(rows: Sequence[Any], agreement_id: int) -> list[TermChange]:
    """Return an agreement's changes from the rows that may speak of it."""
    found = []
    for row in rows:
        old = row.old
        if row.is_shared:
            body = unpack(row.body)
            places = np.flatnonzero(body["ids"] == agreement_id)
            if not len(places):
                continue
            old = int(body["old"][places[0]]) if "old" in body else None
        found.append(
            TermChange(
                agreement_id=agreement_id,
                date=FIRST_DATE + dt.timedelta(days=row.date),
                at=instant(row.at_us * 1_000),
                cause=Cause(row.cause),
                parameter=row.parameter,
                old=old,
                new=row.new,
                by=row.by,
                command_id=row.command_id,
            )
        )
    return found


def in_force(
    terms: Mapping[str, int], version: int, changes: Sequence[TermChange], date: dt.date
) -> tuple[dict[str, int], int]:
    """Return the terms and the version at the close of a date, from those of now.

    changes : of the agreement, in the order they acted.
    """
    found = dict(terms)
    for one in reversed([one for one in changes if one.date > date]):
        if one.cause is Cause.VERSION and one.parameter == VERSION:
            version = one.old or version
        elif one.old is None:
            found.pop(one.parameter, None)
        else:
            found[one.parameter] = one.old
    return found, version
