"""Messages 消息: what parties are told by SMS, e-mail, WeChat or in the app, once each."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Protocol
from uuid import UUID

import pyarrow as pa

from yunjin.foundation.banking.api.statements import Lang
from yunjin.kernel.page import Page
from yunjin.platforms.capability.api.centres import Centre, Slo, command, query
from yunjin.platforms.capability.api.documents import Value
from yunjin.platforms.capability.api.message_channels import ChannelKind
from yunjin.platforms.capability.events.messages import MessagesEnded, MessagesTaken, OptedOut

BATCH_MAX: Final = 50_000  # messages of one call
TEXT_MAX: Final = 2_000  # characters of a text that is sent
TITLE_MAX: Final = 200
FIELDS_MAX: Final = 20
SENDING: Final = "capability.messages"  # the flow of a batch
MARKETING: Final = "marketing"  # the purpose of the consent that marketing needs


class MessageKind(StrEnum):
    """Why a message is sent, and so who may stop it, and when it may come."""

    MARKETING = "marketing"  # 营销: needs consent, stops at opting out, waits in quiet hours
    SERVICE = "service"  # 服务: stops at opting out, waits in quiet hours
    SECURITY = "security"  # 安全: a code, a debit; comes always and at once


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageText:
    """A template's words in one channel and language. They may hold `${field}`; `$$` is a dollar.

    title : of an e-mail, of a message in the app or in WeChat; "" for an SMS.
    """

    channel: ChannelKind
    lang: Lang
    text: str
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageTemplate:
    """A template. Put again under its code it is replaced; what was taken keeps its words.

    fields : the names that its texts use, each of them somewhere.
    """

    code: str
    kind: MessageKind
    zh: str
    en: str
    fields: tuple[str, ...]
    texts: tuple[MessageText, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMessage:
    """A message to be sent; its id is the command's.

    Parameters
    ----------
    to : the address; "": the party's newest contact for the channel (for WeChat it must be given;
        in the app it is the party).
    values : of the template's fields, as text.
    subject : what it is about, the caller's own.
    """

    template: str
    channel: ChannelKind
    party_id: str
    values: tuple[Value, ...] = ()
    lang: Lang = Lang.ZH
    to: str = field(default="", repr=False)
    subject: str = ""


class MessageState(StrEnum):
    """Where a message stands."""

    WAITING = "waiting"  # to be handed over, or its time has not come
    SENDING = "sending"  # it is being handed over
    SENT = "sent"  # the channel has it
    DELIVERED = "delivered"
    DROPPED = "dropped"  # it must not be sent, or a person gave it up: `why`
    DEAD = "dead"  # it could not be sent or delivered: a person decides


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message as it stands now.

    Parameters
    ----------
    shown : the address, masked; "" while it has not been looked up.
    tries : how often it was handed over.
    why : of a message that is dead or dropped: "no-consent", "opted-out", "no-address",
        "no-party", "channel-down", "unknown" (it may have been sent), "given-up: …", or the
        channel's own words.
    """

    message_id: UUID
    batch_id: UUID
    template: str
    kind: MessageKind
    channel: ChannelKind
    lang: Lang
    party_id: str
    shown: str
    subject: str
    state: MessageState
    why: str
    tries: int
    at: dt.datetime
    changed: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Messages that were taken together. states: how many are in each; the flow lays them out."""

    batch_id: UUID
    template: str
    channel: ChannelKind
    count: int
    laid: int
    states: dict[str, int]
    at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OptOut:
    """What a party does not want: a channel, or all of them."""

    party_id: str
    channel: ChannelKind | None
    since: dt.datetime
    why: str


class MessagesApi(Protocol):
    """Messages: taken in batches, handed to channels once each, told what became of them.

    Lists show addresses masked. Every command may raise Malformed and IdempotencyConflict, beside
    what it says.
    """

    @command(undone_by="put_template")
    def put_template(
        self, command_id: UUID, template: MessageTemplate, *, by: str = ""
    ) -> MessageTemplate:
        """Add a template, or replace one.

        Raises: MessageTemplateRefused (a field that is used and not declared, or declared and
        used nowhere; the same channel and language twice; a title where there is none).
        """

    @command(lasts="what is sent cannot be called back; send another one")
    def send(self, command_id: UUID, message: NewMessage) -> Message:
        """Take a message; its id is the command's.

        Whether the party may be told is looked at as it is handed over: it is dropped then.

        Raises: MessageTemplateNotFound, MessageRefused (no such channel), Malformed (values).
        """

    @command(lasts="what is sent cannot be called back; send another one")
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
        """Take up to 50,000 messages at once; the batch's id is the command's.

        Parameters
        ----------
        messages : columns of strings: "party_id", maybe "to", and one for each of the template's
            fields, by its name.

        Raises: MessageTemplateNotFound, MessageRefused (no such channel), Malformed (columns, an
        empty value, too many; the row is named).
        """

    @command(lasts="it is handed over again, or it is not: see the message")
    def retry(self, command_id: UUID, message_ids: Sequence[UUID], *, by: str) -> list[Message]:
        """Try dead messages again, up to 1,000.

        Raises: MessageNotFound, MessageRefused (one is not dead).
        """

    @command(undone_by="retry")
    def give_up(
        self, command_id: UUID, message_ids: Sequence[UUID], why: str, *, by: str
    ) -> list[Message]:
        """Let dead messages be; they are dropped. Raises: MessageNotFound, MessageRefused."""

    @command(undone_by="opt_in")
    def opt_out(
        self,
        command_id: UUID,
        party_id: str,
        channel: ChannelKind | None = None,
        *,
        why: str = "",
        by: str = "",
    ) -> list[OptOut]:
        """Keep that a party wants no such messages 退订; None: by no channel. PartyNotFound."""

    @command(undone_by="opt_out")
    def opt_in(
        self,
        command_id: UUID,
        party_id: str,
        channel: ChannelKind | None = None,
        *,
        by: str = "",
    ) -> list[OptOut]:
        """Keep that it wants them again; None: by every channel. Raises: PartyNotFound."""

    @query
    def templates(self) -> list[MessageTemplate]:
        """Return the templates, by code."""

    @query
    def template(self, code: str) -> MessageTemplate:
        """Return a template. Raises: MessageTemplateNotFound."""

    @query
    def opt_outs(self, party_id: str) -> list[OptOut]:
        """Return what a party does not want. Raises: PartyNotFound."""

    @query
    def message(self, message_id: UUID) -> Message:
        """Return a message. Raises: MessageNotFound."""

    @query
    def text(self, message_id: UUID, *, by: str, why: str) -> str:
        """Return what a message says. It may be personal: who looks is logged by the caller.

        Raises: MessageNotFound, Malformed (who, and why, must be said).
        """

    @query
    def batch(self, batch_id: UUID) -> Batch:
        """Return a batch. Raises: MessageNotFound."""

    @query
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


MESSAGES: Final = Centre(
    code="message",
    words=("消息中心", "Messages"),
    purpose=(
        "短信、邮件、微信与站内信：模板、授权与退订、免打扰、回执、失败件重发。",
        "SMS, e-mail, WeChat and in-app: templates, consent, quiet hours, receipts, dead letters.",
    ),
    bian=("Customer Notification", "Contact Handler"),
    door=MessagesApi,
    events=(MessagesTaken, MessagesEnded, OptedOut),
    slo=Slo(p99_ms=100),
)
