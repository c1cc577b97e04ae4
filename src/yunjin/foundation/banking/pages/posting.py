"""One entry as the door wants it, and its answer in words."""

from typing import Any, Final
from uuid import UUID

import pyarrow as pa

from yunjin.chassis.console import (
    Done,
    formats,
    t,
)
from yunjin.foundation.banking.api.agreements import (
    ENTRIES_OPTIONAL,
    ENTRIES_REQUIRED,
    Action,
    AgreementsApi,
    EntryStatus,
)
from yunjin.foundation.banking.pages import terms

_TYPES: Final = {**ENTRIES_REQUIRED, **ENTRIES_OPTIONAL}
_LOW: Final = 2**64 - 1


def entry(
    entry_id: UUID,
    agreement_id: int,
    amount_minor: int,
    *,
    action: Action = Action.BOOK,
    hold: UUID | None = None,
    other: int = 0,
) -> pa.RecordBatch:
    """Return one entry as ENTRIES columns."""
    values: dict[str, Any] = {
        "id_hi": entry_id.int >> 64,
        "id_lo": entry_id.int & _LOW,
        "agreement_id": agreement_id,
        "amount_minor": amount_minor,
        "action": int(action),
        "counter_agreement_id": other,
        "hold_id_hi": hold.int >> 64 if hold else 0,
        "hold_id_lo": hold.int & _LOW if hold else 0,
    }
    arrays = [pa.array([value], _TYPES[name]) for name, value in values.items()]
    return pa.RecordBatch.from_arrays(arrays, names=list(values))


def post(agreements: AgreementsApi, batch: pa.RecordBatch, currency: str) -> Done:
    """Post one entry and say what came of it."""
    (answer,) = agreements.post(batch).to_pylist()
    status = EntryStatus(answer["status"])
    if status in (EntryStatus.BOOKED, EntryStatus.EXISTS):
        facts = {
            "balance": formats.money(answer["balance_minor"], currency),
            "available": formats.money(answer["available_minor"], currency),
            "currency": currency,
        }
        return Done(t(f"banking.entry.{status.name.lower()}", **facts))
    words = t(f"banking.entry.{status.name.lower()}")
    reason = terms.said(answer["reason"]) if answer["reason"] else ""
    return Done(f"{words} {reason}".strip(), is_good=False)
