"""Goal: a second writer of the same tables is told so, and nothing is lost or doubled by it.

Method: two cores on one room and one ledger; the second is behind whatever the first has done.
"""

from collections.abc import Callable, Iterator
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
    parts = (bank.registry, agreements, days, bank.general_ledger, bank.clock, bank.standby)
    return Bank(bank.room, bank.ledger, core, *parts), agreements, days


Act = Callable[[Bank, AgreementService, int], object]
ACTS: dict[str, Act] = {
    "an entry": lambda other, _, one: other.post(other.entry(one, -70)),
    "an opening": lambda other, _, one: other.open("current-account"),
    "an opening in a new branch": lambda other, _, one: other.open("wallet", branch="far"),
    "changed terms": lambda other, agreements, one: agreements.change(
        uuid7(other.clock), one, {"overdraft_limit": 5}
    ),
    "the day's close": lambda other, _, one: other.days.close(),
}


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_the_one_that_is_behind_is_refused_and_changes_nothing(bank: Bank, act: Act) -> None:
    other, agreements, days = _second(bank)
    other.days = days
    (one,) = bank.core.books._ids.tolist()
    bank.post(bank.entry(one, 50))
    before = whole(bank.core)
    with pytest.raises(AnotherWriter):
        act(other, agreements, one)
    assert whole(bank.core) == before
    assert bank.days.day(bank.days.business_date()).status == "open"
    assert bank.post(bank.entry(one, 5))[0]["balance_minor"] == 1_055
    bank.days.close()
    check_proven(bank)
    check(bank)


def test_the_one_that_is_refused_reads_what_the_other_wrote_and_goes_on(bank: Bank) -> None:
    """So a bank finds itself whose turn it is again, or that another's last wave came late."""
    other, agreements, _ = _second(bank)
    (one,) = bank.core.books._ids.tolist()
    bank.open("current-account", branch="new")
    entry = other.entry(one, 10)
    with pytest.raises(AnotherWriter):
        other.post(entry)
    assert other.post(entry)[0]["balance_minor"] == 1_010
    agreements.open(uuid7(bank.clock), [Opening(product="wallet", party_id="p", branch="far")])
    with pytest.raises(AnotherWriter):
        bank.agreements.open(
            uuid7(bank.clock), [Opening(product="wallet", party_id="p", branch="east")]
        )
    bank.agreements.open(
        uuid7(bank.clock), [Opening(product="wallet", party_id="p", branch="east")]
    )
    assert bank.post(entry)[0]["status"] == EntryStatus.EXISTS
    assert bank.post(bank.entry(one, 1))[0]["balance_minor"] == 1_011
    assert bank.core.books.branches == ["head", "new", "far", "east"]
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
