"""Documents and contacts of parties: kept sealed, shown masked, revealed one by one."""

import datetime as dt
from typing import Any, Final
from uuid import UUID

from yunjin.chassis.persistence import SqlUnitOfWork
from yunjin.kernel.errors import Malformed
from yunjin.platforms.capability.api.party_facts import (
    Contact,
    Document,
    NewContact,
    NewDocument,
    Party,
)
from yunjin.platforms.capability.api.party_numbers import (
    is_contact,
    is_number,
    written_contact,
    written_number,
)
from yunjin.platforms.capability.domain.parties import shown_contact, shown_number
from yunjin.platforms.capability.errors import ItemNotFound
from yunjin.platforms.capability.service.party_desk import PartyDesk
from yunjin.platforms.capability.service.values import check_text
from yunjin.platforms.capability.store import personal as store
from yunjin.platforms.capability.store.personal import Item

ISSUER_MAX: Final = 100


class PartyPapers(PartyDesk):
    """A part of `PartyService`."""

    def add_document(
        self, command_id: UUID, party_id: str, document: NewDocument, *, by: str = ""
    ) -> Document:
        """Keep an identity document; its id is the command's. Raises: as PartiesApi says."""
        self._add(command_id, party_id, document_item(command_id, document), by)
        return self._room.read(lambda connection: store.one_document(connection, command_id))

    def add_contact(
        self, command_id: UUID, party_id: str, contact: NewContact, *, by: str = ""
    ) -> Contact:
        """Keep a contact; its id is the command's. Raises: as PartiesApi says."""
        self._add(command_id, party_id, contact_item(command_id, contact), by)
        return self._room.read(lambda connection: store.one_contact(connection, command_id))

    def _add(self, command_id: UUID, party_id: str, item: Item, by: str) -> None:
        def body(work: SqlUnitOfWork) -> None:
            [root] = self._locked(work, party_id)
            store.put(work.connection, self._seal, [(root.party_id, item)])
            what, subject = f"{item.what}.added", str(item.item_id)
            self._note(work, root.party_id, what, by=by, subject=subject)

        # The hash, since what is asked is kept beside the answer: a number is not.
        value = self._seal.digest(item.what, item.value).hex()
        facts = [item.kind, value, item.issuer, item.issued, item.expires]
        self._do(command_id, f"add_{item.what}", [party_id, *facts], body, by=by)

    def end_item(
        self, command_id: UUID, party_id: str, item_id: UUID, *, by: str = "", why: str = ""
    ) -> Party:
        """Let a document or a contact no longer count. Raises: as PartiesApi says."""

        def body(work: SqlUnitOfWork) -> None:
            [root] = self._locked(work, party_id, is_open=False)
            self._check_owned(work.connection, root.party_id, item_id)
            if store.end(work.connection, item_id, self._today()):
                subject = str(item_id)
                self._note(work, root.party_id, "item.ended", by=by, why=why, subject=subject)

        self._do(command_id, "end_item", [party_id, str(item_id)], body, by=by, why=why)
        return self.party(party_id)

    def reveal(self, command_id: UUID, party_id: str, item_id: UUID, *, by: str, why: str) -> str:
        """Return one whole value; who looked, and why, is put down. Raises: as PartiesApi says."""

        def body(work: SqlUnitOfWork) -> None:
            [root] = self._locked(work, party_id, is_open=False)
            self._check_owned(work.connection, root.party_id, item_id)
            subject = str(item_id)
            self._note(work, root.party_id, "revealed", by=by, why=why, subject=subject)

        request = [party_id, str(item_id)]
        self._do(command_id, "reveal", request, body, by=by, why=why, must_say=True)
        return self._room.read(lambda connection: store.value(connection, self._seal, item_id))

    def _check_owned(self, connection: Any, root_id: str, item_id: UUID) -> None:
        if store.owner(connection, item_id) not in self._family(connection, root_id):
            raise ItemNotFound("The party has no such item.", item_id=str(item_id))

    def documents(self, party_id: str) -> list[Document]:
        """Return documents, masked, newest first. Raises: PartyNotFound."""
        return self._room.read(
            lambda connection: store.documents(connection, self._family(connection, party_id))
        )

    def contacts(self, party_id: str) -> list[Contact]:
        """Return contacts, masked, newest first. Raises: PartyNotFound."""
        return self._room.read(
            lambda connection: store.contacts(connection, self._family(connection, party_id))
        )


def document_item(item_id: UUID, one: NewDocument) -> Item:
    """Return a document as it is kept. Raises: Malformed; the number is not repeated."""
    number = written_number(one.number)
    if not is_number(one.type, number):
        raise Malformed(f"expected the number of a {one.type}, was something else")
    check_text("issuer", one.issuer, most=ISSUER_MAX)
    check_days(one.issued, one.expires, "expected a document that expires after it was issued")
    return Item(
        item_id=item_id,
        what="document",
        kind=one.type.value,
        value=number,
        shown=shown_number(number),
        issuer=one.issuer,
        issued=one.issued,
        expires=one.expires,
    )


def contact_item(item_id: UUID, one: NewContact) -> Item:
    """Return a contact as it is kept. Raises: Malformed; the value is not repeated."""
    value = written_contact(one.kind, one.value)
    if not is_contact(one.kind, value):
        raise Malformed(f"expected a contact of the kind {one.kind}, was something else")
    shown = shown_contact(one.kind, value)
    return Item(item_id=item_id, what="contact", kind=one.kind.value, value=value, shown=shown)


def check_days(since: dt.date | None, until: dt.date | None, words: str) -> None:
    """Raises: Malformed where a stretch of days has none."""
    if since is not None and until is not None and until <= since:
        raise Malformed(words)
