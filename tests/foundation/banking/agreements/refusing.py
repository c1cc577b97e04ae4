"""A product that tells everybody of everything, and a branch in which no fee can be booked."""

import datetime as dt
from collections.abc import Callable
from uuid import UUID

import pytest

from tests.foundation.banking.agreements.comparing import shut
from tests.foundation.banking.bank import Bank
from yunjin.foundation.banking.api.agreements import EntryStatus, Opening
from yunjin.foundation.banking.domain.products.slots import Slot
from yunjin.foundation.banking.errors import EntryRefused
from yunjin.kernel.ids import uuid7

FEE = {"fee": 7}
TELLING = '''
from yunjin.foundation.banking.domain.products.vocabulary import (
    Account,
    Count,
    Field,
    Level,
    Money,
    Product,
    Slot,
    add,
    days_after,
    event,
    notice,
    post,
    schedule,
    task,
)


class Telling(Product):
    """Books a fee at every turn, and tells everybody."""

    code = "telling"

    fee = Money(level=Level.INSTANCE, default=0)
    pause = Count(level=Level.INSTANCE, default=60)
    main = Account(Slot.DEPOSITS)
    charges = Field()

    def on_open(self, at):
        yield from self.charged(at, "opened", at[self.fee])
        yield schedule(self.yearly, days_after(at.date, 1 + at[self.pause]))

    def on_parameter_change(self, at):
        yield from self.charged(at, "changed", at[self.fee])

    def on_convert(self, at):
        yield from self.charged(at, "converted", 5 + 0 * at[self.fee])

    def after_post(self, at):
        yield from self.charged(at, "booked", 5 + 0 * at[self.fee])

    @event
    def yearly(self, at):
        yield from self.charged(at, "yearly", 5 + 0 * at[self.fee])
        yield schedule(self.yearly, days_after(at.date, 1 + at[self.pause]))

    def charged(self, at, code, amount):
        yield post(debit=self.main, credit=Slot.FEE_INCOME, amount=amount)
        yield add(self.charges, 1)
        yield notice(code)
        yield task(code)
'''
Ask = Callable[[Bank, UUID, int], object]


def telling(branch: str, **terms: int) -> Opening:
    """Return an agreement to be opened, of the product's first version."""
    return Opening(product="telling", party_id="p", branch=branch, terms=terms, version=1)


def opening(bank: Bank, command_id: UUID, _: int) -> object:
    return bank.agreements.open(command_id, [telling("shut", **FEE)])


def changing(bank: Bank, command_id: UUID, one: int) -> object:
    return bank.agreements.change(command_id, one, FEE)


def converting(bank: Bank, command_id: UUID, one: int) -> object:
    return bank.agreements.convert(command_id, [one], 2)


def expect_refused(bank: Bank, ask: Ask, command_id: UUID, one: int) -> None:
    """Ask for what the ledger refuses."""
    with pytest.raises(EntryRefused) as refusal:
        ask(bank, command_id, one)
    assert refusal.value.facts["result"] == "ledger-refused"


def prepared(bank: Bank) -> int:
    """Return an agreement in a branch where no fee can be booked."""
    clock = bank.clock
    bank.registry.register(uuid7(clock), TELLING)
    first, other, third = bank.agreements.open(
        uuid7(clock), [telling("shut", pause=2), telling("head", pause=2), telling("head")]
    )
    bank.registry.register(uuid7(clock), TELLING + "\n# again\n")
    bank.post(bank.entry(other, 100), bank.entry(first, 100))
    bank.agreements.convert(uuid7(clock), [third], 2)  # both versions have a book
    shut(bank, Slot.FEE_INCOME, "shut")
    return first


def refusals(bank: Bank, ids: list[UUID]) -> None:
    """All that can be refused, beside what is not; days closed until a yearly fee is due."""
    one, other, _ = bank.core.books._ids[:3].tolist()
    newest = bank.days.days(limit=1)[0]
    if (newest.date, newest.status) == (dt.date(2026, 1, 6), "open"):
        for place, ask in enumerate((opening, changing, converting)):
            expect_refused(bank, ask, ids[30 + place], one)
        answers = bank.post(
            bank.entry(one, 9, id=ids[35]),
            bank.entry(other, 9, id=ids[36]),
            bank.entry(one, 1, id=ids[37], counter_agreement_id=other),
        )
        refused = [each["status"] in (EntryStatus.BOOKED, EntryStatus.EXISTS) for each in answers]
        assert refused == [False, True, False]
        with pytest.raises(EntryRefused, match="1 of 2"):
            bank.agreements.convert(ids[38], [one, other], 2)
    if bank.days.business_date() <= dt.date(2026, 1, 7):
        bank.days.close(dt.date(2026, 1, 7))
    assert bank.agreements.agreement(one).status == "stopped"
    assert bank.agreements.agreement(one).due == {"yearly": dt.date(2026, 1, 8)}
    assert bank.agreements.agreement(other).due == {"yearly": dt.date(2026, 1, 11)}
