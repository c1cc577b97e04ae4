"""Goal: where the answer to a commit gets lost, the bank finds out, and goes on without a restart.

Method: the k-th commit of banking's tables is done and its answer is lost (Unknown), for every k
there is. The same commands are sent to the same bank again, and it must equal one undisturbed.
"""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.foundation.banking.agreements import test_crashes as crashes
from tests.foundation.banking.agreements.comparing import by_order, check, check_proven, in_tables
from tests.foundation.banking.agreements.test_crashes import STORIES, Story
from tests.foundation.banking.bank import open_bank
from yunjin.kernel.errors import Unknown


class Loss:
    """Counts commits, and loses the answer of one."""

    def __init__(self, at: int = -1) -> None:
        self.at, self.count = at, 0

    def wrapped(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def maybe(*values: Any, **named: Any) -> Any:
            result = call(*values, **named)
            number, self.count = self.count, self.count + 1
            if number == self.at:
                raise Unknown("expected an answer, was none")
            return result

        return maybe


def _lived(home: Path, ids: list[Any], story: Story, loss: Loss) -> Any:
    with open_bank(home, general_ledger=in_tables) as bank:
        crashes.BEFORE.get(story, crashes.prepared)(bank, ids)
        setattr(bank.room, "run", loss.wrapped(bank.room.run))  # noqa: B010 - for mypy
        try:
            story(bank, ids)
        except Unknown:
            story(bank, ids)
        del bank.room.run
        check(bank)
        answers = bank.post(bank.entry(min(bank.core.books._ids.tolist()), 1))
        assert answers[0]["reason"] == "", "expected the bank to be open for entries"
        bank.days.close(bank.days.business_date())
        check_proven(bank)
        return by_order(bank)


def _expect_the_same_whatever_is_lost(story: Story, step: int) -> None:
    ids = crashes.ids_of()
    with tempfile.TemporaryDirectory() as folder:
        home, counted = Path(folder), Loss()
        twin = _lived(home / "twin", ids, story, counted)
        for at in range(step // 2, counted.count, step):
            lost = _lived(home / str(at), ids, story, Loss(at))
            assert lost == twin, f"the answer to commit {at} was lost"


@pytest.mark.parametrize("story", STORIES)
def test_an_answer_that_is_lost_somewhere_holds_nobody_up(story: Story) -> None:
    _expect_the_same_whatever_is_lost(story, 12)


@pytest.mark.slow
@pytest.mark.parametrize("story", STORIES)
def test_whatever_answer_is_lost_the_bank_goes_on(story: Story) -> None:
    _expect_the_same_whatever_is_lost(story, 1)
