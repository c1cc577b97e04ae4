"""Reading and writing what belongs to parties: relations, roles, checks, consents, events."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from yunjin.kernel.clock import instant
from yunjin.platforms.capability.api.party_facts import (
    Consent,
    Happening,
    Kyc,
    KycStep,
    NewRelation,
    Relation,
    RelationKind,
    Role,
    RoleHeld,
)
from yunjin.platforms.capability.domain.parties import Edge
from yunjin.platforms.capability.store.limits import day_of, days_of
from yunjin.platforms.capability.store.tables import (
    consents,
    happenings,
    kyc_steps,
    parties,
    relations,
    roles,
)


@dataclass(frozen=True, slots=True)
class Between:
    """A relation, and the parties at its ends: those that the ids it was made with mean."""

    relation_id: UUID
    edge: Edge
    from_name: str
    to_name: str
    note: str

    @property
    def shown(self) -> Relation:
        """Return it as a door does."""
        return Relation(
            relation_id=self.relation_id,
            kind=self.edge.kind,
            from_id=self.edge.from_id,
            from_name=self.from_name,
            to_id=self.edge.to_id,
            to_name=self.to_name,
            share_ppm=self.edge.share_ppm,
            since=self.edge.since,
            until=self.edge.until,
            note=self.note,
        )


_from, _to = parties.alias("one"), parties.alias("other")
_from_root, _to_root = parties.alias("one_root"), parties.alias("other_root")


def put_relation(connection: sa.Connection, relation_id: UUID, one: NewRelation) -> None:
    """Keep a new relation."""
    connection.execute(
        sa.insert(relations).values(
            relation_id=relation_id,
            kind=one.kind.value,
            from_id=one.from_id,
            to_id=one.to_id,
            share_ppm=one.share_ppm,
            since=days_of(one.since),
            until=days_of(one.until),
            note=one.note,
        )
    )


def end_relation(connection: sa.Connection, relation_id: UUID, until: dt.date) -> None:
    """Let a relation end."""
    query = sa.update(relations).where(relations.c.relation_id == relation_id)
    connection.execute(query.values(until=days_of(until)))


def relation(connection: sa.Connection, relation_id: UUID) -> Between | None:
    """Return a relation."""
    found = _betweens(connection, relations.c.relation_id == relation_id)
    return found[0] if found else None


def relations_of(connection: sa.Connection, root_ids: Sequence[str]) -> list[Between]:
    """Return the relations of parties, at whichever end they stand, newest first.

    Those between two records that are one party now are its own affair, and left out.
    """
    ends = sa.or_(_from.c.root_id.in_(root_ids), _to.c.root_id.in_(root_ids))
    return _betweens(connection, ends, _from.c.root_id != _to.c.root_id)


def owned_below(connection: sa.Connection, root_id: str, kind: RelationKind) -> list[Edge]:
    """Return every relation of a kind that leads down from a party, directly or through others."""
    seen, frontier, edges = {root_id}, [root_id], dict[UUID, Edge]()
    while frontier:
        found = _betweens(connection, _from.c.root_id.in_(frontier), relations.c.kind == kind.value)
        edges |= {one.relation_id: one.edge for one in found}
        frontier = sorted({one.edge.to_id for one in found} - seen)
        seen.update(frontier)
    return list(edges.values())


def _betweens(connection: sa.Connection, *rules: sa.ColumnElement[bool]) -> list[Between]:
    query = (
        sa.select(
            relations,
            _from_root.c.party_id.label("from_root"),
            _from_root.c.name.label("from_name"),
            _to_root.c.party_id.label("to_root"),
            _to_root.c.name.label("to_name"),
        )
        .join(_from, _from.c.party_id == relations.c.from_id)
        .join(_to, _to.c.party_id == relations.c.to_id)
        .join(_from_root, _from_root.c.party_id == _from.c.root_id)
        .join(_to_root, _to_root.c.party_id == _to.c.root_id)
        .where(*rules)
        .order_by(relations.c.relation_id.desc())
    )
    return [_between(row) for row in connection.execute(query)]


def _between(row: Any) -> Between:
    edge = Edge(
        kind=RelationKind(row.kind),
        from_id=row.from_root,
        to_id=row.to_root,
        share_ppm=row.share_ppm,
        since=day_of(row.since),
        until=day_of(row.until),
    )
    return Between(row.relation_id, edge, row.from_name, row.to_name, row.note)


def put_roles(
    connection: sa.Connection, held: Iterable[tuple[UUID, str, Role]], since: dt.date
) -> None:
    """Keep roles that parties have from a day on: ids, parties, roles."""
    rows = [
        {
            "role_id": role_id,
            "party_id": party_id,
            "role": role.value,
            "since": days_of(since),
            "until": None,
        }
        for role_id, party_id, role in held
    ]
    if rows:
        connection.execute(sa.insert(roles), rows)


def end_roles(connection: sa.Connection, role_ids: Sequence[UUID], until: dt.date) -> None:
    """Let roles end."""
    query = sa.update(roles).where(roles.c.role_id.in_(role_ids))
    connection.execute(query.values(until=days_of(until)))


def roles_of(connection: sa.Connection, party_ids: Sequence[str]) -> list[RoleHeld]:
    """Return roles, newest first."""
    query = sa.select(roles).where(roles.c.party_id.in_(party_ids))
    return [
        RoleHeld(
            role_id=row.role_id,
            role=Role(row.role),
            since=day_of(row.since) or dt.date.min,
            until=day_of(row.until),
        )
        for row in connection.execute(query.order_by(roles.c.role_id.desc()))
    ]


def put_step(connection: sa.Connection, one: KycStep) -> None:
    """Keep a step of knowing a customer."""
    connection.execute(
        sa.insert(kyc_steps).values(
            step_id=one.step_id,
            party_id=one.party_id,
            state=one.state.value,
            date=days_of(one.date),
            at_us=round(one.at.timestamp() * 1_000_000),
            review=days_of(one.review),
            evidence_id=one.evidence_id,
            done_by=one.by,
            why=one.why,
        )
    )


def steps_of(connection: sa.Connection, party_ids: Sequence[str]) -> list[KycStep]:
    """Return the steps of knowing a customer, newest first."""
    query = sa.select(kyc_steps).where(kyc_steps.c.party_id.in_(party_ids))
    query = query.order_by(kyc_steps.c.at_us.desc(), kyc_steps.c.step_id.desc())
    return [
        KycStep(
            step_id=row.step_id,
            party_id=row.party_id,
            state=Kyc(row.state),
            date=day_of(row.date) or dt.date.min,
            at=instant(row.at_us * 1_000),
            review=day_of(row.review),
            evidence_id=row.evidence_id,
            by=row.done_by,
            why=row.why,
        )
        for row in connection.execute(query)
    ]


def put_consent(connection: sa.Connection, one: Consent) -> None:
    """Keep a consent."""
    connection.execute(
        sa.insert(consents).values(
            consent_id=one.consent_id,
            party_id=one.party_id,
            purpose=one.purpose,
            version=one.version,
            channel=one.channel,
            given=days_of(one.given),
            until=days_of(one.until),
            withdrawn=days_of(one.withdrawn),
        )
    )


def withdraw(connection: sa.Connection, consent_id: UUID, date: dt.date) -> bool:
    """Let a consent no longer hold from a date on; return whether nobody had said so before."""
    c = consents.c
    query = sa.update(consents).where(c.consent_id == consent_id, c.withdrawn.is_(None))
    return connection.execute(query.values(withdrawn=days_of(date))).rowcount == 1


def consent(connection: sa.Connection, consent_id: UUID) -> Consent | None:
    """Return a consent."""
    query = sa.select(consents).where(consents.c.consent_id == consent_id)
    row = connection.execute(query).one_or_none()
    return None if row is None else _consent(row)


def consents_of(
    connection: sa.Connection, party_ids: Sequence[str], purpose: str = ""
) -> list[Consent]:
    """Return consents, newest first; purpose: only those to it."""
    query = sa.select(consents).where(consents.c.party_id.in_(party_ids))
    if purpose:
        query = query.where(consents.c.purpose == purpose)
    query = query.order_by(consents.c.consent_id.desc())
    return [_consent(row) for row in connection.execute(query)]


def _consent(row: Any) -> Consent:
    return Consent(
        consent_id=row.consent_id,
        party_id=row.party_id,
        purpose=row.purpose,
        version=row.version,
        channel=row.channel,
        given=day_of(row.given) or dt.date.min,
        until=day_of(row.until),
        withdrawn=day_of(row.withdrawn),
    )


def put_happenings(connection: sa.Connection, told: Sequence[Happening]) -> None:
    """Keep what happened to parties."""
    if told:
        connection.execute(
            sa.insert(happenings),
            [
                {
                    "event_id": one.event_id,
                    "party_id": one.party_id,
                    "what": one.what,
                    "subject": one.subject,
                    "date": days_of(one.date),
                    "at_us": round(one.at.timestamp() * 1_000_000),
                    "done_by": one.by,
                    "why": one.why,
                }
                for one in told
            ],
        )


def happenings_of(
    connection: sa.Connection, party_ids: Sequence[str], before: UUID | None, limit: int
) -> list[Happening]:
    """Return what happened, newest first."""
    query = sa.select(happenings).where(happenings.c.party_id.in_(party_ids))
    if before is not None:
        query = query.where(happenings.c.event_id < before)
    query = query.order_by(happenings.c.event_id.desc()).limit(limit)
    return [
        Happening(
            event_id=row.event_id,
            party_id=row.party_id,
            what=row.what,
            subject=row.subject,
            date=day_of(row.date) or dt.date.min,
            at=instant(row.at_us * 1_000),
            by=row.done_by,
            why=row.why,
        )
        for row in connection.execute(query)
    ]
