"""Lending, from the application to the last instalment: what each deed does, and what it refuses.

Method: a small bank over a real core; registers, decision engine and channel are fakes that
misbehave on demand.
"""

import pytest

from tests.platforms.capability.lending.conftest import CARD, ID_NUMBER, TEXT_HASH, Lender
from yunjin.kernel.errors import IdempotencyConflict, Malformed
from yunjin.platforms.capability.api.decisions import Outcome, Rule, RuleSet
from yunjin.platforms.capability.api.decisions import Test as Comparison
from yunjin.platforms.capability.api.identity import Verdict
from yunjin.platforms.capability.api.lending import (
    OFFER_DAYS,
    ApplicationState,
    Payout,
    RepayKind,
)
from yunjin.platforms.capability.api.tasks import FieldValue
from yunjin.platforms.capability.errors import PartyNotFound
from yunjin.platforms.capability.errors.lending import ApplicationRefused
from yunjin.platforms.capability.service.lending.deciding import RuleDecisions

S = ApplicationState


def test_a_loan_goes_from_the_application_to_the_account(lender: Lender) -> None:
    limit = lender.limit(2_000_000)
    made = lender.applied(1_200_000, limit_id=limit.limit_id, purpose="装修")
    assert made.state is S.APPLIED
    decided = lender.lending.decide(lender.id(), made.application_id)
    assert decided.state is S.APPROVED
    assert decided.offer is not None
    assert (decided.offer.amount_minor, decided.offer.rate_ppm) == (1_200_000, 120_000)
    lender.lending.accept(lender.id(), made.application_id, TEXT_HASH, by="李四")
    lender.lending.disburse(lender.id(), made.application_id)
    lender.rest()
    one = lender.lending.application(made.application_id)
    assert one.state is S.ACTIVE, one
    assert lender.money() == 1_200_000
    assert lender.loan(one).balance_minor == 1_200_000
    assert lender.used(limit) == (0, 1_200_000)
    done = lender.lending.repay(
        lender.id(), one.application_id, kind=RepayKind.SETTLE, from_agreement_id=lender.current
    )
    assert done.is_settled
    assert (done.amount_minor, done.owed_minor) == (1_200_000, 0)
    assert lender.money() == 0
    assert lender.used(limit) == (0, 0)
    assert lender.lending.application(one.application_id).state is S.SETTLED
    assert [entry.what for entry in lender.lending.timeline(one.application_id)] == [
        "applied",
        "approved",
        "accepted",
        "paying",
        "active",
        "settled",
        "repaid",
    ]


def test_the_preset_flow_needs_nobody_but_the_borrower(lender: Lender) -> None:
    payout = Payout(name="李四", account=CARD, agent="ICBKCNBJ")
    made = lender.applied(500_000, payout=payout)
    lender.lending.run(lender.id(), made.application_id)
    lender.rest()
    one = lender.lending.application(made.application_id)
    assert (one.state, dict(one.checks)) == (S.APPROVED, {"identity": "match", "card": "match"})
    lender.lending.accept(lender.id(), one.application_id, TEXT_HASH, by="李四")
    lender.rest()
    lender.settle()
    one = lender.lending.application(made.application_id)
    assert one.state is S.ACTIVE
    assert one.payment_id is not None
    paid = lender.payments.payment(one.payment_id)
    assert (paid.state, paid.amount_minor, paid.other_account) == ("settled", 500_000, CARD)


def test_what_is_referred_waits_for_a_person_and_goes_on(lender: Lender) -> None:
    made = lender.applied(30_000_000)
    lender.lending.run(lender.id(), made.application_id)
    lender.rest()
    one = lender.lending.application(made.application_id)
    assert (one.state, [reason.code for reason in one.reasons]) == (S.REFERRED, ["large-amount"])
    [task] = lender.tasks.tasks(queue="lending").items
    given = {"verdict": "approve", "amount": "20000000", "note": "抵押充足"}
    values = [FieldValue(name=name, value=value) for name, value in given.items()]
    lender.tasks.complete(lender.id(), task.task_id, values, by="王经理")
    lender.rest()
    one = lender.lending.application(made.application_id)
    assert (one.state, one.decided_by) == (S.APPROVED, "王经理")
    assert one.offer is not None
    assert (one.offer.amount_minor, one.offer.rate_ppm) == (20_000_000, 120_000)


def test_who_decides_at_the_desk_takes_the_task_away(lender: Lender) -> None:
    made = lender.applied(30_000_000)
    lender.lending.run(lender.id(), made.application_id)
    lender.rest()
    lender.lending.judge(
        lender.id(), made.application_id, Outcome.DECLINE, by="王经理", note="负债过高"
    )
    lender.rest()
    assert lender.lending.application(made.application_id).state is S.DECLINED
    assert lender.tasks.tasks(queue="lending").items == ()
    assert lender.flow_state(made.application_id) == "done"


def test_a_withdrawn_application_leaves_no_task(lender: Lender) -> None:
    made = lender.applied(30_000_000)
    lender.lending.run(lender.id(), made.application_id)
    lender.rest()
    lender.lending.withdraw(lender.id(), made.application_id, "不需要了", by="李四")
    lender.rest()
    assert lender.lending.application(made.application_id).state is S.WITHDRAWN
    assert lender.tasks.tasks(queue="lending").items == ()
    with pytest.raises(ApplicationRefused):
        lender.lending.decide(lender.id(), made.application_id)


def test_every_command_acts_once_under_its_id(lender: Lender) -> None:
    apply_id, decide_id, accept_id, pay_id = (lender.id() for _ in range(4))
    asked = lender.asked(600_000)
    first = lender.lending.apply(apply_id, asked)
    assert lender.lending.apply(apply_id, asked) == first
    with pytest.raises(IdempotencyConflict):
        lender.lending.apply(apply_id, lender.asked(700_000))
    one = first.application_id
    for _ in range(2):
        lender.lending.decide(decide_id, one)
    assert len(lender.decisions.asked) == 1
    for _ in range(2):
        lender.lending.accept(accept_id, one, TEXT_HASH)
    for _ in range(2):
        lender.lending.disburse(pay_id, one)
        lender.rest()
    assert lender.money() == 600_000
    repay_id = lender.id()
    answers = [
        lender.lending.repay(repay_id, one, 100_000, from_agreement_id=lender.current)
        for _ in range(2)
    ]
    assert answers[0] == answers[1]
    assert lender.money() == 500_000


def test_a_decision_says_why_and_keeps_to_what_was_asked(lender: Lender) -> None:
    rules = RuleSet(
        code="cash-loan",
        limit_minor=300_000,
        rate_ppm=180_000,
        rules=(
            Rule(
                fact="salary_minor",
                test=Comparison.BELOW,
                value=500_000,
                outcome=Outcome.DECLINE,
                code="low-salary",
                zh="收入不足",
            ),
        ),
    )
    lender.lending.put_rules(lender.id(), rules)
    lender.decisions.choose = lambda asked: RuleDecisions(lender.parts.ground.room).decide(
        lender.id(), asked
    )
    poor = lender.applied(business="cash-loan", values={"salary_minor": 300_000})
    poor = lender.lending.decide(lender.id(), poor.application_id)
    [reason] = poor.reasons
    assert (poor.state, reason.code, reason.seen, reason.bound, reason.zh) == (
        S.DECLINED,
        "low-salary",
        "300000",
        "500000",
        "收入不足",
    )
    rich = lender.applied(business="cash-loan", values={"salary_minor": 900_000})
    rich = lender.lending.decide(lender.id(), rich.application_id)
    assert rich.offer is not None
    assert (rich.offer.amount_minor, rich.offer.rate_ppm) == (300_000, 180_000)
    assert rich.decided_by == "rules cash-loan 1"
    told = lender.lending.decide(
        lender.id(),
        lender.applied(business="cash-loan").application_id,
        facts={"salary_minor": 1},
    )
    assert told.state is S.DECLINED


def test_an_engine_that_lies_decides_nothing(lender: Lender) -> None:
    lender.decisions.lies = True
    one = lender.applied()
    one = lender.lending.decide(lender.id(), one.application_id)
    assert (one.state, one.reasons[-1].code) == (S.REFERRED, "decision-unsound")


def test_registers_that_stay_silent_leave_it_to_a_person(lender: Lender) -> None:
    lender.register.down_for = 100
    one = lender.applied()
    lender.lending.run(lender.id(), one.application_id)
    lender.rest()
    lender.settle()
    one = lender.lending.application(one.application_id)
    assert (one.state, one.reasons[-1].en) == (S.REFERRED, "The register is down.")
    assert len(lender.tasks.tasks(queue="lending").items) == 1


def test_somebody_else_s_name_is_declined(lender: Lender) -> None:
    lender.register.says = {ID_NUMBER: Verdict.MISMATCH}
    one = lender.applied()
    lender.lending.identify(lender.id(), one.application_id)
    one = lender.lending.decide(lender.id(), one.application_id)
    assert (one.state, one.reasons[0].code) == (S.DECLINED, "identity-mismatch")


def test_an_offer_ends_by_itself(lender: Lender) -> None:
    one = lender.applied()
    lender.lending.decide(lender.id(), one.application_id)
    with pytest.raises(ApplicationRefused):
        lender.lending.lapse(lender.id(), one.application_id)
    lender.next_day(OFFER_DAYS + 1)
    assert lender.lending.application(one.application_id).state is S.EXPIRED
    with pytest.raises(ApplicationRefused):
        lender.lending.accept(lender.id(), one.application_id, TEXT_HASH)


def test_what_cannot_be_asked_for_is_refused_with_its_reason(lender: Lender) -> None:
    for more in (
        {"product": "current-account"},
        {"product": "nothing"},
        {"currency": "USD"},
        {"terms": {"nothing": 1}},
    ):
        with pytest.raises(ApplicationRefused) as refused:
            lender.applied(**more)
        assert refused.value.facts["why"]
    for wrong in ({"payout": Payout()}, {"term": 0}, {"values": {"x": 1.5}}):
        with pytest.raises(Malformed):
            lender.applied(**wrong)
    with pytest.raises(PartyNotFound):
        lender.applied(party_id="nobody")
