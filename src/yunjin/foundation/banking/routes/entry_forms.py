"""Entries as JSON: read by msgspec, laid out as the columns of AgreementsApi.post, answered."""

import datetime as dt
from collections.abc import Sequence
from typing import Annotated, Any, Final, Literal, NamedTuple
from uuid import UUID

import msgspec
import pyarrow as pa

from yunjin.foundation.banking.api.agreements import (
    ENTRIES_MAX,
    ENTRIES_OPTIONAL,
    ENTRIES_REQUIRED,
    Action,
    EntryStatus,
)
from yunjin.foundation.banking.api.slots import Slot
from yunjin.foundation.banking.errors import AgreementNotFound, EntryRefused
from yunjin.kernel.errors import Malformed, Problem
from yunjin.kernel.money import MINOR_MAX

Minor = Annotated[int, msgspec.Meta(ge=-MINOR_MAX, le=MINOR_MAX)]
Small = Annotated[int, msgspec.Meta(ge=0, le=MINOR_MAX)]
Digits = Annotated[str, msgspec.Meta(pattern="^[0-9]{1,19}$")]
ActionName = Literal["book", "hold", "capture", "release", "reverse"]
_ZERO: Final = UUID(int=0)
_LOW: Final = 2**64 - 1
_TYPES: Final = {**ENTRIES_REQUIRED, **ENTRIES_OPTIONAL}
_ACTIONS: Final = {action.name.lower(): int(action) for action in Action}
_WORDS: Final = {int(status): status.name.lower() for status in EntryStatus}
_DONE: Final = {int(EntryStatus.BOOKED): 201, int(EntryStatus.EXISTS): 200}
Row = tuple[Any, ...]  # in the order of _TYPES


class Entry(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, gc=False):
    """Money of an agreement. Make the id before sending and keep it: sent again, it acts once."""

    id: UUID
    agreement_id: Small | Digits
    amount_minor: Minor = 0
    counter_agreement_id: Small | Digits = 0
    against: Annotated[str, msgspec.Meta(max_length=40)] = ""
    action: ActionName = "book"
    hold_id: UUID = _ZERO
    value_date: dt.date | None = None
    reference: UUID = _ZERO


class EntryBatch(msgspec.Struct, forbid_unknown_fields=True):
    """Entries to post together, in order; each gets its own result."""

    entries: Annotated[list[Entry], msgspec.Meta(min_length=1, max_length=ENTRIES_MAX)]


class Booked(msgspec.Struct, omit_defaults=True):
    """What came of an entry; balances are of the agreement's main account, afterwards."""

    id: UUID
    result: str
    timestamp: str
    balance_minor: int
    available_minor: int
    reason: str = ""


class BookedBatch(msgspec.Struct):
    """One result an entry, in order."""

    results: list[Booked]


class Outcome(NamedTuple):
    """The core's answer to one entry."""

    status: int
    reason: str
    timestamp: int
    balance_minor: int
    available_minor: int


def row_of(entry: Entry) -> Row:
    """Return an entry as a row. Raises: Malformed."""
    against = 0
    if entry.against:
        if entry.against.upper() not in Slot.__members__:
            raise _wrong("against", "expected a slot of the bank, such as clearing or cash")
        against = int(Slot[entry.against.upper()])
    identity, hold, reference = entry.id.int, entry.hold_id.int, entry.reference.int
    return (
        identity >> 64,
        identity & _LOW,
        _number(entry.agreement_id, "agreement_id"),
        entry.amount_minor,
        _number(entry.counter_agreement_id, "counter_agreement_id"),
        against,
        _ACTIONS[entry.action],
        hold >> 64,
        hold & _LOW,
        entry.value_date,
        reference >> 64,
        reference & _LOW,
    )


def columns_of(rows: Sequence[Row]) -> pa.RecordBatch:
    """Return rows as the columns of entries; optional ones that nobody uses are left out."""
    names, arrays = [], []
    for (name, kind), column in zip(_TYPES.items(), zip(*rows, strict=True), strict=True):
        if name in ENTRIES_REQUIRED or any(column):
            names.append(name)
            arrays.append(pa.array(column, kind))
    return pa.RecordBatch.from_arrays(arrays, names=names)


def outcomes_of(answers: pa.RecordBatch) -> list[Outcome]:
    """Return the answers, one an entry."""
    columns = (column.to_pylist() for column in answers.columns)
    return [Outcome(*row) for row in zip(*columns, strict=True)]


def booked(identity: UUID, outcome: Outcome) -> Booked:
    """Return the answer to one entry."""
    status, reason, timestamp, balance, available = outcome
    return Booked(identity, _WORDS[status], str(timestamp), balance, available, reason)


def http_status(outcome: Outcome) -> int:
    """Return 201 or 200 for what is booked, 0 for what is refused."""
    return _DONE.get(outcome.status, 0)


def refusal(entry: Entry, outcome: Outcome) -> Problem:
    """Return the problem of an entry that was not booked."""
    word = _WORDS[outcome.status]
    facts = {"result": word, "reason": outcome.reason, "id": str(entry.id)}
    if outcome.status == EntryStatus.MALFORMED:
        return Malformed(outcome.reason, **facts)
    if outcome.status == EntryStatus.AGREEMENT_NOT_FOUND:
        return AgreementNotFound(f"There is no agreement {entry.agreement_id}.", **facts)
    why = outcome.reason or word.replace("_", " ")
    facts |= {
        "balance_minor": str(outcome.balance_minor),
        "available_minor": str(outcome.available_minor),
    }
    return EntryRefused(f"The entry was refused: {why}.", **facts)


def _number(value: int | str, name: str) -> int:
    if type(value) is int:
        return value
    number = int(value)
    if number >= 2**63:
        raise _wrong(name, "expected a number of 63 bits")
    return number


def _wrong(name: str, message: str) -> Malformed:
    return Malformed(
        "The request is not of the form this address takes.",
        errors=[{"at": f"body.{name}", "message": message}],
    )
