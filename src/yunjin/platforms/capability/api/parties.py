"""Parties 客户: one identity for everybody the institution deals with."""

import datetime as dt
from collections.abc import Sequence
from typing import Final, Protocol
from uuid import UUID

from yunjin.kernel.page import Page
from yunjin.platforms.capability.api.centres import Centre, Slo, command, query
from yunjin.platforms.capability.api.party_facts import (
    Consent,
    Contact,
    Document,
    Happening,
    Kyc,
    KycStep,
    Likeness,
    NewConsent,
    NewContact,
    NewDocument,
    NewParty,
    NewRelation,
    Opened,
    Opening,
    Party,
    PartyLine,
    PartyQuery,
    Relation,
    Role,
    RoleHeld,
)
from yunjin.platforms.capability.events import (
    ConsentChanged,
    KycChanged,
    PartiesRelated,
    PartyChanged,
    PartyMerged,
    PartyOpened,
)


class PartiesApi(Protocol):
    """Persons and organisations: opened, known, related, agreed with, merged.

    A party's id is "P" and 26 characters made of the command that opened it. An id that was merged
    means the party it was merged into, in every call. Whoever acts says who it is (`by`) and, where
    it matters, why; both stand in the party's timeline. Every command may raise PartyNotFound,
    PartyClosed, Malformed and IdempotencyConflict, beside what it says.
    """

    @command(undone_by="close")
    def open(self, command_id: UUID, party: NewParty, *, by: str = "") -> Party:
        """Open a party 开客户. Whether it is here already is asked by `alike`.

        Raises: Malformed, IdempotencyConflict.
        """

    @command(undone_by="close")
    def open_all(
        self, command_id: UUID, parties: Sequence[Opening], *, by: str = ""
    ) -> list[Opened]:
        """Open many, each under its own id; one transaction. Raises: Malformed."""

    @command(undone_by="change")
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
        """Correct who a party is; None: as it was.

        Raises: PartyNotFound, PartyClosed, Malformed.
        """

    @command(undone_by="end_item")
    def add_document(
        self, command_id: UUID, party_id: str, document: NewDocument, *, by: str = ""
    ) -> Document:
        """Keep an identity document 证件.

        Raises: PartyNotFound, PartyClosed, Malformed (its number is not of its type's form).
        """

    @command(undone_by="end_item")
    def add_contact(
        self, command_id: UUID, party_id: str, contact: NewContact, *, by: str = ""
    ) -> Contact:
        """Keep a phone, an e-mail address, an address.

        Raises: PartyNotFound, PartyClosed, Malformed.
        """

    @command(lasts="add it anew; what was once presented stays on record")
    def end_item(
        self, command_id: UUID, party_id: str, item_id: UUID, *, by: str = "", why: str = ""
    ) -> Party:
        """Let a document or a contact no longer count. Raises: PartyNotFound, ItemNotFound."""

    @command(lasts="what was seen was seen: who looked and why stands in the timeline")
    def reveal(self, command_id: UUID, party_id: str, item_id: UUID, *, by: str, why: str) -> str:
        """Return the whole value of one document or contact 查看明文.

        Raises: PartyNotFound, ItemNotFound, Malformed (who looks, and why, must be said).
        """

    @command(undone_by="end_relation")
    def relate(self, command_id: UUID, relation: NewRelation, *, by: str = "") -> Relation:
        """Relate two parties; both see it.

        Raises: PartyNotFound, PartyClosed, RelationRefused (with itself, kinds that do not fit,
        the same again, a cycle of ownership, more than the whole owned), Malformed.
        """

    @command(lasts="relate them anew")
    def end_relation(
        self,
        command_id: UUID,
        relation_id: UUID,
        *,
        until: dt.date | None = None,
        by: str = "",
        why: str = "",
    ) -> Relation:
        """Let a relation end; None: today. Raises: RelationNotFound, RelationRefused (ended)."""

    @command(undone_by="end_role")
    def give_role(self, command_id: UUID, party_id: str, role: Role, *, by: str = "") -> Party:
        """Let a party have a role from today on; once. Raises: PartyNotFound, PartyClosed."""

    @command(undone_by="give_role")
    def end_role(
        self, command_id: UUID, party_id: str, role: Role, *, by: str = "", why: str = ""
    ) -> Party:
        """Let a role end today; nothing where there is none. Raises: PartyNotFound."""

    @command(lasts="it is followed by the next step; none is unsaid")
    def step_kyc(
        self,
        command_id: UUID,
        party_id: str,
        state: Kyc,
        *,
        by: str,
        why: str,
        evidence_id: str = "",
        review: dt.date | None = None,
    ) -> Party:
        """Go on with knowing a customer: pending, then verified (until `review`) or refused.

        Raises: PartyNotFound, PartyClosed, KycRefused (not from where it stands), Malformed (who
        and why must be said; verified needs evidence and a review date after today).
        """

    @command(undone_by="withdraw_consent")
    def give_consent(
        self, command_id: UUID, party_id: str, consent: NewConsent, *, by: str = ""
    ) -> Consent:
        """Keep what a party agreed to. Raises: PartyNotFound, PartyClosed, Malformed."""

    @command(undone_by="give_consent")
    def withdraw_consent(
        self, command_id: UUID, consent_id: UUID, *, by: str = "", why: str = ""
    ) -> Consent:
        """Let a consent no longer hold, from today on. Raises: ConsentNotFound."""

    @command(undone_by="unblock")
    def block(self, command_id: UUID, party_id: str, *, by: str, why: str) -> Party:
        """Let nothing new be done with a party. Raises: PartyNotFound, PartyClosed, Malformed."""

    @command(undone_by="block")
    def unblock(self, command_id: UUID, party_id: str, *, by: str, why: str) -> Party:
        """Let business be done again. Raises: PartyNotFound, PartyClosed, Malformed."""

    @command(lasts="a closed party has nothing; open another one, and merge the two")
    def close(self, command_id: UUID, party_id: str, *, by: str, why: str) -> Party:
        """Close a party that has no open agreement and nothing of a limit in use.

        Raises: PartyNotFound, PartyInUse, Malformed.
        """

    @command(undone_by="unmerge")
    def merge(self, command_id: UUID, party_id: str, into_id: str, *, by: str, why: str) -> Party:
        """Let two records of one party be one 合并; the first one's id becomes an alias.

        Nothing of either is lost or copied, so that `unmerge` is exact.

        Raises: PartyNotFound, MergeRefused (the same, kinds that differ, one is blocked and the
        other is not, the survivor is closed, they are related to each other, a cycle of ownership
        would come of it), Malformed.
        """

    @command(undone_by="merge")
    def unmerge(self, command_id: UUID, party_id: str, *, by: str, why: str) -> Party:
        """Let a party that was merged stand for itself again, with all that was its own.

        What was done to the survivor since stays the survivor's. Returns: the party that stands
        for itself again. Raises: PartyNotFound, MergeRefused (it was not merged), Malformed.
        """

    @query
    def party(self, party_id: str) -> Party:
        """Return the party that an id means. Raises: PartyNotFound."""

    @query
    def resolve(self, party_ids: Sequence[str]) -> list[str]:
        """Return the ids of the parties that ids mean, in order; "" for those there are not."""

    @query
    def find(self, query: PartyQuery) -> Page[PartyLine]:
        """Return parties, newest first, each once. Raises: Malformed (cursor)."""

    @query
    def alike(self, party: NewParty) -> list[Likeness]:
        """Return who is here already and may be this one: same document, or name and birth."""

    @query
    def duplicates(self, party_id: str) -> list[Likeness]:
        """Return who else may be this party. Raises: PartyNotFound."""

    @query
    def documents(self, party_id: str) -> list[Document]:
        """Return documents, masked, newest first. Raises: PartyNotFound."""

    @query
    def contacts(self, party_id: str) -> list[Contact]:
        """Return contacts, masked, newest first. Raises: PartyNotFound."""

    @query
    def relations(self, party_id: str, *, on: dt.date | None = None) -> list[Relation]:
        """Return relations, from either end; on: only those of a date. Raises: PartyNotFound."""

    @query
    def roles(self, party_id: str) -> list[RoleHeld]:
        """Return the roles it has and had, newest first. Raises: PartyNotFound."""

    @query
    def kyc_steps(self, party_id: str) -> list[KycStep]:
        """Return the steps of knowing it, newest first. Raises: PartyNotFound."""

    @query
    def consents(self, party_id: str) -> list[Consent]:
        """Return every consent it gave, newest first. Raises: PartyNotFound."""

    @query
    def consented(self, party_id: str, purpose: str, on: dt.date) -> Consent | None:
        """Return the consent to a purpose that holds on a date; None: there is none.

        Raises: PartyNotFound.
        """

    @query
    def timeline(
        self, party_id: str, *, limit: int = 50, cursor: str | None = None
    ) -> Page[Happening]:
        """Return all that happened to a party, newest first. Raises: PartyNotFound, Malformed."""


PARTIES: Final = Centre(
    code="party",
    words=("客户中心", "Parties"),
    purpose=(
        "个人与机构的唯一身份：关系、角色、尽职调查、授权、去重合并。",
        "One identity of persons and organisations: relations, roles, checks, consents, merging.",
    ),
    bian=(
        "Party Reference Data Directory",
        "Legal Entity Directory",
        "Customer Relationship Management",
    ),
    door=PartiesApi,
    events=(PartyOpened, PartyChanged, PartiesRelated, KycChanged, ConsentChanged, PartyMerged),
    slo=Slo(p99_ms=20),
)
