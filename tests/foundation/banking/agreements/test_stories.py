"""Goal: the thin core does what a bank's customers and its books expect.

Method: short stories on the real ledger; the general ledger beside it is a dictionary.
"""

import datetime as dt
from pathlib import Path

import pytest

from tests.foundation.banking.bank import open_bank
from yunjin.foundation.banking.api import dates
from yunjin.foundation.banking.api.agreements import Action, EntryStatus, Opening
from yunjin.foundation.banking.api.registry import TermsChange
from yunjin.kernel.errors import Malformed
from yunjin.kernel.ids import uuid7


def test_money_comes_in_goes_over_and_is_never_there_twice(tmp_path: Path) -> None:
    with open_bank(tmp_path) as bank:
        an, bo = bank.open("current-account") + bank.open("current-account", branch="east")
        come, go = bank.entry(an, 50_000), bank.entry(an, -20_000, counter_agreement_id=bo)
        first = bank.post(come, go, bank.entry(an, -90_000), bank.entry(7, 1))
        assert [one["status"] for one in first] == [
            EntryStatus.BOOKED,
            EntryStatus.BOOKED,
            EntryStatus.REFUSED,
            EntryStatus.AGREEMENT_NOT_FOUND,
        ]
        assert first[2]["reason"] == "insufficient funds"
        again = bank.post(come, go)
        assert [one["status"] for one in again] == [EntryStatus.EXISTS] * 2
        assert [one["timestamp"] for one in again] == [one["timestamp"] for one in first[:2]]
        assert bank.agreements.agreement(an).balance_minor == 30_000
        assert bank.agreements.agreement(bo).balance_minor == 20_000


def test_what_is_on_hold_cannot_be_spent_until_it_is_released(tmp_path: Path) -> None:
    with open_bank(tmp_path) as bank:
        (an,) = bank.open("current-account")
        hold = uuid7(bank.clock)
        bank.post(bank.entry(an, 10_000))
        (held,) = bank.post(bank.entry(an, 6_000, id=hold, action=Action.HOLD))
        assert (held["balance_minor"], held["available_minor"]) == (10_000, 4_000)
        (refused,) = bank.post(bank.entry(an, -5_000))
        assert refused["status"] == EntryStatus.REFUSED
        (taken,) = bank.post(bank.entry(an, 2_500, action=Action.CAPTURE, hold=hold))
        assert (taken["balance_minor"], taken["available_minor"]) == (7_500, 7_500)
        (late,) = bank.post(bank.entry(an, 0, action=Action.RELEASE, hold=hold))
        assert late["status"] == EntryStatus.HOLD_ENDED


def test_an_entry_is_reversed_once_whoever_asks(tmp_path: Path) -> None:
    with open_bank(tmp_path) as bank:
        (an,) = bank.open("current-account")
        first = uuid7(bank.clock)
        bank.post(bank.entry(an, 10_000, id=first), bank.entry(an, 500))
        statuses = [
            bank.post(bank.entry(an, 0, action=Action.REVERSE, hold=first))[0]["status"]
            for _ in range(2)
        ]
        assert statuses == [EntryStatus.BOOKED, EntryStatus.EXISTS]
        assert bank.agreements.agreement(an).balance_minor == 500


def test_a_loan_is_billed_paid_and_proven_day_by_day(tmp_path: Path) -> None:
    with open_bank(tmp_path) as bank:
        (loan,) = bank.open("instalment-loan", amount=1_200_000, rate=60_000, term=12)
        bank.post(bank.entry(loan, 110_000))
        report = bank.days.close(dt.date(2026, 2, 10))
        assert report.status == "closed"
        assert all(line.difference_minor == 0 for line in report.proof)
        assert any(line.slot == "INTEREST_INCOME" and line.ledger_minor for line in report.proof)
        state = bank.agreements.agreement(loan)
        assert state.fields["number"] == 1
        assert state.balances["due_principal"] == 0


def test_closing_many_days_at_once_is_closing_each_of_them(tmp_path: Path) -> None:
    found = []
    for name, lasts in (("one", [20]), ("each", list(range(5, 21)))):
        with open_bank(tmp_path / name) as bank:
            (an,) = bank.open("current-account")
            (loan,) = bank.open("instalment-loan", amount=500_000, rate=120_000, term=6)
            bank.post(bank.entry(an, 123_456), bank.entry(loan, 1_000))
            for last in lasts:
                bank.days.close(dt.date(2026, 3, last))
            books, slots, today = bank.fingerprint()
            found.append((books, slots, today, dict(bank.general_ledger.balances)))
    assert found[0] == found[1]


def test_a_bank_opened_again_is_the_same_to_the_unit(tmp_path: Path) -> None:
    with open_bank(tmp_path) as bank:
        ids = bank.open("current-account", 3, branch="north")
        bank.post(*(bank.entry(one, 10_000 + one % 7) for one in ids))
        bank.days.close(dt.date(2026, 1, 31))
        bank.post(bank.entry(ids[1], -2_000))
        before, books = bank.fingerprint(), bank.general_ledger
        counted = bank.core.debits, bank.core.credits
        again = bank.reopened()
        assert (again.debits, again.credits) == counted
    with open_bank(tmp_path, general_ledger=books) as bank:
        assert bank.fingerprint() == before
        bank.days.close()


def test_sent_twice_an_opening_opens_once(tmp_path: Path) -> None:
    with open_bank(tmp_path) as bank:
        command = uuid7(bank.clock)
        wanted = [Opening(product="current-account", party_id="p-1", note="家庭")]
        assert bank.agreements.open(command, wanted) == bank.agreements.open(command, wanted)
        assert bank.core.books.count() == 1


@pytest.mark.parametrize(
    "terms", [{}, {"amount": 1, "rate": 1, "term": 0}, {"amount": 1, "rate": 1, "term": 2, "x": 1}]
)
def test_terms_that_will_not_do_open_nothing(tmp_path: Path, terms: dict[str, int]) -> None:
    with open_bank(tmp_path) as bank:
        with pytest.raises(Malformed):
            bank.open("instalment-loan", **terms)
        assert bank.core.books.count() == 0


def test_an_agreement_is_closed_when_it_is_empty(tmp_path: Path) -> None:
    with open_bank(tmp_path) as bank:
        (an,) = bank.open("current-account")
        bank.post(bank.entry(an, 100), bank.entry(an, -100))
        assert bank.agreements.close(uuid7(bank.clock), an).status == "closed"
        (refused,) = bank.post(bank.entry(an, 1))
        assert refused["status"] == EntryStatus.AGREEMENT_NOT_OPEN


def test_a_rate_of_a_product_changes_for_all_who_have_none_of_their_own(tmp_path: Path) -> None:
    with open_bank(tmp_path) as bank:
        (plain,) = bank.open("current-account")
        (own,) = bank.open("current-account", overdraft_rate=99_000)
        since = dt.date(2026, 1, 8)
        change = TermsChange(
            product="current-account", parameter="overdraft_rate", value=123_000, since=since
        )
        bank.registry.set_terms(uuid7(bank.clock), change)
        bank.days.close(dt.date(2026, 1, 6))
        assert bank.agreements.agreement(plain).terms["overdraft_rate"] == 150_000
        bank.days.close()
        assert bank.agreements.agreement(plain).terms["overdraft_rate"] == 123_000
        assert bank.agreements.agreement(own).terms["overdraft_rate"] == 99_000
        (later,) = bank.open("current-account")
        assert bank.agreements.agreement(later).terms["overdraft_rate"] == 123_000


def test_a_back_dated_entry_earns_from_the_day_it_counts_from(tmp_path: Path) -> None:
    found = []
    for name, posted_on, value_date in (
        ("in time", dt.date(2026, 1, 10), None),
        ("late", dt.date(2026, 1, 15), dt.date(2026, 1, 10)),
    ):
        with open_bank(tmp_path / name) as bank:
            (an,) = bank.open("current-account")
            bank.post(bank.entry(an, 1_000_000))
            bank.days.close(posted_on - dt.timedelta(days=1))
            (answer,) = bank.post(bank.entry(an, 5_000_000, value_date=value_date))
            assert answer["status"] == EntryStatus.BOOKED
            bank.days.close(dt.date(2026, 1, 20))
            found.append(bank.agreements.agreement(an).accrued_e8["interest"])
    assert found[0] == found[1] > 0


def test_entries_late_on_one_day_earn_together_as_if_each_had_been_in_time(tmp_path: Path) -> None:
    found = []
    early, late = dt.date(2026, 1, 10), dt.date(2026, 1, 15)
    for name, posted_on in (("in time", early), ("late", late)):
        with open_bank(tmp_path / name) as bank:
            (an,) = bank.open("current-account")
            bank.days.close(posted_on - dt.timedelta(days=1))
            value_date = None if posted_on == early else early
            # each alone stays in the lowest tier, both together reach the next one
            for amount in (4_000_000, 4_000_000, -1_000_000):
                (answer,) = bank.post(bank.entry(an, amount, value_date=value_date))
                assert answer["status"] == EntryStatus.BOOKED
            bank.days.close(dt.date(2026, 1, 20))
            found.append(bank.agreements.agreement(an).accrued_e8["interest"])
    assert found[0] == found[1] > 0


def test_a_back_dated_entry_keeps_both_its_dates_in_the_ledger(tmp_path: Path) -> None:
    with open_bank(tmp_path) as bank:
        (one,) = bank.open("current-account")
        bank.days.close(dt.date(2026, 1, 14))
        entry = bank.entry(one, 5_000, value_date=dt.date(2026, 1, 10))
        assert bank.post(entry)[0]["status"] == EntryStatus.BOOKED
        view = bank.agreements.agreement(one)
        (row,) = bank.ledger.history(view.account_ids["main"])[0].to_pylist()
        assert dates.business_date(row["user_data_32"]) == dt.date(2026, 1, 15)
        assert dates.value_date(row["user_data_32"]) == dt.date(2026, 1, 10)
        bank.days.close(dt.date(2026, 1, 16))
        assert bank.post(entry)[0]["status"] == EntryStatus.EXISTS  # the same on a later day
        again = {**entry, "value_date": dt.date(2026, 1, 11)}
        assert bank.post(again)[0]["status"] == EntryStatus.EXISTS_OTHERWISE
