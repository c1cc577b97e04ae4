"""Relations between parties, and the roles that parties have."""

import datetime as dt
from dataclasses import replace
from typing import Final
from uuid import UUID

from yunjin.chassis.persistence import SqlUnitOfWork
from yunjin.platforms.capability.api.party_facts import (
    OWNING,
    PPM,
    SHARED,
    NewRelation,
    Party,
    Relation,
    Role,
    RoleHeld,
)
from yunjin.platforms.capability.domain.parties import (
    Edge,
    closes_circle,
    fits,
    is_again,
    is_share,
    owned_ppm,
)
from yunjin.platforms.capability.errors import RelationNotFound, RelationRefused
from yunjin.platforms.capability.events import PartiesRelated
from yunjin.platforms.capability.service.party_desk import PartyDesk
from yunjin.platforms.capability.service.party_papers import check_days
from yunjin.platforms.capability.service.values import NOTE_MAX, check_text, plain
from yunjin.platforms.capability.store import parties
from yunjin.platforms.capability.store import party_records as store

_WHY: Final = {
    "itself": "expected two parties, was one",
    "kinds": "expected parties of the kinds that this relation is between",
    "share": "expected a share of 1 to 1000000 ppm where it is about owning, and none elsewhere",
    "again": "expected a relation that is not there already",
    "circle": "expected that nobody owns or heads itself by way of others",
    "whole": "expected that no more than the whole is owned on any day",
    "ended": "expected a relation that has not ended by then",
}


class PartyTies(PartyDesk):
    """A part of `PartyService`."""

    def relate(self, command_id: UUID, relation: NewRelation, *, by: str = "") -> Relation:
        """Relate two parties; the relation's id is the command's. Raises: as PartiesApi says."""
        check_text("note", relation.note, most=NOTE_MAX)
        check_days(relation.since, relation.until, "expected a relation that ends after it began")

        def body(work: SqlUnitOfWork) -> None:
            if relation.kind in OWNING:
                parties.take_turn(work.connection)
            one, other = self._locked(work, relation.from_id, relation.to_id)
            edge = Edge(
                relation.kind,
                one.party_id,
                other.party_id,
                relation.share_ppm,
                relation.since,
                relation.until,
            )
            if not fits(edge.kind, one.kind, other.kind):
                raise refused("kinds")
            self._check_relation(work, edge)
            now = replace(relation, from_id=one.party_id, to_id=other.party_id)
            store.put_relation(work.connection, command_id, now)
            self._tell_both(work, command_id, edge, "related", by=by)

        self._do(command_id, "relate", plain(relation), body, by=by)
        return self._relation(command_id)

    def _check_relation(self, work: SqlUnitOfWork, edge: Edge) -> None:
        """Raises: RelationRefused."""
        if edge.from_id == edge.to_id:
            raise refused("itself")
        if not is_share(edge.kind, edge.share_ppm):
            raise refused("share")
        there = [one.edge for one in store.relations_of(work.connection, [edge.to_id])]
        if any(is_again(one, edge) for one in there):
            raise refused("again")
        if edge.kind in OWNING:
            below = store.owned_below(work.connection, edge.to_id, edge.kind)
            if closes_circle(edge, below):
                raise refused("circle")
        owners = [one for one in there if (one.kind, one.to_id) == (edge.kind, edge.to_id)]
        if edge.kind in SHARED and owned_ppm([*owners, edge], edge) > PPM:
            raise refused("whole")

    def end_relation(
        self,
        command_id: UUID,
        relation_id: UUID,
        *,
        until: dt.date | None = None,
        by: str = "",
        why: str = "",
    ) -> Relation:
        """Let a relation end. Raises: as PartiesApi says."""

        def body(work: SqlUnitOfWork) -> None:
            found = store.relation(work.connection, relation_id)
            if found is None:
                raise no_relation(relation_id)
            self._locked(work, found.edge.from_id, found.edge.to_id, is_open=False)
            found = store.relation(work.connection, relation_id) or found
            edge, end = found.edge, until or self._today()
            if edge.until is not None and edge.until <= end:
                raise refused("ended")
            check_days(edge.since, end, "expected an end after the first day")
            store.end_relation(work.connection, relation_id, end)
            self._tell_both(work, relation_id, edge, "unrelated", by=by, why=why)

        request = [str(relation_id), until]
        self._do(command_id, "end_relation", request, body, by=by, why=why)
        return self._relation(relation_id)

    def _tell_both(
        self,
        work: SqlUnitOfWork,
        relation_id: UUID,
        edge: Edge,
        what: str,
        *,
        by: str,
        why: str = "",
    ) -> None:
        for own, other in ((edge.from_id, edge.to_id), (edge.to_id, edge.from_id)):
            self._note(work, own, what, by=by, why=why, subject=other, is_told=False)
        work.outbox.add(
            PartiesRelated(
                relation_id=str(relation_id),
                kind=edge.kind.value,
                from_id=edge.from_id,
                to_id=edge.to_id,
                what=what,
            )
        )

    def _relation(self, relation_id: UUID) -> Relation:
        found = self._room.read(lambda connection: store.relation(connection, relation_id))
        if found is None:
            raise no_relation(relation_id)
        return found.shown

    def relations(self, party_id: str, *, on: dt.date | None = None) -> list[Relation]:
        """Return relations seen from either end. Raises: PartyNotFound."""
        root_id = self.party(party_id).party_id
        found = self._room.read(lambda connection: store.relations_of(connection, [root_id]))
        return [one.shown for one in found if on is None or _holds(one.edge, on)]

    def give_role(self, command_id: UUID, party_id: str, role: Role, *, by: str = "") -> Party:
        """Let a party have a role from today on. Raises: as PartiesApi says."""

        def body(work: SqlUnitOfWork) -> None:
            [root] = self._locked(work, party_id)
            if self._held(work, root.party_id, role):
                return
            today = self._today()
            store.put_roles(work.connection, [(command_id, root.party_id, role)], today)
            self._note(work, root.party_id, "role.given", by=by, subject=role.value)

        self._do(command_id, "give_role", [party_id, role.value], body, by=by)
        return self.party(party_id)

    def end_role(
        self, command_id: UUID, party_id: str, role: Role, *, by: str = "", why: str = ""
    ) -> Party:
        """Let a role end today. Raises: as PartiesApi says."""

        def body(work: SqlUnitOfWork) -> None:
            [root] = self._locked(work, party_id, is_open=False)
            held = self._held(work, root.party_id, role)
            if held:
                store.end_roles(work.connection, [one.role_id for one in held], self._today())
                self._note(work, root.party_id, "role.ended", by=by, why=why, subject=role.value)

        self._do(command_id, "end_role", [party_id, role.value], body, by=by, why=why)
        return self.party(party_id)

    def _held(self, work: SqlUnitOfWork, root_id: str, role: Role) -> list[RoleHeld]:
        every = store.roles_of(work.connection, self._family(work.connection, root_id))
        return [one for one in every if one.role is role and one.until is None]

    def roles(self, party_id: str) -> list[RoleHeld]:
        """Return the roles it has and had, newest first. Raises: PartyNotFound."""
        return self._room.read(
            lambda connection: store.roles_of(connection, self._family(connection, party_id))
        )


def refused(why: str) -> RelationRefused:
    """Return a refusal that says what is in the way."""
    return RelationRefused(_WHY[why], why=why)


def no_relation(relation_id: UUID) -> RelationNotFound:
    """Return the refusal of a relation that is not there."""
    return RelationNotFound("There is no such relation.", relation_id=str(relation_id))


def _holds(edge: Edge, day: dt.date) -> bool:
    begun = edge.since is None or edge.since <= day
    return begun and (edge.until is None or day < edge.until)
