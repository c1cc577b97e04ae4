"""The party centre: load, decide, save and tell."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from yunjin.chassis.persistence import Conflict, SqlUnitOfWork, dump_json
from yunjin.foundation.banking.api.agreements import AgreementQuery
from yunjin.kernel.errors import IdempotencyConflict, Malformed
from yunjin.kernel.page import LIMIT_MAX, Page, seal, unseal
from yunjin.platforms.capability.api.party_facts import (
    NAME_MAX,
    PARTIES_MAX,
    ContactKind,
    Happening,
    Kyc,
    NewParty,
    Opened,
    Opening,
    Party,
    PartyLine,
    PartyQuery,
    PartyState,
    PartyStatus,
)
from yunjin.platforms.capability.api.party_numbers import folded, written_contact, written_number
from yunjin.platforms.capability.domain.parties import party_id_of
from yunjin.platforms.capability.errors import PartyInUse
from yunjin.platforms.capability.events import PartyOpened
from yunjin.platforms.capability.service.paging import page_of, position
from yunjin.platforms.capability.service.party_knowing import PartyKnowing
from yunjin.platforms.capability.service.party_merging import PartyMerging, twin_of
from yunjin.platforms.capability.service.party_papers import (
    PartyPapers,
    contact_item,
    document_item,
)
from yunjin.platforms.capability.service.party_ties import PartyTies
from yunjin.platforms.capability.service.values import check_text
from yunjin.platforms.capability.store import limits as limit_store
from yunjin.platforms.capability.store import parties as store
from yunjin.platforms.capability.store import party_records as records
from yunjin.platforms.capability.store import personal

ITEMS_MAX: Final = 20  # documents, contacts, roles that a party is opened with


class PartyService(PartyPapers, PartyTies, PartyKnowing, PartyMerging):
    """Parties over a room's tables; verifications end with the business date (`today`)."""

    def open(self, command_id: UUID, party: NewParty, *, by: str = "") -> Party:
        """Open a party. Raises: as PartiesApi says."""
        [opened] = self.open_all(command_id, [Opening(command_id, party)], by=by)
        if opened.status is PartyStatus.EXISTS_OTHERWISE:
            raise IdempotencyConflict("This id was used for another party.", id=str(command_id))
        return self.party(opened.party_id)

    def open_all(
        self, command_id: UUID, parties: Sequence[Opening], *, by: str = ""
    ) -> list[Opened]:
        """Open many, each under its own id, which is all that has to be remembered.

        Raises: Malformed.
        """
        if not 0 < len(parties) <= PARTIES_MAX:
            raise Malformed(f"expected 1 to {PARTIES_MAX} parties, was {len(parties)}")
        if len({one.command_id for one in parties}) < len(parties):
            raise Malformed("expected each party's id once, was one twice")
        check_text("name of who does it", by, most=100)
        items = {one.command_id: self._items(one.party) for one in parties}
        try:
            return self._room.run(lambda work: self._opened(work, parties, items, by))
        except Conflict:  # somebody sent one of them beside us, and has committed by now
            return self._room.run(lambda work: self._opened(work, parties, items, by))

    def _opened(
        self,
        work: SqlUnitOfWork,
        parties: Sequence[Opening],
        items: Mapping[UUID, Sequence[personal.Item]],
        by: str,
    ) -> list[Opened]:
        asked = {one.command_id: self._seal.digest("asked", _written(one.party)) for one in parties}
        ids = {one.command_id: party_id_of(one.command_id) for one in parties}
        known = store.records(work.connection, ids.values())
        fresh = [one for one in parties if ids[one.command_id] not in known]
        store.put(
            work.connection,
            [
                self._record_of(ids[one.command_id], one.party, asked[one.command_id])
                for one in fresh
            ],
        )
        held = [(ids[one.command_id], item) for one in fresh for item in items[one.command_id]]
        personal.put(work.connection, self._seal, held)
        taken = [
            (self._next_id(), ids[one.command_id], role)
            for one in fresh
            for role in one.party.roles
        ]
        records.put_roles(work.connection, taken, self._today())
        for one in fresh:
            work.outbox.add(PartyOpened(party_id=ids[one.command_id], kind=one.party.kind.value))
        told = [self._happening(ids[one.command_id], "opened", by=by) for one in fresh]
        records.put_happenings(work.connection, told)

        def status(one: Opening) -> PartyStatus:
            there = known.get(ids[one.command_id])
            if there is None:
                return PartyStatus.OPENED
            same = there.asked == asked[one.command_id]
            return PartyStatus.EXISTS if same else PartyStatus.EXISTS_OTHERWISE

        return [Opened(ids[one.command_id], status(one)) for one in parties]

    def _record_of(self, party_id: str, party: NewParty, asked: bytes) -> store.Record:
        return store.Record(
            party_id=party_id,
            root_id=party_id,
            merged_into=None,
            kind=party.kind,
            name=party.name,
            folded=folded(f"{party.name} {party.other_name}"),
            other_name=party.other_name,
            born=party.born,
            country=party.country,
            twin=twin_of(self._seal, party.name, party.born),
            state=PartyState.OPEN,
            kyc=Kyc.NONE,
            review=None,
            opened=self._now(),
            asked=asked,
        )

    def _items(self, party: NewParty) -> list[personal.Item]:
        """Return a new party's documents and contacts as they are kept. Raises: Malformed."""
        _check_new(party)
        return [
            *(document_item(self._next_id(), one) for one in party.documents),
            *(contact_item(self._next_id(), one) for one in party.contacts),
        ]

    def change(
        self,
        command_id: UUID,
        party_id: str,
        *,
        name: str | None = None,
        other_name: str | None = None,
        born: dt.date | None = None,
        country: str | None = None,
        by: str = "",
        why: str = "",
    ) -> Party:
        """Correct who a party is. Raises: as PartiesApi says."""
        given = {"name": name, "other_name": other_name, "born": born, "country": country}
        changes: dict[str, Any] = {key: one for key, one in given.items() if one is not None}
        if not changes:
            raise Malformed("expected something to change, was nothing")

        def body(work: SqlUnitOfWork) -> None:
            [root] = self._locked(work, party_id)
            now = replace(root, **changes)
            _check_names(now.name, now.other_name, now.country)
            _check_born(now.born)
            now = replace(
                now,
                folded=folded(f"{now.name} {now.other_name}"),
                twin=twin_of(self._seal, now.name, now.born),
            )
            if now == root:
                return
            store.keep(work.connection, now)
            subject = ",".join(sorted(changes))
            self._note(work, root.party_id, "changed", by=by, why=why, subject=subject)

        hashed = self._seal.digest("change", dump_json(changes)).hex()
        self._do(command_id, "change", [party_id, hashed], body, by=by, why=why)
        return self.party(party_id)

    def block(self, command_id: UUID, party_id: str, *, by: str, why: str) -> Party:
        """Let nothing new be done with a party. Raises: as PartiesApi says."""
        return self._set(command_id, party_id, "blocked", PartyState.BLOCKED, by=by, why=why)

    def unblock(self, command_id: UUID, party_id: str, *, by: str, why: str) -> Party:
        """Let business be done again. Raises: as PartiesApi says."""
        return self._set(command_id, party_id, "unblocked", PartyState.OPEN, by=by, why=why)

    def _set(
        self, command_id: UUID, party_id: str, word: str, state: PartyState, *, by: str, why: str
    ) -> Party:
        def body(work: SqlUnitOfWork) -> None:
            [root] = self._locked(work, party_id)
            if root.state is not state:
                store.set_state(work.connection, root.party_id, state)
                self._note(work, root.party_id, word, by=by, why=why)

        self._do(command_id, word, [party_id], body, by=by, why=why, must_say=True)
        return self.party(party_id)

    def close(self, command_id: UUID, party_id: str, *, by: str, why: str) -> Party:
        """Close a party that has nothing. Raises: as PartiesApi says."""
        now = self.party(party_id)
        if now.state is not PartyState.CLOSED:
            self._check_free_of_agreements([now.party_id, *now.aliases])

        def body(work: SqlUnitOfWork) -> None:
            [root] = self._locked(work, party_id, is_open=False)
            if root.state is PartyState.CLOSED:
                return
            if limit_store.in_use_of(work.connection, self._family(work.connection, party_id)):
                raise PartyInUse("Something of its limits is in use.", party_id=root.party_id)
            store.keep(work.connection, replace(root, state=PartyState.CLOSED))
            self._note(work, root.party_id, "closed", by=by, why=why)

        self._do(command_id, "close", [party_id], body, by=by, why=why, must_say=True)
        return self.party(party_id)

    def _check_free_of_agreements(self, party_ids: Sequence[str]) -> None:
        """Raises: PartyInUse."""
        for party_id in party_ids if self._agreements is not None else ():
            for status in ("open", "stopped"):
                query = AgreementQuery(party_id=party_id, status=status, limit=1)
                found = self._agreements.find(query).items if self._agreements else ()
                for one in found:
                    raise PartyInUse(
                        "It has an agreement that is not closed.",
                        party_id=party_id,
                        agreement_id=str(one.agreement_id),
                    )

    def resolve(self, party_ids: Sequence[str]) -> list[str]:
        """Return the ids of the parties that ids mean, in order."""
        wanted = [one for one in party_ids if one.isascii()]
        meant = self._room.read(lambda connection: store.means(connection, wanted))
        return [meant.get(one, "") for one in party_ids]

    def find(self, query: PartyQuery) -> Page[PartyLine]:
        """Return parties, newest first. Raises: Malformed (cursor)."""
        before, limit = self._before(query.cursor), min(query.limit, LIMIT_MAX)
        sought = {
            "document": written_number(query.document),
            "contact": written_contact(ContactKind.PHONE, query.phone),
        }
        digests = {what: self._seal.digest(what, text) for what, text in sought.items() if text}
        wanted = replace(query, name=folded(query.name), limit=limit)
        found = self._room.read(
            lambda connection: store.find(
                connection, wanted, digests=digests, before=before, today=self._today()
            )
        )
        more = len(found) > limit
        items = tuple(found[:limit])
        return Page(items, seal([items[-1].party_id], self._key) if more else None)

    def _before(self, cursor: str | None) -> str | None:
        if cursor is None:
            return None
        match unseal(cursor, self._key):
            case [str(party_id)]:
                return party_id
        raise Malformed("expected a cursor of this list, was another list's")

    def timeline(
        self, party_id: str, *, limit: int = 50, cursor: str | None = None
    ) -> Page[Happening]:
        """Return all that happened to a party, newest first. Raises: as PartiesApi says."""
        before, limit = position(cursor, self._key), min(limit, LIMIT_MAX)
        found = self._room.read(
            lambda connection: records.happenings_of(
                connection, self._family(connection, party_id), before, limit + 1
            )
        )
        return page_of(found, limit, self._key, lambda one: one.event_id)


def _written(party: NewParty) -> str:
    """Return all that a party is opened with: how a request is told from another."""
    plain = party.kind, party.name, party.other_name, party.born, party.country
    documents = [(d.type, d.number, d.issuer, d.issued, d.expires) for d in party.documents]
    contacts = [(c.kind, c.value) for c in party.contacts]
    return dump_json((*plain, documents, contacts, party.roles))


def _check_new(party: NewParty) -> None:
    """Raises: Malformed."""
    _check_names(party.name, party.other_name, party.country)
    _check_born(party.born)
    if max(len(party.documents), len(party.contacts), len(party.roles)) > ITEMS_MAX:
        raise Malformed(f"expected at most {ITEMS_MAX} documents, contacts and roles of each")
    if len(set(party.roles)) < len(party.roles):
        raise Malformed("expected each role once, was one twice")


def _check_names(name: str, other_name: str, country: str) -> None:
    check_text("name", name, least=1, most=NAME_MAX)
    check_text("other name", other_name, most=NAME_MAX)
    if name != name.strip() or other_name != other_name.strip():
        raise Malformed("expected a name without blanks around it")
    if not (len(country) == 2 and country.isascii() and country.isalpha() and country.isupper()):
        raise Malformed("expected a country as two letters, such as CN")


def _check_born(born: dt.date | None) -> None:
    if born is not None and not 1000 <= born.year <= 2200:
        raise Malformed("expected a date of birth or registration of the years 1000 to 2200")
