"""`bench faults`: how soon the doctor sees a fault of a real set, and how soon all is well again.

Three servers with Galera on this machine, in memory, and a doctor at work on them with its usual
settings. Seconds count from the fault. `seen`: the finding stands. `done`: the remedy was applied.
`well`: every node is in step again. The worst of some rounds counts.
"""

import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from benchmarks.running import run, say
from tests.foundation.database.doctor.hospital import EASY, NODES, Hospital, Watch
from tests.galera import guarded
from yunjin.app.cluster.stage import missing_programs
from yunjin.foundation.database.domain.doctor.history import Limits

ROUNDS = 3
SHOP_ROW = "INSERT INTO shop.goods VALUES ({at}, 'silk', 1, 'x')"


@dataclass
class Timed:
    """Seconds from a fault, the worst of all rounds."""

    seen: list[float] = field(default_factory=list)
    done: list[float] = field(default_factory=list)
    well: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Case:
    """A fault: what is done to the set, and what the doctor calls it."""

    code: str
    strike: Callable[[Hospital], None]
    relieve: Callable[[Hospital], None] = lambda hospital: None  # what only a person can mend
    after: str = ""  # the finding that ends it, where that is another
    limits: Limits = EASY
    prepare: Callable[[Hospital, Watch], None] = lambda hospital, watch: None


def _signal(hospital: Hospital, what: signal.Signals, *names: str) -> None:
    for name in names:
        os.kill(hospital.node(name).pid(), what)


def _lock(hospital: Hospital) -> None:
    """Let the third node hold up the others: it cannot apply what they write."""

    pulse = "LOCK TABLES shop.goods READ; SELECT SLEEP(1.2); UNLOCK TABLES; SELECT SLEEP(0.05);"

    def hold() -> None:
        hospital.node("n3").ask(pulse * 20, wait_s=200)

    def write_on() -> None:
        for since in range(0, 2_000, 100):
            rows = "".join(f"{SHOP_ROW.format(at=since + each)};" for each in range(100))
            hospital.node("n1").ask(rows, wait_s=100)

    for each in (hold, write_on):
        threading.Thread(target=each, daemon=True).start()


def _block(hospital: Hospital) -> None:
    """Let one transaction keep another waiting."""

    def forget() -> None:
        try:
            hospital.node("n1").ask(
                "BEGIN; SELECT * FROM shop.goods FOR UPDATE; SELECT SLEEP(200)", wait_s=210
            )
        except Exception as ended:
            say(f"the blocker was ended: {type(ended).__name__}")

    def wait_for_it() -> None:
        hospital.node("n1").ask("UPDATE shop.goods SET price = 2", wait_s=200)

    hospital.node("n1").ask(SHOP_ROW.format(at=1))
    threading.Thread(target=forget, daemon=True).start()
    time.sleep(0.5)
    threading.Thread(target=wait_for_it, daemon=True).start()


def _differ(hospital: Hospital, watch: Watch) -> None:
    hospital.node("n1").ask(SHOP_ROW.format(at=1))


def _spoil(hospital: Hospital) -> None:
    hospital.node("n3").ask("SET SESSION wsrep_on = OFF; UPDATE shop.goods SET price = 7")


def _fill(hospital: Hospital) -> None:
    status = os.statvfs(hospital.disk.folder)
    with (hospital.disk.folder / "filler").open("wb") as file:
        room = status.f_bavail * status.f_frsize
        os.posix_fallocate(file.fileno(), 0, room - (100 << 20))


def _empty(hospital: Hospital) -> None:
    (hospital.disk.folder / "filler").unlink()


CASES = {
    "node_killed": Case("node-dead", lambda h: _signal(h, signal.SIGKILL, "n3")),
    "writer_killed": Case("node-dead", lambda h: _signal(h, signal.SIGKILL, "n1")),
    "quorum_lost": Case("quorum-lost", lambda h: _signal(h, signal.SIGKILL, "n2", "n3")),
    "set_killed": Case("set-down", lambda h: _signal(h, signal.SIGKILL, *NODES)),
    "node_frozen": Case("node-hung", lambda h: _signal(h, signal.SIGSTOP, "n3")),
    "node_slow": Case("node-slow", _lock, after="node-caught-up"),
    "transaction_blocks": Case("transaction-blocks", _block, limits=replace(EASY, blocked_s=10)),
    "replica_diverged": Case("replica-diverged", _spoil, prepare=_differ),
    "disk_full": Case(
        "disk-full",
        _fill,
        relieve=_empty,
        after="disk-has-room",
        limits=replace(EASY, disk_free_stop=150 << 20),
    ),
}


def _once(hospital: Hospital, case: Case, timed: Timed) -> None:
    hospital.heal()
    with hospital.watch(limits=case.limits) as watch:
        case.prepare(hospital, watch)
        start = time.perf_counter()
        case.strike(hospital)
        if case.code == "replica-diverged":
            report = watch.practice.slowly[0].compare()
            if report is not None:
                watch.practice.sets["s1"].differ(tuple(report.divergences))
        watch.until(lambda: case.code in watch.told)
        timed.seen.append(time.perf_counter() - start)
        watch.until(lambda: case.code in watch.done())
        timed.done.append(time.perf_counter() - start)
        case.relieve(hospital)
        if case.after:
            watch.until(lambda: case.after in watch.done())
        watch.until(lambda: not watch.found)
        timed.well.append(time.perf_counter() - start)


def faults(quick: bool) -> dict[str, Any]:
    """Strike, watch, and time each fault."""
    missing = ", ".join(missing_programs())
    if missing:
        raise SystemExit(f"needs Galera: apt-get install galera-4 mariadb-backup socat ({missing})")
    found: dict[str, Any] = {}
    with guarded() as sets:
        hospital = Hospital(sets.folder)
        for name, case in CASES.items():
            timed = Timed()
            for number in range(1 if quick else ROUNDS):
                say(f"{name}, round {number + 1}")
                _once(hospital, case, timed)
            found |= {
                f"{name}_seen_s": max(timed.seen),
                f"{name}_done_s": max(timed.done),
                f"{name}_well_s": max(timed.well),
            }
        hospital.close()
    found["rounds"] = 1 if quick else ROUNDS
    return found


if __name__ == "__main__":
    run("faults", faults)
