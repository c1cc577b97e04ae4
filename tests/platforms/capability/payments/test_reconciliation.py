"""Goal: a channel's file against our books finds every difference, names it, and settles it.

Method: a bank that pays by a clearing house whose statement is true, and then lies as told.
"""

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from tests.platforms.capability.payments.conftest import Payer
from yunjin.foundation.banking.api.days import DaysApi
from yunjin.platforms.capability.api.clearing import ChannelTerms, ClearingApi
from yunjin.platforms.capability.api.payments import Payment, PaymentState
from yunjin.platforms.capability.api.reconciliation import (
    QUEUE,
    CsvMapping,
    Cure,
    Difference,
    DifferenceKind,
    ReconciliationApi,
)
from yunjin.platforms.capability.api.tasks import FieldValue, TasksApi
from yunjin.platforms.capability.errors.clearing import (
    ChannelNotFound,
    CureRefused,
    ReconciliationRefused,
)

S, K = PaymentState, DifferenceKind
ONE_DAY = dt.timedelta(days=1)


@pytest.fixture
def day(bank: Payer) -> dt.date:
    """Return the business date."""
    found: dt.date = bank.doors[DaysApi].business_date()
    return found


def paid(bank: Payer, day: dt.date, *amounts: int) -> list[Payment]:
    """Pay by the clearing house, each its own message, and let it settle."""
    made = [
        bank.pay(bank.order(one, channel="beps", end_to_end_id=f"E{one}"))[0] for one in amounts
    ]
    bank.house.settle(day)
    bank.rest()
    return [bank.payments.payment(one.payment_id) for one in made]


def reconcile(bank: Payer, content: bytes, channel: str = "beps", **more: Any) -> Any:
    run = bank.doors[ReconciliationApi].reconcile(bank.id(), channel, content, **more)
    for total in run.totals:
        assert total.gap_minor == 0
    return run


def found(bank: Payer, run: Any, state: str = "") -> list[Difference]:
    some = bank.doors[ReconciliationApi].differences(run_id=run.run_id, state=state, limit=200)
    return sorted(some.items, key=lambda one: (one.kind, one.theirs_minor))


def test_a_true_statement_has_no_differences_and_both_totals_are_the_same(
    bank: Payer, day: dt.date
) -> None:
    paid(bank, day, 1_000, 2_000)
    bank.house.pay_in(str(bank.payee), 700, day, currency="CNY")
    bank.rest()
    run = reconcile(bank, bank.house.statement(day))
    assert (run.lines, run.matched, run.found, run.day) == (3, 3, 0, day)
    [total] = run.totals
    assert (total.theirs_minor, total.ours_minor) == (-2_300, -2_300)


def test_every_lie_of_a_statement_is_found_and_named(bank: Payer, day: dt.date) -> None:
    settled = paid(bank, day, 1_000, 2_000, 3_000, 4_000, 5_000)
    [held] = bank.pay(bank.order(6_000, channel="beps", end_to_end_id="E6000"))
    lines = {one.end_to_end_id: one for one in bank.house.cleared}
    bank.doors[ClearingApi].describe(bank.id(), ChannelTerms(channel="beps", cost_minor=7))
    bank.house.cleared = [
        replace(lines["E2000"], amount_minor=-2_500),
        lines["E3000"],
        lines["E3000"],
        replace(lines["E4000"], amount_minor=-4_007),
        replace(lines["E5000"], transaction_id="", end_to_end_id="X", account="none"),
        replace(
            lines["E1000"],
            transaction_id=held.payment_id.hex,
            end_to_end_id="E6000",
            amount_minor=-6_000,
        ),
    ]
    run = reconcile(bank, bank.house.statement(day))
    by_payment = {one.payment_id: one.end_to_end_id for one in [*settled, held]}
    names = [(one.kind, by_payment.get(one.payment_id)) for one in found(bank, run)]
    assert sorted(names, key=str) == sorted(
        [
            (K.MISSING_THEIRS, "E1000"),
            (K.AMOUNT, "E2000"),
            (K.DUPLICATE, "E3000"),
            (K.FEE, "E4000"),
            (K.STATE, "E6000"),
        ],
        key=str,
    )  # and what names nothing is matched to the only payment of its amount
    assert run.matched == 2


def test_a_file_is_reconciled_once_and_another_of_its_id_is_refused(
    bank: Payer, day: dt.date
) -> None:
    paid(bank, day, 1_000)
    content = bank.house.statement(day)
    first = reconcile(bank, content)
    assert reconcile(bank, content) == first
    assert len(bank.doors[ReconciliationApi].runs().items) == 1
    with pytest.raises(ReconciliationRefused):
        reconcile(bank, content.replace(b"<Cdtr", b" <Cdtr", 1))


def test_two_files_of_a_day_add_up_and_clear_what_the_first_one_lacked(
    bank: Payer, day: dt.date
) -> None:
    paid(bank, day, 1_000, 2_000)
    both = bank.house.cleared
    bank.house.cleared = both[:1]
    first = reconcile(bank, bank.house.statement(day))
    bank.work()
    [missing] = found(bank, first)
    assert (missing.kind, missing.ours_minor) == (K.MISSING_THEIRS, -2_000)
    assert len(bank.doors[TasksApi].tasks(queue=QUEUE).items) == 1
    bank.house.cleared = both[1:]
    other = bank.house.statement(day).replace(b"-1<", b"-late<")
    second = reconcile(bank, other)
    assert (second.files, second.matched, second.found, second.cleared) == (2, 2, 0, 1)
    bank.work()
    assert bank.doors[TasksApi].tasks(queue=QUEUE).items == ()


def test_a_line_that_comes_a_day_late_is_another_day_s_on_both_days(
    bank: Payer, day: dt.date
) -> None:
    [one] = paid(bank, day, 1_000)
    lines = bank.house.cleared
    bank.house.cleared = []
    first = reconcile(bank, bank.house.statement(day), day=day)
    assert [each.kind for each in found(bank, first)] == [K.MISSING_THEIRS]
    bank.house.cleared = [replace(lines[0], day=day + ONE_DAY)]
    late = reconcile(bank, bank.house.statement(day + ONE_DAY))
    assert [(each.kind, each.payment_id) for each in found(bank, late)] == [
        (K.DATE, one.payment_id)
    ]
    [cleared] = found(bank, first)
    assert cleared.state == "cleared"
    bank.house.cleared = [replace(lines[0], day=day + 2 * ONE_DAY)]
    again = reconcile(bank, bank.house.statement(day + 2 * ONE_DAY))
    assert [each.kind for each in found(bank, again)] == [K.DUPLICATE]


def test_a_person_settles_a_difference_and_the_books_follow(bank: Payer, day: dt.date) -> None:
    [one] = bank.pay(bank.order(6_000, channel="beps"))
    assert one.state is S.SENT
    bank.house.settle(day)
    bank.house._out.clear()  # its answer is lost
    run = reconcile(bank, bank.house.statement(day))
    [difference] = found(bank, run)
    assert (difference.kind, difference.cure) == (K.STATE, Cure.FOLLOW)
    bank.work()
    centre, tasks = bank.doors[ReconciliationApi], bank.doors[TasksApi]
    [task] = tasks.tasks(queue=QUEUE).items
    answer = [FieldValue(name="cure", value="resend"), FieldValue(name="reason", value="试一下")]
    tasks.complete(bank.id(), task.task_id, [*answer], "officer")
    bank.work()
    settled = centre.difference(difference.difference_id)
    assert (settled.state, settled.cure, settled.by) == ("settled", Cure.RESEND, "officer")
    with pytest.raises(CureRefused):
        centre.settle(bank.id(), difference.difference_id, Cure.NONE, reason="twice", by="officer")


def test_following_the_channel_captures_what_was_held(bank: Payer, day: dt.date) -> None:
    [one] = bank.pay(bank.order(6_000, channel="beps"))
    bank.house.settle(day)
    bank.house._out.clear()
    [difference] = found(bank, reconcile(bank, bank.house.statement(day)))
    bank.work()
    centre, command = bank.doors[ReconciliationApi], bank.id()
    for _ in range(2):
        centre.settle(
            command, difference.difference_id, Cure.FOLLOW, reason="回执丢失", by="officer"
        )
    assert bank.payments.payment(one.payment_id).state is S.SETTLED
    assert bank.balances()[:2] == (994_000, 0)
    bank.work()
    assert bank.doors[TasksApi].tasks(queue=QUEUE).items == ()


def test_money_that_came_is_booked_to_its_owner_or_to_suspense(bank: Payer, day: dt.date) -> None:
    mapping = CsvMapping(line_id="id", amount="amount")
    content = b"id,amount\nA,12.34\nB,0.66\n"
    run = reconcile(bank, content, "cnaps", day=day, mapping=mapping)
    first, second = found(bank, run)
    assert {first.kind, second.kind} == {K.MISSING_OURS}
    centre = bank.doors[ReconciliationApi]
    refused = {"reason": "x", "by": "officer"}
    with pytest.raises(CureRefused):
        centre.settle(bank.id(), second.difference_id, Cure.BOOK, **refused)
    with pytest.raises(CureRefused):
        centre.settle(bank.id(), second.difference_id, Cure.FOLLOW, **refused)
    centre.settle(
        bank.id(),
        second.difference_id,
        Cure.BOOK,
        reason="来账",
        by="officer",
        agreement_id=bank.payee,
    )
    assert bank.balances()[2] == 1_234
    done = centre.settle(bank.id(), first.difference_id, Cure.SUSPEND, reason="待查", by="officer")
    assert done.state == "settled"
    assert centre.run(run.run_id).settled == 2


def test_a_return_that_only_the_channel_knows_gives_the_money_back(
    bank: Payer, day: dt.date
) -> None:
    [one] = paid(bank, day, 1_000)
    mapping = CsvMapping(
        reference="ref", amount="amount", state="state", amount_is_minor=True, line_id="ref"
    )
    content = (
        f"ref,amount,state\n{one.payment_id.hex},-1000,成功\n{one.payment_id.hex},1000,退汇\n"
    ).encode()
    bank.doors[ReconciliationApi].put_mapping(bank.id(), "beps", mapping)
    run = reconcile(bank, content, day=day)
    [difference] = found(bank, run)
    assert (difference.kind, difference.theirs_minor) == (K.RETURNED, 1_000)
    bank.doors[ReconciliationApi].settle(
        bank.id(), difference.difference_id, difference.cure, reason="账号不符", by="officer"
    )
    assert bank.payments.payment(one.payment_id).state is S.RETURNED
    assert bank.balances()[0] == 1_000_000


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"<Document xmlns='urn:iso:std:iso:20022:tech:xsd:camt.053.001.08'/>", None),
        (b"id,sum\nA,1\n", "amount"),
        (b"id,amount\nA,1.005\n", "amount"),
        (b"id,amount\nA,much\n", "amount"),
        (b"id,amount\nA\n", None),
        (b"\xff\xfeid,amount\n", None),
        (b"", None),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_whole(
    bank: Payer, day: dt.date, content: bytes, why: str | None
) -> None:
    with pytest.raises(ReconciliationRefused, match=why):
        reconcile(bank, content, mapping=CsvMapping(line_id="id"), day=day)
    assert bank.doors[ReconciliationApi].runs().items == ()


def test_a_channel_that_nobody_knows_is_refused(bank: Payer) -> None:
    with pytest.raises(ChannelNotFound):
        reconcile(bank, b"id,amount\n", "nobody")
