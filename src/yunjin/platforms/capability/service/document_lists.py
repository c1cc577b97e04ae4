"""What can be asked of documents; what is read is held against its hash."""

import hashlib
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from yunjin.chassis.flow import Flows
from yunjin.chassis.papers.blocks import Block
from yunjin.chassis.persistence import RoomDatabase
from yunjin.kernel import check
from yunjin.kernel.page import LIMIT_MAX, Page
from yunjin.platforms.capability.api.documents import (
    Document,
    DocumentEntry,
    DocumentFile,
    DocumentState,
    DocumentTemplate,
    Value,
)
from yunjin.platforms.capability.api.tasks import Link
from yunjin.platforms.capability.errors.documents import (
    DocumentNotFound,
    DocumentTemplateNotFound,
)
from yunjin.platforms.capability.service.paging import page_of, position
from yunjin.platforms.capability.service.values import check_code, is_code
from yunjin.platforms.capability.store import documents as store

Draw = Callable[[str, str, Sequence[Block]], bytes]  # title, language, what goes on paper


class DocumentLists:
    """What can be asked of documents: a part of `DocumentService`.

    Parameters
    ----------
    draw : makes a PDF.
    """

    def __init__(self, room: RoomDatabase, flows: Flows, *, draw: Draw, cursor_key: bytes) -> None:
        self._room, self._flows, self._draw, self._key = room, flows, draw, cursor_key

    def template(self, code: str, version: int = 0) -> DocumentTemplate:
        """Return a version of a template; 0: the newest. Raises: DocumentTemplateNotFound."""
        return self._room.read(lambda connection: self._template(connection, code, version))

    def _template(self, connection: Any, code: str, version: int) -> DocumentTemplate:
        found = store.template(connection, code, version) if is_code(code, 40) else None
        if found is None:
            raise DocumentTemplateNotFound(
                "There is no such template.", code=code[:40], version=version
            )
        return found

    def templates(self, code: str = "") -> list[DocumentTemplate]:
        """Return the newest version of each template, or all of one, the newest first."""
        check_code("template", code, most=40)
        return self._room.read(lambda connection: store.templates(connection, code))

    def document(self, document_id: UUID) -> Document:
        """Return a document. Raises: DocumentNotFound."""
        found = self._room.read(lambda connection: store.one(connection, document_id))
        if found is None:
            raise DocumentNotFound("There is no such document.", document_id=str(document_id))
        return found

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
        limit = max(1, min(limit, LIMIT_MAX))
        after = position(cursor, self._key)
        check_code("template", template, most=40)
        if link is not None:
            check_code("kind of a link", link.kind, most=16)
            check_code("id of a link", link.id, most=64)
        found = self._room.read(
            lambda connection: store.some(
                connection,
                link=link,
                state=state.value if state else "",
                template=template,
                after=after,
                limit=limit + 1,
            )
        )
        return page_of(found, limit, self._key, lambda one: one.document_id)

    def file(self, document_id: UUID, version: int = 0, *, is_signed: bool = False) -> DocumentFile:
        """Return a version's PDF. Raises: as DocumentsApi says."""
        one = self.document(document_id)
        version = version or one.version
        found = self._room.read(
            lambda connection: store.file(connection, document_id, version, is_signed=is_signed)
        )
        if found is None:
            what = "The document has no such version, or no signed file."
            raise DocumentNotFound(what, document_id=str(document_id), version=version)
        content, digest = found
        seen = hashlib.sha256(content).hexdigest()
        check.that(seen == digest, f"expected a file of hash {digest}, was {seen}")
        return DocumentFile(name=_name(one, version, is_signed), digest=digest, content=content)

    def values(self, document_id: UUID, version: int = 0) -> list[Value]:
        """Return what a version was made of; 0: the newest. Raises: DocumentNotFound."""
        one = self.document(document_id)
        version = version or one.version
        found = self._room.read(lambda connection: store.values(connection, document_id, version))
        if found is None:
            raise DocumentNotFound("The document has no such version.", version=version)
        return found

    def history(self, document_id: UUID) -> list[DocumentEntry]:
        """Return what was done to a document, in its order. Raises: DocumentNotFound."""
        self.document(document_id)
        return self._room.read(lambda connection: store.entries(connection, document_id))


def _name(one: Document, version: int, is_signed: bool) -> str:
    """Return a file's name that every system takes: no words of the title."""
    marks = "-signed" if is_signed else f"-v{version}"
    return f"{one.template}-{str(one.document_id)[-12:]}{marks}.pdf"
