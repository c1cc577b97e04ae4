"""What happens in clearing: sessions that are closed, days that are reconciled."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionClosed:
    """A session of a batch channel is over: what was held for it goes out as files."""

    type: ClassVar[str] = "yunjin.capability.clearing.session-closed.v1"
    session_id: str
    channel: str
    payments: int
    amount_minor: int

    @property
    def subject(self) -> str:
        """What happens to a session keeps its order."""
        return self.session_id


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconciliationEnded:
    """A channel's file was held against payments and ledger. differences: those found by it."""

    type: ClassVar[str] = "yunjin.capability.reconciliation.ended.v1"
    run_id: str
    channel: str
    day: str
    lines: int
    differences: int

    @property
    def subject(self) -> str:
        """What happens to a run keeps its order."""
        return self.run_id


@dataclass(frozen=True, slots=True, kw_only=True)
class DifferenceSettled:
    """A difference is settled. cure: what was done about it."""

    type: ClassVar[str] = "yunjin.capability.reconciliation.settled.v1"
    difference_id: str
    kind: str
    cure: str
    by: str

    @property
    def subject(self) -> str:
        """What happens to a difference keeps its order."""
        return self.difference_id
