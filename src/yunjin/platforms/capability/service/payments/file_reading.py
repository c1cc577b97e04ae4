"""A payment file as it is taken: read, checked, cut into parts; or refused whole, and why."""

from dataclasses import dataclass, replace
from typing import Any

from pydantic import TypeAdapter

from yunjin.platforms.capability.api.payment_files import FileState
from yunjin.platforms.capability.domain.iso20022.orders import (
    Order,
    OrderGroup,
    OrderHeader,
    read_order,
)
from yunjin.platforms.capability.domain.iso20022.reasons import ReasonCode, Refused
from yunjin.platforms.capability.domain.payment_files import cut, packed

_HEAD = TypeAdapter(tuple[OrderHeader, tuple[OrderGroup, ...]])


@dataclass(frozen=True, slots=True)
class Taken:
    """What is kept of a file."""

    name: str
    message_id: str
    sender: str
    head: Any  # header and groups, as JSON values
    parts: list[bytes]
    line_count: int
    reason: str = ""
    detail: str = ""

    @property
    def is_refused(self) -> bool:
        """Whether nothing of it is done."""
        return bool(self.reason)

    def checked(self, is_known: bool) -> "Taken":
        """Return the file as refused where its sender used the message id before."""
        if self.is_refused or not is_known:
            return self
        detail = f"expected a new MsgId, was {self.message_id}, which came before"
        return replace(self, parts=[], reason=str(ReasonCode.DUPLICATION), detail=detail)

    def row(self) -> dict[str, Any]:
        """Return the columns of the file."""
        state = FileState.REFUSED if self.is_refused else FileState.WORKED
        return {
            "message_id": self.message_id[:35],
            "name": self.name[:24],
            "sender": self.sender[:140],
            "state": state.value,
            "head": self.head,
            "lines": self.line_count,
            "booked": 0,
            "refused": 0,
            "away": 0,
            "reason": self.reason,
            "detail": self.detail[:200],
        }


def taken(content: bytes) -> Taken:
    """Read a pain.001."""
    found = read_order(content)
    if isinstance(found, Refused):
        return Taken(
            name=found.name,
            message_id=found.message_id,
            sender="",
            head=[],
            parts=[],
            line_count=0,
            reason=str(found.code),
            detail=found.detail,
        )
    return _of(found)


def _of(order: Order) -> Taken:
    return Taken(
        name=order.name,
        message_id=order.header.message_id,
        sender=order.header.initiating_name or "",
        head=_HEAD.dump_python((order.header, order.groups), mode="json"),
        parts=[packed(part) for part in cut(order.lines)],
        line_count=order.lines.num_rows,
    )
