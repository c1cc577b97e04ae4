"""Documents over HTTP: templates, documents and their PDFs, signing."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Query, Response
from pydantic import AwareDatetime, Field

from yunjin.chassis.transport.values import Command, Form, Key, id_of
from yunjin.foundation.banking.api.statements import Lang
from yunjin.kernel.page import Page
from yunjin.platforms.capability.api.documents import (
    FIELDS_MAX,
    SIGNERS_MAX,
    Body,
    Document,
    DocumentEntry,
    DocumentFile,
    DocumentsApi,
    DocumentState,
    DocumentTemplate,
    NewDocument,
    NewDocumentTemplate,
    TemplateField,
    Value,
)
from yunjin.platforms.capability.api.esign import Signer
from yunjin.platforms.capability.api.tasks import LINKS_MAX, Link
from yunjin.platforms.capability.routes.values import Code, Cursor, Name, Note, given_of
from yunjin.platforms.capability.routes.values import Limit as Count

TemplateCode = Annotated[str, Field(min_length=1, max_length=40, pattern="^[!-~]+$")]
TemplatePath = Annotated[str, Path(min_length=1, max_length=40, pattern="^[!-~]+$")]
Version = Annotated[int, Query(ge=0, le=2**31 - 1)]
Who = Annotated[str, Field(max_length=64)]
Why = Annotated[str, Field(min_length=1, max_length=200)]
Values = Annotated[tuple[Value, ...], Field(max_length=FIELDS_MAX)]
PDF: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/pdf": {}}, "description": "The PDF."}
}


class TemplateForm(Command):
    """A template's next version; its code is in the address."""

    zh: Name
    en: Name
    fields_: Annotated[tuple[TemplateField, ...], Field(alias="fields", max_length=FIELDS_MAX)]
    bodies: Annotated[tuple[Body, ...], Field(max_length=2)]
    note: Note = ""
    by: Who = ""

    def template(self, code: str) -> NewDocumentTemplate:
        """Return what is asked for."""
        return NewDocumentTemplate(
            code=code,
            zh=self.zh,
            en=self.en,
            fields=self.fields_,
            bodies=self.bodies,
            note=self.note,
        )


class DocumentForm(Command):
    """A document to make; its id is the command's. version: of the template; 0: the newest."""

    template: TemplateCode
    values: Values = ()
    lang: Lang = Lang.ZH
    version: Annotated[int, Field(strict=True, ge=0, le=2**31 - 1)] = 0
    links: Annotated[tuple[Link, ...], Field(max_length=LINKS_MAX)] = ()
    by: Who = ""


class ValuesForm(Command):
    """Other values."""

    values: Values
    by: Who = ""


class AboutForm(Command):
    """What a document is about too, or is not."""

    link: Link
    by: Who = ""


class SignersForm(Command):
    """Who is to sign, and until when."""

    signers: Annotated[tuple[Signer, ...], Field(min_length=1, max_length=SIGNERS_MAX)]
    expires_at: AwareDatetime
    by: Who = ""


class HandForm(Command):
    """Where the paper is that was signed."""

    evidence_id: Annotated[str, Field(min_length=1, max_length=100)]
    by: Annotated[str, Field(min_length=1, max_length=64)]


class EndForm(Command):
    """Why it is done."""

    why: Why
    by: Who = ""


class PreviewForm(Form):
    """A template that is not registered, and values; what is missing shows samples."""

    zh: Name
    en: Name
    fields_: Annotated[tuple[TemplateField, ...], Field(alias="fields", max_length=FIELDS_MAX)]
    bodies: Annotated[tuple[Body, ...], Field(max_length=2)]
    lang: Lang = Lang.ZH
    values: Values = ()


class DocumentRoutes:
    """The addresses of documents."""

    def __init__(self, documents: DocumentsApi) -> None:
        self._documents = documents

    def templates(
        self, code: Annotated[str, Query(max_length=40, pattern="^[!-~]*$")] = ""
    ) -> list[DocumentTemplate]:
        """Return the newest version of each template, or all versions of one."""
        return self._documents.templates(code)

    def template(self, code: TemplatePath, version: Version = 0) -> DocumentTemplate:
        """Return a version of a template; 0: the newest."""
        return self._documents.template(code, version)

    def put_template(
        self, code: TemplatePath, form: TemplateForm, key: Key = None
    ) -> DocumentTemplate:
        """Register the next version of a template."""
        return self._documents.put_template(id_of(form, key), form.template(code), by=form.by)

    def preview(self, form: PreviewForm) -> Response:
        """Return the PDF that a template would make."""
        template = NewDocumentTemplate(
            code="preview", zh=form.zh, en=form.en, fields=form.fields_, bodies=form.bodies
        )
        content = self._documents.preview(template, form.lang, form.values)
        return Response(content, media_type="application/pdf")

    def documents(
        self,
        link_kind: Code = "",
        link_id: Code = "",
        state: DocumentState | None = None,
        template: Annotated[str, Query(max_length=40, pattern="^[!-~]*$")] = "",
        limit: Count = 50,
        cursor: Cursor = None,
    ) -> Page[Document]:
        """Return documents, newest first."""
        return self._documents.documents(
            link=Link(kind=link_kind, id=link_id) if link_kind and link_id else None,
            state=state,
            template=template,
            limit=limit,
            cursor=cursor,
        )

    def make(self, form: DocumentForm, key: Key = None) -> Document:
        """Make a document."""
        facts = given_of(form)
        by = facts.pop("by")
        return self._documents.make(id_of(form, key), NewDocument(**facts), by=by)

    def document(self, document_id: UUID) -> Document:
        """Return a document."""
        return self._documents.document(document_id)

    def content(self, document_id: UUID, version: Version = 0, signed: bool = False) -> Response:
        """Return a document's PDF: a version's, 0 the newest; signed: with its signatures."""
        return _pdf(self._documents.file(document_id, version, is_signed=signed))

    def values(self, document_id: UUID, version: Version = 0) -> list[Value]:
        """Return what a version was made of."""
        return self._documents.values(document_id, version)

    def history(self, document_id: UUID) -> list[DocumentEntry]:
        """Return what was done to a document, in its order."""
        return self._documents.history(document_id)

    def remake(self, document_id: UUID, form: ValuesForm, key: Key = None) -> Document:
        """Make a document anew with other values."""
        return self._documents.remake(id_of(form, key), document_id, form.values, by=form.by)

    def link(self, document_id: UUID, form: AboutForm, key: Key = None) -> Document:
        """Say that a document is about something else too."""
        return self._documents.link(id_of(form, key), document_id, form.link, by=form.by)

    def unlink(self, document_id: UUID, form: AboutForm, key: Key = None) -> Document:
        """Say that it is not."""
        return self._documents.unlink(id_of(form, key), document_id, form.link, by=form.by)

    def ask_signatures(self, document_id: UUID, form: SignersForm, key: Key = None) -> Document:
        """Have a document signed."""
        return self._documents.ask_signatures(
            id_of(form, key), document_id, form.signers, form.expires_at, by=form.by
        )

    def withdraw_signatures(self, document_id: UUID, form: EndForm, key: Key = None) -> Document:
        """Have it signed no more."""
        return self._documents.withdraw_signatures(
            id_of(form, key), document_id, form.why, by=form.by
        )

    def sign_by_hand(self, document_id: UUID, form: HandForm, key: Key = None) -> Document:
        """Keep that a document was signed on paper."""
        return self._documents.sign_by_hand(
            id_of(form, key), document_id, form.evidence_id, by=form.by
        )

    def void(self, document_id: UUID, form: EndForm, key: Key = None) -> Document:
        """Let a document no longer hold."""
        return self._documents.void(id_of(form, key), document_id, form.why, by=form.by)


def router(documents: DocumentsApi) -> APIRouter:
    """Return the router of documents."""
    made, to = APIRouter(tags=["documents"]), DocumentRoutes(documents)
    made.get("/document_templates", name="document_templates")(to.templates)
    made.post("/document_templates/preview", responses=PDF, name="preview_document")(to.preview)
    made.get("/document_templates/{code}", name="document_template")(to.template)
    made.put("/document_templates/{code}", name="put_document_template")(to.put_template)
    made.get("/documents", name="documents", operation_id="papers")(to.documents)
    made.post("/documents", status_code=201, name="make_document")(to.make)
    made.get("/documents/{document_id}", name="document")(to.document)
    content = made.get("/documents/{document_id}/content", responses=PDF, name="document_content")
    content(to.content)
    made.get("/documents/{document_id}/values", name="document_values")(to.values)
    made.get("/documents/{document_id}/history", name="document_history")(to.history)
    made.post("/documents/{document_id}/remake", name="remake_document")(to.remake)
    made.post("/documents/{document_id}/link", name="link_document")(to.link)
    made.post("/documents/{document_id}/unlink", name="unlink_document")(to.unlink)
    made.post("/documents/{document_id}/signatures", name="ask_signatures")(to.ask_signatures)
    withdraw = made.post("/documents/{document_id}/withdraw_signatures", name="withdraw_signatures")
    withdraw(to.withdraw_signatures)
    made.post("/documents/{document_id}/sign_by_hand", name="sign_by_hand")(to.sign_by_hand)
    made.post("/documents/{document_id}/void", name="void_document")(to.void)
    return made


def _pdf(found: DocumentFile) -> Response:
    heads = {
        "content-disposition": f'attachment; filename="{found.name}"',
        "etag": f'"{found.digest}"',
        "x-content-type-options": "nosniff",
    }
    return Response(found.content, media_type="application/pdf", headers=heads)
