"""Documents and messages."""

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
    metadata,
    table,
)


def upgrade(connection: sa.Connection) -> None:
    """Create the tables."""
    tables = metadata("capability")
    _documents(tables)
    _files(tables)
    _batches(tables)
    _messages(tables)
    tables.create_all(connection, checkfirst=True)


def _documents(tables: sa.MetaData) -> None:
    table(
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
    table(
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
    table(
        tables,
        "document_link",
        key("kind", Ascii(16)),
        key("ref", Ascii(64)),
        key("document_id", Uuid()),
    )


def _files(tables: sa.MetaData) -> None:
    table(
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
    table(
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
    table(  # how far what a port tells has been taken
        tables,
        "heard",
        key("port", Ascii(40)),
        column("last_id", Words(100)),
        column("at_us", Micros),
    )


def _batches(tables: sa.MetaData) -> None:
    table(
        tables,
        "message_template",
        key("code", Ascii(40)),
        column("kind", Ascii(16)),
        column("zh", Words(100)),
        column("en", Words(100)),
        column("fields", Json()),
        column("texts", Json()),
        column("at_us", Micros),
        column("done_by", Words(64)),
    )
    table(
        tables,
        "message_batch",
        key("batch_id", Uuid()),
        column("template", Ascii(40)),
        column("kind", Ascii(16)),
        column("channel", Ascii(16)),
        column("lang", Ascii(2)),
        column("title", Words(200)),  # the template's words as they were when it was taken
        column("body", Words(2_000)),
        column("subject", Ascii(80)),
        column("total", Int64),
        column("laid", Int64),  # so many of its messages have rows
        column("at_us", Micros),
    )
    table(  # what a batch's rows are laid out from; gone then
        tables,
        "message_part",
        key("batch_id", Uuid()),
        key("part", sa.Integer),
        column("body", Blob()),
    )


def _messages(tables: sa.MetaData) -> None:
    table(
        tables,
        "party_message",
        key("message_id", Uuid()),
        column("batch_id", Uuid()),
        column("template", Ascii(40)),
        column("kind", Ascii(16)),
        column("channel", Ascii(16)),
        column("lang", Ascii(2)),
        column("party_id", Ascii(64)),
        column("subject", Ascii(80)),
        column("sealed_to", Blob()),
        column("sealed_values", Blob()),
        column("shown", Words(200)),
        column("state", Ascii(16)),
        column("why", Words(200)),
        column("claim", Uuid(), nullable=True),
        column("tries", Small),
        column("at_us", Micros),
        column("changed_us", Micros),
        sa.Index("capability_party_message_state", "state", "message_id"),
        sa.Index("capability_party_message_party", "party_id", "message_id"),
        sa.Index("capability_party_message_batch", "batch_id", "state", "message_id"),
        sa.Index("capability_party_message_template", "template", "message_id"),
    )
    table(
        tables,
        "message_opt_out",
        key("party_id", Ascii(64)),
        key("channel", Ascii(16)),  # "": all of them
        column("why", Words(200)),
        column("at_us", Micros),
    )
