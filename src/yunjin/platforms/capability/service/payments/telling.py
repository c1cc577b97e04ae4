"""Telling what became of payments."""

from collections.abc import Sequence
from typing import Final

from yunjin.chassis.persistence import SqlUnitOfWork
from yunjin.platforms.capability.api.payments import Payment, PaymentState
from yunjin.platforms.capability.events import PaymentsEnded

_TOLD_MAX: Final = 1_000


def tell_ended(work: SqlUnitOfWork, ended: Sequence[Payment], state: PaymentState) -> None:
    """Tell that payments have come to a state, wave by wave."""
    for wave_id in sorted({one.wave_id for one in ended}):
        mine = [one for one in ended if one.wave_id == wave_id]
        work.outbox.add(
            PaymentsEnded(
                wave_id=str(wave_id),
                state=state.value,
                payment_ids=tuple(str(one.payment_id) for one in mine[:_TOLD_MAX]),
                count=len(mine),
                amount_minor=sum(one.amount_minor for one in mine),
            )
        )
