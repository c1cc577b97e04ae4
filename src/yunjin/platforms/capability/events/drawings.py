"""What the centre of drawings tells."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawingBrought:
    """A version of a drawing was brought in and found fit to run."""

    type: ClassVar[str] = "yunjin.capability.drawing.brought.v1"
    drawing: str
    version: int
    by: str

    @property
    def subject(self) -> str:
        """What happens to a drawing keeps its order."""
        return self.drawing


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawingRetired:
    """A drawing starts no more flows."""

    type: ClassVar[str] = "yunjin.capability.drawing.retired.v1"
    drawing: str
    by: str

    @property
    def subject(self) -> str:
        """What happens to a drawing keeps its order."""
        return self.drawing
