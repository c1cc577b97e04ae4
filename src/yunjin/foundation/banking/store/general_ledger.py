"""Booking and asking: keys, balances by day, entries and their lines."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final, TypeVar

import sqlalchemy as sa

from yunjin.foundation.banking.domain.general_ledger.movements import Amounts, Key
from yunjin.foundation.banking.store.gl_tables import (
    balances,
    counters,
    entries,
    keys,
    lines,
)

T = TypeVar("T")
_IN_MAX: Final = 500  # values of one IN (…)
_PLACE: Final = (keys.c.account, keys.c.slot, keys.c.product, keys.c.branch, keys.c.currency)


def raised(connection: sa.Connection, name: str, by: int) -> int:
    """Raise a counter and return what it is now; its row is locked until the transaction ends."""
    c = counters.c
    changed = connection.execute(
        sa.update(counters).where(c.name == name).values(value=c.value + by)
    )
    if changed.rowcount == 0:
        connection.execute(sa.insert(counters).values(name=name, value=by))
        return by
    return int(connection.execute(sa.select(c.value).where(c.name == name)).scalar_one())


def counter(connection: sa.Connection, name: str) -> int:
    """Return a counter's value."""
    query = sa.select(counters.c.value).where(counters.c.name == name)
    return int(connection.execute(query).scalar() or 0)


def find_entry(connection: sa.Connection, *, source: str = "", number: int = 0) -> Any:
    """Return an entry by its source or number, None where there is none."""
    rule = entries.c.source == source if source else entries.c.number == number
    return connection.execute(sa.select(entries).where(rule)).one_or_none()


def find_entries(
    connection: sa.Connection,
    kinds: Sequence[int],
    *,
    before: tuple[int, int, int] | None,
    limit: int,
) -> Sequence[Any]:
    """Return entries of some kinds newest first, before (day, number, _)."""
    c = entries.c
    rules: list[sa.ColumnElement[bool]] = [c.kind.in_(kinds)]
    if before is not None:
        day, number, _ = before
        rules.append(sa.or_(c.day < day, sa.and_(c.day == day, c.number < number)))
    query = sa.select(entries).where(*rules).order_by(c.day.desc(), c.number.desc())
    return connection.execute(query.limit(limit)).all()


def reversal_of(connection: sa.Connection, number: int) -> int | None:
    """Return the number of the entry that reverses another one."""
    query = sa.select(entries.c.number).where(entries.c.reverses == number)
    found = connection.execute(query).scalar()
    return None if found is None else int(found)


def put_entry(connection: sa.Connection, row: Mapping[str, Any]) -> None:
    """Keep an entry; a second one of its source or number conflicts."""
    connection.execute(sa.insert(entries).values(**row))


def last_of_kind(connection: sa.Connection, kind: int) -> tuple[int, int]:
    """Return how many entries of a kind there are, and the newest day of one (-1 for none)."""
    query = sa.select(sa.func.count(), sa.func.max(entries.c.day)).where(entries.c.kind == kind)
    count, day = connection.execute(query).one()
    return int(count), -1 if day is None else int(day)


def key_ids(connection: sa.Connection, wanted: Iterable[Key]) -> dict[Key, int]:
    """Return the ids of keys; those that are new get one."""
    wanted = list(wanted)
    found: dict[Key, int] = {}
    for some in chunks(sorted({key.account for key in wanted})):
        query = sa.select(*_PLACE, keys.c.key_id).where(keys.c.account.in_(some))
        if len({key.branch for key in wanted}) == 1:
            query = query.where(keys.c.branch == wanted[0].branch)
        found |= {Key(*row[:5]): row[5] for row in connection.execute(query)}
    fresh = [key for key in wanted if key not in found]
    if fresh:
        last = raised(connection, "keys", len(fresh))
        given = {key: last - len(fresh) + 1 + place for place, key in enumerate(fresh)}
        rows = [{"key_id": number, **key._asdict()} for key, number in given.items()]
        connection.execute(sa.insert(keys), rows)
        found |= given
    return {key: int(found[key]) for key in wanted}


def put_lines(
    connection: sa.Connection, number: int, day: int, booked: Sequence[tuple[int, Amounts]]
) -> None:
    """Keep an entry's lines (key_id, amounts), in order, and bring the balances forward."""
    rows = [
        {
            "number": number,
            "place": place,
            "key_id": key_id,
            "day": day,
            "debit_minor": debit,
            "credit_minor": credit,
        }
        for place, (key_id, (debit, credit)) in enumerate(booked, 1)
    ]
    connection.execute(sa.insert(lines), rows)
    sums: dict[int, Amounts] = {}
    for key_id, (debit, credit) in booked:
        debits, credits = sums.get(key_id, (0, 0))
        sums[key_id] = debits + debit, credits + credit
    _bring_forward(connection, day, sums)


def _bring_forward(connection: sa.Connection, day: int, sums: Mapping[int, Amounts]) -> None:
    """Add sums to a day's balances and to all later ones."""
    ids = sorted(sums)
    before = _newest(connection, ids, day)
    fresh = []
    for key_id, (debit, credit) in sums.items():
        at, debits, credits = before.get(key_id, (-1, 0, 0))
        if at != day:
            row = {"key_id": key_id, "day": day}
            fresh.append(row | {"debit_minor": debits + debit, "credit_minor": credits + credit})
    is_new = {row["key_id"] for row in fresh}
    c = balances.c
    later = {
        key_id
        for some in chunks(ids)
        for key_id in connection.execute(
            sa.select(c.key_id).distinct().where(c.key_id.in_(some), c.day > day)
        ).scalars()
    }
    changed = [
        {"the_key": key_id, "first": day + (key_id in is_new), "debit": debit, "credit": credit}
        for key_id, (debit, credit) in sums.items()
        if key_id not in is_new or key_id in later
    ]
    if changed:
        connection.execute(
            sa.update(balances)
            .where(c.key_id == sa.bindparam("the_key"), c.day >= sa.bindparam("first"))
            .values(
                debit_minor=c.debit_minor + sa.bindparam("debit"),
                credit_minor=c.credit_minor + sa.bindparam("credit"),
            ),
            changed,
        )
    if fresh:
        connection.execute(sa.insert(balances), fresh)


def _newest(connection: sa.Connection, ids: list[int], day: int) -> dict[int, tuple[int, int, int]]:
    """Return (day, debits, credits) of each key's newest balance up to a day."""
    columns = [_at(day, name) for name in ("day", "debit_minor", "credit_minor")]
    return {
        row[0]: (row[1], row[2], row[3])
        for some in chunks(ids)
        for row in connection.execute(
            sa.select(keys.c.key_id, *columns).where(keys.c.key_id.in_(some))
        )
        if row[1] is not None
    }


def _at(day: int, name: str) -> sa.ColumnElement[Any]:
    """Return a column of a key's newest balance up to a day: one look in the primary key.

    A join on the newest day says the same, but planners like to read the whole history for it.
    """
    c = balances.c
    query = (
        sa.select(c[name])
        .where(c.key_id == keys.c.key_id, c.day <= day)
        .order_by(c.day.desc())
        .limit(1)
        .correlate(keys)
    )
    return query.scalar_subquery().label(f"newest_{name}")


def totals(
    connection: sa.Connection,
    day: int,
    by: Sequence[str],
    *,
    equal: Mapping[str, Any] | None = None,
    without_slot: int | None = None,
) -> dict[tuple[Any, ...], Amounts]:
    """Return debits and credits since ever, up to and with a day, by columns of the keys.

    Parameters
    ----------
    equal : values that columns of the keys have; a collection for one of several.
    """
    columns = [keys.c[name] for name in by]
    rules = [
        keys.c[name].in_(sorted(value)) if isinstance(value, list | set) else keys.c[name] == value
        for name, value in (equal or {}).items()
    ]
    if without_slot is not None:
        rules.append(keys.c.slot != without_slot)
    sides = [_at(day, name) for name in ("debit_minor", "credit_minor")]
    each = sa.select(*columns, *sides).where(*rules).subquery()
    *groups, debits, credits = each.c
    query = sa.select(*groups, sa.func.sum(debits), sa.func.sum(credits)).group_by(*groups)
    return {
        tuple(row[:-2]): (int(row[-2]), int(row[-1]))
        for row in connection.execute(query)
        if row[-2] is not None  # not yet, that day
    }


def lines_of(connection: sa.Connection, number: int) -> Sequence[Any]:
    """Return an entry's lines, in order."""
    query = _lines().where(lines.c.number == number).order_by(lines.c.place)
    return connection.execute(query).all()


def find_line(connection: sa.Connection, number: int, place: int) -> Any:
    """Return a line of an entry, None where there is none."""
    query = _lines().where(lines.c.number == number, lines.c.place == place)
    return connection.execute(query).one_or_none()


def find_lines(
    connection: sa.Connection,
    *,
    accounts: Sequence[str],
    equal: Mapping[str, str],
    days: tuple[int, int],
    before: tuple[int, int, int] | None,
    limit: int,
) -> Sequence[Any]:
    """Return lines newest first, before (day, number, place).

    accounts : empty for all. days : the first and the last.
    """
    c = lines.c
    rules = [keys.c[name] == value for name, value in equal.items()]
    if accounts:
        rules.append(keys.c.account.in_(accounts))
    rules += [c.day >= days[0], c.day <= days[1]]
    if before is not None:
        day, number, place = before
        same_day = sa.or_(c.number < number, sa.and_(c.number == number, c.place < place))
        rules += [c.day <= day, sa.or_(c.day < day, same_day)]
    order = (c.day.desc(), c.number.desc(), c.place.desc())
    return connection.execute(_lines().where(*rules).order_by(*order).limit(limit)).all()


def _lines() -> sa.Select[Any]:
    about = (entries.c.source, entries.c.kind, entries.c.reason)
    joined = lines.join(keys, keys.c.key_id == lines.c.key_id).join(
        entries, entries.c.number == lines.c.number
    )
    return sa.select(lines, *_PLACE, *about).select_from(joined)


def daily(
    connection: sa.Connection,
    accounts: Sequence[str],
    equal: Mapping[str, str],
    days: tuple[int, int],
) -> Sequence[Any]:
    """Return (day, debits, credits) of the days on which accounts moved."""
    c = lines.c
    rules = [keys.c[name] == value for name, value in equal.items()]
    query = (
        sa.select(c.day, sa.func.sum(c.debit_minor), sa.func.sum(c.credit_minor))
        .select_from(lines.join(keys, keys.c.key_id == c.key_id))
        .where(keys.c.account.in_(accounts), c.day >= days[0], c.day <= days[1], *rules)
        .group_by(c.day)
        .order_by(c.day)
    )
    return connection.execute(query).all()


def days_booked(connection: sa.Connection, slot: int | None = None) -> tuple[int, int] | None:
    """Return the first and the last day with lines (of a slot), None where there is none."""
    found = []
    for end in (sa.func.min, sa.func.max):  # two questions: together they read the whole index
        query = sa.select(end(lines.c.day))
        if slot is not None:
            joined = keys.join(lines, lines.c.key_id == keys.c.key_id)
            query = query.select_from(joined).where(keys.c.slot == slot)
        found.append(connection.execute(query).scalar())
    first, last = found
    return None if first is None or last is None else (int(first), int(last))


def values_of(connection: sa.Connection, name: str) -> list[str]:
    """Return the values of a column of the keys, in order."""
    query = sa.select(keys.c[name]).distinct().order_by(keys.c[name])
    return list(connection.execute(query).scalars())


def chunks(items: Iterable[T]) -> Iterator[list[T]]:
    """Yield items in lists that fit an IN (…)."""
    rest = iter(items)
    while some := list(islice(rest, _IN_MAX)):
        yield some
