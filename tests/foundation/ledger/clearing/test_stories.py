"""Goal: money goes to another cell exactly once, or stays; nobody guesses, nothing is left over.
Method: real cells in one process, sagas driven step by step, links that are cut and healed.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from tests.foundation.ledger.clearing.cells import (
    FUNDS,
    OTHER_UNIT,
    TO_THE_BRIM,
    UNIT,
    World,
    crossing,
    nobody,
    outcomes,
    uuid_of,
    world,
)
from yunjin import client
from yunjin.foundation.ledger.api import CellState, LedgerApi
from yunjin.foundation.ledger.api import CrossingOutcome as O
from yunjin.foundation.ledger.api import TransferStatus as S
from yunjin.foundation.ledger.domain.clearing import clearing_account, leg_ids
from yunjin.foundation.ledger.errors import BatchRefused, CrossingNotFound, TooManyInDoubt
from yunjin.foundation.ledger.service.clearing.settings import ClearingSettings
from yunjin.kernel.errors import Malformed, Outage, Unknown
from yunjin.kernel.ids import CLEARING_FROM, account_id


@pytest.fixture
def cells(tmp_path: Path) -> Iterator[World]:
    """Yield two cells."""
    with world(tmp_path) as made:
        yield made


def test_money_arrives_and_clearing_nets_to_zero(cells: World) -> None:
    alice, bob = cells.account(1, funds=FUNDS), cells.account(2)
    future = cells.clearing[1].submit(crossing((1, alice, bob, 300), (2, alice, bob, 200)))
    assert not future.done()
    assert cells.clearing[1].turn()
    assert outcomes(future.result(0)) == [O.POSTED, O.POSTED]
    assert (cells.balance(alice), cells.balance(bob), cells.held(alice)) == (FUNDS - 500, 500, 0)
    assert cells.balance(clearing_account(1, 2, UNIT)) == 500
    assert cells.balance(clearing_account(2, 1, UNIT)) == -500
    [line] = cells.clearing[1].reconcile()
    assert (line.out_settled, line.out_delivered, line.difference_minor) == (500, 500, 0)
    assert line.is_at_rest
    assert not line.findings
    assert cells.clearing[1].in_doubt() == []


def test_the_same_id_acts_once_for_ever(cells: World) -> None:
    alice, bob = cells.account(1, funds=FUNDS), cells.account(2)
    for _ in range(3):
        future = cells.clearing[1].submit(crossing((1, alice, bob, 300)))
        cells.clearing[1].turn()
        assert outcomes(future.result(0)) == [O.POSTED]
        cells.revive(1)
    assert (cells.balance(alice), cells.balance(bob)) == (FUNDS - 300, 300)
    other = crossing((1, alice, cells.account(2), 300), (1, alice, bob, 301))
    future = cells.clearing[1].submit(other)
    cells.clearing[1].turn()
    answer = future.result(0)
    assert outcomes(answer) == [O.REFUSED_HERE, O.REFUSED_HERE]
    assert answer["status"].to_pylist() == [
        S.EXISTS_WITH_DIFFERENT_USER_DATA_64,
        S.EXISTS_WITH_DIFFERENT_AMOUNT,
    ]
    assert cells.balance(bob) == 300


def test_what_the_other_cell_refuses_is_voided_with_its_reason_and_the_rest_goes_on(
    cells: World,
) -> None:
    alice, bob, shut = cells.account(1, funds=FUNDS), cells.account(2), cells.account(2)
    full = cells.account(2, flags=TO_THE_BRIM)
    dollars = cells.account(2, unit=OTHER_UNIT)
    cells.close_account(shut)
    batch = crossing(
        (1, alice, bob, 100),
        (2, alice, shut, 100),
        (3, alice, nobody(2), 100),
        (4, alice, full, 100),
        (5, alice, dollars, 100),
        (6, cells.account(1), bob, 100),
    )
    future = cells.clearing[1].submit(batch)
    cells.clearing[1].turn()
    answer = future.result(0)
    assert outcomes(answer) == [O.POSTED, *[O.REFUSED_THERE] * 4, O.REFUSED_HERE]
    reasons = [
        0,
        S.CREDIT_ACCOUNT_CLOSED,
        S.CREDIT_ACCOUNT_NOT_FOUND,
        S.EXCEEDS_DEBITS,
        S.ACCOUNTS_MUST_HAVE_THE_SAME_LEDGER,
        S.EXCEEDS_CREDITS,
    ]
    assert answer["status"].to_pylist() == reasons
    assert (cells.balance(alice), cells.held(alice), cells.net(1, 2)) == (FUNDS - 100, 0, 0)
    told = cells.clearing[1].outcomes([uuid_of(number) for number in (1, 2, 3, 4, 5, 6, 7)])
    assert outcomes(told) == [O.POSTED, *[O.REFUSED_THERE] * 4, O.NOT_HELD, O.NOT_HELD]
    assert told["status"].to_pylist()[:5] == reasons[:5]
    again = cells.clearing[1].submit(batch)  # the reasons of the first time are told again
    cells.clearing[1].turn()
    assert again.result(0)["status"].to_pylist()[:5] == reasons[:5]


def test_a_refusal_that_left_no_trace_cannot_come_true_later(cells: World) -> None:
    alice, dollars = cells.account(1, funds=FUNDS), cells.account(2, unit=OTHER_UNIT)
    future = cells.clearing[1].submit(crossing((1, alice, dollars, 100)))
    cells.clearing[1].turn()
    assert outcomes(future.result(0)) == [O.REFUSED_THERE]
    delivery = cells.links[1, 2].carried[0]
    late = cells.ledgers[2].post_transfers(delivery)
    assert late["status"].to_pylist() == [S.ID_ALREADY_FAILED]


def test_while_nobody_answers_the_hold_stays_and_its_age_is_seen(cells: World) -> None:
    alice, bob = cells.account(1, funds=FUNDS), cells.account(2)
    service, link = cells.clearing[1], cells.links[1, 2]
    first = service.submit(crossing((1, alice, bob, 100)))
    link.is_cut = True
    service.turn()
    cells.clock.advance(90)
    assert not first.done()
    assert (cells.held(alice), cells.balance(bob)) == (100, 0)
    [doubt] = service.in_doubt(older_than_s=60)
    assert (doubt.peer, doubt.row_count, dict(doubt.amounts_minor)) == (2, 1, {UNIT: 100})
    assert "kernel/outage" in doubt.reason
    assert not doubt.is_stuck
    assert service.in_doubt(older_than_s=120) == []
    assert service.crossings(doubt.batch_id)["amount_minor"].to_pylist() == [100]
    [state] = service.peers()
    assert (state.batch_count, state.row_count, state.trouble) == (1, 1, doubt.reason)
    assert outcomes(service.outcomes([uuid_of(1)])) == [O.IN_DOUBT]
    gauges = {
        sample.name: sample.value for family in service.families() for sample in family.samples
    }
    assert gauges["clearing_in_doubt_crossings"] == 1
    assert gauges["clearing_in_doubt_age_seconds"] == 90
    again = service.resolve()
    assert (again.tried, again.finished, again.left) == (1, 0, 1)
    with pytest.raises(Outage):
        service.reconcile()
    link.is_cut = False
    assert service.resolve(doubt.batch_id).finished == 1
    assert outcomes(first.result(0)) == [O.POSTED]
    with pytest.raises(CrossingNotFound):
        service.resolve(doubt.batch_id)


def test_a_payer_that_is_closed_meanwhile_keeps_the_batch_in_doubt_until_it_opens(
    cells: World,
) -> None:
    alice, carol, bob = cells.account(1, funds=FUNDS), cells.account(1, funds=9), cells.account(2)
    service, link = cells.clearing[1], cells.links[1, 2]
    future = service.submit(crossing((1, alice, bob, 100), (2, carol, bob, 5)))
    link.is_cut = True
    service.turn()
    reopen = cells.close_account(alice)
    link.is_cut = False
    for _ in range(3):
        cells.clock.advance(60)
        service.turn()
    assert outcomes(future.result(0)) == [O.IN_DOUBT, O.POSTED]
    [doubt] = service.in_doubt()
    assert (doubt.is_stuck, doubt.row_count) == (True, 1)
    assert doubt.reason == "id_already_failed ×1" or "debit_account_closed" in doubt.reason
    assert outcomes(service.outcomes([uuid_of(1)])) == [O.IN_DOUBT]
    [line] = service.reconcile()
    assert (line.out_held, line.difference_minor, line.findings) == (100, -100, ())
    reopen()
    cells.settle()
    assert (cells.balance(alice), cells.balance(bob), cells.net(1, 2)) == (FUNDS - 100, 105, 0)
    assert outcomes(service.outcomes([uuid_of(1)])) == [O.POSTED]


def test_somebody_elses_transfer_under_our_id_is_for_a_person(cells: World) -> None:
    alice, bob = cells.account(1, funds=FUNDS), cells.account(2, funds=50)
    batch = crossing((1, alice, bob, 100), (2, alice, bob, 50))
    ids = leg_ids(batch["id_hi"].to_numpy(), batch["id_lo"].to_numpy(), known_as=1)
    stranger = batch.slice(0, 1).to_pydict() | {
        "id_hi": [int(ids.delivery_hi[0])],
        "id_lo": [int(ids.delivery_lo[0])],
        "debit_account_id": [bob],
        "credit_account_id": [cells.account(2)],
        "amount_minor": [1],
    }
    made = type(batch).from_pydict(stranger, schema=batch.schema)
    assert cells.ledgers[2].post_transfers(made)["status"].to_pylist() == [0]
    future = cells.clearing[1].submit(batch)
    cells.clearing[1].turn()
    assert outcomes(future.result(0)) == [O.IN_DOUBT, O.POSTED]
    [doubt] = cells.clearing[1].in_doubt()
    assert doubt.is_stuck
    assert "exists_with_different" in doubt.reason
    assert cells.held(alice) == 100  # neither taken nor given back


def test_a_hold_that_somebody_voided_by_hand_is_found_by_the_proof(cells: World) -> None:
    alice, bob = cells.account(1, funds=FUNDS), cells.account(2)
    service = cells.clearing[1]
    service.submit(crossing((1, alice, bob, 100)))
    cells.faults.plan = {cells.faults.step + 4: "outage"}  # keep, hold, deliver, end
    service.turn()
    one = crossing((1, alice, bob, 100))
    ids = leg_ids(one["id_hi"].to_numpy(), one["id_lo"].to_numpy(), known_as=1)
    hold = {"pending_id_hi": int(ids.hold_hi[0]), "pending_id_lo": int(ids.hold_lo[0])}
    assert cells.post(1, debit=0, credit=0, amount=0, unit=0, flags=8, **hold) == 0
    [line] = service.reconcile()
    assert line.findings == ("out: 100 was delivered that nobody paid or holds",)
    cells.clock.advance(60)
    service.turn()
    [doubt] = service.in_doubt()
    assert doubt.reason == "pending_transfer_already_voided ×1"


def test_holds_that_the_restored_tables_do_not_know_are_taken_up_again(cells: World) -> None:
    alice, bob = cells.account(1, funds=FUNDS), cells.account(2)
    service, link = cells.clearing[1], cells.links[1, 2]
    service.submit(crossing((1, alice, bob, 5)))
    service.turn()
    link.is_cut = True
    for number, amount in ((2, 10), (3, 20)):
        service.submit(crossing((number, alice, bob, amount)))
        service.turn()
    lost, _ = service.in_doubt()
    cells.shelves[1].end([lost.batch_id])  # as if restored to a time before it
    link.is_cut = False
    service = cells.revive(1)
    assert (service.adopt(), service.adopt()) == (1, 0)
    cells.settle()
    assert (cells.balance(bob), cells.held(alice), cells.net(1, 2)) == (35, 0, 0)


def test_a_batch_whose_peer_was_taken_off_the_settings_says_so(cells: World) -> None:
    alice, bob = cells.account(1, funds=FUNDS), cells.account(2)
    service = cells.clearing[1]
    service.submit(crossing((1, alice, bob, 5)))
    cells.faults.plan = {cells.faults.step + 3: "outage"}
    service.turn()
    peer = service._peers.pop(2)
    cells.clock.advance(60)
    service.turn()
    [doubt] = service.in_doubt()
    assert doubt.reason == "no peer 2 in ledger.clearing.peers"
    service._peers[2] = peer
    cells.settle()
    assert cells.balance(bob) == 5


class Follower:
    """A ledger that another process writes now."""

    def __init__(self, ledger: LedgerApi) -> None:
        self._ledger = ledger

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ledger, name)

    def state(self) -> CellState:
        return replace(self._ledger.state(), is_writer=False, stopped="follows another")

    def post_transfers(self, transfers: pa.RecordBatch) -> pa.RecordBatch:
        raise Outage("another process writes the cell")


def test_who_lost_the_cell_lets_go_and_who_has_it_goes_on(cells: World) -> None:
    alice, bob = cells.account(1, funds=FUNDS), cells.account(2)
    service, link = cells.clearing[1], cells.links[1, 2]
    link.is_cut = True
    service.beat()
    with pytest.raises(Outage):
        service.submit(crossing((1, alice, bob, 5)))  # it was never asked whether it keeps CNY
    link.is_cut = False
    future = service.submit(crossing((1, alice, bob, 5)))
    link.is_cut = True
    service.turn()
    here, service._here = service._here, Follower(cells.ledgers[1])  # type: ignore[assignment]
    service.beat()
    with pytest.raises(Unknown, match="another process writes"):
        future.result(0)
    with pytest.raises(Outage, match="another process writes"):
        service.submit(crossing((2, alice, bob, 5)))
    link.is_cut = False
    successor = cells.revive(1)
    successor.beat()  # at once, however long the batch was put off
    assert (cells.balance(bob), successor.in_doubt()) == (5, [])
    service._here = here
    service.submit(crossing((3, alice, bob, 5)))


BAD = {
    "a payer of cell 1": lambda one, two: (1, two, two, 5),
    "a payee of another cell": lambda one, two: (1, one, one, 5),
    "known: 2": lambda one, two: (1, one, nobody(3), 5),
}


@pytest.mark.parametrize("said", BAD)
def test_what_is_no_crossing_is_refused_whole_with_its_row(cells: World, said: str) -> None:
    alice, bob = cells.account(1, funds=FUNDS), cells.account(2)
    before = cells.ledgers[1].state().head
    with pytest.raises(BatchRefused, match=said) as caught:
        cells.clearing[1].submit(crossing((7, alice, bob, 5), BAD[said](alice, bob)))
    assert caught.value.facts["row"] == 1
    assert cells.ledgers[1].state().head == before


def test_limits_and_forms_are_refused_in_words(cells: World) -> None:
    service = cells.clearing[1]
    with pytest.raises(Malformed, match="limit"):
        service.in_doubt(limit=0)
    with pytest.raises(BatchRefused, match="record batch"):
        service.submit(None)  # type: ignore[arg-type]
    batch = crossing((1, cells.account(1), nobody(2), 1))
    with pytest.raises(BatchRefused, match="known columns"):
        service.submit(batch.append_column("flags", batch["code"]))
    with pytest.raises(BatchRefused, match="one currency"):
        service.submit(crossing((1, cells.account(1), nobody(2), 1), unit=77))
    assert service.submit(crossing((1, 0, 0, 0)).slice(0, 0)).result(0).num_rows == 0


def test_a_silent_peer_ends_the_taking_of_more(cells: World) -> None:
    alice, bob = cells.account(1, funds=FUNDS), cells.account(2)
    service = cells.revive(1, ClearingSettings(batches_in_doubt_max=2))
    service.submit(crossing((9, alice, bob, 1)))
    service.turn()
    cells.links[1, 2].is_cut = True
    for number in (1, 2):
        service.submit(crossing((number, alice, bob, 1)))
        service.turn()
    with pytest.raises(TooManyInDoubt, match="cell-2"):
        service.submit(crossing((3, alice, bob, 1)))
    cells.settle()
    assert cells.balance(bob) == 3


def test_small_requests_share_a_batch_and_each_gets_its_own_answer(cells: World) -> None:
    alice, bob = cells.account(1, funds=FUNDS), cells.account(2)
    service = cells.clearing[1]
    futures = [
        service.submit(crossing((number, alice, bob if number % 2 else nobody(2), 1)))
        for number in range(1, 9)
    ]
    before = cells.faults.step
    service.turn()
    assert cells.faults.step - before == 6  # keep, hold, deliver, tell, end, and off the shelf
    told = [outcomes(future.result(0)) for future in futures]
    assert told == [[O.POSTED], [O.REFUSED_THERE]] * 4


def test_closing_answers_those_who_wait(cells: World) -> None:
    alice, bob = cells.account(1, funds=FUNDS), cells.account(2)
    service = cells.clearing[1]
    future = service.submit(crossing((1, alice, bob, 1)))
    service.close()
    with pytest.raises(Outage, match="nothing was done"):
        future.result(0)


def test_account_ids_are_allotted_below_the_clearing_accounts(cells: World) -> None:
    alice, bob = cells.account(1, funds=FUNDS), cells.account(2)
    cells.clearing[1].submit(crossing((1, alice, bob, 1)))
    assert cells.account(1) - alice < 10
    last = client.Accounts(id=[account_id(1, CLEARING_FROM - 1)], ledger=UNIT, code=1)
    assert cells.ledgers[1].open_accounts(last)["status"].to_pylist() == [0]
    with pytest.raises(BatchRefused, match="used up"):
        cells.ledgers[1].allot_account_ids(1)
