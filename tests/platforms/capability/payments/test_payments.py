"""Goal: a payment is paid once, and comes back once. Method: a channel that misbehaves.

Money is counted at every end: what left the payer is with the payee, held, or with the channel.
"""

import datetime as dt

import pytest

from tests.platforms.capability.payments.conftest import Payer
from yunjin.kernel.errors import IdempotencyConflict, Malformed
from yunjin.platforms.capability.api.limits import NewLimit
from yunjin.platforms.capability.api.payments import PaymentState
from yunjin.platforms.capability.errors import PaymentRefused, PaymentUnderWay

S = PaymentState


def test_a_payment_within_the_bank_is_booked_at_once(bank: Payer) -> None:
    [one] = bank.pay(bank.order(30_000, counter_agreement_id=bank.payee))
    assert (one.state, one.channel) == (S.SETTLED, "within")
    assert bank.balances() == (970_000, 0, 30_000)


def test_a_payment_to_another_bank_is_held_sent_and_settled(bank: Payer) -> None:
    bank.channel.choose = lambda account, amount: ""
    order = bank.order(30_000, remittance="货款")
    [one] = bank.pay(order)
    assert one.state is S.SENT
    assert bank.balances()[:2] == (1_000_000, 30_000)
    assert len(bank.channel.sent) == 1
    bank.channel.choose = lambda account, amount: "ACSC"
    [content] = bank.channel.sent.values()
    assert "货款".encode() in content
    bank.channel._answer(content)
    bank.rest()
    assert bank.payments.payment(order.payment_id).state is S.SETTLED
    assert bank.balances()[:2] == (970_000, 0)


def test_a_rejected_payment_frees_the_payer_s_money_with_the_reason(bank: Payer) -> None:
    bank.channel.choose = lambda account, amount: "AC04"
    [one] = bank.pay(bank.order(30_000))
    assert (one.state, one.reason) == (S.REJECTED, "AC04")
    assert bank.balances()[:2] == (1_000_000, 0)


def test_what_the_payer_lacks_is_refused_and_nothing_is_sent(bank: Payer) -> None:
    one, two = bank.pay(bank.order(1_000_001), bank.order(1_000_000))
    assert (one.state, one.reason) == (S.REFUSED, "AM04")
    assert two.state is S.SETTLED
    [content] = bank.channel.sent.values()
    assert one.payment_id.hex.encode() not in content
    assert bank.balances()[:2] == (0, 0)


def test_a_returned_payment_comes_back_once(bank: Payer) -> None:
    [one] = bank.pay(bank.order(30_000))
    assert one.state is S.SETTLED
    bank.channel.repeats = 2
    bank.channel.give_back(one.wave_id, "6200001", "AC04")
    bank.rest()
    bank.channel.give_back(one.wave_id, "6200001", "AC04")
    bank.rest()
    back = bank.payments.payment(one.payment_id)
    assert (back.state, back.reason) == (S.RETURNED, "AC04")
    assert bank.balances()[:2] == (1_000_000, 0)


def test_a_channel_that_repeats_itself_and_loses_answers_pays_once(bank: Payer) -> None:
    bank.channel.repeats, bank.channel.loses_answers = 3, 2
    orders = [bank.order(10_000 + at) for at in range(5)]
    for one in bank.pay(*orders):
        assert one.state in (S.SETTLED, S.SENT, S.HELD)
    bank.clock.skip(seconds=120)
    bank.rest()
    assert {bank.payments.payment(one.payment_id).state for one in orders} == {S.SETTLED}
    assert bank.balances()[:2] == (1_000_000 - 50_010, 0)
    assert len(bank.channel.sent) == 1


def test_a_channel_that_is_down_gets_it_when_it_is_back(bank: Payer) -> None:
    bank.channel.is_down = True
    [one] = bank.pay(bank.order(30_000))
    assert one.state is S.HELD
    bank.channel.is_down = False
    bank.clock.skip(seconds=120)
    bank.rest()
    assert bank.payments.payment(one.payment_id).state is S.SETTLED


def test_a_channel_that_contradicts_itself_needs_a_person(bank: Payer) -> None:
    bank.channel.choose = lambda account, amount: "AC04"
    [one] = bank.pay(bank.order(30_000))
    assert one.state is S.REJECTED
    bank.channel.choose = lambda account, amount: "ACSC"
    [content] = bank.channel.sent.values()
    bank.channel._answer(content)
    bank.rest()
    stuck = bank.payments.payment(one.payment_id)
    assert stuck.state is S.STUCK
    assert "settled" in stuck.detail
    assert bank.balances()[:2] == (1_000_000, 0)
    assert bank.payments.counts() == {"stuck": 1}


def test_a_line_that_cannot_be_read_leaves_its_payment_to_a_person(bank: Payer) -> None:
    bank.channel.choose = lambda account, amount: ""
    [one] = bank.pay(bank.order(30_000))
    bank.channel.choose = lambda account, amount: "ACSC"
    [content] = bank.channel.sent.values()
    bank.channel._answer(content)
    told = bank.channel._out.pop()
    bank.channel.tell(told.content.replace(b"<TxSts>ACSC<", b"<TxSts>SETTLED<"))
    bank.rest()
    assert bank.payments.payment(one.payment_id).state is S.STUCK
    assert bank.balances()[:2] == (1_000_000, 30_000)


def test_an_order_sent_again_is_the_same_payment(bank: Payer) -> None:
    order = bank.order(30_000)
    first = bank.pay(order)
    assert bank.pay(order) == first
    assert bank.balances()[0] == 970_000
    other = bank.order(30_001)
    with pytest.raises(IdempotencyConflict):
        bank.pay(type(order)(**{**_facts(other), "payment_id": order.payment_id}))


def test_a_payment_waits_for_its_day_and_can_be_cancelled_until_then(bank: Payer) -> None:
    today = bank.payments.payment(bank.pay(bank.order(1))[0].payment_id).day
    later = today + dt.timedelta(days=3)
    one, two = bank.pay(bank.order(30_000, day=later), bank.order(40_000, day=later))
    assert (one.state, one.day) == (S.WAITING, later)
    assert bank.payments.cancel(bank.id(), one.payment_id, "改期").state is S.CANCELLED
    bank.day = later
    bank.rest()
    assert bank.payments.payment(two.payment_id).state is S.SETTLED
    with pytest.raises(PaymentUnderWay):
        bank.payments.cancel(bank.id(), two.payment_id)
    assert bank.balances()[:2] == (1_000_000 - 40_001, 0)


def test_a_limit_holds_what_is_paid_and_is_whole_again_when_it_comes_back(bank: Payer) -> None:
    limit = bank.limits.open(
        bank.id(),
        NewLimit(name="付款限额", kind="payment", currency="CNY", ceiling_minor=50_000),
    )
    bank.channel.choose = lambda account, amount: "ACSC" if amount < 20_000 else "AC04"
    [one] = bank.pay(bank.order(10_000, limit_id=limit.limit_id))
    two, three = (bank.order(minor, limit_id=limit.limit_id) for minor in (30_000, 40_000))
    ended = bank.pay(two, three)
    assert sorted(each.state for each in ended) == [S.REFUSED, S.REJECTED]
    assert {each.reason for each in ended} == {"AM14", "AC04"}
    now = bank.limits.limit(limit.limit_id)
    assert (now.held_minor, now.used_minor) == (0, 10_000)
    bank.channel.give_back(one.wave_id, "6200001")
    bank.rest()
    assert bank.payments.payment(one.payment_id).state is S.RETURNED
    assert bank.limits.limit(limit.limit_id).left_minor == 50_000


def test_what_is_no_order_is_refused_before_anything_is_kept(bank: Payer) -> None:
    for wrong in ({"creditor_account": ""}, {"channel": "nowhere"}):
        with pytest.raises(PaymentRefused):
            bank.pay(bank.order(1, **wrong))
    with pytest.raises(PaymentRefused):
        bank.pay(bank.order(1, counter_agreement_id=bank.payer))
    order = bank.order(1)
    for wrong_orders in ([order, order], [], [bank.order(0)]):
        with pytest.raises(Malformed):
            bank.pay(*wrong_orders)
    with pytest.raises(Malformed):
        bank.payments.take(bank.id(), "cnaps", "m1", b"<nothing/>")
    assert bank.payments.payments().items == ()


def _facts(order: object) -> dict[str, object]:
    return {name: getattr(order, name) for name in type(order).__slots__}
