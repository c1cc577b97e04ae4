"""Goal: every shipped product does over columns what its rules say for one agreement, to the unit.

Method: random books and histories, three agreements at a time, against oracles that live day by
day in plain Python (oracle.py); conservation is checked by `simulate` itself.
"""

import datetime as dt
from collections import Counter, defaultdict
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.foundation.banking.products import oracle
from yunjin.foundation.banking.domain.products.declarations import Product
from yunjin.foundation.banking.domain.products.presets.card_instalment import CardInstalment
from yunjin.foundation.banking.domain.products.presets.credit_card import CreditCard
from yunjin.foundation.banking.domain.products.presets.credit_line import CreditLine
from yunjin.foundation.banking.domain.products.presets.fixed_deposit import FixedDeposit
from yunjin.foundation.banking.domain.products.presets.money_market import MoneyMarket
from yunjin.foundation.banking.domain.products.presets.notice_deposit import NoticeDeposit
from yunjin.foundation.banking.domain.products.simulation import (
    Change,
    Entry,
    Simulated,
    simulate,
)
from yunjin.foundation.banking.domain.products.slots import Slot

START = dt.date(2026, 1, 31)
DAYS = 200
Step = tuple[int, int, int]  # row, days from the start, amount
Changed = tuple[int, str, int]  # days from the start, parameter, value


def at(day: Any) -> Any:
    """Return a date as the engine wants it."""
    return np.datetime64(day, "D")


def steps(least: int, most: int, size: int = 20) -> st.SearchStrategy[list[Step]]:
    """Return entries of three agreements."""
    amounts = st.integers(least, most).filter(bool)
    one = st.tuples(st.integers(0, 2), st.integers(0, DAYS - 1), amounts)
    return st.lists(one, max_size=size)


def books(**terms: st.SearchStrategy[int]) -> st.SearchStrategy[list[dict[str, int]]]:
    """Return the terms of three agreements."""
    return st.lists(st.fixed_dictionaries(terms), min_size=3, max_size=3)


def changes(name: str, least: int, most: int) -> st.SearchStrategy[list[Changed]]:
    """Return changes of the middle agreement."""
    one = st.tuples(st.integers(1, DAYS - 1), st.just(name), st.integers(least, most))
    return st.lists(one, max_size=5, unique_by=lambda change: change[0])


def against(amount: int) -> Slot:
    """Return where an entry on a card goes to, by its last digit."""
    return {1: Slot.CASH, 2: Slot.SUSPENSE}.get(oracle.kind(amount), Slot.CLEARING)


def expect_agreement(
    product: Product,
    kind: type[oracle.Daily],
    terms: list[dict[str, int]],
    some: list[Step],
    changed: list[Changed],
    *,
    usual: dict[str, int],
    is_card: bool = False,
) -> Simulated:
    """Simulate agreements together, live through each alone, and compare."""
    events: list[Entry | Change] = []
    entries: list[dict[dt.date, list[int]]] = [defaultdict(list) for _ in terms]
    for row, after, amount in some:
        when = START + dt.timedelta(days=after)
        entries[row][when].append(amount)
        slot = against(amount) if is_card else Slot.CLEARING
        events.append(Entry(date=at(when), amount_minor=amount, row=row, against=slot))
    altered = {}
    for after, name, value in changed:
        when = START + dt.timedelta(days=after)
        altered[when] = (name, value)
        events.append(Change(date=at(when), parameter=name, value=value, row=1))
    end = START + dt.timedelta(days=DAYS)
    found = simulate(product, terms, start=START, end=end, events=events)
    refused = Counter((row, date.astype(dt.date)) for date, row, _ in found.refusals)
    for row, given_terms in enumerate(terms):
        alone = kind(START, usual | given_terms)
        alone.live(DAYS, entries[row], altered if row == 1 else None)
        now = {name: int(column[-1, row]) for name, column in found.balances.items()}
        assert now == {name: alone.balances[name] for name in now}
        told = {date: count for (whose, date), count in refused.items() if whose == row}
        assert Counter(alone.refused) == Counter(told)
    return found


@given(
    first=st.lists(st.integers(5_000, 10**9), min_size=3, max_size=3),
    some=steps(-3_000_000, 100_000, 8),
    terms=books(term=st.integers(1, 4), rate=st.integers(0, 100_000), renewal=st.integers(0, 2)),
)
def test_fixed_deposits_do_what_the_oracle_does(
    first: list[int], some: list[Step], terms: list[dict[str, int]]
) -> None:
    opened = [(row, 0, amount) for row, amount in enumerate(first)]
    usual = {"demand_rate": 500, "least_left": 5_000}
    expect_agreement(FixedDeposit(), oracle.FixedDeposit, terms, [*opened, *some], [], usual=usual)


@given(
    first=st.lists(st.integers(1, 10**9), min_size=3, max_size=3),
    some=steps(-90_000_000, 6_000_000, 8),
    terms=books(days=st.sampled_from([1, 7]), rate=st.integers(0, 100_000)),
    changed=changes("notice", 0, 90_000_000),
)
def test_notice_deposits_do_what_the_oracle_does(
    first: list[int], some: list[Step], terms: list[dict[str, int]], changed: list[Changed]
) -> None:
    opened = [(row, 0, amount) for row, amount in enumerate(first)]
    usual = {"demand_rate": 500, "least": 5_000_000, "notice": 0}
    kind = oracle.NoticeDeposit
    expect_agreement(NoticeDeposit(), kind, terms, [*opened, *some], changed, usual=usual)


@given(
    some=steps(-3_000_000, 4_000_000),
    terms=books(
        limit=st.integers(1, 9_000_000),
        rate=st.integers(0, 240_000),
        months=st.integers(1, 8),
        undrawn_fee=st.integers(0, 20_000),
        minimum=st.integers(0, 1_000_000),
        bill_day=st.integers(1, 28),
        penalty=st.integers(1_000_000, 2_000_000),
    ),
    changed=changes("limit", 1, 9_000_000),
)
def test_credit_lines_do_what_the_oracle_does(
    some: list[Step], terms: list[dict[str, int]], changed: list[Changed]
) -> None:
    expect_agreement(CreditLine(), oracle.CreditLine, terms, some, changed, usual={"least": 10_000})


@given(
    some=steps(-800_000, 900_000, 30),
    terms=books(
        limit=st.integers(1, 3_000_000),
        cash_limit=st.integers(0, 500_000),
        statement_day=st.integers(1, 28),
        days_to_pay=st.integers(10, 27),
        minimum=st.integers(0, 200_000),
    ),
    changed=changes("disputed", 0, 500_000),
)
def test_credit_cards_do_what_the_oracle_does(
    some: list[Step], terms: list[dict[str, int]], changed: list[Changed]
) -> None:
    usual = {"rate": 182_500, "least": 1_000, "late": 50_000, "cash_fee": 10_000, "disputed": 0}
    expect_agreement(CreditCard(), oracle.Card, terms, some, changed, usual=usual, is_card=True)


def card(*events: Entry, until: str) -> tuple[dict[str, int], Simulated]:
    """Return what a card owes on the evening before a date."""
    terms = [{"limit": 5_000_000, "statement_day": 5}]
    found = simulate(CreditCard(), terms, start="2026-01-31", end=until, events=events)
    return {name: int(column[-1, 0]) for name, column in found.balances.items()}, found


BOUGHT = Entry(date=at("2026-02-10"), amount_minor=-100_000)


def test_a_statement_paid_in_full_by_its_due_day_costs_no_interest() -> None:
    paid = Entry(date=at("2026-03-24"), amount_minor=100_000)
    owed, _ = card(BOUGHT, paid, until="2026-05-06")
    assert set(owed.values()) == {0}


def test_a_statement_not_paid_costs_interest_from_the_purchase_on_and_a_fee() -> None:
    paid = Entry(date=at("2026-03-24"), amount_minor=40_000)
    owed, _ = card(BOUGHT, paid, until="2026-04-06")
    # 10 Feb to 24 Mar 100,000 for 42 days, then 60,000 for 12 days, at 0.05 % a day
    assert owed["interest_due"] == 42 * 50 + 12 * 30
    assert owed["revolving"] == 60_000
    assert owed["fees"] == 0  # the minimum of 10 % was paid


def test_cash_bears_interest_from_the_day_it_was_taken() -> None:
    cash = Entry(date=at("2026-02-10"), amount_minor=-100_000, against=Slot.CASH)
    terms = [{"limit": 5_000_000, "cash_limit": 100_000, "statement_day": 5}]
    found = simulate(CreditCard(), terms, start="2026-01-31", end="2026-03-06", events=[cash])
    assert found.balances["interest_due"][-1, 0] == 23 * 50
    assert found.balances["fees"][-1, 0] == 1_000


def test_what_is_disputed_bears_no_interest_until_it_is_decided() -> None:
    wrong = Change(date=at("2026-02-11"), parameter="disputed", value=100_000)
    terms = [{"limit": 5_000_000, "statement_day": 5}]

    def owed(*more: Entry | Change) -> dict[str, int]:
        events = [BOUGHT, wrong, *more]
        found = simulate(CreditCard(), terms, start="2026-01-31", end="2026-07-01", events=events)
        return {name: int(column[-1, 0]) for name, column in found.balances.items()}

    still = owed()
    assert still["aside"] == 100_000
    assert sum(still.values()) == 100_000
    refund = Entry(date=at("2026-04-01"), amount_minor=100_000, against=Slot.SUSPENSE)
    assert set(owed(refund).values()) == {0}
    lost = owed(Change(date=at("2026-06-10"), parameter="disputed", value=0))
    assert (lost["aside"], lost["revolving"]) == (0, 100_000)


@given(amount=st.integers(1, 10**9), parts=st.integers(2, 24), fee=st.integers(0, 20_000))
def test_the_parts_of_an_instalment_plan_add_up(amount: int, parts: int, fee: int) -> None:
    terms = [{"amount": amount, "parts": parts, "fee": fee}]
    found = simulate(CardInstalment(), terms, start="2026-01-31", end="2028-03-01")
    moved = [x[4] for x in found.transfers if x[1] == "due_part"]
    fees = [x[4] for x in found.transfers if x[1] == "due_fee"]
    assert sum(moved) == amount
    assert moved[:-1] == [one for one in [amount // parts] * (parts - 1) if one]
    assert sum(fees) == parts * oracle.part(amount, fee)


def test_units_earn_from_the_next_working_day_on_and_are_paid_out_the_day_after() -> None:
    """31 January 2026 is a Saturday; units come on Monday and earn 0.4567 a day for 10,000."""
    events: list[Entry | Change] = [
        Entry(date=at("2026-01-31"), amount_minor=100_000_000),
        Change(date=at("2026-02-05"), parameter="income", value=0),
        Change(date=at("2026-02-06"), parameter="redeem", value=100_000_000),
    ]
    terms = [{"income": 4_567}]
    found = simulate(MoneyMarket(), terms, start=START, end="2026-02-10", events=events)
    units = found.balances["main"][:, 0].tolist()
    # 1,000,000.00 earns 45.67 a day on the evenings of 2, 3 and 4 February, income on income
    assert units[:2] == [0, 0]
    assert units[2:6] == [100_004_567, 100_009_134, 100_013_702, 100_013_702]
    assert found.balances["leaving"][6:9, 0].tolist() == [100_000_000] * 3  # Friday to Sunday
    paid = [x for x in found.transfers if x[2] == "CLEARING"]
    assert [(str(x[0]), x[4]) for x in paid] == [("2026-02-09", 100_000_000)]
