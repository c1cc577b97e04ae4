"""The doctor: what it finds of a fleet, what it does about it, and who may tell it to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Protocol
from uuid import UUID

Figure = str | int


class Severity(IntEnum):
    """How bad a finding is."""

    NOTE = 0  # worth knowing
    WARNING = 1  # works, but less well or less safely
    CRITICAL = 2  # something does not work


class Remedy(StrEnum):
    """What can be done about a finding."""

    RESTART = "restart"  # the node's process, at its recovered position
    REBUILD = "rebuild"  # the node's data, from another node (SST)
    BOOTSTRAP = "bootstrap"  # pc.bootstrap on the node that has everything
    START_ALL = "start_all"  # every node of the set, at its recovered position
    KILL = "kill"  # the transaction that the others wait for
    DESYNC = "desync"  # the node no longer slows the others
    RESYNC = "resync"
    FENCE = "fence"  # the node is stopped until the cause is gone
    READ_ONLY = "read_only"  # the node takes no more writes until the cause is gone
    BRING_BACK = "bring_back"  # what was fenced or made read-only
    SET_CLOCK = "set_clock"  # the host's time service steps its clock
    TAKE_OVER = "take_over"  # the cell's standby


class ActionState(StrEnum):
    """Where an action stands."""

    PENDING = "pending"  # waits for a person
    APPROVED = "approved"  # a person said yes; the doctor's next round does it
    REJECTED = "rejected"  # a person said no
    WITHDRAWN = "withdrawn"  # the finding went away before anybody answered
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that is wrong, with the reason in words and the remedy proposed.

    Findings of the same `key` are one: it opens when it is first seen and closes when no more.
    """

    code: str  # "node-dead"
    set_name: str
    node: str = ""  # empty: the whole set
    subject: str = ""  # what else tells it apart: a table, a transaction, a cell
    severity: Severity
    zh: str
    en: str
    figures: Mapping[str, Figure] = field(default_factory=dict)
    remedy: Remedy | None = None  # None: nothing the doctor could do, or may
    is_dangerous: bool = False  # the remedy may lose something where the finding is wrong

    @property
    def key(self) -> tuple[str, str, str, str]:
        """Return what tells this finding from another."""
        return self.set_name, self.code, self.node, self.subject


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """A remedy that was proposed or done: the record of it."""

    action_id: UUID
    finding: Finding
    state: ActionState
    decision: str  # why it is done by itself, or why somebody is asked
    doctor: str  # which doctor acts: its process's name
    approver: str = ""  # who said yes or no
    at_us: int  # when it was proposed
    ended_us: int = 0
    took_ms: int = 0  # until the remedy was done
    outcome: str = ""  # what came of it


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """A finding, and since when it stands."""

    finding: Finding
    opened_us: int
    closed_us: int = 0  # 0: it stands


class DoctorApi(Protocol):
    """What a person asks of the doctor."""

    def findings(self, *, closed: bool = False, limit: int = 100) -> Sequence[Noted]:
        """Return the findings that stand, the worst first; or those that closed, newest first.

        Raises: Outage.
        """

    def actions(self, *, state: str = "", limit: int = 100) -> Sequence[Action]:
        """Return the record of actions, newest first. Raises: Outage."""

    def approve(self, action_id: UUID, *, by: str) -> Action:
        """Allow a pending action; the doctor's next round does it, where the finding still stands.

        Raises: NotFound, ActionNotPending, Outage.
        """

    def reject(self, action_id: UUID, *, by: str) -> Action:
        """Refuse a pending action. Raises: NotFound, ActionNotPending, Outage."""
