"""The PostgreSQL peer: a server of its own on loopback, fsync and synchronous_commit on.

Batches of 8,000 go in as arrays, a set at a time; single transfers come from 16 clients of pgbench,
prepared. Elsewhere, on a quiet 2-core machine, this way reached about 81,000 and 8,700 transfers/s
(over 10,000 accounts); a run far below that is not fair.
"""

import glob
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.measuring import measured
from benchmarks.peers.sqlite_rows import Pace

BATCH_ROWS = 8_000
SINGLE_CLIENTS = 16
REACHED_ELSEWHERE = {"set": 81_000, "single": 8_700}
_SINGLE = """\\set d random(1, :accounts)
\\set c random(1, :accounts - 1)
\\set credit (:d + :c - 1) % :accounts + 1
select post(nextval('transfer_id'), :d, :credit, 100);
"""
_SET = """select batch_post(id, debit, credit, amount) from batches
  where n = (select nextval('batch_number'));
"""


def programs() -> Path | None:
    """Return the folder of PostgreSQL's server programs, None where it is not installed."""
    places = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"), reverse=True)
    found = places[0] if places else shutil.which("initdb")
    return Path(found).parent if found else None


@dataclass(frozen=True)
class Server:
    """A running server with the peer's tables."""

    bin: Path
    folder: Path
    pid: int
    version: str
    accounts: int

    def sql(self, text: str) -> str:
        """Run SQL; return what it says."""
        return _run([self.bin / "psql", *self._where, "-qAtX", "-v", "ON_ERROR_STOP=1"], text)

    @property
    def _where(self) -> list[str]:
        return ["-h", str(self.folder), "-U", "postgres", "-d", "postgres"]

    def run_set(self, *, batches: int, is_hot: bool = False) -> Pace:
        """Post batches of 8,000 that were made before; return how fast it went."""
        chance = np.random.default_rng(1)
        [first] = self.sql("select coalesce(max(id), 0) from transfers").split()
        lines = []
        for number in range(1, batches + 1):
            ids = int(first) + number * BATCH_ROWS + np.arange(BATCH_ROWS)
            debit = chance.integers(1, self.accounts + 1, BATCH_ROWS)
            if is_hot:
                debit[:] = 1
            step = chance.integers(1, self.accounts, BATCH_ROWS)
            credit = (debit + step - 1) % self.accounts + 1
            amount = np.full(BATCH_ROWS, 100)
            arrays = (
                "{" + ",".join(map(str, column)) + "}" for column in (ids, debit, credit, amount)
            )
            lines.append(f"{number}\t" + "\t".join(arrays))
        copied = "\n".join(["truncate batches;", "copy batches from stdin;", *lines, "\\.", ""])
        self.sql(copied)
        self.sql("alter sequence batch_number restart; checkpoint;")
        return self._bench(_SET, ["-c", "1", "-t", str(batches)], batches * BATCH_ROWS)

    def run_single(self, *, seconds: int) -> Pace:
        """Post single transfers from 16 clients; return how fast it went."""
        self.sql("select setval('transfer_id', coalesce(max(id), 0) + 1000) from transfers;")
        self.sql("checkpoint;")
        words = ["-c", str(SINGLE_CLIENTS), "-j", "2", "-M", "prepared", "-T", str(seconds)]
        return self._bench(_SINGLE, [*words, "-D", f"accounts={self.accounts}"], None)

    def _bench(self, script: str, words: list[str], count: int | None) -> Pace:
        path = self.folder / "script.sql"
        path.write_text(script)
        command = [self.bin / "pgbench", *self._where[:4], "-n", *words, "-f", path, "postgres"]
        with measured(server=self.pid) as took:
            said = _run(command)
        done = re.search(r"actually processed: (\d+)", said)
        if done is None or "failed transactions: 0 " not in said:
            raise RuntimeError(f"expected pgbench to succeed, was: {said}")
        pace = re.search(r"tps = ([\d.]+) \(without", said)
        if pace is None:
            raise RuntimeError(f"expected a pace from pgbench, was: {said}")
        calls = int(done[1])
        rows = count if count is not None else calls
        per_second = float(pace[1]) * rows / calls
        return Pace(per_second, took.per_million(rows, "server"))

    def check(self) -> None:
        """Hold debits against credits. Raises: RuntimeError."""
        difference = self.sql("select sum(debits_posted) - sum(credits_posted) from accounts")
        if difference.strip() not in ("0", ""):
            raise RuntimeError(f"expected debits to equal credits, was {difference}")


@contextmanager
def server(*, accounts: int) -> Iterator[Server | None]:
    """Run a server with so many accounts for a block; None where PostgreSQL is not installed."""
    found = programs()
    if found is None:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="yunjin-pg-") as name:
        folder = Path(name)
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres", "postgres")
        data = folder / "data"
        _run([found / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "--no-sync"])
        with _started(found, folder, data) as process:
            version = _run([found / "postgres", "--version"]).split()[2]
            made = Server(found, folder, process.pid, version, accounts)
            made.sql((Path(__file__).parent / "postgres.sql").read_text())
            made.sql(
                "insert into accounts select g, 1, 0, 0, false from"
                f" generate_series(1, {accounts}) g;"
            )
            made.sql("vacuum analyze;")
            yield made
            made.check()


@contextmanager
def _started(found: Path, folder: Path, data: Path) -> Iterator["subprocess.Popen[bytes]"]:
    memory_mb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 20
    options = {
        "listen_addresses": "",  # its socket in the folder alone
        "unix_socket_directories": str(folder),
        "fsync": "on",
        "synchronous_commit": "on",
        "shared_buffers": f"{min(4_096, memory_mb // 4)}MB",
        "max_wal_size": "16GB",
        "checkpoint_timeout": "30min",
    }
    words = [found / "postgres", "-D", data, *(f"--{k}={v}" for k, v in options.items())]
    with (folder.parent / f"{folder.name}.log").open("wb") as log:
        process = subprocess.Popen(_as_postgres(words), stdout=log, stderr=log)
        try:
            ready = [found / "pg_isready", "-q", "-t", "30", "-h", folder]
            for _ in range(300):
                if subprocess.run(_as_postgres(ready), check=False).returncode == 0:
                    break
                if process.poll() is not None:
                    raise RuntimeError("expected PostgreSQL to start, was an end of it")
                subprocess.run(["sleep", "0.1"], check=True)
            yield process
        finally:
            process.terminate()
            process.wait(60)
            Path(log.name).unlink()


def _as_postgres(words: list[str | Path]) -> list[str]:
    """Return a command as the user postgres runs it: the server refuses root."""
    plain = [str(word) for word in words]
    if os.geteuid() != 0:
        return plain
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", *plain]


def _run(words: list[str | Path], text: str | None = None) -> str:
    done = subprocess.run(
        _as_postgres(words), input=text, capture_output=True, text=True, check=False, cwd="/"
    )
    if done.returncode:
        raise RuntimeError(f"expected {words[0]} to succeed, was: {done.stderr[-2_000:]}")
    return done.stdout
