"""A made-up institution: 10,000 customers and one year of their money, the same every time.

Everything is imported with its own time (the year 2025), so the journal's hashes are the same too.
"""

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa

from yunjin.foundation.ledger.api import (
    AccountFlag,
    Alias,
    Ledger,
    LedgerApi,
    TransferFlag,
    TransferStatus,
)
from yunjin.kernel import check
from yunjin.kernel.ids import account_id, uuid7_of

CUSTOMERS: Final = 10_000
NAMED: Final = 200  # customers with aliases
FIRST_DAY: Final = dt.date(2025, 1, 1)
DAYS: Final = 365
CNY: Final = 1
BATCH_ROWS: Final = 8_190
_DAY_NS: Final = 86_400 * 10**9
_FIRST_NS: Final = (FIRST_DAY - dt.date(1970, 1, 1)).days * _DAY_NS
_BEIJING_NS: Final = 8 * 3_600 * 10**9

# chart codes of the accounts
NOSTRO, EMPLOYER, MERCHANT, UTILITY, LANDLORD, INTEREST, CURRENT, SAVINGS = range(1, 9)
COUNTS: Final = {NOSTRO: 1, EMPLOYER: 200, MERCHANT: 600, UTILITY: 20, LANDLORD: 400, INTEREST: 1}
# codes of the transfers
FUNDING, SALARY, CARD, P2P, BILL, RENT, SAVING, YIELD = range(101, 109)


@dataclass(frozen=True, slots=True)
class Institution:
    """Who has which accounts: kind → int64 ids."""

    ids: dict[int, Any]

    @property
    def count(self) -> int:
        """The number of accounts."""
        return sum(len(ids) for ids in self.ids.values())


def institution(cell: int) -> Institution:
    """Number the accounts of the institution."""
    counts = {**COUNTS, CURRENT: CUSTOMERS, SAVINGS: CUSTOMERS * 4 // 10}
    ids, first = {}, 1
    for kind, count in counts.items():
        ids[kind] = account_id(cell, first) + np.arange(count, dtype=np.int64)
        first += count
    return Institution(ids)


def open_all(ledger: LedgerApi, bank: Institution) -> None:
    """Declare the ledger and open the accounts at the first instant of the year."""
    ledger.declare_ledgers([Ledger(ledger=CNY, currency="CNY", name="人民币 Renminbi")])
    held = AccountFlag.DEBITS_MUST_NOT_EXCEED_CREDITS | AccountFlag.HISTORY
    ids = np.concatenate(list(bank.ids.values()))
    kinds = np.repeat(list(bank.ids), [len(x) for x in bank.ids.values()]).astype(np.uint16)
    flags = np.where(np.isin(kinds, [CURRENT, SAVINGS]), held, 0) | AccountFlag.IMPORTED
    times = _FIRST_NS - _BEIJING_NS + np.arange(len(ids), dtype=np.int64)
    for start in range(0, len(ids), BATCH_ROWS):
        part = slice(start, start + BATCH_ROWS)
        batch = pa.RecordBatch.from_pydict(
            {
                "id": ids[part],
                "ledger": np.full(len(ids[part]), CNY, np.uint32),
                "code": kinds[part],
                "flags": flags[part].astype(np.uint16),
                "timestamp": times[part],
            }
        )
        statuses = np.unique(ledger.open_accounts(batch)["status"].to_numpy())
        check.that(statuses.tolist() == [0], "expected fresh accounts", statuses=statuses.tolist())


def _day(bank: Institution, day: int, chance: np.random.Generator, salaries: Any) -> list[Any]:
    """Return the transfers of one day: (debit, credit, amount, code) columns, by kind."""
    ids, date = bank.ids, FIRST_DAY + dt.timedelta(days=day)
    current, savings = ids[CURRENT], ids[SAVINGS]
    everyone = np.arange(CUSTOMERS)
    made: list[Any] = []

    def add(debit: Any, credit: Any, amount: Any, code: int) -> None:
        debit, credit, amount = np.broadcast_arrays(debit, credit, amount)
        made.append((debit, credit, amount.astype(np.int64), np.full(len(debit), code, np.uint16)))

    if date.day == 1:
        add(ids[NOSTRO][0], ids[EMPLOYER], 3 * int(salaries.sum()) // len(ids[EMPLOYER]), FUNDING)
    paid = everyone[(everyone % 5 + 8) == date.day]
    if len(paid):
        add(ids[EMPLOYER][paid % len(ids[EMPLOYER])], current[paid], salaries[paid], SALARY)
    if date.day == 14:
        renters = everyone[everyone % 3 == 0]
        add(current[renters], ids[LANDLORD][renters % 400], salaries[renters] // 4, RENT)
        savers = everyone[: len(savings)]
        add(current[savers], savings, salaries[savers] // 10, SAVING)
    if date.day == 20:
        add(current, ids[UTILITY][everyone % 20], chance.integers(4_000, 30_000, CUSTOMERS), BILL)
    if date.day == 21 and date.month % 3 == 0:
        add(ids[INTEREST][0], savings, salaries[: len(savings)] // 400 + 1, YIELD)
    weekend = date.weekday() >= 5
    shoppers = everyone[chance.random(CUSTOMERS) < (0.32 if weekend else 0.20)]
    shops = (chance.pareto(1.2, len(shoppers)) * 20).astype(np.int64) % len(ids[MERCHANT])
    add(current[shoppers], ids[MERCHANT][shops], _amounts(chance, len(shoppers), 3_500), CARD)
    senders = everyone[chance.random(CUSTOMERS) < 0.03]
    friends = (senders + 1 + chance.integers(0, CUSTOMERS - 1, len(senders))) % CUSTOMERS
    add(current[senders], current[friends], _amounts(chance, len(senders), 12_000), P2P)
    return made


def _amounts(chance: np.random.Generator, count: int, median: int) -> Any:
    return np.maximum(1, np.exp(chance.normal(np.log(median), 0.9, count))).astype(np.int64)


def _batch(
    rows: Any, code: Any, times: Any, chance: np.random.Generator, flag: int
) -> pa.RecordBatch:
    """Return transfers with ids of their own time."""
    count = len(code)
    ms = (times // 1_000_000).astype(np.uint64) << np.uint64(16)
    high = ms | np.uint64(0x7000) | chance.integers(0, 1 << 12, count, dtype=np.uint64)
    low = np.uint64(1 << 63) | chance.integers(0, 1 << 62, count, dtype=np.uint64)
    debit, credit, amount = rows
    return pa.RecordBatch.from_pydict(
        {
            "id_hi": high,
            "id_lo": low,
            "debit_account_id": debit,
            "credit_account_id": credit,
            "amount_minor": amount,
            "ledger": np.full(count, CNY, np.uint32),
            "code": code,
            "flags": np.full(count, TransferFlag.IMPORTED | flag, np.uint16),
            "user_data_32": ((times + _BEIJING_NS) // _DAY_NS).astype(np.uint32),
            "timestamp": times,
        }
    )


def year(bank: Institution, seed: int = 20_250_101) -> Iterator[tuple[int, pa.RecordBatch]]:
    """Yield the year's batches with the day each belongs to; the same for the same seed."""
    chance = np.random.default_rng(seed)
    salaries = _amounts(chance, CUSTOMERS, 900_000)
    for day in range(DAYS):
        columns = [np.concatenate(x) for x in zip(*_day(bank, day, chance, salaries), strict=True)]
        count = len(columns[0])
        order = chance.permutation(count)
        debit, credit, amount, code = (column[order] for column in columns)
        opening = _FIRST_NS - _BEIJING_NS + day * _DAY_NS + 8 * 3_600 * 10**9
        offsets = np.sort(chance.integers(0, 14 * 3_600 * 10**6, count)) * 1_000
        times = opening + offsets + np.arange(count, dtype=np.int64)
        for start in range(0, count, BATCH_ROWS):
            part = slice(start, start + BATCH_ROWS)
            rows = (debit[part], credit[part], amount[part])
            yield day, _batch(rows, code[part], times[part], chance, 0)
    # card authorisations that still wait for their clearing
    buyers = np.arange(0, CUSTOMERS, 250)
    shops = bank.ids[MERCHANT][: len(buyers)]
    rows = (bank.ids[CURRENT][buyers], shops, _amounts(chance, len(buyers), 8_000))
    closing = _FIRST_NS - _BEIJING_NS + DAYS * _DAY_NS - 3_600 * 10**9
    codes = np.full(len(buyers), CARD, np.uint16)
    yield (
        DAYS,
        _batch(rows, codes, closing + np.arange(len(buyers)), chance, int(TransferFlag.PENDING)),
    )


def load(ledger: LedgerApi, cell: int, progress: Callable[[int, int], None]) -> tuple[int, int]:
    """Bring the institution in, once. Returns (created, refused) transfers.

    progress: called with days done and transfers created.
    """
    bank = institution(cell)
    open_all(ledger, bank)
    created = refused = 0
    for day, batch in year(bank):
        status = ledger.post_transfers(batch)["status"].to_numpy()
        made = int((status == TransferStatus.CREATED).sum())
        created, refused = created + made, refused + len(status) - made
        progress(day, created)
    name_some(ledger, bank)
    return created, refused


def name_some(ledger: LedgerApi, bank: Institution) -> None:
    """Give the first customers a wallet number and a card, so that people can search for them."""
    for number, account in enumerate(bank.ids[CURRENT][:NAMED].tolist()):
        for kind, value in (("wallet", f"demo{number:05d}"), ("card", _card(number))):
            command = uuid7_of(_FIRST_NS // 1_000_000, account << 8 | (kind == "card"))
            ledger.bind_alias(command, Alias(kind=kind, value=value, account_id=account))


def _card(number: int) -> str:
    """Return a card number of the test range that passes its check digit (Luhn)."""
    digits = f"62220000{number:07d}"
    doubled = (int(x) * (2 - i % 2) for i, x in enumerate(reversed(digits)))
    return digits + str(-sum(x - 9 * (x > 9) for x in doubled) % 10)
