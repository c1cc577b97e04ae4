"""Sets of real nodes for tests, where Debian's galera-4 and mariadb-backup are installed.

Goal: what is said of a replicated set is tried on one. Method: three nodes on free loopback ports,
in a folder in memory; a guard that outlives even a killed test process ends them. Without the
programs the tests are skipped, and pytest's last lines say so.
"""

import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import pymysql
import pytest

from tests.ports import free_ports
from yunjin.app.cluster.stage import missing_programs
from yunjin.foundation.database.domain.topology import read_topology
from yunjin.foundation.database.service.fleet import Fleet

# Its input ends when whoever started it does, in whatever way.
_GUARD = """
cat >/dev/null
find "$1" -name pid | while read -r file; do kill -9 "$(cat "$file")"; done
rm -rf "$1"
"""
OPTIONS = (
    'options = { innodb_buffer_pool_size = "64M", innodb_log_file_size = "64M", '
    'gcache_size = "64M", innodb_flush_log_at_trx_commit = 1 }'
)


@dataclass
class Sets:
    """A fleet for one test: what it says is kept."""

    folder: Path
    said: list[str] = field(default_factory=list)

    def fleet(self, text: str) -> Fleet:
        """Return the fleet of a text."""
        return Fleet(read_topology(text), home=self.folder / "secrets", tell=self.said.append)


def node_line(name: str, host: str, ports: Sequence[int] = ()) -> str:
    """Return the line of a node in fleet.toml."""
    port, galera, ist, sst = ports or free_ports(4)
    return (
        f'  {{ name = "{name}", host = "{host}", port = {port}, galera_port = {galera}, '
        f"ist_port = {ist}, sst_port = {sst} }},"
    )


def described(folder: Path, sets: dict[str, Sequence[str]], *, more: str = "") -> str:
    """Return a fleet.toml of three data centres of this machine; set → its nodes' names.

    Parameters
    ----------
    more : lines that each set gets.
    """
    lines = []
    ports = iter(free_ports(4 * sum(map(len, sets.values()))))  # all at once: no two alike
    for centre in "abc":
        lines += [f'[data_centres.{centre}]\ncity = "shenzhen"']
        lines += [f'[hosts.h{centre}]\ndata_centre = "{centre}"\naddress = "127.0.0.1"']
        lines += [f'folder = "{folder}/{centre}"']
    for name, nodes in sets.items():
        lines += [f"[sets.{name}]", OPTIONS, more, "nodes = ["]
        lines += [
            node_line(node, f"h{'abc'[at % 3]}", list(islice(ports, 4)))
            for at, node in enumerate(nodes)
        ]
        lines += ["]"]
    return "\n".join(lines) + "\n"


@contextmanager
def guarded() -> Iterator[Sets]:
    """Give a folder for nodes, and end whatever runs in it afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="yj-g-", dir=_memory()))  # short: a socket's path
    guard = subprocess.Popen(
        ["sh", "-c", _GUARD, "sh", str(folder)],
        stdin=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield Sets(folder)
    finally:
        guard.communicate()


def _memory() -> str | None:
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


@pytest.fixture(scope="module")
def sets() -> Iterator[Sets]:
    """A folder for real sets, or skipped tests that say why."""
    missing = ", ".join(missing_programs())
    if missing:
        pytest.skip(f"needs Galera: apt-get install galera-4 mariadb-backup socat ({missing})")
    with guarded() as found:
        yield found


def connect(url: str, node: int = 0) -> pymysql.Connection:
    """Connect to one node of a set's URL."""
    user, _, rest = url.removeprefix("mysql://").partition(":")
    password, _, rest = rest.partition("@")
    places, _, database = rest.partition("/")
    host, _, port = places.split(",")[node].partition(":")
    return pymysql.connect(
        host=host,
        port=int(port),
        user=user,
        password=password,
        database=database,
        autocommit=True,
        connect_timeout=10,
    )


def ask(connection: pymysql.Connection, statement: str) -> list[tuple[object, ...]]:
    """Run a statement and return its rows."""
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return list(cursor.fetchall())
