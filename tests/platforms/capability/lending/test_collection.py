"""Collection: an overdue loan becomes a case, goes from stage to stage, and is closed as cured."""

import datetime as dt

import pytest

from tests.platforms.capability.lending.conftest import Lender, pay_in
from yunjin.foundation.banking.api.days import DaysApi
from yunjin.kernel.errors import IdempotencyConflict, Malformed
from yunjin.platforms.capability.api.collection import Case, PromiseState, Stage
from yunjin.platforms.capability.api.lending import Application, ApplicationState, RepayKind
from yunjin.platforms.capability.errors.lending import CollectionRefused
from yunjin.platforms.capability.service.lending.looking import Looking


def overdue(lender: Lender, days: int) -> tuple[Application, Case]:
    """Return a loan that has been overdue for so many days, and its case."""
    one = lender.lent(1_200_000, terms={"first_due": 5})
    lender.next_day(6 + days)  # the evening counts the days
    [case] = lender.collection.cases().items
    return one, case


def today(lender: Lender) -> dt.date:
    found: dt.date = lender.doors[DaysApi].business_date()
    return found


def test_an_overdue_loan_goes_from_stage_to_stage_and_is_cured(lender: Lender) -> None:
    one, case = overdue(lender, 1)
    assert (case.stage, case.days_overdue, case.application_id) == (
        Stage.REMINDER,
        1,
        one.application_id,
    )
    assert case.due_minor > 0
    assert lender.tasks.tasks(queue="collection").items == ()
    lender.next_day(3)
    [case] = lender.collection.cases(stage=Stage.CALL).items
    [task] = lender.tasks.tasks(queue="collection").items
    assert "Call" in task.title
    assert lender.collection.counts() == {"call": 1}
    due = lender.collection.case(case.case_id).due_minor
    lender.lending.repay(lender.id(), one.application_id, due * 2, from_agreement_id=lender.current)
    case = lender.collection.case(case.case_id)
    assert (case.is_closed, case.why, case.due_minor) == (True, "cured", 0)
    assert lender.tasks.tasks(queue="collection").items == ()
    assert [entry.what for entry in lender.collection.timeline(case.case_id)] == [
        "opened",
        "call",
        "closed",
    ]


def test_a_loan_that_is_paid_straight_to_it_is_cured_by_the_next_day(lender: Lender) -> None:
    one, case = overdue(lender, 2)
    pay_in(lender, lender.loan(one).agreement_id, case.due_minor * 2)
    assert not lender.collection.case(case.case_id).is_closed
    lender.next_day()
    assert lender.collection.case(case.case_id).why == "cured"


@pytest.mark.parametrize("is_kept", [True, False])
def test_a_promise_is_kept_or_broken(lender: Lender, is_kept: bool) -> None:
    one, case = overdue(lender, 3)
    promise_id, day = lender.id(), today(lender) + dt.timedelta(days=2)
    made = lender.collection.promise(promise_id, case.case_id, 10_000, day, by="赵六")
    assert lender.collection.promise(promise_id, case.case_id, 10_000, day, by="赵六") == made
    with pytest.raises(CollectionRefused):
        lender.collection.promise(lender.id(), case.case_id, 1, day, by="赵六")
    lender.next_day(2)
    [now] = lender.collection.cases().items
    assert (now.stage, now.days_overdue) == (Stage.REMINDER, 5)  # it waits for the promise
    if is_kept:
        lender.lending.repay(
            lender.id(), one.application_id, 10_000, from_agreement_id=lender.current
        )
    lender.next_day()
    [promise] = lender.collection.promises(case.case_id)
    assert promise.state is (PromiseState.KEPT if is_kept else PromiseState.BROKEN)
    assert lender.collection.case(case.case_id).stage is Stage.CALL


def test_what_people_do_stands_in_the_timeline(lender: Lender) -> None:
    _, case = overdue(lender, 1)
    note_id = lender.id()
    for _ in range(2):
        lender.collection.note(note_id, case.case_id, "call", "无人接听", by="赵六")
    with pytest.raises(IdempotencyConflict):
        lender.collection.note(note_id, case.case_id, "call", "接听", by="赵六")
    with pytest.raises(Malformed):
        lender.collection.note(lender.id(), case.case_id, "shout", "x", by="赵六")
    made = lender.collection.promise(lender.id(), case.case_id, 5, today(lender), by="赵六")
    gone = lender.collection.cancel_promise(lender.id(), made.promise_id, by="赵六")
    assert gone.state is PromiseState.CANCELLED
    lender.collection.close(lender.id(), case.case_id, "协议减免", by="经理")
    with pytest.raises(CollectionRefused):
        lender.collection.note(lender.id(), case.case_id, "call", "x", by="赵六")
    whats = [entry.what for entry in lender.collection.timeline(case.case_id)]
    assert whats == ["opened", "call", "promise.open", "promise.cancelled", "closed"]
    lender.next_day()
    [again] = lender.collection.cases().items
    assert again.case_id != case.case_id


def test_a_case_may_be_opened_by_hand_once(lender: Lender) -> None:
    one = lender.lent(100_000)
    agreement_id = lender.loan(one).agreement_id
    first = lender.collection.open(lender.id(), agreement_id, "疑似失联", by="赵六")
    second = lender.collection.open(lender.id(), agreement_id, "又一次", by="赵六")
    assert first.case_id == second.case_id
    with pytest.raises(CollectionRefused):
        lender.collection.open(lender.id(), lender.current, by="赵六")
    lender.next_day()
    assert not lender.collection.case(first.case_id).is_closed


def test_a_settled_loan_closes_its_case(lender: Lender) -> None:
    one, case = overdue(lender, 4)
    pay_in(lender, lender.current, 100_000)
    lender.lending.repay(
        lender.id(),
        one.application_id,
        kind=RepayKind.SETTLE,
        from_agreement_id=lender.current,
    )
    assert lender.collection.case(case.case_id).is_closed
    assert lender.lending.application(one.application_id).state is ApplicationState.SETTLED


def test_a_day_that_is_looked_at_twice_is_looked_at_once(lender: Lender) -> None:
    one, case = overdue(lender, 1)
    looking = lender.acting(Looking)
    for _ in range(3):
        looking.look_at_loan(lender.id(), str(one.application_id))
    assert [found.case_id for found in lender.collection.cases().items] == [case.case_id]
    assert len(lender.collection.timeline(case.case_id)) == 1
