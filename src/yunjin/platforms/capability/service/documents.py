"""The document centre: made of templates, kept with their hash, and told of."""

import datetime as dt
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from yunjin.chassis.persistence import SqlUnitOfWork, instant_us
from yunjin.foundation.banking.api.statements import Lang
from yunjin.kernel.clock import instant
from yunjin.kernel.errors import Malformed
from yunjin.platforms.capability.api.documents import (
    Document,
    DocumentEntry,
    DocumentState,
    DocumentTemplate,
    NewDocument,
    NewDocumentTemplate,
    Value,
)
from yunjin.platforms.capability.api.tasks import LINKS_MAX, Link
from yunjin.platforms.capability.domain.documents import (
    check_template,
    checked,
    laid_out,
    with_samples,
)
from yunjin.platforms.capability.errors.documents import (
    DocumentNotFound,
    DocumentRefused,
    DocumentTemplateNotFound,
)
from yunjin.platforms.capability.events.documents import DocumentChanged, DocumentMade
from yunjin.platforms.capability.service.document_lists import DocumentLists
from yunjin.platforms.capability.service.values import check_code, check_text, plain
from yunjin.platforms.capability.store import documents as store

WHY_MAX: Final = 200
BY_MAX: Final = 64
Act = Callable[[SqlUnitOfWork, Document], Document]


class DocumentDesk(DocumentLists):
    """Documents made, linked and void: what needs no signing service. Part of `DocumentService`."""

    def put_template(
        self, command_id: UUID, template: NewDocumentTemplate, *, by: str = ""
    ) -> DocumentTemplate:
        """Register a template. Raises: as DocumentsApi says."""
        check_code("code of a template", template.code, least=1, most=40)
        check_text("name", template.zh, least=1, most=100)
        check_text("name", template.en, least=1, most=100)
        check_text("note", template.note, most=200)
        check_text("name of a person", by, most=BY_MAX)
        check_template(template)

        def body(work: SqlUnitOfWork) -> dict[str, Any]:
            version = store.last_version(work.connection, template.code) + 1
            now = instant(self._room.clock.now_ns())
            facts = {name: getattr(template, name) for name in NewDocumentTemplate.__slots__}
            store.put_template(
                work.connection, DocumentTemplate(**facts, version=version, at=now, by=by)
            )
            return {"version": version}

        said = self._room.command(command_id, ["document.template", repr(template), by], body)
        return self.template(template.code, said["version"])

    def make(self, command_id: UUID, document: NewDocument, *, by: str = "") -> Document:
        """Make a document. Raises: as DocumentsApi says."""
        check_text("name of a person", by, most=BY_MAX)
        _check_links(document.links)

        def body(work: SqlUnitOfWork) -> dict[str, Any]:
            template, values, title = self._read(work.connection, document)
            content, digest = self._drawn(template, document.lang, values)
            made = Document(
                document_id=command_id,
                template=template.code,
                template_version=template.version,
                lang=document.lang,
                title=title,
                state=DocumentState.MADE,
                version=1,
                digest=digest,
                size=len(content),
                links=document.links,
                at=self._now(),
                by=by,
                envelope_id=None,
                signers=(),
                expires_at=None,
                signed_digest="",
                evidence_id="",
                why="",
            )
            store.put(work.connection, made)
            self._filed(work, made, content, values)
            self._noted(work, made, "made", by)
            self._tell_made(work, made)
            return {"document_id": command_id}

        request = ["document.make", repr(document), [_plain(one) for one in document.values], by]
        self._room.command(command_id, request, body)
        return self.document(command_id)

    def remake(
        self, command_id: UUID, document_id: UUID, values: Sequence[Value], *, by: str = ""
    ) -> Document:
        """Make a document anew. Raises: as DocumentsApi says."""

        def act(work: SqlUnitOfWork, found: Document) -> Document:
            _check_free(found)
            template = self._template(work.connection, found.template, found.template_version)
            kept = list(checked(template.fields, values).values())
            body = _body(template, found.lang)
            title, _ = laid_out(template.fields, body, {one.name: one for one in kept})
            content, digest = self._drawn(template, found.lang, kept)
            made = replace(
                found, title=title, version=found.version + 1, digest=digest, size=len(content)
            )
            self._filed(work, made, content, kept)
            self._tell_made(work, made)
            return made

        facts = [_plain(one) for one in values]
        return self._change(command_id, document_id, "made", by, act, facts=facts, is_told=False)

    def link(self, command_id: UUID, document_id: UUID, link: Link, *, by: str = "") -> Document:
        """Say that a document is about something else too. Raises: as DocumentsApi says."""
        _check_links([link])

        def act(work: SqlUnitOfWork, found: Document) -> Document:
            if link in found.links:
                return found
            _check_links([*found.links, link])
            store.put_link(work.connection, document_id, link)
            return replace(found, links=(*found.links, link))

        return self._change(
            command_id, document_id, "linked", by, act, facts=plain(link), is_told=False
        )

    def unlink(self, command_id: UUID, document_id: UUID, link: Link, *, by: str = "") -> Document:
        """Say that it is not. Raises: as DocumentsApi says."""

        def act(work: SqlUnitOfWork, found: Document) -> Document:
            store.drop_link(work.connection, document_id, link)
            return replace(found, links=tuple(one for one in found.links if one != link))

        return self._change(
            command_id, document_id, "unlinked", by, act, facts=plain(link), is_told=False
        )

    def sign_by_hand(
        self, command_id: UUID, document_id: UUID, evidence_id: str, *, by: str
    ) -> Document:
        """Keep that a document was signed on paper. Raises: as DocumentsApi says."""
        check_text("name of a person", by, least=1, most=BY_MAX)
        check_text("place of the paper", evidence_id, least=1, most=100)

        def act(work: SqlUnitOfWork, found: Document) -> Document:
            _check_free(found)
            return replace(found, state=DocumentState.SIGNED, evidence_id=evidence_id, why="")

        return self._change(command_id, document_id, "signed", by, act, facts=evidence_id)

    def check(self, document: NewDocument) -> str:
        """Return the title a document would have. Raises: as DocumentsApi says."""
        return self._room.read(lambda connection: self._read(connection, document))[2]

    def preview(
        self, template: NewDocumentTemplate, lang: Lang, values: Sequence[Value] = ()
    ) -> bytes:
        """Return the PDF that a template would make. Raises: as DocumentsApi says."""
        check_template(template)
        shown = checked(template.fields, with_samples(template.fields, values))
        facts = {name: getattr(template, name) for name in NewDocumentTemplate.__slots__}
        made = DocumentTemplate(**facts, version=0, at=self._now(), by="")
        return self._drawn(made, lang, list(shown.values()))[0]

    def _read(
        self, connection: Any, document: NewDocument
    ) -> tuple[DocumentTemplate, list[Value], str]:
        template = self._template(connection, document.template, document.version)
        values = checked(template.fields, document.values)
        title, _ = laid_out(template.fields, _body(template, document.lang), values)
        return template, list(values.values()), title

    def _drawn(
        self, template: DocumentTemplate, lang: Lang, values: Sequence[Value]
    ) -> tuple[bytes, str]:
        """Return a PDF and its hash; the same for the same on one business date."""
        by_name = {one.name: one for one in values}
        title, blocks = laid_out(template.fields, _body(template, lang), by_name)
        content = self._draw(title, lang.value, blocks)
        return content, hashlib.sha256(content).hexdigest()

    def _filed(
        self, work: SqlUnitOfWork, made: Document, content: bytes, values: Sequence[Value]
    ) -> None:
        at_us = instant_us(self._room.clock.now_ns())
        store.put_file(
            work.connection,
            made.document_id,
            made.version,
            content,
            made.digest,
            values=values,
            at_us=at_us,
        )

    def _change(
        self,
        command_id: UUID,
        document_id: UUID,
        what: str,
        by: str,
        act: Act,
        *,
        why: str = "",
        facts: Any = None,
        is_told: bool = True,
        flow_id: UUID | None = None,
    ) -> Document:
        check_text("name of a person", by, most=BY_MAX)
        check_text("reason", why, most=WHY_MAX)

        def body(work: SqlUnitOfWork) -> dict[str, Any]:
            self._changed(work, document_id, what, by, act, why, is_told, flow_id)
            return {"document_id": document_id}

        request = [f"document.{what}", document_id, by, why, facts]
        self._room.command(command_id, request, body)
        self._flows.bell.set()
        return self.document(document_id)

    def _changed(
        self,
        work: SqlUnitOfWork,
        document_id: UUID,
        what: str,
        by: str,
        act: Act,
        why: str = "",
        is_told: bool = True,
        flow_id: UUID | None = None,
    ) -> Document:
        """Change a document, keep what was done, and tell where it stands."""
        found = store.locked(work.connection, document_id)
        if found is None:
            raise DocumentNotFound("There is no such document.", document_id=str(document_id))
        before, waits = found
        after = act(work, before)
        if after.state is not DocumentState.ASKED and waits is not None:
            self._wake(work, waits, after, what)
            waits = None
        if after != before:
            store.keep(work.connection, after, flow_id or waits)
        self._noted(work, after, what, by, why)
        if is_told and after != before:
            work.outbox.add(
                DocumentChanged(
                    document_id=str(document_id),
                    state=after.state.value,
                    why=why,
                    digest=after.signed_digest or after.digest,
                    links=_named(after.links),
                )
            )
        return after

    def _wake(self, work: SqlUnitOfWork, waits: UUID, after: Document, what: str) -> None:
        """Tell a flow that waits for signatures; a desk without signing has none."""

    def _noted(
        self, work: SqlUnitOfWork, made: Document, what: str, by: str, why: str = ""
    ) -> None:
        entry = DocumentEntry(
            at=self._now(), what=what, by=by, why=why, version=made.version, digest=made.digest
        )
        store.add_entry(work.connection, made.document_id, entry)

    def _tell_made(self, work: SqlUnitOfWork, made: Document) -> None:
        work.outbox.add(
            DocumentMade(
                document_id=str(made.document_id),
                version=made.version,
                template=made.template,
                digest=made.digest,
                links=_named(made.links),
            )
        )

    def _now(self) -> dt.datetime:
        return instant(self._room.clock.now_ns())


def refused(detail: str, why: str) -> DocumentRefused:
    """Return a refusal that names why."""
    return DocumentRefused(detail, why=why)


def _check_free(found: Document) -> None:
    if found.state is not DocumentState.MADE:
        raise refused(
            f"expected a document that is not {found.state.value}: it does not change",
            found.state.value,
        )


def _body(template: DocumentTemplate, lang: Lang) -> Any:
    found = next((one for one in template.bodies if one.lang is lang), None)
    if found is None:
        raise DocumentTemplateNotFound(
            f"The template has no words in {lang.value}.", code=template.code
        )
    return found


def _check_links(links: Sequence[Link]) -> None:
    if len(links) > LINKS_MAX or len(set(links)) < len(links):
        raise Malformed(f"expected at most {LINKS_MAX} links, each once, was {len(links)}")
    for one in links:
        check_code("kind of a link", one.kind, least=1, most=16)
        check_code("id of a link", one.id, least=1, most=64)


def _named(links: Sequence[Link]) -> tuple[str, ...]:
    return tuple(f"{one.kind}:{one.id}" for one in links)


def _plain(value: Value) -> list[Any]:
    return [value.name, value.text, [list(row) for row in value.rows]]
