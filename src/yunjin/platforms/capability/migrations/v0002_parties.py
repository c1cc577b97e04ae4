"""Parties: who there is, how they are related, what is known of them and what they agreed to."""

import sqlalchemy as sa

from yunjin.chassis.persistence import (
    Ascii,
    Blob,
    Digest,
    Int64,
    Micros,
    Uuid,
    Words,
    column,
    key,
    metadata,
    table,
)


def upgrade(connection: sa.Connection) -> None:
    """Create the tables of parties in their first form."""
    tables = metadata("capability")
    _parties(tables)
    _relations(tables)
    _records(tables)
    turns = table(
        tables,
        "turn",
        key("name", Ascii(24)),
        column("number", Int64),
    )
    tables.create_all(connection, checkfirst=True)
    if connection.execute(sa.select(turns.c.name)).first() is None:
        connection.execute(sa.insert(turns).values(name="parties", number=0))


def _parties(tables: sa.MetaData) -> None:
    table(
        tables,
        "party",
        key("party_id", Ascii(64)),
        column("root_id", Ascii(64)),
        column("merged_into", Ascii(64), nullable=True),
        column("kind", Ascii(16)),
        column("name", Words(200)),
        column("folded", Words(200)),
        column("other_name", Words(200)),
        column("born", sa.Integer, nullable=True),
        column("country", Ascii(2)),
        column("twin", Digest()),
        column("state", Ascii(8)),
        column("kyc", Ascii(8)),
        column("review", sa.Integer, nullable=True),
        column("opened_us", Micros),
        column("asked", Digest()),
        sa.Index("capability_party_root", "root_id", "party_id"),
        sa.Index("capability_party_folded", "folded", "party_id"),
        sa.Index("capability_party_twin", "twin", "party_id"),
    )
    table(
        tables,
        "party_personal",
        key("item_id", Uuid()),
        column("party_id", Ascii(64)),
        column("what", Ascii(8)),
        column("kind", Ascii(24)),
        column("sealed", Blob()),
        column("digest", Digest()),
        column("shown", Words(80)),
        column("issuer", Words(100)),
        column("issued", sa.Integer, nullable=True),
        column("expires", sa.Integer, nullable=True),
        column("ended", sa.Integer, nullable=True),
        sa.Index("capability_party_personal_of", "party_id", "item_id"),
        sa.Index("capability_party_personal_digest", "digest", "item_id"),
    )


def _relations(tables: sa.MetaData) -> None:
    table(
        tables,
        "party_relation",
        key("relation_id", Uuid()),
        column("kind", Ascii(24)),
        column("from_id", Ascii(64)),
        column("to_id", Ascii(64)),
        column("share_ppm", sa.Integer),
        column("since", sa.Integer, nullable=True),
        column("until", sa.Integer, nullable=True),
        column("note", Words(200)),
        sa.Index("capability_party_relation_from", "from_id", "relation_id"),
        sa.Index("capability_party_relation_to", "to_id", "relation_id"),
    )
    table(
        tables,
        "party_role",
        key("role_id", Uuid()),
        column("party_id", Ascii(64)),
        column("role", Ascii(24)),
        column("since", sa.Integer),
        column("until", sa.Integer, nullable=True),
        sa.Index("capability_party_role_of", "party_id", "role_id"),
        sa.Index("capability_party_role_role", "role", "party_id"),
    )


def _records(tables: sa.MetaData) -> None:
    table(
        tables,
        "party_kyc",
        key("step_id", Uuid()),
        column("party_id", Ascii(64)),
        column("state", Ascii(8)),
        column("date", sa.Integer),
        column("at_us", Micros),
        column("review", sa.Integer, nullable=True),
        column("evidence_id", Ascii(64)),
        column("done_by", Words(100)),
        column("why", Words(200)),
        sa.Index("capability_party_kyc_of", "party_id", "step_id"),
    )
    table(
        tables,
        "party_consent",
        key("consent_id", Uuid()),
        column("party_id", Ascii(64)),
        column("purpose", Ascii(40)),
        column("version", Ascii(20)),
        column("channel", Ascii(20)),
        column("given", sa.Integer),
        column("until", sa.Integer, nullable=True),
        column("withdrawn", sa.Integer, nullable=True),
        sa.Index("capability_party_consent_of", "party_id", "purpose", "consent_id"),
    )
    table(
        tables,
        "party_event",
        key("event_id", Uuid()),
        column("party_id", Ascii(64)),
        column("what", Ascii(24)),
        column("subject", Ascii(64)),
        column("date", sa.Integer),
        column("at_us", Micros),
        column("done_by", Words(100)),
        column("why", Words(200)),
        sa.Index("capability_party_event_of", "party_id", "event_id"),
    )
