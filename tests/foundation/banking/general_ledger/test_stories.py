"""Goal: the general ledger keeps what was booked and balances on every day.

Method: stories on the real tables, on SQLite and MariaDB; the ledger beside it is a dictionary.
"""

import pytest

from tests.foundation.banking.general_ledger.books import (
    Books,
    day,
    january,
    moved,
    pair,
)
from yunjin.foundation.banking.api.general_ledger import (
    LineQuery,
)
from yunjin.foundation.banking.domain.products.slots import Slot
from yunjin.foundation.banking.errors import (
    SourceBooked,
    Unbalanced,
)
from yunjin.kernel.errors import Malformed


def test_a_trial_balance_of_any_day_is_what_was_booked_by_then(books: Books) -> None:
    january(books)
    assert books.balance("130301", "2026-01-04") == 0
    assert books.balance("130301", "2026-01-05") == books.balance("130301", "2026-12-31") == 100_000
    assert books.balance("113203", "2026-01-30") == 0
    report = books.gl.trial_balance(day("2026-01-06"), day("2026-01-31"))
    assert report.is_balanced
    (total,) = report.totals
    assert (total.debits_minor, total.credits_minor, total.difference_minor) == (1_500, 1_500, 0)
    rows = {row.account: row for row in report.rows}
    assert (rows["130301"].opening_minor, rows["130301"].debits_minor) == (100_000, 0)
    assert rows["1303"].is_total
    assert rows["1303"].closing_minor == 100_000
    assert rows["1303"].depth + 1 == rows["130301"].depth == 1


def test_a_balance_sheet_and_an_income_statement_agree(books: Books) -> None:
    january(books)
    sheet = books.gl.balance_sheet(day("2026-01-31"))
    rows = {row.key: row.amount_minor for row in sheet.rows}
    assert rows["total_assets"] == 100_000 + 1_000 - 200
    assert rows["1304"] == -200  # shown where it belongs, taken off
    assert rows["3001"] == 100_000  # a common account with a credit balance is a liability
    assert rows["profit"] == rows["total_equity"] == 500
    assert rows["total_liabilities_and_equity"] == rows["total_assets"]
    assert [check.difference_minor for check in sheet.checks] == [0]
    income = books.gl.income_statement(day("2026-01-01"), day("2026-01-31"))
    lines = {row.key: row.amount_minor for row in income.rows}
    assert lines["net_interest"] == lines["operating_income"] == 1_000
    assert lines["operating_expenses"] == -500
    assert lines["net_profit"] == 500
    assert income.checks[0].difference_minor == 0
    assert income.compare_start == day("2025-01-01")
    assert {row.prior_minor for row in income.rows} == {0}


def test_the_same_source_acts_once_and_says_no_to_other_movements(books: Books) -> None:
    first = pair(Slot.LOANS, Slot.CLEARING, 70)
    books.book("2026-01-05", *first, source="close/2026-01-05/7")
    books.book("2026-01-05", *reversed(first), source="close/2026-01-05/7")  # in any order
    assert books.balance("130301", "2026-01-05") == 70
    with pytest.raises(SourceBooked):
        books.book("2026-01-05", *pair(Slot.LOANS, Slot.CLEARING, 71), source="close/2026-01-05/7")
    with pytest.raises(SourceBooked):
        books.book("2026-01-06", *first, source="close/2026-01-05/7")
    assert books.balance("130301", "2026-01-06") == 70


def test_branches_and_currencies_balance_each_by_themselves(books: Books) -> None:
    with pytest.raises(Unbalanced, match="in head CNY, was 5 and 0"):
        books.book("2026-01-05", moved(Slot.LOANS, dr=5), moved(Slot.CLEARING, cr=5, branch="west"))
    with pytest.raises(Unbalanced):
        books.book(
            "2026-01-05", moved(Slot.LOANS, dr=5), moved(Slot.CLEARING, cr=5, currency="USD")
        )
    books.book(
        "2026-01-05",
        *pair(Slot.LOANS, Slot.CLEARING, 5),
        *pair(Slot.LOANS, Slot.CLEARING, 7, branch="west"),
        *pair(Slot.LOANS, Slot.CLEARING, 9, branch="west", currency="USD"),
    )
    assert books.balance("130301", "2026-01-05") == 12
    assert books.balance("130301", "2026-01-05", branch="west") == 7
    assert books.balance("130301", "2026-01-05", currency="USD") == 9
    apart = books.gl.trial_balance(day("2026-01-05"), day("2026-01-05"), by_branch=True)
    assert [(one.currency, one.branch) for one in apart.totals] == [
        ("CNY", "head"),
        ("CNY", "west"),
        ("USD", "west"),
    ]
    assert apart.is_balanced
    scope = books.gl.scope()
    assert (scope.branches, scope.currencies) == (("head", "west"), ("CNY", "USD"))


def test_movements_of_an_earlier_day_change_every_later_balance(books: Books) -> None:
    books.book("2026-01-05", *pair(Slot.LOANS, Slot.CLEARING, 100))
    books.book("2026-01-20", *pair(Slot.LOANS, Slot.CLEARING, 10))
    books.book("2026-01-10", *pair(Slot.LOANS, Slot.CLEARING, 1))
    books.book("2026-01-20", *pair(Slot.CLEARING, Slot.LOANS, 4), source="close/more")
    days = ["2026-01-05", "2026-01-09", "2026-01-10", "2026-01-19", "2026-01-20"]
    assert [books.balance("130301", at) for at in days] == [100, 100, 101, 101, 107]
    moves = books.gl.daily("1303", day("2026-01-06"), day("2026-02-01"), currency="CNY")
    assert [
        (one.date.day, one.debits_minor, one.credits_minor, one.balance_minor) for one in moves
    ] == [
        (10, 1, 0, 101),
        (20, 10, 4, 107),
    ]


def test_the_proof_names_the_slot_whose_accounts_differ(books: Books) -> None:
    january(books)
    books.ledger.balances[Slot.LOANS, "head", "CNY"] += 1
    proof = books.room.run(
        lambda work: books.gl.prove(work, day("2026-01-31"), books.ledger.balances)
    )
    wrong = [line for line in proof if line.difference_minor]
    assert [(line.slot, line.subledger_minor, line.ledger_minor) for line in wrong] == [
        ("loans", 100_001, 100_000)
    ]
    assert {line.slot for line in proof} >= {"clearing", "provision", "interest_income"}


def test_lines_come_page_by_page_newest_first(books: Books) -> None:
    for at in range(1, 6):
        books.book(f"2026-01-0{at}", *pair(Slot.LOANS, Slot.CLEARING, at))
    query = LineQuery(account="1303", limit=2)
    first = books.gl.lines(query)
    assert [line.debit_minor for line in first.items] == [5, 4]
    second = books.gl.lines(LineQuery(account="1303", limit=2, cursor=first.next_cursor))
    assert [line.debit_minor for line in second.items] == [3, 2]
    last = books.gl.lines(LineQuery(account="1303", limit=2, cursor=second.next_cursor))
    assert ([line.debit_minor for line in last.items], last.next_cursor) == ([1], None)
    one_day = LineQuery(start=day("2026-01-03"), end=day("2026-01-03"), product="loan")
    assert [line.slot for line in books.gl.lines(one_day).items] == ["loans", "clearing"]
    with pytest.raises(Malformed):
        books.gl.lines(LineQuery(cursor="AAAA"))


def test_reports_are_written_as_csv_in_both_languages(books: Books) -> None:
    january(books)
    trial = books.gl.trial_balance(day("2026-01-31"), day("2026-01-31"))
    chinese = books.gl.csv(trial).splitlines()
    assert chinese[0].startswith("科目,名称,级次")
    assert "130301,贷款本金,2,,CNY,1000.00,0.00,0.00,1000.00" in chinese
    assert chinese[-1] == "差额,,,,CNY,,,,0.00"
    sheet = books.gl.csv(books.gl.balance_sheet(day("2026-01-31")), language="en").splitlines()
    assert sheet[0] == "account,name,level,currency,amount 2026-01-31,compared with 2025-12-31"
    assert ",Total assets,1,CNY,1008.00,0.00" in sheet
    income = books.gl.income_statement(day("2026-01-01"), day("2026-01-31"))
    assert ",净利润,1,CNY,5.00,0.00" in books.gl.csv(income).splitlines()
    with pytest.raises(Malformed):
        books.gl.csv(income, language="fr")
