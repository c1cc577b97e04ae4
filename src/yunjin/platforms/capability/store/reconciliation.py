"""Reading and writing what was reconciled, and the columns of payments that it is held against."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from yunjin.kernel.clock import instant
from yunjin.platforms.capability.api.reconciliation import (
    Cure,
    Difference,
    DifferenceKind,
    Run,
    Total,
)
from yunjin.platforms.capability.store.clearing_tables import days, differences, run_parts, runs
from yunjin.platforms.capability.store.limits import date_of
from yunjin.platforms.capability.store.tables import payments

_IDS_MAX: Final = 500  # of one IN: below every engine's limit
_ROWS_MAX: Final = 20_000  # of one fetch
_D: Final = differences.c
_R: Final = runs.c
OPEN, SETTLED, CLEARED = "open", "settled", "cleared"


def payment_columns(
    connection: sa.Connection, channel: str, since: int, until: int
) -> Iterator[tuple[bool, str, bytes]]:
    """Yield (is_incoming, currency, ids one after the other) of a channel's payments of some days.

    There may be millions: each id is 16 bytes, and all of it is read from one index.
    """
    c = payments.c
    mine = (c.channel == channel, c.day >= since, c.day <= until)
    groups = sa.select(c.is_incoming, c.currency).where(*mine).distinct()
    for is_incoming, currency in connection.execute(groups).all():
        query = sa.select(c.payment_id).where(
            *mine, c.is_incoming == is_incoming, c.currency == currency
        )
        for some in _raw(connection, query):
            yield bool(is_incoming), currency, b"".join(chain.from_iterable(some))


def state_columns(
    connection: sa.Connection, channel: str, day: int
) -> Iterator[list[tuple[bytes, int, str, int, str]]]:
    """Yield (id, is_incoming, currency, minor, state) of a channel's payments of a day, raw."""
    c = payments.c
    query = sa.select(c.payment_id, c.is_incoming, c.currency, c.amount_minor, c.state).where(
        c.channel == channel, c.day == day
    )
    yield from _raw(connection, query)


def _raw(connection: sa.Connection, query: sa.Select[Any]) -> Iterator[list[Any]]:
    cursor: Any = connection.execute(query).cursor  # with nothing read from it yet
    while some := cursor.fetchmany(_ROWS_MAX):
        yield list(some)


def references(
    connection: sa.Connection, channel: str, since: int, until: int
) -> list[tuple[bytes, str]]:
    """Return (id, end-to-end id) of a channel's payments of some days, raw."""
    c = payments.c
    query = sa.select(sa.type_coerce(c.payment_id, sa.LargeBinary), c.end_to_end_id).where(
        c.channel == channel, c.day >= since, c.day <= until, c.end_to_end_id != "NOTPROVIDED"
    )
    return [tuple(row) for row in connection.execute(query)]


def put_part(connection: sa.Connection, run_id: UUID, part: int, body: bytes) -> None:
    """Keep lines of a file; those of an attempt before are written over."""
    same = (run_parts.c.run_id == run_id, run_parts.c.part == part)
    connection.execute(sa.delete(run_parts).where(*same))
    connection.execute(sa.insert(run_parts).values(run_id=run_id, part=part, body=body))


def parts(connection: sa.Connection, run_ids: Sequence[UUID]) -> list[bytes]:
    """Return the lines of files, in order."""
    c = run_parts.c
    query = sa.select(c.body).where(c.run_id.in_(list(run_ids))).order_by(c.run_id, c.part)
    return [bytes(body) for body in connection.execute(query).scalars()]


def put_run(connection: sa.Connection, row: Mapping[str, Any]) -> None:
    """Keep a run."""
    connection.execute(sa.insert(runs).values(**row))


def turn(connection: sa.Connection, channel: str, day: int, number: int) -> bool:
    """Take the turn of a day that had so many runs; False where it has others by now."""
    c = days.c
    same = (c.channel == channel, c.day == day)
    if number == 0:
        if connection.execute(sa.select(c.number).where(*same)).first() is not None:
            return False
        connection.execute(sa.insert(days).values(channel=channel, day=day, number=1))
        return True
    query = sa.update(days).where(*same, c.number == number).values(number=number + 1)
    return connection.execute(query).rowcount == 1


def of_day(connection: sa.Connection, channel: str, day: int) -> list[UUID]:
    """Return the runs of a day, in the order of their ids."""
    query = sa.select(_R.run_id).where(_R.channel == channel, _R.day == day).order_by(_R.run_id)
    return list(connection.execute(query).scalars())


def of_file(connection: sa.Connection, channel: str, file_id: str) -> tuple[UUID, bytes] | None:
    """Return the run of a file, and what tells the file from another."""
    query = sa.select(_R.run_id, _R.digest).where(_R.channel == channel, _R.file_id == file_id)
    row = connection.execute(query.limit(1)).one_or_none()
    return None if row is None else (row.run_id, bytes(row.digest))


def run(connection: sa.Connection, run_id: UUID) -> Run | None:
    """Return a run, with the differences of its day counted as of now."""
    row = connection.execute(sa.select(runs).where(_R.run_id == run_id)).one_or_none()
    return None if row is None else _run(row, _states(connection, row.channel, row.day))


def some_runs(
    connection: sa.Connection, *, channel: str, before: UUID | None, limit: int
) -> list[Run]:
    """Return runs, newest first."""
    query = sa.select(runs).order_by(_R.run_id.desc()).limit(limit)
    if channel:
        query = query.where(_R.channel == channel)
    if before is not None:
        query = query.where(_R.run_id < before)
    found = connection.execute(query).all()
    return [_run(row, _states(connection, row.channel, row.day)) for row in found]


def runs_around(connection: sa.Connection, channel: str, day: int, around: int) -> list[UUID]:
    """Return the runs of the days around a day, without its own."""
    query = sa.select(_R.run_id).where(
        _R.channel == channel,
        _R.day >= day - around,
        _R.day <= day + around,
        _R.day != day,
    )
    return list(connection.execute(query.order_by(_R.run_id)).scalars())


def _states(connection: sa.Connection, channel: str, day: int) -> dict[str, int]:
    query = (
        sa.select(_D.state, sa.func.count())
        .where(_D.channel == channel, _D.day == day)
        .group_by(_D.state)
    )
    return {row.state: int(row[1]) for row in connection.execute(query)}


def put_differences(connection: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Keep new differences."""
    if rows:
        connection.execute(sa.insert(differences), list(rows))


def differences_of(
    connection: sa.Connection, channel: str, day: int
) -> dict[UUID, tuple[str, UUID | None]]:
    """Return (state, task) of each difference of a day."""
    query = sa.select(_D.difference_id, _D.state, _D.task_id).where(
        _D.channel == channel, _D.day == day
    )
    return {row.difference_id: (row.state, row.task_id) for row in connection.execute(query)}


def of_payments(
    connection: sa.Connection, channel: str, day: int, ids: Iterable[UUID]
) -> list[Any]:
    """Return (payment_id, is_return, day, kind, theirs_minor) of payments on other days."""
    wanted, found = sorted(set(ids)), list[Any]()
    columns = (_D.payment_id, _D.is_return, _D.day, _D.kind, _D.theirs_minor)
    for at in range(0, len(wanted), _IDS_MAX):
        query = sa.select(*columns).where(
            _D.payment_id.in_(wanted[at : at + _IDS_MAX]),
            _D.channel == channel,
            _D.day != day,
        )
        found += connection.execute(query).all()
    return found


def missing_elsewhere(
    connection: sa.Connection, channel: str, day: int, ids: Iterable[UUID]
) -> list[UUID]:
    """Return the open differences of other days that say a payment is missing at the channel."""
    wanted, found = sorted(set(ids)), list[UUID]()
    for at in range(0, len(wanted), _IDS_MAX):
        query = sa.select(_D.difference_id).where(
            _D.payment_id.in_(wanted[at : at + _IDS_MAX]),
            _D.channel == channel,
            _D.day != day,
            _D.kind == DifferenceKind.MISSING_THEIRS.value,
            _D.state == OPEN,
        )
        found += connection.execute(query).scalars()
    return found


def open_again(connection: sa.Connection, ids: Sequence[UUID], run_id: UUID) -> None:
    """Open differences that a file had cleared and another one brings back."""
    for at in range(0, len(ids), _IDS_MAX):
        query = sa.update(differences).where(
            _D.difference_id.in_(list(ids[at : at + _IDS_MAX])), _D.state == CLEARED
        )
        connection.execute(query.values(state=OPEN, run_id=run_id, reason="", settled_us=None))


def clear(connection: sa.Connection, ids: Sequence[UUID], reason: str, at_us: int) -> list[UUID]:
    """Say that differences are none any more; return the tasks that nobody needs now."""
    tasks: list[UUID] = []
    for at in range(0, len(ids), _IDS_MAX):
        mine = (_D.difference_id.in_(list(ids[at : at + _IDS_MAX])), _D.state == OPEN)
        tasks += connection.execute(
            sa.select(_D.task_id).where(*mine, _D.task_id.is_not(None))
        ).scalars()
        query = sa.update(differences).where(*mine)
        connection.execute(query.values(state=CLEARED, reason=reason[:200], settled_us=at_us))
    return tasks


def settle(
    connection: sa.Connection, difference_id: UUID, *, cure: Cure, reason: str, by: str, at_us: int
) -> bool:
    """Settle a difference that is open; return whether it was."""
    query = sa.update(differences).where(_D.difference_id == difference_id, _D.state == OPEN)
    values = {"state": SETTLED, "cure": cure.value, "reason": reason, "done_by": by}
    return connection.execute(query.values(settled_us=at_us, **values)).rowcount == 1


def set_task(connection: sa.Connection, difference_id: UUID, task_id: UUID) -> None:
    """Keep which task asks a person for it."""
    query = sa.update(differences).where(_D.difference_id == difference_id)
    connection.execute(query.values(task_id=task_id))


def difference(connection: sa.Connection, difference_id: UUID) -> tuple[Difference, Any] | None:
    """Return a difference, and its row."""
    query = sa.select(differences).where(_D.difference_id == difference_id)
    row = connection.execute(query).one_or_none()
    return None if row is None else (_difference(row), row)


def some(
    connection: sa.Connection,
    *,
    of: tuple[str, int] | None,
    kind: DifferenceKind | None,
    state: str,
    before: UUID | None,
    limit: int,
) -> list[Difference]:
    """Return differences, newest first. of: a channel and day."""
    query = sa.select(differences).order_by(_D.difference_id.desc()).limit(limit)
    if of is not None:
        query = query.where(_D.channel == of[0], _D.day == of[1])
    if kind is not None:
        query = query.where(_D.kind == kind.value)
    if state:
        query = query.where(_D.state == state)
    if before is not None:
        query = query.where(_D.difference_id < before)
    return [_difference(row) for row in connection.execute(query)]


def counts(connection: sa.Connection, channel: str, day: int) -> list[tuple[str, int, int]]:
    """Return (kind, all, open) of a day's differences; cleared ones are none."""
    is_open = sa.case((_D.state == OPEN, 1), else_=0)
    query = (
        sa.select(_D.kind, sa.func.count(), sa.func.sum(is_open))
        .where(_D.channel == channel, _D.day == day, _D.state != CLEARED)
        .group_by(_D.kind)
        .order_by(_D.kind)
    )
    return [(row[0], int(row[1]), int(row[2])) for row in connection.execute(query)]


def _run(row: Any, states: Mapping[str, int]) -> Run:
    return Run(
        run_id=row.run_id,
        channel=row.channel,
        day=date_of(row.day),
        file_id=row.file_id,
        name=row.name,
        lines=row.lines,
        files=row.files,
        matched=row.matched,
        found=sum(states.values()) - states.get(CLEARED, 0),
        settled=states.get(SETTLED, 0),
        cleared=states.get(CLEARED, 0),
        totals=tuple(Total(**one) for one in row.totals),
        seconds=row.took_us / 1e6,
        at=instant(row.at_us * 1_000),
    )


def _difference(row: Any) -> Difference:
    return Difference(
        difference_id=row.difference_id,
        run_id=row.run_id,
        channel=row.channel,
        day=date_of(row.day),
        kind=DifferenceKind(row.kind),
        currency=row.currency,
        theirs_minor=row.theirs_minor,
        ours_minor=row.ours_minor,
        reference=row.reference,
        payment_id=row.payment_id,
        detail=row.detail,
        cure=Cure(row.cure),
        state=row.state,
        reason=row.reason,
        by=row.done_by,
        at=instant(row.at_us * 1_000),
        settled_at=None if row.settled_us is None else instant(row.settled_us * 1_000),
    )
