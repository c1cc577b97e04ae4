"""Message channels in memory: the app's own, and one for trials that misbehaves on demand."""

import itertools
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from yunjin.kernel.errors import Outage, Unknown
from yunjin.platforms.capability.api.message_channels import (
    ChannelKind,
    Handed,
    Outgoing,
    Receipt,
)


class InApp:
    """Messages in the app 站内信: they are there once they are kept, and the app asks for them."""

    kind: Final = ChannelKind.IN_APP
    knows_ids: Final = True

    def send(self, messages: Sequence[Outgoing]) -> list[Handed]:
        """Take messages."""
        return [Handed(message_id=one.message_id) for one in messages]

    def collect(self, after: str) -> list[Receipt]:
        """Return nothing: there is nothing to wait for."""
        return []


@dataclass
class FakeMessageChannel:
    """A channel that delivers what it takes.

    Parameters
    ----------
    knows_ids : what is sent again under its id is sent once.
    refuses : addresses, and why it does not take what goes there.
    bounces : addresses, and why what goes there does not arrive.
    is_down : sends fail before anything is taken.
    fails : so many sends fail so.
    loses_answers : so many sends are done and then told as unknown.
    lies : it answers of other messages than it was given.
    repeats : every receipt comes so often; 0: it never tells.
    sent : (id, address, text) in the order in which people got them.
    """

    kind: ChannelKind = ChannelKind.SMS
    knows_ids: bool = True
    refuses: dict[str, str] = field(default_factory=dict)
    bounces: dict[str, str] = field(default_factory=dict)
    is_down: bool = False
    fails: int = 0
    loses_answers: int = 0
    lies: bool = False
    repeats: int = 1
    sent: list[tuple[UUID, str, str]] = field(default_factory=list)
    _known: set[UUID] = field(default_factory=set)
    _out: list[Receipt] = field(default_factory=list)
    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def send(self, messages: Sequence[Outgoing]) -> list[Handed]:
        """Take messages. Raises: Outage, Unknown."""
        with self._lock:
            if self.is_down or self.fails:
                self.fails -= int(self.fails > 0)
                raise Outage("The channel is down.")
            handed = [self._take(one) for one in messages]
            if self.loses_answers:
                self.loses_answers -= 1
                raise Unknown("The channel's answer was lost.")
            return [Handed(message_id=UUID(int=1))] if self.lies else handed

    def _take(self, one: Outgoing) -> Handed:
        why = self.refuses.get(one.address, "")
        if not why and not (self.knows_ids and one.message_id in self._known):
            self._known.add(one.message_id)
            self.sent.append((one.message_id, one.address, one.text))
            bounced = self.bounces.get(one.address, "")
            receipt = Receipt(
                receipt_id=f"receipt-{next(self._numbers)}",
                message_id=one.message_id,
                is_delivered=not bounced,
                why=bounced,
            )
            self._out += [receipt] * self.repeats
        return Handed(message_id=one.message_id, why=why)

    def collect(self, after: str) -> list[Receipt]:
        """Return what has come after a receipt. Raises: Outage."""
        with self._lock:
            if self.is_down:
                raise Outage("The channel is down.")
            places = [at for at, one in enumerate(self._out) if one.receipt_id == after]
            return self._out[places[-1] + 1 if places else 0 :]
