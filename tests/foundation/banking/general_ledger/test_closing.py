"""Goal: months close in order, years are carried, and slots move with their balances.

Method: stories on the real tables, on SQLite and MariaDB; the ledger beside it is a dictionary.
"""

import pytest

from tests.foundation.banking.general_ledger.books import (
    CLOCK,
    Books,
    credit,
    day,
    debit,
    january,
    pair,
)
from yunjin.foundation.banking.api.general_ledger import (
    EntryKind,
    GlAccount,
    GlMapping,
    GlRule,
    LineQuery,
    Rule,
)
from yunjin.foundation.banking.domain.products.slots import Slot
from yunjin.foundation.banking.errors import (
    AccountUnusable,
    ControlAccount,
    MappingRefused,
    PeriodClosed,
    PeriodNotReady,
)
from yunjin.kernel.ids import uuid7


def test_months_close_in_order_and_take_no_more(books: Books) -> None:
    january(books)
    books.book("2026-02-10", *pair(Slot.LOANS, Slot.CLEARING, 5))

    def close(month: str) -> None:
        books.gl.close_period(uuid7(CLOCK), month, by="Chen")

    with pytest.raises(PeriodNotReady, match="all business days up to 2026-01-31"):
        close("2026-01")
    books.closed = day("2026-02-28")
    with pytest.raises(PeriodNotReady, match="expected 2026-01 to be closed first"):
        close("2026-02")
    command = uuid7(CLOCK)
    first = books.gl.close_period(command, "2026-01", by="Chen")
    assert first == books.gl.close_period(command, "2026-01", by="Chen")
    assert first.status == "closed"
    with pytest.raises(PeriodNotReady):
        close("2026-01")
    for late in ("2026-01-31", "2025-12-31"):
        with pytest.raises(PeriodClosed):
            books.book(late, *pair(Slot.LOANS, Slot.CLEARING, 5), source="close/late")
        with pytest.raises(PeriodClosed):
            books.enter(late, debit("6601", 5), credit("2202", 5))
    books.book("2026-01-05", *pair(Slot.LOANS, Slot.CLEARING, 100_000), counted=False)  # a replay
    close("2026-02")
    with pytest.raises(PeriodNotReady, match="expected 2026-02 to be opened first"):
        books.gl.reopen_period(uuid7(CLOCK), "2026-01", by="Chen", reason="late voucher")
    opened_again = books.gl.reopen_period(uuid7(CLOCK), "2026-02", by="Chen", reason="late voucher")
    assert opened_again.status == "open"
    books.enter("2026-02-11", debit("6601", 5), credit("2202", 5))
    locked = books.gl.lock_period(uuid7(CLOCK), "2026-01", by="Chen")
    assert locked.status == "locked"
    with pytest.raises(PeriodNotReady):
        books.gl.reopen_period(uuid7(CLOCK), "2026-01", by="Chen", reason="too late")
    assert [(one.month, one.status) for one in books.gl.periods()] == [
        ("2026-03", "open"),
        ("2026-02", "open"),
        ("2026-01", "locked"),
    ]


def test_a_year_is_carried_into_retained_earnings_and_again_what_came_later(books: Books) -> None:
    january(books)
    books.closed = day("2027-01-03")
    books.book("2027-01-02", *pair(Slot.INTEREST_ACCRUED, Slot.INTEREST_INCOME, 70))
    with pytest.raises(PeriodNotReady, match="2026-01"):
        books.gl.close_period(uuid7(CLOCK), "2026-12", by="Chen")
    for month in range(1, 12):
        books.gl.close_period(uuid7(CLOCK), f"2026-{month:02}", by="Chen")
    with pytest.raises(PeriodNotReady, match="income and expense of 2026"):
        books.gl.close_period(uuid7(CLOCK), "2026-12", by="Chen")
    command = uuid7(CLOCK)
    entry = books.gl.year_end(command, 2026, by="Chen")
    assert entry is not None
    assert entry == books.gl.year_end(command, 2026, by="Chen")
    assert books.gl.year_end(uuid7(CLOCK), 2026, by="Chen") is None
    assert books.balance("410401", "2026-12-31") == -500
    assert books.balance("601101", "2026-12-31") == 0
    assert books.balance("601101", "2027-01-02") == -70
    books.enter("2026-12-30", debit("6601", 40), credit("2202", 40))
    again = books.gl.year_end(uuid7(CLOCK), 2026, by="Chen")
    assert again is not None
    assert again.source == "year-end/2026/2"
    assert books.balance("410401", "2026-12-31") == -460
    books.gl.close_period(uuid7(CLOCK), "2026-12", by="Chen")
    income = books.gl.income_statement(day("2026-01-01"), day("2026-12-31"))
    assert [row.amount_minor for row in income.rows if row.key == "net_profit"] == [460]
    sheet = books.gl.balance_sheet(day("2027-01-02"))
    rows = {row.key: (row.amount_minor, row.prior_minor) for row in sheet.rows}
    assert rows["profit"] == (70, 0)
    assert rows["410401"] == (460, 460)
    assert sheet.compare == day("2026-12-31")
    before = books.gl.trial_balance(day("2026-12-31"), day("2026-12-31"), before_closing=True)
    assert {row.account: row.closing_minor for row in before.rows}["601101"] == -1_000
    assert before.is_balanced
    proof = books.room.run(
        lambda work: books.gl.prove(work, day("2027-01-02"), books.ledger.balances)
    )
    assert not any(line.difference_minor for line in proof)


def test_a_slot_that_is_mapped_elsewhere_takes_its_balance_along(books: Books) -> None:
    january(books)
    books.closed = day("2026-01-31")
    books.gl.add_account(
        uuid7(CLOCK),
        GlAccount(
            code="130309", name_zh="小微贷款", name_en="Small loans", element="asset", parent="1303"
        ),
    )
    new = GlMapping(slot="loans", product="loan", account="130309", since=day("2026-02-02"))
    with pytest.raises(MappingRefused, match="not closed"):
        books.gl.map_slot(
            uuid7(CLOCK), GlMapping(slot="loans", account="130309", since=day("2026-01-31"))
        )
    with pytest.raises(MappingRefused, match="expected asset, was liability"):
        books.gl.map_slot(
            uuid7(CLOCK), GlMapping(slot="loans", account="2202", since=day("2026-02-02"))
        )
    with pytest.raises(MappingRefused, match="contra"):
        books.gl.map_slot(
            uuid7(CLOCK), GlMapping(slot="loans", account="1602", since=day("2026-02-02"))
        )
    books.gl.map_slot(uuid7(CLOCK), new)
    books.book("2026-02-01", *pair(Slot.LOANS, Slot.CLEARING, 1))
    assert books.balance("130301", "2026-02-01") == 100_001
    books.book("2026-02-03", *pair(Slot.CLEARING, Slot.LOANS, 100_001))
    assert books.balance("130301", "2026-02-03") == books.balance("130309", "2026-02-03") == 0
    kinds = [line.kind for line in books.gl.lines(LineQuery(account="130309")).items]
    assert kinds == [EntryKind.MOVEMENTS, EntryKind.REMAP]
    with pytest.raises(MappingRefused, match="booked elsewhere"):
        books.book("2026-02-01", *pair(Slot.LOANS, Slot.CLEARING, 1), source="close/late")
    assert books.gl.complaints(day("2026-02-03")) == []
    with pytest.raises(ControlAccount):
        books.enter("2026-02-01", debit("130301", 1), credit("2202", 1))
    proof = books.room.run(
        lambda work: books.gl.prove(work, day("2026-02-03"), books.ledger.balances)
    )
    assert not any(line.difference_minor for line in proof)


def test_income_that_is_mapped_elsewhere_takes_only_this_year_along(books: Books) -> None:
    january(books)
    books.closed = day("2027-01-31")
    books.gl.year_end(uuid7(CLOCK), 2026, by="Chen")
    books.book("2027-01-31", *pair(Slot.INTEREST_ACCRUED, Slot.INTEREST_INCOME, 30))
    change = GlMapping(slot="interest_income", account="601109", since=day("2027-02-01"))
    books.gl.map_slot(uuid7(CLOCK), change)
    books.book("2027-02-01", *pair(Slot.INTEREST_ACCRUED, Slot.INTEREST_INCOME, 4))
    assert books.balance("601101", "2027-02-01") == 0
    assert books.balance("601109", "2027-02-01") == -34
    income = books.gl.income_statement(day("2027-01-01"), day("2027-02-01"))
    assert [row.amount_minor for row in income.rows if row.key == "net_profit"] == [34]
    retained = GlMapping(slot="retained", account="410402", since=day("2027-02-05"))
    with pytest.raises(MappingRefused, match="stays where it is"):
        books.gl.map_slot(uuid7(CLOCK), retained)


def test_the_preset_maps_every_slot_and_nothing_is_wrong_with_it(books: Books) -> None:
    assert books.gl.complaints(day("2026-01-01")) == []
    mapped = books.gl.mappings(day("2026-01-01"))
    assert {one.slot for one in mapped} == {slot.name.lower() for slot in Slot}
    chart = {account.code: account for account in books.gl.accounts()}
    assert chart["1303"].name_zh == "贷款"
    assert not chart["1303"].is_postable
    assert chart["201101"].slots == ("deposits",)
    assert chart["201101"].is_control
    assert chart["1304"].is_contra
    assert not chart["1001"].is_control


def test_accounts_that_contradict_their_parents_are_refused(books: Books) -> None:
    good = GlAccount(
        code="660101", name_zh="职工薪酬", name_en="Staff", element="expense", parent="6601"
    )
    command = uuid7(CLOCK)
    assert books.gl.add_account(command, good) == books.gl.add_account(command, good)
    with pytest.raises(AccountUnusable, match="taken"):
        books.gl.add_account(uuid7(CLOCK), good)
    bad = {
        "taken from the preset": {"code": "1001", "element": "asset", "parent": ""},
        "another element": {"code": "660102", "element": "income", "parent": "6601"},
        "another beginning": {"code": "670102", "element": "expense", "parent": "6601"},
        "another class": {"code": "1009", "element": "liability", "parent": ""},
    }
    for values in bad.values():
        account = GlAccount(name_zh="甲", name_en="A", **values)
        with pytest.raises(AccountUnusable):
            books.gl.add_account(uuid7(CLOCK), account)
    books.enter("2026-01-05", debit("6601", 5), debit("660101", 7), credit("2202", 12))
    report = books.gl.trial_balance(day("2026-01-05"), day("2026-01-05"))
    rows = [
        (r.account, r.is_total, r.depth, r.closing_minor)
        for r in report.rows
        if r.account[:2] == "66"
    ]
    assert rows == [("6601", True, 0, 12), ("6601", False, 1, 5), ("660101", False, 1, 7)]


def test_rules_hold_from_their_day_on_and_for_all_where_a_product_has_none(books: Books) -> None:
    assert books.gl.rule_of("loan", day("2026-01-01")) is Rule.ACCRUAL
    books.gl.set_rule(uuid7(CLOCK), GlRule(product="loan", rule=Rule.CASH, since=day("2026-02-01")))
    books.gl.set_rule(uuid7(CLOCK), GlRule(product="*", rule=Rule.CASH, since=day("2026-03-01")))
    books.gl.set_rule(
        uuid7(CLOCK), GlRule(product="loan", rule=Rule.ACCRUAL, since=day("2026-04-01"))
    )
    assert books.gl.rule_of("loan", day("2026-01-31")) is Rule.ACCRUAL
    assert books.gl.rule_of("loan", day("2026-02-01")) is Rule.CASH
    assert books.gl.rule_of("loan", day("2026-04-01")) is Rule.ACCRUAL
    assert books.gl.rule_of("deposit", day("2026-04-01")) is Rule.CASH
    books.closed = day("2026-01-31")
    with pytest.raises(MappingRefused):
        books.gl.set_rule(
            uuid7(CLOCK), GlRule(product="x", rule=Rule.CASH, since=day("2026-01-31"))
        )
    assert len(books.gl.rules()) == 3
