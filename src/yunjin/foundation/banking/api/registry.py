"""The registry of products: versions side by side, live at once, first for some if so wished."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductVersion:
    """A registered product file.

    agreements : for whom it is live; None: for all, and for new agreements.
    """

    code: str
    version: int
    note: str
    registered: dt.datetime
    agreements: tuple[int, ...] | None
    source: str


class RegistryApi(Protocol):
    """Products as the bank sells them."""

    def register(
        self,
        command_id: UUID,
        source: str,
        *,
        agreements: Sequence[int] | None = None,
        note: str = "",
    ) -> ProductVersion:
        """Try a product file and make it the next version of its code, live on return.

        agreements : come over to it now, as a gray lane 灰度; None: it is live for new ones.
        Raises: ProductRefused, AgreementNotFound, IdempotencyConflict.
        """

    def release(self, command_id: UUID, code: str, version: int) -> ProductVersion:
        """Open a gray version to everybody. Raises: ProductNotFound, IdempotencyConflict."""

    def versions(self, code: str = "") -> list[ProductVersion]:
        """Return the versions of a product, or of all, the newest first."""
