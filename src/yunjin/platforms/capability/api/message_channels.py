"""Message channels 消息渠道: the port to whatever carries messages to people."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Protocol
from uuid import UUID

HAND_OVER_MAX: Final = 500  # messages of one call


class ChannelKind(StrEnum):
    """How a message reaches somebody."""

    SMS = "sms"
    EMAIL = "email"
    WECHAT = "wechat"
    IN_APP = "in_app"  # 站内信; the address is the party's id


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A message that is handed over. title: of an e-mail; "" where the channel has none."""

    message_id: UUID
    address: str = field(repr=False)
    title: str = field(repr=False)
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Handed:
    """What the channel says of one, in the order given. why: "" where it was taken."""

    message_id: UUID
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What became of a message; it may come twice. receipt_id: the channel's."""

    receipt_id: str
    message_id: UUID
    is_delivered: bool
    why: str = ""


class MessageChannel(Protocol):
    """A channel, as the institution that runs the platform connects it."""

    @property
    def kind(self) -> ChannelKind:
        """What it is; one channel of a kind."""

    @property
    def knows_ids(self) -> bool:
        """Whether a message that is handed over again under its id is sent once.

        Where not, what may have been sent is never handed over again; a person decides.
        """

    def send(self, messages: Sequence[Outgoing]) -> list[Handed]:
        """Hand messages over. Raises: Outage (none was taken), Unknown (some may have been)."""

    def collect(self, after: str) -> list[Receipt]:
        """Return what has come after a receipt, "" for the first, in the channel's order.

        Raises: Outage.
        """
