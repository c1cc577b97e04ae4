"""Reading and writing programmes, accounts of points with their lots, entries and holds."""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any, Final
from uuid import UUID

import msgspec
import sqlalchemy as sa

from yunjin.kernel.clock import instant
from yunjin.platforms.capability.api.points import (
    Entry,
    EntryKind,
    Lot,
    PointsAccount,
    PointsHold,
    PointsHoldState,
    Programme,
)
from yunjin.platforms.capability.domain.points import NEVER, Account, Parts
from yunjin.platforms.capability.store.keys import can_be
from yunjin.platforms.capability.store.limits import date_of, day_of, days_of
from yunjin.platforms.capability.store.pricing_tables import (
    lots,
    point_accounts,
    point_entries,
    point_events,
    point_holds,
    programmes,
)

Key = tuple[str, str]  # programme, party
_A, _L, _E, _H = point_accounts.c, lots.c, point_entries.c, point_holds.c
_P, _V = programmes.c, point_events.c
_COUNTED: Final = (
    "balance",
    "held",
    "owed",
    "came",
    "went",
    "entries",
    "day_points",
    "month_points",
)


def put_programme(connection: sa.Connection, one: Programme) -> None:
    """Keep a programme, or its new terms."""
    body = msgspec.to_builtins(one)
    changed = connection.execute(
        sa.update(programmes).where(_P.code == one.code).values(body=body)
    ).rowcount
    if not changed and programme(connection, one.code) is None:
        connection.execute(sa.insert(programmes).values(code=one.code, body=body))


def programme(connection: sa.Connection, code: str) -> Programme | None:
    """Return a programme."""
    if not can_be(code, 40):
        return None
    row = connection.execute(sa.select(_P.body).where(_P.code == code)).one_or_none()
    return None if row is None else msgspec.convert(row.body, Programme)


def every_programme(connection: sa.Connection) -> list[Programme]:
    """Return all programmes, by code."""
    rows = connection.execute(sa.select(_P.body).order_by(_P.code))
    return [msgspec.convert(row.body, Programme) for row in rows]


def is_in_use(connection: sa.Connection, code: str) -> bool:
    """Tell whether anybody has, or had, points of a programme."""
    query = sa.select(_A.party_id).where(_A.programme == code).limit(1)
    return connection.execute(query).first() is not None


def locked(connection: sa.Connection, keys: Iterable[Key], today: dt.date) -> dict[Key, Account]:
    """Return accounts, new ones too, locked in the order of their keys until the commit.

    Two who open one at once both insert: one meets a conflict, and begins again.
    """
    return {key: _locked(connection, key, today) for key in sorted(set(keys))}


def _locked(connection: sa.Connection, key: Key, today: dt.date) -> Account:
    of = sa.and_(_A.programme == key[0], _A.party_id == key[1])
    row = connection.execute(sa.select(point_accounts).where(of).with_for_update()).one_or_none()
    if row is None:
        made = Account(programme=key[0], party_id=key[1], day=today, month=today.replace(day=1))
        row_of = {"programme": key[0], "party_id": key[1], **_changing(made)}
        connection.execute(sa.insert(point_accounts).values(**row_of))
        return made
    query = sa.select(_L.expires, _L.remaining).where(
        _L.programme == key[0], _L.party_id == key[1], _L.remaining > 0
    )
    return Account(
        programme=key[0],
        party_id=key[1],
        day=date_of(row.day),
        month=date_of(row.month),
        lots={date_of(one.expires): one.remaining for one in connection.execute(query)},
        **{name: getattr(row, name) for name in _COUNTED},
    )


def _changing(one: Account) -> dict[str, Any]:
    return {
        **{name: getattr(one, name) for name in _COUNTED},
        "day": days_of(one.day),
        "month": days_of(one.month),
        "ends": days_of(one.ends),
    }


def keep(connection: sa.Connection, one: Account) -> None:
    """Keep what changed of an account and its lots."""
    one.check()
    of = sa.and_(_A.programme == one.programme, _A.party_id == one.party_id)
    connection.execute(sa.update(point_accounts).where(of).values(**_changing(one)))
    for day, came in one.touched.items():
        lot = sa.and_(
            _L.programme == one.programme, _L.party_id == one.party_id, _L.expires == days_of(day)
        )
        found = connection.execute(sa.select(_L.points).where(lot)).one_or_none()
        if found is None:
            row = {
                "programme": one.programme,
                "party_id": one.party_id,
                "expires": days_of(day),
                "points": came,
                "remaining": one.lots[day],
            }
            connection.execute(sa.insert(lots).values(**row))
        else:
            changed = {"points": found.points + came, "remaining": one.lots[day]}
            connection.execute(sa.update(lots).where(lot).values(**changed))


def put_entry(connection: sa.Connection, one: Entry, number: int) -> None:
    """Keep an entry, the so-manieth of its account."""
    connection.execute(
        sa.insert(point_entries).values(
            entry_id=one.entry_id,
            programme=one.programme,
            party_id=one.party_id,
            number=number,
            kind=one.kind.value,
            points=one.points,
            owed=one.owed,
            balance=one.balance,
            subject=one.subject,
            note=one.note,
            rules=list(one.rules),
            capped=one.capped,
            expires=days_of(one.expires),
            reverses=one.reverses,
            is_reversed=0,
            day=days_of(one.day),
            at_us=round(one.at.timestamp() * 1_000_000),
        )
    )


def entry(connection: sa.Connection, entry_id: UUID) -> tuple[Entry, bool] | None:
    """Return an entry, and whether it was taken back."""
    query = sa.select(point_entries).where(_E.entry_id == entry_id)
    row = connection.execute(query).one_or_none()
    return None if row is None else (_entry(row), bool(row.is_reversed))


def mark_reversed(connection: sa.Connection, entry_id: UUID) -> None:
    """Say that an entry was taken back."""
    query = sa.update(point_entries).where(_E.entry_id == entry_id)
    connection.execute(query.values(is_reversed=1))


def entries(
    connection: sa.Connection, key: Key, before: int | None, limit: int
) -> list[tuple[int, Entry]]:
    """Return an account's entries with their numbers, newest first."""
    if not _is_key(key):
        return []
    query = (
        sa.select(point_entries)
        .where(_E.programme == key[0], _E.party_id == key[1])
        .order_by(_E.number.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(_E.number < before)
    return [(row.number, _entry(row)) for row in connection.execute(query)]


def event(connection: sa.Connection, programme: str, digest: bytes) -> tuple[bytes, UUID] | None:
    """Return what an event was earned with, and its entry."""
    query = sa.select(_V.asked, _V.entry_id).where(_V.programme == programme, _V.event == digest)
    row = connection.execute(query).one_or_none()
    return None if row is None else (bytes(row.asked), row.entry_id)


def put_event(
    connection: sa.Connection, programme: str, digest: bytes, asked: bytes, entry_id: UUID
) -> None:
    """Say that an event has earned."""
    row = {"programme": programme, "event": digest, "asked": asked, "entry_id": entry_id}
    connection.execute(sa.insert(point_events).values(**row))


def put_hold(connection: sa.Connection, one: PointsHold, parts: Parts) -> None:
    """Keep a new hold, and the lots that it is of."""
    connection.execute(
        sa.insert(point_holds).values(
            hold_id=one.hold_id,
            programme=one.programme,
            party_id=one.party_id,
            points=one.points,
            returned=0,
            state=one.state.value,
            subject=one.subject,
            lots=[[days_of(day), points] for day, points in parts],
            at_us=round(one.at.timestamp() * 1_000_000),
        )
    )


def hold(connection: sa.Connection, hold_id: UUID) -> tuple[PointsHold, Parts] | None:
    """Return a hold, and the lots that it is of."""
    row = connection.execute(sa.select(point_holds).where(_H.hold_id == hold_id)).one_or_none()
    if row is None:
        return None
    one = PointsHold(
        hold_id=row.hold_id,
        programme=row.programme,
        party_id=row.party_id,
        points=row.points,
        returned=row.returned,
        state=PointsHoldState(row.state),
        subject=row.subject,
        at=instant(row.at_us * 1_000),
    )
    return one, [(date_of(days), points) for days, points in row.lots]


def turn_hold(connection: sa.Connection, one: PointsHold) -> None:
    """Keep what became of a hold."""
    query = sa.update(point_holds).where(_H.hold_id == one.hold_id)
    connection.execute(query.values(state=one.state.value, returned=one.returned))


def ending(connection: sa.Connection, before: dt.date, limit: int) -> list[Key]:
    """Return accounts that have something left whose last day is before a date."""
    query = (
        sa.select(_A.programme, _A.party_id)
        .where(_A.ends < days_of(before))
        .order_by(_A.ends, _A.programme, _A.party_id)
        .limit(limit)
    )
    return [(row.programme, row.party_id) for row in connection.execute(query)]


def accounts_of(connection: sa.Connection, party_id: str, code: str = "") -> list[PointsAccount]:
    """Return a party's accounts, by programme; of one programme where that is named."""
    if not can_be(party_id, 64):
        return []
    query = sa.select(point_accounts).where(_A.party_id == party_id).order_by(_A.programme)
    if code:
        query = query.where(_A.programme == code)
    return [_account(connection, row) for row in connection.execute(query).all()]


def _account(connection: sa.Connection, row: Any) -> PointsAccount:
    soon_by = day_of(row.ends)
    soon = 0
    if soon_by in (None, NEVER):
        soon_by = None
    else:
        soon = connection.execute(
            sa.select(_L.remaining).where(
                _L.programme == row.programme,
                _L.party_id == row.party_id,
                _L.expires == row.ends,
            )
        ).scalar_one()
    return PointsAccount(
        programme=row.programme,
        party_id=row.party_id,
        balance=row.balance,
        held=row.held,
        owed=row.owed,
        came=row.came,
        went=row.went,
        soon=soon,
        soon_by=soon_by,
    )


def lots_of(connection: sa.Connection, key: Key) -> list[Lot]:
    """Return the lots that have something left, those that end first in front."""
    if not _is_key(key):
        return []
    query = (
        sa.select(lots)
        .where(_L.programme == key[0], _L.party_id == key[1], _L.remaining > 0)
        .order_by(_L.expires)
    )
    return [
        Lot(expires=_shown(row.expires), points=row.points, left=row.remaining)
        for row in connection.execute(query)
    ]


def sums(connection: sa.Connection) -> dict[str, Sequence[int]]:
    """Return (accounts, points there and held, owed) by programme."""
    total = sa.func.sum
    query = sa.select(
        _A.programme, sa.func.count(), total(_A.balance + _A.held), total(_A.owed)
    ).group_by(_A.programme)
    return {row[0]: [int(one) for one in row[1:]] for row in connection.execute(query)}


def _is_key(key: Key) -> bool:
    return can_be(key[0], 40) and can_be(key[1], 64)


def _shown(days: int | None) -> dt.date | None:
    day = day_of(days)
    return None if day == NEVER else day


def _entry(row: Any) -> Entry:
    return Entry(
        entry_id=row.entry_id,
        programme=row.programme,
        party_id=row.party_id,
        kind=EntryKind(row.kind),
        points=row.points,
        owed=row.owed,
        balance=row.balance,
        subject=row.subject,
        note=row.note,
        rules=tuple(row.rules),
        capped=row.capped,
        expires=_shown(row.expires),
        reverses=row.reverses,
        day=date_of(row.day),
        at=instant(row.at_us * 1_000),
    )
