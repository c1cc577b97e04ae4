"""What the pages of customers share: the doors, and how a party is written."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from yunjin.chassis.console import Markup, Tone, formats, markup, t
from yunjin.foundation.banking.api.agreements import AgreementsApi
from yunjin.kernel.clock import Clock
from yunjin.platforms.capability.api.limits import LimitsApi
from yunjin.platforms.capability.api.parties import PartiesApi
from yunjin.platforms.capability.api.party_facts import (
    DocumentType,
    Kyc,
    PartyKind,
    PartyState,
    Role,
)

BY: Final = "console"  # who acts, until people sign in
ID_LENGTH: Final = 27
DIGITS_MIN: Final = 5  # of a document's number or a phone
DOCUMENTS_OF: Final[dict[PartyKind, tuple[DocumentType, ...]]] = {
    PartyKind.PERSON: (
        DocumentType.ID_CARD,
        DocumentType.PASSPORT,
        DocumentType.HK_MACAU_PERMIT,
        DocumentType.TAIWAN_PERMIT,
        DocumentType.FOREIGNER_PERMIT,
        DocumentType.OTHER,
    ),
    PartyKind.ORGANISATION: (
        DocumentType.CREDIT_CODE,
        DocumentType.LEI,
        DocumentType.LICENCE,
        DocumentType.OTHER,
    ),
}
_STATES: Final[dict[PartyState, Tone]] = {
    PartyState.OPEN: "good",
    PartyState.BLOCKED: "bad",
    PartyState.CLOSED: "neutral",
}
_KYC: Final[dict[Kyc, Tone]] = {
    Kyc.NONE: "neutral",
    Kyc.PENDING: "warn",
    Kyc.VERIFIED: "good",
    Kyc.REFUSED: "bad",
    Kyc.EXPIRED: "bad",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The doors of these pages; agreements: None where there is no bank; doors: of all centres."""

    parties: PartiesApi
    limits: LimitsApi
    agreements: AgreementsApi | None
    clock: Clock
    doors: Mapping[type, Any] = field(default_factory=dict)


def state_chip(state: PartyState) -> Markup:
    """Say whether business may be done with a party."""
    return markup.chip(t(f"party.state.{state.value}"), _STATES[state])


def kyc_chip(state: Kyc) -> Markup:
    """Say how well a party is known."""
    return markup.chip(t(f"party.kyc.{state.value}"), _KYC[state])


def role_words(roles: Iterable[Role]) -> str:
    """Name roles."""
    return t("party.comma").join(t(f"party.role.{one.value}") for one in roles) or "—"


def party_link(party_id: str, name: str) -> Markup:
    """Return a party's name with its link."""
    return markup.link(name, f"/customers/{party_id}")


def ident(party_id: str) -> Markup:
    """Return a party's id in short form, to be copied."""
    return markup.ident(party_id, formats.shortened(party_id))


def day(date: dt.date | None) -> str:
    """Write a day, or that there is none."""
    return date.isoformat() if date else "—"


def span(since: dt.date | None, until: dt.date | None) -> str:
    """Write from when to when something holds."""
    if since is None and until is None:
        return t("party.always")
    if until is None:
        return t("party.since", since=since)
    return t("party.until", until=until) if since is None else f"{since} – {until}"


def born_label(kind: PartyKind) -> str:
    """Name the date that a party of a kind began."""
    return t(f"party.born.{kind.value}")
