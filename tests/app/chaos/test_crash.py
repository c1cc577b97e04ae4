"""Goal: a ledger that dies, at any moment, keeps its word; one that does not is found out.

Method: child processes under load are killed by kill -9 from outside, from inside at a write or
sync, and by power cuts; what is left is opened and held against what was acknowledged and against a
sum in plain Python. Then ledgers and disks that are broken on purpose: the harness must say so.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from yunjin.app.chaos.checking import Wrongs, check_kept, check_retried
from yunjin.app.chaos.child import Acknowledged, Sabotage
from yunjin.app.chaos.crash import CrashHarness, CrashReport
from yunjin.app.chaos.load import Load, chains, identity_of, transfers
from yunjin.app.chaos.reopening import reopened
from yunjin.app.cli import app
from yunjin.foundation.ledger.api import Ledger, LedgerApi
from yunjin.kernel.clock import FixedClock

SEED = 20_261_124
START_NS = 1_790_000_000_000_000_000


def expect_all_kept(report: CrashReport) -> None:
    assert report.faults_fired >= report.rounds * 9 // 10 > 0  # some children end before a kill
    assert report.wrongs == Wrongs(), json.dumps(report.document(), indent=1)


def test_twelve_deaths_lose_nothing() -> None:
    report = CrashHarness(seed=SEED).run(12)
    expect_all_kept(report)
    assert set(report.faults) == {"kill", "call", "power", "opening"}


@pytest.mark.slow
@pytest.mark.timeout(1_800)
def test_three_hundred_deaths_lose_nothing() -> None:
    expect_all_kept(CrashHarness(seed=SEED + 1).run(300))


def test_death_after_every_seventeenth_change_loses_nothing() -> None:
    expect_all_kept(CrashHarness(seed=SEED + 2, batch_count=12).sweep(step=17))


@pytest.mark.slow
@pytest.mark.timeout(1_800)
def test_death_after_any_change_loses_nothing() -> None:
    expect_all_kept(CrashHarness(seed=SEED + 3).sweep())


@pytest.mark.parametrize("sabotage", ["no-sync", "lying-disk"])
def test_a_ledger_that_does_not_reach_the_disk_is_found(sabotage: Sabotage) -> None:
    report = CrashHarness(seed=SEED, sabotage=sabotage, kinds=["power"]).run(6)
    assert report.wrongs.lost > 0
    assert not report.has_passed


def test_a_run_without_any_fault_has_not_passed() -> None:
    assert not CrashReport(seed=SEED).has_passed
    done = CliRunner().invoke(app, ["chaos", "crash", "--rounds", "0", "--seed", "1", "--json"])
    assert done.exit_code == 1
    assert json.loads(done.stdout)["faults_fired"] == 0


# The questions themselves: each must be able to say no.


def load() -> Load:
    return Load(seed=SEED, start_ms=START_NS // 1_000_000)


def posted(ledger: LedgerApi, numbers: range) -> list[Acknowledged]:
    ledger.declare_ledgers([Ledger(ledger=1, currency="CNY")])
    ledger.open_accounts(load().accounts())
    answers = []
    for number in numbers:
        answer = ledger.post_transfers(transfers(load().batch(number)))
        answers.append(Acknowledged(number, *(answer.column(i).to_pylist() for i in (0, 1))))
    return answers


class Tampered:
    """A ledger of which one answer is changed."""

    def __init__(self, ledger: LedgerApi, **changed: Callable[..., Any]) -> None:
        self._ledger, self._changed = ledger, changed

    def __getattr__(self, name: str) -> Any:
        return self._changed.get(name) or getattr(self._ledger, name)


def test_a_ledger_that_kept_all_has_no_wrongs(tmp_path: Path) -> None:
    clock, wrongs = FixedClock(START_NS), Wrongs()
    with reopened(tmp_path, clock) as ledger:
        check_kept(ledger, load(), 6, posted(ledger, range(6)), wrongs)
        check_retried(ledger, load(), 6, wrongs, later=lambda: clock.advance(7_200))
    assert wrongs == Wrongs()


def test_a_missing_transfer_is_called_lost(tmp_path: Path) -> None:
    wrongs = Wrongs()
    with reopened(tmp_path, FixedClock(START_NS)) as ledger:
        answers = posted(ledger, range(6))
        forgetful: Any = Tampered(ledger, transfers=lambda ids: ledger.transfers(ids).slice(1))
        check_kept(forgetful, load(), 6, answers, wrongs)
    assert wrongs.lost == 1
    assert wrongs.doubled == 1  # more were counted than there are


def test_a_transfer_that_was_never_posted_is_called_lost(tmp_path: Path) -> None:
    wrongs = Wrongs()
    with reopened(tmp_path, FixedClock(START_NS)) as ledger:
        [first, *_] = posted(ledger, range(1))
        unposted = Acknowledged(1, [0] * len(load().batch(1)), [1] * len(load().batch(1)))
        check_kept(ledger, load(), 2, [first, unposted], wrongs)
    assert wrongs.lost == len(load().batch(1))


def test_half_a_chain_is_called_broken(tmp_path: Path) -> None:
    whole = [chain for chain in chains(load().batch(0)) if len(chain) > 1]
    chain = next(chain for chain in whole if all(row["amount_minor"] >= 0 for row in chain))
    alone = [{**row, "flags": 0} for row in chain[:1]]
    wrongs = Wrongs()
    with reopened(tmp_path, FixedClock(START_NS)) as ledger:
        posted(ledger, range(0))
        ledger.post_transfers(transfers(alone))
        check_kept(ledger, load(), 1, [], wrongs)
    assert wrongs.broken_chains == 1


def test_money_that_moved_otherwise_is_called_diverged(tmp_path: Path) -> None:
    clock, wrongs = FixedClock(START_NS), Wrongs()

    with reopened(tmp_path, clock) as ledger:
        posted(ledger, range(2))
        before = ledger.accounts(load().accounts().column("id").to_pylist())
        tampered: Any = Tampered(ledger, accounts=lambda _: before)  # as if nothing moved later
        check_retried(tampered, load(), 2, wrongs, later=lambda: clock.advance(7_200))
    assert wrongs.diverged > 0


def test_a_load_is_a_function_of_its_seed() -> None:
    batches = [load().batch(number) for number in range(24)]
    assert batches == [load().batch(number) for number in range(24)]
    assert batches != [Load(seed=1, start_ms=1).batch(number) for number in range(24)]
    flags = {row.get("flags", 0) for batch in batches for row in batch}
    assert flags >= {0, 1, 2, 4, 8, 16}
    ids = [identity_of(row) for batch in batches for row in batch]
    assert len(set(ids)) < len(ids)  # some are sent twice
