"""Entries as columns, their answers, and what can be said of them before any agreement is asked."""

from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import numpy as np
import pyarrow as pa

from yunjin.foundation.banking.api.agreements import (
    ANSWERS,
    ENTRIES_MAX,
    ENTRIES_OPTIONAL,
    ENTRIES_REQUIRED,
    Action,
    EntryStatus,
)
from yunjin.foundation.banking.domain import derived_ids
from yunjin.foundation.banking.domain.products.slots import Slot
from yunjin.kernel.columns import refusal_of
from yunjin.kernel.errors import Malformed
from yunjin.kernel.money import MINOR_MAX

_COUNTER: Final = "counter_agreement_id"
_SLOTS: Final = np.array([int(slot) for slot in Slot])


def columns_of(entries: pa.RecordBatch) -> dict[str, Any]:
    """Return the columns of entries; missing ones are zero. Raises: Malformed."""
    if entries.num_rows > ENTRIES_MAX:
        raise Malformed(f"expected at most {ENTRIES_MAX} entries, was {entries.num_rows}")
    refusal = refusal_of(entries.schema, ENTRIES_REQUIRED, ENTRIES_OPTIONAL, Malformed)
    if refusal is not None:
        raise refusal
    found: dict[str, Any] = {}
    for part, values in zip(entries.schema, entries.columns, strict=True):
        if part.name != "value_date" and values.null_count:
            raise Malformed(f"expected a value in every row of {part.name}, was null")
        found[part.name] = values.to_numpy(zero_copy_only=False)
    for name in ("against", "counter_agreement_id"):  # what an entry refers to may say
        if name in found:
            found[name] = found[name].copy()
    count = entries.num_rows
    for name, kind in ENTRIES_OPTIONAL.items():
        if name == "value_date":
            dates = found.get(name, np.full(count, np.datetime64("NaT", "D")))
            found[name] = np.asarray(dates, "datetime64[D]")
        elif name not in found:
            found[name] = np.zeros(count, kind.to_pandas_dtype())
    return found


@dataclass(slots=True)
class Answers:
    """The answers to a batch, filled wave by wave."""

    status: Any
    reason: list[str]
    timestamp: Any
    balance: Any
    available: Any

    @classmethod
    def of(cls, count: int) -> "Answers":
        """Return empty answers."""
        zeros = [np.zeros(count, np.int64) for _ in range(3)]
        return cls(np.zeros(count, np.uint8), [""] * count, *zeros)

    def refuse(self, at: int, status: EntryStatus, reason: str = "") -> None:
        """Refuse an entry that has no answer yet."""
        if not self.status[at]:
            self.status[at], self.reason[at] = status, reason

    def batch(self) -> pa.RecordBatch:
        """Return ANSWERS."""
        columns = [self.status, self.reason, self.timestamp, self.balance, self.available]
        arrays = [
            pa.array(column, kind.type) for column, kind in zip(columns, ANSWERS, strict=True)
        ]
        return pa.RecordBatch.from_arrays(arrays, schema=ANSWERS)


def judge_form(columns: dict[str, Any], answers: Answers, today: Any) -> None:
    """Refuse entries that no agreement could take."""
    amount, action, against = columns["amount_minor"], columns["action"], columns["against"]
    back = columns["value_date"] > today
    booked = action == Action.BOOK
    for at in np.flatnonzero(columns["agreement_id"] <= 0).tolist():
        answers.refuse(at, EntryStatus.AGREEMENT_NOT_FOUND)
    wrong = {
        "expected an action from 0 to 4": action > max(Action),
        "expected an amount other than 0": (amount == 0) & booked,
        "expected an amount > 0 of a hold": (amount <= 0) & (action == Action.HOLD),
        "expected no amount below 0": (amount < 0) & ~booked,
        "expected an amount of at most 2^53": (amount > MINOR_MAX) | (amount < -MINOR_MAX),
        "expected a slot of the bank": (against != 0) & ~np.isin(against, _SLOTS),
        "expected two different agreements": columns["agreement_id"]
        == columns["counter_agreement_id"],
        "expected no other agreement beside a hold": (columns["counter_agreement_id"] != 0)
        & np.isin(action, (Action.HOLD, Action.CAPTURE, Action.RELEASE)),
        "expected a value date not after the business date": back,
        "expected the id of a hold or an entry": (action >= Action.CAPTURE)
        & (columns["hold_id_hi"] == 0)
        & (columns["hold_id_lo"] == 0),
        "expected an id": (columns["id_hi"] == 0) & (columns["id_lo"] == 0),
    }
    for reason, where in wrong.items():
        for at in np.flatnonzero(where).tolist():
            answers.refuse(at, EntryStatus.MALFORMED, reason)
    high, low = columns["id_hi"], columns["id_lo"]
    order = np.lexsort((low, high))  # stable: of the same, the first of the batch comes first
    again = (high[order][1:] == high[order][:-1]) & (low[order][1:] == low[order][:-1])
    for at in order[1:][again].tolist():
        answers.refuse(at, EntryStatus.MALFORMED, "expected each id once in a batch")


def waves_of(columns: dict[str, Any], status: Any) -> list[Any]:
    """Return places of entries (int64[k]) wave by wave: no agreement twice in one."""
    alive = np.flatnonzero(status == 0)
    others = columns[_COUNTER][alive]
    named = np.sort(np.concatenate([columns["agreement_id"][alive], others[others != 0]]))
    if len(alive) and (named[1:] != named[:-1]).all():
        return [alive]  # as most: nobody is in it twice
    last: dict[int, int] = {}
    waves: list[list[int]] = []
    pairs = zip(columns["agreement_id"].tolist(), columns[_COUNTER].tolist(), strict=True)
    for at, (one, other) in enumerate(pairs):
        if status[at]:
            continue
        number = max(last.get(one, -1), last.get(other, -1) if other else -1) + 1
        last[one] = number
        if other:
            last[other] = number
        if number == len(waves):
            waves.append([])
        waves[number].append(at)
    return [np.array(wave) for wave in waves]


def value_dates(columns: dict[str, Any], at: Any, today: Any) -> Any:
    """Return the day that entries count from (datetime64[D][k]); today where none is named."""
    dates = columns["value_date"][at]
    return np.where(np.isnat(dates), today, dates)


def slots_of(columns: dict[str, Any], at: Any) -> Any:
    """Return the bank's slot of entries (int64[k]); clearing where none is named."""
    slots = columns["against"][at].astype(np.int64)
    return np.where(slots == 0, int(Slot.CLEARING), slots)


def id_of(columns: dict[str, Any], name: str, at: int) -> int:
    """Return an entry's 128-bit id, or the one it refers to."""
    return (int(columns[f"{name}_hi"][at]) << 64) | int(columns[f"{name}_lo"][at])


def ids_of(columns: dict[str, Any], name: str, places: Any = None) -> list[UUID]:
    """Return the ids of entries, of all or of some places."""
    some = slice(None) if places is None else places
    pairs = zip(
        columns[f"{name}_hi"][some].tolist(), columns[f"{name}_lo"][some].tolist(), strict=True
    )
    return [UUID(int=(high << 64) | low) for high, low in pairs]


def reversal_id(columns: dict[str, Any], at: int) -> UUID:
    """Return the id of the reversal of an entry: it can be reversed once."""
    return follower_id(columns, at, 1 << 20)


def follower_id(columns: dict[str, Any], at: int, number: int) -> UUID:
    """Return the id of what followed from the entry that an entry refers to."""
    high, low = columns["hold_id_hi"][at : at + 1], columns["hold_id_lo"][at : at + 1]
    made = derived_ids.followers(high, low, np.array([number]))
    return UUID(int=(int(made[0][0]) << 64) | int(made[1][0]))
