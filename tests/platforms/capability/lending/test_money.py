"""Money out and back: whole or undone, to the unit, under a limit, early, late, elsewhere."""

import pytest

from tests.platforms.capability.lending.conftest import CARD, TEXT_HASH, Lender, pay_in
from yunjin.platforms.capability.api.lending import ApplicationState, Payout, RepayKind
from yunjin.platforms.capability.errors.lending import ApplicationRefused, RepaymentRefused

S = ApplicationState


def test_a_limit_that_is_too_small_undoes_the_disbursal(lender: Lender) -> None:
    limit = lender.limit(500_000)
    one = lender.lent(600_000, limit_id=limit.limit_id)
    assert one.state is S.UNDONE
    assert "limit-exceeded" in one.detail
    assert (one.agreement_id, one.hold_id, lender.money()) == (0, None, 0)
    assert lender.used(limit) == (0, 0)
    lender.limits.change(lender.id(), limit.limit_id, ceiling_minor=600_000)
    lender.lending.disburse(lender.id(), one.application_id)
    lender.rest()
    assert lender.lending.application(one.application_id).state is S.ACTIVE
    assert lender.used(limit) == (0, 600_000)


def test_an_account_that_takes_no_money_undoes_the_disbursal(lender: Lender) -> None:
    limit = lender.limit(1_000_000)
    made = lender.accepted(600_000, limit_id=limit.limit_id)
    lender.agreements.close(lender.id(), lender.current)
    lender.lending.disburse(lender.id(), made.application_id)
    lender.rest()
    one = lender.lending.application(made.application_id)
    assert one.state is S.UNDONE
    assert "agreement not open" in one.detail
    assert lender.used(limit) == (0, 0)
    loans = lender.loans()
    assert [(loan.status, sum(loan.balances.values())) for loan in loans] == [("closed", 0)]


@pytest.mark.parametrize("reason", ["AC04", "AM04"])
def test_a_payment_that_is_rejected_undoes_the_disbursal(lender: Lender, reason: str) -> None:
    lender.channel.choose = lambda *_: reason
    payout = Payout(name="李四", account=CARD)
    one = lender.lent(600_000, payout=payout)
    lender.settle()
    one = lender.lending.application(one.application_id)
    assert (one.state, one.payment_id) == (S.UNDONE, None)
    assert reason in one.detail
    assert lender.owed() == 0
    assert lender.own_account() == 0


def test_a_loan_waits_for_the_channel_s_word(lender: Lender) -> None:
    lender.channel.choose = lambda *_: ""
    one = lender.lent(600_000, payout=Payout(name="李四", account=CARD))
    lender.settle()
    assert lender.lending.application(one.application_id).state is S.PAYING
    with pytest.raises(ApplicationRefused):
        lender.lending.withdraw(lender.id(), one.application_id)


def test_money_that_comes_back_later_is_a_person_s(lender: Lender) -> None:
    one = lender.lent(600_000, payout=Payout(name="李四", account=CARD))
    lender.settle()
    one = lender.lending.application(one.application_id)
    assert one.state is S.ACTIVE
    assert one.payment_id is not None
    lender.channel.give_back(lender.payments.payment(one.payment_id).wave_id, CARD)
    lender.rest()
    lender.next_day()
    [task] = lender.tasks.tasks(queue="lending").items
    assert "came back" in task.title


def test_what_is_due_is_taken_each_day_and_the_limit_follows(lender: Lender) -> None:
    limit = lender.limit(1_200_000)
    one = lender.lent(1_200_000, limit_id=limit.limit_id, repay_agreement_id=lender.current)
    lender.next_day(32)
    loan = lender.loan(one)
    assert loan.days_overdue == 0
    assert loan.balance_minor < 1_200_000
    assert lender.used(limit) == (0, loan.balance_minor)
    assert lender.money() < 1_200_000
    assert "repaid" in [entry.what for entry in lender.lending.timeline(one.application_id)]


@pytest.mark.parametrize("kind", [RepayKind.SHORTEN, RepayKind.LOWER, RepayKind.DUE])
def test_a_prepayment_does_what_was_wanted(lender: Lender, kind: RepayKind) -> None:
    one = lender.lent(1_200_000, repay_agreement_id=lender.current)
    lender.next_day(32)  # the first instalment says how large they all are
    before, principal = lender.schedule(one), lender.loan(one).balance_minor
    done = lender.lending.repay(
        lender.id(), one.application_id, 600_000, kind=kind, from_agreement_id=lender.current
    )
    after = lender.schedule(one)
    assert not done.is_settled
    if kind is RepayKind.DUE:
        assert lender.loan(one).balance_minor == principal
        assert lender.loan(one).balances["paid_in"] == 600_000
        return
    assert lender.loan(one).balance_minor == principal - 600_000
    assert (len(after) < len(before)) is (kind is RepayKind.SHORTEN)
    assert (after[1] < before[1]) is (kind is RepayKind.LOWER)


def test_a_settlement_takes_interest_to_the_day(lender: Lender) -> None:
    one = lender.lent(1_200_000)
    pay_in(lender, lender.current, 100_000)
    lender.next_day(10)
    with pytest.raises(RepaymentRefused) as refused:
        lender.lending.repay(lender.id(), one.application_id, 1_200_000, kind=RepayKind.SETTLE)
    owed = refused.value.facts["owed_minor"]
    assert owed == 1_204_000  # 10 days of 12 % over 360
    done = lender.lending.repay(
        lender.id(), one.application_id, kind=RepayKind.SETTLE, from_agreement_id=lender.current
    )
    assert (done.is_settled, done.amount_minor) == (True, owed)
    assert lender.money() == 1_300_000 - owed
    with pytest.raises(ApplicationRefused):
        lender.lending.repay(lender.id(), one.application_id, 5)


def test_more_than_is_owed_comes_back(lender: Lender) -> None:
    one = lender.lent(100_000)
    pay_in(lender, lender.current, 50_000)
    done = lender.lending.repay(
        lender.id(),
        one.application_id,
        150_000,
        kind=RepayKind.SHORTEN,
        from_agreement_id=lender.current,
    )
    assert done.is_settled
    assert lender.money() == 50_000


def test_a_repayment_that_the_account_has_not_is_refused(lender: Lender) -> None:
    one = lender.lent(100_000)
    with pytest.raises(RepaymentRefused) as refused:
        lender.lending.repay(
            lender.id(), one.application_id, 100_001, from_agreement_id=lender.current
        )
    assert refused.value.facts["reason"] == "insufficient funds"


def test_a_credit_line_is_drawn_and_paid_back(lender: Lender) -> None:
    limit = lender.limit(1_000_000)
    one = lender.lent(800_000, product="credit-line", limit_id=limit.limit_id)
    assert one.state is S.ACTIVE
    assert (lender.money(), lender.loan(one).balance_minor) == (800_000, 800_000)
    lender.lending.repay(lender.id(), one.application_id, 300_000, from_agreement_id=lender.current)
    assert lender.loan(one).balance_minor == 500_000
    assert lender.used(limit) == (0, 800_000)  # the line may be drawn again


def test_a_product_that_refuses_its_terms_leaves_nothing(lender: Lender) -> None:
    made = lender.applied(600_000, terms={"rate": 239_999, "first_due": 399})
    one = lender.lending.decide(lender.id(), made.application_id)
    lender.lending.accept(lender.id(), one.application_id, TEXT_HASH)
    made = lender.applied(600_000, term=480, terms={"every": 99})
    lender.lending.decide(lender.id(), made.application_id)
    lender.lending.accept(lender.id(), made.application_id, TEXT_HASH)
    lender.lending.disburse(lender.id(), made.application_id)
    lender.rest()
    assert lender.lending.application(made.application_id).state is S.UNDONE
    assert lender.money() == 0
