"""The message centre: messages are taken with the flow that sends them, in one transaction."""

import base64
import hashlib
from collections.abc import Collection, Sequence
from typing import Any, Final
from uuid import UUID

import pyarrow as pa

from yunjin.chassis.flow import Flows
from yunjin.chassis.persistence import RoomDatabase, SqlUnitOfWork, instant_us
from yunjin.foundation.banking.api.statements import Lang
from yunjin.kernel.errors import Malformed
from yunjin.platforms.capability.api.message_channels import HAND_OVER_MAX, ChannelKind
from yunjin.platforms.capability.api.messages import (
    SENDING,
    Batch,
    Message,
    MessageState,
    MessageTemplate,
    NewMessage,
    OptOut,
)
from yunjin.platforms.capability.api.parties import PartiesApi
from yunjin.platforms.capability.domain.messages import (
    ADDRESS_MAX,
    check_template,
    checked_columns,
    values_of,
    words_of,
)
from yunjin.platforms.capability.errors.messages import MessageRefused
from yunjin.platforms.capability.events.messages import MessagesTaken, OptedOut
from yunjin.platforms.capability.service.message_lists import MessageLists, tell_ended
from yunjin.platforms.capability.service.values import check_code, check_text
from yunjin.platforms.capability.store import messages as store
from yunjin.platforms.capability.store.messages import Letter, Words
from yunjin.platforms.capability.store.personal import Seal

_IDS_MAX: Final = 1_000  # of one retry
_WHY_MAX: Final = 180


class MessageService(MessageLists):
    """Messages over a room's tables and flows.

    Parameters
    ----------
    channels : the kinds that are connected.
    """

    def __init__(
        self,
        room: RoomDatabase,
        flows: Flows,
        parties: PartiesApi,
        *,
        channels: Collection[ChannelKind],
        seal: Seal,
        cursor_key: bytes,
    ) -> None:
        super().__init__(room, parties, seal=seal, cursor_key=cursor_key)
        self._flows, self._kinds = flows, frozenset(channels)

    def put_template(
        self, command_id: UUID, template: MessageTemplate, *, by: str = ""
    ) -> MessageTemplate:
        """Add a template, or replace one. Raises: as MessagesApi says."""
        check_code("code of a template", template.code, least=1, most=40)
        check_text("name", template.zh, least=1, most=100)
        check_text("name", template.en, least=1, most=100)
        check_text("name of a person", by, most=64)
        check_template(template)

        def body(work: SqlUnitOfWork) -> dict[str, Any]:
            store.put_template(work.connection, template, self._now_us(), by)
            return {"code": template.code}

        self._room.command(command_id, ["message.template", repr(template), by], body)
        return self.template(template.code)

    def send(self, command_id: UUID, message: NewMessage) -> Message:
        """Take a message; its id is the command's. Raises: as MessagesApi says."""
        check_code("party", message.party_id, least=1, most=64)
        check_code("subject", message.subject, most=80)
        check_text("address", message.to, most=ADDRESS_MAX)
        facts = [message.template, message.channel, message.party_id, message.lang]
        values = [[one.name, one.text, [list(row) for row in one.rows]] for one in message.values]

        def body(work: SqlUnitOfWork) -> dict[str, Any]:
            template = self._template(work.connection, message.template)
            given = values_of(template, message.values)
            words = self._words(template, message.channel, message.lang, message.subject)
            self._taken(work, command_id, words, 1, parts=0)
            letter = Letter(
                message_id=command_id, party_id=message.party_id, to=message.to, values=given
            )
            store.put(work.connection, self._seal, command_id, words, [letter], self._now_us())
            return {"message_id": command_id}

        request = ["message.send", *facts, values, message.to, message.subject]
        self._room.command(command_id, request, body)
        self._flows.bell.set()
        return self.message(command_id)

    def send_all(
        self,
        command_id: UUID,
        template: str,
        channel: ChannelKind,
        messages: pa.RecordBatch,
        *,
        lang: Lang = Lang.ZH,
        subject: str = "",
    ) -> Batch:
        """Take many messages at once. Raises: as MessagesApi says."""
        check_code("subject", subject, most=80)

        def body(work: SqlUnitOfWork) -> dict[str, Any]:
            found = self._template(work.connection, template)
            columns = checked_columns(found, messages)
            words = self._words(found, channel, lang, subject)
            parts = -(-columns.num_rows // HAND_OVER_MAX)
            self._taken(work, command_id, words, columns.num_rows, parts=parts)
            for part in range(parts):
                rows = columns.slice(part * HAND_OVER_MAX, HAND_OVER_MAX)
                kept = self._seal.closed(base64.b64encode(_packed(rows)).decode())
                store.put_part(work.connection, command_id, part, kept)
            return {"batch_id": command_id}

        digest = hashlib.sha256(_packed(messages)).hexdigest()
        request = ["message.send_all", template, channel, digest, lang, subject]
        self._room.command(command_id, request, body)
        self._flows.bell.set()
        return self.batch(command_id)

    def _words(
        self, template: MessageTemplate, channel: ChannelKind, lang: Lang, subject: str
    ) -> Words:
        if channel not in self._kinds:
            raise MessageRefused(f"No {channel.value} channel is connected.", why="no-channel")
        text = words_of(template, channel, lang)
        return Words(
            template=template.code,
            kind=template.kind,
            channel=channel,
            lang=lang,
            title=text.title,
            text=text.text,
            subject=subject,
        )

    def _taken(
        self, work: SqlUnitOfWork, batch_id: UUID, words: Words, count: int, *, parts: int
    ) -> None:
        store.put_batch(work.connection, batch_id, words, count, self._now_us())
        self._flows.start(batch_id, SENDING, [str(batch_id)], parts, work=work)
        work.outbox.add(
            MessagesTaken(
                batch_id=str(batch_id),
                template=words.template,
                channel=words.channel.value,
                count=count,
            )
        )

    def retry(self, command_id: UUID, message_ids: Sequence[UUID], *, by: str) -> list[Message]:
        """Try dead messages again. Raises: as MessagesApi says."""

        def after(work: SqlUnitOfWork, found: Sequence[tuple[UUID, UUID]]) -> None:
            batches = sorted({str(batch) for batch, _ in found})
            self._flows.start(command_id, SENDING, batches, 0, work=work)

        return self._decided(command_id, message_ids, MessageState.WAITING, "", by, after)

    def give_up(
        self, command_id: UUID, message_ids: Sequence[UUID], why: str, *, by: str
    ) -> list[Message]:
        """Let dead messages be. Raises: as MessagesApi says."""
        check_text("reason", why, least=1, most=_WHY_MAX)
        said = f"given-up: {why}"

        def after(work: SqlUnitOfWork, found: Sequence[tuple[UUID, UUID]]) -> None:
            tell_ended(work, found, MessageState.DROPPED, said)

        return self._decided(command_id, message_ids, MessageState.DROPPED, said, by, after)

    def _decided(
        self,
        command_id: UUID,
        message_ids: Sequence[UUID],
        state: MessageState,
        why: str,
        by: str,
        after: Any,
    ) -> list[Message]:
        """Let what a person decides of dead messages happen."""
        check_text("name of a person", by, least=1, most=64)
        ids = list(dict.fromkeys(message_ids))
        if not 0 < len(ids) <= _IDS_MAX:
            raise Malformed(f"expected 1 to {_IDS_MAX} messages, was {len(ids)}")

        def body(work: SqlUnitOfWork) -> dict[str, Any]:
            found = store.become(
                work.connection, ids, state, why, self._now_us(), of=[MessageState.DEAD]
            )
            if len(found) < len(ids):
                other = next(one for one in ids if one not in {each for _, each in found})
                what = f"Message {other} is not dead: there is nothing to decide."
                raise MessageRefused(what, why="not-dead", message_id=str(other))
            after(work, found)
            return {"count": len(ids)}

        self._messages(ids)
        request = ["message.decide", state, why, by, [str(one) for one in ids]]
        self._room.command(command_id, request, body)
        self._flows.bell.set()
        return self._messages(ids)

    def opt_out(
        self,
        command_id: UUID,
        party_id: str,
        channel: ChannelKind | None = None,
        *,
        why: str = "",
        by: str = "",
    ) -> list[OptOut]:
        """Keep that a party wants no such messages. Raises: PartyNotFound."""
        check_text("reason", why, most=200)
        return self._opted(command_id, party_id, channel, is_out=True, why=why, by=by)

    def opt_in(
        self,
        command_id: UUID,
        party_id: str,
        channel: ChannelKind | None = None,
        *,
        by: str = "",
    ) -> list[OptOut]:
        """Keep that it wants them again. Raises: PartyNotFound."""
        return self._opted(command_id, party_id, channel, is_out=False, why="", by=by)

    def _opted(
        self,
        command_id: UUID,
        party_id: str,
        channel: ChannelKind | None,
        *,
        is_out: bool,
        why: str,
        by: str,
    ) -> list[OptOut]:
        mine, code = self._parties.party(party_id).party_id, channel.value if channel else ""

        def body(work: SqlUnitOfWork) -> dict[str, Any]:
            if is_out:
                is_news = store.put_opt(work.connection, mine, code, why, self._now_us())
            else:
                is_news = store.drop_opts(work.connection, mine, code)
            if is_news:
                work.outbox.add(OptedOut(party_id=mine, channel=code, is_out=is_out))
            return {"is_news": is_news}

        request = ["message.opt", mine, code, is_out, why, by]
        self._room.command(command_id, request, body)
        return self.opt_outs(mine)

    def _now_us(self) -> int:
        return instant_us(self._room.clock.now_ns())


def _packed(rows: pa.RecordBatch) -> bytes:
    """Return columns as compressed bytes."""
    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression="zstd")
    with pa.ipc.new_stream(sink, rows.schema, options=options) as writer:
        writer.write_batch(rows)
    return bytes(sink.getvalue())
