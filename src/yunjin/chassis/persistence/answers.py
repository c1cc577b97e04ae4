"""First answers: a command's answer is kept under its id, in the transaction of its effect."""

import hashlib
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from yunjin.chassis.persistence.columns import dump_json, instant_us
from yunjin.kernel import check
from yunjin.kernel.clock import Clock
from yunjin.kernel.errors import IdempotencyConflict


def request_hash(request: Any) -> bytes:
    """Return the hash that tells two requests apart: SHA-256 over canonical JSON."""
    return hashlib.sha256(dump_json(request).encode()).digest()


class SqlAnswers:
    """The answers of one room, seen from one transaction (kernel.work.Answers)."""

    def __init__(self, connection: sa.Connection, answers: sa.Table, clock: Clock) -> None:
        self._connection, self._answers, self._clock = connection, answers, clock

    def find(self, command_id: UUID, request_hash: bytes) -> Any | None:
        """Return the first answer, None if there is none yet. Raises: IdempotencyConflict."""
        columns = self._answers.c
        row = self._connection.execute(
            sa.select(columns.request_hash, columns.answer).where(columns.command_id == command_id)
        ).one_or_none()
        if row is None:
            return None
        if row.request_hash != request_hash:
            raise IdempotencyConflict(
                "This id was used for another request.", command_id=str(command_id)
            )
        return row.answer

    def keep(self, command_id: UUID, request_hash: bytes, answer: Any) -> None:
        """Save the answer (JSON values, not null) in the transaction of its effect."""
        check.that(answer is not None, "expected an answer to keep, was none")
        self._connection.execute(
            sa.insert(self._answers).values(
                command_id=command_id,
                request_hash=request_hash,
                answer=answer,
                at_us=instant_us(self._clock.now_ns()),
            )
        )
