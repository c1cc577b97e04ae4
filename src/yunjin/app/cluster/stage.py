"""The demo's stage: a set, a cell, customers, and the blows that are dealt to them."""

import fcntl
import re
import shutil
import signal
import socket
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from yunjin.app import fleet_example
from yunjin.app.cluster.customers import Customers
from yunjin.app.cluster.errors import DemoRuns, FolderRefused, NoPrograms
from yunjin.app.cluster.processes import Place, Processes
from yunjin.app.fleet_example import PORTS
from yunjin.client import CellClient
from yunjin.foundation.database.api.topology import Beat, Blow, CellSeen, Strike
from yunjin.foundation.database.domain.rendering import PROVIDER
from yunjin.foundation.database.domain.topology import Topology, read_topology
from yunjin.foundation.database.errors import SetRefused
from yunjin.foundation.database.service.fleet import Fleet
from yunjin.kernel.errors import Bug, NotFound, Refusal

SET: Final = "s1"
_PAUSE_S: Final = 5.0  # how long a paused process sleeps
_DEADLINE_S: Final = 2  # then a batch is sent again, to whoever writes by then
_PATIENCE_S: Final = 600
_KEPT: Final = 20
_PROGRAMS: Final = (
    "mariadbd",
    "mariadb",
    "mariadb-install-db",
    "mariadb-backup",
    "rsync",
    "socat",
    "ss",
)
_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_SHORT: Final = re.compile(r"/[A-Za-z0-9_./-]{1,57}")


def missing_programs(shape: fleet_example.Shape = fleet_example.Shape.CENTRES) -> list[str]:
    """Return what a set cannot run without and is not installed here."""
    wanted = (*_PROGRAMS, "garbd") if shape is fleet_example.Shape.CITIES else _PROGRAMS
    missing = [name for name in wanted if shutil.which(name, path=_PATH) is None]
    return missing if Path(PROVIDER).exists() else [*missing, PROVIDER]


def check_programs(shape: fleet_example.Shape = fleet_example.Shape.CENTRES) -> None:
    """See that a set can run here. Raises: NoPrograms."""
    missing = missing_programs(shape)
    if missing:
        raise NoPrograms(
            f"A cluster needs MariaDB with Galera; missing here: {', '.join(missing)}. On "
            "Debian: apt-get install mariadb-server galera-4 mariadb-backup rsync socat iproute2 "
            "(and galera-arbitrator-4 for a witness)"
        )


def free_ports(count: int, *, beyond: int = 20_999) -> int:
    """Return the first of so many neighbouring free ports."""
    for first in range(beyond + 1, 32_000, count):
        try:
            for port in range(first, first + count):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", port))
        except OSError:
            continue
        return first
    raise Refusal(f"expected {count} free ports in a row between 21000 and 32000, were none")


class Stage:
    """Data centres of a node and a process of the cell for each (StagePort).

    Parameters
    ----------
    home : folder of everything; it is made anew where there is none.
    tell : hears what is being done.
    shape : where the nodes are, of a stage that is made anew.
    """

    def __init__(
        self,
        home: Path,
        tell: Callable[[str], None],
        shape: fleet_example.Shape = fleet_example.Shape.CENTRES,
    ) -> None:
        self._home, self._tell, self._shape = home, tell, shape
        # the wall clock may be set back while this runs, the steady one not
        self._zero_us = (time.time_ns() - time.monotonic_ns()) // 1_000
        self._blows: list[Blow] = []
        self._lock = threading.Lock()
        self._fleet: Fleet | None = None
        self._processes = Processes([])
        self._customers: Customers | None = None
        self.file = home / "fleet.toml"

    @property
    def fleet(self) -> Fleet:
        """Return the fleet. Raises: Bug before `open`."""
        if self._fleet is None:
            raise Bug("expected an open stage, was none")
        return self._fleet

    @property
    def answered(self) -> int:
        """How many transfers customers got an answer to."""
        return self._customers.answered if self._customers is not None else 0

    def open(self) -> None:
        """Bring everything up. Raises: NoPrograms, and what a fleet raises."""
        check_programs(self._shape)
        nodes = str(self._home / "nodes")
        if not _SHORT.fullmatch(nodes):  # longer by two it is a node's, whose socket is inside
            raise FolderRefused(
                "expected a folder whose path is short (58 characters with /nodes) and of letters, "
                f"digits, _ . - and /, was {nodes}: name another one with --home."
            )
        self._home.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._take_folder()
        if not self.file.exists():
            self.file.write_text(fleet_example.text(nodes, free_ports(PORTS), self._shape))
        topology = read_topology(self.file.read_text())
        self._fleet = Fleet(topology, home=self._home / "fleet", tell=self._tell)
        self._processes = Processes(self._places(topology))
        for name in self._processes.end_strays():
            self._tell(f"{name} still ran, of a demo that was killed: ended")
        self._open_set()
        self._tell(f"{len(self._processes.places)} processes of the cell, one a node")
        self._processes.start()
        addresses = [place.address for place in self._processes.places]
        client = CellClient(addresses, deadline_s=_DEADLINE_S, patience_s=_PATIENCE_S)
        self._customers = Customers(client, now_us=self._now_us)
        self._tell("customers open their accounts and pay")
        self._customers.open()
        self._customers.start()

    def _take_folder(self) -> None:
        """Be the only demo in this folder, as long as this process lives. Raises: DemoRuns."""
        self._owned = (self._home / "lock").open("w")
        try:
            fcntl.flock(self._owned, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DemoRuns(
                f"Another demo runs in {self._home}: stop it, or name another folder with --home."
            ) from None

    def _open_set(self) -> None:
        """Start the set, or make it; nodes that still run are taken over."""
        nodes = self.fleet.nodes(SET)
        made = self._home / "made"
        if not made.exists():
            for node in nodes:  # what was begun and never finished
                node.kill()
            for folder in [self._home / "nodes", *(one.folder for one in self._processes.places)]:
                shutil.rmtree(folder, ignore_errors=True)
            self.fleet.create(SET)
            made.touch()
            return
        running = [node for node in nodes if node.pid()]
        if running:
            names = ", ".join(node.name for node in running)
            self._tell(f"{names} still run, of a demo that was killed: taken over")
        for node in running:  # one may have been told to sleep
            node.machine.send(node.pid(), signal.SIGCONT)
        try:
            self.fleet.start(SET)
        except SetRefused:  # those that run have no majority: nobody else lives, all begin anew
            for node in nodes:
                node.kill()
            self.fleet.start(SET)

    def _places(self, topology: Topology) -> list[Place]:
        # the nodes' own ports are free as long as no node runs
        one = topology.set_of(SET)
        witness = 0 if one.witness is None else one.witness.port
        beyond = max(witness, *(node.sst_port for node in one.nodes))
        first, made = free_ports(6, beyond=beyond), []
        for number, node in enumerate(one.nodes):
            name = f"cell-{node.name.removeprefix(SET)}"
            made.append(
                Place(
                    name=name,
                    data_centre=topology.host(node.host).data_centre,
                    folder=self._home / name,
                    port=first + 2 * number,
                    flight_port=first + 2 * number + 1,
                    url=self.fleet.url(SET, first=node.name),
                )
            )
        return made

    # what is seen -------------------------------------------------------------------------------

    def cells(self) -> Sequence[CellSeen]:
        return self._processes.seen()

    def beats(self, after_us: int = -1) -> Sequence[Beat]:
        return self._customers.beats(after_us) if self._customers is not None else ()

    def blows(self) -> Sequence[Blow]:
        with self._lock:
            self._blows = [self._settled(blow) for blow in self._blows]
            return list(reversed(self._blows))

    def _settled(self, blow: Blow) -> Blow:
        if blow.is_over or self._customers is None:
            return blow
        waited_ms, is_over = self._customers.waited(blow.at_us)
        return replace(blow, waited_ms=waited_ms, is_over=is_over)

    def _now_us(self) -> int:
        return self._zero_us + time.monotonic_ns() // 1_000

    # what is done -------------------------------------------------------------------------------

    def strikes(self) -> Sequence[Strike]:
        made = [
            Strike(
                id="writer-kill",
                zh="杀死正在写入的单元进程",
                en="Kill the cell's writing process",
            ),
            Strike(
                id="writer-pause",
                zh="让写入进程沉睡五秒",
                en="Let the writing process sleep for 5 s",
            ),
        ]
        topology = self.fleet.topology
        for node in topology.set_of(SET).nodes:
            name, centre = node.name, topology.host(node.host).data_centre
            made += [
                Strike(
                    id=f"node-kill:{name}",
                    zh=f"杀死数据库节点 {name}",
                    en=f"Kill node {name}",
                    data_centre=centre,
                ),
                Strike(
                    id=f"node-pause:{name}",
                    zh=f"让节点 {name} 沉睡五秒",
                    en=f"Let node {name} sleep for 5 s",
                    data_centre=centre,
                ),
                Strike(
                    id=f"centre-off:{centre}",
                    zh=f"机房 {centre} 断电",
                    en=f"Power off data centre {centre}",
                    data_centre=centre,
                ),
            ]
        made.append(
            Strike(id="set-kill", zh="杀死全部数据库节点", en="Kill every database node at once")
        )
        return made

    def strike(self, strike_id: str) -> Blow:
        chosen = next((one for one in self.strikes() if one.id == strike_id), None)
        if chosen is None:
            raise NotFound("There is no such fault here.", strike_id=strike_id[:60])
        kind, _, target = strike_id.partition(":")
        acts: dict[str, Callable[[], None]] = {
            "writer-kill": lambda: self._hit_writer(signal.SIGKILL),
            "writer-pause": lambda: self._hit_writer(signal.SIGSTOP),
            "node-kill": lambda: self.fleet.node(SET, target).kill(),
            "node-pause": lambda: self._pause_node(target),
            "centre-off": lambda: self._hit_centre(target),
            "set-kill": self._hit_set,
        }
        at_us = self._now_us()
        acts[kind]()
        blow = Blow(at_us=at_us, strike=chosen, waited_ms=0, is_over=False)
        with self._lock:
            self._blows = [*self._blows[1 - _KEPT :], blow]
        return blow

    def _hit_writer(self, how: signal.Signals) -> None:
        writer = self._processes.writer()
        if writer is None:
            raise NotFound("Nobody writes the cell just now.")
        self._processes.signal(writer, how)
        if how is signal.SIGSTOP:
            self._later(lambda: self._processes.signal(writer, signal.SIGCONT))

    def _pause_node(self, name: str) -> None:
        node = self.fleet.node(SET, name)
        if pid := node.pid():
            node.machine.send(pid, signal.SIGSTOP)
            self._later(lambda: node.machine.send(pid, signal.SIGCONT))

    def _hit_centre(self, centre: str) -> None:
        for place in self._processes.places:
            if place.data_centre == centre:
                self._processes.signal(place, signal.SIGKILL)
        for node in self.fleet.topology.set_of(SET).nodes:
            if self.fleet.topology.host(node.host).data_centre == centre:
                self.fleet.node(SET, node.name).kill()

    def _hit_set(self) -> None:
        for node in self.fleet.nodes(SET):
            node.kill()

    def _later(self, act: Callable[[], None]) -> None:
        timer = threading.Timer(_PAUSE_S, act)
        timer.daemon = True
        timer.start()

    def close(self) -> None:
        """Stop customers, processes and nodes, in this order, as far as they came up."""
        if self._fleet is None:
            return
        try:
            self._stop()
        finally:
            self._owned.close()

    def _stop(self) -> None:
        self._tell("stopping in order: customers, processes of the cell, nodes")
        if self._customers is not None:
            self._customers.close()
        self._processes.close()
        for node in self.fleet.nodes(SET):
            if pid := node.pid():
                node.machine.send(pid, signal.SIGCONT)  # one that sleeps does not stop
        self.fleet.stop(SET)
