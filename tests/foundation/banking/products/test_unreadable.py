"""Goal: a bank opens though a registered product's file no longer loads; only its agreements wait.

Method: a stored file is given a word that the vocabulary lacks, as if the word had been taken
away; the bank is opened again, read, posted to, closed, and brought over to a mended version.
"""

import datetime as dt
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.foundation.banking.agreements.comparing import check, check_proven, in_tables
from tests.foundation.banking.bank import FIRST_DAY, Bank, open_bank
from yunjin.foundation.banking.api.agreements import EntryStatus
from yunjin.foundation.banking.errors import ProductUnreadable
from yunjin.foundation.banking.store.agreements import products
from yunjin.kernel.ids import uuid7

SOURCE = '''
from yunjin.foundation.banking.domain.products.vocabulary import (
    Account, Accrual, Date, DayCount, Field, Product, Rate, Slot, accrue, add, daily, days_after,
    event, positive, put, refuse, schedule, settle,
)


class Savings(Product):
    """Deposits at one rate, settled every ten days."""

    code = "savings"
    rate = Rate(default=12_000, most=50_000)
    main = Account(Slot.DEPOSITS)
    interest = Accrual(debit=Slot.INTEREST_EXPENSE, credit=Slot.INTEREST_PAYABLE)
    settled, last = Field(), Date()

    def on_open(self, at):
        yield schedule(self.interest_day, days_after(at.date, 10))

    def before_post(self, at):
        yield refuse(at.available + at.amount < 0, "insufficient funds")

    def on_day(self, at):
        rate = at[self.rate]
        yield accrue(self.interest, daily(at, positive(at[self.main]), rate, DayCount.ACT_360))

    @event
    def interest_day(self, at):
        yield settle(self.interest, into=self.main)
        yield add(self.settled, 1 * (at[self.main] > 0))
        yield put(self.last, at.date)
        yield schedule(self.interest_day, days_after(at.date, 10))
'''


def _word_taken_away(bank: Bank) -> None:
    """Let the stored file use a word that there is not."""
    query = sa.update(products).where(products.c.code == "savings")
    broken = SOURCE.replace("positive", "nonnegative")
    bank.room.run(lambda work: work.connection.execute(query.values(source=broken)))


def test_the_bank_opens_and_only_the_agreements_of_the_product_wait(tmp_path: Path) -> None:
    with open_bank(tmp_path, general_ledger=in_tables) as bank:
        bank.registry.register(uuid7(bank.clock), SOURCE)
        (saver,), (walker,) = bank.open("savings"), bank.open("wallet")
        bank.post(bank.entry(saver, 5_000_000), bank.entry(walker, 10_000))
        bank.days.close(FIRST_DAY + dt.timedelta(days=11))
        before = bank.agreements.agreement(saver)
        _word_taken_away(bank)
    with open_bank(tmp_path, general_ledger=in_tables) as bank:
        assert bank.agreements.agreement(saver) == before
        with pytest.raises(ProductUnreadable, match="no word 'nonnegative'"):
            bank.open("savings")
        refused, booked = bank.post(bank.entry(saver, -100), bank.entry(walker, -100))
        assert refused["status"] == EntryStatus.AGREEMENT_STOPPED
        assert booked["status"] == EntryStatus.BOOKED
        day = bank.days.business_date()
        assert bank.days.close(day).status == "closed"
        check_proven(bank)
        check(bank)
        (task,) = bank.agreements.waiting()
        assert task.agreement_id == saver
        assert "nonnegative" in task.detail
        made = bank.registry.register(uuid7(bank.clock), SOURCE)  # the file, mended
        bank.agreements.settle(task.task_id, "mended")
        bank.agreements.convert(uuid7(bank.clock), [saver], made.version)
        assert bank.days.close(day + dt.timedelta(days=1)).status == "closed"
        check_proven(bank)
        check(bank)
        after = bank.agreements.agreement(saver)
        assert after.status == "open"
        assert after.fields == before.fields
        assert after.accrued_e8["interest"] > before.accrued_e8["interest"]


def test_agreements_that_are_not_touched_wait_from_the_next_evening_on(tmp_path: Path) -> None:
    with open_bank(tmp_path) as bank:
        bank.registry.register(uuid7(bank.clock), SOURCE)
        ids = bank.open("savings", 3)
        _word_taken_away(bank)
    with open_bank(tmp_path) as bank:
        assert bank.days.close(FIRST_DAY).status == "closed"
        assert sorted(one.agreement_id for one in bank.agreements.waiting()) == ids
