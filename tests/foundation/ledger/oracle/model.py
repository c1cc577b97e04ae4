"""What the oracle keeps: accounts, transfers, the last timestamp. Units: minor, nanoseconds."""

from dataclasses import dataclass, field
from enum import Enum, IntEnum
from typing import Final, NamedTuple

from yunjin.kernel.shares import Share

INT64_MAX: Final = 2**63 - 1
ID_MAX: Final = 2**128 - 1
SECOND_NS: Final = 1_000_000_000

Request = dict[str, int]  # the columns of the door; one that is left out reads as zero
Totals = tuple[int, int, int, int]  # debits pending, debits posted, credits pending, posted
NO_TOTALS: Final[Totals] = (0, 0, 0, 0)


class Answer(NamedTuple):
    """What one item of a batch gets back."""

    status: IntEnum
    timestamp: int = 0  # of the created one, also for EXISTS; 0 for every other failure
    debit_account: Totals = NO_TOTALS  # right after it; EXISTS: now; else zeros
    credit_account: Totals = NO_TOTALS


@dataclass
class Account:
    """An account: what it was opened with, and what has happened to it."""

    id: int
    ledger: int
    code: int
    flags: int  # as given when it was opened
    limit_minor: int
    timestamp: int
    is_closed: bool
    debits_pending: int = 0
    debits_posted: int = 0
    credits_pending: int = 0
    credits_posted: int = 0

    @property
    def totals(self) -> Totals:
        return self.debits_pending, self.debits_posted, self.credits_pending, self.credits_posted


class Fate(Enum):
    """What became of a transfer."""

    DONE = "done"  # a plain transfer, a post, a void
    PENDING = "pending"
    POSTED = "posted"
    VOIDED = "voided"
    EXPIRED = "expired"
    MOVED = "moved"


@dataclass
class Transfer:
    """A created transfer: the request as given, and what it came to mean."""

    request: Request
    timestamp: int
    debit_account_id: int
    credit_account_id: int
    amount_minor: int
    ledger: int
    code: int
    fate: Fate

    @property
    def expires_at(self) -> int | None:
        timeout_ns = self.request.get("timeout_s", 0) * SECOND_NS
        waits = self.fate is Fate.PENDING and timeout_ns > 0
        return self.timestamp + timeout_ns if waits else None


class Line(NamedTuple):
    """What an account was right after a transfer, or after a hold of it expired."""

    account_id: int
    transfer_id: int
    timestamp: int
    is_expiry: bool
    totals: Totals


@dataclass
class State:
    """All that a chain which fails must leave as it was."""

    accounts: dict[int, Account] = field(default_factory=dict)
    transfers: dict[int, Transfer] = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)  # of all accounts, oldest first
    last: int = 0  # the latest timestamp given
    share: Share | None = None  # of its home, once the cell was split

    def is_elsewhere(self, account_id: int) -> bool:
        """Tell whether an account is in another cell of the home."""
        return self.share is not None and bool(self.share.lacks(account_id))


@dataclass(frozen=True)
class Batch:
    """What the items of one batch have in common."""

    now: int  # the ledger's clock
    is_imported: bool


def wide(request: Request, name: str) -> int:
    """Return a 128-bit field, which travels as two columns."""
    return request.get(f"{name}_hi", 0) << 64 | request.get(f"{name}_lo", 0)


class Case:
    """One item at its place in a batch, and the rules that accounts and transfers share."""

    IMPORTED: int
    KNOWN_FLAGS: int

    def __init__(self, state: State, batch: Batch, place: int, request: Request) -> None:
        self.state, self.batch, self.request = state, batch, request
        self.flags = request.get("flags", 0)
        self.own_timestamp = request.get("timestamp", 0)
        self.is_imported = bool(self.flags & self.IMPORTED)
        self.timestamp = self.own_timestamp if self.is_imported else batch.now + place

    def value(self, name: str) -> int:
        """Return a field of the request; zero where it was left out."""
        return self.request.get(name, 0)

    def imported_expected(self) -> bool:
        return self.batch.is_imported and not self.is_imported

    def imported_not_expected(self) -> bool:
        return self.is_imported and not self.batch.is_imported

    def timestamp_must_be_zero(self) -> bool:
        return not self.is_imported and self.own_timestamp != 0

    def imported_timestamp_out_of_range(self) -> bool:
        return self.is_imported and self.own_timestamp < 1

    def imported_timestamp_must_not_advance(self) -> bool:
        return self.is_imported and self.own_timestamp > self.batch.now

    def imported_timestamp_must_not_regress(self) -> bool:
        return self.is_imported and self.own_timestamp <= self.state.last

    def reserved_flag(self) -> bool:
        return bool(self.flags & ~self.KNOWN_FLAGS)

    def first_that_applies(self, codes: type[IntEnum]) -> IntEnum:
        """Return the first code whose rule applies; CREATED where none does.

        LINKED_FAILED and LINKED_CHAIN_OPEN are the chain's matter, not an item's.
        """
        created, _linked_failed, _chain_open, *rules = codes
        for code in rules:
            if getattr(self, code.name.lower())():
                return code
        return created
