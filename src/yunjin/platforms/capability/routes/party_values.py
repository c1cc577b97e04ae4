"""What comes and goes over HTTP about parties."""

import datetime as dt
from typing import Annotated
from uuid import UUID

from fastapi import Path
from pydantic import Field

from yunjin.chassis.transport.values import Answer, Command, Form
from yunjin.kernel.page import LIMIT_MAX
from yunjin.platforms.capability.api.party_facts import (
    PPM,
    ContactKind,
    DocumentType,
    Kyc,
    PartyKind,
    PartyState,
    RelationKind,
    Role,
)

PartyId = Annotated[str, Path(min_length=1, max_length=64, pattern="^[!-~]+$")]
ItemId = UUID
Purpose = Annotated[str, Path(min_length=1, max_length=40, pattern="^[!-~]+$")]
Named = Annotated[str, Field(min_length=1, max_length=200)]
By = Annotated[str, Field(max_length=100, description="who does it")]
Why = Annotated[str, Field(max_length=200)]
Said = Annotated[str, Field(min_length=1, max_length=100, description="who does it")]
Reason = Annotated[str, Field(min_length=1, max_length=200)]
PartyCode = Annotated[str, Field(min_length=1, max_length=64, pattern="^[!-~]+$")]
Country = Annotated[str, Field(pattern="^[A-Z]{2}$")]
Number = Annotated[str, Field(min_length=1, max_length=100)]
Code20 = Annotated[str, Field(min_length=1, max_length=20, pattern="^[!-~]+$")]


class ByForm(Command):
    """A command, and who sends it."""

    by: By = ""


class EndForm(ByForm):
    """Something ends, and why."""

    why: Why = ""


class WhyForm(Command):
    """A command of which who does it and why must be said."""

    by: Said
    why: Reason


class DocumentBody(Form):
    """An identity document as it is presented."""

    type: DocumentType
    number: Number
    issuer: Annotated[str, Field(max_length=100)] = ""
    issued: dt.date | None = None
    expires: dt.date | None = None


class ContactBody(Form):
    """A way to reach a party."""

    kind: ContactKind
    value: Annotated[str, Field(min_length=1, max_length=200)]


class PartyBody(Form):
    """A party. born: of a person the birth, of an organisation the registration."""

    kind: PartyKind
    name: Named
    other_name: Annotated[str, Field(max_length=200)] = ""
    born: dt.date | None = None
    country: Country = "CN"
    documents: Annotated[tuple[DocumentBody, ...], Field(max_length=20)] = ()
    contacts: Annotated[tuple[ContactBody, ...], Field(max_length=20)] = ()
    roles: Annotated[tuple[Role, ...], Field(max_length=20)] = ()


class PartyForm(PartyBody, ByForm):
    """A party to open; its id is made of the command's."""


class OneOfMany(PartyBody):
    """One of many parties to open, under an id of its own."""

    id: UUID


class PartiesForm(ByForm):
    """Many parties to open, each by itself."""

    parties: Annotated[list[OneOfMany], Field(min_length=1, max_length=1_000)]


class OpenedOut(Answer):
    """What came of opening one. status: opened, exists, exists_otherwise."""

    party_id: str
    status: str


class ChangeForm(EndForm):
    """What is corrected of a party; null: as it was."""

    name: Named | None = None
    other_name: Annotated[str, Field(max_length=200)] | None = None
    born: dt.date | None = None
    country: Country | None = None


class SearchForm(Form):
    """What parties are looked for by; what is empty does not matter."""

    name: Annotated[str, Field(max_length=200)] = ""
    document: Annotated[str, Field(max_length=100)] = ""
    phone: Annotated[str, Field(max_length=40)] = ""
    kind: PartyKind | Annotated[str, Field(max_length=0)] = ""
    role: Role | Annotated[str, Field(max_length=0)] = ""
    limit: Annotated[int, Field(ge=1, le=LIMIT_MAX)] = 50
    cursor: Annotated[str, Field(min_length=1, max_length=500)] | None = None


class PartyOut(Answer):
    """A party as it stands now. aliases: ids that were merged into it."""

    party_id: str
    aliases: list[str]
    kind: PartyKind
    name: str
    other_name: str
    born: dt.date | None
    country: str
    state: PartyState
    kyc: Kyc
    review: dt.date | None
    roles: list[Role]
    opened: dt.datetime


class PartyLineOut(Answer):
    """A party in a list."""

    party_id: str
    kind: PartyKind
    name: str
    country: str
    state: PartyState
    kyc: Kyc
    review: dt.date | None
    roles: list[Role]
    opened: dt.datetime


class PartiesOut(Answer):
    """A page of parties."""

    items: list[PartyLineOut]
    next_cursor: str | None


class LikenessOut(Answer):
    """A party that may be the same. why: document, name_and_birth."""

    party: PartyLineOut
    why: list[str]


class DocumentForm(DocumentBody, ByForm):
    """An identity document to keep; its id is the command's."""


class DocumentOut(Answer):
    """An identity document; shown: its number, masked."""

    document_id: UUID
    party_id: str
    type: DocumentType
    shown: str
    issuer: str
    issued: dt.date | None
    expires: dt.date | None
    ended: dt.date | None


class ContactForm(ContactBody, ByForm):
    """A contact to keep; its id is the command's."""


class ContactOut(Answer):
    """A contact, masked."""

    contact_id: UUID
    party_id: str
    kind: ContactKind
    shown: str
    ended: dt.date | None


class RevealedOut(Answer):
    """A whole value."""

    value: str


class RelationForm(ByForm):
    """`from_id` is the `kind` of `to_id`; the relation's id is the command's."""

    kind: RelationKind
    from_id: PartyCode
    to_id: PartyCode
    share_ppm: Annotated[int, Field(strict=True, ge=0, le=PPM)] = 0
    since: dt.date | None = None
    until: dt.date | None = None
    note: Why = ""


class EndRelationForm(EndForm):
    """A relation's end; null: today."""

    until: dt.date | None = None


class RelationOut(Answer):
    """A relation, with who is at its ends now."""

    relation_id: UUID
    kind: RelationKind
    from_id: str
    from_name: str
    to_id: str
    to_name: str
    share_ppm: int
    since: dt.date | None
    until: dt.date | None
    note: str


class RoleForm(ByForm):
    """A role to give."""

    role: Role


class RoleOut(Answer):
    """A role that a party has or had."""

    role_id: UUID
    role: Role
    since: dt.date
    until: dt.date | None


class KycForm(WhyForm):
    """A step of knowing a customer. review: only of what is verified."""

    state: Kyc
    evidence_id: Annotated[str, Field(max_length=64, pattern="^[!-~]*$")] = ""
    review: dt.date | None = None


class KycStepOut(Answer):
    """A step of knowing a customer."""

    step_id: UUID
    party_id: str
    state: Kyc
    date: dt.date
    at: dt.datetime
    review: dt.date | None
    evidence_id: str
    by: str
    why: str


class ConsentForm(ByForm):
    """What a party agrees to; the consent's id is the command's. given: null for today."""

    purpose: Annotated[str, Field(min_length=1, max_length=40, pattern="^[!-~]+$")]
    version: Code20
    channel: Code20
    given: dt.date | None = None
    until: dt.date | None = None


class ConsentOut(Answer):
    """A consent that was given."""

    consent_id: UUID
    party_id: str
    purpose: str
    version: str
    channel: str
    given: dt.date
    until: dt.date | None
    withdrawn: dt.date | None


class MergeForm(WhyForm):
    """The party that the other is merged into."""

    into_id: PartyCode


class HappeningOut(Answer):
    """Something that happened to a party."""

    event_id: UUID
    party_id: str
    what: str
    subject: str
    date: dt.date
    at: dt.datetime
    by: str
    why: str


class TimelineOut(Answer):
    """A page of what happened."""

    items: list[HappeningOut]
    next_cursor: str | None
