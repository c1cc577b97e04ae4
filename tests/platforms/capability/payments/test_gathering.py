"""Goal: orders that come at once are taken together, each answered for itself. Method: threads."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any
from uuid import uuid4

import pytest

from tests.platforms.capability.payments.conftest import Payer
from yunjin.kernel.errors import IdempotencyConflict
from yunjin.platforms.capability.api.payments import PaymentState
from yunjin.platforms.capability.service.payments.gathering import Gathered, Single

S = PaymentState


def single(order: Any) -> Single:
    return Single(command_id=uuid4(), order=order, way=None)  # type: ignore[arg-type]


class Order:
    """As much of an order as is gathered by."""

    def __init__(self, payment_id: int) -> None:
        self.payment_id = payment_id


def test_what_waits_while_one_commits_is_taken_by_the_next_together() -> None:
    first, seen = Event(), Event()
    groups: list[list[int]] = []

    def act(some: Any) -> list[Any]:
        groups.append([one.order.payment_id for one in some])
        if len(groups) == 1:
            seen.set()
            first.wait(30)
        return [one.order.payment_id for one in some]

    gathered = Gathered(act, most=3)
    with ThreadPoolExecutor(8) as callers:
        one = callers.submit(gathered.take, single(Order(0)))
        seen.wait(30)
        others = [callers.submit(gathered.take, single(Order(at % 5 + 1))) for at in range(6)]
        while len(gathered._waiting) < 6:
            pass
        first.set()
        assert [one.result(), *(each.result() for each in others)] == [0, 1, 2, 3, 4, 5, 1]
    assert max(len(group) for group in groups) == 3
    assert all(len(set(group)) == len(group) for group in groups)


def test_an_order_that_is_refused_refuses_no_other(bank: Payer) -> None:
    used = bank.order(10, counter_agreement_id=bank.payee)
    bank.pay(used)
    clash = bank.order(99, counter_agreement_id=bank.payee)
    clash = type(clash)(
        **{name: getattr(clash, name) for name in clash.__slots__} | {"payment_id": used.payment_id}
    )
    orders = [bank.order(10, counter_agreement_id=bank.payee) for _ in range(5)]
    with ThreadPoolExecutor(6) as callers:
        taken = [callers.submit(bank.payments.pay, bank.id(), one) for one in orders]
        refused = callers.submit(bank.payments.pay, bank.id(), clash)
        with pytest.raises(IdempotencyConflict):
            refused.result()
        made = [one.result() for one in taken]
    bank.rest()
    assert {bank.payments.payment(one.payment_id).state for one in made} == {S.SETTLED}
    assert bank.balances()[2] == 60
