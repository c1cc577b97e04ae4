"""Reading and writing channels, routes of payments, sessions."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from yunjin.kernel.clock import instant
from yunjin.platforms.capability.api.clearing import ChannelTerms, NetLine, Session
from yunjin.platforms.capability.api.payments import PaymentState
from yunjin.platforms.capability.api.reconciliation import CsvMapping
from yunjin.platforms.capability.store.clearing_tables import channels, routes, sessions
from yunjin.platforms.capability.store.limits import date_of
from yunjin.platforms.capability.store.tables import payments

_C: Final = channels.c
_P: Final = payments.c
_S: Final = sessions.c
_IDS_MAX: Final = 500
Row = tuple[ChannelTerms | None, CsvMapping | None, bool, str]  # terms, mapping, is up, why


def all_channels(connection: sa.Connection) -> dict[str, Row]:
    """Return what is known of channels, by name."""
    return {
        row.channel: (_terms(row.terms), _mapping(row.mapping), bool(row.is_up), row.why)
        for row in connection.execute(sa.select(channels).order_by(_C.channel))
    }


def put_channel(connection: sa.Connection, channel: str, at_us: int, **values: Any) -> None:
    """Keep what is said of a channel: terms, mapping, is_up, why."""
    if isinstance(values.get("terms"), ChannelTerms):
        values["terms"] = _plain(asdict(values["terms"]))
    if isinstance(values.get("mapping"), CsvMapping):
        values["mapping"] = asdict(values["mapping"])
    is_known = connection.execute(sa.select(_C.channel).where(_C.channel == channel)).first()
    if is_known is not None:
        query = sa.update(channels).where(_C.channel == channel)
        connection.execute(query.values(changed_us=at_us, **values))
        return
    first = {"terms": None, "mapping": None, "is_up": 1, "why": ""}
    row = first | values | {"channel": channel, "changed_us": at_us}
    connection.execute(sa.insert(channels).values(**row))


def put_routes(connection: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Keep when payments go, and whether they may take another channel."""
    if rows:
        connection.execute(sa.insert(routes), list(rows))


def free_of(connection: sa.Connection, ids: Sequence[UUID]) -> set[UUID]:
    """Return which payments may take another channel."""
    found: set[UUID] = set()
    for at in range(0, len(ids), _IDS_MAX):
        query = sa.select(routes.c.payment_id).where(
            routes.c.payment_id.in_(list(ids[at : at + _IDS_MAX])), routes.c.is_free == 1
        )
        found.update(connection.execute(query).scalars())
    return found


def in_session(connection: sa.Connection, ids: Sequence[UUID]) -> set[UUID]:
    """Return which payments have an hour that they wait for."""
    found: set[UUID] = set()
    for at in range(0, len(ids), _IDS_MAX):
        query = sa.select(routes.c.payment_id).where(
            routes.c.payment_id.in_(list(ids[at : at + _IDS_MAX])), routes.c.after_us > 0
        )
        found.update(connection.execute(query).scalars())
    return found


def move(connection: sa.Connection, ids: Sequence[UUID], channel: str, after_us: int) -> None:
    """Let payments take another channel."""
    for at in range(0, len(ids), _IDS_MAX):
        some = list(ids[at : at + _IDS_MAX])
        connection.execute(
            sa.update(payments).where(_P.payment_id.in_(some)).values(channel=channel)
        )
        query = sa.update(routes).where(routes.c.payment_id.in_(some))
        connection.execute(query.values(after_us=after_us))


def take_held(
    connection: sa.Connection, channel: str, until_us: int, wave_id: UUID, limit: int
) -> list[tuple[UUID, int]]:
    """Give what is held for a session to a wave; return (payment, minor).

    Whatever was late for a session before is among them.
    """
    query = (
        sa.select(_P.payment_id, _P.amount_minor)
        .join(routes, routes.c.payment_id == _P.payment_id)
        .where(
            _P.state == PaymentState.HELD.value,
            _P.channel == channel,
            routes.c.after_us > 0,
            routes.c.after_us <= until_us,
        )
        .order_by(_P.payment_id)
        .limit(limit)
        .with_for_update(of=payments)
    )
    found = [(row.payment_id, row.amount_minor) for row in connection.execute(query)]
    ids = [payment_id for payment_id, _ in found]
    for at in range(0, len(ids), _IDS_MAX):
        some = ids[at : at + _IDS_MAX]
        connection.execute(
            sa.update(payments).where(_P.payment_id.in_(some)).values(wave_id=wave_id)
        )
        connection.execute(  # 0: it is in a file, no session takes it again
            sa.update(routes).where(routes.c.payment_id.in_(some)).values(after_us=0)
        )
    return found


def has_held(connection: sa.Connection, channel: str, until_us: int) -> bool:
    """Tell whether anything is held for a session that is due."""
    query = (
        sa.select(_P.payment_id)
        .join(routes, routes.c.payment_id == _P.payment_id)
        .where(
            _P.state == PaymentState.HELD.value,
            _P.channel == channel,
            routes.c.after_us > 0,
            routes.c.after_us <= until_us,
        )
    )
    return connection.execute(query.limit(1)).first() is not None


def put_session(connection: sa.Connection, row: Mapping[str, Any]) -> None:
    """Keep a session that is over."""
    connection.execute(sa.insert(sessions).values(**row))


def last_cutoff(connection: sa.Connection, channel: str) -> int | None:
    """Return when a channel's last session was over, µs."""
    query = sa.select(sa.func.max(_S.cutoff_us)).where(_S.channel == channel)
    found: int | None = connection.execute(query).scalar()
    return found


def session(connection: sa.Connection, session_id: UUID) -> Session | None:
    """Return a session."""
    query = sa.select(sessions).where(_S.session_id == session_id)
    row = connection.execute(query).one_or_none()
    return None if row is None else _session(row)


def some_sessions(
    connection: sa.Connection, *, channel: str, before: UUID | None, limit: int
) -> list[Session]:
    """Return sessions, newest first."""
    query = sa.select(sessions).order_by(_S.session_id.desc()).limit(limit)
    if channel:
        query = query.where(_S.channel == channel)
    if before is not None:
        query = query.where(_S.session_id < before)
    return [_session(row) for row in connection.execute(query)]


def net(connection: sa.Connection, one: Session) -> list[NetLine]:
    """Return what a session comes to as of now, by currency."""
    found: dict[str, dict[str, int]] = {}
    settled = (PaymentState.SETTLED.value, PaymentState.RETURNED.value)
    sums = (
        sa.func.count().label("pieces"),
        sa.func.sum(_P.amount_minor).label("minor"),
    )
    of_us = sa.select(_P.currency, _P.state, *sums).where(_P.wave_id.in_(list(one.files)))
    for row in connection.execute(of_us.group_by(_P.currency, _P.state)) if one.files else ():
        line = found.setdefault(row.currency, dict.fromkeys(_SUMS, 0))
        line["sent_count"] += int(row.pieces)
        line["sent_minor"] += int(row.minor)
        if row.state in settled:
            line["settled_minor"] += int(row.minor)
        elif row.state == PaymentState.REJECTED.value:
            line["rejected_minor"] += int(row.minor)
    came = sa.select(_P.currency, *sums).where(
        _P.channel == one.channel,
        _P.is_incoming == 1,
        _P.state.in_(settled),
        _P.at_us < _us(one.cutoff),
    )
    if one.since is not None:
        came = came.where(_P.at_us >= _us(one.since))
    for row in connection.execute(came.group_by(_P.currency)):
        line = found.setdefault(row.currency, dict.fromkeys(_SUMS, 0))
        line["incoming_count"], line["incoming_minor"] = int(row.pieces), int(row.minor)
    return [NetLine(currency=currency, **line) for currency, line in sorted(found.items())]


_SUMS: Final = (
    "sent_count",
    "sent_minor",
    "settled_minor",
    "rejected_minor",
    "incoming_count",
    "incoming_minor",
)


def _us(at: dt.datetime) -> int:
    return (at - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // dt.timedelta(microseconds=1)


def _session(row: Any) -> Session:
    return Session(
        session_id=row.session_id,
        channel=row.channel,
        day=date_of(row.day),
        since=None if row.since_us is None else instant(row.since_us * 1_000),
        cutoff=instant(row.cutoff_us * 1_000),
        payments=row.payments,
        amount_minor=row.amount_minor,
        files=tuple(UUID(text) for text in row.files),
    )


def _plain(terms: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value.isoformat()
        if isinstance(value, dt.time)
        else [each.isoformat() if isinstance(each, dt.time) else each for each in value]
        if isinstance(value, tuple)
        else value
        for name, value in terms.items()
    }


def _terms(kept: dict[str, Any] | None) -> ChannelTerms | None:
    if kept is None:
        return None
    times = {name: dt.time.fromisoformat(kept[name]) for name in ("opens", "closes")}
    lists = {name: tuple(kept[name]) for name in ("currencies", "banks")}
    cutoffs = tuple(dt.time.fromisoformat(text) for text in kept["cutoffs"])
    return ChannelTerms(**{**kept, **times, **lists, "cutoffs": cutoffs})


def _mapping(kept: dict[str, Any] | None) -> CsvMapping | None:
    if kept is None:
        return None
    lists = {name: tuple(value) for name, value in kept.items() if isinstance(value, list)}
    return CsvMapping(**{**kept, **lists})
