"""Reading and writing parties: a record each; records that were merged make a family.

A record's `root_id` is the party that its id means; a party that stands for itself is its own. What
belongs to a record (papers, relations, roles, …) keeps the record's id for ever, and is read for
the whole family: so nothing is rewritten when parties are merged, or taken apart again.
"""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from yunjin.kernel import check
from yunjin.kernel.clock import instant
from yunjin.platforms.capability.api.party_facts import (
    Kyc,
    Party,
    PartyKind,
    PartyLine,
    PartyQuery,
    PartyState,
    Role,
)
from yunjin.platforms.capability.domain.parties import kyc_on
from yunjin.platforms.capability.store.limits import day_of, days_of
from yunjin.platforms.capability.store.tables import parties, personal, roles, turns

_IDS_MAX = 500  # of one IN: below every engine's limit
_ESCAPE = "\\"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A party's own row.

    folded : both its names as they are looked for.  kyc : as it was set; it may have expired.
    twin : keyed hash of name and birth.  asked : keyed hash of what it was opened with.
    """

    party_id: str
    root_id: str
    merged_into: str | None
    kind: PartyKind
    name: str = field(repr=False)
    folded: str = field(repr=False)
    other_name: str = field(repr=False)
    born: dt.date | None = field(repr=False)
    country: str
    twin: bytes
    state: PartyState
    kyc: Kyc
    review: dt.date | None
    opened: dt.datetime
    asked: bytes

    @property
    def is_merged(self) -> bool:
        """Whether its id means another party."""
        return self.merged_into is not None


def put(connection: sa.Connection, records: Sequence[Record]) -> None:
    """Keep new records."""
    if records:
        connection.execute(sa.insert(parties), [_row(one) for one in records])


def keep(connection: sa.Connection, record: Record) -> None:
    """Keep what changed of a record, which is locked."""
    values = {name: value for name, value in _row(record).items() if name != "party_id"}
    query = sa.update(parties).where(parties.c.party_id == record.party_id).values(**values)
    connection.execute(query)


def _row(one: Record) -> dict[str, Any]:
    return {
        "party_id": one.party_id,
        "root_id": one.root_id,
        "merged_into": one.merged_into,
        "kind": one.kind.value,
        "name": one.name,
        "folded": one.folded,
        "other_name": one.other_name,
        "born": days_of(one.born),
        "country": one.country,
        "twin": one.twin,
        "state": one.state.value,
        "kyc": one.kyc.value,
        "review": days_of(one.review),
        "opened_us": round(one.opened.timestamp() * 1_000_000),
        "asked": one.asked,
    }


def records(connection: sa.Connection, party_ids: Iterable[str]) -> dict[str, Record]:
    """Return those records that there are."""
    ids = sorted(set(party_ids))
    found: dict[str, Record] = {}
    for at in range(0, len(ids), _IDS_MAX):
        query = sa.select(parties).where(parties.c.party_id.in_(ids[at : at + _IDS_MAX]))
        found |= {row.party_id: _record(row) for row in connection.execute(query)}
    return found


def means(connection: sa.Connection, party_ids: Iterable[str]) -> dict[str, str]:
    """Return the ids of the parties that those ids mean that there are."""
    ids, c = sorted(set(party_ids)), parties.c
    found: dict[str, str] = {}
    for at in range(0, len(ids), _IDS_MAX):
        query = sa.select(c.party_id, c.root_id).where(c.party_id.in_(ids[at : at + _IDS_MAX]))
        found |= {row.party_id: row.root_id for row in connection.execute(query)}
    return found


def take_turn(connection: sa.Connection) -> None:
    """Let nobody else merge, or say who owns whom, until the commit."""
    query = sa.update(turns).where(turns.c.name == "parties").values(number=turns.c.number + 1)
    check.that(connection.execute(query).rowcount == 1, "expected the turn of parties, was none")


def locked(connection: sa.Connection, party_ids: Iterable[str]) -> dict[str, Record]:
    """Return the parties that ids mean, by these ids; locked in the order of their own ids."""
    wanted = sorted(set(party_ids))
    while True:
        meant = means(connection, wanted)
        query = (
            sa.select(parties)
            .where(parties.c.party_id.in_(sorted(set(meant.values()))))
            .order_by(parties.c.party_id)
            .with_for_update()
        )
        rows = {row.party_id: _record(row) for row in connection.execute(query)}
        if all(one.root_id == one.party_id for one in rows.values()):
            return {one: rows[root_id] for one, root_id in meant.items()}
        # One was merged between the two looks: what it means is another party now.


def family(connection: sa.Connection, root_id: str) -> list[Record]:
    """Return a party's own record, and those that were merged into it, the oldest first."""
    query = sa.select(parties).where(parties.c.root_id == root_id).order_by(parties.c.party_id)
    found = [_record(row) for row in connection.execute(query)]
    return sorted(found, key=lambda one: one.party_id != root_id)


def below(members: Sequence[Record], party_id: str) -> list[Record]:
    """Return those of a family that one record brought along: itself, and all merged into it."""
    brought = {party_id}
    while True:
        more = {one.party_id for one in members if one.merged_into in brought} - brought
        if not more:
            return [one for one in members if one.party_id in brought]
        brought |= more


def regroup(connection: sa.Connection, members: Sequence[Record], root_id: str) -> None:
    """Let records mean another party."""
    query = sa.update(parties).where(parties.c.party_id.in_([one.party_id for one in members]))
    connection.execute(query.values(root_id=root_id))


def set_state(connection: sa.Connection, root_id: str, state: PartyState) -> None:
    """Set the state of a whole family: a block outlives a record's being taken out again."""
    query = sa.update(parties).where(
        parties.c.root_id == root_id, parties.c.state != PartyState.CLOSED.value
    )
    connection.execute(query.values(state=state.value))


def twins(connection: sa.Connection, hashes: Iterable[bytes]) -> set[str]:
    """Return the parties of which a record has the same name and birth."""
    query = sa.select(parties.c.root_id).where(parties.c.twin.in_(sorted(hashes)))
    return set(connection.execute(query).scalars())


def roots(connection: sa.Connection, party_ids: Iterable[str]) -> set[str]:
    """Return the parties that ids mean."""
    return set(means(connection, party_ids).values())


def find(
    connection: sa.Connection,
    query: PartyQuery,
    *,
    digests: Mapping[str, bytes],
    before: str | None,
    today: dt.date,
) -> list[PartyLine]:
    """Return parties, newest first; one more than the limit says that it goes on.

    digests : keyed hashes by "document" and "contact", of what the query names.
    """
    c, member = parties.c, parties.alias()
    chosen = sa.select(parties).where(c.party_id == c.root_id)
    if query.name:
        like = f"%{_literal(query.name)}%"
        named = sa.select(member.c.root_id).where(member.c.folded.like(like, escape=_ESCAPE))
        chosen = chosen.where(c.party_id.in_(named))
    for digest in digests.values():
        holders = (
            sa.select(member.c.root_id)
            .join(personal, personal.c.party_id == member.c.party_id)
            .where(personal.c.digest == digest)
        )
        chosen = chosen.where(c.party_id.in_(holders))
    if query.role:
        holders = (
            sa.select(member.c.root_id)
            .join(roles, roles.c.party_id == member.c.party_id)
            .where(roles.c.role == query.role, _now(today))
        )
        chosen = chosen.where(c.party_id.in_(holders))
    for column, wanted in ((c.kind, query.kind), (c.state, query.state)):
        if wanted:
            chosen = chosen.where(column == wanted)
    if query.kyc:
        chosen = chosen.where(_stands(query.kyc, today))
    if query.review_by is not None:
        chosen = chosen.where(c.kyc == Kyc.VERIFIED.value, c.review <= days_of(query.review_by))
    if before is not None:
        chosen = chosen.where(c.party_id < before)
    rows = connection.execute(chosen.order_by(c.party_id.desc()).limit(query.limit + 1))
    return lines(connection, [_record(row) for row in rows], today)


def _literal(text: str) -> str:
    for sign in (_ESCAPE, "%", "_"):
        text = text.replace(sign, _ESCAPE + sign)
    return text


def _now(today: dt.date) -> sa.ColumnElement[bool]:
    return sa.or_(roles.c.until.is_(None), roles.c.until > days_of(today))


def _stands(kyc: str, today: dt.date) -> sa.ColumnElement[bool]:
    """Return the rule of a state: a verification whose review date has come is expired."""
    c, is_over = parties.c, parties.c.review <= days_of(today)
    if kyc == Kyc.EXPIRED:
        return sa.and_(c.kyc == Kyc.VERIFIED.value, is_over)
    if kyc == Kyc.VERIFIED:
        return sa.and_(c.kyc == kyc, sa.not_(is_over))
    return c.kyc == kyc


def lines(connection: sa.Connection, found: Sequence[Record], today: dt.date) -> list[PartyLine]:
    """Return records of parties as a list shows them, with their families' roles."""
    held: dict[str, set[str]] = {}
    ids = [one.party_id for one in found]
    for at in range(0, len(ids), _IDS_MAX):
        query = (
            sa.select(parties.c.root_id, roles.c.role)
            .join(roles, roles.c.party_id == parties.c.party_id)
            .where(parties.c.root_id.in_(ids[at : at + _IDS_MAX]), _now(today))
        )
        for row in connection.execute(query):
            held.setdefault(row.root_id, set()).add(row.role)
    return [
        PartyLine(
            party_id=one.party_id,
            kind=one.kind,
            name=one.name,
            country=one.country,
            state=one.state,
            kyc=kyc_on(one.kyc, one.review, today),
            review=one.review,
            roles=tuple(role for role in Role if role in held.get(one.party_id, ())),
            opened=one.opened,
        )
        for one in found
    ]


def whole(connection: sa.Connection, root: Record, today: dt.date) -> Party:
    """Return a party with its aliases and roles."""
    [line] = lines(connection, [root], today)
    members = family(connection, root.party_id)
    return Party(
        party_id=root.party_id,
        aliases=tuple(one.party_id for one in members if one.party_id != root.party_id),
        kind=root.kind,
        name=root.name,
        other_name=root.other_name,
        born=root.born,
        country=root.country,
        state=root.state,
        kyc=line.kyc,
        review=root.review,
        roles=line.roles,
        opened=root.opened,
    )


def _record(row: Any) -> Record:
    return Record(
        party_id=row.party_id,
        root_id=row.root_id,
        merged_into=row.merged_into,
        kind=PartyKind(row.kind),
        name=row.name,
        folded=row.folded,
        other_name=row.other_name,
        born=day_of(row.born),
        country=row.country,
        twin=bytes(row.twin),
        state=PartyState(row.state),
        kyc=Kyc(row.kyc),
        review=day_of(row.review),
        opened=instant(row.opened_us * 1_000),
        asked=bytes(row.asked),
    )
