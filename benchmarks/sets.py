"""A set of three database nodes on this machine, and cells over it, for benchmarks.

The nodes are as `yunjin fleet create` makes them, with the settings that it gives to a LAN; only
the caches are smaller, since all share one machine. Every node syncs each commit to the disk.
"""

import re
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from benchmarks.running import say
from tests.ports import free_port
from yunjin.app.cluster.errors import NoPrograms
from yunjin.app.cluster.stage import check_programs
from yunjin.app.cluster.starting import start
from yunjin.foundation.database.domain.topology import read_topology
from yunjin.foundation.database.service.fleet import Fleet

SET: Final = "s1"
NODES: Final = ("n1", "n2", "n3")
_OPENED: Final = re.compile(r"http://127\.0\.0\.1:(\d+)/.*grpc://127\.0\.0\.1:(\d+)")
_TOPOLOGY: Final = """
[data_centres.a]
city = "here"
[hosts.h1]
data_centre = "a"
address = "127.0.0.1"
folder = "{folder}"
[sets.s1]
cells = [1, 2]
profile = "{profile}"
options = {{ innodb_buffer_pool_size = "256M", innodb_log_file_size = "512M" }}
nodes = [
{nodes}
]
"""


def is_possible() -> bool:
    """Tell whether the programs of a set are on this machine."""
    try:
        check_programs()
    except NoPrograms:
        return False
    return True


@contextmanager
def galera(profile: str = "lan") -> Iterator[Fleet]:
    """Run a set of three nodes for a block, its files on the disk that TMPDIR chooses."""
    check_programs()
    with tempfile.TemporaryDirectory(prefix="yj-") as name:  # short: a socket's path has 107 bytes
        nodes = "\n".join(_node(node) for node in NODES)
        text = _TOPOLOGY.format(folder=f"{name}/nodes", profile=profile, nodes=nodes)
        fleet = Fleet(read_topology(text), home=Path(name) / "secrets", tell=say)
        try:
            fleet.create(SET)
            yield fleet
        finally:
            for node in fleet.nodes(SET):
                node.kill()


def _node(name: str) -> str:
    ports = {key: free_port() for key in ("port", "galera_port", "ist_port", "sst_port")}
    fields = ", ".join(f"{key} = {port}" for key, port in ports.items())
    return f'  {{ name = "{name}", host = "h1", {fields} }},'


def pid_of(fleet: Fleet, node: str) -> int:
    """Return the process of a node."""
    pid = fleet.node(SET, node).pid()
    if not pid:
        raise RuntimeError(f"expected node {node} to run, was stopped")
    return pid


@dataclass
class Cell:
    """A process of a cell, as `yunjin cell` starts it."""

    process: "subprocess.Popen[str]"
    address: str  # grpc://HOST:PORT
    folder: Path
    web: str  # http://HOST:PORT

    @property
    def pid(self) -> int:
        return self.process.pid

    def kill(self, how: signal.Signals = signal.SIGKILL) -> None:
        """End it, in no order."""
        self.process.send_signal(how)
        self.process.wait(60)


def start_cell(home: Path, url: str, **settings: object) -> Cell:
    """Start a process of cell 1 whose journal is on a set, and wait until it listens."""
    made = _start("cell", home, url, settings, {})
    pipe = _pipe_of(made)
    said = []
    for line in pipe:
        said.append(line)
        if _OPENED.search(line):
            threading.Thread(target=_drain, args=(pipe,), daemon=True).start()
            return made
    raise RuntimeError(f"expected the cell to open, was: {''.join(said)}")


def start_bank(home: Path, url: str, **settings: object) -> Cell:
    """Start a bank whose journal and tables are on a set; one that stands by listens later."""
    tables = {"YUNJIN_DATABASE__URL": url.replace("mysql://", "mysql+pymysql://", 1)}
    made = _start("serve", home, url, settings, tables)
    threading.Thread(target=_drain, args=(_pipe_of(made),), daemon=True).start()
    return made


def _start(
    command: str, home: Path, url: str, settings: dict[str, object], more: dict[str, str]
) -> Cell:
    port, flight_port = free_port(), free_port()
    process = start(
        [command], home, url=url, port=port, flight_port=flight_port, ledger=settings, more=more
    )
    where = (f"http://127.0.0.1:{port}", f"grpc://127.0.0.1:{flight_port}")
    return Cell(process, where[1], home, where[0])


def _pipe_of(cell: Cell) -> IO[str]:
    if cell.process.stderr is None:
        raise RuntimeError("expected a pipe from the process, was none")
    return cell.process.stderr


@contextmanager
def cells(folder: Path, url: str, count: int, **settings: object) -> Iterator[list[Cell]]:
    """Run a cell in several processes for a block: one writes, the others stand by."""
    with ExitStack() as stack:
        made: list[Cell] = []
        for number in range(count):
            one = start_cell(folder / f"p{number}", url, stands_by=count > 1, **settings)
            stack.callback(_end, made, one)
            made.append(one)
        yield made


def _end(made: list[Cell], one: Cell) -> None:
    if one.process.poll() is None:
        one.process.terminate()
        one.process.wait(120)


def _drain(pipe: IO[str]) -> None:
    for line in pipe:
        if '"warning"' not in line:  # nodes that were killed on purpose are told of by the dozen
            sys.stderr.write(line)
