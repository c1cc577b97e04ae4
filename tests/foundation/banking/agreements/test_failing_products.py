"""Goal: a product that fails on an agreement stops that one, and nobody else.

Method: a product raises in the hook that an agreement's terms name, by a number no trial draws;
three agreements beside it go on, days close, and a person who settles the task lets it go on.
"""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.foundation.banking.agreements.comparing import check, check_proven, in_tables, whole
from tests.foundation.banking.bank import FIRST_DAY, Bank, open_bank
from yunjin.foundation.banking.api.agreements import AgreementQuery, EntryStatus
from yunjin.foundation.banking.domain.products.run import Failed
from yunjin.foundation.banking.errors import EntryRefused
from yunjin.foundation.banking.service.waves import Wave
from yunjin.kernel.errors import Outage, Unknown
from yunjin.kernel.ids import uuid7

NUMBER = 2_000_000  # beyond what a trial draws
HOOKS = ["before_post", "after_post", "on_day", "an event", "an event without end", "derived"]
SOURCE = '''
from yunjin.foundation.banking.domain.products.vocabulary import (
    Account,
    Accrual,
    DayCount,
    Level,
    Money,
    Product,
    Slot,
    accrue,
    daily,
    days_after,
    event,
    post,
    refuse,
    schedule,
    task,
)


class Fragile(Product):
    """Raises where its parameter says so."""

    code = "fragile"

    fails = Money(level=Level.INSTANCE, default=0)

    main = Account(Slot.LOANS)
    interest = Accrual(debit=Slot.INTEREST_ACCRUED, credit=Slot.INTEREST_INCOME)

    def zero(self, at, number):
        return range(1)[int(max(at[self.fails] == 2_000_000 + number))]

    def on_open(self, at):
        yield schedule(self.fee, days_after(at.date, 1))
        yield task("look-at-it", at[self.fails] == 2_000_009)

    def before_post(self, at):
        yield refuse(at.amount == 13 + self.zero(at, 0), "unlucky")

    def after_post(self, at):
        yield accrue(self.interest, self.zero(at, 1))

    def on_day(self, at):
        rate = 60_000 + self.zero(at, 2)
        yield accrue(self.interest, daily(at, at[self.main], rate, DayCount.ACT_360))

    @event
    def fee(self, at):
        amount = 100 + self.zero(at, 3)
        yield post(debit=self.main, credit=Slot.FEE_INCOME, amount=amount)
        yield schedule(self.fee, days_after(at.date, 1))
        yield schedule(self.fee, at.date, at[self.fails] == 2_000_004)

    def on_close(self, at):
        yield refuse(at[self.fails] == 2_000_008, "not yet")

    def derived(self, at):
        return {"debt": at[self.main] + self.zero(at, 5)}
'''


@pytest.fixture
def bank(tmp_path: Path) -> Iterator[Bank]:
    with open_bank(tmp_path, general_ledger=in_tables) as bank:
        bank.registry.register(uuid7(bank.clock), SOURCE)
        yield bank


@pytest.mark.parametrize("place", range(len(HOOKS)), ids=HOOKS)
def test_only_the_agreement_that_fails_is_stopped(bank: Bank, place: int) -> None:
    good = bank.open("fragile", 3)
    (bad,) = bank.open("fragile", fails=NUMBER + place)
    (late,) = bank.open("fragile", branch="east")
    ids = [good[0], bad, *good[1:], late]
    answers = bank.post(*(bank.entry(one, -10_000) for one in ids))
    expected = [EntryStatus.BOOKED] * 5
    if place < 2:
        expected[1] = EntryStatus.AGREEMENT_STOPPED
    assert [one["status"] for one in answers] == expected
    assert bank.days.close(FIRST_DAY + dt.timedelta(days=2)).status == "closed"
    check_proven(bank)
    check(bank)
    (waiting,) = bank.agreements.waiting()
    assert (waiting.agreement_id, waiting.code) == (bad, "product-failed")
    found = bank.agreements.find(AgreementQuery(status="stopped")).items
    assert [one.agreement_id for one in found] == [bad]
    states = [bank.agreements.agreement(one) for one in ids]
    assert [one.status for one in states] == ["open", "stopped", "open", "open", "open"]
    paid_out_and_three_fees = {one.balance_minor for at, one in enumerate(states) if at != 1}
    assert paid_out_and_three_fees == {10_300}
    (refused,) = bank.post(bank.entry(bad, -1))
    assert refused["status"] == EntryStatus.AGREEMENT_STOPPED
    _mended(bank, bad, waiting.task_id)
    bank.days.close(FIRST_DAY + dt.timedelta(days=5))
    check_proven(bank)
    check(bank)
    assert bank.agreements.agreement(bad).status == "open"
    assert bank.post(bank.entry(bad, -1))[0]["status"] == EntryStatus.BOOKED
    assert bank.agreements.waiting() == []


def _mended(bank: Bank, bad: int, task_id: int) -> None:
    """Let a person settle the task and give the agreement other terms."""
    bank.agreements.settle(task_id, "seen to")
    bank.agreements.change(uuid7(bank.clock), bad, {"fails": 0})
    found = bank.agreements.find(AgreementQuery(status="open")).items
    assert bad in [one.agreement_id for one in found]


def test_only_the_task_of_its_failure_lets_an_agreement_go_on(bank: Bank) -> None:
    (one,) = bank.open("fragile", fails=NUMBER + 9)
    (asked,) = bank.agreements.waiting()
    with bank.core.lock:  # as if it had failed since
        wave = Wave(bank.core.draft(), {})
        kept, rows = bank.core.books.found(one)
        wave.touched.append(bank.core.touch(kept, rows, np.array([-1])))
        bank.core.stop(kept, Failed(rows.tolist(), ["ValueError: broken"]), wave.tasks)
        wave.columns = wave.draft.finish()
        bank.core.commit(wave)
    bank.agreements.settle(asked.task_id, "looked at")
    assert bank.agreements.agreement(one).status == "stopped"
    (failed,) = bank.agreements.waiting()
    bank.agreements.settle(failed.task_id, "mended")
    bank.agreements.settle(failed.task_id, "asked again")
    assert bank.agreements.agreement(one).status == "open"


def test_one_that_fails_before_and_one_that_fails_after_are_both_stopped(bank: Bank) -> None:
    (before,), (after,) = bank.open("fragile", fails=NUMBER), bank.open("fragile", fails=NUMBER + 1)
    (good,) = bank.open("fragile")
    bank.post(*(bank.entry(one, -500) for one in (before, after, good)))
    states = [bank.agreements.agreement(one).status for one in (before, after, good)]
    assert states == ["stopped", "stopped", "open"]
    assert {one.agreement_id for one in bank.agreements.waiting()} == {before, after}
    check(bank)


def test_whom_money_is_sent_to_does_not_stop_with_the_sender(bank: Bank) -> None:
    (good,), (bad,) = bank.open("fragile"), bank.open("fragile", fails=NUMBER + 1)
    (answer,) = bank.post(bank.entry(good, -500, counter_agreement_id=bad))
    assert answer["status"] == EntryStatus.AGREEMENT_STOPPED
    assert bank.agreements.agreement(good).status == "open"
    assert bank.agreements.agreement(bad).status == "stopped"


def test_what_a_product_asks_a_person_at_an_opening_is_asked(bank: Bank) -> None:
    (one,) = bank.open("fragile", fails=NUMBER + 9)
    assert [each.code for each in bank.agreements.waiting()] == ["look-at-it"]
    (stays,) = bank.open("fragile", fails=NUMBER + 8)
    with pytest.raises(EntryRefused):
        bank.agreements.close(uuid7(bank.clock), stays)
    assert bank.agreements.agreement(stays).status == "open"
    assert bank.agreements.close(uuid7(bank.clock), one).status == "closed"


def test_a_ledger_that_is_away_is_not_a_product_that_fails(
    bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    (one,) = bank.open("fragile")
    before = whole(bank.core)

    def away(*_: object, **__: object) -> None:
        raise Outage("The ledger is away.")

    with monkeypatch.context() as patched:
        patched.setattr(bank.ledger, "open_accounts", away)
        with pytest.raises(Outage):  # the slot's account is new
            bank.post(bank.entry(one, -500, against=100))
        with pytest.raises(Outage):
            bank.open("fragile")
    assert whole(bank.core) == before
    entry = bank.entry(one, -500)
    with monkeypatch.context() as patched:
        patched.setattr(bank.ledger, "post_transfers", away)
        with pytest.raises(Unknown):  # it is kept, and will be booked
            bank.post(entry)
    assert bank.post(entry)[0]["status"] == EntryStatus.EXISTS
    assert bank.agreements.agreement(one).balance_minor == 500
    check(bank)
