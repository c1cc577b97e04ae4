"""The flow of a batch of messages: laid out, sent in people's hours, given up after many tries."""

from collections.abc import Sequence
from typing import Any, Final, Protocol
from uuid import UUID

from yunjin.chassis.flow import Definition, Flow, Retry, call, flow, sleep_until, step
from yunjin.kernel.errors import Outage
from yunjin.platforms.capability.api.messages import SENDING

TRIES: Final = Retry(attempts=6, first_s=5, factor=4, max_s=900)
WORDS: Final[dict[str, tuple[str, str]]] = {
    f"flow.name.{SENDING}": ("消息发送", "Sending of messages"),
    "flow.step.lay_out": ("展开批次", "lay the batch out"),
    "flow.step.due": ("免打扰判断", "look for quiet hours"),
    "flow.step.let_die": ("转入失败件", "let them be dead letters"),
}


class Sender(Protocol):
    """What sends messages; each part may come twice."""

    def lay_out(self, work: Any, batch: str, part: int) -> int:
        """Make the messages of a part."""

    def due(self, work: Any, batch: str) -> int:
        """Return when a batch may be sent, ns; 0: now."""

    def hand_over(self, command_id: UUID, batch: str) -> int:
        """Hand some messages over; return how many wait still."""

    def let_die(self, work: Any, batch: str, why: str) -> int:
        """Let what could not be handed over be dead."""


def message_batch(sender: Sender, retry: Retry = TRIES) -> Definition:
    """Return the flow of a batch, or of some batches that are tried again."""

    @flow(SENDING, version=1)
    def batches(batches: Sequence[str], parts: int) -> Flow:
        for batch in batches:
            for part in range(parts):
                yield step(sender.lay_out, batch, part)
            left = 1
            while left:
                due_ns = yield step(sender.due, batch)
                if due_ns:
                    yield sleep_until(due_ns)
                try:
                    left = yield call(sender.hand_over, batch, retry=retry)
                except Outage:
                    yield step(sender.let_die, batch, "channel-down")
                    left = 0

    return batches
