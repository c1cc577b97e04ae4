"""Reading and writing price books, quotes, free uses and charges."""

import datetime as dt
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import msgspec
import sqlalchemy as sa

from yunjin.kernel.clock import instant
from yunjin.platforms.capability.api.price_books import Book, BookState, NewBook
from yunjin.platforms.capability.api.pricing import Basis, Charge, ChargeState, Priced, Quote
from yunjin.platforms.capability.store.keys import can_be
from yunjin.platforms.capability.store.limits import date_of, days_of
from yunjin.platforms.capability.store.pricing_tables import (
    charges,
    free_holders,
    free_uses,
    price_books,
    quotes,
)

FOR_EVER_US: Final = 2**62
MOVING: Final = (ChargeState.POSTING, ChargeState.REFUNDING)
_B, _Q, _C = price_books.c, quotes.c, charges.c
_F, _U = free_holders.c, free_uses.c


def put_book(
    connection: sa.Connection, book: NewBook, version: int, *, since: dt.date, at_us: int
) -> None:
    """Keep a version of a book."""
    connection.execute(
        sa.insert(price_books).values(
            code=book.code,
            version=version,
            since=days_of(since),
            is_withdrawn=0,
            at_us=at_us,
            body=msgspec.to_builtins(book),
        )
    )


def last_version(connection: sa.Connection, code: str) -> int:
    """Return a book's newest version, 0 where there is none."""
    query = sa.select(sa.func.max(_B.version)).where(_B.code == code)
    return connection.execute(query).scalar() or 0


def withdraw(connection: sa.Connection, code: str, version: int) -> None:
    """Say that a version is taken back."""
    query = sa.update(price_books).where(_B.code == code, _B.version == version)
    connection.execute(query.values(is_withdrawn=1))


def versions(connection: sa.Connection, code: str, *, today: dt.date) -> list[Book]:
    """Return a book's versions as of a business date, newest first."""
    if not can_be(code, 40):
        return []
    query = sa.select(price_books).where(_B.code == code).order_by(_B.version.desc())
    rows = connection.execute(query).all()
    valid = [(row.since, row.version) for row in rows if not row.is_withdrawn]
    now = max((one for one in valid if one[0] <= (days_of(today) or 0)), default=(0, 0))
    return [_book(row, now) for row in rows]


def codes(connection: sa.Connection) -> list[str]:
    """Return the codes of all books."""
    query = sa.select(_B.code).distinct().order_by(_B.code)
    return list(connection.execute(query).scalars())


def _book(row: Any, now: tuple[int, int]) -> Book:
    body = msgspec.convert(row.body, NewBook)
    if row.is_withdrawn:
        state = BookState.WITHDRAWN
    elif (row.since, row.version) == now:
        state = BookState.IN_FORCE
    else:
        state = BookState.COMING if (row.since, row.version) > now else BookState.PAST
    return Book(
        code=row.code,
        version=row.version,
        zh=body.zh,
        en=body.en,
        currency=body.currency,
        prices=body.prices,
        discounts=body.discounts,
        rates=body.rates,
        since=date_of(row.since),
        note=body.note,
        state=state,
        at=instant(row.at_us * 1_000),
    )


def put_quote(connection: sa.Connection, one: Quote) -> None:
    """Keep a new quote."""
    connection.execute(
        sa.insert(quotes).values(
            quote_id=one.quote_id,
            basis=msgspec.to_builtins(one.basis),
            priced=msgspec.to_builtins(one.priced),
            until_us=us_of(one.valid_until),
            charge_id=None,
            is_cancelled=0,
            at_us=us_of(one.at),
        )
    )


def quote(connection: sa.Connection, quote_id: UUID, *, locked: bool = False) -> Quote | None:
    """Return a quote, locked until the commit where it is to be changed."""
    query = sa.select(quotes).where(_Q.quote_id == quote_id)
    row = connection.execute(query.with_for_update() if locked else query).one_or_none()
    if row is None:
        return None
    return Quote(
        quote_id=row.quote_id,
        basis=msgspec.convert(row.basis, Basis),
        priced=msgspec.convert(row.priced, Priced),
        valid_until=instant(row.until_us * 1_000),
        charge_id=row.charge_id,
        is_cancelled=bool(row.is_cancelled),
        at=instant(row.at_us * 1_000),
    )


def turn_quote(
    connection: sa.Connection, quote_id: UUID, *, charge_id: UUID | None, is_cancelled: bool = False
) -> None:
    """Say by what a quote was charged, or that it was cancelled."""
    query = sa.update(quotes).where(_Q.quote_id == quote_id)
    connection.execute(query.values(charge_id=charge_id, is_cancelled=int(is_cancelled)))


def lock_free(connection: sa.Connection, holder: str, fee: str, now_us: int) -> None:
    """Lock a holder's free uses of a fee until the commit.

    Two who come first at once both insert: one meets a conflict, and begins again.
    """
    of = sa.and_(_F.holder == holder, _F.fee == fee)
    found = connection.execute(sa.select(_F.holder).where(of).with_for_update()).first()
    if found is None:
        row = {"holder": holder, "fee": fee, "touched_us": now_us}
        connection.execute(sa.insert(free_holders).values(**row))


def free_used(
    connection: sa.Connection, holder: str, fee: str, began: dt.date, *, now_us: int
) -> int:
    """Return how many free ones are used in a period, or kept for a quote that is valid."""
    query = sa.select(sa.func.count()).where(
        _U.holder == holder, _U.fee == fee, _U.began == days_of(began), _U.until_us > now_us
    )
    return connection.execute(query).scalar_one()


def put_free(connection: sa.Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Keep free uses."""
    if rows:
        connection.execute(sa.insert(free_uses), list(rows))


def pass_free(
    connection: sa.Connection, owner_id: UUID, to_id: UUID, until_us: int = FOR_EVER_US
) -> None:
    """Hand what is kept free for one (a quote) over to another (its charge)."""
    query = sa.update(free_uses).where(_U.owner_id == owner_id)
    connection.execute(query.values(owner_id=to_id, until_us=until_us))


def drop_free(connection: sa.Connection, owner_id: UUID) -> None:
    """Give free uses back."""
    connection.execute(sa.delete(free_uses).where(_U.owner_id == owner_id))


def put_charge(connection: sa.Connection, one: Charge) -> None:
    """Keep a new charge."""
    connection.execute(
        sa.insert(charges).values(
            charge_id=one.charge_id,
            agreement_id=one.agreement_id,
            party_id=one.party_id,
            quote_id=one.quote_id,
            subject=one.subject,
            priced=msgspec.to_builtins(one.priced),
            state=one.state.value,
            is_moving=int(one.state in MOVING),
            reason=one.reason,
            note="",
            refund_id=None,
            day=days_of(one.day),
            at_us=us_of(one.at),
            changed_us=us_of(one.changed),
        )
    )


def charge(connection: sa.Connection, charge_id: UUID, *, locked: bool = False) -> Any:
    """Return a charge and its refund's command (or None) and note; None where there is none."""
    query = sa.select(charges).where(_C.charge_id == charge_id)
    row = connection.execute(query.with_for_update() if locked else query).one_or_none()
    return None if row is None else (_charge(row), row.refund_id, row.note)


def turn_charge(
    connection: sa.Connection, charge_id: UUID, state: ChargeState, at_us: int, **more: Any
) -> None:
    """Keep a charge's new state. more: reason, note, refund_id."""
    query = sa.update(charges).where(_C.charge_id == charge_id)
    facts = {"state": state.value, "is_moving": int(state in MOVING), "changed_us": at_us}
    connection.execute(query.values(**facts, **more))


def moving(connection: sa.Connection, before_us: int, limit: int) -> list[UUID]:
    """Return charges that have been asking the core since before an instant, oldest first."""
    query = (
        sa.select(_C.charge_id)
        .where(_C.is_moving == 1, _C.changed_us < before_us)
        .order_by(_C.changed_us)
        .limit(limit)
    )
    return list(connection.execute(query).scalars())


def some_charges(
    connection: sa.Connection,
    *,
    agreement_id: int,
    day: dt.date | None,
    before: UUID | None,
    limit: int,
) -> list[Charge]:
    """Return charges, newest first."""
    query = sa.select(charges).order_by(_C.charge_id.desc()).limit(limit)
    if agreement_id:
        query = query.where(_C.agreement_id == agreement_id)
    if day is not None:
        query = query.where(_C.day == days_of(day))
    if before is not None:
        query = query.where(_C.charge_id < before)
    return [_charge(row) for row in connection.execute(query)]


def _charge(row: Any) -> Charge:
    return Charge(
        charge_id=row.charge_id,
        agreement_id=row.agreement_id,
        party_id=row.party_id,
        quote_id=row.quote_id,
        subject=row.subject,
        priced=msgspec.convert(row.priced, Priced),
        state=ChargeState(row.state),
        reason=row.reason,
        day=date_of(row.day),
        at=instant(row.at_us * 1_000),
        changed=instant(row.changed_us * 1_000),
    )


def us_of(at: dt.datetime) -> int:
    """Return what a column keeps of an instant."""
    return round(at.timestamp() * 1_000_000)
