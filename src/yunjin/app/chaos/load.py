"""The load: batches that are pure functions of a seed, so the parent knows what its child sent.

Customers with an overdraft limit and banks without one pay each other; there are holds with and
without a timeout, their posts and voids, chains of which some must fail, and ids sent twice.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa

from yunjin.foundation.ledger.api import (
    ACCOUNTS_OPTIONAL,
    ACCOUNTS_REQUIRED,
    TRANSFERS_OPTIONAL,
    TRANSFERS_REQUIRED,
    AccountFlag,
    Ledger,
    TransferFlag,
)
from yunjin.kernel.ids import account_id, uuid7_of

UNIT: Final = Ledger(ledger=1, currency="CNY")
BANKS, CUSTOMERS, LIMIT_MINOR = 4, 20, 2_000
STREAMS: Final = 2  # threads of the child; each sends its own batches, in order
Row = dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """A load, by its seed.

    Parameters
    ----------
    start_ms : the time that most ids tell, milliseconds since 1970.
    group_count : chains, single transfers and the like in a batch, at most.
    """

    seed: int
    start_ms: int
    cell: int = 1
    group_count: int = 20

    def accounts(self) -> pa.RecordBatch:
        """Return the accounts of the load (ACCOUNTS_REQUIRED + _OPTIONAL)."""
        limited = AccountFlag.DEBITS_MUST_NOT_EXCEED_CREDITS | AccountFlag.HISTORY
        rows = [
            {
                "id": account_id(self.cell, number),
                "ledger": UNIT.ledger,
                "code": 1,
                "flags": 0 if number <= BANKS else int(limited),
                "limit_minor": 0 if number <= BANKS else LIMIT_MINOR,
            }
            for number in range(1, BANKS + CUSTOMERS + 1)
        ]
        return record_batch(rows, {**ACCOUNTS_REQUIRED, **ACCOUNTS_OPTIONAL})

    def batch(self, number: int) -> list[Row]:
        """Return the transfers of a batch; the same number gives the same ones."""
        chance = random.Random(f"{self.seed}/{number}/order")
        groups = self._fresh(number)
        earlier = number - STREAMS * chance.randint(1, 3)  # the same thread has sent it before
        if earlier >= 0:
            groups += self._later(chance, number, self._fresh(earlier))
        chance.shuffle(groups)
        rows = [row for group in groups for row in group]
        if chance.random() < 0.1:  # a chain that the batch ends inside
            rows.append({**self._plain(chance, number), "flags": int(TransferFlag.LINKED)})
        return rows

    def _fresh(self, number: int) -> list[list[Row]]:
        """Return the groups of a batch that name no other transfer."""
        chance = random.Random(f"{self.seed}/{number}/fresh")
        return [self._group(chance, number) for _ in range(chance.randint(1, self.group_count))]

    def _group(self, chance: random.Random, number: int) -> list[Row]:
        kind, row = chance.random(), self._plain(chance, number)
        if kind < 0.2:
            rows = [row, *(self._plain(chance, number) for _ in range(chance.randint(1, 4)))]
            for linked in rows[:-1]:
                linked["flags"] = int(TransferFlag.LINKED)
            if chance.random() < 0.3:  # one that never can be posted takes all with it
                chance.choice(rows)["amount_minor"] = -1
            return rows
        if kind < 0.45:
            row["flags"] = int(TransferFlag.PENDING)
            row["timeout_s"] = chance.choice((0, 0, 1, 3_600))
        elif kind < 0.5:
            row["flags"] = int(TransferFlag.BALANCING_DEBIT)
        return [row]

    def _later(
        self, chance: random.Random, number: int, before: list[list[Row]]
    ) -> list[list[Row]]:
        """Settle some holds of an earlier batch, and send some of its transfers again."""
        groups = []
        for row in [group[0] for group in before if len(group) == 1]:
            is_hold = bool(row.get("flags", 0) & TransferFlag.PENDING)
            if is_hold and chance.random() < 0.7:
                groups.append([self._settle(chance, number, row)])
            elif chance.random() < 0.1:
                groups.append([row])
        return groups

    def _settle(self, chance: random.Random, number: int, hold: Row) -> Row:
        is_void = chance.random() < 0.3
        flag = TransferFlag.VOID_PENDING if is_void else TransferFlag.POST_PENDING
        part = 0 if is_void else chance.choice((0, hold["amount_minor"] // 2))
        return {
            **self._identity(chance, number),
            "debit_account_id": 0,
            "credit_account_id": 0,
            "amount_minor": part,
            "ledger": 0,
            "code": 0,
            "flags": int(flag),
            "pending_id_hi": hold["id_hi"],
            "pending_id_lo": hold["id_lo"],
        }

    def _plain(self, chance: random.Random, number: int) -> Row:
        debit, credit = chance.sample(range(1, BANKS + CUSTOMERS + 1), 2)
        return {
            **self._identity(chance, number),
            "debit_account_id": account_id(self.cell, debit),
            "credit_account_id": account_id(self.cell, credit),
            "amount_minor": chance.randint(0, 500),
            "ledger": UNIT.ledger,
            "code": 1,
            "user_data_64": number,
        }

    def _identity(self, chance: random.Random, number: int) -> Row:
        """Make an id: most tell their time, some (as old systems send them) tell none."""
        timely = uuid7_of(self.start_ms + number, chance.getrandbits(74)).int
        identity = timely if chance.random() < 0.8 else chance.getrandbits(128) | 1
        return {"id_hi": identity >> 64, "id_lo": identity & (2**64 - 1)}


def identity_of(row: Mapping[str, int]) -> int:
    """Return a row's id."""
    return row["id_hi"] << 64 | row["id_lo"]


def chains(rows: list[Row]) -> list[list[Row]]:
    """Return the chains of a batch; a transfer that stands alone is a chain of one."""
    found: list[list[Row]] = [[]]
    for row in rows:
        found[-1].append(row)
        if not row.get("flags", 0) & TransferFlag.LINKED:
            found.append([])
    return [chain for chain in found if chain]


def transfers(rows: list[Row]) -> pa.RecordBatch:
    """Return rows as the ledger takes them (TRANSFERS_REQUIRED + _OPTIONAL)."""
    return record_batch(rows, {**TRANSFERS_REQUIRED, **TRANSFERS_OPTIONAL})


def record_batch(rows: list[Row], types: Mapping[str, Any]) -> pa.RecordBatch:
    """Return rows as columns; what a row leaves out is zero."""
    return pa.record_batch(
        {name: pa.array([row.get(name, 0) for row in rows], kind) for name, kind in types.items()}
    )
