"""What the naming of differences is told, and what it finds. Pure."""

from dataclasses import dataclass
from uuid import UUID

from yunjin.platforms.capability.api.payments import PaymentState
from yunjin.platforms.capability.api.reconciliation import Cure, DifferenceKind
from yunjin.platforms.capability.domain.reconciliation.columns import REJECTED, RETURNED

Side = tuple[UUID, bool]  # a payment, or its return


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of theirs that did not agree at once."""

    payment_id: UUID | None
    end_to_end_id: str
    batch: str
    line_id: str
    account: str
    currency: str
    amount_minor: int
    fee_minor: int
    day: int
    outcome: int

    @property
    def side(self) -> bool:
        """Whether it is of a payment that comes back."""
        return self.outcome == RETURNED

    @property
    def money_minor(self) -> int:
        """What it moved."""
        return 0 if self.outcome == REJECTED else self.amount_minor


@dataclass(frozen=True, slots=True, kw_only=True)
class Booked:
    """A movement of ours that did not agree at once."""

    payment_id: UUID
    is_return: bool
    currency: str
    amount_minor: int
    batch: str  # the message that it went with
    account: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A payment that a line names. stated_minor: as it was ordered, signed like a line."""

    payment_id: UUID
    channel: str
    state: PaymentState
    currency: str
    stated_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A difference as it is found."""

    kind: DifferenceKind
    currency: str
    theirs_minor: int
    ours_minor: int
    reference: str
    payment_id: UUID | None
    is_return: bool
    detail: str
    cure: Cure


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere:
    """What other days of the channel say of payments.

    seen : their file of another day has it.  told : there it is a difference: ours was not booked.
    """

    seen: frozenset[Side] = frozenset()
    told: frozenset[Side] = frozenset()
