"""Goal: a change of a product's terms reaches each agreement once, and none with its own value.

Method: a version with a parameter more, before the others; changes of the product's terms then;
one that stops half-way, a day before the rest of it is done.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.foundation.banking.agreements.comparing import check, in_tables
from tests.foundation.banking.agreements.test_lost_answers import Loss
from tests.foundation.banking.bank import FIRST_DAY, Bank, open_bank
from yunjin.foundation.banking.api.registry import TermsChange
from yunjin.kernel.errors import Unknown
from yunjin.kernel.ids import uuid7

FIRST = '''
from yunjin.foundation.banking.domain.products.vocabulary import (
    Account,
    Level,
    Money,
    Product,
    Slot,
    post,
)


class Plain(Product):
    """Has fees."""

    code = "plain"

    fee = Money(level=Level.INSTANCE, default=1)
    charge = Money(level=Level.INSTANCE, default=2)
    main = Account(Slot.DEPOSITS)

    def on_parameter_change(self, at):
        yield post(debit=self.main, credit=Slot.FEE_INCOME, amount=10 + 0 * at[self.main])
'''
SECOND = FIRST.replace("    fee =", "    extra = Money(level=Level.INSTANCE, default=3)\n    fee =")


@pytest.fixture
def bank(tmp_path: Path) -> Iterator[Bank]:
    with open_bank(tmp_path, general_ledger=in_tables) as bank:
        bank.registry.register(uuid7(bank.clock), FIRST)
        yield bank


def _set(bank: Bank, parameter: str, value: int) -> None:
    change = TermsChange(product="plain", parameter=parameter, value=value, since=FIRST_DAY)
    bank.registry.set_terms(uuid7(bank.clock), change)


def test_terms_of_its_own_are_left_alone_in_another_version(bank: Bank) -> None:
    (own,) = bank.open("plain", charge=70)
    (usual,) = bank.open("plain")
    version = bank.registry.register(uuid7(bank.clock), SECOND).version
    bank.agreements.convert(uuid7(bank.clock), [own, usual], version)
    for parameter, value in (("extra", 30), ("fee", 10), ("charge", 20)):
        _set(bank, parameter, value)
    terms = [bank.agreements.agreement(one).terms for one in (own, usual)]
    assert terms == [
        {"extra": 30, "fee": 10, "charge": 70},
        {"extra": 30, "fee": 10, "charge": 20},
    ]
    check(bank)


def test_a_change_that_stops_half_way_reaches_nobody_twice_a_day_later(bank: Bank) -> None:
    (one,) = bank.open("plain")
    bank.registry.register(uuid7(bank.clock), SECOND)
    (other,) = bank.open("plain")
    bank.post(bank.entry(one, 1_000), bank.entry(other, 1_000))
    loss = Loss(1)  # behind an account: the first book's, so that the second is not begun
    setattr(bank.room, "run", loss.wrapped(bank.room.run))  # noqa: B010 - as mypy would have it
    with pytest.raises(Unknown):
        _set(bank, "fee", 10)
    del bank.room.run
    reached = [bank.agreements.agreement(each).balance_minor for each in (one, other)]
    assert reached == [990, 1_000]
    bank.days.close()
    for each in (one, other):
        assert bank.agreements.agreement(each).balance_minor == 990
    check(bank)


def test_a_new_parameter_has_the_value_that_is_set_for_the_product(bank: Bank) -> None:
    (one,) = bank.open("plain")
    version = bank.registry.register(uuid7(bank.clock), SECOND).version
    _set(bank, "extra", 30)
    bank.agreements.convert(uuid7(bank.clock), [one], version)
    assert bank.agreements.agreement(one).terms["extra"] == 30
    check(bank)
