"""`bench failover`: what a customer waits when something dies, and whether anything is lost.

One cell in two processes over a set of three nodes; a client posts batches of 100 without a pause,
sending again what was not answered. The time is from the kill to the first answer to a batch that
was sent after it; the worst of all rounds counts. At the end every id is looked up: an answered one
that is not there is lost, one more transfer than ids is doubled. BENCH_ROUNDS: other than 20.
"""

import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import numpy as np

from benchmarks import batches
from benchmarks.running import run, say
from benchmarks.serving import BATCH_ROWS, CODE, LEDGER, folder
from benchmarks.sets import NODES, SET, Cell, galera, start_cell
from yunjin.client import Accounts, CellClient
from yunjin.foundation.database.service.fleet import Fleet

ROWS: Final = 100
ACCOUNTS: Final = 10_000
QUIET_S: Final = 1.0  # of undisturbed service before a kill
UNNOTICED_S: Final = 0.25  # a busy machine's own hiccups
CHOSEN: Final = {"lease_s": 1, "follow_ms": 50}


@dataclass
class Load:
    """A client that posts without a pause, in a thread of its own."""

    client: CellClient
    ids: Any
    sent: list[Any] = field(default_factory=list)
    answers: list[tuple[float, float]] = field(default_factory=list)  # (sent at, answered at)
    _over: threading.Event = field(default_factory=threading.Event)
    _failed: list[BaseException] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        chance = np.random.default_rng(time.time_ns())
        try:
            while not self._over.is_set():
                [many] = batches.make(chance, self.ids, 1)
                for start in range(0, BATCH_ROWS - ROWS, ROWS):
                    batch, at = many.slice(start, ROWS), time.monotonic()
                    self.client.post(batch)
                    self.sent.append(batch)
                    self.answers.append((at, time.monotonic()))
                    if self._over.is_set():
                        return
        except BaseException as error:
            self._failed.append(error)

    def wait_s(self, since: float) -> float:
        """Wait for the answer to what was sent after an instant; return how long it took."""
        while not self._failed:
            for sent_at, answered_at in reversed(self.answers[-200:]):
                if sent_at >= since:
                    found = [a for s, a in self.answers[-2_000:] if s >= since]
                    return min(found) - since if found else answered_at - since
            time.sleep(0.005)
        raise self._failed[0]

    def end(self) -> None:
        self._over.set()
        self._thread.join()
        if self._failed:
            raise self._failed[0]


@dataclass
class Scene:
    """The set, the two processes of the cell, and the load."""

    fleet: Fleet
    home: Path
    pair: list[Cell]
    load: Load

    def writer(self) -> Cell:
        """Return the process that writes, looked up by its process number."""
        with CellClient([one.address for one in self.pair]) as asked:
            pid = int(str(asked.state()["holder"]).split(":")[1])
        return next(one for one in self.pair if one.pid == pid)

    def replace(self, dead: Cell) -> None:
        """Start a process in the dead one's folder, which stands by."""
        url = self.fleet.url(SET)
        fresh = start_cell(dead.folder, url, stands_by=True, **CHOSEN)
        self.pair[self.pair.index(dead)] = fresh
        self.load.client.also(fresh.address)

    def kill_writer(self) -> float:
        dead, at = self.writer(), time.monotonic()
        dead.kill()
        took = self.load.wait_s(at)
        self.replace(dead)
        return took

    def cut_standby(self) -> float:
        writer = self.writer()
        standby = next(one for one in self.pair if one is not writer)
        at = time.monotonic()
        standby.kill()
        took = self.load.wait_s(at)
        self.replace(standby)
        return took if took > UNNOTICED_S else 0.0

    def written_node(self) -> str:
        """Return the node that the cell writes to: the one with the most commits of its own."""
        written = {}
        for name in NODES:
            rows = self.fleet.node(SET, name).ask("SHOW GLOBAL STATUS LIKE 'wsrep_replicated'")
            written[name] = int(rows[0][1])
        time.sleep(0.5)
        for name in NODES:
            rows = self.fleet.node(SET, name).ask("SHOW GLOBAL STATUS LIKE 'wsrep_replicated'")
            written[name] = int(rows[0][1]) - written[name]
        return max(written, key=lambda one: written[one])

    def kill_node(self) -> float:
        name, at = self.written_node(), time.monotonic()
        self.fleet.node(SET, name).kill()
        took = self._since(at)
        self.fleet.start_node(SET, name)
        return took

    def kill_set(self) -> float:
        at = time.monotonic()
        for name in NODES:
            self.fleet.node(SET, name).kill()
        dead_at = time.monotonic()
        self.fleet.start(SET)
        return self.load.wait_s(dead_at) + dead_at - at

    def _since(self, at: float) -> float:
        """Return the time to the first answer to what was sent once it was dead, from a kill on."""
        dead_at = time.monotonic()
        return self.load.wait_s(dead_at) + dead_at - at


def failover(quick: bool) -> dict[str, Any]:
    """Kill things, round by round."""
    rounds = int(os.environ.get("BENCH_ROUNDS", 2 if quick else 20))
    figures: dict[str, Any] = {}
    lost = doubled = 0
    for profile, kinds in (
        ("lan", ("cell", "node", "standby", "set")),
        ("wan", ("node",)),
    ):
        with folder() as home, galera(profile) as fleet:
            taken, wrong = _rounds(
                home, fleet, kinds, rounds if profile == "lan" else rounds // 4 or 1
            )
            lost, doubled = lost + wrong[0], doubled + wrong[1]
            for kind, seconds in taken.items():
                name = kind if profile == "lan" else f"{kind}_{profile}"
                figures[f"{name}_rto_s"] = max(seconds)
                figures[f"{name}_rto_s_median"] = float(np.median(seconds))
                figures[f"{name}_rounds"] = len(seconds)
    return {**figures, "lost": lost, "doubled": doubled}


def _rounds(
    home: Path, fleet: Fleet, kinds: tuple[str, ...], rounds: int
) -> tuple[dict[str, list[float]], tuple[int, int]]:
    url = fleet.url(SET)
    pair = [start_cell(home / f"p{n}", url, stands_by=True, **CHOSEN) for n in range(2)]
    addresses = [one.address for one in pair]
    with CellClient(addresses, deadline_s=30, patience_s=120) as client:
        client.ask(lambda one: one.declare_ledgers({LEDGER: "CNY"}))
        ids = client.ask(lambda one: one.allot_account_ids(ACCOUNTS))
        for start in range(0, ACCOUNTS, BATCH_ROWS):
            part = ids[start : start + BATCH_ROWS]
            client.open_accounts(Accounts(id=part, ledger=LEDGER, code=CODE))
        scene = Scene(fleet, home, pair, Load(client, ids))
        acts: dict[str, Callable[[], float]] = {
            "cell": scene.kill_writer,
            "node": scene.kill_node,
            "standby": scene.cut_standby,
            "set": scene.kill_set,
        }
        taken: dict[str, list[float]] = {kind: [] for kind in kinds}
        try:
            for kind in kinds:
                for number in range(rounds):
                    time.sleep(QUIET_S)
                    taken[kind].append(acts[kind]())
                    say(f"{kind} {number + 1} of {rounds}: {taken[kind][-1]:.2f} s")
            scene.load.end()
            wrong = _checked(client, scene.load)
        finally:
            for one in scene.pair:
                one.kill(signal.SIGKILL)
    return taken, wrong


def _checked(client: CellClient, load: Load) -> tuple[int, int]:
    """Return how many answered transfers are not there, and how many are there too often."""
    lost = count = 0
    for batch in load.sent:
        high, low = (batch.column(name).to_numpy() for name in ("id_hi", "id_lo"))
        ids = [UUID(int=(int(a) << 64) | int(b)) for a, b in zip(high, low, strict=True)]
        found = client.ask(lambda one, ids=ids: one.transfers(ids).num_rows)
        lost, count = lost + len(ids) - found, count + len(ids)
    there = int(client.state()["transfer_count"])
    balanced = all(
        int(line["difference_minor"]) == 0 for line in client.ask(lambda one: one.trial_balance())
    )
    if not balanced:
        raise RuntimeError("expected the books to balance, was otherwise")
    return lost, there - (count - lost)


if __name__ == "__main__":
    run("failover", failover)
