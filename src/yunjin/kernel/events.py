"""Events: facts in the past tense, told after they are saved (CloudEvents 1.0)."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol
from uuid import UUID

from yunjin.kernel.clock import instant, nanoseconds
from yunjin.kernel.errors import Malformed


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


def of_document(document: Mapping[str, Any]) -> Event:
    """Return the event that a document in CloudEvents' JSON form tells of. Raises: Malformed."""
    try:
        return Event(
            id=UUID(document["id"]),
            type=document["type"],
            source=document["source"],
            subject=document["subject"],
            tenant=document["tenant"],
            sequence=int(document["sequence"]),
            at_ns=nanoseconds(dt.datetime.fromisoformat(document["time"])),
            data=document["data"],
            traceparent=document.get("traceparent", ""),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Malformed(f"expected an event in CloudEvents' JSON form: {error}") from error
