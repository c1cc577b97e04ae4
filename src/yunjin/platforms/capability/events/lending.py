"""What lending tells. No event carries personal data."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanAsked:
    """Somebody applied for a loan."""

    type: ClassVar[str] = "yunjin.capability.lending.asked.v1"
    application_id: str
    party_id: str
    product: str
    business: str
    scenario: str
    currency: str
    amount_minor: int

    @property
    def subject(self) -> str:
        """What happens to an application keeps its order."""
        return self.application_id


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanDecided:
    """An application was decided. state: "approved", "referred" or "declined"."""

    type: ClassVar[str] = "yunjin.capability.lending.decided.v1"
    application_id: str
    state: str
    amount_minor: int
    rate_ppm: int
    reasons: tuple[str, ...]  # codes
    decided_by: str

    @property
    def subject(self) -> str:
        """What happens to an application keeps its order."""
        return self.application_id


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanMoved:
    """An application came to another state: "accepted", "paying", "undone", "withdrawn", …"""

    type: ClassVar[str] = "yunjin.capability.lending.moved.v1"
    application_id: str
    state: str
    detail: str

    @property
    def subject(self) -> str:
        """What happens to an application keeps its order."""
        return self.application_id


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanPaidOut:
    """A loan was paid out: the money is where the borrower wanted it."""

    type: ClassVar[str] = "yunjin.capability.lending.paid-out.v1"
    application_id: str
    agreement_id: str
    party_id: str
    currency: str
    amount_minor: int

    @property
    def subject(self) -> str:
        """What happens to an application keeps its order."""
        return self.application_id


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanRepaid:
    """Money came in for a loan. kind: as `RepayKind`; is_settled: nothing is owed any more."""

    type: ClassVar[str] = "yunjin.capability.lending.repaid.v1"
    application_id: str
    agreement_id: str
    amount_minor: int
    kind: str
    is_settled: bool

    @property
    def subject(self) -> str:
        """What happens to an application keeps its order."""
        return self.application_id


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionMoved:
    """A case of collection was opened, came to another stage, or closed.

    state : "open" or "closed"; stage: as `Stage`.
    """

    type: ClassVar[str] = "yunjin.capability.collection.moved.v1"
    case_id: str
    agreement_id: str
    state: str
    stage: str
    days_overdue: int
    due_minor: int

    @property
    def subject(self) -> str:
        """What happens to a case keeps its order."""
        return self.case_id


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseMoved:
    """A promise to pay was made, kept, broken or cancelled: `state` says which."""

    type: ClassVar[str] = "yunjin.capability.collection.promised.v1"
    case_id: str
    promise_id: str
    state: str
    amount_minor: int
    day: str

    @property
    def subject(self) -> str:
        """What happens to a case keeps its order."""
        return self.case_id
