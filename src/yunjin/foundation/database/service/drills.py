"""The restore drill: a backup is worth what its restore is, so one is done and compared."""

import shutil
import socket
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from yunjin.foundation.database.adapters.galera import NodeServer
from yunjin.foundation.database.api.fleet import DrillReport, Place
from yunjin.foundation.database.domain.backups import latest, status_place
from yunjin.foundation.database.domain.checksums import (
    TABLES,
    TableSum,
    differences,
    sum_statement,
)
from yunjin.foundation.database.domain.topology import (
    DatabaseSet,
    DataCentre,
    Host,
    Node,
    Topology,
)
from yunjin.foundation.database.errors import RestoreRefused
from yunjin.foundation.database.service.backups import Backups
from yunjin.foundation.database.service.fleet import Fleet
from yunjin.foundation.database.service.resting import resting

_WAIT_S: Final = 24 * 3_600
_REST_S: Final = 3_600  # that doctors keep off, at most: a set that serves should not lack them
_LOOPBACK: Final = "127.0.0.1"
_SMALL: Final[Mapping[str, str | int | bool]] = {
    "innodb_buffer_pool_size": "128M",
    "gcache_size": "16M",
}


class Drills:
    """Restores of backups onto this machine, compared with the set they came from."""

    def __init__(self, fleet: Fleet, backups: Backups, *, folder: Path) -> None:
        self._fleet, self._backups, self._folder = fleet, backups, folder

    def run(self, name: str) -> DrillReport:
        """Restore the newest backup and the journal to this moment, compare, clean up.

        The set goes on serving: what its tables hold is read in one snapshot, whose place in the
        journal is where the restore stops. Until it is read, doctors only look at the set.

        Raises: RestoreRefused, NodeRefused, NodeFailed, HostUnreachable.
        """
        started_ns = self._fleet.clock.monotonic_ns()
        backup = latest(self._backups.shelf(name).backups())
        node = self._fleet.node(name, self._fleet.topology.set_of(name).keeps_journal)
        if self._backups.chain_of(node) != backup.chain:
            raise RestoreRefused(
                f"The journal of set {name} began anew after its last backup, since {node.name} "
                f"was copied from another node. Take a backup: yunjin fleet backup {name}."
            )
        self._fleet.tell(f"{name}: what {node.name} holds is summed up")
        with resting([node], seconds=_REST_S, clock=self._fleet.clock):
            expected, place = sums_at(node)
            self._backups.keep_journal(name)
        scratch_folder = Path(tempfile.mkdtemp(prefix="yj-drill-"))  # short: a socket's path
        try:
            scratch = Fleet(
                _scratch(str(scratch_folder)),
                home=scratch_folder / "secrets",
                clock=self._fleet.clock,
                tell=self._fleet.tell,
            )
            copy = scratch.node("drill", "drill")
            restoring = Backups(scratch, folder=self._folder)
            try:
                stop = [f"--stop-position={place.byte}"]
                restoring.fill(copy, backup, stop, last=place.number)
                found = sums_of(copy)
            finally:
                copy.stop()
        finally:
            shutil.rmtree(scratch_folder, ignore_errors=True)
        return DrillReport(
            set=name,
            backup=backup.id,
            table_count=len(expected),
            row_count=sum(one.row_count for one in expected),
            differences=tuple(differences(expected, found)),
            seconds=(self._fleet.clock.monotonic_ns() - started_ns) // 1_000_000_000,
        )


def sums_of(node: NodeServer) -> list[TableSum]:
    """Return what each table of a node holds now."""
    return [_sum(row) for row in node.ask(_queries(node), wait_s=_WAIT_S)]


def sums_at(node: NodeServer) -> tuple[list[TableSum], Place]:
    """Return what each table of a node held at one moment, and that moment in the journal."""
    # The lock lasts for a moment. Without it the snapshot may be a write set ahead of the place:
    # Galera's appliers make a commit visible before the journal's end is moved.
    place, *rows = node.ask(
        "FLUSH TABLES WITH READ LOCK; START TRANSACTION WITH CONSISTENT SNAPSHOT;\n"
        f"SHOW MASTER STATUS; UNLOCK TABLES;\n{_queries(node)}\nCOMMIT;",
        wait_s=_WAIT_S,
    )
    return [_sum(row) for row in rows], status_place(place)


def _queries(node: NodeServer) -> str:
    tables = node.ask(f"SET SESSION group_concat_max_len = 1000000;{TABLES}")
    return "\n".join(
        sum_statement(schema, table, columns.split("\t")) for schema, table, columns in tables
    )


def _sum(row: tuple[str, ...]) -> TableSum:
    return TableSum(table=row[0], row_count=int(row[1]), digest=row[2])


def _scratch(folder: str) -> Topology:
    ports = _free_ports(4)
    node = Node(
        name="drill",
        host="here",
        port=ports[0],
        galera_port=ports[1],
        ist_port=ports[2],
        sst_port=ports[3],
    )
    return Topology(
        data_centres=(DataCentre(name="here", city="here"),),
        hosts=(Host(name="here", data_centre="here", address=_LOOPBACK, folder=folder),),
        sets=(DatabaseSet(name="drill", nodes=(node,), options=_SMALL),),
    )


def _free_ports(count: int) -> list[int]:
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind((_LOOPBACK, 0))
        return [int(probe.getsockname()[1]) for probe in probes]
    finally:
        for probe in probes:
            probe.close()
