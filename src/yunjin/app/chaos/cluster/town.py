"""The town that is struck: three data centres, each with a node of a set and a cell's process."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import httpx

from yunjin.app.chaos.cluster import jumpy
from yunjin.app.chaos.cluster.nemesis import Fault, Planned
from yunjin.app.chaos.cluster.net import CENTRES, Net
from yunjin.foundation.database.domain.topology import read_topology
from yunjin.foundation.database.service.fleet import Fleet
from yunjin.kernel.errors import Problem

SET: Final = "s1"
CELL: Final = 1
_HTTP, _FLIGHT = 8420, 8421
_COMMAND: Final = (
    "from yunjin.app.chaos.cluster import jumpy; jumpy.install(); "
    "from yunjin.app.cli import main; main()"
)
_NODE: Final = (
    '  {{ name = "n{c}", host = "h{c}", port = 3306, galera_port = 4567, ist_port = 4568, '
    "sst_port = 4444 }},"
)
_OPTIONS: Final = '{ innodb_buffer_pool_size = "64M", innodb_log_file_size = "64M" }'
_HEALED_S: Final = 90
_BY_ITSELF_S: Final = 6.0  # a set whose nodes run finds itself together within that


class Town:
    """Everything that runs, and the hand that strikes it."""

    def __init__(self, home: Path, net: Net) -> None:
        self._home, self.net = home, net
        self.fleet = Fleet(read_topology(self._text()), home=home / "fleet")
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self.struck = 0

    def _text(self) -> str:
        lines = [f'[data_centres.{c}]\ncity = "here"' for c in CENTRES]
        lines += [
            f'[hosts.h{c}]\ndata_centre = "{c}"\naddress = "{self.net.address(c)}"\n'
            f'folder = "{self._home}/{c}"\nreach = "namespace"\n'
            f'namespace = "{self.net.namespace(c)}"'
            for c in CENTRES
        ]
        nodes = "\n".join(_NODE.format(c=c) for c in CENTRES)
        lines.append(
            f'[sets.{SET}]\ncells = [{CELL}]\nprofile = "lan"\noptions = {_OPTIONS}\n'
            f"nodes = [\n{nodes}\n]"
        )
        return "\n".join(lines)

    @contextmanager
    def open(self) -> Iterator["Town"]:
        """Have the town for a block."""
        try:
            self.fleet.create(SET)
            for centre in CENTRES:
                self._start(centre)
            yield self
        finally:
            for process in self._processes.values():
                process.kill()
                process.wait()
            for node in self.fleet.nodes(SET):
                node.kill()

    def addresses(self) -> list[str]:
        """Return where the cell's processes take batches."""
        return [f"grpc://{self.net.address(centre)}:{_FLIGHT}" for centre in CENTRES]

    # strikes ------------------------------------------------------------------------------------

    def strike(self, planned: Planned) -> None:
        """Make a fault; one that ends by itself is ended by a timer."""
        self.struck += 1
        acts = {
            Fault.CELL_KILL: lambda: self._hit_cell(planned, signal.SIGKILL),
            Fault.CELL_SLEEP: lambda: self._hit_cell(planned, signal.SIGSTOP),
            Fault.CELL_CLOCK: lambda: self._jump(planned),
            Fault.STANDBY_KILL: lambda: self._hit_cell(planned, signal.SIGKILL, writes=False),
            Fault.NODE_KILL: lambda: self._hit_node(planned, signal.SIGKILL),
            Fault.NODE_SLEEP: lambda: self._hit_node(planned, signal.SIGSTOP),
            Fault.CENTRE_ALONE: lambda: self._cut(planned),
            Fault.ONE_WAY: lambda: self._cut(planned),
            Fault.LOSS: lambda: self._cut(planned),
            Fault.SET_KILL: self._hit_set,
        }
        acts[planned.fault]()

    def _hit_cell(self, planned: Planned, how: signal.Signals, *, writes: bool = True) -> None:
        writer = self.writer()
        centres = [c for c in CENTRES if (c == writer) is writes]
        if not centres:  # nobody writes just now: whoever comes first is hit
            centres = [planned.centre]
        process = self._processes[centres[0]]
        process.send_signal(how)
        if how is signal.SIGSTOP:
            self._later(planned.lasts_s, lambda: process.send_signal(signal.SIGCONT))
        else:
            process.wait()
            self._later(planned.lasts_s, lambda: self._start(centres[0]))

    def _jump(self, planned: Planned) -> None:
        """Step the writer's wall clock; its steady clock goes on."""
        self._clock_of(self.writer() or planned.centre).write_text(f"{planned.jump_s:+d}")

    def _hit_node(self, planned: Planned, how: signal.Signals) -> None:
        node = self.fleet.node(SET, f"n{planned.centre}")
        pid = node.pid()
        if not pid:
            return
        node.machine.send(pid, how)
        if how is signal.SIGSTOP:
            self._later(planned.lasts_s, lambda: node.machine.send(pid, signal.SIGCONT))

    def _cut(self, planned: Planned) -> None:
        if planned.fault is Fault.CENTRE_ALONE:
            self.net.isolate(planned.centre)
        elif planned.fault is Fault.ONE_WAY:
            self.net.cut(planned.centre, planned.other, both_ways=False)
        else:
            self.net.lose(planned.centre, 10)
        self._later(planned.lasts_s, self.net.heal)

    def _hit_set(self) -> None:
        for node in self.fleet.nodes(SET):
            node.kill()

    def _later(self, after_s: float, act: Any) -> None:
        def safely() -> None:
            with suppress(Problem, OSError):
                act()

        timer = threading.Timer(after_s, safely)
        timer.daemon = True
        timer.start()

    # healing ------------------------------------------------------------------------------------

    def heal(self) -> None:
        """Mend cables, wake sleepers, start what is dead, as a doctor does; wait for a writer.

        Raises: Problem where the set cannot be brought back; TimeoutError.
        """
        self.net.heal()
        for centre, process in self._processes.items():
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
            else:
                self._start(centre)
            self._clock_of(centre).write_text("+0")
        for node in self.fleet.nodes(SET):
            if pid := node.pid():
                node.machine.send(pid, signal.SIGCONT)
        until, helped_at = time.monotonic() + _HEALED_S, time.monotonic()
        while not self._is_whole():
            if time.monotonic() > until:
                raise TimeoutError(f"the set was not whole after {_HEALED_S} s: {self._said()}")
            if time.monotonic() - helped_at > _BY_ITSELF_S:
                with suppress(Problem):
                    self._help()
                helped_at = time.monotonic()
            time.sleep(0.2)
        while self.writer() is None:
            if time.monotonic() > until + _HEALED_S:
                raise TimeoutError("nobody writes the cell after all was mended")
            time.sleep(0.1)

    def _is_whole(self) -> bool:
        return all(node.is_synced for node in self.fleet.status(SET).nodes)

    def _help(self) -> None:
        """Do what a doctor does who knows that nothing is cut any more."""
        if any(node.is_synced for node in self.fleet.status(SET).nodes):
            self.fleet.start(SET)
            return
        for node in self.fleet.nodes(SET):  # those that run wait for each other in vain
            node.kill()
        self.fleet.start(SET)

    def _said(self) -> str:
        return ", ".join(f"{x.name} {x.state or x.why or 'down'}" for x in self._statuses())

    def _statuses(self) -> list[Any]:
        return list(self.fleet.status(SET).nodes)

    # processes ----------------------------------------------------------------------------------

    def writer(self) -> str | None:
        """Return the data centre of the process that writes, None where nobody says."""
        for centre in CENTRES:
            try:
                address = f"http://{self.net.address(centre)}:{_HTTP}/v1/cell"
                found = httpx.get(address, timeout=0.5, trust_env=False).json()
            except (httpx.HTTPError, json.JSONDecodeError):
                continue
            if found.get("is_writer"):
                return centre
        return None

    def _clock_of(self, centre: str) -> Path:
        return self._home / f"clock-{centre}"

    def _start(self, centre: str) -> None:
        folder, address = self._home / f"cell-{centre}", self.net.address(centre)
        folder.mkdir(parents=True, exist_ok=True)
        self._clock_of(centre).write_text("+0")
        chosen = {
            "YUNJIN_HOME": str(folder),
            "YUNJIN_HTTP__LISTEN": address,
            "YUNJIN_HTTP__PORT": str(_HTTP),
            "YUNJIN_HTTP__FLIGHT_PORT": str(_FLIGHT),
            "YUNJIN_LEDGER__CELL": str(CELL),
            "YUNJIN_LEDGER__JOURNAL_URL": self._url_from(centre),
            "YUNJIN_LEDGER__CODEC": "lz4",
            "YUNJIN_LEDGER__STANDS_BY": "true",
            "YUNJIN_LEDGER__LEASE_S": "1",
            "YUNJIN_LEDGER__FOLLOW_MS": "50",
            "YUNJIN_LEDGER__CHECKPOINT_TRANSFERS": "2000",
        }
        kept = {k: v for k, v in os.environ.items() if not k.startswith("YUNJIN_")}
        with (folder / "log").open("ab") as log:
            self._processes[centre] = subprocess.Popen(
                [*self._inside(centre), sys.executable, "-c", _COMMAND, "cell"],
                stdout=log,
                stderr=log,
                env={**kept, **chosen, jumpy.VARIABLE: str(self._clock_of(centre))},
            )

    def _inside(self, centre: str) -> list[str]:
        return ["ip", "netns", "exec", self.net.namespace(centre)]

    def _url_from(self, centre: str) -> str:
        """Return the set's URL with the node of a process's own data centre first."""
        login, _, rest = self.fleet.url(SET).partition("@")
        hosts, _, database = rest.rpartition("/")
        own = f"{self.net.address(centre)}:"
        ordered = sorted(hosts.split(","), key=lambda host: not host.startswith(own))
        return f"{login}@{','.join(ordered)}/{database}"
