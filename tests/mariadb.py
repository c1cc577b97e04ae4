"""A private MariaDB server for tests, where Debian's mariadb-server is installed.

Goal: what is tested on SQLite is tested on a real server too. Method: one server a test process
(so safe under xdist), in a temporary folder, on a socket and a free loopback port, started at the
first use and stopped at exit; each test gets an empty database. Without the program the tests are
skipped, and pytest's last lines say so.
"""

import atexit
import ctypes
import functools
import itertools
import os
import queue
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path

import pymysql
import pytest

from tests.ports import free_port

_PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
_PR_SET_PDEATHSIG = 1
Orders = queue.SimpleQueue[tuple[list[str], Future[subprocess.Popen[bytes]]]]


@dataclass
class MariaDb:
    """A running server."""

    port: int
    socket: Path
    command: list[str]
    log: Path
    process: subprocess.Popen[bytes] | None = None
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def start(self) -> None:
        """Start the server and wait until it answers, also after a kill.

        One that is about to come up is waited for: two would fight for the same files.
        """
        if self.process is None or self.process.poll() is not None:
            self.process = spawned(self.command)
        for _ in range(1_200):
            if self.is_up():
                return
            try:
                self.process.wait(timeout=0.1)
            except subprocess.TimeoutExpired:
                continue
            break
        raise RuntimeError(f"expected MariaDB to start, was:\n{self.log.read_text()[-2000:]}")

    def kill(self) -> None:
        """Kill -9: what was not synced inside the server is gone."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def stop(self) -> None:
        """Stop in order; used at exit."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.kill()

    def fresh_url(self) -> str:
        """Return the URL of a new, empty database."""
        name = f"yunjin_{next(self._numbers)}"
        self.ask(f"CREATE DATABASE {name} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin")
        return f"mysql+pymysql://root@127.0.0.1:{self.port}/{name}"

    def ask(self, statement: str) -> list[tuple[object, ...]]:
        """Run a statement as the server's root, outside of what is tested."""
        connection = self._connect()
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement)
                return list(cursor.fetchall())
        finally:
            connection.close()

    def kill_connections_of(self, database: str) -> int:
        """Cut every connection to a database, as a failing network or an operator does."""
        found = self.ask(f"SELECT id FROM information_schema.processlist WHERE db = '{database}'")
        for [number] in found:
            self.ask(f"KILL HARD CONNECTION {number}")
        return len(found)

    def is_up(self) -> bool:
        try:
            self._connect().close()
        except pymysql.err.OperationalError:
            return False
        return True

    def _connect(self) -> pymysql.Connection:
        return pymysql.connect(unix_socket=str(self.socket), user="root", autocommit=True)


def _program(name: str) -> str | None:
    return shutil.which(name, path=_PATH)


def spawned(command: list[str]) -> subprocess.Popen[bytes]:
    """Start a program that dies with this process, however that ends.

    The kernel kills it when the *thread* that started it ends, so that is one which never does.
    """
    answer: Future[subprocess.Popen[bytes]] = Future()
    _orders().put((command, answer))
    return answer.result()


@functools.cache
def _orders() -> Orders:
    orders: Orders = queue.SimpleQueue()

    def serve() -> None:
        while True:
            command, answer = orders.get()
            try:
                process = subprocess.Popen(
                    command,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    preexec_fn=_die_with_parent,
                )
            except OSError as error:
                answer.set_exception(error)
            else:
                answer.set_result(process)

    threading.Thread(target=serve, daemon=True).start()
    return orders


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


@functools.cache
def server() -> MariaDb | None:
    """Return this process's server, None where the program is not installed."""
    daemon, install = _program("mariadbd"), _program("mariadb-install-db")
    if daemon is None or install is None:
        return None
    folder = Path(tempfile.mkdtemp(prefix="yj-db-"))  # short: a socket's path has 107 bytes
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    user = ["--user=root"] if os.geteuid() == 0 else []
    data, log = folder / "data", folder / "log.err"
    subprocess.run(
        [
            install,
            "--no-defaults",
            *user,
            f"--datadir={data}",
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
        ],
        check=True,
        capture_output=True,
        timeout=120,
    )
    port, path = free_port(), folder / "s.sock"
    command = [
        daemon,
        "--no-defaults",
        *user,
        f"--datadir={data}",
        f"--tmpdir={folder}",  # in a shared one, another server's start deletes our temporary files
        f"--socket={path}",
        f"--pid-file={folder / 'pid'}",
        f"--log-error={log}",
        "--bind-address=127.0.0.1",
        f"--port={port}",
        "--skip-name-resolve",
        "--innodb-flush-log-at-trx-commit=1",
        "--innodb-buffer-pool-size=64M",
        "--innodb-log-file-size=32M",
        "--max-connections=100",
    ]
    found = MariaDb(port=port, socket=path, command=command, log=log)
    atexit.register(found.stop)
    found.start()
    return found


@pytest.fixture
def mariadb() -> MariaDb:
    """The server, or a skipped test that says why."""
    found = server()
    if found is None:
        pytest.skip("needs MariaDB: apt-get install mariadb-server")
    if not found.is_up():  # whatever befell it before: every test begins with a server
        found.start()
    return found


@pytest.fixture(params=["sqlite", pytest.param("mariadb", marks=pytest.mark.mariadb)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database, once on SQLite and once on MariaDB."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'rooms.db'}"
    server_found: MariaDb = request.getfixturevalue("mariadb")
    return server_found.fresh_url()
