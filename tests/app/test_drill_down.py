"""Goal: from any line of the general ledger one comes to the ledger's transfers behind it, on every
engine that keeps the tables. Method: a whole bank, as the app opens it, with days of deposits,
a loan and an entry by hand; closed by days, read again after a restart.
"""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from yunjin.app.bootstrap import Bank, opened
from yunjin.app.settings import Settings
from yunjin.foundation.banking.api.agreements import ENTRIES_REQUIRED, AgreementsApi, Opening
from yunjin.foundation.banking.api.days import DaysApi
from yunjin.foundation.banking.api.general_ledger import (
    EntryKind,
    GeneralLedgerApi,
    GlLine,
    LineQuery,
    ManualEntry,
    ManualLine,
)
from yunjin.foundation.banking.wiring import Settings as BankingSettings
from yunjin.foundation.database.wiring import Settings as DatabaseSettings
from yunjin.kernel.ids import uuid7

FIRST = dt.date(2026, 1, 5)
LAST = dt.date(2026, 1, 13)


def live_some_days(bank: Bank) -> None:
    """Open a deposit and a loan at two branches, pay, close the days, enter one entry by hand."""
    agreements, days = bank.door(AgreementsApi), bank.door(DaysApi)
    loan = {"amount": 1_200_000, "rate": 60_000, "term": 12}
    ids = agreements.open(
        uuid7(bank.clock),
        [
            Opening(product="current-account", party_id="p", branch="east"),
            Opening(product="instalment-loan", party_id="p", terms=loan),
        ],
    )
    columns: dict[str, Any] = {
        "id_hi": [1, 1, 1],
        "id_lo": [1, 2, 3],
        "agreement_id": [*ids, ids[0]],
        "amount_minor": [900_000, 110_000, -5_000],
    }
    arrays = [pa.array(values, ENTRIES_REQUIRED[name]) for name, values in columns.items()]
    agreements.post(pa.RecordBatch.from_arrays(arrays, names=list(columns)))
    days.close(LAST - dt.timedelta(days=1))
    rent = (("6601", 300, 0), ("1003", 0, 300))
    bank.door(GeneralLedgerApi).enter(
        ManualEntry(
            command_id=uuid7(bank.clock),
            date=LAST,
            lines=tuple(
                ManualLine(account=account, debit_minor=debit, credit_minor=credit)
                for account, debit, credit in rent
            ),
            reason="rent",
            by="Li Wei",
        )
    )
    days.close()


def lines_of(books: GeneralLedgerApi) -> Iterator[GlLine]:
    """Yield all lines."""
    cursor: str | None = None
    while True:
        page = books.lines(LineQuery(limit=50, cursor=cursor))
        yield from page.items
        cursor = page.next_cursor
        if cursor is None:
            return


def behind(books: GeneralLedgerApi, line: GlLine) -> tuple[int, int, int]:
    """Return what the transfers behind a line come to, read two at a time: debits, credits, n."""
    debits = credits = count = 0
    cursor: str | None = None
    while True:
        page = books.transfers(line.entry, line.place, limit=2, cursor=cursor)
        debits += sum(one.debit_minor for one in page.items)
        credits += sum(one.credit_minor for one in page.items)
        count += len(page.items)
        cursor = page.next_cursor
        if cursor is None:
            return debits, credits, count


def test_every_line_leads_to_transfers_that_come_to_it(tmp_path: Path, database_url: str) -> None:
    settings = Settings(
        home=tmp_path,
        banking=BankingSettings(first_day=FIRST),
        database=DatabaseSettings(url=database_url),
    )
    with opened(settings) as bank:
        live_some_days(bank)
        books = bank.door(GeneralLedgerApi)
        lines = list(lines_of(books))
        found = [behind(books, line) for line in lines]
        assert {line.branch for line in lines} == {"east", "head"}
        assert max(line.date for line in lines) == LAST
    by_hand = [line for line in lines if line.kind is EntryKind.MANUAL]
    assert len(by_hand) == 2
    for line, (debits, credits, count) in zip(lines, found, strict=True):
        if line.slot:  # a line by hand on an account without a slot moved nothing in the ledger
            assert (debits, credits) == (line.debit_minor, line.credit_minor), line
            assert count
    with opened(settings) as bank:
        again = bank.door(GeneralLedgerApi)
        assert [behind(again, line) for line in lines_of(again)] == found
