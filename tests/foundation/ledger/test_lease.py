"""Goal: one process writes a cell; a second is told who does, a stale one is fenced off.

Method: real processes. One writes and is stopped (SIGSTOP) as a paused machine would be; this one
takes over once the lease has run out by its clock; the other wakes up (SIGCONT) and tries to go on.
"""

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.foundation.ledger.book import Served
from yunjin.chassis.persistence.faulty_disk import (
    FaultPlan,
    FaultyFileSystem,
    FaultyOs,
    Manner,
    Trace,
    cut,
    read_trace,
)
from yunjin.foundation.ledger.api import LedgerApi
from yunjin.foundation.ledger.errors import LeaseHeld
from yunjin.foundation.ledger.store import files
from yunjin.foundation.ledger.wiring import Settings, build
from yunjin.kernel.clock import FixedClock, SystemClock
from yunjin.kernel.errors import Outage
from yunjin.kernel.ids import account_id
from yunjin.kernel.room import Room

ONE, TWO = account_id(1, 1), account_id(1, 2)
WRITER = """
import json, pathlib, sys
from tests.foundation.ledger.book import Served
from tests.foundation.ledger.test_lease import SETTINGS, transfer
from yunjin.foundation.ledger.api import LedgerApi
from yunjin.foundation.ledger.wiring import build
from yunjin.kernel.clock import SystemClock
from yunjin.kernel.errors import Problem

room = build(SETTINGS, tenant="demo", clock=SystemClock(), home=pathlib.Path(sys.argv[1]))
served = Served(room.doors[LedgerApi])
for number in range(1, 1_000_000):
    try:
        [answer] = served.post_transfers([transfer(number)])
        print(json.dumps([number, answer.status.name]), flush=True)
    except Problem as problem:
        print(json.dumps([number, problem.code]), flush=True)
        break
sys.stdin.read()
"""
SETTINGS = Settings(bloom_words=64, lease_s=10)
ROOT = Path(__file__).parents[3]


def transfer(number: int) -> dict[str, int]:
    """Return a plain transfer of ten."""
    sides = {"debit_account_id": ONE, "credit_account_id": TWO}
    return {"id_hi": 0, "id_lo": number, **sides, "amount_minor": 10, "ledger": 1, "code": 7}


def close(room: Room) -> None:
    assert room.close is not None
    room.close()


@pytest.fixture
def writer(tmp_path: Path) -> Iterator["subprocess.Popen[str]"]:
    """Yield a process that writes the ledger in `tmp_path`, transfer by transfer."""
    room = build(SETTINGS, tenant="demo", clock=SystemClock(), home=tmp_path)
    served = Served(room.doors[LedgerApi])
    served.open_accounts([{"id": x, "ledger": 1, "code": 7} for x in (ONE, TWO)])
    close(room)
    words = [sys.executable, "-c", WRITER, str(tmp_path)]
    pipe = subprocess.PIPE
    with subprocess.Popen(words, stdin=pipe, stdout=pipe, text=True, cwd=ROOT) as process:
        yield process
        process.kill()


def told(process: "subprocess.Popen[str]", until: Callable[[Any], bool]) -> list[Any]:
    """Return what a process says, up to what is waited for."""
    assert process.stdout is not None
    said = []
    for line in process.stdout:
        said.append(json.loads(line))
        if until(said[-1]):
            return said
    raise AssertionError(f"expected another word, was {said[-1:]} and the end")


def test_a_second_process_is_told_who_writes(
    writer: "subprocess.Popen[str]", tmp_path: Path
) -> None:
    told(writer, lambda line: line[0] >= 3)
    with pytest.raises(LeaseHeld, match=f":{writer.pid}") as refused:
        build(SETTINGS, tenant="demo", clock=SystemClock(), home=tmp_path)
    assert f":{writer.pid}" in refused.value.facts["holder"]
    assert refused.value.facts["seconds_left"] <= SETTINGS.lease_s + 1
    assert told(writer, lambda line: line[0] >= 6)[-1][1] == "CREATED"


def test_a_dead_process_frees_the_cell_at_once(
    writer: "subprocess.Popen[str]", tmp_path: Path
) -> None:
    said = told(writer, lambda line: line[0] >= 3)
    writer.kill()
    writer.wait()
    room = build(SETTINGS, tenant="demo", clock=SystemClock(), home=tmp_path)
    served = Served(room.doors[LedgerApi])
    for number, _ in said:
        assert served.post_transfers([transfer(number)])[0].status.name == "EXISTS"
    close(room)


@pytest.mark.parametrize("manner", ["keep", "drop", "prefix", "shuffle", None])
def test_after_a_power_cut_the_cell_opens_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, manner: Manner | None
) -> None:
    """The lock's file says who was there before, also where only what was synced is left."""
    system = FaultyFileSystem(f"cut-{tmp_path.name}", trace=(trace := Trace(tmp_path / "trace")))
    monkeypatch.setattr(files, "os", FaultyOs(system))
    home, left, clock = tmp_path / "home", tmp_path / "left", SystemClock()
    chosen = SETTINGS.model_copy(update={"vfs": system.name})
    room = build(chosen, tenant="demo", clock=clock, home=home)
    cut(read_trace(tmp_path / "trace"), home, left, seed=1, manner=manner)
    monkeypatch.undo()
    again = build(SETTINGS, tenant="demo", clock=clock, home=left)
    served = Served(again.doors[LedgerApi])
    assert served.open_accounts([{"id": ONE, "ledger": 1, "code": 7}])[0].status == 0
    close(again)
    close(room)
    trace.close()


@pytest.mark.parametrize("kind", ["write", "sync"])
def test_a_disk_that_cannot_take_the_lock_is_said_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: Any
) -> None:
    system = FaultyFileSystem(f"locked-{tmp_path.name}")
    monkeypatch.setattr(files, "os", FaultyOs(system))
    system.arm(FaultPlan(files=".lock", error_at=(kind, 1), error_count=None))
    with pytest.raises(Outage, match="lock could not be written"):
        build(SETTINGS, tenant="demo", clock=SystemClock(), home=tmp_path)


def test_a_stale_holder_that_wakes_up_is_fenced_off(
    writer: "subprocess.Popen[str]", tmp_path: Path
) -> None:
    said = told(writer, lambda line: line[0] >= 5)
    writer.send_signal(signal.SIGSTOP)
    later = FixedClock(SystemClock().now_ns())
    later.advance(15)
    room = build(SETTINGS, tenant="demo", clock=later, home=tmp_path)
    served = Served(room.doors[LedgerApi])
    before = served.totals()[ONE][1] // 10
    writer.send_signal(signal.SIGCONT)
    said += told(writer, lambda line: line[1] != "CREATED")
    *accepted, (_, code) = said
    assert code == "ledger/fenced"
    assert before - 1 <= len(accepted) <= before  # the last answer may have been on its way
    assert served.totals()[ONE][1] // 10 == before
    assert served.post_transfers([transfer(2_000_000)])[0].status.name == "CREATED"
    assert {served.post_transfers([transfer(n)])[0].status.name for n, _ in accepted} == {"EXISTS"}
    assert served.ledger.verify().is_sound
    close(room)


class JumpyClock:
    """A clock whose wall can be set while its monotonic side goes on."""

    def __init__(self, at_ns: int) -> None:
        self.wall_ns, self.steady_ns = at_ns, 0

    def now_ns(self) -> int:
        return self.wall_ns

    def monotonic_ns(self) -> int:
        return self.steady_ns

    def pass_time(self, seconds: int) -> None:
        self.wall_ns += seconds * 1_000_000_000
        self.steady_ns += seconds * 1_000_000_000

    def set_wall(self, seconds: int) -> None:
        self.wall_ns += seconds * 1_000_000_000


DAY = 86_400


def hold(number: int, timeout_s: int) -> dict[str, int]:
    return {**transfer(number), "flags": 2, "timeout_s": timeout_s}


@pytest.mark.parametrize("jump_s", [DAY, -DAY])
def test_a_clock_that_jumps_ends_no_hold_early_or_late(tmp_path: Path, jump_s: int) -> None:
    clock = JumpyClock(1_790_000_000_000_000_000)
    room = build(SETTINGS, tenant="demo", clock=clock, home=tmp_path)
    served = Served(room.doors[LedgerApi])
    served.open_accounts([{"id": x, "ledger": 1, "code": 7} for x in (ONE, TWO)])
    served.post_transfers([hold(1, timeout_s=60)])
    clock.set_wall(jump_s)
    clock.pass_time(59)
    served.post_transfers([transfer(2)])
    assert served.totals()[ONE] == (10, 10, 0, 0)
    clock.pass_time(2)
    served.post_transfers([transfer(3)])
    assert served.totals()[ONE] == (0, 20, 0, 0)
    close(room)


def test_time_never_runs_back_in_the_ledger_whatever_the_clock_does(tmp_path: Path) -> None:
    clock = JumpyClock(1_790_000_000_000_000_000)
    stamps: list[int] = []
    for jump_s in (0, -DAY, DAY, -400 * DAY):
        clock.set_wall(jump_s)
        room = build(SETTINGS, tenant="demo", clock=clock, home=tmp_path)
        served = Served(room.doors[LedgerApi])
        served.open_accounts([{"id": x, "ledger": 1, "code": 7} for x in (ONE, TWO)])
        stamps += [a.timestamp for a in served.post_transfers([transfer(len(stamps) + 1)])]
        close(room)
    assert stamps == sorted(set(stamps))


def test_a_hold_ends_in_time_after_a_crash_and_a_jump_back(tmp_path: Path) -> None:
    """A wall clock set back while the ledger was down ends holds late, never early."""
    clock = JumpyClock(1_790_000_000_000_000_000)
    room = build(SETTINGS, tenant="demo", clock=clock, home=tmp_path)
    served = Served(room.doors[LedgerApi])
    served.open_accounts([{"id": x, "ledger": 1, "code": 7} for x in (ONE, TWO)])
    served.post_transfers([hold(1, timeout_s=60)])
    close(room)
    clock.set_wall(-3_600)
    room = build(SETTINGS, tenant="demo", clock=clock, home=tmp_path)
    served = Served(room.doors[LedgerApi])
    clock.pass_time(59)
    served.post_transfers([transfer(2)])
    assert served.totals()[ONE][0] == 10
    clock.pass_time(3_602)
    served.post_transfers([transfer(3)])
    assert served.totals()[ONE][0] == 0
    assert served.ledger.verify().is_sound
    close(room)
