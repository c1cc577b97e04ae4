"""Goal: what a close decided stays decided; what the ledger refuses of it reaches a person, once.

Method: standing orders that would be paid if they were judged again; a posting of a close whose id
was used in the ledger before, so that the ledger refuses it. The process dies right behind that.
"""

import datetime as dt
import tempfile
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests.foundation.banking.agreements.comparing import (
    check,
    check_proven,
    in_tables,
    use_up_the_id,
)
from tests.foundation.banking.agreements.test_crashes import Death, Died, ids_of
from tests.foundation.banking.agreements.test_failing_products import SOURCE
from tests.foundation.banking.bank import FIRST_DAY, Bank, open_bank
from yunjin.foundation.banking.api.agreements import StandingOrder
from yunjin.foundation.ledger.api import TransferStatus
from yunjin.kernel.ids import uuid7

DUE = FIRST_DAY + dt.timedelta(days=1)


def _ordered(bank: Bank, ids: list[UUID]) -> None:
    """An orders more than she has; the order that brings her enough is judged after hers."""
    an, bo, cy = bank.open("current-account", 3)
    bank.post(bank.entry(cy, 90_000))
    for order_id, pair in zip(sorted(ids[:2]), ((an, bo), (cy, an)), strict=True):
        order = StandingOrder(
            order_id=order_id,
            agreement_id=pair[0],
            counter_agreement_id=pair[1],
            amount_minor=50_000,
            first=DUE,
        )
        bank.agreements.order(uuid7(bank.clock), order)


def _expect_the_first_unpaid(bank: Bank, place: str) -> None:
    an, bo, cy = sorted(bank.core.books._ids.tolist())
    balances = [bank.agreements.agreement(one).balance_minor for one in (an, bo, cy)]
    assert balances == [50_000, 0, 40_000], place
    assert [(one.agreement_id, one.code) for one in bank.agreements.waiting()] == [
        (an, "standing-order")
    ], place
    assert {one.next for one in bank.agreements.orders(an)} == {dt.date(2026, 2, 6)}, place
    check(bank)


def _expect_it_unpaid_wherever_it_dies(step: int) -> None:
    ids = ids_of()
    at, is_over = step // 2, False
    while not is_over:
        death = Death(at, is_before=False)
        with tempfile.TemporaryDirectory() as home:
            with open_bank(Path(home), general_ledger=in_tables) as bank:
                _ordered(bank, ids)
                room, ledger = bank.room, bank.ledger
                for owner, name in ((room, "run"), (ledger, "post_transfers")):
                    setattr(owner, name, death.wrapped(getattr(owner, name)))
                try:
                    bank.days.close()
                    is_over = True
                except Died:
                    pass
                finally:
                    del room.run, ledger.post_transfers
            with open_bank(Path(home), general_ledger=in_tables) as bank:
                if bank.days.business_date() == FIRST_DAY:
                    bank.days.close()
                _expect_the_first_unpaid(bank, f"died at {at}")
                bank.days.close()
                check_proven(bank)
        at += step


def test_an_order_that_was_refused_stays_refused_somewhere() -> None:
    _expect_it_unpaid_wherever_it_dies(6)


@pytest.mark.slow
def test_an_order_that_was_refused_stays_refused_wherever_the_bank_dies() -> None:
    _expect_it_unpaid_wherever_it_dies(1)


@pytest.mark.parametrize("dies", [False, True], ids=["goes on", "dies"])
def test_whose_posting_the_ledger_refuses_is_stopped_once_and_no_one_else(
    tmp_path: Path, dies: bool
) -> None:
    with open_bank(tmp_path, general_ledger=in_tables) as bank:
        bank.registry.register(uuid7(bank.clock), SOURCE)
        bad, good = bank.open("fragile", 2)
        bank.post(bank.entry(bad, -10_000), bank.entry(good, -10_000))
        kept, _ = bank.core.books.found(bad)
        use_up_the_id(bank, DUE, f"open/{kept.number}/0", bad)
        if dies:
            bank.ledger.post_transfers = _dying(bank.ledger.post_transfers)  # type: ignore
            with pytest.raises(Died):
                bank.days.close()
            del bank.ledger.post_transfers
        else:
            bank.days.close()
    with open_bank(tmp_path, general_ledger=in_tables) as bank:
        assert bank.days.business_date() == DUE
        (waiting,) = bank.agreements.waiting()
        assert (waiting.agreement_id, waiting.code) == (bad, "product-failed")
        assert waiting.detail.startswith("EXISTS_WITH_DIFFERENT")
        assert [bank.agreements.agreement(one).status for one in (bad, good)] == ["stopped", "open"]
        assert bank.agreements.agreement(good).balance_minor == 10_100
        bank.days.close(DUE)
        check(bank)
        check_proven(bank)
        assert len(bank.agreements.waiting()) == 1


def _dying(post: Any) -> Any:
    """Return a ledger's posting that is the process's last once something was refused."""

    def posted(batch: Any) -> Any:
        answer = post(batch)
        if any(one > TransferStatus.LINKED_CHAIN_OPEN for one in answer["status"].to_pylist()):
            raise Died
        return answer

    return posted
