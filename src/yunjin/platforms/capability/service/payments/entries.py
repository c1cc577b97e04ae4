"""What payments do to agreements: entries as the core takes them, under ids that payments give."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import numpy as np
import pyarrow as pa

from yunjin.foundation.banking.api.agreements import (
    ENTRIES_MAX,
    Action,
    AgreementsApi,
    EntryStatus,
)
from yunjin.platforms.capability.api.payments import Payment
from yunjin.platforms.capability.domain.payments import leg

_LOW: Final = 2**64 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What is done for a payment. word: names the entry; hold: the word of the hold it ends."""

    payment: Payment
    word: str
    action: Action = Action.BOOK
    amount_minor: int = 0
    counter_agreement_id: int = 0
    hold: str = ""


def hold(one: Payment) -> Act:
    """Hold the money at the payer's, to be sent to another bank."""
    return Act(payment=one, word="hold", action=Action.HOLD, amount_minor=one.amount_minor)


def book(one: Payment) -> Act:
    """Book the money from the payer to a payee of this bank."""
    return Act(
        payment=one,
        word="book",
        amount_minor=-one.amount_minor,
        counter_agreement_id=one.counter_agreement_id,
    )


def credit(one: Payment, word: str) -> Act:
    """Book money that comes in from a clearing channel."""
    return Act(payment=one, word=word, amount_minor=one.amount_minor)


def capture(one: Payment) -> Act:
    """Book what was held: the channel has settled it."""
    return Act(payment=one, word="capture", action=Action.CAPTURE, hold="hold")


def release(one: Payment) -> Act:
    """Free what was held: the channel has rejected it."""
    return Act(payment=one, word="release", action=Action.RELEASE, hold="hold")


def post(agreements: AgreementsApi, acts: Sequence[Act]) -> list[tuple[EntryStatus, str]]:
    """Post entries; return the core's word on each and its reason, in order. May come twice.

    Raises: Outage, Unknown.
    """
    answers: list[tuple[EntryStatus, str]] = []
    for at in range(0, len(acts), ENTRIES_MAX):
        found = agreements.post(_columns(acts[at : at + ENTRIES_MAX]))
        pairs = zip(found["status"].to_pylist(), found["reason"].to_pylist(), strict=True)
        answers += [(EntryStatus(status), reason) for status, reason in pairs]
    return answers


def _columns(acts: Sequence[Act]) -> pa.RecordBatch:
    own = [leg(one.payment.payment_id, one.word).int for one in acts]
    held = [leg(one.payment.payment_id, one.hold).int if one.hold else 0 for one in acts]
    reference = [one.payment.payment_id.int for one in acts]
    columns: dict[str, Any] = {
        **_halves("id", own),
        "agreement_id": pa.array([one.payment.agreement_id for one in acts], pa.int64()),
        "amount_minor": pa.array([one.amount_minor for one in acts], pa.int64()),
        "counter_agreement_id": pa.array([one.counter_agreement_id for one in acts], pa.int64()),
        "action": pa.array([int(one.action) for one in acts], pa.uint8()),
        **_halves("hold_id", held),
        **_halves("reference", reference),
    }
    return pa.record_batch(columns)


def columns_of(ids: tuple[Any, Any], agreements: Any, amounts: Any, *, against: int) -> Any:
    """Return entries against a slot of the bank; amounts > 0 come in to the agreements.

    ids: (uint64[n], uint64[n]).  agreements, amounts: int64[n].
    """
    return pa.record_batch(
        {
            "id_hi": pa.array(ids[0]),
            "id_lo": pa.array(ids[1]),
            "agreement_id": pa.array(agreements, pa.int64()),
            "amount_minor": pa.array(amounts, pa.int64()),
            "against": pa.array(np.full(len(ids[0]), against, np.uint16)),
        }
    )


def _halves(name: str, numbers: Sequence[int]) -> dict[str, Any]:
    return {
        f"{name}_hi": pa.array([one >> 64 for one in numbers], pa.uint64()),
        f"{name}_lo": pa.array([one & _LOW for one in numbers], pa.uint64()),
    }


def limit_hold(payment_id: UUID) -> UUID:
    """Return the id of what a payment holds of a limit."""
    return leg(payment_id, "limit")
