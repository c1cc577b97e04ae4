"""Goal: a product's rules do over columns what they say for one agreement, to the unit.

Method: random books and entries are simulated together and held against an oracle that lives day
by day through one agreement; worked cases from public sources; conservation on the way.
"""

import datetime as dt
from collections import Counter, defaultdict
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.foundation.banking.products import oracle
from yunjin.foundation.banking.domain.products.presets.current_account import CurrentAccount
from yunjin.foundation.banking.domain.products.presets.fixed_deposit import FixedDeposit
from yunjin.foundation.banking.domain.products.simulation import (
    Change,
    Entry,
    Simulated,
    simulate,
)

START = dt.date(2026, 1, 15)
DAYS = 200


def day(number: int) -> dt.date:
    """Return a day of the simulation."""
    return START + dt.timedelta(days=number)


def entry(number: int, amount: int, row: int = 0) -> Entry:
    """Return an entry on a day of the simulation."""
    return Entry(date=np.datetime64(day(number), "D"), amount_minor=amount, row=row)


def last(found: Simulated, row: int = 0) -> dict[str, int]:
    """Return an agreement's balances on the last evening."""
    return {name: int(column[-1, row]) for name, column in found.balances.items()}


entries = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.integers(0, DAYS - 1),
        st.integers(-3_000_000, 9_000_000).filter(bool),
    ),
    max_size=25,
)


def by_day(some: list[tuple[int, int, int]], row: int) -> dict[dt.date, list[int]]:
    """Return the amounts of one row by day, in the order they are asked for."""
    found: dict[dt.date, list[int]] = defaultdict(list)
    for whose, number, amount in some:
        if whose == row:
            found[day(number)].append(amount)
    return found


@given(some=entries, limits=st.lists(st.integers(0, 2_000_000), min_size=3, max_size=3))
def test_current_accounts_do_what_the_oracle_does(
    some: list[tuple[int, int, int]], limits: list[int]
) -> None:
    found = simulate(
        CurrentAccount(),
        [{"overdraft_limit": limit} for limit in limits],
        start=START,
        end=day(DAYS),
        events=[entry(number, amount, row) for row, number, amount in some],
    )
    refused = Counter((row, date.astype(dt.date)) for date, row, _ in found.refusals)
    for row, limit in enumerate(limits):
        alone = oracle.Current(START)
        alone.run(limit, 150_000, DAYS, by_day(some, row))
        assert last(found, row)["main"] == alone.balances["main"]
        assert Counter(alone.refused) == Counter(
            {date: count for (whose, date), count in refused.items() if whose == row}
        )


def test_a_rate_that_changes_in_mid_quarter_earns_from_that_day_on() -> None:
    def interest(*events: Any) -> int:
        terms = [{"overdraft_limit": 10**6, "overdraft_rate": 100_000}]
        found = simulate(
            CurrentAccount(), terms, start=START, end=dt.date(2026, 3, 21), events=events
        )
        return -last(found)["main"] - 360_000

    owed = entry(0, -360_000)
    change = Change(date=np.datetime64("2026-02-14"), parameter="overdraft_rate", value=200_000)
    assert interest(owed) == 64 * 100  # 360,000 at 10 % are 100 a day
    assert interest(owed, change) == 30 * 100 + 34 * 200


def test_a_fixed_deposit_earns_its_rate_at_term_and_the_demand_rate_before() -> None:
    def paid(*events: Entry) -> tuple[int, list[int]]:
        first = entry(0, 1_000_000)
        terms = [{"term": 12, "rate": 20_000}]
        end = dt.date(2027, 1, 16)
        found = simulate(FixedDeposit(), terms, start=START, end=end, events=[first, *events])
        return last(found)["main"], [x[4] for x in found.transfers if x[1] == "earned"]

    assert paid() == (1_000_000, [20_000])
    assert paid(entry(167, -1_000_000)) == (0, [229])  # 1,000,000 at 0.05 % for 167 days
    assert paid(entry(167, -400_000)) == (600_000, [92, 12_000])  # the rest keeps its rate
    assert paid(entry(167, -999_999)) == paid()  # less than 50.00 would be left: refused


def test_an_entry_booked_late_earns_what_it_would_have_earned_in_time() -> None:
    def evening(booked: int, counts_from: int) -> int:
        events = [
            entry(0, 4_990_000),
            Entry(
                date=np.datetime64(day(booked), "D"),
                amount_minor=20_000_000,
                value_date=np.datetime64(day(counts_from), "D"),
            ),
            entry(50, 1),
        ]
        found = simulate(CurrentAccount(), [{}], start=START, end=day(60), events=events)
        return int(found.accrued_e8["interest"][-1, 0])

    in_time = evening(10, 10)
    assert evening(31, 10) == in_time
    assert evening(31, 31) < in_time


def test_entries_late_on_one_day_earn_together_as_if_each_had_been_in_time() -> None:
    def evening(posted_on: int) -> int:
        events = [
            Entry(
                date=np.datetime64(day(posted_on), "D"),
                amount_minor=4_000_000,  # alone in the lowest tier, two together in the next
                value_date=np.datetime64(day(10), "D"),
            )
            for _ in range(2)
        ]
        found = simulate(CurrentAccount(), [{}], start=START, end=day(60), events=events)
        return int(found.accrued_e8["interest"][-1, 0])

    assert evening(31) == evening(10) > 0


def test_an_account_that_nobody_moves_falls_asleep_and_is_woken() -> None:
    wake = Change(date=np.datetime64(day(150), "D"), parameter="sleeps_after", value=40)
    events: list[Entry | Change] = [
        entry(0, 10_000),
        entry(20, 1),
        entry(100, -1),
        wake,
        entry(151, -1),
    ]
    terms = [{"sleeps_after": 30}]
    found = simulate(CurrentAccount(), terms, start=START, end=day(160), events=events)
    asleep = found.balances["asleep"][:, 0]
    assert np.flatnonzero(asleep).tolist() == list(range(50, 150))
    assert [reason for _, _, reason in found.refusals] == ["the account sleeps"]
    assert last(found)["main"] >= 10_000
    assert [code for _, _, code in found.notices] == ["account-asleep"]


def test_days_closed_one_by_one_and_at_once_end_alike() -> None:
    terms = [{"overdraft_limit": 500_000}, {"overdraft_limit": 0}]
    some = [entry(3, 7_777_777), entry(3, 123_456, 1), entry(60, -5_000_001), entry(90, 1, 1)]
    at_once = simulate(CurrentAccount(), terms, start=START, end=day(DAYS), events=some)
    daily = simulate(
        CurrentAccount(),
        terms,
        start=START,
        end=day(DAYS),
        events=[*some, *(entry(number, -(10**12)) for number in range(4, DAYS))],
    )
    assert len(daily.refusals) == DAYS - 4
    for name, column in at_once.accrued_e8.items():
        assert (column == daily.accrued_e8[name]).all()
    assert (at_once.balances["main"] == daily.balances["main"]).all()
