"""From a line of the general ledger to the ledger's transfers behind it.

Goal: for every line its transfers come to the line, whose they are is told, and pages go on where
they stopped. Method: a small bank with two closed days and an entry by hand; NiceGUI's simulated
user for the page.
"""

import datetime as dt
from collections.abc import Iterator

import pytest
from nicegui.testing.user import User

from tests.console import text_of, visit
from tests.foundation.banking.pages.conftest import FIRST_DAY, SmallBank
from yunjin.foundation.banking.api.general_ledger import (
    EntryKind,
    GeneralLedgerApi,
    GlLine,
    LineQuery,
    ManualEntry,
    ManualLine,
)
from yunjin.foundation.banking.api.gl_transfers import LineTransfer
from yunjin.foundation.banking.errors import GlEntryNotFound
from yunjin.kernel.errors import Malformed


@pytest.fixture
def books(bank: SmallBank) -> GeneralLedgerApi:
    """Return the bank's general ledger."""
    assert bank.doors.general_ledger is not None
    return bank.doors.general_ledger


def behind(books: GeneralLedgerApi, line: GlLine, limit: int = 200) -> Iterator[LineTransfer]:
    """Yield all transfers behind a line, page by page."""
    cursor: str | None = None
    while True:
        page = books.transfers(line.entry, line.place, limit=limit, cursor=cursor)
        yield from page.items
        cursor = page.next_cursor
        if cursor is None:
            return


def by_hand(bank: SmallBank, books: GeneralLedgerApi) -> int:
    """Enter a manual entry whose lines on one slot partly undo each other; return its number."""
    sides = [("6601", 300, 0), ("1003", 0, 500), ("1003", 200, 0)]
    entry = ManualEntry(
        command_id=bank.id(),
        date=FIRST_DAY + dt.timedelta(days=2),
        lines=tuple(
            ManualLine(account=account, debit_minor=debit, credit_minor=credit)
            for account, debit, credit in sides
        ),
        reason="rent",
        by="Li Wei",
    )
    return books.enter(entry).number


def test_the_transfers_of_every_line_come_to_the_line(
    bank: SmallBank, books: GeneralLedgerApi
) -> None:
    lines = books.lines(LineQuery(limit=200)).items
    assert len(lines) > 10
    for line in lines:
        found = list(behind(books, line))
        debits = sum(one.debit_minor for one in found)
        credits = sum(one.credit_minor for one in found)
        assert (debits, credits) == (line.debit_minor, line.credit_minor), line
        assert len({one.transfer_id for one in found}) == len(found)
    deposits = next(line for line in lines if line.slot == "deposits" and line.date == FIRST_DAY)
    assert bank.saver in {one.agreement_id for one in behind(books, deposits)}


def test_pages_of_one_transfer_are_the_whole_in_order(
    bank: SmallBank, books: GeneralLedgerApi
) -> None:
    for amount in (100, 200, -300):
        bank.post(bank.saver, amount)
    bank.doors.days.close()
    lines = books.lines(LineQuery(limit=200)).items
    line = max(lines, key=lambda one: len(list(behind(books, one))))
    whole = list(behind(books, line))
    assert len(whole) > 2
    assert list(behind(books, line, limit=1)) == whole
    other = next(one for one in lines if one.place != line.place)
    cursor = books.transfers(line.entry, line.place, limit=1).next_cursor
    with pytest.raises(Malformed):
        books.transfers(other.entry, other.place, cursor=cursor)
    with pytest.raises(Malformed):
        books.transfers(line.entry, line.place, limit=0)
    with pytest.raises(GlEntryNotFound):
        books.transfers(line.entry, 99_999)


def test_an_entry_by_hand_leads_to_what_it_moved_in_sum(
    bank: SmallBank, books: GeneralLedgerApi
) -> None:
    entry = books.entry(by_hand(bank, books))
    assert entry.kind is EntryKind.MANUAL
    for line in entry.lines:
        found = list(behind(books, line))
        if line.slot:
            assert [(one.debit_minor, one.credit_minor, one.code) for one in found] == [(0, 300, 5)]
        else:
            assert not found


def test_the_page_shows_transfers_with_agreements_and_their_sum(
    bank: SmallBank, books: GeneralLedgerApi
) -> None:
    number = by_hand(bank, books)
    lines = books.lines(LineQuery(limit=200)).items
    deposits = next(line for line in lines if line.slot == "deposits" and line.date == FIRST_DAY)

    async def story(user: User) -> None:
        await user.open(f"/gl/entries/{deposits.entry}")
        assert f"/gl/entries/{deposits.entry}/lines/{deposits.place}" in text_of(user)
        await user.open(f"/gl/entries/{deposits.entry}/lines/{deposits.place}")
        assert "the same as the line" in text_of(user)
        assert f"/agreements/{bank.saver}" in text_of(user)
        await user.open(f"/gl/entries/{number}/lines/2")
        assert "the same as the line" in text_of(user)
        await user.open(f"/gl/entries/{number}/lines/9")
        assert "Trace id" in text_of(user)

    visit([bank.room()], story, clock=bank.clock, home=bank.home, language="en")
