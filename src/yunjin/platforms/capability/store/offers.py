"""Reading and writing offers, version by version."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from yunjin.kernel.clock import instant
from yunjin.platforms.capability.api.offers import Audience, Offer, OfferState, OfferTerm
from yunjin.platforms.capability.api.party_facts import Kyc, PartyKind, Role
from yunjin.platforms.capability.store.limits import day_of, days_of
from yunjin.platforms.capability.store.offer_tables import offers
from yunjin.platforms.capability.store.tasks import micros

Position = tuple[str, int]  # code, version


def put(connection: sa.Connection, one: Offer) -> None:
    """Keep a new version."""
    row = {
        "code": one.code,
        "version": one.version,
        "zh": one.zh,
        "en": one.en,
        "product": one.product,
        "product_version": one.product_version,
        "terms": [[term.name, term.least, term.most, term.default] for term in one.terms],
        "audience": {
            name: [str(value) for value in getattr(one.audience, name)]
            for name in Audience.__slots__
        },
        "since": days_of(one.since),
        "until": days_of(one.until),
        "note": one.note,
        **_changing(one),
    }
    connection.execute(sa.insert(offers).values(**row))


def keep(connection: sa.Connection, one: Offer) -> None:
    """Keep what changed of a version."""
    c = offers.c
    mine = sa.update(offers).where(c.code == one.code, c.version == one.version)
    connection.execute(mine.values(**_changing(one)))


def _changing(one: Offer) -> dict[str, Any]:
    return {
        "state": one.state.value,
        "at_us": micros(one.at),
        "done_by": one.by,
        "why": one.why,
    }


def locked(connection: sa.Connection, code: str) -> list[Offer]:
    """Return every version of an offer, newest first, locked until the commit."""
    c = offers.c
    query = sa.select(offers).where(c.code == code).order_by(c.version.desc())
    return [_offer(row) for row in connection.execute(query.with_for_update())]


def one(connection: sa.Connection, code: str, version: int) -> Offer | None:
    """Return a version; 0: the one that is open."""
    c = offers.c
    which = c.version == version if version else c.state == OfferState.OPEN.value
    query = sa.select(offers).where(c.code == code, which)
    row = connection.execute(query.order_by(c.version.desc()).limit(1)).one_or_none()
    return None if row is None else _offer(row)


def some(
    connection: sa.Connection,
    *,
    states: Sequence[OfferState],
    product: str,
    after: Position | None,
    limit: int,
) -> list[Offer]:
    """Return versions by code, the newest first. states: none means all."""
    c = offers.c
    query = sa.select(offers).order_by(c.code, c.version.desc()).limit(limit)
    if states:
        query = query.where(c.state.in_([state.value for state in states]))
    if product:
        query = query.where(c.product == product)
    if after is not None:
        same = sa.and_(c.code == after[0], c.version < after[1])
        query = query.where(sa.or_(c.code > after[0], same))
    return [_offer(row) for row in connection.execute(query)]


def _offer(row: Any) -> Offer:
    rules = row.audience
    return Offer(
        code=row.code,
        version=row.version,
        zh=row.zh,
        en=row.en,
        product=row.product,
        product_version=row.product_version,
        terms=tuple(
            OfferTerm(name=name, least=least, most=most, default=default)
            for name, least, most, default in row.terms
        ),
        audience=Audience(
            kinds=tuple(PartyKind(value) for value in rules["kinds"]),
            roles=tuple(Role(value) for value in rules["roles"]),
            kyc=tuple(Kyc(value) for value in rules["kyc"]),
            segments=tuple(rules["segments"]),
            regions=tuple(rules["regions"]),
            businesses=tuple(rules["businesses"]),
            scenarios=tuple(rules["scenarios"]),
        ),
        since=day_of(row.since),
        until=day_of(row.until),
        note=row.note,
        state=OfferState(row.state),
        at=instant(row.at_us * 1_000),
        by=row.done_by,
        why=row.why,
    )
