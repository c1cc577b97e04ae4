"""A made-up institution: 10,000 customers and one year of their money, the same every time.

The year (2025) is imported with its own times, so the journal's hashes are the same too. While the
bank is served its customers go on paying, so that there is something to watch.
"""

import datetime as dt
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
import structlog

from yunjin.foundation.ledger.api import (
    AccountFlag,
    AccountStatus,
    Alias,
    Ledger,
    LedgerApi,
    TransferFlag,
    TransferStatus,
)
from yunjin.kernel import check, tenant
from yunjin.kernel.clock import Clock
from yunjin.kernel.errors import Problem
from yunjin.kernel.ids import account_id, uuid7_of
from yunjin.kernel.page import LIMIT_MAX

CUSTOMERS: Final = 10_000
NAMED: Final = 200  # customers with aliases
FIRST_DAY: Final = dt.date(2025, 1, 1)
DAYS: Final = 365
CNY: Final = 1
BATCH_ROWS: Final = 8_190
PAYMENTS_PER_S: Final = 120  # while the bank is served, on average
BEAT_S: Final = 0.2
HOLD_BEATS: Final = 50  # until the shop takes what its terminal has held
HOLD_S: Final = 60  # until a hold nobody took expires
CUSTOMERS_THREAD: Final = "demo customers"
_DAY_NS: Final = 86_400 * 10**9
_FIRST_NS: Final = (FIRST_DAY - dt.date(1970, 1, 1)).days * _DAY_NS
_BEIJING_NS: Final = 8 * 3_600 * 10**9

log = structlog.get_logger()

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
        statuses = np.unique(ledger.open_accounts(batch)["status"].to_numpy()).tolist()
        fine = {AccountStatus.CREATED, AccountStatus.EXISTS}  # an earlier run may have been stopped
        check.that(fine.issuperset(statuses), "expected the demo's accounts", statuses=statuses)


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


def _transfers(
    rows: Any, code: Any, times: Any, chance: np.random.Generator, flags: Any = 0
) -> dict[str, Any]:
    """Return the columns of transfers with ids of their own time."""
    count = len(code)
    ms = (times // 1_000_000).astype(np.uint64) << np.uint64(16)
    high = ms | np.uint64(0x7000) | chance.integers(0, 1 << 12, count, dtype=np.uint64)
    low = np.uint64(1 << 63) | chance.integers(0, 1 << 62, count, dtype=np.uint64)
    debit, credit, amount = rows
    return {
        "id_hi": high,
        "id_lo": low,
        "debit_account_id": debit,
        "credit_account_id": credit,
        "amount_minor": amount,
        "ledger": np.full(count, CNY, np.uint32),
        "code": code,
        "flags": np.broadcast_to(np.uint16(flags), count),
        "user_data_32": ((times + _BEIJING_NS) // _DAY_NS).astype(np.uint32),
    }


def _imported(
    rows: Any, code: Any, times: Any, chance: np.random.Generator, flag: int = 0
) -> pa.RecordBatch:
    """Return transfers of the past, which bring their own time along."""
    columns = _transfers(rows, code, times, chance, TransferFlag.IMPORTED | flag)
    return pa.RecordBatch.from_pydict({**columns, "timestamp": times})


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
            yield day, _imported(rows, code[part], times[part], chance)
    # card authorisations that still wait for their clearing
    buyers = np.arange(0, CUSTOMERS, 250)
    shops = bank.ids[MERCHANT][: len(buyers)]
    rows = (bank.ids[CURRENT][buyers], shops, _amounts(chance, len(buyers), 8_000))
    closing = _FIRST_NS - _BEIJING_NS + DAYS * _DAY_NS - 3_600 * 10**9
    codes = np.full(len(buyers), CARD, np.uint16)
    times = closing + np.arange(len(buyers))
    yield DAYS, _imported(rows, codes, times, chance, int(TransferFlag.PENDING))


def load(ledger: LedgerApi, cell: int, progress: Callable[[int, int], None]) -> tuple[int, int]:
    """Bring the institution in. What an earlier run had brought stays as it is: ids act once.

    Returns (created now, not created now) transfers.

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


def is_loaded(ledger: LedgerApi) -> bool:
    """Tell whether the whole year is there: the last alias is bound last."""
    return bool(ledger.resolve_aliases([_card(NAMED - 1)]))


def head_of_the_year(ledger: LedgerApi) -> str:
    """Return the hash of the journal's last row of the imported year, the same for everybody."""
    end, before = _FIRST_NS + DAYS * _DAY_NS, None
    while rows := ledger.journal(before=before, limit=LIMIT_MAX):
        for row in rows:
            if row.kind == "transfers" and row.timestamp_last < end:
                return row.hash
        before = rows[-1].sequence
    return ""


def name_some(ledger: LedgerApi, bank: Institution) -> None:
    """Give the first customers a wallet number and a card, so that people can search for them."""
    for number, account in enumerate(bank.ids[CURRENT][:NAMED].tolist()):
        for kind, value in (("wallet", f"demo{number:05d}"), ("card", _card(number))):
            command = uuid7_of(_FIRST_NS // 1_000_000, account << 8 | (kind == "card"))
            ledger.bind_alias(command, Alias(kind=kind, value=value, account_id=account))


class Payments:
    """What customers pay now, beat by beat; the same people and amounts for the same seed.

    What they spend comes back to them as wages, so that they can go on for ever.
    """

    def __init__(self, bank: Institution, seed: int = 20_260_101) -> None:
        self._ids, self._chance = bank.ids, np.random.default_rng(seed)
        self._held: deque[dict[str, Any]] = deque()

    def beat(self, now_ns: int) -> Iterator[pa.RecordBatch]:
        """Yield the payments of one beat, and what shops take of the holds of earlier ones."""
        chance, ids = self._chance, self._ids
        count = 1 + int(chance.poisson(PAYMENTS_PER_S * BEAT_S))
        code = chance.choice(np.array([CARD, P2P, SALARY], np.uint16), count, p=[0.6, 0.3, 0.1])
        people, shops = chance.choice(ids[CURRENT], count), chance.choice(ids[MERCHANT], count)
        debit = np.where(code == SALARY, chance.choice(ids[EMPLOYER], count), people)
        credit = np.select([code == CARD, code == P2P], [shops, np.roll(people, 1)], people)
        amount = _amounts(chance, count, 3_500) * np.where(code == SALARY, 6, 1)
        is_hold = (code == CARD) & (chance.random(count) < 0.05)
        times = np.full(count, now_ns, np.int64)
        flags = np.where(is_hold, int(TransferFlag.PENDING), 0).astype(np.uint16)
        made = _transfers((debit, credit, amount), code, times, chance, flags)
        yield pa.RecordBatch.from_pydict(
            {**made, "timeout_s": np.where(is_hold, HOLD_S, 0).astype(np.uint32)}
        )
        # a few holds are never taken, and expire
        taken = is_hold & (chance.random(count) < 0.8)
        self._held.append({name: column[taken] for name, column in made.items()})
        if len(self._held) > HOLD_BEATS:
            yield from self._taken(self._held.popleft(), now_ns)

    def _taken(self, held: dict[str, Any], now_ns: int) -> Iterator[pa.RecordBatch]:
        code = held["code"]
        if not len(code):
            return
        rows = (held["debit_account_id"], held["credit_account_id"], held["amount_minor"])
        times = np.full(len(code), now_ns, np.int64)
        posts = _transfers(rows, code, times, self._chance, int(TransferFlag.POST_PENDING))
        pending = {f"pending_{name}": held[name] for name in ("id_hi", "id_lo")}
        yield pa.RecordBatch.from_pydict({**posts, **pending})


@contextmanager
def customers_paying(ledger: LedgerApi, cell: int, *, name: str, clock: Clock) -> Iterator[None]:
    """Let the customers of tenant `name` go on paying, in a thread of their own, for a block.

    They stop for good where the ledger takes no more writes; the bank serves on.
    """
    over, payments = threading.Event(), Payments(institution(cell))

    def pay() -> None:
        with tenant.entered(name):
            while not over.wait(BEAT_S):
                try:
                    for batch in payments.beat(clock.now_ns()):
                        ledger.post_transfers(batch)
                except Problem as problem:
                    log.warning("demo.customers_stopped", code=problem.code, detail=problem.detail)
                    return

    thread = threading.Thread(target=pay, name=CUSTOMERS_THREAD, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _card(number: int) -> str:
    """Return a card number of the test range that passes its check digit (Luhn)."""
    digits = f"62220000{number:07d}"
    doubled = (int(x) * (2 - i % 2) for i, x in enumerate(reversed(digits)))
    return digits + str(-sum(x - 9 * (x > 9) for x in doubled) % 10)
