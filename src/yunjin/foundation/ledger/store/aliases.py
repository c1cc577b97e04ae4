"""The table of aliases, ledger_alias: canonical values and the accounts they stand for."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Final, TypeVar

import sqlalchemy as sa

from yunjin.chassis.persistence import (
    Ascii,
    Int64,
    Micros,
    column,
    key,
    metadata,
    standard,
    table,
)
from yunjin.foundation.ledger.api import Alias

T = TypeVar("T")
tables: Final = metadata("ledger")
standard(tables)
aliases: Final = table(
    tables,
    "alias",
    key("value", Ascii(64)),  # first, since people and files name a value, not a kind
    key("kind", Ascii(16)),
    column("account_id", Int64),
    column("at_us", Micros),
    sa.Index("ledger_alias_account", "account_id"),
)
_IN_MAX: Final = 500  # values of one IN (…)
_AFTER_ALL: Final = "\x7f"  # sorts behind every printable ASCII character
_COLUMNS: Final = (aliases.c.kind, aliases.c.value, aliases.c.account_id)


def bound(connection: sa.Connection, kind: str, value: str) -> Alias | None:
    """Return the alias of a canonical value, None where it stands for no account."""
    query = sa.select(*_COLUMNS).where(aliases.c.value == value, aliases.c.kind == kind)
    row = connection.execute(query).one_or_none()
    return None if row is None else Alias(**row._mapping)


def bind(connection: sa.Connection, fresh: Iterable[Alias], at_us: int) -> None:
    """Save aliases. A second one of the same kind and value conflicts."""
    rows = [
        {"kind": each.kind, "value": each.value, "account_id": each.account_id, "at_us": at_us}
        for each in fresh
    ]
    if rows:
        connection.execute(sa.insert(aliases), rows)


def release(connection: sa.Connection, kind: str, value: str) -> bool:
    """Delete an alias; return whether it was there."""
    gone = connection.execute(
        sa.delete(aliases).where(aliases.c.value == value, aliases.c.kind == kind)
    )
    return gone.rowcount == 1


def resolve(connection: sa.Connection, values: Iterable[str]) -> list[Alias]:
    """Return the aliases of any kind with one of these canonical values."""
    return [
        Alias(**row._mapping)
        for some in _chunks(values)
        for row in connection.execute(sa.select(*_COLUMNS).where(aliases.c.value.in_(some)))
    ]


def aliases_of(connection: sa.Connection, account_ids: Iterable[int]) -> list[Alias]:
    """Return what accounts are known by, in order of account, kind and value."""
    order = (aliases.c.account_id, aliases.c.kind, aliases.c.value)
    found = [
        Alias(**row._mapping)
        for some in _chunks(account_ids)
        for row in connection.execute(
            sa.select(*_COLUMNS).where(aliases.c.account_id.in_(some)).order_by(*order)
        )
    ]
    return sorted(found, key=lambda alias: (alias.account_id, alias.kind, alias.value))


def find(
    connection: sa.Connection,
    prefixes: Mapping[str, str],
    *,
    otherwise: str,
    after: tuple[str, str] | None,
    limit: int,
) -> list[Alias]:
    """Return aliases whose value begins with the prefix for their kind, by (value, kind).

    Parameters
    ----------
    prefixes : kind → prefix in that kind's canonical form.
    otherwise : the prefix for all other kinds.
    after : (value, kind) to go on from.
    """
    value, kind = aliases.c.value, aliases.c.kind
    begins = [
        *(sa.and_(kind == each, _begins_with(prefix)) for each, prefix in prefixes.items()),
        sa.and_(kind.not_in(list(prefixes)), _begins_with(otherwise)),
    ]
    rules = [sa.or_(*begins)]
    if after is not None:
        rules.append(sa.or_(value > after[0], sa.and_(value == after[0], kind > after[1])))
    query = sa.select(*_COLUMNS).where(*rules).order_by(value, kind).limit(limit)
    return [Alias(**row._mapping) for row in connection.execute(query)]


def _begins_with(prefix: str) -> sa.ColumnElement[bool]:
    # A range, since LIKE treats case, % and _ differently from engine to engine.
    end = sa.literal(prefix + _AFTER_ALL, Ascii(65))
    return sa.and_(aliases.c.value >= prefix, aliases.c.value < end)


def _chunks(items: Iterable[T]) -> Iterator[list[T]]:
    rest = iter(items)
    while some := list(islice(rest, _IN_MAX)):
        yield some
