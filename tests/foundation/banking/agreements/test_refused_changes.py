"""Goal: what the ledger refuses has not happened: nothing tells of it, whenever the bank dies.

Method: the id of what the change posts was used before, so that the ledger refuses it; the process
dies at each commit and posting of it, is opened again, and the same change is asked for again.
"""

from pathlib import Path
from uuid import UUID

import pytest

from tests.foundation.banking.agreements.comparing import (
    check,
    check_proven,
    in_tables,
    use_up_the_id,
)
from tests.foundation.banking.agreements.test_crashes import Death, Died
from tests.foundation.banking.bank import FIRST_DAY, Bank, open_bank
from yunjin.foundation.banking.api.agreements import Action, AgreementQuery, EntryStatus
from yunjin.foundation.banking.errors import EntryRefused
from yunjin.kernel.ids import uuid7

WATCHED = '''
from yunjin.foundation.banking.domain.products.vocabulary import Account, Product, Slot, task


class Watched(Product):
    """Has a person look at what goes out."""

    code = "watched"

    main = Account(Slot.DEPOSITS)

    def after_post(self, at):
        yield task("look-at-it", at.amount < 0)
'''


def _expect_it_refused(bank: Bank, command_id: UUID, loan: int) -> None:
    with pytest.raises(EntryRefused):
        bank.agreements.change(command_id, loan, {"amount": 310_000})
    assert bank.agreements.agreement(loan).terms["amount"] == 300_000
    assert bank.agreements.term_changes(loan) == []


@pytest.mark.parametrize("at", [-1, 0, 1, 2], ids=["lives", "kept", "posted", "undone"])
def test_a_change_that_the_ledger_refuses_leaves_no_record(tmp_path: Path, at: int) -> None:
    death = Death(at, is_before=False)
    with open_bank(tmp_path, general_ledger=in_tables) as bank:
        (loan,) = bank.open("instalment-loan", amount=300_000, rate=120_000, term=3)
        command_id = uuid7(bank.clock)
        use_up_the_id(bank, FIRST_DAY, command_id.hex, loan)
        room, ledger = bank.room, bank.ledger
        for owner, name in ((room, "run"), (ledger, "post_transfers")):
            setattr(owner, name, death.wrapped(getattr(owner, name)))
        try:
            _expect_it_refused(bank, command_id, loan)
        except Died:
            assert at >= 0
        del room.run, ledger.post_transfers
    with open_bank(tmp_path, general_ledger=in_tables) as bank:
        assert bank.agreements.term_changes(loan) == []
        _expect_it_refused(bank, command_id, loan)
        check(bank)
        assert [
            one.agreement_id for one in bank.agreements.find(AgreementQuery(status="open")).items
        ] == [loan]
        bank.days.close()
        check_proven(bank)
        _expect_it_refused(bank, command_id, loan)


def test_an_entry_that_the_ledger_refuses_asks_nobody_to_look_at_it(tmp_path: Path) -> None:
    with open_bank(tmp_path, general_ledger=in_tables) as bank:
        bank.registry.register(uuid7(bank.clock), WATCHED)
        an, bo = bank.open("watched", 2)
        hold = bank.entry(an, 500, action=Action.HOLD)
        hold_id = UUID(int=hold["id_hi"] << 64 | hold["id_lo"])
        bank.post(bank.entry(an, 1_000), bank.entry(bo, 1_000))
        bank.post(hold)
        bank.post(bank.entry(an, 0, action=Action.CAPTURE, hold=hold_id))
        again = bank.entry(an, 0, action=Action.CAPTURE, hold=hold_id)
        answers = bank.post(again, bank.entry(bo, -1))
        assert [one["status"] for one in answers] == [EntryStatus.HOLD_ENDED, EntryStatus.BOOKED]
        assert [one.agreement_id for one in bank.agreements.waiting()] == [bo, an]
        check(bank)
    with open_bank(tmp_path, general_ledger=in_tables) as bank:
        assert len(bank.agreements.waiting()) == 2
