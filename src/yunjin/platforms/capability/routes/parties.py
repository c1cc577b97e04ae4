"""Parties over HTTP: opened, corrected, known, agreed with, merged.

Numbers of documents and phones never stand in an address, where logs keep them: what is looked for
by them is sent in a body. Answers carry them masked; `reveal` answers one of them whole.
"""

import datetime as dt
from typing import Any

from fastapi import APIRouter

from yunjin.chassis.transport.values import Key, facts_of, id_of
from yunjin.platforms.capability.api.parties import PartiesApi
from yunjin.platforms.capability.api.party_facts import (
    Kyc,
    NewConsent,
    NewContact,
    NewDocument,
    NewParty,
    NewRelation,
    Opening,
    PartyKind,
    PartyQuery,
    PartyState,
    Role,
)
from yunjin.platforms.capability.routes.party_values import (
    ChangeForm,
    ConsentForm,
    ConsentOut,
    ContactForm,
    ContactOut,
    DocumentForm,
    DocumentOut,
    EndForm,
    EndRelationForm,
    ItemId,
    KycForm,
    KycStepOut,
    LikenessOut,
    MergeForm,
    OpenedOut,
    PartiesForm,
    PartiesOut,
    PartyBody,
    PartyForm,
    PartyId,
    PartyOut,
    Purpose,
    RelationForm,
    RelationOut,
    RevealedOut,
    RoleForm,
    RoleOut,
    SearchForm,
    TimelineOut,
    WhyForm,
)
from yunjin.platforms.capability.routes.values import Cursor, Limit


class PartyRoutes:
    """The addresses of parties."""

    def __init__(self, parties: PartiesApi) -> None:
        self._parties = parties

    def parties(
        self,
        kind: PartyKind | None = None,
        state: PartyState | None = None,
        kyc: Kyc | None = None,
        role: Role | None = None,
        review_by: dt.date | None = None,
        limit: Limit = 50,
        cursor: Cursor = None,
    ) -> PartiesOut:
        """Return parties, newest first; what is not given does not matter."""
        query = PartyQuery(
            kind=kind or "",
            state=state or "",
            kyc=kyc or "",
            role=role or "",
            review_by=review_by,
            limit=limit,
            cursor=cursor,
        )
        return PartiesOut.model_validate(self._parties.find(query))

    def search(self, form: SearchForm) -> PartiesOut:
        """Return parties by name, document's number or phone, newest first."""
        return PartiesOut.model_validate(self._parties.find(PartyQuery(**form.model_dump())))

    def open_party(self, form: PartyForm, key: Key = None) -> PartyOut:
        """Open a party; its id is made of the command's."""
        return _out(self._parties.open(id_of(form, key), _new(form), by=form.by))

    def open_parties(self, form: PartiesForm, key: Key = None) -> list[OpenedOut]:
        """Open many, each by itself and under its own id; answers are in their order."""
        wanted = [Opening(one.id, _new(one)) for one in form.parties]
        return [
            OpenedOut(party_id=one.party_id, status=one.status.name.lower())
            for one in self._parties.open_all(id_of(form, key), wanted, by=form.by)
        ]

    def alike(self, form: PartyBody) -> list[LikenessOut]:
        """Return who is here already and may be this one."""
        return [LikenessOut.model_validate(one) for one in self._parties.alike(_new(form))]

    def party(self, party_id: PartyId) -> PartyOut:
        """Return the party that an id means."""
        return _out(self._parties.party(party_id))

    def change_party(self, party_id: PartyId, form: ChangeForm, key: Key = None) -> PartyOut:
        """Correct who a party is."""
        return _out(self._parties.change(id_of(form, key), party_id, **facts_of(form)))

    def documents(self, party_id: PartyId) -> list[DocumentOut]:
        """Return documents, masked, newest first."""
        return [DocumentOut.model_validate(one) for one in self._parties.documents(party_id)]

    def add_document(self, party_id: PartyId, form: DocumentForm, key: Key = None) -> DocumentOut:
        """Keep an identity document."""
        new = NewDocument(**form.model_dump(exclude={"id", "by"}))
        made = self._parties.add_document(id_of(form, key), party_id, new, by=form.by)
        return DocumentOut.model_validate(made)

    def contacts(self, party_id: PartyId) -> list[ContactOut]:
        """Return contacts, masked, newest first."""
        return [ContactOut.model_validate(one) for one in self._parties.contacts(party_id)]

    def add_contact(self, party_id: PartyId, form: ContactForm, key: Key = None) -> ContactOut:
        """Keep a contact."""
        new = NewContact(kind=form.kind, value=form.value)
        made = self._parties.add_contact(id_of(form, key), party_id, new, by=form.by)
        return ContactOut.model_validate(made)

    def end_item(
        self, party_id: PartyId, item_id: ItemId, form: EndForm, key: Key = None
    ) -> PartyOut:
        """Let a document or a contact no longer count."""
        command_id = id_of(form, key)
        return _out(self._parties.end_item(command_id, party_id, item_id, by=form.by, why=form.why))

    def reveal(
        self, party_id: PartyId, item_id: ItemId, form: WhyForm, key: Key = None
    ) -> RevealedOut:
        """Return one whole value; who looked, and why, is put down."""
        command_id = id_of(form, key)
        value = self._parties.reveal(command_id, party_id, item_id, by=form.by, why=form.why)
        return RevealedOut(value=value)

    def relations(self, party_id: PartyId, on: dt.date | None = None) -> list[RelationOut]:
        """Return relations, from either end."""
        found = self._parties.relations(party_id, on=on)
        return [RelationOut.model_validate(one) for one in found]

    def relate(self, form: RelationForm, key: Key = None) -> RelationOut:
        """Relate two parties."""
        new = NewRelation(**form.model_dump(exclude={"id", "by"}))
        return RelationOut.model_validate(self._parties.relate(id_of(form, key), new, by=form.by))

    def end_relation(
        self, relation_id: ItemId, form: EndRelationForm, key: Key = None
    ) -> RelationOut:
        """Let a relation end."""
        done = self._parties.end_relation(id_of(form, key), relation_id, **facts_of(form))
        return RelationOut.model_validate(done)

    def roles(self, party_id: PartyId) -> list[RoleOut]:
        """Return the roles it has and had, newest first."""
        return [RoleOut.model_validate(one) for one in self._parties.roles(party_id)]

    def give_role(self, party_id: PartyId, form: RoleForm, key: Key = None) -> PartyOut:
        """Let a party have a role."""
        return _out(self._parties.give_role(id_of(form, key), party_id, form.role, by=form.by))

    def end_role(self, party_id: PartyId, role: Role, form: EndForm, key: Key = None) -> PartyOut:
        """Let a role end today."""
        command_id = id_of(form, key)
        return _out(self._parties.end_role(command_id, party_id, role, by=form.by, why=form.why))

    def kyc_steps(self, party_id: PartyId) -> list[KycStepOut]:
        """Return the steps of knowing it, newest first."""
        return [KycStepOut.model_validate(one) for one in self._parties.kyc_steps(party_id)]

    def step_kyc(self, party_id: PartyId, form: KycForm, key: Key = None) -> PartyOut:
        """Go on with knowing a customer."""
        return _out(self._parties.step_kyc(id_of(form, key), party_id, **facts_of(form)))

    def consents(self, party_id: PartyId) -> list[ConsentOut]:
        """Return every consent it gave, newest first."""
        return [ConsentOut.model_validate(one) for one in self._parties.consents(party_id)]

    def consented(self, party_id: PartyId, purpose: Purpose, on: dt.date) -> ConsentOut | None:
        """Return the consent to a purpose that holds on a date; null: there is none."""
        found = self._parties.consented(party_id, purpose, on)
        return None if found is None else ConsentOut.model_validate(found)

    def give_consent(self, party_id: PartyId, form: ConsentForm, key: Key = None) -> ConsentOut:
        """Keep what a party agreed to."""
        new = NewConsent(**form.model_dump(exclude={"id", "by"}))
        made = self._parties.give_consent(id_of(form, key), party_id, new, by=form.by)
        return ConsentOut.model_validate(made)

    def withdraw_consent(self, consent_id: ItemId, form: EndForm, key: Key = None) -> ConsentOut:
        """Let a consent no longer hold."""
        done = self._parties.withdraw_consent(
            id_of(form, key), consent_id, by=form.by, why=form.why
        )
        return ConsentOut.model_validate(done)

    def block(self, party_id: PartyId, form: WhyForm, key: Key = None) -> PartyOut:
        """Let nothing new be done with a party."""
        return _out(self._parties.block(id_of(form, key), party_id, by=form.by, why=form.why))

    def unblock(self, party_id: PartyId, form: WhyForm, key: Key = None) -> PartyOut:
        """Let business be done again."""
        return _out(self._parties.unblock(id_of(form, key), party_id, by=form.by, why=form.why))

    def close(self, party_id: PartyId, form: WhyForm, key: Key = None) -> PartyOut:
        """Close a party that has nothing."""
        return _out(self._parties.close(id_of(form, key), party_id, by=form.by, why=form.why))

    def duplicates(self, party_id: PartyId) -> list[LikenessOut]:
        """Return who else may be this party."""
        return [LikenessOut.model_validate(one) for one in self._parties.duplicates(party_id)]

    def merge(self, party_id: PartyId, form: MergeForm, key: Key = None) -> PartyOut:
        """Let two records of one party be one; returns the survivor."""
        return _out(self._parties.merge(id_of(form, key), party_id, **facts_of(form)))

    def unmerge(self, party_id: PartyId, form: WhyForm, key: Key = None) -> PartyOut:
        """Let a party that was merged stand for itself again."""
        return _out(self._parties.unmerge(id_of(form, key), party_id, by=form.by, why=form.why))

    def timeline(self, party_id: PartyId, limit: Limit = 50, cursor: Cursor = None) -> TimelineOut:
        """Return all that happened to a party, newest first."""
        found = self._parties.timeline(party_id, limit=limit, cursor=cursor)
        return TimelineOut.model_validate(found)


def router(parties: PartiesApi) -> APIRouter:
    """Return the router of parties."""
    made, to = APIRouter(tags=["parties"]), PartyRoutes(parties)
    made.get("/parties")(to.parties)
    made.post("/parties", status_code=201)(to.open_party)
    made.post("/parties/batch")(to.open_parties)
    made.post("/parties/search")(to.search)
    made.post("/parties/alike")(to.alike)
    made.post("/party_relations", status_code=201)(to.relate)
    made.post("/party_relations/{relation_id}/end")(to.end_relation)
    made.post("/party_consents/{consent_id}/withdraw")(to.withdraw_consent)
    one = "/parties/{party_id}"
    made.get(one)(to.party)
    made.post(f"{one}/change")(to.change_party)
    made.get(f"{one}/documents")(to.documents)
    made.post(f"{one}/documents", status_code=201)(to.add_document)
    made.get(f"{one}/contacts")(to.contacts)
    made.post(f"{one}/contacts", status_code=201)(to.add_contact)
    made.post(f"{one}/items/{{item_id}}/end")(to.end_item)
    made.post(f"{one}/items/{{item_id}}/reveal")(to.reveal)
    made.get(f"{one}/relations")(to.relations)
    made.get(f"{one}/roles")(to.roles)
    made.post(f"{one}/roles")(to.give_role)
    made.post(f"{one}/roles/{{role}}/end")(to.end_role)
    made.get(f"{one}/kyc")(to.kyc_steps)
    made.post(f"{one}/kyc")(to.step_kyc)
    made.get(f"{one}/consents")(to.consents)
    made.post(f"{one}/consents", status_code=201)(to.give_consent)
    made.get(f"{one}/consents/{{purpose}}")(to.consented)
    for word in ("block", "unblock", "close", "merge", "unmerge"):
        made.post(f"{one}/{word}")(getattr(to, word))
    made.get(f"{one}/duplicates")(to.duplicates)
    made.get(f"{one}/timeline")(to.timeline)
    return made


def _out(one: Any) -> PartyOut:
    return PartyOut.model_validate(one)


def _new(form: PartyBody) -> NewParty:
    documents = tuple(NewDocument(**one.model_dump()) for one in form.documents)
    contacts = tuple(NewContact(**one.model_dump()) for one in form.contacts)
    plain: dict[str, Any] = {
        name: getattr(form, name) for name in ("kind", "name", "other_name", "born", "country")
    }
    return NewParty(**plain, documents=documents, contacts=contacts, roles=tuple(form.roles))
