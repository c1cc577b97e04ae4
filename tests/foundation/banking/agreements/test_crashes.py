"""Goal: a bank that dies anywhere goes on as if nothing had been, once it is told the same again.

Method: the process dies (an exception nobody catches) just before or just after the k-th commit of
banking's tables, or the k-th posting in the ledger, for every k there is. The bank is then opened
from its folder, the same commands are sent again, and an undisturbed twin is what it must equal.
"""

import datetime as dt
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests.foundation.banking.agreements import refusing
from tests.foundation.banking.agreements.comparing import by_order, check, check_proven, in_tables
from tests.foundation.banking.agreements.refusing import refusals
from tests.foundation.banking.bank import Bank, open_bank
from yunjin.foundation.banking.api.agreements import Action, EntryStatus, Opening, StandingOrder
from yunjin.kernel.clock import SystemClock
from yunjin.kernel.ids import uuid7

LOAN = {"amount": 300_000, "rate": 120_000, "term": 3, "surplus": 1, "first_due": 2}
Story = Callable[[Bank, list[UUID]], None]


class Died(BaseException):
    """The process is gone."""


class Death:
    """Counts commits and postings, and dies at one of them."""

    def __init__(self, at: int = -1, *, is_before: bool = True) -> None:
        self.at, self.is_before, self.count = at, is_before, 0

    def wrapped(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def maybe(*values: Any, **named: Any) -> Any:
            number, self.count = self.count, self.count + 1
            if number == self.at and self.is_before:
                raise Died
            result = call(*values, **named)
            if number == self.at:
                raise Died
            return result

        return maybe


def prepared(bank: Bank, ids: list[UUID]) -> None:
    """Give the bank customers, money and a standing order that is due with the loan."""
    bank.agreements.open(
        ids[0],
        [Opening(product="current-account", party_id="p", branch=one) for one in ("head", "east")]
        + [Opening(product="instalment-loan", party_id="p", terms=LOAN)],
    )
    an, bo, _ = sorted(bank.core.books._ids.tolist())
    bank.post(bank.entry(an, 500_000, id=ids[1]), bank.entry(bo, 1_000, id=ids[2]))
    order = StandingOrder(
        order_id=ids[3],
        agreement_id=an,
        counter_agreement_id=bo,
        amount_minor=700,
        first=dt.date(2026, 1, 7),
    )
    too_much = StandingOrder(
        order_id=ids[4],
        agreement_id=bo,
        counter_agreement_id=an,
        amount_minor=90_000_000,
        first=dt.date(2026, 1, 7),
    )
    bank.agreements.order(ids[5], order)
    bank.agreements.order(ids[6], too_much)
    bank.days.close(dt.date(2026, 1, 5))


def entries(bank: Bank, ids: list[UUID]) -> None:
    """A batch: in, over a branch, out too much, on hold and captured, a loan paid off with all."""
    an, bo, loan = sorted(bank.core.books._ids.tolist())
    answers = bank.post(
        bank.entry(an, 5_000, id=ids[20]),
        bank.entry(an, -3_000, id=ids[21], counter_agreement_id=bo),
        bank.entry(bo, -9_000_000, id=ids[22]),
        bank.entry(loan, 150_000, id=ids[23]),
        bank.entry(an, 2_000, id=ids[24], action=Action.HOLD),
        bank.entry(an, 1_500, id=ids[25], action=Action.CAPTURE, hold=ids[24]),
        bank.entry(an, 0, id=ids[26], action=Action.REVERSE, hold=ids[21]),
    )
    good = {EntryStatus.BOOKED, EntryStatus.EXISTS}
    assert [one["status"] in good for one in answers] == [True, True, False, *[True] * 4]


def openings(bank: Bank, ids: list[UUID]) -> None:
    """Loans in two branches, one of them new, in one command."""
    wanted = [
        Opening(product="instalment-loan", party_id="p", terms=LOAN, branch=branch)
        for branch in ("head", "west", "east")
    ]
    first = bank.agreements.open(ids[30], [*wanted, Opening(product="wallet", party_id="q")])
    assert (
        bank.agreements.open(ids[30], [*wanted, Opening(product="wallet", party_id="q")]) == first
    )


def closing(bank: Bank, ids: list[UUID]) -> None:
    """Days closed until a loan has fallen due and orders were paid, or could not be."""
    if bank.days.business_date() <= dt.date(2026, 1, 7):
        bank.days.close(dt.date(2026, 1, 7))


def changes(bank: Bank, ids: list[UUID]) -> None:
    """Terms changed, a hold released, an agreement emptied and closed."""
    an, bo, loan = sorted(bank.core.books._ids.tolist())
    bank.agreements.change(ids[40], loan, {"amount": 310_000})
    bank.post(bank.entry(bo, -1_000, id=ids[41]))
    bank.agreements.close(ids[42], bo)
    bank.agreements.convert(ids[43], [an], 1)


def to_refuse(bank: Bank, ids: list[UUID]) -> None:
    """Give the bank a branch whose fees the ledger refuses."""
    refusing.prepared(bank)
    bank.days.close(dt.date(2026, 1, 5))


BEFORE: dict[Story, Story] = {refusals: to_refuse}
STORIES: list[Story] = [entries, openings, closing, changes, refusals]


def ids_of() -> list[UUID]:
    clock = SystemClock()
    return [uuid7(clock) for _ in range(50)]


def lived(home: Path, ids: list[UUID], story: Story, death: Death) -> bool:
    """Prepare a bank, let the story be told until it dies; return whether it died."""
    with open_bank(home, general_ledger=in_tables) as bank:
        BEFORE.get(story, prepared)(bank, ids)
        places: list[tuple[Any, str]] = [
            (bank.room, "run"),
            (bank.ledger, "post_transfers"),
            (bank.days, "go_on"),  # after it: what was done is not in the flow's journal yet
        ]
        for owner, name in places:
            setattr(owner, name, death.wrapped(getattr(owner, name)))
        try:
            story(bank, ids)
        except Died:
            return True
        finally:
            for owner, name in places:
                delattr(owner, name)
    return False


def told_again(home: Path, ids: list[UUID], story: Story) -> Any:
    """Open the bank, tell the story (again), close a day; return what it came to."""
    with open_bank(home, general_ledger=in_tables) as bank:
        check(bank)
        story(bank, ids)
        check(bank)
        bank.days.close(dt.date(2026, 1, 8))
        check_proven(bank)
        return by_order(bank)


def _expect_the_same_wherever_it_dies(story: Story, *, is_before: bool, step: int) -> None:
    ids = ids_of()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        counted = Death()
        assert not lived(home / "twin", ids, story, counted)
        twin = told_again(home / "twin", ids, story)
        for at in range(step // 2, counted.count, step):
            has_died = lived(home / str(at), ids, story, Death(at, is_before=is_before))
            assert has_died or at > counted.count // 2  # a slow twin renews a lease, and counts it
            assert told_again(home / str(at), ids, story) == twin, f"died at {at}"


@pytest.mark.parametrize("story", STORIES)
def test_a_bank_that_dies_somewhere_comes_to_the_same(story: Story) -> None:
    _expect_the_same_wherever_it_dies(story, is_before=False, step=8)


@pytest.mark.slow
@pytest.mark.parametrize("story", STORIES)
@pytest.mark.parametrize("is_before", [True, False], ids=["before", "after"])
def test_a_bank_that_dies_anywhere_comes_to_the_same(story: Story, is_before: bool) -> None:
    _expect_the_same_wherever_it_dies(story, is_before=is_before, step=1)
