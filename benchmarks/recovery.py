"""`bench recovery`: 10,000,000 transfers in the journal; how fast is the ledger back?

Three ways: from the journal alone (what is derived was deleted), from a snapshot (it was closed in
peace), and after kill -9 (a snapshot and the rows after it), each in a process of its own. Opening
includes the loading of code and compiled kernels; `replay_per_s` is the pace once they are loaded.
"""

import json
import os
import subprocess
import sys
import time
from collections import deque
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import batches
from benchmarks.measuring import measured, rss_peak_mb
from benchmarks.running import run, say
from benchmarks.serving import BATCH_ROWS, CODE, LEDGER, folder
from yunjin import client
from yunjin.foundation.ledger import wiring
from yunjin.foundation.ledger.api import Ledger, LedgerApi
from yunjin.kernel.clock import SystemClock
from yunjin.kernel.room import Room

SEED, TENANT = 1, "demo"
IN_FLIGHT = 16


def recovery(quick: bool) -> dict[str, Any]:
    """Write a journal, then open it in three ways."""
    accounts, transfers = (50_000, 500_000) if quick else (1_000_000, 10_000_000)
    with folder() as home:
        say(f"writing {transfers:,} transfers over {accounts:,} accounts")
        _child(home, "write", accounts, transfers)
        say("opening after kill -9")
        crashed = _child(home, "open")
        say("opening from the snapshot")
        snapshot = _child(home, "open")
        loaded = _child(home, "reopen")
        for derived in (home / TENANT).glob("cell-*.index.db*"):
            derived.unlink()
        say("replaying the journal")
        replayed = _child(home, "reopen")
        size = (home / TENANT / "cell-1.journal.db").stat().st_size
    count = crashed["transfers"]
    if len({one["hash"] for one in (crashed, snapshot, loaded, replayed)}) > 1:
        raise RuntimeError("expected the same state each time, was another")
    return {
        "replay_per_s": count / replayed["seconds"],
        "open_from_snapshot_s": snapshot["seconds"],
        "open_from_snapshot_loaded_s": loaded["seconds"],
        "open_after_kill_s": crashed["seconds"],
        "replay_s": replayed["seconds"],
        "cpu_s_per_million": replayed["cpu_s"] / count * 1e6,
        "journal_bytes_per_transfer": size / count,
        "transfers": count,
        "accounts": accounts,
        "memory_mb": replayed["memory_mb"],
    }


def _child(home: Path, what: str, *sizes: int) -> dict[str, Any]:
    words = [sys.executable, "-m", "benchmarks.recovery", "--child", what, str(home)]
    done = subprocess.run(
        [*words, *map(str, sizes)], stdout=subprocess.PIPE, text=True, check=False
    )
    if what == "write":  # it ends by kill -9
        return {}
    if done.returncode:
        raise RuntimeError(f"expected a child to open the ledger, was its end {done.returncode}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _room(home: Path) -> tuple[Room, Any]:
    room = wiring.build(wiring.Settings(), tenant=TENANT, clock=SystemClock(), home=home)
    return room, room.doors[LedgerApi]


def write(home: Path, accounts: int, transfers: int) -> None:
    """Fill a journal, then die without closing it."""
    _, ledger = _room(home)
    chance, size = np.random.default_rng(SEED), BATCH_ROWS
    ledger.declare_ledgers([Ledger(ledger=LEDGER, currency="CNY")])
    ids = ledger.allot_account_ids(accounts) + np.arange(accounts, dtype=np.int64)
    for start in range(0, accounts, size):
        part = ids[start : start + size]
        ledger.open_accounts(client.Accounts(id=part, ledger=LEDGER, code=CODE))
    waiting: deque[Any] = deque()
    for _ in range(-(-transfers // size)):
        [one] = batches.make(chance, ids, 1)
        waiting.append(ledger.submit_transfers(one))
        while len(waiting) >= IN_FLIGHT:
            waiting.popleft().result()
    while waiting:
        waiting.popleft().result()
    os.kill(os.getpid(), 9)


def load_code() -> None:
    """Open and close an empty ledger, so that code and kernels are in memory."""
    with folder() as elsewhere:
        room, ledger = _room(elsewhere)
        ids = ledger.allot_account_ids(10) + np.arange(10, dtype=np.int64)
        ledger.open_accounts(client.Accounts(id=ids, ledger=LEDGER, code=CODE))
        ledger.post_transfers(batches.make(np.random.default_rng(SEED), ids, 1)[0])
        ledger.verify()
        if room.close is not None:
            room.close()


def open_and_close(home: Path) -> None:
    """Open the ledger, say how long it took, close it in peace."""
    with measured(all=os.getpid()) as took:
        start = time.perf_counter()
        room, ledger = _room(home)
        lines = ledger.trial_balance()
        seconds = time.perf_counter() - start
    state = ledger.state()
    said = {
        "seconds": seconds,
        "cpu_s": took.cpu_s["all"],
        "transfers": state.transfer_count,
        "hash": f"{state.head.hash} {lines}",
        "memory_mb": rss_peak_mb(os.getpid()),
    }
    if room.close is not None:
        room.close()
    print(json.dumps(said))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        what, place, *sizes = sys.argv[2:]
        if what == "write":
            write(Path(place), *map(int, sizes))
        if what == "reopen":
            load_code()
        open_and_close(Path(place))
    else:
        run("recovery", recovery)
