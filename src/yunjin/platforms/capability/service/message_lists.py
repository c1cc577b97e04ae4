"""What can be asked of messages, and how what became of them is told."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import structlog

from yunjin.chassis.persistence import RoomDatabase, SqlUnitOfWork
from yunjin.kernel.page import LIMIT_MAX, Page
from yunjin.platforms.capability.api.messages import (
    Batch,
    Message,
    MessageState,
    MessageTemplate,
    OptOut,
)
from yunjin.platforms.capability.api.parties import PartiesApi
from yunjin.platforms.capability.domain.filling import filled
from yunjin.platforms.capability.errors.messages import MessageNotFound, MessageTemplateNotFound
from yunjin.platforms.capability.events.messages import MessagesEnded
from yunjin.platforms.capability.service.paging import page_of, position
from yunjin.platforms.capability.service.values import check_code, check_text, is_code
from yunjin.platforms.capability.store import messages as store
from yunjin.platforms.capability.store.personal import Seal

_log: Final = structlog.get_logger()
_TOLD_MAX: Final = 1_000


class MessageLists:
    """What can be asked of messages: a part of `MessageService`."""

    def __init__(
        self, room: RoomDatabase, parties: PartiesApi, *, seal: Seal, cursor_key: bytes
    ) -> None:
        self._room, self._parties, self._seal, self._key = room, parties, seal, cursor_key

    def templates(self) -> list[MessageTemplate]:
        """Return the templates, by code."""
        return self._room.read(store.templates)

    def template(self, code: str) -> MessageTemplate:
        """Return a template. Raises: MessageTemplateNotFound."""
        return self._room.read(lambda connection: self._template(connection, code))

    def _template(self, connection: Any, code: str) -> MessageTemplate:
        found = store.templates(connection, code) if code and is_code(code, 40) else []
        if not found:
            raise MessageTemplateNotFound("There is no such template.", code=code[:40])
        return found[0]

    def opt_outs(self, party_id: str) -> list[OptOut]:
        """Return what a party does not want. Raises: PartyNotFound."""
        mine = self._parties.party(party_id).party_id
        return self._room.read(lambda connection: store.opts(connection, mine))

    def message(self, message_id: UUID) -> Message:
        """Return a message. Raises: MessageNotFound."""
        [found] = self._messages([message_id])
        return found

    def _messages(self, ids: Sequence[UUID]) -> list[Message]:
        found = self._room.read(lambda connection: store.some(connection, ids=ids, limit=len(ids)))
        by_id = {one.message_id: one for one in found}
        for one in ids:
            if one not in by_id:
                raise MessageNotFound("There is no such message.", message_id=str(one))
        return [by_id[one] for one in ids]

    def text(self, message_id: UUID, *, by: str, why: str) -> str:
        """Return what a message says. Raises: MessageNotFound, Malformed."""
        check_text("name of a person", by, least=1, most=64)
        check_text("reason", why, least=1, most=200)
        one = self.message(message_id)
        words = self._room.read(lambda connection: store.words_of(connection, one.batch_id))
        letter = self._room.read(
            lambda connection: store.letter(connection, self._seal, message_id)
        )
        _log.info("message.text_seen", message_id=str(message_id), by=by)
        title = f"{filled(words.title, letter.values)}\n" if words.title else ""
        return title + filled(words.text, letter.values)

    def batch(self, batch_id: UUID) -> Batch:
        """Return a batch. Raises: MessageNotFound."""
        found = self._room.read(lambda connection: store.batch(connection, batch_id))
        if found is None:
            raise MessageNotFound("There is no such batch.", batch_id=str(batch_id))
        return found

    def messages(
        self,
        *,
        party_id: str = "",
        state: MessageState | None = None,
        template: str = "",
        batch_id: UUID | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[Message]:
        """Return messages, newest first. Raises: Malformed (cursor)."""
        check_code("party", party_id, most=64)
        check_code("template", template, most=40)
        limit = max(1, min(limit, LIMIT_MAX))
        after = position(cursor, self._key)
        found = self._room.read(
            lambda connection: store.some(
                connection,
                party_id=party_id,
                state=state.value if state else "",
                template=template,
                batch_id=batch_id,
                after=after,
                limit=limit + 1,
            )
        )
        return page_of(found, limit, self._key, lambda one: one.message_id)


def tell_ended(
    work: SqlUnitOfWork, found: Sequence[tuple[UUID, UUID]], state: MessageState, why: str
) -> None:
    """Tell that messages, as (batch, message), have come to a state."""
    for batch_id in sorted({batch for batch, _ in found}, key=lambda one: one.bytes):
        mine = [str(message) for batch, message in found if batch == batch_id]
        work.outbox.add(
            MessagesEnded(
                batch_id=str(batch_id),
                state=state.value,
                why=why,
                message_ids=tuple(mine[:_TOLD_MAX]),
                count=len(mine),
            )
        )
