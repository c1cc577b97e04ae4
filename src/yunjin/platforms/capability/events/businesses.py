"""What businesses tell of their cases."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseStarted:
    """A case was started."""

    type: ClassVar[str] = "yunjin.capability.case.started.v1"
    case_id: str
    business: str
    deed: str
    scenario: str
    party_id: str

    @property
    def subject(self) -> str:
        """What happens to a case keeps its order."""
        return self.case_id


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseEnded:
    """A case is done, or refused and what it did undone. reason: the refusal's code."""

    type: ClassVar[str] = "yunjin.capability.case.ended.v1"
    case_id: str
    business: str
    deed: str
    state: str
    reason: str

    @property
    def subject(self) -> str:
        """What happens to a case keeps its order."""
        return self.case_id
