"""What the centre of overlays tells."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class OverlayPut:
    """An overlay was put, or another under its name."""

    type: ClassVar[str] = "yunjin.capability.overlay.put.v1"
    name: str
    point: str
    tenant: str
    business: str
    scenario: str
    how: str
    value: str
    note: str

    @property
    def subject(self) -> str:
        """What happens to an overlay keeps its order."""
        return self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class OverlayWithdrawn:
    """An overlay was taken away."""

    type: ClassVar[str] = "yunjin.capability.overlay.withdrawn.v1"
    name: str
    point: str

    @property
    def subject(self) -> str:
        """What happens to an overlay keeps its order."""
        return self.name
