"""Values that are personal: the one place that reads and writes them.

They are kept as bytes of a form that the first byte names, and are found by a keyed hash, so that
a copy of the table tells nobody whose number it is, and nobody can try numbers out on it. Form 0
is plain; the tenant's key comes from its name until the security room keeps keys.
"""

import datetime as dt
import hashlib
import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from yunjin.kernel import check
from yunjin.platforms.capability.api.party_facts import (
    Contact,
    ContactKind,
    Document,
    DocumentType,
)
from yunjin.platforms.capability.store.limits import day_of, days_of
from yunjin.platforms.capability.store.tables import personal

_PLAIN: Final = b"\x00"


class Seal:
    """Closes and opens values, and makes the hashes they are found by."""

    def __init__(self, tenant: str) -> None:
        self._key = hashlib.sha256(f"capability personal data of {tenant}".encode()).digest()

    def closed(self, value: str) -> bytes:
        """Return what is kept of a value."""
        return _PLAIN + value.encode()

    def opened(self, sealed: bytes) -> str:
        """Return the value that is kept. Raises: Bug (of a form this program does not know)."""
        check.that(sealed[:1] == _PLAIN, f"expected a value of form 0, was {sealed[:1].hex()}")
        return sealed[1:].decode()

    def digest(self, what: str, *parts: str) -> bytes:
        """Return the keyed hash of a value; `what` keeps values of other kinds apart."""
        body = "\x1f".join([what, *parts]).encode()
        return hmac.new(self._key, body, hashlib.sha256).digest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A document or a contact to keep. what: "document" or "contact"; kind: which."""

    item_id: UUID
    what: str
    kind: str
    value: str = field(repr=False)
    shown: str
    issuer: str = ""
    issued: dt.date | None = None
    expires: dt.date | None = None


def put(connection: sa.Connection, seal: Seal, items: Sequence[tuple[str, Item]]) -> None:
    """Keep documents and contacts, each with the party whose it is."""
    if items:
        connection.execute(
            sa.insert(personal),
            [
                {
                    "item_id": one.item_id,
                    "party_id": party_id,
                    "what": one.what,
                    "kind": one.kind,
                    "sealed": seal.closed(one.value),
                    "digest": seal.digest(one.what, one.value),
                    "shown": one.shown,
                    "issuer": one.issuer,
                    "issued": days_of(one.issued),
                    "expires": days_of(one.expires),
                    "ended": None,
                }
                for party_id, one in items
            ],
        )


def end(connection: sa.Connection, item_id: UUID, date: dt.date) -> bool:
    """Let an item no longer count; return whether it counted until now."""
    query = sa.update(personal).where(personal.c.item_id == item_id, personal.c.ended.is_(None))
    return connection.execute(query.values(ended=days_of(date))).rowcount == 1


def owner(connection: sa.Connection, item_id: UUID) -> str | None:
    """Return whose an item is, as it was given."""
    query = sa.select(personal.c.party_id).where(personal.c.item_id == item_id)
    return connection.execute(query).scalar_one_or_none()


def value(connection: sa.Connection, seal: Seal, item_id: UUID) -> str:
    """Return the whole value of an item that there is."""
    query = sa.select(personal.c.sealed).where(personal.c.item_id == item_id)
    return seal.opened(connection.execute(query).scalar_one())


def owners(connection: sa.Connection, digests: Iterable[bytes]) -> set[str]:
    """Return whose documents or contacts that count have these hashes, as they were given."""
    query = sa.select(personal.c.party_id).where(
        personal.c.digest.in_(sorted(digests)), personal.c.ended.is_(None)
    )
    return set(connection.execute(query).scalars())


def digests(connection: sa.Connection, party_ids: Sequence[str], what: str) -> set[bytes]:
    """Return the hashes of what counts of parties."""
    query = sa.select(personal.c.digest).where(
        personal.c.party_id.in_(party_ids), personal.c.what == what, personal.c.ended.is_(None)
    )
    return {bytes(one) for one in connection.execute(query).scalars()}


def documents(connection: sa.Connection, party_ids: Sequence[str]) -> list[Document]:
    """Return documents, newest first."""
    return [
        Document(
            document_id=row.item_id,
            party_id=row.party_id,
            type=DocumentType(row.kind),
            shown=row.shown,
            issuer=row.issuer,
            issued=day_of(row.issued),
            expires=day_of(row.expires),
            ended=day_of(row.ended),
        )
        for row in _items(connection, party_ids, "document")
    ]


def contacts(connection: sa.Connection, party_ids: Sequence[str]) -> list[Contact]:
    """Return contacts, newest first."""
    return [
        Contact(
            contact_id=row.item_id,
            party_id=row.party_id,
            kind=ContactKind(row.kind),
            shown=row.shown,
            ended=day_of(row.ended),
        )
        for row in _items(connection, party_ids, "contact")
    ]


def one_document(connection: sa.Connection, document_id: UUID) -> Document:
    """Return a document that there is."""
    party_id = owner(connection, document_id) or ""
    return next(one for one in documents(connection, [party_id]) if one.document_id == document_id)


def one_contact(connection: sa.Connection, contact_id: UUID) -> Contact:
    """Return a contact that there is."""
    party_id = owner(connection, contact_id) or ""
    return next(one for one in contacts(connection, [party_id]) if one.contact_id == contact_id)


def _items(connection: sa.Connection, party_ids: Sequence[str], what: str) -> Sequence[Any]:
    c = personal.c
    columns = [one for one in c if one.name not in ("sealed", "digest")]
    query = sa.select(*columns).where(c.party_id.in_(party_ids), c.what == what)
    return connection.execute(query.order_by(c.item_id.desc())).all()
