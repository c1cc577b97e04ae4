"""Reading and writing messages: templates, batches, what became of each, who opted out."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from yunjin.foundation.banking.api.statements import Lang
from yunjin.kernel.clock import instant
from yunjin.platforms.capability.api.message_channels import ChannelKind
from yunjin.platforms.capability.api.messages import (
    Batch,
    Message,
    MessageKind,
    MessageState,
    MessageTemplate,
    MessageText,
    OptOut,
)
from yunjin.platforms.capability.store.message_tables import (
    message_batches,
    message_parts,
    message_templates,
    opt_outs,
    party_messages,
)
from yunjin.platforms.capability.store.personal import Seal


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """A batch's words, as its template had them when it was taken."""

    template: str
    kind: MessageKind
    channel: ChannelKind
    lang: Lang
    title: str = field(repr=False)
    text: str = field(repr=False)
    subject: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A message with what is personal of it."""

    message_id: UUID
    party_id: str
    to: str = field(repr=False)
    values: dict[str, str] = field(repr=False)


def put_template(connection: sa.Connection, one: MessageTemplate, at_us: int, by: str) -> None:
    """Keep a template, in place of one of its code."""
    values = {
        "kind": one.kind.value,
        "zh": one.zh,
        "en": one.en,
        "fields": list(one.fields),
        "texts": [[each.channel, each.lang, each.text, each.title] for each in one.texts],
        "at_us": at_us,
        "done_by": by,
    }
    c = message_templates.c
    known = sa.select(c.code).where(c.code == one.code).with_for_update()
    if connection.execute(known).first() is None:
        connection.execute(sa.insert(message_templates).values(code=one.code, **values))
    else:
        connection.execute(sa.update(message_templates).where(c.code == one.code).values(**values))


def templates(connection: sa.Connection, code: str = "") -> list[MessageTemplate]:
    """Return the templates by code, or the one of a code."""
    c = message_templates.c
    query = sa.select(message_templates).order_by(c.code)
    if code:
        query = query.where(c.code == code)
    return [
        MessageTemplate(
            code=row.code,
            kind=MessageKind(row.kind),
            zh=row.zh,
            en=row.en,
            fields=tuple(row.fields),
            texts=tuple(
                MessageText(channel=ChannelKind(channel), lang=Lang(lang), text=text, title=title)
                for channel, lang, text, title in row.texts
            ),
        )
        for row in connection.execute(query)
    ]


def put_batch(
    connection: sa.Connection, batch_id: UUID, words: Words, count: int, at_us: int
) -> None:
    """Keep a batch, without its messages."""
    row = {
        "batch_id": batch_id,
        "template": words.template,
        "kind": words.kind.value,
        "channel": words.channel.value,
        "lang": words.lang.value,
        "title": words.title,
        "body": words.text,
        "subject": words.subject,
        "total": count,
        "laid": 0,
        "at_us": at_us,
    }
    connection.execute(sa.insert(message_batches).values(**row))


def words_of(connection: sa.Connection, batch_id: UUID) -> Words:
    """Return the words of a batch that there is."""
    query = sa.select(message_batches).where(message_batches.c.batch_id == batch_id)
    row = connection.execute(query).one()
    return Words(
        template=row.template,
        kind=MessageKind(row.kind),
        channel=ChannelKind(row.channel),
        lang=Lang(row.lang),
        title=row.title,
        text=row.body,
        subject=row.subject,
    )


def batch(connection: sa.Connection, batch_id: UUID) -> Batch | None:
    """Return a batch with how many of its messages are in each state."""
    query = sa.select(message_batches).where(message_batches.c.batch_id == batch_id)
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    c = party_messages.c
    counts = sa.select(c.state, sa.func.count()).where(c.batch_id == batch_id).group_by(c.state)
    return Batch(
        batch_id=batch_id,
        template=row.template,
        channel=ChannelKind(row.channel),
        count=row.total,
        laid=row.laid,
        states={state: int(count) for state, count in sorted(connection.execute(counts).all())},
        at=instant(row.at_us * 1_000),
    )


def put_part(connection: sa.Connection, batch_id: UUID, part: int, body: bytes) -> None:
    """Keep what a part's messages are laid out from."""
    row = {"batch_id": batch_id, "part": part, "body": body}
    connection.execute(sa.insert(message_parts).values(**row))


def take_part(connection: sa.Connection, batch_id: UUID, part: int) -> bytes | None:
    """Return what a part's messages are laid out from, and keep it no more."""
    c = message_parts.c
    mine = (c.batch_id == batch_id, c.part == part)
    body = connection.execute(sa.select(c.body).where(*mine)).scalar_one_or_none()
    connection.execute(sa.delete(message_parts).where(*mine))
    return body


def put(
    connection: sa.Connection,
    seal: Seal,
    batch_id: UUID,
    words: Words,
    letters: Sequence[Letter],
    at_us: int,
) -> None:
    """Keep messages that wait to be handed over."""
    same = {
        "batch_id": batch_id,
        "template": words.template,
        "kind": words.kind.value,
        "channel": words.channel.value,
        "lang": words.lang.value,
        "subject": words.subject,
        "shown": "",
        "state": MessageState.WAITING.value,
        "why": "",
        "claim": None,
        "tries": 0,
        "at_us": at_us,
        "changed_us": at_us,
    }
    rows = [
        {
            **same,
            "message_id": one.message_id,
            "party_id": one.party_id,
            "sealed_to": seal.closed(one.to),
            "sealed_values": seal.closed(json.dumps(one.values, ensure_ascii=False)),
        }
        for one in letters
    ]
    connection.execute(sa.insert(party_messages), rows)
    b = message_batches.c
    mine = sa.update(message_batches).where(b.batch_id == batch_id)
    connection.execute(mine.values(laid=b.laid + len(rows)))


def claimed(connection: sa.Connection, seal: Seal, batch_id: UUID, claim: UUID) -> list[Letter]:
    """Return the messages that a call is handing over."""
    c = party_messages.c
    query = sa.select(party_messages).where(
        c.batch_id == batch_id, c.state == MessageState.SENDING.value, c.claim == claim
    )
    return [_letter(row, seal) for row in connection.execute(query.order_by(c.message_id))]


def claim_some(
    connection: sa.Connection, batch_id: UUID, claim: UUID, limit: int, at_us: int
) -> int:
    """Let a call hand over messages that wait; return how many."""
    c = party_messages.c
    waiting = (c.batch_id == batch_id, c.state == MessageState.WAITING.value)
    query = sa.select(c.message_id).where(*waiting).order_by(c.message_id).limit(limit)
    found = list(connection.execute(query.with_for_update()).scalars())
    change = {"state": MessageState.SENDING.value, "claim": claim, "changed_us": at_us}
    if found:
        mine = sa.update(party_messages).where(c.message_id.in_(found))
        connection.execute(mine.values(**change, tries=c.tries + 1))
    return len(found)


def waiting(connection: sa.Connection, batch_id: UUID) -> int:
    """Return how many messages of a batch wait to be handed over."""
    c = party_messages.c
    mine = (c.batch_id == batch_id, c.state == MessageState.WAITING.value)
    return int(connection.execute(sa.select(sa.func.count()).where(*mine)).scalar_one())


def become(
    connection: sa.Connection,
    ids: Iterable[UUID],
    state: MessageState,
    why: str,
    at_us: int,
    *,
    of: Sequence[MessageState],
) -> list[tuple[UUID, UUID]]:
    """Let messages that are in some states come to another; return them as (batch, message)."""
    c = party_messages.c
    wanted = sorted(ids, key=lambda one: one.bytes)
    query = sa.select(c.batch_id, c.message_id).where(
        c.message_id.in_(wanted), c.state.in_([one.value for one in of])
    )
    found = [
        (row.batch_id, row.message_id)
        for row in connection.execute(query.order_by(c.message_id).with_for_update())
    ]
    if found:
        mine = sa.update(party_messages).where(c.message_id.in_([one for _, one in found]))
        connection.execute(mine.values(state=state.value, why=why, claim=None, changed_us=at_us))
    return found


def show(connection: sa.Connection, shown: Mapping[UUID, str]) -> None:
    """Keep what lists show of addresses."""
    c = party_messages.c
    if shown:
        change = sa.update(party_messages).where(c.message_id == sa.bindparam("mine"))
        rows = [{"mine": one, "seen": text} for one, text in shown.items()]
        connection.execute(change.values(shown=sa.bindparam("seen")), rows)


def of_batch(
    connection: sa.Connection, batch_id: UUID, states: Sequence[MessageState], limit: int
) -> list[UUID]:
    """Return messages of a batch in some states."""
    c = party_messages.c
    mine = (c.batch_id == batch_id, c.state.in_([one.value for one in states]))
    return list(connection.execute(sa.select(c.message_id).where(*mine).limit(limit)).scalars())


def letter(connection: sa.Connection, seal: Seal, message_id: UUID) -> Letter:
    """Return a message that there is, with what is personal of it."""
    query = sa.select(party_messages).where(party_messages.c.message_id == message_id)
    return _letter(connection.execute(query).one(), seal)


def some(
    connection: sa.Connection,
    *,
    ids: Sequence[UUID] = (),
    party_id: str = "",
    state: str = "",
    template: str = "",
    batch_id: UUID | None = None,
    after: UUID | None = None,
    limit: int,
) -> list[Message]:
    """Return messages, newest first."""
    c = party_messages.c
    query = sa.select(party_messages).order_by(c.message_id.desc()).limit(limit)
    for column, value in ((c.party_id, party_id), (c.state, state), (c.template, template)):
        if value:
            query = query.where(column == value)
    if ids:
        query = query.where(c.message_id.in_(ids))
    if batch_id is not None:
        query = query.where(c.batch_id == batch_id)
    if after is not None:
        query = query.where(c.message_id < after)
    return [_message(row) for row in connection.execute(query)]


def opted_out(connection: sa.Connection, party_ids: Iterable[str], channel: str) -> set[str]:
    """Return the parties that want no messages in a channel."""
    c = opt_outs.c
    mine = (c.party_id.in_(sorted(party_ids)), c.channel.in_(["", channel]))
    return set(connection.execute(sa.select(c.party_id).where(*mine)).scalars())


def opts(connection: sa.Connection, party_id: str) -> list[OptOut]:
    """Return what a party does not want."""
    c = opt_outs.c
    query = sa.select(opt_outs).where(c.party_id == party_id).order_by(c.channel)
    return [
        OptOut(
            party_id=row.party_id,
            channel=ChannelKind(row.channel) if row.channel else None,
            since=instant(row.at_us * 1_000),
            why=row.why,
        )
        for row in connection.execute(query)
    ]


def put_opt(connection: sa.Connection, party_id: str, channel: str, why: str, at_us: int) -> bool:
    """Keep that a party wants none; return whether that is news."""
    c = opt_outs.c
    known = sa.select(c.channel).where(c.party_id == party_id, c.channel == channel)
    if connection.execute(known.with_for_update()).first() is not None:
        return False
    row = {"party_id": party_id, "channel": channel, "why": why, "at_us": at_us}
    connection.execute(sa.insert(opt_outs).values(**row))
    return True


def drop_opts(connection: sa.Connection, party_id: str, channel: str) -> bool:
    """Keep it no more, "" of any channel; return whether that is news."""
    c = opt_outs.c
    mine = [c.party_id == party_id, *([c.channel == channel] if channel else [])]
    return connection.execute(sa.delete(opt_outs).where(*mine)).rowcount > 0


def _letter(row: Any, seal: Seal) -> Letter:
    return Letter(
        message_id=row.message_id,
        party_id=row.party_id,
        to=seal.opened(row.sealed_to),
        values=json.loads(seal.opened(row.sealed_values)),
    )


def _message(row: Any) -> Message:
    return Message(
        message_id=row.message_id,
        batch_id=row.batch_id,
        template=row.template,
        kind=MessageKind(row.kind),
        channel=ChannelKind(row.channel),
        lang=Lang(row.lang),
        party_id=row.party_id,
        shown=row.shown,
        subject=row.subject,
        state=MessageState(row.state),
        why=row.why,
        tries=row.tries,
        at=instant(row.at_us * 1_000),
        changed=instant(row.changed_us * 1_000),
    )
