"""Events: facts in the past tense, told after they are saved (CloudEvents 1.0)."""

from dataclasses import dataclass
from typing import Any, ClassVar, Protocol
from uuid import UUID

from yunjin.kernel.clock import instant


class EventData(Protocol):
    """A frozen dataclass in a room's events.py: what happened, under its type's name."""

    type: ClassVar[str]  # yunjin.<room>.<noun>.<verb>.v1

    @property
    def subject(self) -> str:
        """The id of the entity it is about; events of one subject keep their order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An event on its way: the envelope around a room's event data."""

    id: UUID
    type: str
    source: str
    subject: str
    tenant: str
    sequence: int
    at_ns: int
    data: dict[str, Any]
    traceparent: str = ""

    def document(self) -> dict[str, Any]:
        """Return the event in CloudEvents' JSON form; extensions carry tenant and sequence."""
        return {
            "specversion": "1.0",
            "id": str(self.id),
            "type": self.type,
            "source": self.source,
            "subject": self.subject,
            "time": instant(self.at_ns).isoformat().replace("+00:00", "Z"),
            "datacontenttype": "application/json",
            "tenant": self.tenant,
            "sequence": str(self.sequence),
            **({"traceparent": self.traceparent} if self.traceparent else {}),
            "data": self.data,
        }
