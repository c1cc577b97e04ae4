"""One node of a set: its files, its program, its words."""

import json
import signal
import time
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Final

from yunjin.foundation.database.adapters.certificates import DAYS, Authority, put
from yunjin.foundation.database.adapters.machines import Machine
from yunjin.foundation.database.adapters.secrets import Secrets
from yunjin.foundation.database.api.fleet import NodeStatus, Position
from yunjin.foundation.database.domain.positions import (
    SavedState,
    View,
    read_grastate,
    read_gvwstate,
    read_recovered,
    safe_to_bootstrap,
)
from yunjin.foundation.database.domain.rendering import IDENTITY, Places, render_config
from yunjin.foundation.database.domain.topology import DatabaseSet, Node, Topology
from yunjin.foundation.database.errors import HostUnreachable, NodeFailed, NodeRefused, SqlFailed
from yunjin.kernel.clock import SystemClock

_EVERY_S: Final = 0.1
_OWN_FILES: Final = (IDENTITY, "galera.cache", "gvwstate.dat", "ibtmp1", "journal.*")
_STATUS: Final = """
SHOW GLOBAL STATUS WHERE Variable_name IN ('wsrep_local_state_comment', 'wsrep_cluster_status',
 'wsrep_cluster_size', 'wsrep_ready', 'wsrep_last_committed', 'wsrep_cluster_state_uuid',
 'wsrep_flow_control_paused', 'wsrep_local_recv_queue');
SHOW GLOBAL VARIABLES WHERE Variable_name IN ('read_only', 'version');
"""
_ESCAPES: Final = {"\\n": "\n", "\\t": "\t", "\\0": "\0", "\\\\": "\\"}


class NodeServer:
    """A node, worked on through the machine it is on.

    All methods raise HostUnreachable where the host does not answer.
    """

    def __init__(
        self,
        fleet: Topology,
        one: DatabaseSet,
        node: Node,
        *,
        machine: Machine,
        secrets: Secrets,
        authority: Authority | None = None,
    ) -> None:
        """authority: signs what the node shows the others; none where they speak no TLS."""
        self._authority = authority if fleet.speaks_tls else None
        self.fleet, self.set, self.node, self.machine = fleet, one, node, machine
        self.places = Places.of(fleet.host(node.host), node)
        self._secrets = secrets

    @property
    def name(self) -> str:
        """Return the node's name."""
        return self.node.name

    # -- files ---------------------------------------------------------------------------------

    def install(self) -> None:
        """Make the node's folders and system tables. Raises: NodeRefused where data are there."""
        self.refuse_data()
        self.machine.make_folder(self.places.folder)
        self.machine.done(
            [
                "mariadb-install-db",
                "--no-defaults",
                f"--user={self.machine.user()}",
                f"--datadir={self.places.data}",
                "--auth-root-authentication-method=socket",
                "--skip-test-db",
                "--skip-name-resolve",
            ],
            wait_s=180,
        )
        self.sign()
        self.write_config()

    def refuse_data(self) -> None:
        """Refuse to begin anew where there are data. Raises: NodeRefused."""
        if set(self.machine.names(self.places.data)) - {IDENTITY}:
            raise NodeRefused(
                f"There are data in {self.places.data} of host {self.machine.name} already. Start "
                "the node with them, or move them away before it is made anew.",
                node=self.name,
            )

    def sign(self) -> None:
        """Write into the data folder whose data these are."""
        self.machine.make_folder(self.places.data)
        whose = {"set": self.set.name, "node": self.name}
        self.machine.write(self.places.identity, json.dumps(whose))

    def owner(self) -> Mapping[str, str]:
        """Return whose data the data folder holds; empty where nobody signed it."""
        found = self.machine.read(self.places.identity)
        return json.loads(found) if found else {}

    def write_config(self, extra: Mapping[str, str | int | bool] | None = None) -> None:
        """Write my.cnf as the fleet's file wants it. Raises: Malformed for a strange option."""
        self.machine.make_folder(self.places.folder)
        if self._authority is not None and not self._is_certified(self._authority):
            self.certify()
        text = render_config(
            self.fleet,
            self.set,
            self.node,
            user=self.machine.user(),
            sst_password=self._secrets.sst,
            extra=extra,
        )
        self.machine.write(self.places.config, text)

    def certify(self) -> None:
        """Give the node a new key and certificate; its server reads them when it starts."""
        if self._authority is not None:
            files, address = self.places.tls, self.fleet.host(self.node.host).address
            put(self.machine, files, self._authority.sign(self.name, [address]))
            self.machine.write(files.address, address)
            self.machine.write(
                files.until, str(SystemClock().now_ns() // 1_000_000_000 + DAYS * 86_400)
            )

    def _is_certified(self, authority: Authority) -> bool:
        """Return whether it has a certificate by this authority, for its address."""
        files, address = self.places.tls, self.fleet.host(self.node.host).address
        has = (self.machine.read(files.ca), self.machine.read(files.address))
        return has == (authority.text(), address)

    def speaks_tls(self) -> bool:
        """Return whether the node's file has it speak TLS."""
        return "socket.ssl=YES" in self.machine.read(self.places.config)

    def seed(self) -> bytes:
        """Return the stopped node's data, packed, for other nodes of a set that is being made."""
        return self.machine.pack(self.places.data, without=_OWN_FILES)

    def plant(self, seed: bytes) -> None:
        """Begin with the data of another node. Raises: NodeRefused where data are there."""
        self.refuse_data()
        self.sign()
        self.machine.unpack(self.places.data, seed)
        self.write_config()

    def saved(self) -> SavedState:
        """Return what grastate.dat says."""
        return read_grastate(self.machine.read(f"{self.places.data}/grastate.dat"))

    def view(self) -> View | None:
        """Return the view that gvwstate.dat saved."""
        return read_gvwstate(self.machine.read(f"{self.places.data}/gvwstate.dat"))

    def write_view(self, text: str) -> None:
        """Put gvwstate.dat in place, or take it away."""
        path = f"{self.places.data}/gvwstate.dat"
        if text:
            self.machine.write(path, text)
        else:
            self.machine.remove(path)

    # -- the program ---------------------------------------------------------------------------

    def pid(self) -> int:
        """Return the process id of the node's server, 0 while none runs."""
        written = self.machine.read(self.places.pid).strip()
        if not written.isdecimal():
            return 0
        command = self.machine.command_of(int(written))
        return int(written) if f"--defaults-file={self.places.config}" in command else 0

    def position(self) -> Position:
        """Return where the node starts again: as it says itself, or recovered from its log.

        After a crash Galera's own file has no number; InnoDB's log has.

        Raises: NodeFailed where the data cannot be read.
        """
        saved = self.saved().position
        if saved.seqno >= 0 or "ibdata1" not in self.machine.names(self.places.data):
            return saved
        log = f"{self.places.folder}/recovery.log"
        self.machine.remove(log)
        ran = self.machine.run(
            [
                "mariadbd",
                f"--defaults-file={self.places.config}",
                "--wsrep-recover",
                f"--log-error={log}",
            ],
            wait_s=600,
        )
        found = read_recovered(self.machine.read(log))
        if found is None:
            said = ran.complaint or self.machine.tail(log)
            raise NodeFailed(
                f"The position of node {self.name} could not be recovered: {said}", node=self.name
            )
        return found

    def start(self, position: Position, *, leads: bool = False) -> int:
        """Start the server from a position; return its process id at once.

        Parameters
        ----------
        leads : begin a new view of the set, without asking the others. Only one node may.
        """
        if leads:
            path = f"{self.places.data}/grastate.dat"
            state = self.machine.read(path)
            if state:
                self.machine.write(path, safe_to_bootstrap(state))
        words = ["mariadbd", f"--defaults-file={self.places.config}"]
        if position.seqno >= 0:
            words.append(f"--wsrep-start-position={position}")
        if leads:
            words.append("--wsrep-new-cluster")
        return self.machine.start(words, pid=self.places.pid, log=self.places.log)

    def wait(
        self, is_so: Callable[[NodeStatus], bool] = lambda seen: seen.is_synced, *, wait_s: int = 60
    ) -> NodeStatus:
        """Wait until the node is as wanted (in step with its set), and return how it is.

        Raises: NodeFailed with the last lines of its log where it ended, or the time is over.
        """
        end = time.monotonic() + wait_s
        while True:
            seen = self.status()
            if is_so(seen):
                return seen
            if not seen.pid or time.monotonic() > end:
                what = f"has not come so far in {wait_s} s" if seen.pid else "ended"
                raise NodeFailed(
                    f"Node {self.name} {what}. Its log ends: {self.machine.tail(self.places.log)}",
                    node=self.name,
                    log=self.places.log,
                )
            time.sleep(_EVERY_S)

    def stop(self, *, wait_s: int = 60) -> None:
        """Stop the server in order. Raises: NodeFailed where it has not ended in time."""
        pid = self.pid()
        if pid:
            self.machine.send(pid, signal.SIGTERM)
            self._ended(pid, wait_s)

    def kill(self) -> None:
        """End the server at once, as a crash would."""
        pid = self.pid()
        if pid:
            self.machine.send(pid, signal.SIGKILL)
            self._ended(pid, 30)

    def _ended(self, pid: int, wait_s: int) -> None:
        if not self.machine.wait_end(pid, wait_s):
            raise NodeFailed(
                f"Node {self.name} has not stopped in {wait_s} s.", node=self.name, pid=pid
            )

    # -- its words -----------------------------------------------------------------------------

    def ask(self, statements: str, *, wait_s: int = 60) -> list[tuple[str, ...]]:
        """Run statements as the server's root, over its socket; return all rows as text.

        NULL is the text NULL. Raises: SqlFailed.
        """
        ran = self.machine.run(
            [
                "mariadb",
                "--no-defaults",
                "--batch",
                "--skip-column-names",
                "--default-character-set=utf8mb4",
                f"--connect-timeout={min(wait_s, 10)}",
                f"--user={self.machine.user()}",
                f"--socket={self.places.socket}",
            ],
            stdin=statements.encode(),
            wait_s=wait_s,
        )
        if ran.code:
            raise SqlFailed(f"Node {self.name}: {ran.complaint}", node=self.name)
        return [tuple(map(_unescaped, row.split("\t"))) for row in ran.text.splitlines()]

    def upgrade_tables(self, *, wait_s: int) -> None:
        """Bring the system tables to the server's version, on this node alone; else a no-op."""
        self.machine.done(
            [
                "mariadb-upgrade",
                "--no-defaults",
                "--silent",
                "--skip-write-binlog",  # the other nodes do it themselves
                f"--user={self.machine.user()}",
                f"--socket={self.places.socket}",
            ],
            wait_s=wait_s,
        )

    def backup_words(self) -> list[str]:
        """Return the command that prints a whole copy of the running node's data."""
        return [
            "mariadb-backup",
            f"--defaults-file={self.places.config}",
            "--backup",
            "--stream=mbstream",
            "--galera-info",
            f"--user={self.machine.user()}",
            f"--socket={self.places.socket}",
            f"--target-dir={self.places.folder}/backup",
        ]

    def prepare_backup(self, *, wait_s: int) -> None:
        """Make data of a copy that was taken while they changed, without the old set's traces."""
        self.machine.done(
            ["mariadb-backup", "--prepare", f"--target-dir={self.places.data}"], wait_s=wait_s
        )
        for name in ("galera.cache", "grastate.dat", "gvwstate.dat", "journal.*"):
            self.machine.run(["sh", "-c", f'rm -f "$1"/{name}', "sh", self.places.data])

    def status(self, *, wait_s: int = 10) -> NodeStatus:
        """Return how the node is. Raises: HostUnreachable where its host does not answer."""
        pid = self.pid()
        if not pid:
            return NodeStatus(name=self.name, pid=0)
        try:
            found = {row[0]: row[1] for row in self.ask(_STATUS, wait_s=wait_s) if len(row) == 2}
        except (SqlFailed, HostUnreachable) as error:  # its host has just said that it runs
            return NodeStatus(name=self.name, pid=pid, why=error.detail)
        return NodeStatus(
            name=self.name,
            pid=pid,
            state=found.get("wsrep_local_state_comment", ""),
            cluster_status=found.get("wsrep_cluster_status", ""),
            cluster_size=int(found.get("wsrep_cluster_size", 0)),
            is_ready=found.get("wsrep_ready") == "ON",
            is_read_only=found.get("read_only") == "ON",
            seqno=int(found.get("wsrep_last_committed", -1)),
            history=found.get("wsrep_cluster_state_uuid", ""),
            # at times 2.1e-05
            flow_control_paused_ppm=int(
                Decimal(found.get("wsrep_flow_control_paused", "0")) * 1_000_000
            ),
            recv_queue=int(found.get("wsrep_local_recv_queue", 0)),
            version=found.get("version", ""),
        )


def _unescaped(text: str) -> str:
    if "\\" not in text:
        return text
    made, rest = "", text
    while rest:
        step = 2 if rest[:2] in _ESCAPES else 1
        made += _ESCAPES.get(rest[:2], rest[:1])
        rest = rest[step:]
    return made
