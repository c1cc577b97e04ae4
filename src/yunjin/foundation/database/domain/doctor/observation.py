"""What the doctor sees of a set in one round: a column of facts a node, and how it saw them."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from yunjin.foundation.database.domain.positions import NO_HISTORY, View

LEFT: Final = "Disconnected"  # wsrep_cluster_status of a server that belongs to no group


class Life(StrEnum):
    """Whether a node's process runs, as its own host tells."""

    RUNS = "runs"
    HELD = "held"  # stopped by a signal, or frozen
    GONE = "gone"
    UNKNOWN = "unknown"  # the host did not answer


class Sight(StrEnum):
    """What a witness sees at a node's ports."""

    OPEN = "open"  # something listens
    REFUSED = "refused"  # the host answers, and nothing listens
    SILENT = "silent"  # no answer at all


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocker:
    """A transaction that others wait for."""

    thread: int
    age_s: int
    waiters: int
    waited_s: int  # how long the first of them waits
    statement: str  # its last one; empty: it sits idle


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """Facts about one node. -1 stands for a figure that could not be had."""

    node: str
    # as its own host tells
    life: Life = Life.UNKNOWN
    pid: int = 0
    age_s: int = -1  # of the process
    saved_history: str = ""  # grastate.dat
    saved_seqno: int = -1
    last_view: View | None = None  # gvwstate.dat
    is_resting: bool = False  # somebody works on it, and asked the doctor to keep off
    disk_free: int = -1  # bytes
    disk_total: int = -1
    fsync_us: int = -1
    tls_days: int | None = None  # its certificate lasts; None: it has none
    disk_fault: str = ""  # why it takes no writes, though there is room
    # as its server tells
    answers: bool = False
    why: str = ""  # why it does not
    state: str = ""  # wsrep_local_state_comment
    is_primary: bool = False
    has_left: bool = False  # it answers, and belongs to no group at all
    is_ready: bool = False
    is_read_only: bool = False
    is_desynced: bool = False
    size: int = 0  # of the group it is in
    history: str = ""  # wsrep_cluster_state_uuid
    wire_id: str = ""  # wsrep_gcomm_uuid
    seqno: int = -1  # wsrep_last_committed
    cached_from: int = -1  # the oldest write set it can hand to another (gcache)
    paused_ppm: int = 0  # of the time since the round before, held up by flow control
    pauses_sent: int = 0  # by this node since the round before
    queue: int = 0  # write sets received, not applied
    write_us: int = -1  # until the heartbeat was committed
    read_us: int = -1  # until it was read back
    clock_offset_ms: int = 0  # of its host against the doctor's
    clock_error_ms: int = 0  # how wrong that may be: half of the time it took to ask
    blockers: tuple[Blocker, ...] = ()

    @property
    def was_stopped(self) -> bool:
        """Return whether it was stopped in order: only then does Galera save its number."""
        return self.life is Life.GONE and self.saved_seqno >= 0

    @property
    def has_no_data(self) -> bool:
        """Return whether it was never made, or its data were taken away."""
        return self.life is Life.GONE and self.saved_history in ("", NO_HISTORY)

    @property
    def is_synced(self) -> bool:
        """Return whether it takes writes as one of a majority."""
        return self.answers and self.is_ready and self.is_primary and self.state == "Synced"

    @property
    def is_serving(self) -> bool:
        """Return whether it is one of a majority and takes statements."""
        return self.answers and self.is_primary and self.is_ready


@dataclass(frozen=True, slots=True, kw_only=True)
class LateCopy:
    """A copy of the whole set that was to be made and was not."""

    hours: int  # since the last one began, or since it was planned
    every_h: int  # as planned
    why: str = ""  # the last try failed


@dataclass(frozen=True, slots=True, kw_only=True)
class CellSight:
    """What is seen of a cell's writer and its standby."""

    cell: int
    is_alive: bool  # its writer renews its lease and answers
    has_standby: bool
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Divergence:
    """A chunk of a table that is not the same on all nodes, though nobody writes it."""

    table: str  # database.table
    chunk: str  # its first and last key, for people
    odd: tuple[str, ...]  # the nodes that differ from the most; empty: there is no majority


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """When a node's disk will be full, if it goes on as in the last weeks."""

    node: str
    days: int
    on: str  # the date
    per_day: int  # bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One look at every node of a set.

    late_ms : how much later the round began and ended than it was due, because this process or
        its machine stood still: what it saw then says nothing about the others.
    sights : what the witness sees of each node; None: it was not asked, or did not answer.
    witness : the host that the witness looks from.
    """

    at_ms: int  # a monotonic clock's
    observations: tuple[Observation, ...]
    late_ms: int = 0
    sights: Mapping[str, Sight] | None = None
    witness: str = ""
    cells: tuple[CellSight, ...] = ()
    divergences: tuple[Divergence, ...] = ()
    outlooks: tuple[Outlook, ...] = ()
    late_copies: tuple[LateCopy, ...] = ()

    def of(self, node: str) -> Observation:
        """Return what was seen of a node."""
        for each in self.observations:
            if each.node == node:
                return each
        return Observation(node=node)
