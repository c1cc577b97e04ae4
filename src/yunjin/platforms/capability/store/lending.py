"""Reading and writing applications, what was done to them, rule sets, the bank's own accounts."""

import datetime as dt
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa

from yunjin.kernel.clock import instant, nanoseconds
from yunjin.platforms.capability.api.decisions import Reason, RuleSet
from yunjin.platforms.capability.api.lending import (
    ENDS,
    Application,
    ApplicationState,
    Contract,
    LendingEntry,
    NewApplication,
    Offer,
)
from yunjin.platforms.capability.store.lending_tables import (
    accounts,
    applications,
    entries,
    rule_sets,
)
from yunjin.platforms.capability.store.limits import date_of, days_of

_C = applications.c
_SAID_MAX = 1_000


def put(connection: sa.Connection, one: Application) -> None:
    """Keep a new application."""
    row = {
        "application_id": one.application_id,
        "party_id": one.asked.party_id,
        "product": one.asked.product,
        "business": one.asked.business,
        "asked": msgspec.to_builtins(one.asked),
        "day": days_of(one.day),
        "at_us": _micros(one.at),
    }
    connection.execute(sa.insert(applications).values(**row, **_changing(one)))


def keep(connection: sa.Connection, one: Application) -> None:
    """Keep what changed of an application."""
    mine = sa.update(applications).where(_C.application_id == one.application_id)
    connection.execute(mine.values(**_changing(one)))


def _changing(one: Application) -> dict[str, Any]:
    return {
        "state": one.state.value,
        "checks": dict(one.checks),
        "offer": None if one.offer is None else msgspec.to_builtins(one.offer),
        "reasons": msgspec.to_builtins(one.reasons),
        "decided_by": one.decided_by,
        "contract": None if one.contract is None else msgspec.to_builtins(one.contract),
        "agreement_id": one.agreement_id,
        "hold_id": one.hold_id,
        "payment_id": one.payment_id,
        "flow_id": one.flow_id,
        "detail": one.detail[:200],
        "changed_us": _micros(one.changed),
    }


def one(connection: sa.Connection, application_id: UUID) -> Application | None:
    """Return an application."""
    query = sa.select(applications).where(_C.application_id == application_id)
    row = connection.execute(query).one_or_none()
    return None if row is None else read(row)


def locked(connection: sa.Connection, application_id: UUID) -> Application | None:
    """Return an application, locked until the commit."""
    query = sa.select(applications).where(_C.application_id == application_id).with_for_update()
    row = connection.execute(query).one_or_none()
    return None if row is None else read(row)


def of_agreement(connection: sa.Connection, agreement_id: int) -> Application | None:
    """Return the application that a loan came of; one that was undone has none."""
    query = (
        sa.select(applications)
        .where(_C.agreement_id == agreement_id, _C.agreement_id != 0)
        .order_by(_C.application_id.desc())
        .limit(1)
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else read(row)


def some(
    connection: sa.Connection,
    *,
    state: ApplicationState | None = None,
    party_id: str = "",
    product: str = "",
    business: str = "",
    before: UUID | None = None,
    limit: int,
) -> list[Application]:
    """Return applications, newest first."""
    query = sa.select(applications).order_by(_C.application_id.desc()).limit(limit)
    if state is not None:
        query = query.where(_C.state == state)
    for column, value in ((_C.party_id, party_id), (_C.product, product), (_C.business, business)):
        if value:
            query = query.where(column == value)
    if before is not None:
        query = query.where(_C.application_id < before)
    return [read(row) for row in connection.execute(query)]


def in_state_after(
    connection: sa.Connection, state: ApplicationState, after: UUID | None, limit: int
) -> list[UUID]:
    """Return the ids of applications in a state, in their order, behind one."""
    query = sa.select(_C.application_id).where(_C.state == state)
    if after is not None:
        query = query.where(_C.application_id > after)
    return list(connection.execute(query.order_by(_C.application_id).limit(limit)).scalars())


def counts(connection: sa.Connection) -> dict[str, int]:
    """Return how many applications are in each state that is not an end."""
    states = [one for one in ApplicationState if one not in ENDS]
    query = sa.select(_C.state, sa.func.count()).where(_C.state.in_(states)).group_by(_C.state)
    return {row.state: int(row[1]) for row in connection.execute(query)}


def note(
    connection: sa.Connection, subject_id: UUID, *, at: dt.datetime, what: str, by: str, text: str
) -> None:
    """Keep what was done to an application or a case that is locked, or new."""
    c = entries.c
    last = sa.select(sa.func.max(c.number)).where(c.subject_id == subject_id)
    row = {
        "subject_id": subject_id,
        "number": (connection.execute(last).scalar() or 0) + 1,
        "at_us": _micros(at),
        "what": what,
        "done_by": by,
        "said": text[:_SAID_MAX],
    }
    connection.execute(sa.insert(entries).values(**row))


def notes(connection: sa.Connection, subject_id: UUID) -> list[LendingEntry]:
    """Return what was done to an application or a case, in its order."""
    c = entries.c
    query = sa.select(entries).where(c.subject_id == subject_id).order_by(c.number)
    return [
        LendingEntry(at=instant(row.at_us * 1_000), what=row.what, by=row.done_by, text=row.said)
        for row in connection.execute(query)
    ]


def put_rules(connection: sa.Connection, rules: RuleSet, at_us: int) -> int:
    """Keep a rule set as the next version of its code; return that."""
    c = rule_sets.c
    last = sa.select(sa.func.max(c.version)).where(c.code == rules.code)
    version = (connection.execute(last).scalar() or 0) + 1
    body = msgspec.to_builtins(rules)
    row = {"code": rules.code, "version": version, "body": body, "at_us": at_us}
    connection.execute(sa.insert(rule_sets).values(**row))
    return version


def rules_of(connection: sa.Connection, code: str) -> list[RuleSet]:
    """Return the versions of a rule set, the newest first; "": the newest of each."""
    c = rule_sets.c
    query = sa.select(rule_sets).order_by(c.code, c.version.desc())
    if code:
        query = query.where(c.code == code)
    found = [_rules(row) for row in connection.execute(query)]
    if code:
        return found
    return list({one.code: one for one in reversed(found)}.values())


def newest_rules(connection: sa.Connection, codes: Sequence[str]) -> RuleSet | None:
    """Return the newest version of the first of some codes that there is."""
    c = rule_sets.c
    for code in codes:
        query = sa.select(rule_sets).where(c.code == code).order_by(c.version.desc()).limit(1)
        row = connection.execute(query).one_or_none()
        if row is not None:
            return _rules(row)
    return None


def account(connection: sa.Connection, currency: str) -> int:
    """Return the bank's own agreement that loans to other banks' accounts go through; 0: none."""
    query = sa.select(accounts.c.agreement_id).where(accounts.c.currency == currency)
    return connection.execute(query).scalar() or 0


def put_account(connection: sa.Connection, currency: str, agreement_id: int) -> None:
    """Keep it, unless it is there."""
    if not account(connection, currency):
        row = {"currency": currency, "agreement_id": agreement_id}
        connection.execute(sa.insert(accounts).values(**row))


def read(row: Any) -> Application:
    """Return a row as an application."""
    return Application(
        application_id=row.application_id,
        asked=msgspec.convert(row.asked, NewApplication),
        state=ApplicationState(row.state),
        checks=row.checks,
        offer=None if row.offer is None else msgspec.convert(row.offer, Offer),
        reasons=msgspec.convert(row.reasons, tuple[Reason, ...]),
        decided_by=row.decided_by,
        contract=None if row.contract is None else msgspec.convert(row.contract, Contract),
        agreement_id=row.agreement_id,
        hold_id=row.hold_id,
        payment_id=row.payment_id,
        flow_id=row.flow_id,
        detail=row.detail,
        day=date_of(row.day),
        at=instant(row.at_us * 1_000),
        changed=instant(row.changed_us * 1_000),
    )


def _rules(row: Any) -> RuleSet:
    return msgspec.convert({**row.body, "version": row.version}, RuleSet)


def _micros(at: dt.datetime) -> int:
    return nanoseconds(at) // 1_000
