"""What the doctor does with its hands: each remedy, through the fleet."""

import re
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from yunjin.foundation.database.adapters.galera import NodeServer
from yunjin.foundation.database.api.doctor import Finding, Remedy
from yunjin.foundation.database.api.fleet import NodeStatus, SetStatus
from yunjin.foundation.database.domain.doctor.observation import LEFT, CellSight
from yunjin.foundation.database.errors import NodeFailed, RemedyFailed
from yunjin.foundation.database.service.fleet import Fleet
from yunjin.kernel import check

_STOP_WAIT_S: Final = 30
_JOIN_WAIT_S: Final = 3_600  # a whole copy takes as long as the data are large
_LEFT_LOOKS: Final = 20
_HELPERS: Final = "wsrep_sst|socat|mariabackup|mariadb-backup|mbstream"
SET_CLOCK: Final = ("chronyc", "-a", "makestep")


class Cells(Protocol):
    """The ledger's cells, as far as the doctor sees and moves them."""

    def sights(self, set_name: str) -> Sequence[CellSight]:
        """Return what is seen of the cells that are bound to a set. Raises nothing."""

    def take_over(self, cell: int) -> str:
        """Ask a cell's standby to take over; return what came of it. Raises: Outage."""


class NoCells:
    """Where no cell is watched."""

    def sights(self, set_name: str) -> Sequence[CellSight]:
        """Return none."""
        return ()

    def take_over(self, cell: int) -> str:
        """Refuse: nobody told this doctor of cells."""
        raise RemedyFailed(f"No standby of cell {cell} is known here.", cell=cell)


class Hands:
    """Applies remedies to a fleet's sets.

    Parameters
    ----------
    set_clock : the command that steps a host's clock.
    """

    def __init__(
        self, fleet: Fleet, *, cells: Cells | None = None, set_clock: Sequence[str] = SET_CLOCK
    ) -> None:
        self._fleet, self._cells, self._set_clock = fleet, cells or NoCells(), tuple(set_clock)
        self._ways: dict[Remedy, Callable[[Finding], str]] = {
            Remedy.RESTART: self._restart,
            Remedy.REBUILD: self._rebuild,
            Remedy.BOOTSTRAP: self._bootstrap,
            Remedy.START_ALL: self._start_all,
            Remedy.KILL: self._kill,
            Remedy.DESYNC: lambda finding: self._desync(finding, "ON"),
            Remedy.RESYNC: lambda finding: self._desync(finding, "OFF"),
            Remedy.FENCE: self._fence,
            Remedy.READ_ONLY: self._read_only,
            Remedy.BRING_BACK: self._bring_back,
            Remedy.SET_CLOCK: self._step_clock,
            Remedy.TAKE_OVER: lambda finding: self._cells.take_over(int(finding.subject)),
        }

    def apply(self, finding: Finding) -> str:
        """Apply a finding's remedy; return what came of it, in words.

        Raises: RemedyFailed, NodeFailed, NodeRefused, SetRefused, HostUnreachable.
        """
        check.that(finding.remedy is not None, "expected a finding with a remedy, was none")
        return self._ways[finding.remedy](finding) if finding.remedy else ""

    def _node(self, finding: Finding) -> NodeServer:
        return self._fleet.node(finding.set_name, finding.node)

    def _restart(self, finding: Finding) -> str:
        if finding.code == "witness-gone":
            return self._start_arbitrator(finding)
        node = self._node(finding)
        if node.pid():
            node.kill()  # hung: it answers nobody, and a signal to stop would wait for ever
        if finding.code == "node-dead-too":
            at = node.position()
            node.start(at)
            return f"started at {at.seqno}; there is no majority to join yet"
        return self._joined(node)

    def _start_arbitrator(self, finding: Finding) -> str:
        arbitrator = self._fleet.arbitrator(finding.set_name)
        if arbitrator is None:
            raise RemedyFailed(f"Set {finding.set_name} has no arbitrator.")
        arbitrator.start()
        return "started"

    def _joined(self, node: NodeServer) -> str:
        """Start a node; tell how it got what it missed, by the lines that its log grew by."""
        log = node.places.log
        self._sweep(node)
        size = int(node.machine.run(["stat", "-c", "%s", log]).text or 0)
        self._fleet.check_start([node])
        node.start(node.position())
        seen = node.wait(_Arrival(), wait_s=_JOIN_WAIT_S)
        if not seen.is_synced:
            raise NodeFailed(
                f"Node {node.name} left the set while it joined. Its log ends: "
                f"{node.machine.tail(log)}",
                node=node.name,
            )
        node.sign()
        news = node.machine.run(["tail", "-c", f"+{size + 1}", log]).text
        return f"in step at {seen.seqno}, {received(news)} was received"

    def _sweep(self, node: NodeServer) -> None:
        """End what a copy that broke off left running: it keeps the node's ports.

        A server leads a session of its own, named by its process id, and so do its helpers.
        """
        session = node.machine.read(node.places.pid).strip()
        if session.isdecimal():
            node.machine.run(["pkill", "-KILL", "-s", session, "-f", _HELPERS])

    def _rebuild(self, finding: Finding) -> str:
        node = self._node(finding)
        donors = [one.name for one in self._serving(finding) if one.name != node.name]
        if not donors:
            raise RemedyFailed(
                f"Node {node.name} is not rebuilt: no other node has its data.", node=node.name
            )
        node.kill()
        node.machine.remove(node.places.data)
        node.sign()
        return self._joined(node)

    def _serving(self, finding: Finding) -> list[NodeServer]:
        status: SetStatus = self._fleet.status(finding.set_name)
        return [
            self._fleet.node(finding.set_name, one.name) for one in status.nodes if one.is_synced
        ]

    def _bootstrap(self, finding: Finding) -> str:
        lost = str(finding.figures.get("lost", ""))
        names = [name for name in lost.split(", ") if name]
        seen = self._fleet.bootstrap(finding.set_name, lost=names)
        return "in a majority again: " + ", ".join(one.name for one in seen.nodes if one.is_synced)

    def _start_all(self, finding: Finding) -> str:
        seen = self._fleet.start(finding.set_name)
        return ", ".join(f"{one.name} at {one.seqno}" for one in seen.nodes)

    def _kill(self, finding: Finding) -> str:
        self._node(finding).ask(f"KILL CONNECTION {int(finding.subject)}")
        return "rolled back"

    def _desync(self, finding: Finding, switch: str) -> str:
        self._node(finding).ask(f"SET GLOBAL wsrep_desync = {switch}")
        return f"wsrep_desync {switch}"

    def _fence(self, finding: Finding) -> str:
        node = self._node(finding)
        try:
            node.stop(wait_s=_STOP_WAIT_S)
        except NodeFailed:  # a full disk may keep it from ending in order
            node.kill()
            return "ended at once"
        return "stopped in order"

    def _read_only(self, finding: Finding) -> str:
        self._node(finding).ask("SET GLOBAL read_only = ON")
        return "read-only"

    def _bring_back(self, finding: Finding) -> str:
        node = self._node(finding)
        if not node.pid():
            return self._joined(node)
        node.ask("SET GLOBAL read_only = OFF")
        return "takes writes again"

    def _step_clock(self, finding: Finding) -> str:
        node = self._node(finding)
        ran = node.machine.run(self._set_clock)
        if ran.code:
            raise RemedyFailed(
                f"{self._set_clock[0]} on host {node.machine.name}: {ran.complaint}",
                node=node.name,
            )
        return ran.text.strip()[:200] or "stepped"


class _Arrival:
    """Whether a node that was started is in step, or has given up while its process goes on.

    A transfer that breaks off may leave a server that runs, answers and belongs to nobody.
    """

    def __init__(self) -> None:
        self._looks = 0

    def __call__(self, seen: NodeStatus) -> bool:
        self._looks = self._looks + 1 if seen.cluster_status == LEFT else 0
        return seen.is_synced or self._looks >= _LEFT_LOOKS


def received(log: str) -> str:
    """Return how a node got what it missed, as the log of its start tells: nothing, IST or SST.

    Galera ends both with "SST received"; in an IST what it names is where the node began.
    """
    began = re.findall(r"--wsrep-start-position=([0-9a-f-]+:-?\d+)", log)
    copied = re.findall(r"SST received: ([0-9a-f-]+:-?\d+)", log)
    if copied and copied[-1] not in began:
        return "SST"
    return "IST" if "Receiving IST" in log else "nothing"
