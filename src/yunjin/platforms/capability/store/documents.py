"""Reading and writing documents: templates, what was made, where it stands, what was done to it."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from yunjin.foundation.banking.api.statements import Lang
from yunjin.kernel.clock import instant
from yunjin.platforms.capability.api.documents import (
    Block,
    BlockKind,
    Body,
    Document,
    DocumentEntry,
    DocumentState,
    DocumentTemplate,
    TemplateColumn,
    TemplateField,
    Value,
    ValueKind,
)
from yunjin.platforms.capability.api.esign import Signer
from yunjin.platforms.capability.api.tasks import Choice, Link
from yunjin.platforms.capability.store.document_tables import (
    document_entries,
    document_files,
    document_links,
    document_templates,
    documents,
    heard,
)
from yunjin.platforms.capability.store.tasks import micros


def put_template(connection: sa.Connection, one: DocumentTemplate) -> None:
    """Keep a version of a template."""
    row = {
        "code": one.code,
        "version": one.version,
        "zh": one.zh,
        "en": one.en,
        "fields": [_field_out(field) for field in one.fields],
        "bodies": [_body_out(body) for body in one.bodies],
        "note": one.note,
        "at_us": micros(one.at),
        "done_by": one.by,
    }
    connection.execute(sa.insert(document_templates).values(**row))


def last_version(connection: sa.Connection, code: str) -> int:
    """Return the number of a template's newest version, locked; 0: there is none."""
    c = document_templates.c
    query = sa.select(c.version).where(c.code == code).order_by(c.version.desc()).limit(1)
    return connection.execute(query.with_for_update()).scalar() or 0


def template(connection: sa.Connection, code: str, version: int) -> DocumentTemplate | None:
    """Return a version of a template; 0: the newest."""
    c = document_templates.c
    query = sa.select(document_templates).where(c.code == code)
    if version:
        query = query.where(c.version == version)
    row = connection.execute(query.order_by(c.version.desc()).limit(1)).one_or_none()
    return None if row is None else _template(row)


def templates(connection: sa.Connection, code: str) -> list[DocumentTemplate]:
    """Return all versions of a template, newest first, or the newest one of each."""
    c = document_templates.c
    query = sa.select(document_templates).order_by(c.code, c.version.desc())
    if code:
        return [_template(row) for row in connection.execute(query.where(c.code == code))]
    newest = sa.select(c.code, sa.func.max(c.version).label("version")).group_by(c.code).subquery()
    same = sa.and_(c.code == newest.c.code, c.version == newest.c.version)
    return [_template(row) for row in connection.execute(query.join(newest, same))]


def put(connection: sa.Connection, one: Document) -> None:
    """Keep a new document."""
    row = {
        "document_id": one.document_id,
        "template": one.template,
        "template_version": one.template_version,
        "lang": one.lang.value,
        "at_us": micros(one.at),
        "done_by": one.by,
        **_changing(one, None),
    }
    connection.execute(sa.insert(documents).values(**row))
    for link in one.links:
        put_link(connection, one.document_id, link)


def keep(connection: sa.Connection, one: Document, flow_id: UUID | None) -> None:
    """Keep what changed of a document. flow_id: that waits for its signatures."""
    mine = sa.update(documents).where(documents.c.document_id == one.document_id)
    connection.execute(mine.values(**_changing(one, flow_id)))


def _changing(one: Document, flow_id: UUID | None) -> dict[str, Any]:
    return {
        "title": one.title,
        "state": one.state.value,
        "version": one.version,
        "digest": one.digest,
        "size": one.size,
        "links": [[link.kind, link.id] for link in one.links],
        "envelope_id": one.envelope_id,
        "signers": [[signer.party_id, signer.name, signer.role] for signer in one.signers],
        "expires_us": None if one.expires_at is None else micros(one.expires_at),
        "flow_id": flow_id,
        "signed_digest": one.signed_digest,
        "evidence_id": one.evidence_id,
        "why": one.why,
    }


def put_link(connection: sa.Connection, document_id: UUID, link: Link) -> None:
    """Keep what a document is about."""
    row = {"kind": link.kind, "ref": link.id, "document_id": document_id}
    connection.execute(sa.insert(document_links).values(**row))


def drop_link(connection: sa.Connection, document_id: UUID, link: Link) -> None:
    """Keep it no more."""
    c = document_links.c
    of = (c.kind == link.kind, c.ref == link.id, c.document_id == document_id)
    connection.execute(sa.delete(document_links).where(*of))


def put_file(
    connection: sa.Connection,
    document_id: UUID,
    version: int,
    content: bytes,
    digest: str,
    *,
    values: Sequence[Value],
    at_us: int,
    is_signed: bool = False,
) -> None:
    """Keep the bytes of a version, or those with its signatures."""
    row = {
        "document_id": document_id,
        "version": version,
        "is_signed": int(is_signed),
        "digest": bytes.fromhex(digest),
        "filled": [[one.name, one.text, one.rows] for one in values],
        "content": content,
        "at_us": at_us,
    }
    connection.execute(sa.insert(document_files).values(**row))


def file(
    connection: sa.Connection, document_id: UUID, version: int, *, is_signed: bool
) -> tuple[bytes, str] | None:
    """Return a version's bytes and the hash they were kept under."""
    c = document_files.c
    of = (c.document_id == document_id, c.version == version, c.is_signed == int(is_signed))
    row = connection.execute(sa.select(c.content, c.digest).where(*of)).one_or_none()
    return None if row is None else (row.content, bytes(row.digest).hex())


def values(connection: sa.Connection, document_id: UUID, version: int) -> list[Value] | None:
    """Return what a version was made of."""
    c = document_files.c
    of = (c.document_id == document_id, c.version == version, c.is_signed == 0)
    found = connection.execute(sa.select(c.filled).where(*of)).scalar_one_or_none()
    if found is None:
        return None
    return [
        Value(name=name, text=text, rows=tuple(tuple(row) for row in rows))
        for name, text, rows in found
    ]


def locked(connection: sa.Connection, document_id: UUID) -> tuple[Document, UUID | None] | None:
    """Return a document and the flow that waits for it, locked until the commit."""
    query = sa.select(documents).where(documents.c.document_id == document_id).with_for_update()
    row = connection.execute(query).one_or_none()
    return None if row is None else (_document(row), row.flow_id)


def one(connection: sa.Connection, document_id: UUID) -> Document | None:
    """Return a document."""
    query = sa.select(documents).where(documents.c.document_id == document_id)
    row = connection.execute(query).one_or_none()
    return None if row is None else _document(row)


def of_envelope(connection: sa.Connection, envelope_id: UUID) -> UUID | None:
    """Return the document that an envelope was last asked for."""
    query = sa.select(documents.c.document_id).where(documents.c.envelope_id == envelope_id)
    return connection.execute(query).scalar_one_or_none()


def some(
    connection: sa.Connection,
    *,
    link: Link | None,
    state: str,
    template: str,
    after: UUID | None,
    limit: int,
) -> list[Document]:
    """Return documents, newest first."""
    c = documents.c
    query = sa.select(documents).order_by(c.document_id.desc()).limit(limit)
    if link is not None:
        k = document_links.c
        of = (k.kind == link.kind, k.ref == link.id)
        query = query.where(c.document_id.in_(sa.select(k.document_id).where(*of)))
    if state:
        query = query.where(c.state == state)
    if template:
        query = query.where(c.template == template)
    if after is not None:
        query = query.where(c.document_id < after)
    return [_document(row) for row in connection.execute(query)]


def add_entry(connection: sa.Connection, document_id: UUID, entry: DocumentEntry) -> None:
    """Keep what was done to a document that is locked, or new."""
    c = document_entries.c
    last = sa.select(sa.func.max(c.number)).where(c.document_id == document_id)
    row = {
        "document_id": document_id,
        "number": (connection.execute(last).scalar() or 0) + 1,
        "at_us": micros(entry.at),
        "what": entry.what,
        "done_by": entry.by,
        "why": entry.why,
        "version": entry.version,
        "digest": entry.digest,
    }
    connection.execute(sa.insert(document_entries).values(**row))


def entries(connection: sa.Connection, document_id: UUID) -> list[DocumentEntry]:
    """Return what was done to a document, in its order."""
    c = document_entries.c
    query = sa.select(document_entries).where(c.document_id == document_id).order_by(c.number)
    return [
        DocumentEntry(
            at=instant(row.at_us * 1_000),
            what=row.what,
            by=row.done_by,
            why=row.why,
            version=row.version,
            digest=row.digest,
        )
        for row in connection.execute(query)
    ]


def last_heard(connection: sa.Connection, port: str) -> str:
    """Return the id of the newest thing taken from a port; "" for none."""
    query = sa.select(heard.c.last_id).where(heard.c.port == port)
    return connection.execute(query).scalar_one_or_none() or ""


def hear(connection: sa.Connection, port: str, last_id: str, at_us: int) -> None:
    """Keep that what a port told up to here was taken."""
    values = {"last_id": last_id, "at_us": at_us}
    known = sa.select(heard.c.port).where(heard.c.port == port).with_for_update()
    if connection.execute(known).first() is None:
        connection.execute(sa.insert(heard).values(port=port, **values))
    else:
        connection.execute(sa.update(heard).where(heard.c.port == port).values(**values))


def _document(row: Any) -> Document:
    return Document(
        document_id=row.document_id,
        template=row.template,
        template_version=row.template_version,
        lang=Lang(row.lang),
        title=row.title,
        state=DocumentState(row.state),
        version=row.version,
        digest=row.digest,
        size=row.size,
        links=tuple(Link(kind=kind, id=ref) for kind, ref in row.links),
        at=instant(row.at_us * 1_000),
        by=row.done_by,
        envelope_id=row.envelope_id,
        signers=tuple(
            Signer(party_id=party_id, name=name, role=role) for party_id, name, role in row.signers
        ),
        expires_at=None if row.expires_us is None else instant(row.expires_us * 1_000),
        signed_digest=row.signed_digest,
        evidence_id=row.evidence_id,
        why=row.why,
    )


def _template(row: Any) -> DocumentTemplate:
    return DocumentTemplate(
        code=row.code,
        version=row.version,
        zh=row.zh,
        en=row.en,
        fields=tuple(_field_in(one) for one in row.fields),
        bodies=tuple(_body_in(one) for one in row.bodies),
        note=row.note,
        at=instant(row.at_us * 1_000),
        by=row.done_by,
    )


def _field_out(field: TemplateField) -> dict[str, Any]:
    kept = {name: getattr(field, name) for name in TemplateField.__slots__}
    choices = [[one.code, one.zh, one.en] for one in field.choices]
    columns = [[one.zh, one.en, one.kind.value, one.currency] for one in field.columns]
    return {**kept, "kind": field.kind.value, "choices": choices, "columns": columns}


def _field_in(kept: dict[str, Any]) -> TemplateField:
    choices = tuple(Choice(code=code, zh=zh, en=en) for code, zh, en in kept["choices"])
    columns = tuple(
        TemplateColumn(zh=zh, en=en, kind=ValueKind(kind), currency=currency)
        for zh, en, kind, currency in kept["columns"]
    )
    kind = ValueKind(kept["kind"])
    return TemplateField(**{**kept, "kind": kind, "choices": choices, "columns": columns})


def _body_out(body: Body) -> list[Any]:
    return [
        body.lang.value,
        body.title,
        [[one.kind.value, one.text, one.pairs] for one in body.blocks],
    ]


def _body_in(kept: Sequence[Any]) -> Body:
    lang, title, blocks = kept
    return Body(
        lang=Lang(lang),
        title=title,
        blocks=tuple(
            Block(kind=BlockKind(kind), text=text, pairs=tuple((name, to) for name, to in pairs))
            for kind, text, pairs in blocks
        ),
    )
