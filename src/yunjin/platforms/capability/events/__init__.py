"""What the capability centre tells."""

from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitOpened:
    """A limit was opened."""

    type: ClassVar[str] = "yunjin.capability.limit.opened.v1"
    limit_id: str
    party_id: str
    kind: str
    currency: str
    ceiling_minor: int

    @property
    def subject(self) -> str:
        """What happens to a limit keeps its order."""
        return self.limit_id


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitChanged:
    """A limit has another ceiling, end or state.

    what : "ceiling", "until", "frozen", "thawed" or "closed".
    """

    type: ClassVar[str] = "yunjin.capability.limit.changed.v1"
    limit_id: str
    what: tuple[str, ...]
    ceiling_minor: int
    note: str

    @property
    def subject(self) -> str:
        """What happens to a limit keeps its order."""
        return self.limit_id


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitReserved:
    """Parts of limits were reserved: one event a call."""

    type: ClassVar[str] = "yunjin.capability.limit.reserved.v1"
    limit_ids: tuple[str, ...]  # the first thousand
    holds: int
    amount_minor: int
    refused: int

    @property
    def subject(self) -> str:
        """Reservations of a bank are of one order."""
        return "holds"


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitUsed:
    """What holds were for came about, fell through, or came back: one event an act.

    what : "confirmed", "cancelled" or "restored".
    """

    type: ClassVar[str] = "yunjin.capability.limit.used.v1"
    limit_ids: tuple[str, ...]  # the first thousand
    hold_ids: tuple[str, ...]  # the first thousand
    what: str
    amount_minor: int

    @property
    def subject(self) -> str:
        """Reservations of a bank, and what becomes of them, are of one order."""
        return "holds"


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyOpened:
    """A party was opened. Events of parties carry no personal data."""

    type: ClassVar[str] = "yunjin.capability.party.opened.v1"
    party_id: str
    kind: str

    @property
    def subject(self) -> str:
        """What happens to a party keeps its order."""
        return self.party_id


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyChanged:
    """Something about a party is otherwise.

    what : as in its timeline: "changed", "document.added", "role.given", "blocked", "closed", …
    item : the id, or the code, of what it was; "" for the party itself.
    """

    type: ClassVar[str] = "yunjin.capability.party.changed.v1"
    party_id: str
    what: str
    item: str = ""

    @property
    def subject(self) -> str:
        """What happens to a party keeps its order."""
        return self.party_id


@dataclass(frozen=True, slots=True, kw_only=True)
class PartiesRelated:
    """Two parties are related, or no longer. what: "related" or "unrelated"."""

    type: ClassVar[str] = "yunjin.capability.party.related.v1"
    relation_id: str
    kind: str
    from_id: str
    to_id: str
    what: str

    @property
    def subject(self) -> str:
        """What happens to a relation keeps its order."""
        return self.relation_id


@dataclass(frozen=True, slots=True, kw_only=True)
class KycChanged:
    """Knowing a party went a step on. review: the day it ends, ISO 8601, or ""."""

    type: ClassVar[str] = "yunjin.capability.party.known.v1"
    party_id: str
    state: str
    review: str

    @property
    def subject(self) -> str:
        """What happens to a party keeps its order."""
        return self.party_id


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentChanged:
    """A party agreed to something, or no longer does. what: "given" or "withdrawn"."""

    type: ClassVar[str] = "yunjin.capability.consent.changed.v1"
    party_id: str
    consent_id: str
    purpose: str
    version: str
    what: str

    @property
    def subject(self) -> str:
        """What happens to a party keeps its order."""
        return self.party_id


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyMerged:
    """A party's id means another party now, or itself again. what: "merged" or "unmerged"."""

    type: ClassVar[str] = "yunjin.capability.party.merged.v1"
    party_id: str
    into_id: str
    what: str

    @property
    def subject(self) -> str:
        """What happens to a party keeps its order."""
        return self.party_id


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentsTaken:
    """Payments were ordered, or came in: one event a call."""

    type: ClassVar[str] = "yunjin.capability.payments.taken.v1"
    wave_id: str
    payment_ids: tuple[str, ...]  # the first thousand
    count: int
    amount_minor: int

    @property
    def subject(self) -> str:
        """What happens to a wave keeps its order."""
        return self.wave_id


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentsEnded:
    """Payments came to a state: one event a state and act. state: "settled", "refused", …"""

    type: ClassVar[str] = "yunjin.capability.payments.ended.v1"
    wave_id: str
    state: str
    payment_ids: tuple[str, ...]  # the first thousand
    count: int
    amount_minor: int

    @property
    def subject(self) -> str:
        """What happens to a wave keeps its order."""
        return self.wave_id


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskOpened:
    """A task was opened."""

    type: ClassVar[str] = "yunjin.capability.task.opened.v1"
    task_id: str
    queue: str
    priority: int
    due_us: int | None
    flow_id: str

    @property
    def subject(self) -> str:
        """What happens to a task keeps its order."""
        return self.task_id


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskChanged:
    """A task was taken, put back, assigned, changed or escalated: `what` says which."""

    type: ClassVar[str] = "yunjin.capability.task.changed.v1"
    task_id: str
    what: str
    queue: str
    assignee: str

    @property
    def subject(self) -> str:
        """What happens to a task keeps its order."""
        return self.task_id


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskEnded:
    """A task was completed or withdrawn. values: what was filled in, where a flow waits for it."""

    type: ClassVar[str] = "yunjin.capability.task.ended.v1"
    task_id: str
    state: str
    queue: str
    by: str
    flow_room: str
    flow_id: str
    values: dict[str, Any]

    @property
    def subject(self) -> str:
        """What happens to a task keeps its order."""
        return self.task_id


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentFileEnded:
    """A file of payments was worked, or refused whole. state: "done" or "refused"."""

    type: ClassVar[str] = "yunjin.capability.payment-file.ended.v1"
    file_id: str
    state: str
    lines: int
    booked: int
    refused: int
    away: int

    @property
    def subject(self) -> str:
        """What happens to a file keeps its order."""
        return self.file_id
