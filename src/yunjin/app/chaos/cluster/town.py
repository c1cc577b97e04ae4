"""The town that is struck: data centres, each with a node of a set and a cell's process.

Three of them in one city; or two cities, with a witness in a third that has a vote and no data.
"""

import json
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx

from yunjin.app.chaos.cluster import jumpy
from yunjin.app.chaos.cluster.cable import Line
from yunjin.app.chaos.cluster.nemesis import Fault, Planned
from yunjin.app.chaos.cluster.net import CENTRES, Net
from yunjin.app.cluster.starting import BRISK, COMMAND, start
from yunjin.foundation.database.domain.topology import read_topology
from yunjin.foundation.database.service.fleet import Fleet
from yunjin.kernel.errors import Problem

SET: Final = "s1"
CELL: Final = 1
_HTTP, _FLIGHT = 8420, 8421
_COMMAND: Final = f"from yunjin.app.chaos.cluster import jumpy; jumpy.install(); {COMMAND}"
_NODE: Final = (
    '  {{ name = "n{c}", host = "h{c}", port = 3306, galera_port = 4567, ist_port = 4568, '
    "sst_port = 4444 }},"
)
_OPTIONS: Final = '{ innodb_buffer_pool_size = "64M", innodb_log_file_size = "64M" }'
_HEALED_S: Final = 90
_BY_ITSELF_S: Final = {"lan": 6.0, "wan": 30.0}  # nodes that run find each other within that
_SLOW: Final = Line(100, 20)  # what a line is struck with


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """Where a town has what.

    nodes : data centres with a node and a process of the cell each.
    witness : the one with a vote without data; "": none.
    profile : of the set: lan or wan.
    """

    nodes: tuple[str, ...] = CENTRES
    witness: str = ""
    profile: str = "lan"

    @property
    def centres(self) -> tuple[str, ...]:
        """All data centres."""
        return (*self.nodes, self.witness) if self.witness else self.nodes


ONE_CITY: Final = Shape()
TWO_CITIES: Final = Shape(nodes=("a", "b"), witness="w", profile="wan")


class Town:
    """Everything that runs, and the hand that strikes it."""

    def __init__(self, home: Path, net: Net, shape: Shape = ONE_CITY) -> None:
        self._home, self.net, self._shape = home, net, shape
        self.fleet = Fleet(read_topology(self._text()), home=home / "fleet")
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._lock, self._is_over = threading.Lock(), False
        self.struck = 0

    def _text(self) -> str:
        shape, lines = self._shape, []
        for c in shape.centres:
            city = c if shape.witness else "here"
            lines += [
                f'[data_centres.{c}]\ncity = "{city}"',
                f'[hosts.h{c}]\ndata_centre = "{c}"\naddress = "{self.net.address(c)}"\n'
                f'folder = "{self._home}/{c}"\nreach = "namespace"\n'
                f'namespace = "{self.net.namespace(c)}"',
            ]
        nodes = "\n".join(_NODE.format(c=c) for c in shape.nodes)
        witness = f'witness = {{ host = "h{shape.witness}" }}\n' if shape.witness else ""
        lines.append(
            f'[sets.{SET}]\ncells = [{CELL}]\nprofile = "{shape.profile}"\n{witness}'
            f"options = {_OPTIONS}\nnodes = [\n{nodes}\n]"
        )
        return "\n".join(lines)

    @contextmanager
    def open(self) -> Iterator["Town"]:
        """Have the town for a block."""
        try:
            self.fleet.create(SET)
            for centre in self._shape.nodes:
                self._start(centre)
            yield self
        finally:
            with self._lock:  # a timer may be about to start one
                self._is_over = True
            for process in self._processes.values():
                process.kill()
                process.wait()
            for node in self.fleet.nodes(SET):
                node.kill()
            for arbitrator in self._arbitrators():
                arbitrator.stop()

    def addresses(self) -> list[str]:
        """Return where the cell's processes take batches."""
        return [f"grpc://{self.net.address(centre)}:{_FLIGHT}" for centre in self._shape.nodes]

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
            Fault.DELAY: lambda: self._cut(planned),
            Fault.SET_KILL: self._hit_set,
        }
        acts[planned.fault]()

    def _hit_cell(self, planned: Planned, how: signal.Signals, *, writes: bool = True) -> None:
        writer = self.writer()
        centres = [c for c in self._shape.nodes if (c == writer) is writes]
        if not centres:  # nobody writes just now: whoever comes first is hit
            centres = [self._shape.nodes[0]]
        process = self._processes[centres[0]]
        process.send_signal(how)
        if how is signal.SIGSTOP:
            self._later(planned.lasts_s, lambda: process.send_signal(signal.SIGCONT))
        else:
            process.wait()
            self._later(planned.lasts_s, lambda: self._start_again(centres[0]))

    def _jump(self, planned: Planned) -> None:
        """Step the writer's wall clock; its steady clock goes on."""
        self._clock_of(self.writer() or self._shape.nodes[0]).write_text(f"{planned.jump_s:+d}")

    def _hit_node(self, planned: Planned, how: signal.Signals) -> None:
        struck: Any = self.fleet.arbitrator(SET)
        if planned.centre in self._shape.nodes:
            struck = self.fleet.node(SET, f"n{planned.centre}")
        pid = struck.pid()
        if not pid:
            return
        struck.machine.send(pid, how)
        if how is signal.SIGSTOP:
            self._later(planned.lasts_s, lambda: struck.machine.send(pid, signal.SIGCONT))

    def _cut(self, planned: Planned) -> None:
        if planned.fault is Fault.CENTRE_ALONE:
            self.net.isolate(planned.centre)
        elif planned.fault is Fault.ONE_WAY:
            self.net.cut(planned.centre, planned.other, both_ways=False)
        elif planned.fault is Fault.DELAY:
            self.net.slow(planned.centre, _SLOW)
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
                self._start_again(centre)
            self._clock_of(centre).write_text("+0")
        for one in (*self.fleet.nodes(SET), *self._arbitrators()):
            if pid := one.pid():
                one.machine.send(pid, signal.SIGCONT)
        for arbitrator in self._arbitrators():
            arbitrator.start()
        until, helped_at = time.monotonic() + _HEALED_S, time.monotonic()
        while not self._is_whole():
            if time.monotonic() > until:
                raise TimeoutError(f"the set was not whole after {_HEALED_S} s: {self._said()}")
            if time.monotonic() - helped_at > _BY_ITSELF_S[self._shape.profile]:
                with suppress(Problem):
                    self._help()
                helped_at = time.monotonic()
            time.sleep(0.2)
        while self.writer() is None:
            if time.monotonic() > until + _HEALED_S:
                raise TimeoutError("nobody writes the cell after all was mended")
            time.sleep(0.1)

    def _arbitrators(self) -> list[Any]:
        found = self.fleet.arbitrator(SET)
        return [] if found is None else [found]

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
        for centre in self._shape.nodes:
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

    def _start_again(self, centre: str) -> None:
        """Start a process that is dead, unless somebody did, or all is over."""
        with self._lock:
            if not self._is_over and self._processes[centre].poll() is not None:
                self._start(centre)

    def _start(self, centre: str) -> None:
        folder, address = self._home / f"cell-{centre}", self.net.address(centre)
        folder.mkdir(parents=True, exist_ok=True)
        self._clock_of(centre).write_text("+0")
        self._processes[centre] = start(
            ["cell"],
            folder,
            url=self.fleet.url(SET, first=f"n{centre}"),  # of its own data centre
            port=_HTTP,
            flight_port=_FLIGHT,
            ledger={**BRISK, "cell": CELL, "checkpoint_transfers": 2_000},
            more={"YUNJIN_HTTP__LISTEN": address, jumpy.VARIABLE: str(self._clock_of(centre))},
            inside=self._inside(centre),
            code=_COMMAND,
            log=folder / "log",
        )

    def _inside(self, centre: str) -> list[str]:
        return ["ip", "netns", "exec", self.net.namespace(centre)]
