"""Goal: a cell comes over whole, once, proven to the unit; and goes back with nothing lost.

Method: small books on the real bank, on both engines; the process stopped at every act of a load
and begun again; days closed in between, whose own proof must hold.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pyarrow as pa
import pytest

from tests.platforms.capability.takeover.conftest import NewHome
from tests.platforms.capability.takeover.legacy import BRANCHES
from yunjin.foundation.banking.api.agreements import AgreementQuery
from yunjin.platforms.capability.api.party_facts import PartyQuery
from yunjin.platforms.capability.api.takeover import CellState, Finding, Run, RunState
from yunjin.platforms.capability.errors.takeover import TakeoverNotFound, TakeoverRefused

ON_SQLITE = pytest.mark.parametrize("database_url", [""])


def total(home: NewHome, run: Run) -> int:
    """Return what the proofs of a run say we have in deposits and wallets, less loans."""
    sums = {"deposits": 0, "term_deposits": 0, "wallets": 0, "loans": 0}
    for cell in home.takeover.cells(run.run_id):
        proof = home.takeover.proof(run.run_id, cell.cell)
        assert proof is not None
        for one in proof.totals:
            if one.line in sums:
                sums[one.line] += one.ours_minor
    return sums["deposits"] + sums["term_deposits"] + sums["wallets"] - sums["loans"]


def one_of(home: NewHome, product: str, party_id: str = "") -> Any:
    query = AgreementQuery(product=product, status="open", party_id=party_id, limit=1)
    return home.agreements.find(query).items[0]


def test_a_book_comes_over_cell_by_cell_and_is_proven_to_the_unit(home: NewHome) -> None:
    book = home.delivered(200)
    run = home.takeover.check(home.id(), "one", by="Lin")
    assert (run.state, run.agreements, run.refused, dict(run.findings)) == (
        RunState.CHECKED,
        200,
        0,
        {},
    )
    cells = home.takeover.cells(run.run_id)
    assert [one.cell for one in cells] == sorted(BRANCHES)
    assert {one.state for one in cells} == {CellState.PREPARED}
    home.lived(run)
    live = home.takeover.cells(run.run_id)
    assert {one.state for one in live} == {CellState.LIVE}
    assert sum(one.loaded for one in live) == 200
    wanted = sum(book.minor.values()) - 2 * book.minor["LN03"]
    assert total(home, run) == wanted
    home.close_day()
    home.close_day()


def test_an_agreement_keeps_its_owner_its_terms_and_its_past(home: NewHome) -> None:
    home.delivered(100)
    run = home.takeover.check(home.id(), "one")
    home.lived(run)
    loan = one_of(home, "instalment-loan")
    origin = home.takeover.origin(loan.agreement_id)
    assert loan.note == f"legacy {origin.key}"
    assert loan.branch == origin.cell
    assert loan.opened < home.days.business_date()
    assert loan.fields["number"] > 0
    assert home.days.business_date() < loan.due["due"]
    assert loan.accrued_e8["interest"] > 0
    past = home.takeover.history(loan.agreement_id)
    assert -sum(one.amount_minor for one in past) == loan.balances["main"]
    assert [one.date for one in past] == sorted(one.date for one in past)
    party = home.parties.party(loan.party_id)
    assert party.name
    with pytest.raises(TakeoverNotFound):
        home.takeover.origin(loan.agreement_id + 1)


@ON_SQLITE
def test_a_step_out_of_turn_is_refused(home: NewHome) -> None:
    run = home.checked()
    for act in (home.takeover.load, home.takeover.go_live, home.takeover.forward):
        with pytest.raises(TakeoverRefused):
            act(home.id(), run.run_id, "0101")
    home.takeover.freeze(home.id(), run.run_id, "0101")
    assert home.takeover.thaw(home.id(), run.run_id, "0101").state is CellState.PREPARED
    with pytest.raises(TakeoverNotFound):
        home.takeover.freeze(home.id(), run.run_id, "nowhere")
    with pytest.raises(TakeoverRefused):
        home.takeover.delta(run.run_id, "0101")


@ON_SQLITE
def test_a_command_sent_again_acts_once(home: NewHome) -> None:
    home.delivered(40)
    check, freeze, load = home.id(), home.id(), home.id()
    run = home.takeover.check(check, "one")
    assert home.takeover.check(check, "one") == run
    for _ in range(2):
        home.takeover.freeze(freeze, run.run_id, "0101")
    first = home.takeover.load(load, run.run_id, "0101")
    assert home.takeover.load(load, run.run_id, "0101") == first
    assert len(home.agreements.find(AgreementQuery(limit=200)).items) == first.agreements


@ON_SQLITE
def test_a_delivery_that_is_refused_whole_has_nothing_to_bring(home: NewHome) -> None:
    book = home.delivered(40)
    book.columns["controls"]["total"] = book.columns["controls"]["total"].astype("U24")
    book.columns["controls"]["total"][-1] += "9"
    book.write()
    run = home.takeover.check(home.id(), "one")
    assert (run.state, home.takeover.cells(run.run_id)) == (RunState.REFUSED, [])
    [finding] = home.takeover.findings(run.run_id).items
    assert (finding.kind.value, finding.row, finding.is_refusing) == ("control", 5, True)


@ON_SQLITE
def test_findings_are_listed_by_kind_and_page(home: NewHome) -> None:
    book = home.delivered(600, errors=2)
    run = home.takeover.check(home.id(), "one")
    found: list[Finding] = []
    cursor = None
    while True:
        page = home.takeover.findings(run.run_id, limit=7, cursor=cursor)
        found += page.items
        cursor = page.next_cursor
        if cursor is None:
            break
    assert {(one.kind.value, one.file, one.row) for one in found} == book.planted
    assert len(found) == len(book.planted)
    some = home.takeover.findings(run.run_id, kind="terms").items
    assert {one.kind.value for one in some} == {"terms"}
    assert sum(run.findings.values()) == len(book.planted)


class Killed(Exception):
    """The process ends here."""


@ON_SQLITE
@pytest.mark.parametrize("act", range(1, 9))
def test_a_load_stopped_anywhere_goes_on_and_brings_nothing_twice(
    home: NewHome, act: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every transaction of the room and every call to the bank is an act; one of them is last."""
    run = home.checked(60)
    home.takeover.freeze(home.id(), run.run_id, "0101")
    command, left = home.id(), act
    assert home.making is not None
    room, bring = home.making.ground.room, home.bringing.bring
    is_before = act % 2 == 0

    def counted(real: Callable[..., Any]) -> Callable[..., Any]:
        def acted(*given: Any, **more: Any) -> Any:
            nonlocal left
            left -= 1
            if left == 0 and is_before:
                raise Killed
            answer = real(*given, **more)
            if left == 0:
                raise Killed
            return answer

        return acted

    with monkeypatch.context() as patch:
        patch.setattr(room, "run", counted(room.run))
        patch.setattr(home.bringing, "bring", counted(bring))
        with suppress(Killed):
            home.takeover.load(command, run.run_id, "0101")
    assert left <= 0, "expected the load to come so far"
    line = home.takeover.load(command, run.run_id, "0101")
    assert (line.state, line.loaded) == (CellState.LOADED, line.agreements)
    assert len(home.agreements.find(AgreementQuery(limit=200)).items) == line.agreements
    assert home.takeover.prove(home.id(), run.run_id, "0101").holds
    home.close_day()


@ON_SQLITE
def test_a_bank_that_died_in_a_load_goes_on_once_it_is_open_again(
    reopened: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    with reopened() as home:
        run, command = home.checked(60), home.id()
        home.takeover.freeze(home.id(), run.run_id, "0102")
        real, calls = home.bringing.bring, []

        def dying(*given: Any, **more: Any) -> Any:
            answer = real(*given, **more)
            calls.append(answer)
            if len(calls) == 2:
                raise Killed
            return answer

        monkeypatch.setattr(home.bringing, "bring", dying)
        with pytest.raises(Killed):
            home.takeover.load(command, run.run_id, "0102")
    with reopened() as home:
        assert home.takeover.cells(run.run_id)[1].state is CellState.FROZEN
        line = home.takeover.load(command, run.run_id, "0102")
        assert line.loaded == line.agreements
        assert len(home.agreements.find(AgreementQuery(limit=200)).items) == line.agreements
        assert home.takeover.prove(home.id(), run.run_id, "0102").holds
        home.close_day()


def test_a_cell_falls_back_with_all_that_happened_and_comes_forward_again(home: NewHome) -> None:
    run = home.checked(80)
    home.lived(run)
    account = one_of(home, "current-account")
    cell = account.branch
    before = home.bringing.standing(ids_of(account.agreement_id))[0]
    home.pay(account.agreement_id, 12_345)
    home.pay(account.agreement_id, -45)
    home.close_day()
    key = home.takeover.origin(account.agreement_id).key
    delta = home.takeover.delta(run.run_id, cell)
    assert (delta.wrong, delta.movements) == ((), 2)
    said = delta.files["history.txt"].decode("gb18030")
    assert f"|{home.days.business_date().replace(day=17):%Y%m%d}|123.45|C|" in said
    line = home.takeover.fall_back(home.id(), run.run_id, cell, by="Lin", why="slow")
    assert (line.state, line.loaded) == (CellState.FALLEN_BACK, 0)
    kept = home.takeover.delta(run.run_id, cell)
    assert (kept.files, kept.wrong) == (delta.files, ())
    gone = home.agreements.agreement(account.agreement_id)
    assert (gone.status, gone.balance_minor) == ("closed", 0)
    home.close_day()
    again = home.takeover.forward(home.id(), run.run_id, cell, by="Lin")
    assert (again.state, again.loaded, again.loads) == (CellState.LOADED, again.agreements, 2)
    proof = home.takeover.prove(home.id(), run.run_id, cell)
    assert proof.holds
    now = one_of(home, "current-account", account.party_id)
    assert home.takeover.origin(now.agreement_id).key == key
    assert now.balance_minor == before["balance.main"][0].as_py() + 12_300
    assert home.takeover.history(now.agreement_id) == home.takeover.history(account.agreement_id)
    home.close_day()
    home.takeover.go_live(home.id(), run.run_id, cell)
    home.takeover.fall_back(home.id(), run.run_id, cell)
    assert home.takeover.delta(run.run_id, cell).wrong == ()


@ON_SQLITE
def test_an_agreement_that_ended_with_us_does_not_come_forward(home: NewHome) -> None:
    run = home.checked(80)
    home.lived(run)
    wallet = one_of(home, "wallet")
    at = wallet.balance_minor
    while at:
        part = min(at, 100_000)  # what a wallet pays at once
        home.pay(wallet.agreement_id, -part)
        at -= part
    home.agreements.close(home.id(), wallet.agreement_id)
    home.takeover.fall_back(home.id(), run.run_id, wallet.branch)
    line = home.takeover.forward(home.id(), run.run_id, wallet.branch)
    assert line.loaded == line.agreements - 1
    assert home.takeover.prove(home.id(), run.run_id, wallet.branch).holds


@ON_SQLITE
def test_a_proof_tells_which_agreement_differs(
    home: NewHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = home.checked(60)
    home.loaded(run)
    real = home.bringing.standing

    def lying(batch: pa.RecordBatch) -> list[pa.RecordBatch]:
        [found] = real(batch)
        amounts = found["balance.main"].to_pylist()
        amounts[0] += 1
        at = found.schema.get_field_index("balance.main")
        return [found.set_column(at, "balance.main", pa.array(amounts, pa.int64()))]

    monkeypatch.setattr(home.bringing, "standing", lying)
    proof = home.takeover.prove(home.id(), run.run_id, "0101")
    assert not proof.holds
    assert proof.wrong
    assert {one.difference_minor for one in proof.totals if "accrued" not in one.line} == {1}
    with pytest.raises(TakeoverRefused):
        home.takeover.go_live(home.id(), run.run_id, "0101")
    monkeypatch.undo()
    assert home.takeover.prove(home.id(), run.run_id, "0101").holds


@ON_SQLITE
def test_another_run_does_not_bring_what_is_ours(home: NewHome) -> None:
    home.delivered(60)
    first = home.takeover.check(home.id(), "one")
    home.loaded(first)
    again = home.takeover.check(home.id(), "one")
    assert (again.agreements, again.findings) == (0, {"taken_over": 60})
    home.takeover.fall_back(home.id(), first.run_id, "0101")
    after = home.takeover.check(home.id(), "one")
    assert after.agreements == home.takeover.cells(first.run_id)[0].agreements


@ON_SQLITE
def test_customers_of_two_runs_are_the_same_parties(home: NewHome) -> None:
    home.delivered(40)
    first = home.takeover.check(home.id(), "one")
    home.loaded(first)
    parties = home.parties.find(PartyQuery(limit=200)).items
    assert len(parties) == 40
    home.takeover.fall_back(home.id(), first.run_id, "0101")
    second = home.takeover.check(home.id(), "one")
    home.loaded(second)
    assert home.parties.find(PartyQuery(limit=200)).items == parties


def ids_of(*agreements: int) -> pa.RecordBatch:
    return pa.RecordBatch.from_pydict({"agreement_id": pa.array(agreements, pa.int64())})


def expect_moved_with_errors(home: NewHome, agreements: int, errors: int) -> None:
    """Move a book with errors of every kind: all are found, all that is good is ours, proven."""
    book = home.delivered(agreements, errors=errors)
    run = home.takeover.check(home.id(), "one", by="Lin")
    found, cursor = set[tuple[str, str, int]](), None
    while True:
        page = home.takeover.findings(run.run_id, limit=200, cursor=cursor)
        found |= {(one.kind.value, one.file, one.row) for one in page.items}
        cursor = page.next_cursor
        if cursor is None:
            break
    assert found == book.planted
    home.lived(run)
    cells = home.takeover.cells(run.run_id)
    assert sum(one.loaded for one in cells) == run.agreements
    assert run.agreements + run.refused == len(book.columns["agreements"]["ACCT_NO"])
    home.close_day()


@ON_SQLITE
def test_what_is_good_of_a_faulty_book_comes_over_and_is_proven(home: NewHome) -> None:
    expect_moved_with_errors(home, 600, 2)


@pytest.mark.slow
@ON_SQLITE
def test_a_faulty_book_of_100_000_customers_is_moved_and_proven(home: NewHome) -> None:
    expect_moved_with_errors(home, 125_000, 25)
