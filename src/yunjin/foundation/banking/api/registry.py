"""The registry of products: versions side by side, live at once, first for some if so wished."""

import datetime as dt
from collections.abc import Mapping, Sequence
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


@dataclass(frozen=True, slots=True, kw_only=True)
class TermsChange:
    """A product's parameter, or its value in a template, is another one from a business day on.

    It holds for all agreements that were not given a value of their own, and for new ones; a
    template's value for those opened under it, whatever the product's is.

    template : "" for the product itself. A template begins with the first value it is given.
    """

    product: str
    parameter: str
    value: int
    since: dt.date
    template: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A named set of values of a product. terms: those in force on the open business day."""

    product: str
    name: str
    terms: Mapping[str, int]


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

    def set_terms(self, command_id: UUID, change: TermsChange) -> None:
        """Give a product's or a template's parameter another value; from today on it acts at once.

        Raises: ProductNotFound, Malformed (parameter, value, level, name, a day that is closed),
        IdempotencyConflict.
        """

    def templates(self, code: str = "") -> list[Template]:
        """Return the templates of a product, or of all, by name."""

    def terms(self, code: str = "") -> list[TermsChange]:
        """Return the changes of a product's parameters, or of all, the newest first."""

    def versions(self, code: str = "") -> list[ProductVersion]:
        """Return the versions of a product, or of all, the newest first."""
