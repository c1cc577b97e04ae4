"""Two records of one party: found, made one, taken apart again."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from yunjin.chassis.persistence import SqlUnitOfWork
from yunjin.platforms.capability.api.party_facts import (
    OWNING,
    Likeness,
    NewParty,
    Party,
    PartyState,
)
from yunjin.platforms.capability.api.party_numbers import folded, written_number
from yunjin.platforms.capability.domain.parties import Edge, has_circle
from yunjin.platforms.capability.errors import MergeRefused
from yunjin.platforms.capability.events import PartyMerged
from yunjin.platforms.capability.service.party_desk import PartyDesk, no_party
from yunjin.platforms.capability.store import parties as store
from yunjin.platforms.capability.store import party_records as records
from yunjin.platforms.capability.store import personal

ALIKE_MAX: Final = 20
_WHY: Final = {
    "same": "expected two parties, was one",
    "kinds": "expected two persons or two organisations, was one of each",
    "closed": "expected a party that is open to merge into, was one that is closed",
    "blocked": "expected both to be blocked or neither, was one of them",
    "related": "expected parties that are not related to each other",
    "circle": "expected that nobody owns or heads itself by way of others",
    "not_merged": "expected a party that was merged into another",
}


class PartyMerging(PartyDesk):
    """A part of `PartyService`."""

    def merge(self, command_id: UUID, party_id: str, into_id: str, *, by: str, why: str) -> Party:
        """Let two records of one party be one. Raises: as PartiesApi says."""

        def body(work: SqlUnitOfWork) -> None:
            store.take_turn(work.connection)
            one, into = self._locked(work, party_id, into_id, is_open=False)
            self._check_merge(work, one, into)
            members = store.family(work.connection, one.party_id)
            store.keep(work.connection, replace(one, merged_into=into.party_id))
            store.regroup(work.connection, members, into.party_id)
            self._tell_merge(work, one.party_id, into.party_id, "merged", by=by, why=why)

        request = [party_id, into_id]
        self._do(command_id, "merge", request, body, by=by, why=why, must_say=True)
        return self.party(into_id)

    def _check_merge(self, work: SqlUnitOfWork, one: store.Record, into: store.Record) -> None:
        """Raises: MergeRefused."""
        if one.party_id == into.party_id:
            raise refused("same")
        if one.kind is not into.kind:
            raise refused("kinds")
        if into.state is PartyState.CLOSED:
            raise refused("closed")
        if {one.state, into.state} == {PartyState.OPEN, PartyState.BLOCKED}:
            raise refused("blocked")
        pair, today = {one.party_id, into.party_id}, self._today()
        for each in records.relations_of(work.connection, sorted(pair)):
            edge = each.edge
            if {edge.from_id, edge.to_id} == pair and (edge.until is None or edge.until > today):
                raise refused("related")
        for kind in sorted(OWNING):
            found = [
                edge
                for party_id in sorted(pair)
                for edge in records.owned_below(work.connection, party_id, kind)
                if edge.until is None or edge.until > today
            ]
            # What once was is left alone: only from today on nobody may own itself.
            now = [replace(edge, since=max(edge.since or today, today)) for edge in found]
            if has_circle(_as_one(now, pair, into.party_id)):
                raise refused("circle")

    def unmerge(self, command_id: UUID, party_id: str, *, by: str, why: str) -> Party:
        """Let a party that was merged stand for itself again. Raises: as PartiesApi says."""

        def body(work: SqlUnitOfWork) -> None:
            store.take_turn(work.connection)
            [root] = self._locked(work, party_id, is_open=False)
            own = store.records(work.connection, [party_id])[party_id]
            if not own.is_merged:
                raise refused("not_merged")
            members = store.family(work.connection, root.party_id)
            brought = store.below(members, party_id)
            store.keep(work.connection, replace(own, merged_into=None))
            store.regroup(work.connection, brought, party_id)
            self._tell_merge(work, party_id, root.party_id, "unmerged", by=by, why=why)
            self._note(
                work, root.party_id, "unmerged", by=by, why=why, subject=party_id, is_told=False
            )

        self._do(command_id, "unmerge", [party_id], body, by=by, why=why, must_say=True)
        return self.party(party_id)

    def _tell_merge(
        self, work: SqlUnitOfWork, party_id: str, into_id: str, what: str, *, by: str, why: str
    ) -> None:
        self._note(work, party_id, what, by=by, why=why, subject=into_id, is_told=False)
        work.outbox.add(PartyMerged(party_id=party_id, into_id=into_id, what=what))

    def alike(self, party: NewParty) -> list[Likeness]:
        """Return who is here already and may be this one."""
        digests = {
            self._seal.digest("document", written_number(one.number)) for one in party.documents
        }
        twins = {twin_of(self._seal, party.name, party.born)} if party.born else set()
        return self._room.read(lambda connection: self._alike(connection, digests, twins, ""))

    def duplicates(self, party_id: str) -> list[Likeness]:
        """Return who else may be this party. Raises: PartyNotFound."""

        def read(connection: Any) -> list[Likeness]:
            root = self._record(connection, party_id)
            if root is None:
                raise no_party(party_id)
            members = store.family(connection, root.party_id)
            ids = [one.party_id for one in members]
            digests = personal.digests(connection, ids, "document")
            twins = {one.twin for one in members if one.born is not None}
            found = self._alike(connection, digests, twins, root.party_id)
            return [one for one in found if one.party.kind is root.kind]

        return self._room.read(read)

    def _alike(
        self, connection: Any, digests: Iterable[bytes], twins: Iterable[bytes], but: str
    ) -> list[Likeness]:
        same = {
            "document": store.roots(connection, personal.owners(connection, digests)),
            "name_and_birth": store.twins(connection, twins),
        }
        ids = sorted(set().union(*same.values()) - {but}, reverse=True)[:ALIKE_MAX]
        known = store.records(connection, ids)
        lines = store.lines(connection, [known[one] for one in ids], self._today())
        return [
            Likeness(
                party=line, why=tuple(why for why, whose in same.items() if line.party_id in whose)
            )
            for line in lines
        ]


def twin_of(seal: personal.Seal, name: str, born: Any) -> bytes:
    """Return the keyed hash that parties of the same name and birth share."""
    return seal.digest("twin", folded(name), str(born or ""))


def _as_one(edges: Iterable[Edge], pair: set[str], root_id: str) -> list[Edge]:
    """Return relations as they are once two parties are one; those between the two are its own."""
    renamed = {
        replace(
            edge,
            from_id=root_id if edge.from_id in pair else edge.from_id,
            to_id=root_id if edge.to_id in pair else edge.to_id,
        )
        for edge in edges
    }
    return [edge for edge in renamed if edge.from_id != edge.to_id]


def refused(why: str) -> MergeRefused:
    """Return a refusal that says what is in the way."""
    return MergeRefused(_WHY[why], why=why)
