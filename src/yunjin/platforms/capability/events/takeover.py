"""What replacing an old core tells."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeoverChecked:
    """A delivery was checked. state: "checked" or "refused"."""

    type: ClassVar[str] = "yunjin.capability.takeover.checked.v1"
    run_id: str
    state: str
    agreements: int
    refused: int

    @property
    def subject(self) -> str:
        """What happens to a run keeps its order."""
        return self.run_id


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeoverCellTurned:
    """A cell of a run came to another state: "frozen", "loaded", "live", "fallen_back", …"""

    type: ClassVar[str] = "yunjin.capability.takeover.cell-turned.v1"
    run_id: str
    cell: str
    state: str
    agreements: int
    by: str

    @property
    def subject(self) -> str:
        """What happens to a run keeps its order."""
        return self.run_id


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeoverCompared:
    """A day of the parallel run was compared. date: ISO 8601."""

    type: ClassVar[str] = "yunjin.capability.takeover.compared.v1"
    run_id: str
    date: str
    differences: int
    beyond: int

    @property
    def subject(self) -> str:
        """What happens to a run keeps its order."""
        return self.run_id
