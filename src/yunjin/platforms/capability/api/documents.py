"""Documents 文档: templates with typed fields, the PDFs made of them, and how they are signed."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Protocol
from uuid import UUID

from yunjin.foundation.banking.api.statements import Lang
from yunjin.kernel.page import Page
from yunjin.platforms.capability.api.centres import Centre, Slo, command, query
from yunjin.platforms.capability.api.esign import Signer
from yunjin.platforms.capability.api.tasks import Choice, Link
from yunjin.platforms.capability.events.documents import (
    DocumentChanged,
    DocumentMade,
    SignatureDoubted,
)

FIELDS_MAX: Final = 100  # of a template
BLOCKS_MAX: Final = 500  # of a body
ROWS_MAX: Final = 2_000  # of a table that is filled in
VALUE_MAX: Final = 2_000  # characters
SIGNERS_MAX: Final = 20
SIGNING: Final = "capability.document_signing"  # the flow of an envelope


class ValueKind(StrEnum):
    """What a field of a template holds, and how its value is written as text."""

    TEXT = "text"
    AMOUNT = "amount"  # minor units of the field's currency, digits
    COUNT = "count"  # a whole number
    RATE = "rate"  # parts per million
    DATE = "date"  # 2026-01-31
    CHOICE = "choice"  # a code of `choices`
    TABLE = "table"  # rows: texts, by the field's columns


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateColumn:
    """A column of a table that is filled in. kind : any but TABLE and CHOICE."""

    zh: str
    en: str
    kind: ValueKind = ValueKind.TEXT
    currency: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateField:
    """A field of a template: `${name}` in its bodies.

    Parameters
    ----------
    name : small letters, digits and "_", a letter first.
    zh, en : what it is called in forms.
    currency : of an amount.
    choices : of a choice; the word in the document's language is written.
    columns : of a table.
    sample : what a preview shows where nothing is given.
    """

    name: str
    kind: ValueKind
    zh: str
    en: str
    is_required: bool = True
    currency: str = ""
    choices: tuple[Choice, ...] = ()
    columns: tuple[TemplateColumn, ...] = ()
    sample: str = ""


class BlockKind(StrEnum):
    """What a part of a body is."""

    HEADING = "heading"
    PARAGRAPH = "paragraph"
    FACTS = "facts"  # pairs: a name and a value each
    TABLE = "table"  # the rows of the field that `text` names
    SIGNATURES = "signatures"  # pairs: a role and the words beside the place


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A part of a body. Texts may hold `${field}`, `$$` is a dollar; nothing else is special."""

    kind: BlockKind
    text: str = ""
    pairs: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """A template's words in one language."""

    lang: Lang
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDocumentTemplate:
    """A template to be registered: the next version of its code."""

    code: str
    zh: str
    en: str
    fields: tuple[TemplateField, ...]
    bodies: tuple[Body, ...]
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentTemplate:
    """A version of a template. It never changes; documents say which one they were made of."""

    code: str
    version: int
    zh: str
    en: str
    fields: tuple[TemplateField, ...]
    bodies: tuple[Body, ...]
    note: str
    at: dt.datetime
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """What a field is filled with: text, or the rows of a table. See ValueKind."""

    name: str
    text: str = field(default="", repr=False)
    rows: tuple[tuple[str, ...], ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDocument:
    """A document to be made; its id is the command's.

    Parameters
    ----------
    version : of the template; 0: the newest.
    links : what it is about: kind "party", "agreement", "application", "contract", "payment", …
    """

    template: str
    values: tuple[Value, ...] = ()
    lang: Lang = Lang.ZH
    version: int = 0
    links: tuple[Link, ...] = ()


class DocumentState(StrEnum):
    """Where a document stands."""

    MADE = "made"  # it may be made anew
    ASKED = "asked"  # 待签: people are to sign it
    SIGNED = "signed"  # 已签: nothing changes it any more
    VOID = "void"  # 作废


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A document as it stands now.

    Parameters
    ----------
    version : how often it was made; each version is kept.
    digest, size : of the newest version's PDF: SHA-256, hexadecimal; bytes.
    signed_digest : of the signed file; "" where it is signed by hand, or not signed.
    envelope_id, signers, expires_at : of the signing that is asked for, or was.
    why : why it is void, or why it was not signed when last asked.
    evidence_id : under which the signing service, or the branch, keeps the proof.
    """

    document_id: UUID
    template: str
    template_version: int
    lang: Lang
    title: str
    state: DocumentState
    version: int
    digest: str
    size: int
    links: tuple[Link, ...]
    at: dt.datetime
    by: str
    envelope_id: UUID | None
    signers: tuple[Signer, ...]
    expires_at: dt.datetime | None
    signed_digest: str
    evidence_id: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentFile:
    """A document's bytes. digest: SHA-256, hexadecimal; checked as they are read."""

    name: str  # for whoever saves it
    digest: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentEntry:
    """Something that was done to a document. what: "made", "asked", "signed", "doubted", …"""

    at: dt.datetime
    what: str
    by: str
    why: str
    version: int
    digest: str


class DocumentsApi(Protocol):
    """Documents: made of a template, kept with their hash, signed, never changed once signed.

    Whoever acts says who it is (`by`). Every command may raise Malformed and IdempotencyConflict,
    beside what it says; without a signing service `ask_signatures` is refused.
    """

    @command(lasts="documents name the version they were made of; put another one")
    def put_template(
        self, command_id: UUID, template: NewDocumentTemplate, *, by: str = ""
    ) -> DocumentTemplate:
        """Register a template as the next version of its code.

        Raises: DocumentTemplateRefused (a field that is used and not declared, or declared and
        missing in a body; a language twice; what a table's block names is no table).
        """

    @command(undone_by="void")
    def make(self, command_id: UUID, document: NewDocument, *, by: str = "") -> Document:
        """Make a document; its id is the command's.

        Raises: DocumentTemplateNotFound, DocumentValuesRefused.
        """

    @command(lasts="the version before is kept; make it anew with its values")
    def remake(
        self, command_id: UUID, document_id: UUID, values: Sequence[Value], *, by: str = ""
    ) -> Document:
        """Make a document anew with other values, of the same template's version.

        Raises: DocumentNotFound, DocumentRefused (people are to sign it, signed, void),
        DocumentValuesRefused.
        """

    @command(undone_by="unlink")
    def link(self, command_id: UUID, document_id: UUID, link: Link, *, by: str = "") -> Document:
        """Say that a document is about something else too. Raises: DocumentNotFound."""

    @command(undone_by="link")
    def unlink(self, command_id: UUID, document_id: UUID, link: Link, *, by: str = "") -> Document:
        """Say that it is not. Raises: DocumentNotFound."""

    @command(undone_by="withdraw_signatures")
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
        """Have a document signed; the envelope's id is the command's.

        flow_id : a flow of this room that waits; it hears the word "document:<id>" with
            {"state": "signed" | "refused" | "expired" | "withdrawn", "why": …}.

        Raises: DocumentNotFound, DocumentRefused (it is not free, no signing service, expired).
        """

    @command(undone_by="ask_signatures")
    def withdraw_signatures(
        self, command_id: UUID, document_id: UUID, why: str, *, by: str = ""
    ) -> Document:
        """Have it signed no more: it is free again. Raises: DocumentNotFound, DocumentRefused."""

    @command(lasts="a signature stands; void the document")
    def sign_by_hand(
        self, command_id: UUID, document_id: UUID, evidence_id: str, *, by: str
    ) -> Document:
        """Keep that a document was signed on paper 面签, and where the paper is.

        Raises: DocumentNotFound, DocumentRefused (asked, signed, void).
        """

    @command(lasts="a void document stays on record; make another one")
    def void(self, command_id: UUID, document_id: UUID, why: str, *, by: str = "") -> Document:
        """Let a document no longer hold 作废; what people are to sign is withdrawn first.

        Raises: DocumentNotFound, DocumentRefused (void).
        """

    @query
    def template(self, code: str, version: int = 0) -> DocumentTemplate:
        """Return a version of a template; 0: the newest. Raises: DocumentTemplateNotFound."""

    @query
    def templates(self, code: str = "") -> list[DocumentTemplate]:
        """Return the newest version of each template, or all of one, the newest first."""

    @query
    def check(self, document: NewDocument) -> str:
        """Return the title a document would have.

        Raises: DocumentTemplateNotFound, DocumentValuesRefused.
        """

    @query
    def preview(
        self, template: NewDocumentTemplate, lang: Lang, values: Sequence[Value] = ()
    ) -> bytes:
        """Return the PDF that a template would make; fields that are not given show samples.

        Raises: DocumentTemplateRefused, DocumentTemplateNotFound (no such language).
        """

    @query
    def document(self, document_id: UUID) -> Document:
        """Return a document. Raises: DocumentNotFound."""

    @query
    def documents(
        self,
        *,
        link: Link | None = None,
        state: DocumentState | None = None,
        template: str = "",
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[Document]:
        """Return documents, newest first. Raises: Malformed (cursor)."""

    @query
    def file(self, document_id: UUID, version: int = 0, *, is_signed: bool = False) -> DocumentFile:
        """Return a version's PDF, 0: the newest; is_signed: the file with its signatures.

        Raises: DocumentNotFound, Bug (what is kept is not what was made).
        """

    @query
    def values(self, document_id: UUID, version: int = 0) -> list[Value]:
        """Return what a version was made of; 0: the newest. Raises: DocumentNotFound."""

    @query
    def history(self, document_id: UUID) -> list[DocumentEntry]:
        """Return what was done to a document, in its order. Raises: DocumentNotFound."""


DOCUMENTS: Final = Centre(
    code="document",
    words=("文档中心", "Documents"),
    purpose=(
        "模板与字段、PDF 生成、版本与哈希、电子签；已签文档不可更改。",
        "Templates with typed fields, PDFs, versions and hashes, signing; what is signed stays.",
    ),
    bian=("Document Directory", "Correspondence"),
    door=DocumentsApi,
    events=(DocumentMade, DocumentChanged, SignatureDoubted),
    slo=Slo(p99_ms=200),
)
