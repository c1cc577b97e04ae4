"""The fleet over HTTP: its sets and nodes, seen, started, stopped, copied."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path
from pydantic import Field

from yunjin.chassis.transport.values import Answer, Digits, Form
from yunjin.foundation.database.api.fleet import FleetApi, NodeStatus, SetStatus

Name = Annotated[str, Path(min_length=1, max_length=48, pattern="^[a-z][a-z0-9_]*$")]
Option = Annotated[str, Field(max_length=64)] | Annotated[int, Field(strict=True)] | bool


class OptionsForm(Form):
    """Options of a set's servers: name → value."""

    options: Annotated[dict[str, Option], Field(min_length=1, max_length=50)]


class NodePlaceOut(Answer):
    """A node as the fleet's file has it. keeps_journal: what restores to a moment."""

    name: str
    host: str
    data_centre: str
    city: str
    address: str
    port: int
    keeps_journal: bool


class SetPlanOut(Answer):
    """A set as the fleet's file has it; its first node takes the writes.

    witness: its host. weaknesses: losses that would stop the set. backup_every_h: copied by itself
    so often, 0: when somebody asks.
    """

    name: str
    profile: str
    cells: list[int]
    nodes: list[NodePlaceOut]
    witness: str
    weaknesses: list[str]
    backup_every_h: int
    backups_keep: int
    speaks_tls: bool


class NodeOut(Answer):
    """What a node says of itself, in Galera's words.

    why: it does not answer, while it should. seqno: of its last write set.
    """

    name: str
    is_running: bool
    why: str
    state: str
    cluster_status: str
    cluster_size: int
    is_ready: bool
    is_read_only: bool
    is_synced: bool
    seqno: Annotated[str, Field(pattern="^-?[0-9]{1,20}$")]
    flow_control_paused_ppm: int
    recv_queue: int
    version: str

    @classmethod
    def of(cls, node: NodeStatus) -> "NodeOut":
        """Return a node's answer."""
        same = {name: getattr(node, name) for name in cls.model_fields if hasattr(node, name)}
        return cls(**{**same, "is_running": bool(node.pid), "seqno": str(node.seqno)})


class SetOut(Answer):
    """How a set is. is_serving: some node takes writes.

    arbitrator: running, down or why it cannot be seen; empty: the set has none.
    """

    name: str
    is_serving: bool
    arbitrator: str
    nodes: list[NodeOut]

    @classmethod
    def of(cls, status: SetStatus) -> "SetOut":
        """Return a set's answer."""
        nodes = [NodeOut.of(node) for node in status.nodes]
        return cls(
            name=status.name,
            is_serving=status.is_serving,
            arbitrator=status.arbitrator,
            nodes=nodes,
        )


class RestartedOut(Answer):
    """The options for which the nodes were restarted, one by one."""

    restarted_for: list[str]


class BackupOut(Answer):
    """A whole copy of a set."""

    id: str
    set: str
    node: str
    taken_us: Digits
    version: str
    size_bytes: Digits
    sha256: str


class BackupRunOut(Answer):
    """The record of a copy. by: a person, or the timer of a process. outcome: why there is none."""

    run_id: UUID
    set: str
    by: str
    state: str
    began_us: Digits
    ended_us: Digits
    backup: str
    size_bytes: Digits
    outcome: str


class DrillOut(Answer):
    """What a restore drill found. differences: a sentence for each table that is not alike."""

    set: str
    backup: str
    table_count: int
    row_count: Digits
    differences: list[str]
    seconds: int
    has_passed: bool


class FleetRoutes:
    """The fleet's addresses."""

    def __init__(self, fleet: FleetApi) -> None:
        self._fleet = fleet

    def sets(self) -> list[SetPlanOut]:
        """Return the sets of the fleet, as its file has them."""
        return [SetPlanOut.model_validate(one) for one in self._fleet.plans()]

    def database_set(self, name: Name) -> SetOut:
        """Return how a set is now."""
        return SetOut.of(self._fleet.status(name))

    def start_set(self, name: Name) -> SetOut:
        """Start every node of a set that does not run; answered when they are in step."""
        return SetOut.of(self._fleet.start(name))

    def configure_set(self, name: Name, form: OptionsForm) -> RestartedOut:
        """Set options of a set's servers; what needs a restart restarts its nodes one by one."""
        return RestartedOut(restarted_for=self._fleet.configure(name, form.options))

    def start_node(self, name: Name, node: Name) -> NodeOut:
        """Start a node; answered when it is in step with its set."""
        return NodeOut.of(self._fleet.start_node(name, node))

    def stop_node(self, name: Name, node: Name) -> NodeOut:
        """Stop a node in order; refused where its set would stop with it."""
        return NodeOut.of(self._fleet.stop_node(name, node))

    def restart_node(self, name: Name, node: Name) -> NodeOut:
        """Stop a node and start it from its position; answered when it is in step."""
        return NodeOut.of(self._fleet.restart_node(name, node))

    def replace_node(self, name: Name, node: Name) -> NodeOut:
        """Remove a node's data and copy it anew from the others; answered when it is in step."""
        return NodeOut.of(self._fleet.replace_node(name, node))

    def back_up_set(self, name: Name) -> BackupOut:
        """Copy a whole set while it serves; answered when the copy is complete."""
        return BackupOut.model_validate(self._fleet.back_up(name, by="API"))

    def set_backups(self, name: Name) -> list[BackupOut]:
        """Return the copies of a set, oldest first."""
        return [BackupOut.model_validate(one) for one in self._fleet.backups(name)]

    def set_backup_runs(self, name: Name) -> list[BackupRunOut]:
        """Return the record of a set's copies, newest first: by whom, and what came of each."""
        return [BackupRunOut.model_validate(one) for one in self._fleet.backup_runs(name)]

    def drill_restore(self, name: Name) -> DrillOut:
        """Restore the newest copy beside the set and compare both; answered when that is done."""
        return DrillOut.model_validate(self._fleet.drill(name))


def fleet_router(fleet: FleetApi) -> APIRouter:
    """Return the router of the fleet."""
    made, to = APIRouter(prefix="/fleet/sets", tags=["fleet"]), FleetRoutes(fleet)
    made.get("")(to.sets)
    made.get("/{name}")(to.database_set)
    made.post("/{name}/start")(to.start_set)
    made.post("/{name}/options")(to.configure_set)
    made.get("/{name}/backups")(to.set_backups)
    made.post("/{name}/backups")(to.back_up_set)
    made.get("/{name}/backup_runs")(to.set_backup_runs)
    made.post("/{name}/drill")(to.drill_restore)
    made.post("/{name}/nodes/{node}/start")(to.start_node)
    made.post("/{name}/nodes/{node}/stop")(to.stop_node)
    made.post("/{name}/nodes/{node}/restart")(to.restart_node)
    made.post("/{name}/nodes/{node}/replace")(to.replace_node)
    return made
