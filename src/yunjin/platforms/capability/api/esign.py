"""Signing 电子签: the port to a service that has documents signed, by people and by certificate."""

import datetime as dt
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol
from uuid import UUID


class EnvelopeEnd(StrEnum):
    """How an envelope ended at the service."""

    SIGNED = "signed"  # by everybody
    REFUSED = "refused"  # by a signer
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """Who signs. role: as the template calls the place, such as "borrower"."""

    party_id: str
    name: str = field(repr=False)
    role: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What is to be signed by whom until when. digest: SHA-256 of the content, hexadecimal."""

    envelope_id: UUID
    title: str
    content: bytes = field(repr=False)
    digest: str
    signers: tuple[Signer, ...]
    expires_at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvelopeNotice:
    """What the service tells of an envelope; it may come twice, and out of order.

    Parameters
    ----------
    notice_id : the service's, of its list of notices.
    digest : of the document that was signed, as we handed it over.
    signed : the file with its signatures; b"" where it was not signed.
    evidence_id : under which the service keeps the proof.
    """

    notice_id: str
    envelope_id: UUID
    end: EnvelopeEnd
    digest: str
    signed: bytes = field(default=b"", repr=False)
    evidence_id: str = ""
    why: str = ""


class ESign(Protocol):
    """A signing service, as the institution that runs the platform connects it."""

    def ask(self, envelope: Envelope) -> None:
        """Have a document signed; asked again under the envelope's id, it is one.

        Raises: Outage, Unknown; any other Refusal says that it will not, and why.
        """

    def withdraw(self, envelope_id: UUID) -> None:
        """Have it signed no more; nothing where it has ended or never came. Raises: Outage."""

    def collect(self, after: str) -> list[EnvelopeNotice]:
        """Return what there is to tell after a notice, "" for the first, in the service's order.

        Raises: Outage.
        """
