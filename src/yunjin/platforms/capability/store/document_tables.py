"""Tables of documents, and of what ports told."""

from typing import Final

import sqlalchemy as sa

from yunjin.chassis.persistence import (
    Ascii,
    Blob,
    Digest,
    Int64,
    Json,
    Micros,
    Small,
    Uuid,
    Words,
    column,
    key,
    table,
)
from yunjin.platforms.capability.store.tables import tables

document_templates: Final = table(
    tables,
    "document_template",
    key("code", Ascii(40)),
    key("version", sa.Integer),
    column("zh", Words(100)),
    column("en", Words(100)),
    column("fields", Json()),
    column("bodies", Json()),
    column("note", Words(200)),
    column("at_us", Micros),
    column("done_by", Words(64)),
)
documents: Final = table(
    tables,
    "document",
    key("document_id", Uuid()),
    column("template", Ascii(40)),
    column("template_version", sa.Integer),
    column("lang", Ascii(2)),
    column("title", Words(200)),
    column("state", Ascii(8)),
    column("version", sa.Integer),
    column("digest", Ascii(64)),
    column("size", Int64),
    column("links", Json()),
    column("at_us", Micros),
    column("done_by", Words(64)),
    column("envelope_id", Uuid(), nullable=True),
    column("signers", Json()),
    column("expires_us", Micros, nullable=True),
    column("flow_id", Uuid(), nullable=True),  # that waits for the signatures
    column("signed_digest", Ascii(64)),
    column("evidence_id", Words(100)),
    column("why", Words(200)),
    sa.Index("capability_document_by_state", "state", "document_id"),
    sa.Index("capability_document_by_template", "template", "document_id"),
    sa.Index("capability_document_by_envelope", "envelope_id"),
)
document_links: Final = table(
    tables,
    "document_link",
    key("kind", Ascii(16)),
    key("ref", Ascii(64)),
    key("document_id", Uuid()),
)
document_files: Final = table(
    tables,
    "document_file",
    key("document_id", Uuid()),
    key("version", sa.Integer),
    key("is_signed", Small),
    column("digest", Digest()),
    column("filled", Json()),  # the values it was made of
    column("content", Blob()),
    column("at_us", Micros),
)
document_entries: Final = table(
    tables,
    "document_entry",
    key("document_id", Uuid()),
    key("number", sa.Integer),
    column("at_us", Micros),
    column("what", Ascii(16)),
    column("done_by", Words(64)),
    column("why", Words(200)),
    column("version", sa.Integer),
    column("digest", Ascii(64)),
)
heard: Final = table(  # how far what a port tells has been taken
    tables,
    "heard",
    key("port", Ascii(40)),
    column("last_id", Words(100)),
    column("at_us", Micros),
)
