"""Entries that lending posts to the core: one at a time, under ids that its commands give."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

import pyarrow as pa

from yunjin.foundation.banking.api.agreements import AgreementsApi, EntryStatus
from yunjin.platforms.capability.domain.payments import BOOKED

_LOW: Final = 2**64 - 1


@dataclass(frozen=True, slots=True)
class Posted:
    """What the core answered. reason: its words where it did not book."""

    status: EntryStatus
    reason: str

    @property
    def is_booked(self) -> bool:
        """Whether it is in the books, now or since an earlier try."""
        return self.status in BOOKED

    @property
    def words(self) -> str:
        """Why not, in words."""
        return self.reason or self.status.name.lower().replace("_", " ")


def post(
    agreements: AgreementsApi,
    entry_id: UUID,
    agreement_id: int,
    amount_minor: int,
    *,
    counter: int = 0,
    against: int = 0,
    reference: UUID | None = None,
) -> Posted:
    """Post an entry; > 0 comes in to the agreement. Sent again it acts once.

    Parameters
    ----------
    counter : the other agreement; 0: a slot of the bank, `against`; both 0: clearing.

    Raises: Outage, Unknown.
    """
    own, reference_id = entry_id.int, (reference or entry_id).int
    found = agreements.post(
        pa.record_batch(
            {
                "id_hi": pa.array([own >> 64], pa.uint64()),
                "id_lo": pa.array([own & _LOW], pa.uint64()),
                "agreement_id": pa.array([agreement_id], pa.int64()),
                "amount_minor": pa.array([amount_minor], pa.int64()),
                "counter_agreement_id": pa.array([counter], pa.int64()),
                "against": pa.array([against], pa.uint16()),
                "reference_hi": pa.array([reference_id >> 64], pa.uint64()),
                "reference_lo": pa.array([reference_id & _LOW], pa.uint64()),
            }
        )
    )
    return Posted(EntryStatus(found["status"][0].as_py()), found["reason"][0].as_py())
