"""What the ledger booked against the clearing slot, read from the journal: BookedPort."""

import datetime as dt
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import pyarrow as pa

from yunjin.foundation.banking.api.dates import business_days
from yunjin.foundation.banking.api.slots import Slot
from yunjin.foundation.ledger.api import ExportPort, LedgerApi, TransferFlag
from yunjin.platforms.capability.api.reconciliation import BOOKED

_EPOCH: Final = dt.date(1970, 1, 1)
_PAGE: Final = 200
_MOVES_NOTHING: Final = int(TransferFlag.PENDING | TransferFlag.VOID_PENDING)
_NAMES: Final = (
    "user_data_128_hi",
    "user_data_128_lo",
    "debit_account_id",
    "credit_account_id",
    "amount_minor",
    "flags",
)
_SCHEMA: Final = pa.schema(list(BOOKED.items()))
_LOOK: Final = 100  # transfers looked at in one step of the search


class LedgerLines:
    """Reads the journal from a little before a day on; a row of it is a batch of transfers."""

    def __init__(self, ledger: LedgerApi, export: ExportPort) -> None:
        self._ledger, self._export = ledger, export

    def booked(self, since: dt.date, until: dt.date) -> pa.RecordBatch:
        """Return entries between two business dates (BOOKED). Raises: Outage, JournalDamaged."""
        accounts = pa.array(sorted(self._clearing_accounts()), pa.int64())
        first, last = (since - _EPOCH).days, (until - _EPOCH).days
        found: list[pa.RecordBatch] = []
        for batch in self._export.export_transfers(after=self._before(first)):
            days = business_days(batch["user_data_32"].to_numpy())
            found.append(_of(batch, days, accounts, first, last))
            if days.min() > last:
                break
        table = pa.Table.from_batches(found, _SCHEMA).combine_chunks()
        [whole] = table.to_batches() or [pa.RecordBatch.from_pylist([], schema=_SCHEMA)]
        return whole

    def _clearing_accounts(self) -> Iterator[int]:
        cursor: str | None = None
        while True:
            page, cursor = self._ledger.find_accounts(
                code=int(Slot.CLEARING), cursor=cursor, limit=_PAGE
            )
            yield from page["id"].to_pylist()
            if cursor is None:
                return

    def _before(self, day: int) -> int:
        """Return a row of the journal that no transfer of a business date is before.

        The date only ever goes forward, so it is found by halving; what runs out later carries
        the date that it was begun on, and moves nothing.
        """
        low, high = 0, self._ledger.state().head.sequence
        while low < high:
            middle = (low + high) // 2
            if self._date_after(middle) < day:
                low = middle + 1
            else:
                high = middle
        return max(low - 1, 0)

    def _date_after(self, sequence: int) -> int:
        """Return the newest business date of the first transfers beyond a row."""
        for batch in self._export.export_transfers(after=sequence):
            return int(business_days(batch["user_data_32"].to_numpy()[:_LOOK]).max())
        return 0xFFFF


def _of(
    batch: pa.RecordBatch, days: Any, accounts: pa.Array, first: int, last: int
) -> pa.RecordBatch:
    columns: dict[str, Any] = {name: batch[name].to_numpy(zero_copy_only=False) for name in _NAMES}
    days = days.astype(np.int32)
    debit, credit = (
        pa.compute.is_in(batch[name], value_set=accounts).to_numpy(zero_copy_only=False)
        for name in ("debit_account_id", "credit_account_id")
    )
    rows = (debit != credit) & (days >= first) & (days <= last)
    rows &= columns["flags"] & _MOVES_NOTHING == 0
    rows &= (columns["user_data_128_hi"] != 0) | (columns["user_data_128_lo"] != 0)
    signs = np.where(debit, 1, -1)[rows]  # a debit of what we have at others: it came in
    return pa.record_batch(
        {
            "payment_hi": columns["user_data_128_hi"][rows],
            "payment_lo": columns["user_data_128_lo"][rows],
            "amount_minor": columns["amount_minor"][rows] * signs,
            "day": days[rows],
        },
        schema=_SCHEMA,
    )
