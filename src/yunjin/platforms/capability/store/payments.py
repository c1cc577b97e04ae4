"""Reading and writing payments and channels' messages."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from yunjin.kernel.clock import instant
from yunjin.platforms.capability.api.payments import ENDS, Payment, PaymentState, PaymentSum
from yunjin.platforms.capability.store.clearing_tables import routes
from yunjin.platforms.capability.store.limits import date_of, days_of
from yunjin.platforms.capability.store.tables import messages, payments

_IDS_MAX: Final = 500  # of one IN: below every engine's limit
_C: Final = payments.c


def put(connection: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Keep new payments (columns of the table)."""
    if rows:
        connection.execute(sa.insert(payments), list(rows))


def known(connection: sa.Connection, ids: Iterable[UUID]) -> dict[UUID, Payment]:
    """Return those payments that there are."""
    wanted = sorted(set(ids))
    found: dict[UUID, Payment] = {}
    for at in range(0, len(wanted), _IDS_MAX):
        query = sa.select(payments).where(_C.payment_id.in_(wanted[at : at + _IDS_MAX]))
        found.update({row.payment_id: read(row) for row in connection.execute(query)})
    return found


def locked(connection: sa.Connection, ids: Iterable[UUID]) -> dict[UUID, Payment]:
    """Return those payments that there are, locked in the order of their ids."""
    wanted = sorted(set(ids))
    found: dict[UUID, Payment] = {}
    for at in range(0, len(wanted), _IDS_MAX):
        query = (
            sa.select(payments)
            .where(_C.payment_id.in_(wanted[at : at + _IDS_MAX]))
            .order_by(_C.payment_id)
            .with_for_update()
        )
        found.update({row.payment_id: read(row) for row in connection.execute(query)})
    return found


def of_wave(connection: sa.Connection, wave_id: UUID, *states: PaymentState) -> list[Payment]:
    """Return a wave's payments in some states, locked, by id."""
    query = (
        sa.select(payments)
        .where(_C.wave_id == wave_id, _C.state.in_(states))
        .order_by(_C.payment_id)
        .with_for_update()
    )
    return [read(row) for row in connection.execute(query)]


def set_states(
    connection: sa.Connection, changes: Sequence[tuple[UUID, PaymentState, str, str]], at_us: int
) -> None:
    """Keep what became of payments: (id, state, reason, detail)."""
    if not changes:
        return
    query = (
        sa.update(payments)
        .where(_C.payment_id == sa.bindparam("of", type_=_C.payment_id.type))
        .values(
            state=sa.bindparam("to"),
            reason=sa.bindparam("why"),
            detail=sa.bindparam("words"),
            changed_us=at_us,
        )
    )
    connection.execute(
        query,
        [
            {"of": payment_id, "to": state.value, "why": reason, "words": detail}
            for payment_id, state, reason, detail in changes
        ],
    )


def take_due(
    connection: sa.Connection,
    wave_id: UUID,
    today: int,
    limit: int,
    at_us: int,
    batches: Sequence[str] = (),
) -> int:
    """Give payments whose day, and hour, has come to a wave; return how many.

    batches : channels whose payments are held from the beginning of their day.
    """
    after = sa.func.coalesce(routes.c.after_us, 0)
    due = (
        sa.select(_C.payment_id)
        .outerjoin(routes, routes.c.payment_id == _C.payment_id)
        .where(_C.state == PaymentState.WAITING, _C.day <= today)
        .where(sa.or_(after <= at_us, _C.channel.in_(list(batches))))
        .order_by(_C.payment_id)
        .limit(limit)
        .with_for_update(of=payments)
    )
    ids = list(connection.execute(due).scalars())
    for at in range(0, len(ids), _IDS_MAX):
        connection.execute(
            sa.update(payments)
            .where(_C.payment_id.in_(ids[at : at + _IDS_MAX]))
            .values(wave_id=wave_id, state=PaymentState.TAKEN.value, changed_us=at_us)
        )
    return len(ids)


def some(
    connection: sa.Connection,
    *,
    agreement_id: int,
    state: PaymentState | None,
    channel: str,
    before: UUID | None,
    limit: int,
) -> list[Payment]:
    """Return payments, newest first."""
    query = sa.select(payments).order_by(_C.payment_id.desc()).limit(limit)
    if agreement_id:
        query = query.where(_C.agreement_id == agreement_id)
    if state is not None:
        query = query.where(_C.state == state)
    if channel:
        query = query.where(_C.channel == channel)
    if before is not None:
        query = query.where(_C.payment_id < before)
    return [read(row) for row in connection.execute(query)]


def counts(connection: sa.Connection) -> dict[str, int]:
    """Return how many payments are in each state that is not an end."""
    open_states = [one for one in PaymentState if one not in ENDS]
    query = sa.select(_C.state, sa.func.count()).where(_C.state.in_(open_states)).group_by(_C.state)
    return {row.state: int(row[1]) for row in connection.execute(query)}


def sums(connection: sa.Connection, day: dt.date, channels: Sequence[str]) -> list[PaymentSum]:
    """Return the sums of a business day's payments, in the order of what tells them apart."""
    by = (_C.channel, _C.state, _C.currency, _C.is_incoming)
    query = (
        sa.select(*by, sa.func.count(), sa.func.sum(_C.amount_minor))
        .where(_C.channel.in_(channels), _C.day == days_of(day))
        .group_by(*by)
        .order_by(*by)
    )
    return [
        PaymentSum(
            channel=row[0],
            state=PaymentState(row[1]),
            currency=row[2],
            is_incoming=bool(row[3]),
            count=row[4],
            amount_minor=int(row[5]),
        )
        for row in connection.execute(query)
    ]


def put_message(
    connection: sa.Connection,
    *,
    channel: str,
    message_id: str,
    is_incoming: bool,
    kind: str,
    content: bytes,
    at_us: int,
) -> bool:
    """Keep a channel's message; return whether it was not there before."""
    c = messages.c
    same = (c.channel == channel, c.message_id == message_id)
    if connection.execute(sa.select(c.kind).where(*same)).first() is not None:
        return False
    connection.execute(
        sa.insert(messages).values(
            channel=channel,
            message_id=message_id,
            is_incoming=is_incoming,
            kind=kind,
            content=content,
            at_us=at_us,
        )
    )
    return True


def last_incoming(connection: sa.Connection, channel: str) -> str:
    """Return the id of the message that a channel has sent last, "" where there is none."""
    c = messages.c
    query = (
        sa.select(c.message_id)
        .where(c.channel == channel, c.is_incoming == 1)
        .order_by(c.at_us.desc(), c.message_id.desc())
        .limit(1)
    )
    return connection.execute(query).scalar() or ""


def incoming_before(
    connection: sa.Connection, channel: str, kind: str, at_us: int, limit: int
) -> list[bytes]:
    """Return what messages of a kind a channel sent up to an instant say, newest first."""
    c = messages.c
    query = (
        sa.select(c.content)
        .where(c.channel == channel, c.kind == kind, c.is_incoming == 1, c.at_us <= at_us)
        .order_by(c.at_us.desc())
        .limit(limit)
    )
    return [bytes(content) for content in connection.execute(query).scalars()]


def message(connection: sa.Connection, channel: str, message_id: str) -> tuple[str, bytes] | None:
    """Return a message's kind and content."""
    c = messages.c
    query = sa.select(c.kind, c.content).where(c.channel == channel, c.message_id == message_id)
    row = connection.execute(query).one_or_none()
    return None if row is None else (row.kind, bytes(row.content))


def read(row: Any) -> Payment:
    """Return a row as a payment."""
    return Payment(
        payment_id=row.payment_id,
        is_incoming=bool(row.is_incoming),
        state=PaymentState(row.state),
        agreement_id=row.agreement_id,
        counter_agreement_id=row.counter_agreement_id,
        amount_minor=row.amount_minor,
        currency=row.currency,
        other_name=row.other_name,
        other_account=row.other_account,
        other_agent=row.other_agent,
        end_to_end_id=row.end_to_end_id,
        purpose=row.purpose,
        remittance=row.remittance,
        limit_id=row.limit_id,
        channel=row.channel,
        day=date_of(row.day),
        wave_id=row.wave_id,
        reason=row.reason,
        detail=row.detail,
        at=instant(row.at_us * 1_000),
        changed=instant(row.changed_us * 1_000),
    )
