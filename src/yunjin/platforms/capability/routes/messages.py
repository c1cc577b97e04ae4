"""Messages over HTTP: templates, one or many messages, dead letters, opting out."""

from typing import Annotated, Any
from uuid import UUID

import pyarrow as pa
from fastapi import APIRouter, Path, Query
from pydantic import Field

from yunjin.chassis.transport.values import Command, Form, Key, id_of
from yunjin.foundation.banking.api.statements import Lang
from yunjin.kernel.page import Page
from yunjin.platforms.capability.api.documents import Value
from yunjin.platforms.capability.api.message_channels import ChannelKind
from yunjin.platforms.capability.api.messages import (
    FIELDS_MAX,
    Batch,
    Message,
    MessageKind,
    MessagesApi,
    MessageState,
    MessageTemplate,
    MessageText,
    NewMessage,
    OptOut,
)
from yunjin.platforms.capability.routes.values import Code, Cursor, Name, given_of
from yunjin.platforms.capability.routes.values import Limit as Count

JSON_MAX = 10_000  # messages of one call; columns take more
TemplateCode = Annotated[str, Field(min_length=1, max_length=40, pattern="^[!-~]+$")]
TemplatePath = Annotated[str, Path(min_length=1, max_length=40, pattern="^[!-~]+$")]
PartyPath = Annotated[str, Path(min_length=1, max_length=64, pattern="^[!-~]+$")]
PartyCode = Annotated[str, Field(min_length=1, max_length=64, pattern="^[!-~]+$")]
Ids = Annotated[tuple[UUID, ...], Field(min_length=1, max_length=1_000)]
Subject = Annotated[str, Field(max_length=80, pattern="^[ -~]*$")]
Who = Annotated[str, Field(min_length=1, max_length=64)]


class MessageTemplateForm(Command):
    """A template; its code is in the address."""

    kind: MessageKind
    zh: Name
    en: Name
    fields_: Annotated[tuple[str, ...], Field(alias="fields", max_length=FIELDS_MAX)]
    texts: Annotated[tuple[MessageText, ...], Field(max_length=8)]
    by: Annotated[str, Field(max_length=64)] = ""


class MessageForm(Command):
    """A message to send; its id is the command's. to: empty for the party's own contact."""

    template: TemplateCode
    channel: ChannelKind
    party_id: PartyCode
    values: Annotated[tuple[Value, ...], Field(max_length=FIELDS_MAX)] = ()
    lang: Lang = Lang.ZH
    to: Annotated[str, Field(max_length=200)] = ""
    subject: Subject = ""


class LetterForm(Form):
    """One of many messages."""

    party_id: PartyCode
    to: Annotated[str, Field(max_length=200)] = ""
    values: dict[str, str] = Field(default_factory=dict, max_length=FIELDS_MAX)


class BatchForm(Command):
    """Many messages of one template; the batch's id is the command's."""

    template: TemplateCode
    channel: ChannelKind
    messages: Annotated[tuple[LetterForm, ...], Field(min_length=1, max_length=JSON_MAX)]
    lang: Lang = Lang.ZH
    subject: Subject = ""

    def columns(self) -> pa.RecordBatch:
        """Return the messages as columns; a value that is missing is null."""
        names = sorted({name for one in self.messages for name in one.values})
        columns: dict[str, Any] = {
            "party_id": [one.party_id for one in self.messages],
            "to": [one.to for one in self.messages],
        }
        columns |= {name: [one.values.get(name) for one in self.messages] for name in names}
        return pa.record_batch(
            {name: pa.array(values, pa.string()) for name, values in columns.items()}
        )


class RetryForm(Command):
    """Dead messages, and who decides."""

    message_ids: Ids
    by: Who


class GiveUpForm(RetryForm):
    """Why they are let be."""

    why: Annotated[str, Field(min_length=1, max_length=180)]


class OptForm(Command):
    """A channel; null: every one."""

    channel: ChannelKind | None = None
    why: Annotated[str, Field(max_length=200)] = ""
    by: Annotated[str, Field(max_length=64)] = ""


class TextForm(Form):
    """Who looks at what a message says, and why."""

    by: Who
    why: Annotated[str, Field(min_length=1, max_length=200)]


class MessageRoutes:
    """The addresses of messages."""

    def __init__(self, messages: MessagesApi) -> None:
        self._messages = messages

    def templates(self) -> list[MessageTemplate]:
        """Return the templates, by code."""
        return self._messages.templates()

    def put_template(
        self, code: TemplatePath, form: MessageTemplateForm, key: Key = None
    ) -> MessageTemplate:
        """Add a template, or replace one."""
        template = MessageTemplate(
            code=code,
            kind=form.kind,
            zh=form.zh,
            en=form.en,
            fields=form.fields_,
            texts=form.texts,
        )
        return self._messages.put_template(id_of(form, key), template, by=form.by)

    def messages(
        self,
        party_id: Code = "",
        state: MessageState | None = None,
        template: Annotated[str, Query(max_length=40, pattern="^[!-~]*$")] = "",
        batch_id: UUID | None = None,
        limit: Count = 50,
        cursor: Cursor = None,
    ) -> Page[Message]:
        """Return messages, newest first; addresses are masked."""
        return self._messages.messages(
            party_id=party_id,
            state=state,
            template=template,
            batch_id=batch_id,
            limit=limit,
            cursor=cursor,
        )

    def send(self, form: MessageForm, key: Key = None) -> Message:
        """Send a message."""
        return self._messages.send(id_of(form, key), NewMessage(**given_of(form)))

    def send_all(self, form: BatchForm, key: Key = None) -> Batch:
        """Send many messages at once."""
        return self._messages.send_all(
            id_of(form, key),
            form.template,
            form.channel,
            form.columns(),
            lang=form.lang,
            subject=form.subject,
        )

    def batch(self, batch_id: UUID) -> Batch:
        """Return a batch, and how many of its messages are in each state."""
        return self._messages.batch(batch_id)

    def retry(self, form: RetryForm, key: Key = None) -> list[Message]:
        """Try dead messages again."""
        return self._messages.retry(id_of(form, key), form.message_ids, by=form.by)

    def give_up(self, form: GiveUpForm, key: Key = None) -> list[Message]:
        """Let dead messages be."""
        return self._messages.give_up(id_of(form, key), form.message_ids, form.why, by=form.by)

    def message(self, message_id: UUID) -> Message:
        """Return a message."""
        return self._messages.message(message_id)

    def text(self, message_id: UUID, form: TextForm) -> str:
        """Return what a message says."""
        return self._messages.text(message_id, by=form.by, why=form.why)

    def opt_outs(self, party_id: PartyPath) -> list[OptOut]:
        """Return what a party does not want."""
        return self._messages.opt_outs(party_id)

    def opt_out(self, party_id: PartyPath, form: OptForm, key: Key = None) -> list[OptOut]:
        """Keep that a party wants no such messages."""
        return self._messages.opt_out(
            id_of(form, key), party_id, form.channel, why=form.why, by=form.by
        )

    def opt_in(self, party_id: PartyPath, form: OptForm, key: Key = None) -> list[OptOut]:
        """Keep that it wants them again."""
        return self._messages.opt_in(id_of(form, key), party_id, form.channel, by=form.by)


def router(messages: MessagesApi) -> APIRouter:
    """Return the router of messages."""
    made, to = APIRouter(tags=["messages"]), MessageRoutes(messages)
    made.get("/message_templates", name="message_templates")(to.templates)
    made.put("/message_templates/{code}", name="put_message_template")(to.put_template)
    made.get("/messages", name="messages")(to.messages)
    made.post("/messages", status_code=201, name="send_message")(to.send)
    made.post("/messages/batches", status_code=201, name="send_messages")(to.send_all)
    made.get("/messages/batches/{batch_id}", name="message_batch")(to.batch)
    made.post("/messages/retry", name="retry_messages")(to.retry)
    made.post("/messages/give_up", name="give_up_messages")(to.give_up)
    made.get("/messages/{message_id}", name="message")(to.message)
    made.post("/messages/{message_id}/text", name="message_text")(to.text)
    made.get("/parties/{party_id}/opt_outs", name="message_opt_outs")(to.opt_outs)
    made.post("/parties/{party_id}/opt_out", name="message_opt_out")(to.opt_out)
    made.post("/parties/{party_id}/opt_in", name="message_opt_in")(to.opt_in)
    return made
