"""The process that dies: opens a ledger over the faulty disk, posts the load, tells what is safe.

Each acknowledged batch is one word through the pipe to the parent and one note in the trace; the
last word, if it comes to that, counts the calls.
"""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from yunjin.app.chaos.load import STREAMS, UNIT, Load, transfers
from yunjin.chassis.persistence.faulty_disk import FaultPlan, FaultyFileSystem, FaultyOs, Trace
from yunjin.foundation.ledger import wiring
from yunjin.foundation.ledger.api import LedgerApi
from yunjin.foundation.ledger.errors import LeaseHeld
from yunjin.foundation.ledger.store import files, index
from yunjin.kernel.clock import SystemClock
from yunjin.kernel.errors import Problem
from yunjin.kernel.room import Room

TENANT: Final = "chaos"
VFS: Final = "faulty-disk"
_PAGE_ROWS: Final = 8  # so that a death leaves some pages of a run and not the others
CHECKPOINT_TRANSFERS: Final = 150  # so that two or three are made in a life
Sabotage = Literal["", "no-sync", "lying-disk"]


class Order(msgspec.Struct, frozen=True):
    """What a child is told.

    Parameters
    ----------
    kill_at : (call, number, phase) as in FaultPlan; None: run to the end, or be killed.
    sabotage : a ledger or a disk that is broken on purpose, so that the harness must find it.
    checkpoint_transfers : how often the ledger makes checkpoints.
    """

    home: str
    trace: str
    seed: int
    start_ms: int
    batch_count: int
    kill_at: tuple[Any, int, Any] | None = None
    sabotage: Sabotage = ""
    checkpoint_transfers: int = CHECKPOINT_TRANSFERS


class Acknowledged(msgspec.Struct, frozen=True, tag="acknowledged"):
    """A batch that the ledger has answered, so it must be there from now on."""

    batch: int
    statuses: list[int]
    timestamps: list[int]


class Ready(msgspec.Struct, frozen=True, tag="ready"):
    """The ledger is open after so many calls of each kind, the load begins."""

    calls: dict[str, int]


class Ended(msgspec.Struct, frozen=True, tag="ended"):
    """The child came to its end in peace, after so many calls of each kind."""

    calls: dict[str, int]


class Refused(msgspec.Struct, frozen=True, tag="refused"):
    """The ledger did not open, or stopped."""

    why: str


Word = Ready | Acknowledged | Ended | Refused


def settings(
    sabotage: Sabotage = "", *, vfs: str = "", checkpoint_transfers: int = CHECKPOINT_TRANSFERS
) -> wiring.Settings:
    """Return the settings of a ledger under chaos: small, with frequent checkpoints."""
    return wiring.Settings(
        vfs=vfs,
        synchronous="off" if sabotage == "no-sync" else "full",
        checkpoint_transfers=checkpoint_transfers,
        bloom_words=1 << 10,
        lease_s=1,
    )


def main(order: Order, pipe: "Connection[bytes, bytes]") -> None:
    """Serve the order, to the end or to death."""
    saying = threading.Lock()

    def say(word: Word) -> None:
        with saying:
            pipe.send_bytes(msgspec.json.encode(word))

    try:
        serve(order, say)
    except Problem as problem:
        say(Refused(f"{problem.code}: {problem.detail}"))


def serve(order: Order, say: Callable[[Word], None]) -> None:
    """Open the ledger, post the load, close it; say each word as soon as it is true.

    Raises: Problem, where the ledger does not keep on.
    """
    plan = FaultPlan(kill_at=order.kill_at, is_lying=order.sabotage == "lying-disk")
    system = FaultyFileSystem(VFS, plan, trace=(trace := Trace(Path(order.trace))))
    vars(files)["os"] = FaultyOs(system)  # the head kept apart goes through the same disk
    vars(index).update(PAGE=_PAGE_ROWS, PAGES_A_COMMIT=1)
    room = _open_patiently(order)
    opening = dict(system.calls)
    ledger: LedgerApi = room.doors[LedgerApi]
    load = Load(seed=order.seed, start_ms=order.start_ms)
    ledger.declare_ledgers([UNIT])
    ledger.open_accounts(load.accounts())
    say(Ready(opening))

    def post(first: int) -> None:
        for number in range(first, order.batch_count, STREAMS):
            answer = ledger.post_transfers(transfers(load.batch(number)))
            statuses, timestamps = (answer.column(i).to_pylist() for i in (0, 1))
            word = Acknowledged(number, statuses, timestamps)
            trace.note(msgspec.json.encode(word))
            say(word)

    with ThreadPoolExecutor(STREAMS) as threads:
        for done in [threads.submit(post, first) for first in range(STREAMS)]:
            done.result()
    if room.close is not None:
        room.close()
    say(Ended(dict(system.calls)))


def _open_patiently(order: Order) -> Room:
    """Open the ledger; where a crash took the proof that its last writer is dead, outwait it."""
    often = order.checkpoint_transfers
    clock, chosen = (
        SystemClock(),
        settings(order.sabotage, vfs=VFS, checkpoint_transfers=often),
    )
    patience_ns = clock.monotonic_ns() + 5 * chosen.lease_s * 1_000_000_000
    while True:
        try:
            return wiring.build(chosen, tenant=TENANT, clock=clock, home=Path(order.home))
        except LeaseHeld:
            if clock.monotonic_ns() > patience_ns:
                raise
            time.sleep(0.1)
