"""Agreements: opened under a product's terms, posted to, held, changed, closed."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Final, Protocol
from uuid import UUID

import pyarrow as pa

from yunjin.kernel.page import Page

BRANCH: Final = "head"
ENTRIES_MAX: Final = 8_190  # of one call
OPENINGS_MAX: Final = 50_000  # of one call
ENTRIES_REQUIRED: Final = {
    "id_hi": pa.uint64(),
    "id_lo": pa.uint64(),
    "agreement_id": pa.int64(),
    "amount_minor": pa.int64(),  # > 0 comes in, < 0 goes out; of a hold: > 0
}
ENTRIES_OPTIONAL: Final = {
    "counter_agreement_id": pa.int64(),  # the other agreement; 0: a slot of the bank
    "against": pa.uint16(),  # Slot of the bank's side; 0: clearing
    "action": pa.uint8(),  # Action; 0: book
    "hold_id_hi": pa.uint64(),  # of capture and release
    "hold_id_lo": pa.uint64(),
    "value_date": pa.date32(),  # interest counts from here; null or missing: the business date
    "reference_hi": pa.uint64(),  # the caller's own, 128 bits
    "reference_lo": pa.uint64(),
}
ANSWERS: Final = pa.schema(
    [
        ("status", pa.uint8()),  # EntryStatus
        ("reason", pa.string()),  # the product's words where it refused, "" else
        ("timestamp", pa.int64()),  # ns, of the ledger; 0 where nothing was booked
        ("balance_minor", pa.int64()),  # of the main account, afterwards
        ("available_minor", pa.int64()),
    ]
)


class Action(IntEnum):
    """What an entry does."""

    BOOK = 0  # 记账
    HOLD = 1  # 冻结, 预授权
    CAPTURE = 2  # 请款: a hold, or a part of it, is booked
    RELEASE = 3  # 解冻
    REVERSE = 4  # 冲正: the opposite of the entry `hold_id`, whole


class EntryStatus(IntEnum):
    """What came of an entry."""

    BOOKED = 1
    EXISTS = 2  # it had been booked before
    EXISTS_OTHERWISE = 3  # another entry has the id
    REFUSED = 4  # by the product; `reason` says why
    AGREEMENT_NOT_FOUND = 5
    AGREEMENT_NOT_OPEN = 6
    AGREEMENT_STOPPED = 7  # its product failed on it; a person must look
    HOLD_NOT_FOUND = 8
    HOLD_ENDED = 9
    CURRENCIES_DIFFER = 10
    MALFORMED = 11
    LEDGER_REFUSED = 12  # `reason` is the ledger's word
    ID_USED = 13  # it failed before; take another


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """Terms of a new agreement. version: 0 for the product's live one.

    template : name of the product's template that the terms not given are of; "": of none.
    """

    product: str
    party_id: str
    terms: Mapping[str, int] = field(default_factory=dict)
    branch: str = BRANCH
    version: int = 0
    note: str = ""
    template: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """An agreement as it stands now.

    balances : minor units by account, on the side the account grows on.
    accrued_e8 : 10⁻⁸ minor units by accrual.
    fields, dates : what the product remembers.
    due : the next date of each event that is scheduled.
    """

    agreement_id: int
    product: str
    version: int
    currency: str
    party_id: str
    branch: str
    note: str
    status: str  # "open", "closed" or "stopped"
    opened: dt.date
    closed: dt.date | None
    terms: Mapping[str, int]
    balances: Mapping[str, int]
    accrued_e8: Mapping[str, int]
    fields: Mapping[str, int]
    dates: Mapping[str, dt.date]
    due: Mapping[str, dt.date]
    account_ids: Mapping[str, int]
    balance_minor: int
    held_minor: int
    available_minor: int
    days_overdue: int
    risk_class: int  # 1 normal 正常 … 5 loss 损失; 0 for what is no loan


class Cause(StrEnum):
    """Why a term of an agreement has another value."""

    AGREEMENT = "agreement"  # it was given its own
    TEMPLATE = "template"  # its template's changed, and it had none of its own
    PRODUCT = "product"  # the product's changed, and neither it nor its template had one
    VERSION = "version"  # it was brought over to another version of its product


@dataclass(frozen=True, slots=True, kw_only=True)
class TermChange:
    """A term of an agreement that changed on a business date 合同变更.

    parameter : "version" where the cause is VERSION and its version is what changed.
    old, new : None where the product's version has no such parameter.
    by : who asked, as far as he said; command_id: of the command that did it.
    """

    agreement_id: int
    date: dt.date
    at: dt.datetime
    cause: Cause
    parameter: str
    old: int | None
    new: int | None
    by: str
    command_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreementQuery:
    """Which agreements; what is empty does not matter. Newest first."""

    product: str = ""
    party_id: str = ""
    branch: str = ""
    status: str = ""
    limit: int = 50
    cursor: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingOrder:
    """Money that goes out again and again 定期转账, on a day of the month or every so many days."""

    order_id: UUID
    agreement_id: int
    counter_agreement_id: int
    amount_minor: int
    first: dt.date
    last: dt.date | None = None
    every_months: int = 1
    every_days: int = 0
    note: str = ""
    next: dt.date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Something that waits for a person."""

    task_id: int
    agreement_id: int
    date: dt.date
    code: str
    detail: str
    is_done: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something that a customer was told of an agreement.

    code : what it is, a word of the product's file such as `card-statement`.
    """

    agreement_id: int
    date: dt.date  # business date
    at: dt.datetime
    code: str


class AgreementsApi(Protocol):
    """The thin core: whatever changes a balance of an agreement goes through here.

    Every method may raise Outage (nothing done) and, where it writes, Unknown (ask by id).
    """

    def open(self, command_id: UUID, openings: Sequence[Opening]) -> list[int]:
        """Open agreements; return their ids in order. Sent again, answers the same.

        Raises: ProductNotFound, Malformed (terms), IdempotencyConflict, EntryRefused: by the
        product, and none is opened; or by the ledger, where sums are beyond all bounds, and those
        that it booked are open: `agreement_ids` says which, in order, null for those it refused.
        """

    def post(self, entries: pa.RecordBatch) -> pa.RecordBatch:
        """Post entries (ENTRIES_* columns, at most ENTRIES_MAX), each whole or not at all.

        Entries of one agreement act in their order. Returns: ANSWERS, a row an entry.
        Raises: Malformed (columns).
        """

    def change(
        self, command_id: UUID, agreement_id: int, terms: Mapping[str, int], *, by: str = ""
    ) -> Agreement:
        """Give parameters other values from the business date on. by: who asks, for the record.

        Raises: AgreementNotFound, AgreementNotOpen, Malformed, IdempotencyConflict.
        """

    def close(self, command_id: UUID, agreement_id: int) -> Agreement:
        """Close an agreement whose accounts the product brings to 0.

        Raises: AgreementNotFound, AgreementNotOpen, AgreementNotEmpty (`left`: what is in its way,
        minor by name), EntryRefused, IdempotencyConflict.
        """

    def convert(self, command_id: UUID, agreement_ids: Sequence[int], version: int) -> int:
        """Bring agreements over to another version of their product; return how many came.

        Raises: AgreementNotFound, AgreementNotEmpty, ProductNotFound, Malformed, EntryRefused: by
        the product, and none came; or by the ledger, and those that it refused stay as they are.
        """

    def agreement(self, agreement_id: int) -> Agreement:
        """Return an agreement. Raises: AgreementNotFound."""

    def term_changes(self, agreement_id: int) -> list[TermChange]:
        """Return what changed in an agreement's terms since it was opened, in order.

        Raises: AgreementNotFound.
        """

    def notices(
        self, agreement_id: int, *, limit: int = 50, cursor: str | None = None
    ) -> Page[Notice]:
        """Return what the customer was told of an agreement, newest first.

        Raises: AgreementNotFound, Malformed (limit, cursor).
        """

    def find(self, query: AgreementQuery) -> Page[Agreement]:
        """Return agreements, newest first. Raises: Malformed."""

    def order(self, command_id: UUID, order: StandingOrder) -> StandingOrder:
        """Keep a standing order. Raises: AgreementNotFound, Malformed, IdempotencyConflict."""

    def cancel_order(self, command_id: UUID, order_id: UUID) -> None:
        """Let a standing order end. Raises: NotFound."""

    def orders(self, agreement_id: int) -> list[StandingOrder]:
        """Return the standing orders of an agreement."""

    def waiting(self, *, is_done: bool = False, limit: int = 50) -> list[Waiting]:
        """Return what waits for a person, newest first."""

    def settle(self, task_id: int, note: str) -> None:
        """Say that a person has seen to it; a stopped agreement goes on. Raises: NotFound."""
