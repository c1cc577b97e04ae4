"""The installation as a picture: data centres, their nodes and cells, and how service goes on."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from yunjin.foundation.database.api.doctor import Action, Noted
from yunjin.foundation.database.api.fleet import NodeStatus


class Role(StrEnum):
    """What a cell's process does now."""

    WRITES = "writes"
    STANDS_BY = "stands_by"
    STARTS = "starts"
    SILENT = "silent"  # it is there, and does not answer
    DOWN = "down"


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeSeen:
    """A database node in its place."""

    set_name: str
    name: str
    data_centre: str
    place: str  # HOST:PORT
    status: NodeStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class CellSeen:
    """A process of a cell in its place."""

    cell: int
    name: str
    data_centre: str  # empty: that of the fleet's nodes at its address
    place: str  # where it is reached
    role: Role
    epoch: int  # of its lease, 0 where it does not write
    sequence: int  # of the journal, as far as it has read or written
    pid: int = 0  # where it is on this machine


@dataclass(frozen=True, slots=True, kw_only=True)
class Centre:
    """A data centre and what is in it."""

    name: str
    city: str
    nodes: tuple[NodeSeen, ...]
    cells: tuple[CellSeen, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """Everything at one moment."""

    at_us: int
    centres: tuple[Centre, ...]
    findings: tuple[Noted, ...]  # that stand, the worst first
    actions: tuple[Action, ...]  # of the doctor, newest first
    is_serving: bool
    trouble: str = ""  # why some of it cannot be seen


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """What customers noticed within a fifth of a second."""

    at_us: int  # when it began
    answered: int  # transfers
    worst_ms: int  # the longest wait, of those who still wait too
    failed: int  # requests that were given up


@dataclass(frozen=True, slots=True, kw_only=True)
class Strike:
    """A fault that can be made here, on purpose."""

    id: str  # node-kill:s1a
    zh: str
    en: str
    data_centre: str = ""  # whom it meets; empty: more than one of them


@dataclass(frozen=True, slots=True, kw_only=True)
class Blow:
    """A strike that was dealt, and how long customers then waited."""

    at_us: int
    strike: Strike
    waited_ms: int  # the longest wait in the seconds after it
    is_over: bool  # those seconds are over, and nobody waits any more


class TopologyApi(Protocol):
    """What the topology page shows."""

    def picture(self) -> Picture:
        """Return how everything is. Raises nothing: what cannot be seen is said in it."""

    def beats(self, after_us: int = -1) -> Sequence[Beat]:
        """Return what customers noticed, of the last minutes; none where nobody counts."""

    def strikes(self) -> Sequence[Strike]:
        """Return the faults that can be made here; none outside of a demonstration."""

    def strike(self, strike_id: str) -> Blow:
        """Make a fault. Raises: NotFound where there is none of this id."""

    def blows(self) -> Sequence[Blow]:
        """Return the faults that were made, newest first."""


class StagePort(Protocol):
    """What the app knows and this room does not: the cells, their customers, and the faults."""

    def cells(self) -> Sequence[CellSeen]:
        """Return the processes of all cells. Raises: Outage."""

    def beats(self, after_us: int = -1) -> Sequence[Beat]:
        """As TopologyApi."""

    def strikes(self) -> Sequence[Strike]:
        """As TopologyApi."""

    def strike(self, strike_id: str) -> Blow:
        """As TopologyApi."""

    def blows(self) -> Sequence[Blow]:
        """As TopologyApi."""
