"""Goal: wherever a process dies and whatever answer is lost, money is neither made nor lost,
nothing acts twice, and every outcome that was told stays true.

Method: each step of a saga (a call that writes) ends in each fault, one after the other; then
random histories of many crossings with faults anywhere, accounts that close and open, cells that
die at any step, and deliveries that arrive again late. Real cells; what is held against them is
counted plainly.
"""

from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.foundation.ledger.clearing.cells import (
    FUNDS,
    LIMITED,
    OTHER_UNIT,
    TO_THE_BRIM,
    UNIT,
    Death,
    World,
    crossing,
    nobody,
    outcomes,
    uuid_of,
    world,
)
from yunjin.foundation.ledger.api import CrossingOutcome as O
from yunjin.foundation.ledger.domain.clearing import leg_ids
from yunjin.foundation.ledger.service.clearing.saga import uuids
from yunjin.kernel.errors import Problem

FAULTS = ("dies before", "dies after", "lost", "outage")
STEPS = 6  # keep, hold, deliver, (tell), end, off the shelf


@pytest.fixture(scope="module")
def cells(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Yield three cells for all tests here; each opens accounts of its own."""
    with world(tmp_path_factory.mktemp("cells"), (1, 2, 3)) as made:
        yield made


numbers = iter(range(1, 10**9))  # of crossings: no two tests share an id


def turn(cells: World, cell: int) -> None:
    """Let a cell do what is due; where it dies, begin a new life."""
    try:
        cells.clearing[cell].turn()
    except Death:
        cells.revive(cell)
    except Problem:
        pass  # the shelf could not be read: the worker tries again


@pytest.mark.parametrize("is_refused", [False, True], ids=["paid", "partly refused"])
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("step", range(1, STEPS + 1))
def test_a_fault_at_any_step_changes_no_outcome(
    cells: World, step: int, fault: str, is_refused: bool
) -> None:
    alice, bob = cells.account(1, funds=FUNDS), cells.account(2)
    payee = nobody(2) if is_refused else bob
    one, two = next(numbers), next(numbers)
    cells.clearing[1].submit(crossing((one, alice, bob, 10), (two, alice, payee, 20)))
    cells.faults.plan, cells.faults.fired = {cells.faults.step + step: fault}, []
    turn(cells, 1)
    has_fired = bool(cells.faults.fired)
    assert has_fired or (step == STEPS and not is_refused)
    cells.settle()
    told = outcomes(cells.clearing[1].outcomes([uuid_of(one), uuid_of(two)]))
    wanted = [O.POSTED, O.REFUSED_THERE if is_refused else O.POSTED]
    if step == 1 and has_fired and fault in ("dies before", "outage"):
        wanted = [O.NOT_HELD, O.NOT_HELD]  # it never came to the shelf: the caller sends it again
    assert told == wanted
    moved = {O.POSTED: 1}
    paid = 10 * moved.get(O(told[0]), 0) + 20 * moved.get(O(told[1]), 0)
    assert (cells.balance(alice), cells.balance(bob)) == (FUNDS - paid, paid)
    assert cells.held(alice) == 0
    assert cells.net(1, 2) == 0


@dataclass
class History:
    """What happened to a set of accounts, and what was told of it."""

    cells: World
    payers: dict[int, list[int]]
    payees: dict[int, list[int]]
    sent: dict[int, tuple[int, int, int]] = field(default_factory=dict)  # number → first content
    told: list[tuple[list[tuple[int, int, int, int]], "Future[Any]"]] = field(default_factory=list)
    reopening: list[Any] = field(default_factory=list)

    @property
    def accounts(self) -> list[int]:
        """All accounts that are there and of the usual unit."""
        payers = [one for some in self.payers.values() for one in some]
        return payers + [one for some in self.payees.values() for one in some[:3]]

    def total(self) -> int:
        """Return the money of all customers."""
        return sum(self.cells.balance(account) for account in self.accounts)


def begun(cells: World) -> History:
    """Open the accounts: payers with funds; payees that take all, or some, or nothing."""
    payers, payees = {}, {}
    for cell in cells.cells:
        customer, unlimited = (int(LIMITED), UNIT), (0, UNIT)
        full, dollars = (int(TO_THE_BRIM), UNIT), (int(LIMITED), OTHER_UNIT)
        made = cells.accounts(
            cell, customer, customer, customer, customer, full, dollars, unlimited
        )
        payers[cell], payees[cell] = made[:2], [*made[2:5], nobody(cell), made[5]]
        for payer in payers[cell]:
            assert cells.post(cell, debit=made[6], credit=payer, amount=FUNDS) == 0
    return History(cells, payers, payees)


cell_numbers = st.sampled_from((1, 2, 3))
rows = st.tuples(
    st.integers(0, 1),  # payer
    st.integers(0, 4),  # payee
    cell_numbers,
    st.integers(0, FUNDS // 2),  # amount
    st.integers(0, 9),  # 0: an id that was used before
)
submit = st.tuples(st.just("submit"), cell_numbers, st.lists(rows, min_size=1, max_size=5))
go_on = st.tuples(st.just("turn"), cell_numbers, st.integers(0, 120))
trouble = st.tuples(st.just("fault"), st.integers(1, 8), st.sampled_from(FAULTS))
cut = st.tuples(st.just("cut"), cell_numbers, cell_numbers)
late = st.tuples(st.just("late"), cell_numbers, cell_numbers)
shut = st.tuples(st.just("close"), cell_numbers, st.integers(0, 3))
steps = st.one_of(submit, submit, go_on, go_on, trouble, trouble, cut, late, shut)


def act(history: History, step: tuple[Any, ...]) -> None:
    """Do one step of a history."""
    cells = history.cells
    match step:
        case ("submit", int(cell), list(asked)):
            _submit(history, cell, asked)
        case ("turn", int(cell), int(seconds)):
            cells.clock.advance(seconds)
            turn(cells, cell)
        case ("fault", int(ahead), str(fault)):
            cells.faults.plan[cells.faults.step + ahead] = fault
        case ("cut", int(one), int(other)) if one != other:
            link = cells.links[one, other]
            link.is_cut = not link.is_cut
        case ("late", int(one), int(other)) if one != other:
            for batch in cells.links[one, other].carried[-3:]:
                cells.ledgers[other].post_transfers(batch)
        case ("close", int(cell), int(which)):
            account = [*history.payers[cell], *history.payees[cell]][which]
            history.reopening.append(cells.close_account(account))


def _submit(history: History, cell: int, asked: list[tuple[int, int, int, int, int]]) -> None:
    batch = []
    for payer, payee, other, amount, fresh in asked:
        if other == cell:
            other = cell % 3 + 1
        content = history.payers[cell][payer], history.payees[other][payee], amount
        number = next(numbers)
        if not fresh and history.sent:  # a retry, or the id and amount again with another payee
            number, (first, _, amount) = next(iter(history.sent.items()))
            content = (first if first >> 48 == cell else content[0]), content[1], amount
        history.sent.setdefault(number, content)
        batch.append((number, *content))
    try:
        future = history.cells.clearing[cell].submit(crossing(*batch))
    except Problem:
        return  # a peer could not be asked whether its clearing account is there
    history.told.append((batch, future))


def check(history: History, before: int) -> None:
    """Hold the ledgers against what was sent and told, after everything has come to its end."""
    cells, sent = history.cells, list(history.sent)
    assert history.total() == before
    for one, other in ((1, 2), (1, 3), (2, 3)):
        assert cells.net(one, other) == 0
    assert [cells.held(account) for account in history.accounts] == [0] * len(history.accounts)
    for cell in cells.cells:
        for line in cells.clearing[cell].reconcile():
            assert (line.findings, line.difference_minor, line.is_at_rest) == ((), 0, True)
    final = {
        cell: dict(zip(sent, outcomes(service.outcomes(list(map(uuid_of, sent)))), strict=True))
        for cell, service in cells.clearing.items()
    }
    for batch, future in history.told:
        _check_told(batch, future, final)
    for cell in cells.cells:
        posted = [number for number in sent if final[cell][number] == O.POSTED]
        assert sorted(delivered(cells, cell, sent)) == sorted(posted)


def _check_told(
    batch: list[tuple[int, int, int, int]], future: "Future[Any]", final: dict[int, dict[int, int]]
) -> None:
    """What a caller was told is what is, and nobody is left in between."""
    if not future.done() or future.exception() is not None:
        return
    for (number, payer, _, _), outcome in zip(batch, outcomes(future.result()), strict=True):
        last = final[payer >> 48][number]
        assert last in (O.POSTED, O.REFUSED_THERE, O.NOT_HELD)
        if outcome in (O.POSTED, O.REFUSED_THERE):
            assert last == outcome


def delivered(cells: World, sender: int, sent: list[int]) -> list[int]:
    """Return the numbers of crossings that other cells have posted, each as often as it was."""
    if not sent:
        return []
    batch = crossing(*((number, 0, 0, 0) for number in sent))
    ids = leg_ids(batch["id_hi"].to_numpy(), batch["id_lo"].to_numpy(), known_as=sender)
    asked = uuids(ids.delivery_hi, ids.delivery_lo)
    numbers_of = dict(zip(asked, sent, strict=True))
    found = []
    for other in cells.cells:
        rows = cells.ledgers[other].transfers(asked)
        found += [
            numbers_of[one] for one in uuids(*(rows[x].to_numpy() for x in ("id_hi", "id_lo")))
        ]
    return found


QUICK = settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
LONG = settings(QUICK, max_examples=1_000)


def run(cells: World, story: list[tuple[Any, ...]]) -> None:
    """Tell a history, heal, and check."""
    cells.faults.plan.clear()
    for cell in cells.cells:
        cells.revive(cell)
    history = begun(cells)
    before = history.total()
    for step in story:
        act(history, step)
    cells.faults.plan.clear()
    for reopen in history.reopening:
        reopen()
    cells.settle()
    check(history, before)


@QUICK
@given(story=st.lists(steps, min_size=3, max_size=25))
def test_no_history_makes_or_loses_money(cells: World, story: list[tuple[Any, ...]]) -> None:
    run(cells, story)
    assert cells.faults.plan == {}


@pytest.mark.slow
@LONG
@given(story=st.lists(steps, min_size=3, max_size=60))
def test_no_long_history_makes_or_loses_money(cells: World, story: list[tuple[Any, ...]]) -> None:
    run(cells, story)
    assert cells.faults.plan == {}
