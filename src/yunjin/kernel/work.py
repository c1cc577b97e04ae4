"""The unit of work: what a command changes, tells and answers is saved together or not at all."""

from types import TracebackType
from typing import Any, Protocol, Self
from uuid import UUID

from yunjin.kernel.events import EventData


class Outbox(Protocol):
    """Events waiting to be told once the work is saved."""

    def add(self, event: EventData) -> None:
        """Queue an event; it is delivered at least once after the commit."""


class Answers(Protocol):
    """First answers, kept under the id of the command that got them."""

    def find(self, command_id: UUID, request_hash: bytes) -> Any | None:
        """Return the first answer, None if there is none yet. Raises: IdempotencyConflict."""

    def keep(self, command_id: UUID, request_hash: bytes, answer: Any) -> None:
        """Save the answer (JSON values) in the transaction of its effect."""


class UnitOfWork(Protocol):
    """One transaction of one room: leaving the block commits, an exception rolls back."""

    outbox: Outbox
    answers: Answers

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...
