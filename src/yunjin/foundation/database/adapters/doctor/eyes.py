"""One look at every node of a set: servers and hosts at once, the witness where one is silent."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Final

from yunjin.foundation.database.adapters.doctor import hosts, witnesses
from yunjin.foundation.database.adapters.doctor.lateness import Lateness
from yunjin.foundation.database.adapters.doctor.servers import ServerProbe
from yunjin.foundation.database.adapters.galera import NodeServer
from yunjin.foundation.database.adapters.machines import Machine
from yunjin.foundation.database.domain.doctor.observation import (
    CellSight,
    Observation,
    Round,
    Sight,
)
from yunjin.foundation.database.domain.topology import Node
from yunjin.kernel.clock import Clock

_HOST_EVERY_MS: Final = 5_000  # of a node that is well: its server has said so
_HOST_FACTS: Final = (
    "life",
    "pid",
    "age_s",
    "saved_history",
    "saved_seqno",
    "last_view",
    "is_resting",
    "disk_free",
    "disk_total",
    "fsync_us",
    "disk_fault",
    "tls_days",
    "clock_offset_ms",
    "clock_error_ms",
)


@dataclass(slots=True)
class _Known:
    """What a host told last, and when."""

    facts: Observation
    at_ms: int


class Eyes:
    """Looks at one set.

    Parameters
    ----------
    machine : returns a host by its name.
    password : of the doctor's user.
    cells : tells of the cells that are bound to the set.
    tls_ca : the file of whom its servers must be signed by; empty: they speak no TLS.
    """

    def __init__(
        self,
        nodes: Sequence[NodeServer],
        *,
        machine: Callable[[str], Machine],
        password: str,
        clock: Clock,
        lateness: Lateness,
        cells: Callable[[], Sequence[CellSight]] = tuple,
        tls_ca: str = "",
    ) -> None:
        self._nodes, self._machine, self._clock = tuple(nodes), machine, clock
        self._lateness, self._cells = lateness, cells
        self._plan, self._fleet = nodes[0].set, nodes[0].fleet
        self.servers = {
            node.name: ServerProbe(
                node.name,
                address=self._fleet.host(node.node.host).address,
                port=node.node.port,
                password=password,
                clock=clock,
                tls_ca=tls_ca,
            )
            for node in nodes
        }
        self._known: dict[str, _Known] = {}
        self._pool = ThreadPoolExecutor(2 * len(nodes) + 1, thread_name_prefix="doctor-eyes")

    def look(self) -> Round:
        """Return what there is to see. Raises nothing: what does not answer is seen as such."""
        started_ms = self._now_ms()
        seen = tuple(self._pool.map(self._of, self._nodes))
        sights, witness = self._witnessed(seen)
        return Round(
            at_ms=started_ms,
            observations=seen,
            late_ms=self._lateness.take_ms(self._plan.name),
            sights=sights,
            witness=witness,
            cells=tuple(self._cells()),
        )

    def close(self) -> None:
        """Close the connections."""
        self._pool.shutdown(wait=True)
        for each in self.servers.values():
            each.close()

    def _now_ms(self) -> int:
        return self._clock.monotonic_ns() // 1_000_000

    def _of(self, node: NodeServer) -> Observation:
        known = self._known.get(node.name)
        is_fresh = known is not None and self._now_ms() - known.at_ms < _HOST_EVERY_MS
        if known is not None and is_fresh:
            seen = self.servers[node.name].look(known.facts)
            if seen.is_synced:
                return seen
        asked = self._pool.submit(hosts.look, node, self._clock)
        seen = self.servers[node.name].look(Observation(node=node.name))
        facts = asked.result()
        self._known[node.name] = _Known(facts, self._now_ms())
        why = "; ".join(one for one in (facts.why, seen.why) if one)
        told = {name: getattr(facts, name) for name in _HOST_FACTS}
        return replace(seen, why=why, **told)

    def _witnessed(self, seen: Sequence[Observation]) -> tuple[Mapping[str, Sight] | None, str]:
        """Ask the witness about the nodes that do not answer, where there are any."""
        silent = {one.node for one in seen if not one.answers}
        about = [node.node for node in self._nodes if node.name in silent]
        for host in self._witnesses(about) if about else ():
            found = witnesses.sights(self._machine(host), self._fleet, about)
            if found is not None:
                return found, host
        return None, ""

    def _witnesses(self, about: Sequence[Node]) -> list[str]:
        """The set's own witness; else the hosts of the nodes that answer, before the others'."""
        if self._plan.witness is not None:
            return [self._plan.witness.host]
        silent = {node.host for node in about}
        all_hosts = dict.fromkeys(node.node.host for node in self._nodes)
        return sorted(all_hosts, key=lambda host: host in silent)
