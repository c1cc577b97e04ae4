"""Manual entries of the general ledger that touch the bank's own accounts in the ledger."""

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import numpy as np
import pyarrow as pa

from yunjin.foundation.banking.api.general_ledger import Movement
from yunjin.foundation.banking.domain import derived_ids
from yunjin.foundation.banking.errors import DayClosed, EntryRefused
from yunjin.foundation.banking.service.core import Core
from yunjin.foundation.banking.service.drafting import Kind
from yunjin.foundation.ledger.api import (
    TRANSFERS_OPTIONAL,
    TRANSFERS_REQUIRED,
    TransferFlag,
    TransferStatus,
)

_TYPES: Final = {**TRANSFERS_REQUIRED, **TRANSFERS_OPTIONAL}
Leg = tuple[int, int]  # account, minor > 0


class SlotPosting:
    """PostSlots: moves money between slots' accounts, all of an entry or nothing."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def __call__(
        self, command_id: UUID, date: dt.date, movements: Sequence[Movement], reference: str
    ) -> None:
        core = self._core
        with core.lock:
            core.ready()
            debits: dict[tuple[str, str], list[Leg]] = defaultdict(list)
            credits: dict[tuple[str, str], list[Leg]] = defaultdict(list)
            for one in sorted(movements, key=lambda one: (one.branch, one.currency, one.slot)):
                branch = np.array([core.branch(one.branch)])
                account = int(core.slots.of(one.slot, branch, one.currency)[0])
                net, key = one.debit_minor - one.credit_minor, (one.branch, one.currency)
                if net:
                    (debits if net > 0 else credits)[key].append((account, abs(net)))
            rows = [
                {"debit_account_id": debit, "credit_account_id": credit, "amount_minor": minor}
                | {"ledger": core.slots.ledger_of(key[1])}
                for key in sorted(debits)
                for debit, credit, minor in _paired(debits[key], credits[key])
            ]
            if rows:
                self._post(command_id, date, rows)

    def _check_day(self, date: dt.date, first: UUID) -> None:
        """Refuse a new entry of a day that is not open; one that was posted answers as it did."""
        today = self._core.today.astype(dt.date)
        if date != today and not self._core.ledger.transfers([first]).num_rows:
            raise DayClosed(f"expected the open business day {today}, was {date}")

    def _post(self, command_id: UUID, date: dt.date, rows: list[dict[str, int]]) -> None:
        count, number = len(rows), np.arange(len(rows))
        high, low = np.uint64(command_id.int >> 64), np.uint64(command_id.int & (2**64 - 1))
        heads = derived_ids.followers(np.full(count, high), np.full(count, low), number + 1)
        self._check_day(date, UUID(int=int(heads[0][0]) << 64 | int(heads[1][0])))
        columns: dict[str, Any] = {
            name: [row[name] for row in rows]
            for name in ("debit_account_id", "credit_account_id", "amount_minor", "ledger")
        }
        columns |= {
            "id_hi": heads[0],
            "id_lo": heads[1],
            "code": np.full(count, int(Kind.MANUAL)),
            "flags": np.where(number < count - 1, int(TransferFlag.LINKED), 0),
            "user_data_32": np.full(count, (date - dt.date(1970, 1, 1)).days),
            "user_data_128_hi": np.full(count, high),
            "user_data_128_lo": np.full(count, low),
        }
        arrays = [pa.array(values, _TYPES[name]) for name, values in columns.items()]
        batch = pa.RecordBatch.from_arrays(arrays, names=list(columns))
        first = self._core.ledger.post_transfers(batch)["status"].to_pylist()[0]
        if first not in (TransferStatus.CREATED, TransferStatus.EXISTS):
            word = TransferStatus(first).name.lower()
            raise EntryRefused(f"The ledger refused: {word.replace('_', ' ')}.", result=word)


def _paired(debits: list[Leg], credits: list[Leg]) -> list[tuple[int, int, int]]:
    """Return transfers (debit, credit, minor) that make up both sides, which are equal in sum."""
    left, right, made = debits[::-1], credits[::-1], []
    while left and right:
        (debit, one), (credit, other) = left.pop(), right.pop()
        minor = min(one, other)
        made.append((debit, credit, minor))
        if one > minor:
            left.append((debit, one - minor))
        if other > minor:
            right.append((credit, other - minor))
    return made
