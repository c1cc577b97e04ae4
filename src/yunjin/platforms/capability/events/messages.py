"""What the message centre tells. No event carries an address or a text."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class MessagesTaken:
    """Messages were taken to be sent: one event a call."""

    type: ClassVar[str] = "yunjin.capability.messages.taken.v1"
    batch_id: str
    template: str
    channel: str
    count: int

    @property
    def subject(self) -> str:
        """What happens to a batch keeps its order."""
        return self.batch_id


@dataclass(frozen=True, slots=True, kw_only=True)
class MessagesEnded:
    """Messages came to a state: one event a state and act.

    state : "sent", "delivered", "dropped" or "dead".  why : of those that are dead or dropped.
    """

    type: ClassVar[str] = "yunjin.capability.messages.ended.v1"
    batch_id: str
    state: str
    why: str
    message_ids: tuple[str, ...]  # the first thousand
    count: int

    @property
    def subject(self) -> str:
        """What happens to a batch keeps its order."""
        return self.batch_id


@dataclass(frozen=True, slots=True, kw_only=True)
class OptedOut:
    """A party wants no messages of a kind in a channel, or wants them again."""

    type: ClassVar[str] = "yunjin.capability.messages.opted.v1"
    party_id: str
    channel: str
    is_out: bool

    @property
    def subject(self) -> str:
        """What happens to a party keeps its order."""
        return self.party_id
