"""Goal: what people enter acts once, goes where it may, and through the ledger where it must.

Method: stories on the real tables, on SQLite and MariaDB; the ledger beside it is a dictionary.
"""

from pathlib import Path

import pytest

from tests.foundation.banking.general_ledger.books import (
    CLOCK,
    Books,
    credit,
    day,
    debit,
    manual,
    opened,
)
from yunjin.foundation.banking.api.general_ledger import (
    EntryKind,
)
from yunjin.foundation.banking.domain.products.slots import Slot
from yunjin.foundation.banking.errors import (
    AccountUnusable,
    AlreadyReversed,
    ControlAccount,
    DayClosed,
    EntryRefused,
    GlAccountNotFound,
    GlEntryNotFound,
    PeriodNotReady,
    SlotsNotOffered,
    Unbalanced,
)
from yunjin.kernel.errors import IdempotencyConflict, Refusal, Unknown
from yunjin.kernel.ids import uuid7


def test_a_manual_entry_acts_once_and_is_reversed_once(books: Books) -> None:
    entry = manual("2026-01-05", debit("6601", 300), credit("2202", 200), credit("2221", 100))
    first = books.gl.enter(entry)
    assert books.gl.enter(entry) == first
    assert [line.account for line in first.lines] == ["6601", "2202", "2221"]
    with pytest.raises(IdempotencyConflict):
        books.gl.enter(manual("2026-01-06", *entry.lines, command_id=entry.command_id))
    command = uuid7(CLOCK)
    words = {"date": day("2026-01-06"), "reason": "wrong voucher", "by": "Chen"}
    back = books.gl.reverse(command, first.number, **words)
    assert books.gl.reverse(command, first.number, **words) == back
    assert (back.kind, back.reverses) == (EntryKind.REVERSAL, first.number)
    assert books.gl.entry(first.number).reversed_by == back.number
    assert books.balance("6601", "2026-01-05") == 300
    assert books.balance("6601", "2026-01-06") == 0
    with pytest.raises(AlreadyReversed):
        books.gl.reverse(uuid7(CLOCK), first.number, **words)
    with pytest.raises(AlreadyReversed):
        books.gl.reverse(uuid7(CLOCK), back.number, **words)
    with pytest.raises(GlEntryNotFound):
        books.gl.reverse(uuid7(CLOCK), 99, **words)


def test_a_first_answer_that_was_pruned_is_found_in_the_books(books: Books) -> None:
    entry = manual("2026-01-05", debit("6601", 300), credit("2202", 300))
    first = books.gl.enter(entry)
    books.room.run(lambda work: work.connection.execute(books.room.tables.answers.delete()))
    assert books.gl.enter(entry) == first
    books.room.run(lambda work: work.connection.execute(books.room.tables.answers.delete()))
    with pytest.raises(IdempotencyConflict):
        books.gl.enter(manual("2026-01-06", *entry.lines, command_id=entry.command_id))
    assert books.balance("6601", "2026-01-06") == 300


def test_accounts_that_agreements_make_up_take_no_manual_entry(books: Books) -> None:
    for account in ("201101", "130301", "1304", "2231", "113203", "3003"):
        with pytest.raises(ControlAccount):
            books.enter("2026-01-05", debit(account, 5), credit("2202", 5))
    with pytest.raises(AccountUnusable, match="heading"):
        books.enter("2026-01-05", debit("1303", 5), credit("2202", 5))
    with pytest.raises(GlAccountNotFound):
        books.enter("2026-01-05", debit("9999", 5), credit("2202", 5))
    with pytest.raises(Unbalanced):
        books.enter("2026-01-05", debit("6601", 5), credit("2202", 6))
    assert books.gl.scope().first is None


def test_a_manual_entry_on_a_slot_goes_through_the_ledger(books: Books) -> None:
    books.closed = day("2026-01-04")
    entry = books.enter("2026-01-05", debit("6601", 300), credit("1003", 300))
    assert [line.slot for line in entry.lines] == ["", "fund_source"]
    assert books.ledger.balances == {
        (Slot.FUND_SOURCE, "head", "CNY"): -300,
        (0, "head", "CNY"): 300,
    }
    assert [line.has_transfers for line in entry.lines] == [False, True]
    for date in ("2026-01-04", "2026-01-06"):
        with pytest.raises(DayClosed):
            books.enter(date, debit("6601", 300), credit("1003", 300))
    books.enter("2026-01-04", debit("6601", 1), credit("2202", 1))  # the ledger has no part in it
    proof = books.room.run(
        lambda work: books.gl.prove(work, day("2026-01-05"), books.ledger.balances)
    )
    assert {line.slot: line.difference_minor for line in proof} == {"rest": 0, "fund_source": 0}


def test_an_answer_of_the_ledger_that_got_lost_is_finished_later(books: Books) -> None:
    books.ledger.fails = [Unknown("lost"), Unknown("lost again")]
    entry = manual("2026-01-05", debit("6601", 300), credit("1003", 300))
    for _ in range(2):
        with pytest.raises(Unknown):
            books.gl.enter(entry)
    assert books.balance("6601", "2026-01-05") == 0
    books.closed = day("2026-01-31")
    books.ledger.balances[1, "head", "CNY"] += 0
    with pytest.raises(PeriodNotReady, match="waits for the ledger"):
        books.gl.close_period(uuid7(CLOCK), "2026-01", by="Chen")
    assert books.gl.finish_waiting() == 1
    assert books.gl.finish_waiting() == 0
    assert books.gl.enter(entry).number == 1
    assert books.balance("6601", "2026-01-05") == 300
    assert len(books.ledger.posted) == 1


def test_an_entry_that_the_ledger_refuses_leaves_no_trace(books: Books) -> None:
    books.ledger.refuses = [Refusal("no")]
    entry = manual("2026-01-05", debit("6601", 300), credit("1003", 300))
    with pytest.raises(Refusal, match="no"):
        books.gl.enter(entry)
    assert books.gl.finish_waiting() == 0
    with pytest.raises(EntryRefused, match="another id"):
        books.gl.enter(entry)
    assert books.balance("6601", "2026-01-05") == 0


def test_without_the_ledger_only_what_is_not_its_own_may_be_entered(
    database_url: str, tmp_path: Path
) -> None:
    with opened(database_url, tmp_path, is_joined=False) as books:
        books.enter("2026-01-05", debit("6601", 300), credit("2202", 300))
        with pytest.raises(SlotsNotOffered):
            books.enter("2026-01-05", debit("6601", 300), credit("1003", 300))
