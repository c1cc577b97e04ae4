"""Goal: requests that come one by one share batches, each gets its own answer, none is lost.
Method: an act that records its batches and waits until the test lets it go on.
"""

import asyncio
import threading

import pytest

from yunjin.chassis.transport import Gatherer
from yunjin.chassis.transport.problems import Crowded
from yunjin.kernel import tenant
from yunjin.kernel.errors import Bug, Outage, Problem


class Act:
    """Doubles numbers; each batch waits for the gate."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.tenants: list[str] = []
        self.gate = threading.Event()

    def __call__(self, items: list[int]) -> list[int]:
        self.batches.append(items)
        self.tenants.append(tenant.current())
        self.gate.wait(10)
        if items[0] < 0:
            raise Outage("down") if items[0] == -1 else KeyError("broken")
        return [2 * item for item in items][: 1 if items[0] == 99 else None]


def gather(act: Act, items: list[int], *, batch_max: int = 10) -> list[int | Problem]:
    """Ask for the first item, wait till it is under way, then for all others at once."""

    async def run() -> list[int | Problem]:
        gatherer: Gatherer[int, int] = Gatherer(act, batch_max=batch_max, waiting_max=20)
        first = gatherer.ask(items[0])
        while not act.batches:
            await asyncio.sleep(0)
        rest = [gatherer.ask(item) for item in items[1:]]
        act.gate.set()
        answers = await asyncio.gather(first, *rest)
        gatherer.close()
        return answers

    with tenant.entered("demo"):
        return asyncio.run(run())


def test_what_arrives_during_a_batch_makes_up_the_next() -> None:
    act = Act()
    assert gather(act, [1, 2, 3, 4]) == [2, 4, 6, 8]
    assert act.batches == [[1], [2, 3, 4]]


def test_batches_are_no_longer_than_allowed_and_keep_the_order() -> None:
    act = Act()
    assert gather(act, list(range(1, 9)), batch_max=3) == [2 * n for n in range(1, 9)]
    assert act.batches == [[1], [2, 3, 4], [5, 6, 7], [8]]


def test_the_tenant_goes_along() -> None:
    act = Act()
    gather(act, [1, 2])
    assert set(act.tenants) == {"demo"}


def test_a_problem_is_the_answer_of_its_batch_only() -> None:
    answers = gather(Act(), [1, -1, 5])
    assert answers[0] == 2
    assert all(type(answer) is Outage for answer in answers[1:])


@pytest.mark.parametrize("broken", [-2, 99])
def test_what_breaks_is_a_bug_for_every_waiting_one(broken: int) -> None:
    answers = gather(Act(), [1, broken, 5])
    assert all(type(answer) is Bug for answer in answers[1:])


def test_a_full_queue_refuses_at_once() -> None:
    with pytest.raises(Crowded):
        gather(Act(), list(range(1, 30)))


def test_a_caller_who_went_away_holds_up_nobody() -> None:
    act = Act()

    async def run() -> int | Problem:
        gatherer: Gatherer[int, int] = Gatherer(act, batch_max=10, waiting_max=20)
        gone, there = gatherer.ask(1), gatherer.ask(2)
        gone.cancel()
        act.gate.set()
        return await there

    with tenant.entered("demo"):
        assert asyncio.run(run()) == 4


@pytest.mark.parametrize("linger_s", [0, 10])
def test_the_next_batch_may_wait_for_the_callers_just_answered(linger_s: float) -> None:
    act = Act()

    async def run() -> None:
        gatherer: Gatherer[int, int] = Gatherer(
            act, batch_max=10, waiting_max=20, linger_s=linger_s
        )
        first = gatherer.ask(1)
        while not act.batches:
            await asyncio.sleep(0)
        waiting = gatherer.ask(2)
        act.gate.set()
        await first  # and at once asks again
        await asyncio.gather(waiting, gatherer.ask(3))
        gatherer.close()

    with tenant.entered("demo"):
        asyncio.run(run())
    assert act.batches == ([[1], [2, 3]] if linger_s else [[1], [2], [3]])


@pytest.mark.parametrize("is_under_way", [True, False])
def test_closing_leaves_nobody_without_an_answer(is_under_way: bool) -> None:
    act = Act()

    async def run() -> list[int | Problem]:
        gatherer: Gatherer[int, int] = Gatherer(act, batch_max=10, waiting_max=20)
        asked = [gatherer.ask(1)]
        while is_under_way and not act.batches:
            await asyncio.sleep(0)
        asked += [gatherer.ask(item) for item in (2, 3)]
        gatherer.close()
        gatherer.close()
        act.gate.set()
        with pytest.raises(Outage):
            gatherer.ask(4)
        async with asyncio.timeout(5):
            return await asyncio.gather(*asked)

    with tenant.entered("demo"):
        answers = asyncio.run(run())
    assert [type(answer) for answer in answers] == [int if is_under_way else Outage, Outage, Outage]
    assert act.batches == ([[1]] if is_under_way else [])


def test_closing_ends_the_wait_for_callers_just_answered() -> None:
    act = Act()

    async def run() -> int | Problem:
        gatherer: Gatherer[int, int] = Gatherer(act, batch_max=10, waiting_max=20, linger_s=10)
        first = gatherer.ask(1)
        while not act.batches:
            await asyncio.sleep(0)
        waiting = gatherer.ask(2)
        act.gate.set()
        await first
        gatherer.close()
        async with asyncio.timeout(5):
            return await waiting

    with tenant.entered("demo"):
        assert type(asyncio.run(run())) is Outage
