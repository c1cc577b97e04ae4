"""What a tenant sets of its general ledger: accounts, mappings, rules, periods; and what waits."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from yunjin.foundation.banking.domain.general_ledger.chart import (
    Account,
    Chart,
    Mapped,
    chart_of,
)
from yunjin.foundation.banking.domain.products.slots import Element
from yunjin.foundation.banking.store.gl_tables import (
    accounts,
    intents,
    mappings,
    periods,
    rules,
)


def chart(connection: sa.Connection) -> Chart:
    """Return the chart as it stands."""
    own = [
        Account(
            code=row.code,
            name_zh=row.name_zh,
            name_en=row.name_en,
            element=Element(row.element),
            parent=row.parent,
            is_postable=bool(row.is_postable),
            is_contra=bool(row.is_contra),
            is_common=bool(row.is_common),
        )
        for row in connection.execute(sa.select(accounts))
    ]
    c = mappings.c
    query = sa.select(c.slot, c.product, c.since, c.account, c.is_applied)
    changes = [Mapped(*row[:4], bool(row[4])) for row in connection.execute(query)]
    return chart_of(own, changes)


def put_account(connection: sa.Connection, account: Account, at_us: int) -> None:
    """Keep an account; a second one of its code conflicts."""
    row = {
        "code": account.code,
        "name_zh": account.name_zh,
        "name_en": account.name_en,
        "element": int(account.element),
        "parent": account.parent,
        "is_postable": int(account.is_postable),
        "is_contra": int(account.is_contra),
        "is_common": int(account.is_common),
    }
    connection.execute(sa.insert(accounts).values(**row, at_us=at_us))


def put_mapping(connection: sa.Connection, one: Mapped, at_us: int) -> None:
    """Keep a mapping in place of one of the same slot, product and day."""
    c = mappings.c
    same = (c.slot == one.slot, c.product == one.product, c.since == one.since)
    connection.execute(sa.delete(mappings).where(*same))
    row = one._asdict() | {"is_applied": int(one.is_applied), "at_us": at_us}
    connection.execute(sa.insert(mappings).values(**row))


def apply_mappings(connection: sa.Connection, day: int) -> None:
    """Say that the balances follow all mappings up to a day."""
    c = mappings.c
    due = (c.is_applied == 0, c.since <= day)
    connection.execute(sa.update(mappings).where(*due).values(is_applied=1))


def all_rules(connection: sa.Connection) -> Sequence[Any]:
    """Return rules (product, since, rule), in order."""
    query = sa.select(rules).order_by(rules.c.product, rules.c.since)
    return connection.execute(query).all()


def put_rule(connection: sa.Connection, product: str, since: int, rule: int, at_us: int) -> None:
    """Keep a rule in place of one of the same product and day."""
    c = rules.c
    connection.execute(sa.delete(rules).where(c.product == product, c.since == since))
    row = {"product": product, "since": since, "rule": rule, "at_us": at_us}
    connection.execute(sa.insert(rules).values(**row))


def all_periods(connection: sa.Connection) -> Sequence[Any]:
    """Return the months that somebody closed, locked or opened again, in order."""
    return connection.execute(sa.select(periods).order_by(periods.c.month)).all()


def put_period(
    connection: sa.Connection, month: int, state: str, *, by: str, reason: str, at_us: int
) -> None:
    """Keep a month's state in place of the one it had."""
    connection.execute(sa.delete(periods).where(periods.c.month == month))
    row = {"month": month, "state": state, "by": by, "reason": reason, "at_us": at_us}
    connection.execute(sa.insert(periods).values(**row))


def intent(connection: sa.Connection, command_id: UUID) -> Any:
    """Return what a command intends, None where it waits for nothing."""
    query = sa.select(intents).where(intents.c.command_id == command_id)
    return connection.execute(query).one_or_none()


def put_intent(connection: sa.Connection, row: Mapping[str, Any]) -> None:
    """Keep what is to be booked once the ledger has it; a second one of the command conflicts."""
    connection.execute(sa.insert(intents).values(**row))


def drop_intent(connection: sa.Connection, command_id: UUID) -> None:
    """Forget what a command intended."""
    connection.execute(sa.delete(intents).where(intents.c.command_id == command_id))


def all_intents(connection: sa.Connection, until: int | None = None) -> Sequence[Any]:
    """Return what waits for the ledger (up to a day), oldest first."""
    query = sa.select(intents).order_by(intents.c.at_us, intents.c.command_id)
    if until is not None:
        query = query.where(intents.c.day <= until)
    return connection.execute(query).all()
