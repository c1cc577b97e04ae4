"""A bank in a process of its own, as `yunjin serve` starts it, in a temporary folder."""

import os
import re
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np

from benchmarks.measuring import rss_peak_mb
from yunjin import client

LEDGER, CODE, BATCH_ROWS = 1, 7, 8_190
LIMITED = 2  # AccountFlag.DEBITS_MUST_NOT_EXCEED_CREDITS
LIMIT_MINOR = 10**15
_COMMAND = "from yunjin.app.cli import main; main()"
_OPENED = re.compile(r"http://127\.0\.0\.1:(\d+)/.*grpc://127\.0\.0\.1:(\d+)")


@dataclass(frozen=True)
class Served:
    """Where the bank listens, and its process."""

    http_port: int
    flight_port: int
    pid: int

    def connect(self, *, deadline_s: int = 60) -> client.Client:
        """Return a new Flight client."""
        return client.connect(f"grpc://127.0.0.1:{self.flight_port}", deadline_s=deadline_s)

    @property
    def memory_mb(self) -> int:
        """The most memory it has held, MiB."""
        return rss_peak_mb(self.pid)


@contextmanager
def served(home: Path, settings: Mapping[str, str] | None = None) -> Iterator[Served]:
    """Run a bank for a block; settings as in the environment, beside the usual ones."""
    chosen = {"YUNJIN_HTTP__PORT": "0", "YUNJIN_HTTP__FLIGHT_PORT": "0", "YUNJIN_HOME": str(home)}
    chosen.update(settings or {})
    words = [sys.executable, "-c", _COMMAND, "serve"]
    process = subprocess.Popen(
        words, stderr=subprocess.PIPE, text=True, env={**os.environ, **chosen}
    )
    try:
        if process.stderr is None:
            raise RuntimeError("expected a pipe from the bank, was none")
        said = []
        for line in process.stderr:
            said.append(line)
            found = _OPENED.search(line)
            if found:
                break
        else:
            raise RuntimeError(f"expected the bank to open, was: {''.join(said)}")
        threading.Thread(target=_drain, args=(process.stderr,), daemon=True).start()
        yield Served(int(found[1]), int(found[2]), process.pid)
    finally:
        process.terminate()
        process.wait(120)


def _drain(pipe: IO[str]) -> None:
    for line in pipe:
        sys.stderr.write(line)


@contextmanager
def folder() -> Iterator[Path]:
    """Yield a temporary folder on a real disk (TMPDIR chooses which)."""
    with tempfile.TemporaryDirectory(prefix="yunjin-bench-") as name:
        yield Path(name)


def open_accounts(made: client.Client, count: int, *, limited: bool = True) -> np.ndarray:
    """Open accounts in batches; return their ids, int64[count]."""
    made.declare_ledgers({LEDGER: "CNY"})
    ids = made.allot_account_ids(count)
    for start in range(0, count, BATCH_ROWS):
        part = ids[start : start + BATCH_ROWS]
        limits = {"flags": LIMITED, "limit_minor": LIMIT_MINOR} if limited else {}
        answer = made.open_accounts(client.Accounts(id=part, ledger=LEDGER, code=CODE, **limits))
        if answer.column("status").to_numpy().any():
            raise RuntimeError("expected all accounts to be opened, was otherwise")
    return ids
