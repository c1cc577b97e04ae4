"""The catalogue of centres."""

from collections.abc import Sequence

from yunjin.platforms.capability.api.centres import Centre, Entry
from yunjin.platforms.capability.domain.catalogue import entry_of
from yunjin.platforms.capability.errors import CentreNotFound


class CatalogueService:
    """What centres there are, as their code says."""

    def __init__(self, centres: Sequence[Centre]) -> None:
        self._entries = {one.code: entry_of(one) for one in centres}

    def centres(self) -> list[Entry]:
        """Return every centre, in the order of the catalogue."""
        return list(self._entries.values())

    def centre(self, code: str) -> Entry:
        """Return one centre. Raises: CentreNotFound."""
        found = self._entries.get(code)
        if found is None:
            raise CentreNotFound("There is no such centre.", centre=code[:40])
        return found
