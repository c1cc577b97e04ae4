"""Clearing channels: the port to whatever carries payments to other banks."""

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A message that a channel has for us. message_id: the channel's; it may come twice."""

    message_id: str
    content: bytes  # pacs.002, pacs.004 or pacs.008


class ChannelPort(Protocol):
    """A clearing channel 清算通道, as the institution that runs the platform connects it.

    One that can tell whether it takes messages now has `is_up() -> bool` too: payments that were
    not bound to it, and not sent yet, then take another while it says no.
    """

    @property
    def name(self) -> str:
        """What orders call it."""

    def send(self, message_id: UUID, content: bytes) -> None:
        """Hand a message over; sent again under its id, it is one. Raises: Outage, Unknown."""

    def collect(self, after: str) -> list[Arrival]:
        """Return what has come after a message, "" for the first, in the channel's order.

        Raises: Outage.
        """
