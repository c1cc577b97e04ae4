"""What the pricing centre tells."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class BookPublished:
    """A version of a price book was published, or withdrawn before its day. since: ISO 8601."""

    type: ClassVar[str] = "yunjin.capability.price-book.published.v1"
    code: str
    version: int
    since: str
    is_withdrawn: bool

    @property
    def subject(self) -> str:
        """A book's versions keep their order."""
        return self.code


@dataclass(frozen=True, slots=True, kw_only=True)
class FeesCharged:
    """Fees were taken from an agreement, or the core refused: `reason` is its word then."""

    type: ClassVar[str] = "yunjin.capability.fees.charged.v1"
    charge_id: str
    agreement_id: str
    subject_id: str
    book: str
    version: int
    fees: tuple[str, ...]
    currency: str
    total_minor: int
    tax_minor: int
    reason: str

    @property
    def subject(self) -> str:
        """What happens to a charge keeps its order."""
        return self.charge_id


@dataclass(frozen=True, slots=True, kw_only=True)
class FeesRefunded:
    """A charge was given back whole."""

    type: ClassVar[str] = "yunjin.capability.fees.refunded.v1"
    charge_id: str
    agreement_id: str
    currency: str
    total_minor: int
    note: str

    @property
    def subject(self) -> str:
        """What happens to a charge keeps its order."""
        return self.charge_id
