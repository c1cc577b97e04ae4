"""Goal: a second writer of the same tables is told so, and nothing is lost or doubled by it.

Method: two cores on one room and one ledger; the second is behind whatever the first has done.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.foundation.banking.agreements.comparing import check, check_proven, in_tables, whole
from tests.foundation.banking.bank import Bank, FlowsInHand, open_bank
from yunjin.foundation.banking.api.agreements import EntryStatus, Opening
from yunjin.foundation.banking.errors import AnotherWriter
from yunjin.foundation.banking.service.agreements import AgreementService
from yunjin.foundation.banking.service.days import DayService
from yunjin.kernel.ids import uuid7


@pytest.fixture
def bank(tmp_path: Path) -> Iterator[Bank]:
    with open_bank(tmp_path, general_ledger=in_tables) as bank:
        bank.post(bank.entry(bank.open("current-account")[0], 1_000))
        yield bank


def _second(bank: Bank) -> tuple[Bank, AgreementService, DayService]:
    core, registry = bank.reopened(), bank.agreements._registry
    agreements = AgreementService(core, registry, cursor_key=b"k" * 16)
    days = DayService(
        core, registry, bank.general_ledger, lambda closes: FlowsInHand(bank.room, closes)
    )
    parts = (bank.registry, agreements, days, bank.general_ledger, bank.clock)
    return Bank(bank.room, bank.ledger, core, *parts), agreements, days


def test_the_one_that_is_behind_is_refused_and_changes_nothing(bank: Bank) -> None:
    other, agreements, days = _second(bank)
    (one,) = bank.core.books._ids.tolist()
    bank.post(bank.entry(one, 50))
    before = whole(bank.core)
    with pytest.raises(AnotherWriter):
        other.post(other.entry(one, -70))
    with pytest.raises(AnotherWriter):
        other.open("current-account")
    with pytest.raises(AnotherWriter):
        agreements.change(uuid7(bank.clock), one, {"overdraft_limit": 5})
    with pytest.raises(AnotherWriter):
        agreements.close(uuid7(bank.clock), other.open("wallet")[0])
    with pytest.raises(AnotherWriter):
        days.close()
    assert whole(bank.core) == before
    assert bank.days.day(bank.days.business_date()).status == "open"
    assert bank.post(bank.entry(one, 5))[0]["balance_minor"] == 1_055
    bank.days.close()
    check_proven(bank)
    check(bank)


def test_the_one_that_is_a_day_behind_does_not_touch_the_day(bank: Bank) -> None:
    _, _, days = _second(bank)
    first = bank.days.business_date()
    report = bank.days.close()
    for _ in range(2):
        with pytest.raises(AnotherWriter):
            days.close()
        with pytest.raises(AnotherWriter):
            days.resume()
    assert bank.days.day(first) == report
    assert bank.days.day(bank.days.business_date()).status == "open"
    check(bank)


def test_the_first_is_refused_once_the_second_wrote(bank: Bank) -> None:
    other, agreements, _ = _second(bank)
    (one,) = bank.core.books._ids.tolist()
    entry = other.entry(one, 10)
    assert other.post(entry)[0]["status"] == EntryStatus.BOOKED
    with pytest.raises(AnotherWriter):
        bank.post(bank.entry(one, 1))
    with pytest.raises(AnotherWriter):
        bank.agreements.open(
            uuid7(bank.clock), [Opening(product="wallet", party_id="p", branch="new")]
        )
    agreements.open(uuid7(bank.clock), [Opening(product="wallet", party_id="p", branch="far")])
    again = bank.reopened()
    assert whole(again) == whole(other.core)
