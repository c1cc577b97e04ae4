"""Goal: the benchmarks run, print the keys that are promised, and measure what they say.

Method: each runs small (slow lane); the pieces they measure with are held against known costs.
"""

import json
import os
import socketserver
import subprocess
import sys
import threading
from collections.abc import Iterator
from itertools import repeat
from pathlib import Path

import pytest
from typer.testing import CliRunner

from benchmarks import load, sets
from benchmarks.measuring import machine, measured
from benchmarks.peers import postgres
from tests.data import ROOT
from yunjin.app.cli import app
from yunjin.app.commands.bench import names

POSTGRES: dict[str, set[str]] = {
    "ledger": {"postgres_set_per_s", "ratio_to_postgres"},
    "http": {"postgres_single_per_s"},
}
KEYS = {
    "cluster": {"transfers_per_s", "ratio_to_row_sql", "cell_cpu_s_per_million", "batch_p99_ms"},
    "dayclose": {"accounts_per_s", "settle_per_s", "ratio_to_scalar", "cpu_s_per_million"},
    "drawings": {"instances_per_cpu_s", "code_instances_per_cpu_s", "moved_per_cpu_s"},
    "events": {
        "events_per_s",
        "in_process_events_per_s",
        "r1_events_per_s",
        "r3_events_per_s",
        "r3_cpu_s_per_million",
    },
    "failover": {"cell_rto_s", "node_rto_s", "node_wan_rto_s", "set_rto_s"},
    "faults": {"node_killed_done_s", "set_killed_well_s"},
    "flows": {
        "steps_per_cpu_s",
        "row_steps_per_cpu_s",
        "sleeping_bytes_per_flow",
        "sleeping_wake_lag_s",
        "recovery_s",
    },
    "ledger": {
        "transfers_per_s",
        "sqlite_rows_per_s",
        "ratio_to_sqlite_rows",
        "hot_ratio",
        "lookups_per_s",
        "cpu_s_per_million",
    },
    "http": {"http_transfers_per_cpu_s", "p50_ms", "p99_ms", "cpu_s_per_million"},
    "planning": {
        "error_throughput_pct",
        "error_p99_pct",
        "error_recovery_pct",
        "measured_throughput_9",
        "measured_p99_9",
        "measured_recovery_9",
    },
    "migrate": {"agreements_per_s", "cpu_s_per_million", "whole_agreements_per_s"},
    "payments": {"cpu_s_per_million", "payments_per_s"},
    "reconcile": {"lines_per_s", "cpu_s"},
    "payroll": {"seconds", "cpu_s", "ratio_to_bar"},
    "posting": {"cpu_s_per_million", "batch_cpu_s_per_million", "entries_per_s", "p99_ms"},
    "products": {"seconds"},
    "record-day": {"payments_per_s", "p99_ms", "cpu_s_per_million"},
    "recovery": {"replay_per_s", "open_from_snapshot_s", "cpu_s_per_million"},
    "saga": {"per_s", "p99_ms", "cpu_s_per_million", "paced_p99_ms"},
    "simulate": {"ms"},
}


ON_A_SET = {"cluster", "failover", "faults", "record-day"}


@pytest.mark.slow
@pytest.mark.parametrize("name", KEYS)
def test_a_benchmark_prints_the_keys_it_promises(name: str) -> None:
    if name in ON_A_SET and not sets.is_possible():
        pytest.skip("needs mariadb-server, galera-4, mariadb-backup and rsync")
    words = [sys.executable, "-m", f"benchmarks.{name.replace('-', '_')}", "--json", "--quick"]
    real = {name: value for name, value in os.environ.items() if name != "TMPDIR"}
    # on the machine's own disk: a benchmark is about it, and PostgreSQL's own user can go there
    done = subprocess.run(words, cwd=ROOT, env=real, stdout=subprocess.PIPE, text=True, check=True)
    figures = json.loads(done.stdout)
    assert set(figures) >= KEYS[name]
    if postgres.programs() is not None:
        assert set(figures) >= POSTGRES.get(name, set())
    assert all(figures[key] > 0 for key in KEYS[name])
    assert figures["machine"]["cores"] == os.cpu_count()
    assert figures["quick"] is True


def test_the_benchmarks_are_those_of_the_checkout() -> None:
    assert names() == sorted(KEYS)
    refused = CliRunner().invoke(app, ["bench", "speed"])
    assert refused.exit_code == 2
    assert "expected one of cluster, dayclose" in refused.output


def test_the_cost_of_a_child_is_counted_also_after_its_end() -> None:
    burn = "x = 0\nfor i in range(6_000_000): x += i"
    with measured(here=os.getpid()) as took:
        subprocess.run([sys.executable, "-c", burn], check=True)
    assert took.cpu_s["here"] > 0.1
    assert took.seconds > 0.1
    assert took.per_million(1_000_000, "here") == pytest.approx(took.cpu_s["here"])


def test_the_facts_of_a_machine_name_versions_and_no_place() -> None:
    facts = json.dumps(machine())
    assert "numpy" in facts
    assert str(Path.home()) not in facts


class Slow(socketserver.StreamRequestHandler):
    """Answers every request; one that asks for it late, and in two pieces."""

    def handle(self) -> None:
        while line := self.rfile.readline():
            size = 0
            while line.strip():
                if line.lower().startswith(b"content-length:"):
                    size = int(line.split(b":")[1])
                line = self.rfile.readline()
            body = self.rfile.read(size)
            status = b"409 Conflict" if b"refuse" in body else b"201 Created"
            head, rest = b"HTTP/1.1 " + status + b"\r\ncontent-length: 2\r\n", b"\r\nok"
            if b"late" in body:
                self.wfile.write(head)
                threading.Event().wait(0.2)
                head = b""
            self.wfile.write(head + rest)


@pytest.fixture
def port() -> Iterator[int]:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Slow) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def request(body: str) -> bytes:
    return f"POST / HTTP/1.1\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()


def test_a_closed_loop_counts_what_was_created_and_what_was_not(port: int) -> None:
    bodies = iter([request("yes")] * 50 + [request("refuse")] * 3)
    answered = load.closed(port, bodies, connections=4, seconds=60)
    assert answered.created == 50
    assert len(answered.refused) == 3
    assert len(answered.latencies_ms) == 53


def test_an_open_loop_does_not_hide_a_stall(port: int) -> None:
    """One connection, one answer 200 ms late: all that fell due meanwhile waited too."""
    bodies = iter([request("late"), *repeat(request("yes"), 400)])
    answered = load.opened(port, bodies, connections=1, seconds=0.4, per_second=500)
    assert answered.created == 200
    assert sum(latency > 50 for latency in answered.latencies_ms) > 50
