"""A ledger under test, whichever it is: the oracle, or the real one behind its door.

Both take lists of dicts and give lists of answers, so a story or a history runs on either.
"""

from dataclasses import dataclass
from typing import Protocol

import pyarrow as pa

from tests.foundation.ledger.oracle import Answer, Request
from yunjin.foundation.ledger.api import (
    ACCOUNTS_OPTIONAL,
    ACCOUNTS_REQUIRED,
    TRANSFERS_OPTIONAL,
    TRANSFERS_REQUIRED,
    AccountStatus,
    LedgerApi,
    TransferStatus,
)

SIDES = ("debit", "credit")
TOTALS = ("debits_pending", "debits_posted", "credits_pending", "credits_posted")


class Book(Protocol):
    """What stories and histories ask of a ledger."""

    def open_accounts(self, requests: list[Request]) -> list[Answer]: ...

    def post_transfers(self, requests: list[Request]) -> list[Answer]: ...

    def totals(self) -> dict[int, tuple[int, int, int, int]]: ...


@dataclass
class Served:
    """The real ledger, spoken to in columns."""

    ledger: LedgerApi

    def open_accounts(self, requests: list[Request]) -> list[Answer]:
        """Send a batch of accounts; return the answers."""
        columns = batch(requests, {**ACCOUNTS_REQUIRED, **ACCOUNTS_OPTIONAL})
        return [
            Answer(AccountStatus(row["status"]), row["timestamp"])
            for row in self.ledger.open_accounts(columns).to_pylist()
        ]

    def post_transfers(self, requests: list[Request]) -> list[Answer]:
        """Send a batch of transfers; return the answers with the balances after each."""
        columns = batch(requests, {**TRANSFERS_REQUIRED, **TRANSFERS_OPTIONAL})
        return [
            Answer(
                TransferStatus(row["status"]),
                row["timestamp"],
                *(tuple(row[f"{side}_account_{total}"] for total in TOTALS) for side in SIDES),
            )
            for row in self.ledger.post_transfers(columns, balances=True).to_pylist()
        ]

    def totals(self) -> dict[int, tuple[int, int, int, int]]:
        """Return every account's four totals, by id, page by page."""
        found: dict[int, tuple[int, int, int, int]] = {}
        cursor: str | None = None
        while True:
            page, cursor = self.ledger.find_accounts(cursor=cursor, limit=200)
            found |= {row["id"]: tuple(row[name] for name in TOTALS) for row in page.to_pylist()}
            if cursor is None:
                return found

    def history(
        self, account_id: int, *, oldest_first: bool = True
    ) -> list[tuple[int, int, tuple[int, ...]]]:
        """Return (transfer, time, totals) of an account's lines."""
        found: list[tuple[int, int, tuple[int, ...]]] = []
        cursor: str | None = None
        while True:
            page, cursor = self.ledger.history(
                account_id, cursor=cursor, limit=3, oldest_first=oldest_first
            )
            for row in page.to_pylist():
                totals = tuple(row[name] for name in TOTALS)
                found.append((row["id_hi"] << 64 | row["id_lo"], row["timestamp"], totals))
            if cursor is None:
                return found

    def balance_at(self, account_id: int, timestamp: int) -> tuple[int, ...]:
        """Return an account's four totals at an instant."""
        [row] = self.ledger.balance_at(account_id, timestamp).to_pylist()
        return tuple(row[name] for name in TOTALS)


def batch(requests: list[Request], columns: dict[str, pa.DataType]) -> pa.RecordBatch:
    """Return requests as columns; what a request leaves out reads as zero."""
    return pa.RecordBatch.from_pydict(
        {name: [request.get(name, 0) for request in requests] for name in columns},
        schema=pa.schema(list(columns.items())),
    )
