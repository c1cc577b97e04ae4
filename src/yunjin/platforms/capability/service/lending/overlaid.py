"""What overlays put at the points of a centre; nothing where there are no overlays."""

from collections.abc import Sequence

from yunjin.platforms.capability.api.overlays import Laid, OverlaysApi
from yunjin.platforms.capability.api.tasks import FormField


class Overlaid:
    """The overlays at a centre's points. owner: the centre's code."""

    def __init__(self, overlays: OverlaysApi | None, owner: str) -> None:
        self._overlays, self._owner = overlays, owner

    def at(self, point: str, business: str = "", scenario: str = "") -> Laid | None:
        """Return what stands at a point."""
        if self._overlays is None:
            return None
        [laid] = self._overlays.at([f"{self._owner}/{point}"], business, scenario)
        return laid

    def parameter(self, point: str, business: str = "", scenario: str = "") -> str:
        """Return what stands at a parameter's or a product's point, "" where nothing does."""
        laid = self.at(point, business, scenario)
        return "" if laid is None else laid.value

    def fields(self, point: str, business: str = "", scenario: str = "") -> Sequence[FormField]:
        """Return the fields that are added to a form."""
        laid = self.at(point, business, scenario)
        return () if laid is None else laid.fields
