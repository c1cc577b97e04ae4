"""An account's lines by business date, read from the ledger page by page.

The ledger orders by instants. The bank's business date only ever goes forward, so the first line
of a date is found by halving the time; what is only on hold, or let go again, moves nothing.
"""

import datetime as dt
import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

import pyarrow as pa

from yunjin.foundation.banking.api.dates import FIRST_DATE, business_date, value_date
from yunjin.foundation.banking.api.statements import LINES
from yunjin.foundation.banking.domain.products.slots import Slot, grows_by_credit
from yunjin.foundation.ledger.api import LedgerApi, TransferStatus
from yunjin.foundation.ledger.errors import AccountNotFound
from yunjin.kernel.errors import NotFound

PAGE: Final = 200
_PROBE: Final = 16  # lines looked at in one step of the search
LAST_DATE: Final = FIRST_DATE + dt.timedelta(days=0xFFFE)  # 16 bits, and the day after it
_KNOWN_MAX: Final = 50_000  # counter-accounts remembered in one reading
Totals = tuple[int, int]  # debits, credits posted


@dataclass(frozen=True, slots=True)
class Head:
    """The last row of the journal that a reading takes in."""

    sequence: int
    hash: str
    timestamp: int


def head_of(ledger: LedgerApi, sequence: int | None = None) -> Head | None:
    """Return the journal's last row, or the one of a sequence; None where there is none."""
    before = None if sequence is None else sequence + 1
    rows = ledger.journal(before=before, limit=1)
    if not rows or sequence not in (None, rows[0].sequence):
        return None
    return Head(rows[0].sequence, rows[0].hash, rows[0].timestamp_last)


@dataclass(frozen=True, slots=True)
class Line:
    """A movement of an account, minor units."""

    row: dict[str, Any]  # of the ledger's history
    debit_minor: int
    credit_minor: int
    balance_minor: int
    other_id: int
    other_slot: int  # what the other account's code is


def totals_at(ledger: LedgerApi, account_id: int, timestamp: int) -> Totals:
    """Return what was posted up to and with an instant; nothing before the account was opened."""
    try:
        row = ledger.balance_at(account_id, timestamp).to_pylist()[0]
    except (AccountNotFound, NotFound):
        return 0, 0
    return int(row["debits_posted"]), int(row["credits_posted"])


def first_on(ledger: LedgerApi, account_id: int, date: dt.date, head: Head) -> int:
    """Return the instant (ns) of an account's first line of a business date or a later one.

    Where there is none, it is right behind the head.
    """
    opened = ledger.accounts([account_id])["timestamp"].to_pylist()
    # lines before `low` are earlier; the line at `high`, if there is one, is not
    low, high = (opened[0] if opened else 0), head.timestamp + 1
    while low < high:
        middle = (low + high) // 2
        rows = _moving(ledger, account_id, middle, high)
        later = [int(row["timestamp"]) for row in rows if not _is_before(row, date)]
        if rows and _is_before(rows[0], date):
            if later:
                return later[0]
            low = int(rows[-1]["timestamp"]) + 1
            continue
        high = later[0] if later else high
        before = _moving(ledger, account_id, low, middle, oldest_first=False)
        if not before or _is_before(before[0], date):
            return high
        high = int(before[0]["timestamp"])
    return high


def _is_before(row: dict[str, Any], date: dt.date) -> bool:
    return business_date(row["user_data_32"]) < date


def _moving(
    ledger: LedgerApi, account_id: int, start: int, end: int, *, oldest_first: bool = True
) -> list[dict[str, Any]]:
    """Return a few lines from one end on, without holds that ran out: those carry old dates."""
    cursor: str | None = None
    while True:
        batch, cursor = ledger.history(
            account_id,
            timestamp_from=start,
            timestamp_until=end,
            cursor=cursor,
            limit=_PROBE if oldest_first else 1,
            oldest_first=oldest_first,
        )
        ended = TransferStatus.PENDING_TRANSFER_EXPIRED
        rows = [row for row in batch.to_pylist() if row["status"] != ended]
        if rows or cursor is None:
            return rows


class Reading:
    """An account's lines from one business date up to and without another, to be read once.

    Totals are complete after the last line.
    """

    def __init__(
        self, ledger: LedgerApi, account_id: int, start: dt.date, end: dt.date, head: Head
    ) -> None:
        self._ledger, self.account_id, self.head = ledger, account_id, head
        self.start_ns = first_on(ledger, account_id, start, head)
        self.end_ns = first_on(ledger, account_id, end, head)
        (code,) = ledger.accounts([account_id])["code"].to_pylist()
        self.slot = Slot(code)
        self._sign = -1 if grows_by_credit(self.slot) else 1
        self._totals = totals_at(ledger, account_id, self.start_ns - 1)
        self.opening_minor = self.closing_minor = self._balance(self._totals)
        self.debit_minor = self.credit_minor = self.count = 0
        self._slots: dict[int, int] = {}

    def _balance(self, totals: Totals) -> int:
        return self._sign * (totals[0] - totals[1])

    def pages(self) -> Iterator[list[Line]]:
        """Yield the lines in the order of booking, at most PAGE at once."""
        cursor: str | None = None
        while self.start_ns < self.end_ns:
            batch, cursor = self._ledger.history(
                self.account_id,
                timestamp_from=self.start_ns,
                timestamp_until=self.end_ns,
                cursor=cursor,
                limit=PAGE,
                oldest_first=True,
            )
            lines = self._lines(batch.to_pylist())
            if lines:
                yield lines
            if cursor is None:
                return

    def _lines(self, rows: list[dict[str, Any]]) -> list[Line]:
        moved = []
        for row in rows:
            totals = int(row["debits_posted"]), int(row["credits_posted"])
            debit, credit = totals[0] - self._totals[0], totals[1] - self._totals[1]
            self._totals = totals
            if debit or credit:
                moved.append((row, debit, credit, self._balance(totals)))
        others = [self._other(row) for row, *_ in moved]
        self._learn(others)
        lines = [
            Line(row, debit, credit, balance, other, self._slots.get(other, 0))
            for (row, debit, credit, balance), other in zip(moved, others, strict=True)
        ]
        for line in lines:
            self.debit_minor += line.debit_minor
            self.credit_minor += line.credit_minor
            self.closing_minor = line.balance_minor
        self.count += len(lines)
        return lines

    def _other(self, row: dict[str, Any]) -> int:
        debit, credit = int(row["debit_account_id"]), int(row["credit_account_id"])
        return credit if debit == self.account_id else debit

    def _learn(self, account_ids: Sequence[int]) -> None:
        fresh = [one for one in dict.fromkeys(account_ids) if one not in self._slots]
        if len(self._slots) > _KNOWN_MAX:
            self._slots.clear()
        if fresh:
            found = self._ledger.accounts(fresh)
            pairs = zip(found["id"].to_pylist(), found["code"].to_pylist(), strict=True)
            self._slots.update(pairs)


@dataclass(slots=True)
class Digest:
    """SHA-256 over a statement's data, in a form that anybody can write down again.

    UTF-8 lines that end in a line feed, fields divided by `|`: a head, a row a line, a tail.
    """

    head: Sequence[Any]
    _sum: Any = field(init=False)

    def __post_init__(self) -> None:
        self._sum = hashlib.sha256()
        self.add("yunjin.statement.v1", *self.head)

    def add(self, *fields: Any) -> None:
        """Take in one row."""
        self._sum.update(("|".join(map(str, fields)) + "\n").encode())

    def line(self, line: Line) -> None:
        """Take in a line of the account."""
        row = line.row
        dates = business_date(row["user_data_32"]), value_date(row["user_data_32"])
        amounts = line.debit_minor, line.credit_minor, line.balance_minor
        self.add(row["timestamp"], uuid_of(row, "id"), *dates, *amounts)

    def hex(self) -> str:
        """Return the digest so far."""
        text: str = self._sum.hexdigest()
        return text


def uuid_of(row: dict[str, Any], name: str) -> UUID:
    """Return one of a row's 128-bit numbers."""
    return UUID(int=(int(row[f"{name}_hi"]) << 64) | int(row[f"{name}_lo"]))


Words = Callable[[Line], tuple[str, str]]  # → text, counterparty


def batch_of(lines: Sequence[Line], words: Words) -> pa.RecordBatch:
    """Return lines as LINES."""
    said = [words(line) for line in lines]
    days = [line.row["user_data_32"] for line in lines]
    columns = {
        "timestamp": [line.row["timestamp"] for line in lines],
        "transfer_hi": [line.row["id_hi"] for line in lines],
        "transfer_lo": [line.row["id_lo"] for line in lines],
        "business_date": [business_date(day) for day in days],
        "value_date": [value_date(day) for day in days],
        "code": [line.row["code"] for line in lines],
        "text": [text for text, _ in said],
        "debit_minor": [line.debit_minor for line in lines],
        "credit_minor": [line.credit_minor for line in lines],
        "balance_minor": [line.balance_minor for line in lines],
        "counter_account_id": [line.other_id for line in lines],
        "counterparty": [other for _, other in said],
        "reference": [_reference(line.row) for line in lines],
    }
    arrays = [pa.array(columns[one.name], one.type) for one in LINES]
    return pa.RecordBatch.from_arrays(arrays, schema=LINES)


def _reference(row: dict[str, Any]) -> str:
    found = uuid_of(row, "user_data_128")
    return str(found) if found.int else ""
