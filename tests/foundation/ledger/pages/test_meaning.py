"""What the pages make of the ledger's columns. Goal: figures mean what people take them for.
Method: the pure functions, and the real ledger where history is read."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nicegui.testing.user import User

from tests.console import visit
from tests.foundation.ledger.pages.conftest import ALICE, NOSTRO, SmallBank, transfer_id
from yunjin.foundation.ledger.api import (
    AccountFlag,
    CellState,
    Finding,
    Head,
    Ledger,
    TrialBalanceLine,
    VerifyReport,
)
from yunjin.foundation.ledger.pages import Search
from yunjin.foundation.ledger.pages.attention import notices
from yunjin.foundation.ledger.pages.balances import POINTS_MAX, curve, day_ends
from yunjin.foundation.ledger.pages.overview import rates_of
from yunjin.foundation.ledger.pages.reading import AccountRow, Units
from yunjin.foundation.ledger.pages.search import account_ids, as_uuid
from yunjin.foundation.ledger.pages.transfers import query_of
from yunjin.kernel.ids import account_id

HEAD = Head(sequence=1, hash="00", timestamp_last=1)
WELL = CellState(
    cell=1,
    home=1,
    depth=0,
    residue=0,
    tenant="demo",
    epoch=1,
    is_writer=True,
    stopped="",
    holder="here",
    account_count=1,
    transfer_count=1,
    pending_count=0,
    head=HEAD,
)
DAY_NS = 86_400 * 10**9


def account(flags: int = 0, **facts: int) -> AccountRow:
    """Return an account with these totals."""
    plain = dict.fromkeys(
        ("debits_pending", "debits_posted", "credits_pending", "credits_posted", "limit_minor"), 0
    )
    values: dict[str, Any] = {**plain, **facts}
    return AccountRow(id=1, ledger=1, code=1, flags=flags, timestamp=1, **values)


def line(debits: int, credits: int) -> TrialBalanceLine:
    """Return a line of a trial balance."""
    return TrialBalanceLine(
        ledger=1,
        currency="CNY",
        account_count=2,
        debits_pending=0,
        debits_posted=debits,
        credits_pending=0,
        credits_posted=credits,
    )


def test_holds_count_against_what_is_available() -> None:
    deposit = AccountFlag.DEBITS_MUST_NOT_EXCEED_CREDITS
    row = account(deposit, credits_posted=5_000, debits_pending=6_000, limit_minor=2_000)
    assert (row.side, row.balance_minor, row.held_minor) == ("credit", 5_000, 6_000)
    assert row.available_minor == 1_000


def test_a_loan_stands_on_the_debit_side() -> None:
    loan = AccountFlag.CREDITS_MUST_NOT_EXCEED_DEBITS
    row = account(loan, debits_posted=9_000, credits_posted=2_000, credits_pending=500)
    assert (row.side, row.balance_minor, row.available_minor) == ("debit", 7_000, 6_500)


def test_an_account_without_limits_has_no_available_amount() -> None:
    row = account(debits_posted=3, credits_posted=10, credits_pending=4)
    assert (row.side, row.balance_minor, row.available_minor) == ("credit", 7, None)
    assert (row.incoming_minor, row.held_minor) == (4, 0)


def test_amounts_have_the_decimals_of_their_currency() -> None:
    units = Units([Ledger(ledger=1, currency="JPY"), Ledger(ledger=2, currency="KWD")])
    assert units.money(1, 1_234_567) == "1,234,567 JPY"
    assert units.money(2, -1_234_567) == "-1,234.567 KWD"
    assert units.money(9, 1_234_567) == "1,234,567"
    assert units.common({1, 2}) == ""


def test_nothing_waits_when_all_is_well() -> None:
    assert notices(WELL, [line(5, 5)], None) == []


def test_the_worst_is_told_first() -> None:
    state = replace(WELL, stopped="EIO", is_writer=False, pending_count=2)
    report = VerifyReport(
        row_count=1, transfer_count=1, head=HEAD, findings=(Finding(sequence=1, what="x"),)
    )
    found = notices(state, [line(5, 4)], report)
    assert [one.key.rsplit(".", 1)[1] for one in found] == [
        "stopped",
        "unbalanced",
        "damaged",
        "holds",
    ]


def test_a_second_process_is_told_who_writes() -> None:
    [notice] = notices(replace(WELL, is_writer=False, holder="host:7"), [], None)
    assert notice.facts == {"holder": "host:7"}


def test_rates_are_per_second_whatever_the_beat() -> None:
    samples = [(0, 100), (2_000_000_000, 500), (2_000_000_000, 500), (3_000_000_000, 450)]
    instants, rates = rates_of(samples, now_ns=10 * 10**9, monotonic_ns=3 * 10**9)
    assert rates == [200, 0]
    assert instants == [9 * 10**9, 10 * 10**9]


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("281474976710698", [account_id(1, 42)]),
        ("1-000042", [account_id(1, 42)]),
        ("42", [account_id(1, 42)]),
        ("0", []),
        ("99999-1", []),
        ("9223372036854775808", []),
        ("٤٢", []),
        ("alice", []),
    ],
)
def test_an_account_is_found_by_any_form_of_its_id(text: str, ids: list[int]) -> None:
    assert account_ids(text, 1) == ids


@given(st.text(max_size=60))
def test_whatever_is_typed_is_read_without_trouble(text: str) -> None:
    assert all(0 < account < 2**63 for account in account_ids(text, 1))
    assert isinstance(as_uuid(text), UUID | None)


@given(st.uuids())
def test_a_transfers_id_is_read_in_both_forms(one: UUID) -> None:
    assert as_uuid(str(one)) == as_uuid(one.hex) == one


def test_search_finds_accounts_aliases_and_transfers(bank: SmallBank) -> None:
    search = Search(bank.ledger)
    assert [hit.path for hit in search("2")] == [f"/accounts/{ALICE}"]
    assert [hit.title for hit in search("DE89")] == ["DE89370400440532013000"]
    assert [hit.path for hit in search(str(transfer_id(1)))] == [f"/transfers/{transfer_id(1)}"]
    assert search(str(transfer_id(500))) == []
    assert search("nobody") == []


def test_filters_read_amounts_in_the_ledgers_currency(bank: SmallBank) -> None:
    async def story(user: User) -> None:
        units = Units(bank.ledger.ledgers())
        assert query_of({"ledger": "1", "min": "12.5"}, units).amount_minor_min == 1_250
        assert query_of({"ledger": "2", "min": "12"}, units).amount_minor_min == 12
        odd = query_of({"min": "1.2.3", "code": "-1", "from": "soon", "reference": "x"}, units)
        assert odd == query_of({}, units)
        day = query_of({"from": "2026-11-24", "until": "2026-11-24"}, units)
        assert day.timestamp_from is not None
        assert day.timestamp_until == day.timestamp_from + DAY_NS

    visit([bank.room], story, clock=bank.clock, home=bank.home)


def test_a_balance_curve_ends_at_the_balance_and_agrees_with_balance_at(bank: SmallBank) -> None:
    async def story(user: User) -> None:
        [row] = AccountRow.all_of(bank.ledger.accounts([ALICE]))
        found = curve(bank.ledger, row, 0, bank.clock.now_ns())
        assert found.is_exact
        assert found.balances[-1] == row.balance_minor
        for at, balance in zip(found.instants[1:], found.balances[1:], strict=True):
            [then] = AccountRow.all_of(bank.ledger.balance_at(ALICE, at))
            assert then.net(row.side) == balance

    visit([bank.room], story, clock=bank.clock, home=bank.home)


def test_a_busy_accounts_curve_is_sampled_at_days_ends(bank: SmallBank) -> None:
    async def story(user: User) -> None:
        for number in range(250):
            bank.clock.advance(40_000)
            bank.post(1_000 + number, NOSTRO, ALICE, 1)
        [row] = AccountRow.all_of(bank.ledger.accounts([ALICE]))
        found = curve(bank.ledger, row, 0, bank.clock.now_ns())
        assert not found.is_exact
        assert len(found.instants) <= POINTS_MAX
        assert found.balances[-1] == row.balance_minor
        assert found.balances == sorted(found.balances)

    visit([bank.room], story, clock=bank.clock, home=bank.home)


def test_days_end_at_midnight_of_the_consoles_zone(bank: SmallBank) -> None:
    async def story(user: User) -> None:
        start = 1_795_449_600 * 10**9  # 2026-11-24T00:00 in Shanghai
        assert day_ends(start, start + DAY_NS // 2) == [start + DAY_NS - 1]
        assert len(day_ends(start, start + 400 * DAY_NS)) <= POINTS_MAX

    visit([bank.room], story, clock=bank.clock, home=bank.home)
