"""What is known of a party 客户: who it is, its papers, relations, roles, checks and consents.

Values of documents and contacts are personal: what goes around is masked (`shown`), and the value
itself is asked for one by one (`PartiesApi.reveal`). Dates are business dates; a stretch of days is
half open, [since, until).
"""

import datetime as dt
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Final
from uuid import UUID

NAME_MAX: Final = 200
NUMBER_MAX: Final = 64  # characters of a document's number
CONTACT_MAX: Final = 200
PARTIES_MAX: Final = 1_000  # of one call
PPM: Final = 1_000_000  # the whole of what is owned


class PartyKind(StrEnum):
    """What a party is."""

    PERSON = "person"  # 个人
    ORGANISATION = "organisation"  # 机构


class PartyState(StrEnum):
    """Whether business may be done with a party."""

    OPEN = "open"
    BLOCKED = "blocked"  # 止付/限制: nothing new, until it is unblocked
    CLOSED = "closed"  # 销户


class DocumentType(StrEnum):
    """What proves who a party is."""

    ID_CARD = "id_card"  # 居民身份证, GB 11643
    PASSPORT = "passport"
    HK_MACAU_PERMIT = "hk_macau_permit"  # 港澳居民来往内地通行证
    TAIWAN_PERMIT = "taiwan_permit"  # 台湾居民来往大陆通行证
    FOREIGNER_PERMIT = "foreigner_permit"  # 外国人永久居留身份证
    CREDIT_CODE = "credit_code"  # 统一社会信用代码, GB 32100
    LEI = "lei"  # legal entity identifier, ISO 17442
    LICENCE = "licence"  # 营业执照
    OTHER = "other"


class ContactKind(StrEnum):
    """How a party is reached."""

    PHONE = "phone"
    EMAIL = "email"
    ADDRESS = "address"


class RelationKind(StrEnum):
    """What one party is to another: `from` is the … of `to`."""

    SPOUSE = "spouse"  # the same seen from either
    PARENT_COMPANY = "parent_company"  # 母公司, with a share; `to` is its subsidiary
    LEGAL_REPRESENTATIVE = "legal_representative"  # 法定代表人
    BENEFICIAL_OWNER = "beneficial_owner"  # 受益所有人, with a share
    GUARANTOR = "guarantor"  # 担保人
    EMPLOYER = "employer"  # 雇主
    GROUP_HEAD = "group_head"  # 集团本部; `to` is a member 成员企业


SHARED: Final = frozenset({RelationKind.PARENT_COMPANY, RelationKind.BENEFICIAL_OWNER})
OWNING: Final = frozenset({RelationKind.PARENT_COMPANY, RelationKind.GROUP_HEAD})  # no cycles
ROLE_OF_END: Final = {  # the kinds that stand at the two ends: (from, to); None: either
    RelationKind.SPOUSE: (PartyKind.PERSON, PartyKind.PERSON),
    RelationKind.PARENT_COMPANY: (PartyKind.ORGANISATION, PartyKind.ORGANISATION),
    RelationKind.LEGAL_REPRESENTATIVE: (PartyKind.PERSON, PartyKind.ORGANISATION),
    RelationKind.BENEFICIAL_OWNER: (PartyKind.PERSON, PartyKind.ORGANISATION),
    RelationKind.GUARANTOR: (None, None),
    RelationKind.EMPLOYER: (PartyKind.ORGANISATION, PartyKind.PERSON),
    RelationKind.GROUP_HEAD: (PartyKind.ORGANISATION, PartyKind.ORGANISATION),
}


class Role(StrEnum):
    """What a party is to the institution."""

    CUSTOMER = "customer"
    GUARANTOR = "guarantor"
    SUPPLIER = "supplier"
    CORE_BUYER = "core_buyer"  # 核心企业
    EMPLOYEE = "employee"
    MERCHANT = "merchant"
    PARTNER = "partner"
    INVESTOR = "investor"


class Kyc(StrEnum):
    """Where knowing the customer 客户尽职调查 stands."""

    NONE = "none"
    PENDING = "pending"
    VERIFIED = "verified"
    REFUSED = "refused"
    EXPIRED = "expired"  # it was verified, and its review date has come


class PartyStatus(IntEnum):
    """What came of opening a party, in order of precedence."""

    OPENED = 1
    EXISTS = 2  # it had been opened before
    EXISTS_OTHERWISE = 3  # another party has the id


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDocument:
    """An identity document as it is presented. issued, expires: None where it says nothing."""

    type: DocumentType
    number: str = field(repr=False)
    issuer: str = ""
    issued: dt.date | None = None
    expires: dt.date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewContact:
    """A way to reach a party."""

    kind: ContactKind
    value: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewParty:
    """A party to be opened.

    Parameters
    ----------
    name : as the document has it.
    other_name : in another script or for short.
    born : of a person the birth, of an organisation the registration.
    country : ISO 3166, two letters: nationality, or where it is registered.
    """

    kind: PartyKind
    name: str = field(repr=False)
    other_name: str = field(default="", repr=False)
    born: dt.date | None = field(default=None, repr=False)
    country: str = "CN"
    documents: tuple[NewDocument, ...] = ()
    contacts: tuple[NewContact, ...] = ()
    roles: tuple[Role, ...] = ()


@dataclass(frozen=True, slots=True)
class Opening:
    """One of many parties to open. command_id: acts once; the party's id is made of it."""

    command_id: UUID
    party: NewParty


@dataclass(frozen=True, slots=True)
class Opened:
    """What came of opening one."""

    party_id: str
    status: PartyStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """A party as it stands now.

    Parameters
    ----------
    aliases : ids that were merged into it, the oldest first; they all mean this party.
    roles : those it has today.
    review : the day its verification ends; None where it is not verified.
    """

    party_id: str
    aliases: tuple[str, ...]
    kind: PartyKind
    name: str = field(repr=False)
    other_name: str = field(repr=False)
    born: dt.date | None = field(repr=False)
    country: str
    state: PartyState
    kyc: Kyc
    review: dt.date | None
    roles: tuple[Role, ...]
    opened: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyLine:
    """A party in a list: no birth, and nothing else that a list need not show."""

    party_id: str
    kind: PartyKind
    name: str = field(repr=False)
    country: str
    state: PartyState
    kyc: Kyc
    review: dt.date | None
    roles: tuple[Role, ...]
    opened: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyQuery:
    """Which parties; what is empty does not matter. Newest first.

    Parameters
    ----------
    name : a part of it, in either script; large and small letters are alike.
    document, phone : whole numbers; a party that was merged is found by what was its own.
    review_by : verified parties whose review date is not after this.
    """

    name: str = field(default="", repr=False)
    document: str = field(default="", repr=False)
    phone: str = field(default="", repr=False)
    kind: str = ""
    state: str = ""
    kyc: str = ""
    role: str = ""
    review_by: dt.date | None = None
    limit: int = 50
    cursor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """An identity document, its number masked. ended: since when it no longer counts."""

    document_id: UUID
    party_id: str  # as it was given; an alias where the party was merged
    type: DocumentType
    shown: str
    issuer: str
    issued: dt.date | None
    expires: dt.date | None
    ended: dt.date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """A way to reach a party, masked."""

    contact_id: UUID
    party_id: str
    kind: ContactKind
    shown: str
    ended: dt.date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRelation:
    """`from_id` is the `kind` of `to_id`.

    share_ppm : parts per million that are owned; 0 for kinds without a share.
    since, until : None: for as long as anybody knows.
    """

    kind: RelationKind
    from_id: str
    to_id: str
    share_ppm: int = 0
    since: dt.date | None = None
    until: dt.date | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """A relation, with who is at its ends now: those that aliases mean."""

    relation_id: UUID
    kind: RelationKind
    from_id: str
    from_name: str = field(repr=False)
    to_id: str
    to_name: str = field(repr=False)
    share_ppm: int
    since: dt.date | None
    until: dt.date | None
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleHeld:
    """A role that a party has or had."""

    role_id: UUID
    role: Role
    since: dt.date
    until: dt.date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class KycStep:
    """A step of knowing a customer: what was found, by whom, why, on which evidence."""

    step_id: UUID
    party_id: str
    state: Kyc
    date: dt.date
    at: dt.datetime
    review: dt.date | None
    evidence_id: str
    by: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewConsent:
    """What a party agrees to.

    Parameters
    ----------
    purpose : a code, such as "marketing", "credit_report" or "data_sharing".
    version : of the text that was agreed to.
    channel : where: "branch", "app", "web", "phone", …
    until : the day it ends by itself; None: none.
    """

    purpose: str
    version: str
    channel: str
    given: dt.date | None = None  # None: today
    until: dt.date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """A consent that was given. withdrawn: since when it no longer holds."""

    consent_id: UUID
    party_id: str
    purpose: str
    version: str
    channel: str
    given: dt.date
    until: dt.date | None
    withdrawn: dt.date | None

    def holds_on(self, date: dt.date) -> bool:
        """Whether it holds on a date."""
        ends = [one for one in (self.until, self.withdrawn) if one is not None]
        return self.given <= date and all(date < one for one in ends)


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """A party that may be the same as another. why: "document", "name_and_birth", or both."""

    party: PartyLine
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """Something that happened to a party. No personal data.

    what : a code, such as "opened", "kyc.verified", "document.added", "merged".
    subject : the id of what it was done to, or with; "" for the party itself.
    """

    event_id: UUID
    party_id: str
    what: str
    subject: str
    date: dt.date
    at: dt.datetime
    by: str
    why: str
