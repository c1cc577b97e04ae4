"""The process that dies: opens a ledger over the faulty disk, posts the load, tells what is safe.

Run as `python -m yunjin.app.chaos.child ORDER` (JSON). Each acknowledged batch is one line on
standard output and one note in the trace; the last line, if it comes to that, counts the calls.
"""

import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from yunjin.app.chaos.load import STREAMS, UNIT, Load, transfers
from yunjin.chassis.persistence.faulty_disk import FaultPlan, FaultyFileSystem, FaultyOs, Trace
from yunjin.foundation.ledger import wiring
from yunjin.foundation.ledger.api import LedgerApi
from yunjin.foundation.ledger.errors import LeaseHeld
from yunjin.foundation.ledger.store import files
from yunjin.kernel.clock import SystemClock
from yunjin.kernel.errors import Problem
from yunjin.kernel.room import Room

TENANT: Final = "chaos"
VFS: Final = "faulty-disk"
_saying: Final = threading.Lock()
Sabotage = Literal["", "no-sync", "lying-disk"]


class Order(msgspec.Struct, frozen=True):
    """What a child is told.

    Parameters
    ----------
    kill_at : (call, number, phase) as in FaultPlan; None: run to the end, or be killed.
    sabotage : a ledger or a disk that is broken on purpose, so that the harness must find it.
    """

    home: str
    trace: str
    seed: int
    start_ms: int
    batch_count: int
    kill_at: tuple[Any, int, Any] | None = None
    sabotage: Sabotage = ""


class Acknowledged(msgspec.Struct, frozen=True):
    """A batch that the ledger has answered, so it must be there from now on."""

    batch: int
    statuses: list[int]
    timestamps: list[int]


def settings(sabotage: Sabotage = "", *, vfs: str = "") -> wiring.Settings:
    """Return the settings of a ledger under chaos: small, with frequent checkpoints."""
    return wiring.Settings(
        vfs=vfs,
        synchronous="off" if sabotage == "no-sync" else "full",
        checkpoint_transfers=150,
        bloom_words=1 << 10,
        lease_s=1,
    )


def main(order: Order) -> None:
    """Serve the order, to the end or to death."""
    plan = FaultPlan(kill_at=order.kill_at, is_lying=order.sabotage == "lying-disk")
    system = FaultyFileSystem(VFS, plan, trace=(trace := Trace(Path(order.trace))))
    vars(files)["os"] = FaultyOs(system)  # the head kept apart goes through the same disk
    room = _open_patiently(order)
    ledger: LedgerApi = room.doors[LedgerApi]
    load = Load(seed=order.seed, start_ms=order.start_ms)
    ledger.declare_ledgers([UNIT])
    ledger.open_accounts(load.accounts())
    _say(b"ready")
    run_streams(ledger, load, order.batch_count, lambda body: _acknowledge(trace, body))
    _close(room)
    _say(msgspec.json.encode(dict(system.calls)))


def _open_patiently(order: Order) -> Room:
    """Open the ledger; where a crash took the proof that its last writer is dead, outwait it."""
    clock, chosen = SystemClock(), settings(order.sabotage, vfs=VFS)
    patience_ns = clock.monotonic_ns() + 5 * chosen.lease_s * 1_000_000_000
    while True:
        try:
            return wiring.build(chosen, tenant=TENANT, clock=clock, home=Path(order.home))
        except LeaseHeld:
            if clock.monotonic_ns() > patience_ns:
                raise
            time.sleep(0.1)


def run_streams(
    ledger: LedgerApi, load: Load, batch_count: int, tell: Callable[[bytes], None]
) -> None:
    """Post all batches from STREAMS threads; tell each answer as soon as it is there."""

    def post(first: int) -> None:
        for number in range(first, batch_count, STREAMS):
            answer = ledger.post_transfers(transfers(load.batch(number)))
            statuses, timestamps = (answer.column(i).to_pylist() for i in (0, 1))
            tell(msgspec.json.encode(Acknowledged(number, statuses, timestamps)))

    threads = [threading.Thread(target=post, args=(first,)) for first in range(STREAMS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _acknowledge(trace: Trace, body: bytes) -> None:
    trace.note(body)
    _say(body)


def _say(line: bytes) -> None:
    """Tell the parent: a line in one write, past all buffers that a kill would empty."""
    with _saying:
        os.write(sys.stdout.fileno(), line + b"\n")


def _close(room: Room) -> None:
    if room.close is not None:
        room.close()


if __name__ == "__main__":
    try:
        main(msgspec.json.decode(sys.argv[1], type=Order))
    except Problem as problem:
        _say(b"refused " + f"{problem.code}: {problem.detail}".encode())
