"""The fleet of sets: what may be seen of its nodes."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol
from uuid import UUID

SYNCED: Final = "Synced"
PRIMARY: Final = "Primary"


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """How far a node has come: the history's id, and the number of its last write set."""

    history: str  # a UUID; zeros: none yet
    seqno: int  # -1: not known

    def __str__(self) -> str:
        """Return it as `--wsrep-start-position` reads it."""
        return f"{self.history}:{self.seqno}"


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeStatus:
    """What a node says of itself; the words are Galera's."""

    name: str
    pid: int  # 0: its program does not run
    why: str = ""  # it does not answer, while it should
    state: str = ""  # wsrep_local_state_comment: Synced, Donor/Desynced, Joined, Joining, …
    cluster_status: str = ""  # Primary, non-Primary, Disconnected
    cluster_size: int = 0
    is_ready: bool = False  # takes statements
    is_read_only: bool = False
    seqno: int = -1  # wsrep_last_committed
    history: str = ""  # wsrep_cluster_state_uuid
    flow_control_paused_ppm: int = 0  # of the time since it was last reset
    recv_queue: int = 0  # write sets that wait to be applied
    version: str = ""

    @property
    def is_synced(self) -> bool:
        """Return whether it takes writes as one of a majority."""
        return self.is_ready and self.state == SYNCED and self.cluster_status == PRIMARY


@dataclass(frozen=True, slots=True, kw_only=True)
class SetStatus:
    """A set's nodes, and what would stop it."""

    name: str
    nodes: tuple[NodeStatus, ...]
    weaknesses: tuple[str, ...] = ()
    arbitrator: str = ""  # running, down or why it cannot be seen; empty: the set has none

    @property
    def is_serving(self) -> bool:
        """Return whether some node takes writes."""
        return any(node.is_synced for node in self.nodes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A place in a journal: its file's number, and the byte in it."""

    number: int
    byte: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FullBackup:
    """A whole copy of a node's data, and where the journal goes on from it."""

    id: str  # its time, sortable: 20261130T152700123456Z
    set: str
    node: str
    chain: str  # the journal's: another one after the journal's node was copied anew
    at: Place
    taken_us: int  # when the copy was complete
    version: str  # of the server
    size_bytes: int
    sha256: str


class RunState(StrEnum):
    """Where the making of a copy stands."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupRun:
    """A copy that was made, or was to be: the record of it."""

    run_id: UUID
    set: str
    by: str  # the timer of a process, or a person
    state: RunState
    began_us: int
    ended_us: int = 0
    backup: str = ""  # its id, once there is one
    size_bytes: int = 0
    outcome: str = ""  # why there is none


@dataclass(frozen=True, slots=True, kw_only=True)
class DrillReport:
    """What a restore drill found."""

    set: str
    backup: str  # its id
    table_count: int
    row_count: int
    differences: tuple[str, ...]  # a sentence for each table that is not alike
    seconds: int

    @property
    def has_passed(self) -> bool:
        """Return whether the copy holds what the set held."""
        return bool(self.table_count) and not self.differences


@dataclass(frozen=True, slots=True, kw_only=True)
class NodePlace:
    """A node as the fleet's file has it."""

    name: str
    host: str
    data_centre: str
    city: str
    address: str
    port: int
    keeps_journal: bool  # what restores to a moment


@dataclass(frozen=True, slots=True, kw_only=True)
class SetPlan:
    """A set as the fleet's file has it."""

    name: str
    profile: str  # lan, wan
    cells: tuple[int, ...]
    nodes: tuple[NodePlace, ...]  # the first takes the writes
    witness: str  # its host; empty: none
    weaknesses: tuple[str, ...]  # losses that would stop it
    backup_every_h: int = 0  # copied by itself so often; 0: when somebody asks
    backups_keep: int = 0
    speaks_tls: bool = False


class FleetApi(Protocol):
    """The sets of this installation, as its file describes them.

    All methods raise NoFleet where no file describes one, TopologyRefused where what it says
    cannot be, and HostUnreachable.
    """

    def plans(self) -> list[SetPlan]:
        """Return the sets."""

    def status(self, name: str, *, wait_s: int = 10) -> SetStatus:
        """Return how a set is. What does not answer within `wait_s` is said in its node's `why`."""

    def start(self, name: str) -> SetStatus:
        """Start every node that does not run, whatever the set went through.

        Raises: SetRefused, NodeRefused, NodeFailed.
        """

    def start_node(self, name: str, node: str) -> NodeStatus:
        """Start a node that joins those that run. Raises: SetRefused, NodeRefused, NodeFailed."""

    def stop_node(self, name: str, node: str) -> NodeStatus:
        """Stop a node; the others go on. Raises: SetRefused where they could not, NodeFailed."""

    def restart_node(self, name: str, node: str) -> NodeStatus:
        """Stop a node and start it from its position. Raises: as both."""

    def replace_node(self, name: str, node: str) -> NodeStatus:
        """Copy a node anew from the others. Raises: SetRefused, NodeRefused, NodeFailed."""

    def configure(self, name: str, options: Mapping[str, str | int | bool]) -> list[str]:
        """Set options of a set's servers; return those for which its nodes restarted, one by one.

        Raises: Malformed, SetRefused, NodeRefused, NodeFailed.
        """

    def back_up(self, name: str, *, by: str = "") -> FullBackup:
        """Copy a set while it serves. Raises: NodeRefused, RestoreRefused."""

    def back_up_due(self) -> list[BackupRun]:
        """Copy the sets whose time has come by the fleet's file, and their journals.

        One process at a time does it. Returns what came of each. Raises: Outage.
        """

    def backup_runs(self, name: str, *, limit: int = 20) -> list[BackupRun]:
        """Return the record of a set's copies, newest first. Raises: Outage."""

    def backups(self, name: str) -> list[FullBackup]:
        """Return the copies of a set, oldest first."""

    def drill(self, name: str) -> DrillReport:
        """Restore the newest copy beside the set, compare both, clean up. Raises: RestoreRefused,
        NodeFailed.
        """
