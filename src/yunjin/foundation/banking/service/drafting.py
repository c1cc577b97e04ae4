"""A wave on the way to the ledger: what products asked for, as linked chains of transfers."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Final

import numpy as np
import pyarrow as pa

from yunjin.foundation.banking.domain import derived_ids
from yunjin.foundation.banking.domain.products.book import Applied
from yunjin.foundation.banking.domain.products.effects import Place
from yunjin.foundation.banking.domain.products.slots import Slot
from yunjin.foundation.banking.service.books import AGREEMENT, BRANCH, Kept, account_column
from yunjin.foundation.ledger.api import (
    TRANSFERS_OPTIONAL,
    TRANSFERS_REQUIRED,
    TransferFlag,
    TransferStatus,
)

BATCH_ROWS: Final = 8_190
_OF_A_SIDE: Final = ("book", "slot")
_TYPES: Final = {
    "chain": np.int32,
    "debit_book": np.int32,
    "credit_book": np.int32,
    "branch": np.int32,
    "debit_slot": np.int16,
    "credit_slot": np.int16,
    **{
        name: kind.to_pandas_dtype()
        for name, kind in {**TRANSFERS_REQUIRED, **TRANSFERS_OPTIONAL}.items()
        if name != "timestamp"
    },
}
Moved = Counter[tuple[int, int, int]]  # (book, branch, slot) → minor


class Kind(IntEnum):
    """What a transfer is; its code in the ledger."""

    ENTRY = 1
    PRODUCT = 2
    ACCRUAL = 3
    PROVISION = 4
    MANUAL = 5


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the ledger made of a wave, by chain."""

    is_done: Any  # bool[chains]
    status: Any  # uint8[chains]: TransferStatus of its first transfer that failed, or CREATED
    timestamp: Any  # int64[chains], ns, of its first transfer


@dataclass(slots=True)
class Draft:
    """Transfers by chain; chains are numbered by the caller from 0 on."""

    date: Any  # datetime64[D]
    slot_accounts: "SlotAccounts"
    chains: int = 0
    parts: list[dict[str, Any]] = field(default_factory=list)

    def add(self, kept: Kept, rows: Any, chains: Any, **columns: Any) -> None:
        """Add a transfer a row, after what its chain has already.

        chains: int32[k], no chain twice.  columns: by the name of the ledger's columns, and
        `debit_slot`, `credit_slot`.
        """
        book = kept.book
        columns |= {
            "chain": chains,
            "debit_book": kept.number,
            "credit_book": kept.number,
            "branch": book.columns[BRANCH][rows],
            "user_data_64": book.columns[AGREEMENT][rows],
        }
        self._add(len(rows), columns)

    def add_plain(self, count: int, **columns: Any) -> None:
        """Add transfers that are of no agreement."""
        self._add(count, columns)

    def _add(self, count: int, columns: dict[str, Any]) -> None:
        days = int(self.date.astype(np.int64))
        whole = {"user_data_32": days, "code": Kind.PRODUCT} | columns
        part = {name: np.zeros(count, kind) for name, kind in _TYPES.items()}
        for name, values in whole.items():
            part[name][:] = values
        part["order"] = np.full(count, len(self.parts), np.int32)
        self.parts.append(part)

    def follow(self, kept: Kept, applied: Iterable[Applied], chain_of: Mapping[int, int]) -> None:
        """Add what a product asked for.

        chain_of: row → chain.
        """
        for one in applied:
            for moved in one.transfers:
                rows = moved.rows
                chains = np.fromiter((chain_of[row] for row in rows.tolist()), np.int32, len(rows))
                self.move(kept, rows, chains, moved.debit, moved.credit, moved.amount)

    def follow_sorted(
        self, kept: Kept, applied: Iterable[Applied], having: Any, first: int
    ) -> None:
        """Add what a product asked for; rows (int64[k], ascending) have the chains from `first`."""
        for one in applied:
            for moved in one.transfers:
                chains = np.searchsorted(having, moved.rows) + first
                self.move(kept, moved.rows, chains, moved.debit, moved.credit, moved.amount)

    def move(
        self,
        kept: Kept,
        rows: Any,
        chains: Any,
        debit: Place,
        credit: Place,
        amount: Any,
        **columns: Any,
    ) -> None:
        """Add a transfer a row between two places."""
        debit_slot, debit_account = self.place(kept, debit, rows)
        credit_slot, credit_account = self.place(kept, credit, rows)
        self.add(
            kept,
            rows,
            chains,
            debit_account_id=debit_account,
            credit_account_id=credit_account,
            debit_slot=debit_slot,
            credit_slot=credit_slot,
            amount_minor=amount,
            ledger=self.slot_accounts.ledger_of(kept.book.product.currency),
            **columns,
        )

    def place(self, kept: Kept, place: Place, rows: Any) -> tuple[int, Any]:
        """Return a place's slot and the ledger's accounts of it (int64[k])."""
        book = kept.book
        if isinstance(place, Slot):
            branches = book.columns[BRANCH][rows]
            return int(place), self.slot_accounts.of(place, branches, book.product.currency)
        return int(place.slot), book.columns[account_column(place.name)][rows]

    def finish(self, heads: tuple[Any, Any] | None = None, salt: Any = 0) -> dict[str, Any]:
        """Return the transfers in order of their chains, linked and numbered.

        heads : uint64[chains] each, high and low: the id of each chain's first transfer; what
            follows derives its own from it. None: all are derived from date, agreement and salt.
        """
        if not self.parts:
            empty = {name: np.zeros(0, kind) for name, kind in _TYPES.items()}
            return {**empty, "place": np.zeros(0, np.int32)}
        columns = {
            name: np.concatenate([part[name] for part in self.parts]) for name in (*_TYPES, "order")
        }
        turn = np.lexsort((columns.pop("order"), columns["chain"]))
        columns = {name: column[turn] for name, column in columns.items()}
        chain = columns["chain"]
        is_first = np.concatenate([[True], chain[1:] != chain[:-1]])
        firsts = np.flatnonzero(is_first)
        place = np.arange(len(chain)) - np.repeat(firsts, np.diff([*firsts, len(chain)]))
        is_last = np.concatenate([is_first[1:], [True]])
        columns["flags"] |= np.where(is_last, 0, int(TransferFlag.LINKED)).astype(np.uint16)
        if heads is None:
            agreement = columns["user_data_64"].astype(np.int64)
            number = np.where(
                agreement == 0, chain.astype(np.int64) + (1 << 32), place
            )  # in sum: of nobody
            made = derived_ids.of_day(self.date, salt, agreement, number)
        else:
            high, low = heads[0][chain], heads[1][chain]
            made = derived_ids.followers(high, low, place)
            made = np.where(is_first, high, made[0]), np.where(is_first, low, made[1])
        columns["id_hi"], columns["id_lo"] = made
        columns["place"] = place.astype(np.int32)
        return columns


def batches(columns: Mapping[str, Any]) -> Iterable[pa.RecordBatch]:
    """Yield a wave's transfers as the ledger takes them, never cutting a chain."""
    place = columns["place"]
    names = [name for name in (*TRANSFERS_REQUIRED, *TRANSFERS_OPTIONAL) if name in columns]
    names = [name for name in names if name in TRANSFERS_REQUIRED or columns[name].any()]
    types = {**TRANSFERS_REQUIRED, **TRANSFERS_OPTIONAL}
    start = 0
    while start < len(place):
        end = min(start + BATCH_ROWS, len(place))
        while end < len(place) and place[end]:
            end -= 1
        arrays = [pa.array(columns[name][start:end], types[name]) for name in names]
        yield pa.RecordBatch.from_arrays(arrays, names=names)
        start = end


def outcome_of(columns: Mapping[str, Any], status: Any, timestamp: Any, chains: int) -> Outcome:
    """Return what statuses (uint8[transfers]) mean for chains.

    A chain is done where its first transfer is new or was there before: a chain is whole or not
    at all, and asked again it answers by its first.
    """
    is_first = columns["place"] == 0
    chain = columns["chain"][is_first]
    first = status[is_first]
    good = (first == TransferStatus.CREATED) | (first == TransferStatus.EXISTS)
    is_done, why = np.ones(chains, np.bool_), np.zeros(chains, np.uint8)
    at = np.zeros(chains, np.int64)
    is_done[chain], why[chain], at[chain] = good, first, timestamp[is_first]
    # where the first one only says that another failed, that one says why
    telling = (status != TransferStatus.CREATED) & (status != TransferStatus.LINKED_FAILED)
    of = columns["chain"][telling]
    why[of] = np.where(is_done[of], why[of], status[telling])
    return Outcome(is_done, why, at)


def done_of(chains: Any, is_done: Any) -> Any:
    """Tell which rows' chains are done (bool[k]); those that hang on none (−1) are."""
    return np.append(is_done, True)[chains]


def counted_of(columns: Mapping[str, Any], is_done: Any) -> Any:
    """Tell which transfers move money (bool[k]): what is only held, or released, moves nothing."""
    apart = int(TransferFlag.PENDING | TransferFlag.VOID_PENDING)
    return is_done[columns["chain"]] & (columns["flags"] & apart == 0)


def moved_of(columns: Mapping[str, Any], is_done: Any) -> tuple[Moved, Moved]:
    """Return debits and credits by (book, branch, slot) of the chains that are done."""
    counted = counted_of(columns, is_done)
    sums: tuple[Moved, Moved] = (Counter(), Counter())
    branch, amounts = columns["branch"][counted].astype(np.int64), columns["amount_minor"][counted]
    for side, into in zip(("debit", "credit"), sums, strict=True):
        book, slot = (columns[f"{side}_{one}"][counted].astype(np.int64) for one in _OF_A_SIDE)
        # one number a place: 23 bits of book, 24 of branch, 16 of slot
        places, firsts, which = np.unique(
            (book << 40) + (branch << 16) + slot, return_index=True, return_inverse=True
        )
        totals = np.zeros(len(places), np.int64)
        np.add.at(totals, which, amounts)
        keys = (one[firsts].tolist() for one in (book, branch, slot))
        for *key, total in zip(*keys, totals.tolist(), strict=True):
            into[tuple(key)] += total
    return sums


def tasks_of(kept: Kept, applied: Iterable[Applied]) -> list[dict[str, Any]]:
    """Return what a product asks a person to look at."""
    return [
        {"agreement_id": agreement_id, "code": code[:64], "detail": ""}
        for one in applied
        for code, rows in one.tasks
        for agreement_id in kept.book.columns[AGREEMENT][rows].tolist()
    ]


def notices_of(kept: Kept, applied: Iterable[Applied]) -> list[tuple[int, str]]:
    """Return what a product tells customers: (agreement id, code)."""
    return [
        (agreement_id, code[:64])
        for one in applied
        for code, rows in one.notices
        for agreement_id in kept.book.columns[AGREEMENT][rows].tolist()
    ]


class SlotAccounts:
    """The ledger's accounts of the bank's own side, by slot, branch and currency."""

    def __init__(self, make: Any, ledger_of: Any) -> None:
        self._ledger_of = ledger_of  # currency → number of its ledger, declared where it is new
        self._ledgers: dict[str, int] = {}
        self._make = make  # (slot, branch number, currency) → account id, made where it is new
        self._known: dict[tuple[int, str], Any] = {}

    def ledger_of(self, currency: str) -> int:
        """Return the number of a currency's ledger."""
        if currency not in self._ledgers:
            self._ledgers[currency] = self._ledger_of(currency)
        return self._ledgers[currency]

    def of(self, slot: int, branches: Any, currency: str) -> Any:
        """Return accounts of a slot (int64[k]) by branch numbers (int64[k])."""
        known = self._known.setdefault((int(slot), currency), np.zeros(0, np.int64))
        most = int(branches.max(initial=-1))
        if most >= len(known):
            known = np.concatenate([known, np.zeros(most + 1 - len(known), np.int64)])
            self._known[int(slot), currency] = known
        for branch in np.unique(branches[known[branches] == 0]).tolist():
            known[branch] = self._make(int(slot), branch, currency)
        return known[branches]
