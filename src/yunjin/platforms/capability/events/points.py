"""What the points centre tells."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class PointsMoved:
    """A party's points moved. kind: as an entry's; points: what the balance moved by."""

    type: ClassVar[str] = "yunjin.capability.points.moved.v1"
    entry_id: str
    programme: str
    party_id: str
    kind: str
    points: int
    balance: int
    subject_id: str

    @property
    def subject(self) -> str:
        """What happens to an account keeps its order."""
        return f"{self.programme}:{self.party_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PointsExpired:
    """Points of some accounts came to their end. day: ISO 8601."""

    type: ClassVar[str] = "yunjin.capability.points.expired.v1"
    day: str
    accounts: int
    points: int

    @property
    def subject(self) -> str:
        """What a day ends is of one order."""
        return "expiry"
