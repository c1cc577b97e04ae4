"""A host looked at before a node is started there."""

from typing import Final

from yunjin.foundation.database.adapters.galera import NodeServer
from yunjin.foundation.database.adapters.machines import Machine
from yunjin.foundation.database.domain.preflight import NodeFacts
from yunjin.foundation.database.domain.rendering import PROVIDER
from yunjin.kernel.clock import Clock

_PROGRAMS: Final = ("mariadbd", "mariadb", "mariadb-install-db", "mariadb-backup", "socat", "ss")
_LOOK: Final = 'for each; do command -v "$each" >/dev/null || echo "$each"; done'
_MB: Final = 1 << 20


def facts_of(server: NodeServer, clock: Clock) -> NodeFacts:
    """Return what a node's host looks like now. Raises: HostUnreachable."""
    machine, places = server.machine, server.places
    lacks = machine.done(["sh", "-c", _LOOK, "sh", *_PROGRAMS]).text.split()
    if machine.run(["test", "-r", PROVIDER]).code:
        lacks.append("galera-4")
    machine.make_folder(places.folder)
    disk = machine.disk(places.folder)
    return NodeFacts(
        set=server.set.name,
        node=server.node,
        address=server.fleet.host(server.node.host).address,
        data_folder=places.data,
        clock_off_ms=clock_off_ms(machine, clock),
        disk_free_mb=disk.free_bytes // _MB,
        disk_total_mb=disk.total_bytes // _MB,
        has_data=bool(machine.names(places.data)),
        owner=server.owner(),
        listeners={} if "ss" in lacks else machine.listeners(),
        lacks=tuple(lacks),
    )


def clock_off_ms(machine: Machine, clock: Clock) -> int:
    """Return a host's clock less ours, half of the way there and back taken off."""
    before = clock.now_ns()
    there = machine.clock_ns()
    return (there - (before + clock.now_ns()) // 2) // 1_000_000
