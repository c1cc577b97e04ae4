"""What banking tells: one event a wave, as the ledger tells one a batch."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreementsOpened:
    """Agreements were opened."""

    type: ClassVar[str] = "yunjin.banking.agreements.opened.v1"
    wave: int
    date: str
    agreement_ids: tuple[str, ...]  # the first thousand
    count: int

    @property
    def subject(self) -> str:
        """All waves of a bank are of one order."""
        return "waves"


@dataclass(frozen=True, slots=True, kw_only=True)
class EntriesBooked:
    """Entries were booked; what each came to is in the ledger under its id."""

    type: ClassVar[str] = "yunjin.banking.entries.booked.v1"
    wave: int
    date: str
    entries: int
    transfers: int

    @property
    def subject(self) -> str:
        """All waves of a bank are of one order."""
        return "waves"


@dataclass(frozen=True, slots=True, kw_only=True)
class DayClosed:
    """A business day is closed, and its books agree."""

    type: ClassVar[str] = "yunjin.banking.day.closed.v1"
    date: str
    transfers: int
    agreements: int

    @property
    def subject(self) -> str:
        """Days follow each other."""
        return "days"


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomersNoticed:
    """Products have something to tell customers; who sends it, and how, is another's business.

    code : what it is, a word of the product's file such as `card-statement`.
    """

    type: ClassVar[str] = "yunjin.banking.customers.noticed.v1"
    wave: int
    date: str
    code: str
    agreement_ids: tuple[str, ...]  # at most a thousand an event

    @property
    def subject(self) -> str:
        """All waves of a bank are of one order."""
        return "waves"
