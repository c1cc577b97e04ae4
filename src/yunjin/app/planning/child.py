"""One cell in a process of its own, told over standard input what to do; it answers in JSON lines.

Started as `python -m yunjin.app.planning.child FOLDER CELL CHECKPOINT_TRANSFERS`, so that a start
costs what it costs a bank: interpreter, imports, kernels, journal. It says what
that took once a transfer is durable.
"""

import gc
import json
import os
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa

from yunjin.foundation.ledger import wiring
from yunjin.foundation.ledger.api import (
    ACCOUNTS_REQUIRED,
    TRANSFERS_REQUIRED,
    Ledger,
    LedgerApi,
)
from yunjin.kernel import check
from yunjin.kernel.clock import SystemClock

TENANT: Final = "planning"
LEDGER: Final = 1
ACCOUNTS: Final = 50_000
_BATCH_ROWS: Final = 8_190
_COMMITS: Final = "ledger_commit_seconds_count"


class Served:
    """A ledger with accounts, and the work that is asked of it."""

    def __init__(self, home: Path, cell: int, checkpoint_transfers: int) -> None:
        began = time.perf_counter(), time.process_time()
        settings = wiring.Settings(cell=cell, checkpoint_transfers=checkpoint_transfers)
        room = wiring.build(settings, tenant=TENANT, clock=SystemClock(), home=home)
        self.opened_s = time.perf_counter() - began[0]
        self.opened_cpu_s = time.process_time() - began[1]
        self._room, self.ledger = room, room.doors[LedgerApi]
        self._chance = np.random.default_rng(cell)
        first = (cell << 48) + 1
        self.accounts = np.arange(first, first + ACCOUNTS, dtype=np.int64)
        if not self.ledger.state().account_count:
            self.accounts = self._open_accounts(ACCOUNTS)
        threads = {
            one.name: time.pthread_getcpuclockid(one.ident or 0) for one in threading.enumerate()
        }
        self._clocks = threads[f"cell-{cell}"], threads["commits"]  # of applying and committing
        self.ledger.post_transfers(self.batches(1, 1)[0])

    def _open_accounts(self, count: int) -> Any:
        self.ledger.declare_ledgers([Ledger(ledger=LEDGER, currency="CNY")])
        first = self.ledger.allot_account_ids(count)
        made = np.arange(first, first + count, dtype=np.int64)
        for start in range(0, count, _BATCH_ROWS):
            part = made[start : start + _BATCH_ROWS]
            self.ledger.open_accounts(
                _columns(ACCOUNTS_REQUIRED, len(part), id=part, ledger=LEDGER, code=7)
            )
        return made

    def more_accounts(self, count: int) -> dict[str, Any]:
        """Open more accounts; return what memory they took, bytes."""
        before = _resident_bytes()
        self._open_accounts(count)
        return {"bytes": _resident_bytes() - before}

    def batches(self, rows: int, count: int) -> list[pa.RecordBatch]:
        """Return batches of plain transfers, cut from one, so that making them costs little."""
        made: list[pa.RecordBatch] = []
        while len(made) < count:
            some = min(count - len(made), max(1, 2_000_000 // rows))
            debit = self._chance.integers(0, ACCOUNTS, rows * some)
            credit = (debit + self._chance.integers(1, ACCOUNTS, rows * some)) % ACCOUNTS
            whole = _columns(
                TRANSFERS_REQUIRED,
                rows * some,
                id_hi=0,  # given as it is sent
                id_lo=self._chance.integers(1 << 63, 1 << 64, rows * some, np.uint64),
                debit_account_id=self.accounts[debit],
                credit_account_id=self.accounts[credit],
                amount_minor=self._chance.integers(1, 10_000, rows * some),
                ledger=LEDGER,
                code=7,
            )
            made += [whole.slice(place * rows, rows) for place in range(some)]
        gc.collect()
        gc.freeze()  # a look at so many objects takes 100 ms, which no bank would have
        return made

    def _spent(self) -> tuple[float, ...]:
        """Return wall, CPU of applying, of committing, of this thread, of all (s), and commits."""
        commits = next(
            sample.value
            for family in (self._room.metrics or list)()
            for sample in family.samples
            if sample.name == _COMMITS
        )
        applying, committing = (time.clock_gettime(one) for one in self._clocks)
        here, process = time.thread_time(), time.process_time()
        return time.perf_counter(), applying, committing, here, process, commits

    def _writing_s(self) -> float:
        return sum(time.clock_gettime(one) for one in self._clocks)

    def _since(self, before: tuple[float, ...], jobs: int) -> dict[str, Any]:
        names = (
            "seconds",
            "apply_cpu_s",
            "commit_cpu_s",
            "caller_cpu_s",
            "process_cpu_s",
            "commits",
        )
        spent = [now - then for now, then in zip(self._spent(), before, strict=True)]
        return {**dict(zip(names, spent, strict=True)), "jobs": jobs}

    def alone(self, rows: int, count: int) -> dict[str, Any]:
        """Post batch after batch; return of each the wall time and the CPU of its writing, s."""
        wall, cpu = [], []
        some, before = self.batches(rows, count), self._spent()
        for one in some:
            start, used = time.perf_counter(), self._writing_s()
            self.ledger.submit_transfers(_of_now(one)).result()
            wall.append(time.perf_counter() - start)
            cpu.append(self._writing_s() - used)
        return {**self._since(before, count), "wall_s": wall, "cpu_s": cpu}

    def closed(self, rows: int, in_flight: int, seconds: float, count: int) -> dict[str, Any]:
        """Keep so many batches on their way for a while, at most `count`."""
        some, done, sent = self.batches(rows, count), 0, deque[Any]()
        before = self._spent()
        end = before[0] + seconds
        for one in some:
            if len(sent) >= in_flight:
                sent.popleft().result()
                done += 1
                if time.perf_counter() > end:
                    break
            sent.append(self.ledger.submit_transfers(_of_now(one)))
        figures = self._since(before, done)
        while sent:
            sent.popleft().result()
        return figures

    def opened(self, rows: int, per_second: float, seconds: float) -> dict[str, Any]:
        """Let batches fall due at random at a steady rate; return latencies since they did, s."""
        count = int(per_second * seconds)
        gaps = self._chance.exponential(1 / per_second, count)
        some, latencies = self.batches(rows, count), []
        before = self._spent()
        all_due = (before[0] + np.cumsum(gaps)).tolist()
        answers = []

        def heard(due: float) -> Callable[[Any], None]:
            return lambda answer: latencies.append(time.perf_counter() - due)

        for one, due in zip(some, all_due, strict=True):
            wait = due - time.perf_counter()
            if wait > 0:
                time.sleep(wait)
            answers.append(self.ledger.submit_transfers(_of_now(one)))
            answers[-1].add_done_callback(heard(due))
        for answer in answers:
            answer.result()
        return {**self._since(before, count), "latencies_s": latencies}

    def filled(self, rows: int, count: int) -> dict[str, Any]:
        """Post batches until there are so many transfers in the journal."""
        missing = count - self.ledger.state().transfer_count
        return self.closed(rows, 8, 3_600, max(0, -(-missing // rows)))


def _columns(types: Mapping[str, Any], rows: int, **values: Any) -> pa.RecordBatch:
    """Return columns of an API's types; what is one value is repeated."""
    made = {
        name: pa.array(np.broadcast_to(values[name], rows).astype(kind.to_pandas_dtype()))
        for name, kind in types.items()
    }
    return pa.record_batch(made)


def _of_now(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Give a batch ids of this moment, as a caller makes them: older ones are asked for on disk."""
    high = (time.time_ns() // 1_000_000 << 16) | 0x7000
    at = batch.schema.get_field_index("id_hi")
    return batch.set_column(at, "id_hi", pa.array(np.full(batch.num_rows, high, np.uint64)))


def _resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def _orders() -> Iterator[dict[str, Any]]:
    for line in sys.stdin:
        yield json.loads(line)


def _say(**words: Any) -> None:
    print(json.dumps(words), flush=True)


def _load() -> None:
    """Load the code of a ledger, so that opening one is measured without it."""
    from yunjin.foundation.ledger.service import cell, ledger, writer

    check.that(all((cell, ledger, writer)), "expected the ledger's code, was none")


def main(home: Path, cell: int, checkpoint_transfers: int) -> None:
    """Serve orders to the end of standard input; whoever started it may kill it before."""
    _load()
    served = Served(home, cell, checkpoint_transfers)
    _say(
        cpu_s=time.process_time(),
        opened_s=served.opened_s,
        opened_cpu_s=served.opened_cpu_s,
        transfers=served.ledger.state().transfer_count,
    )
    for order in _orders():
        _say(**getattr(served, order.pop("do"))(**order))
    os._exit(0)  # what is durable is durable; a peaceful end would write a checkpoint


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
