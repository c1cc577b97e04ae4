"""Signing: envelopes are asked for by a flow, and what the service tells is taken once.

What it tells counts only where it speaks of the envelope that is asked for now, and of the very
document that was handed over: the hash says so. Anything else is kept in the document's history as
doubted, told as an event, and changes nothing.
"""

import datetime as dt
import hashlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from yunjin.chassis.flow import FlowEnded, Flows, NoSuchFlow
from yunjin.chassis.persistence import RoomDatabase, SqlUnitOfWork, instant_us
from yunjin.kernel.errors import Malformed, Outage
from yunjin.platforms.capability.api.documents import (
    SIGNERS_MAX,
    SIGNING,
    Document,
    DocumentState,
)
from yunjin.platforms.capability.api.esign import (
    Envelope,
    EnvelopeEnd,
    EnvelopeNotice,
    ESign,
    Signer,
)
from yunjin.platforms.capability.events.documents import SignatureDoubted
from yunjin.platforms.capability.service.document_lists import Draw
from yunjin.platforms.capability.service.documents import WHY_MAX, DocumentDesk, refused
from yunjin.platforms.capability.service.values import check_code, check_text, plain
from yunjin.platforms.capability.store import documents as store
from yunjin.platforms.capability.store.tasks import micros

PORT: Final = "esign"
ENDED: Final = "ended"  # the word that the envelope's flow hears
SIGNED_BYTES_MAX: Final = 3 << 20  # a transaction is 4 MB at most
_PDF: Final = b"%PDF-"


class DocumentService(DocumentDesk):
    """Documents over a room's tables and its flows. esign: None where no service is bound."""

    def __init__(
        self,
        room: RoomDatabase,
        flows: Flows,
        *,
        draw: Draw,
        cursor_key: bytes,
        esign: ESign | None = None,
    ) -> None:
        super().__init__(room, flows, draw=draw, cursor_key=cursor_key)
        self._esign = esign

    def ask_signatures(
        self,
        command_id: UUID,
        document_id: UUID,
        signers: Sequence[Signer],
        expires_at: dt.datetime,
        *,
        by: str = "",
        flow_id: UUID | None = None,
    ) -> Document:
        """Have a document signed. Raises: as DocumentsApi says."""
        _check_signers(signers)
        if expires_at.tzinfo is None:
            raise Malformed("expected an instant with its zone as the end of signing")

        def act(work: SqlUnitOfWork, found: Document) -> Document:
            if found.state is not DocumentState.MADE:
                raise refused(f"The document is {found.state.value}.", found.state.value)
            if self._esign is None:
                raise refused("No signing service is connected; sign on paper.", "no-service")
            if expires_at <= self._now():
                raise refused("The end of signing has passed.", "expired")
            expires_ns = micros(expires_at) * 1_000
            self._flows.start(
                command_id, SIGNING, str(document_id), str(command_id), expires_ns, work=work
            )
            return replace(
                found,
                state=DocumentState.ASKED,
                envelope_id=command_id,
                signers=tuple(signers),
                expires_at=expires_at,
                why="",
            )

        facts = [[plain(one) for one in signers], expires_at, flow_id]
        return self._change(command_id, document_id, "asked", by, act, facts=facts, flow_id=flow_id)

    def withdraw_signatures(
        self, command_id: UUID, document_id: UUID, why: str, *, by: str = ""
    ) -> Document:
        """Have it signed no more. Raises: as DocumentsApi says."""

        def act(work: SqlUnitOfWork, found: Document) -> Document:
            if found.state is not DocumentState.ASKED:
                raise refused("Nobody is asked to sign the document.", found.state.value)
            self._hush(work, found, "withdrawn")
            return replace(found, state=DocumentState.MADE, why=why)

        return self._change(command_id, document_id, "withdrawn", by, act, why=why)

    def void(self, command_id: UUID, document_id: UUID, why: str, *, by: str = "") -> Document:
        """Let a document no longer hold. Raises: as DocumentsApi says."""

        def act(work: SqlUnitOfWork, found: Document) -> Document:
            if found.state is DocumentState.VOID:
                raise refused("The document is void already.", "void")
            if found.state is DocumentState.ASKED:
                self._hush(work, found, "withdrawn")
            return replace(found, state=DocumentState.VOID, why=why)

        check_text("reason", why, least=1, most=WHY_MAX)
        return self._change(command_id, document_id, "void", by, act, why=why)

    # what the flow and the job do -----------------------------------------------------------------

    def hand_over(self, command_id: UUID, document_id: str, envelope_id: str) -> bool:
        """Hand a document over to be signed, if it still is to be; the flow's part.

        Raises: Outage, Unknown, and the service's Refusal.
        """
        one = self.document(UUID(document_id))
        if self._esign is None:
            raise Outage("No signing service is connected.")
        if str(one.envelope_id) != envelope_id or one.state is not DocumentState.ASKED:
            return False
        self._esign.ask(
            Envelope(
                envelope_id=UUID(envelope_id),
                title=one.title,
                content=self.file(one.document_id).content,
                digest=one.digest,
                signers=one.signers,
                expires_at=one.expires_at or self._now(),
            )
        )
        return True

    def call_back(self, command_id: UUID, envelope_id: str) -> None:
        """Have an envelope signed no more; the flow's part. Raises: Outage."""
        if self._esign is not None:
            self._esign.withdraw(UUID(envelope_id))

    def run_out(self, work: Any, document_id: str, envelope_id: str, what: str, why: str) -> None:
        """Let a document be free whose envelope was turned away, or ended; the flow's part.

        what : "expired" or "refused".
        """

        def act(work: SqlUnitOfWork, found: Document) -> Document:
            is_asked = found.state is DocumentState.ASKED and str(found.envelope_id) == envelope_id
            if not is_asked:
                return found
            return replace(found, state=DocumentState.MADE, why=why[:WHY_MAX].strip())

        self._changed(work, UUID(document_id), what, "", act, why[:WHY_MAX].strip())

    def last_notice(self) -> str:
        """Return the id of the newest notice taken."""
        return self._room.read(lambda connection: store.last_heard(connection, PORT))

    def take_all(self, notices: Sequence[EnvelopeNotice]) -> None:
        """Take what the service tells, one by one."""
        for one in notices:
            self.take(one)

    def take(self, notice: EnvelopeNotice) -> None:
        """Take what the service tells: it acts once, however often it comes."""

        def body(work: SqlUnitOfWork) -> None:
            at_us = instant_us(self._room.clock.now_ns())
            store.hear(work.connection, PORT, notice.notice_id[:100], at_us)
            document_id = store.of_envelope(work.connection, notice.envelope_id)
            if document_id is not None:
                self._taken(work, document_id, notice)

        self._room.run(body)
        self._flows.bell.set()

    def _taken(self, work: SqlUnitOfWork, document_id: UUID, notice: EnvelopeNotice) -> None:
        found = store.locked(work.connection, document_id)
        if found is None:
            return
        one, _ = found
        if one.state is not DocumentState.ASKED:
            if notice.end is EnvelopeEnd.SIGNED and one.state is not DocumentState.SIGNED:
                self._doubt(work, one, "late")  # it had been withdrawn, or was void
            return
        doubt = _doubt_of(one, notice)
        if doubt:
            self._doubt(work, one, doubt)
            return
        self._hush(work, one, "told")
        if notice.end is EnvelopeEnd.SIGNED:
            self._changed(
                work, document_id, "signed", "", lambda work, one: self._signed(work, one, notice)
            )
        else:
            why = notice.why[:WHY_MAX].strip() or notice.end.value
            self.run_out(work, str(document_id), str(notice.envelope_id), notice.end.value, why)

    def _signed(self, work: SqlUnitOfWork, one: Document, notice: EnvelopeNotice) -> Document:
        digest = hashlib.sha256(notice.signed).hexdigest()
        at_us = instant_us(self._room.clock.now_ns())
        store.put_file(
            work.connection,
            one.document_id,
            one.version,
            notice.signed,
            digest,
            values=(),
            at_us=at_us,
            is_signed=True,
        )
        return replace(
            one,
            state=DocumentState.SIGNED,
            signed_digest=digest,
            evidence_id=notice.evidence_id[:100].strip(),
            why="",
        )

    def _doubt(self, work: SqlUnitOfWork, one: Document, why: str) -> None:
        self._noted(work, one, "doubted", "", why)
        work.outbox.add(
            SignatureDoubted(
                document_id=str(one.document_id), envelope_id=str(one.envelope_id), why=why
            )
        )

    def _hush(self, work: SqlUnitOfWork, one: Document, how: str) -> None:
        """Tell the envelope's own flow that it need not watch any more."""
        if one.envelope_id is not None:
            self._signal(work, one.envelope_id, ENDED, how)

    def _wake(self, work: SqlUnitOfWork, waits: UUID, after: Document, what: str) -> None:
        """Tell a flow that waits for signatures how they ended."""
        state = "withdrawn" if what == "void" else what
        said = {"state": state, "why": after.why}
        self._signal(work, waits, f"document:{after.document_id}", said, after.envelope_id)

    def _signal(
        self, work: SqlUnitOfWork, flow_id: UUID, word: str, said: Any, key: UUID | None = None
    ) -> None:
        # A flow that has ended meanwhile does not need it any more.
        with suppress(FlowEnded, NoSuchFlow):
            self._flows.signal(flow_id, word, said, signal_id=key or flow_id, work=work)


def _doubt_of(one: Document, notice: EnvelopeNotice) -> str:
    """Return what cannot be believed of a notice, or ""."""
    if notice.envelope_id != one.envelope_id:
        return "other-envelope"
    if notice.end is not EnvelopeEnd.SIGNED:
        return ""
    if notice.digest != one.digest:
        return "other-document"
    if not notice.signed.startswith(_PDF):
        return "no-file"
    return "too-large" if len(notice.signed) > SIGNED_BYTES_MAX else ""


def _check_signers(signers: Sequence[Signer]) -> None:
    if not 0 < len(signers) <= SIGNERS_MAX:
        raise Malformed(f"expected 1 to {SIGNERS_MAX} signers, was {len(signers)}")
    for one in signers:
        check_code("party of a signer", one.party_id, least=1, most=64)
        check_text("name of a signer", one.name, least=1, most=200)
        check_code("role of a signer", one.role, most=40)
