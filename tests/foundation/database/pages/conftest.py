"""An installation for the pages, made up: three data centres, a doctor, faults on purpose."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from uuid import UUID

import pytest

from yunjin.foundation.database.api.doctor import (
    Action,
    ActionState,
    Finding,
    Noted,
    Remedy,
    Severity,
)
from yunjin.foundation.database.api.fleet import (
    BackupRun,
    DrillReport,
    FullBackup,
    NodePlace,
    NodeStatus,
    Place,
    SetPlan,
    SetStatus,
)
from yunjin.foundation.database.api.hosting import HostedDatabase, HostedState
from yunjin.foundation.database.api.topology import (
    Beat,
    Blow,
    CellSeen,
    Centre,
    NodeSeen,
    Picture,
    Role,
    Strike,
)
from yunjin.foundation.database.errors import NoFleet, SetRefused
from yunjin.kernel.clock import FixedClock

NOW_US = 1_796_055_815_000_000
SYNCED = NodeStatus(
    name="s1a",
    pid=11,
    state="Synced",
    cluster_status="Primary",
    cluster_size=3,
    is_ready=True,
    seqno=5_317,
    flow_control_paused_ppm=4_200,
    version="10.11.19-MariaDB",
)
FINDING = Finding(
    code="node-dead",
    set_name="s1",
    node="s1b",
    severity=Severity.CRITICAL,
    zh="节点 s1b 的进程已不在。",
    en="The process of node s1b is gone.",
    remedy=Remedy.RESTART,
)
PENDING = Action(
    action_id=UUID(int=7),
    finding=FINDING,
    state=ActionState.PENDING,
    decision="restart is set to ask",
    doctor="vm-1",
    at_us=NOW_US,
)
DONE = replace(
    PENDING,
    action_id=UUID(int=8),
    state=ActionState.DONE,
    took_ms=3_250,
    outcome="in step at 5317, IST was received",
)


def cell(centre: str, role: Role, *, epoch: int = 0) -> CellSeen:
    """Return a process of cell 1 in a data centre."""
    return CellSeen(
        cell=1,
        name=f"cell-{centre}",
        data_centre=centre,
        place="127.0.0.1:21013",
        role=role,
        epoch=epoch,
        sequence=2_606,
        pid=0 if role is Role.DOWN else 42,
    )


def centre(name: str, role: Role, status: NodeStatus, *, epoch: int = 0) -> Centre:
    """Return a data centre of one node and one process."""
    node = NodeSeen(
        set_name="s1",
        name=f"s1{name}",
        data_centre=name,
        place="127.0.0.1:21000",
        status=replace(status, name=f"s1{name}"),
    )
    return Centre(name=name, city="shenzhen", nodes=(node,), cells=(cell(name, role, epoch=epoch),))


DOWN = NodeStatus(name="s1b", pid=0)
PICTURE = Picture(
    at_us=NOW_US,
    centres=(
        centre("a", Role.WRITES, SYNCED, epoch=3),
        centre("b", Role.DOWN, DOWN),
        centre("c", Role.STANDS_BY, SYNCED),
    ),
    findings=(Noted(finding=FINDING, opened_us=NOW_US),),
    actions=(DONE,),
    is_serving=True,
)
KILL = Strike(id="node-kill:s1b", zh="杀死节点 s1b", en="Kill node s1b", data_centre="b")
KILL_ALL = Strike(id="set-kill", zh="杀死全部节点", en="Kill every node")


class Topology:
    """TopologyApi, made up."""

    def __init__(self, picture: Picture = PICTURE, strikes: Sequence[Strike] = ()) -> None:
        self.shown, self._strikes = picture, strikes
        self.dealt: list[Blow] = []

    def picture(self) -> Picture:
        return self.shown

    def beats(self, after_us: int = -1) -> Sequence[Beat]:
        if not self._strikes:
            return ()
        return [
            Beat(at_us=NOW_US + n * 200_000, answered=700, worst_ms=20 + n, failed=0)
            for n in range(20)
        ]

    def strikes(self) -> Sequence[Strike]:
        return self._strikes

    def strike(self, strike_id: str) -> Blow:
        chosen = next(one for one in self._strikes if one.id == strike_id)
        blow = Blow(at_us=NOW_US, strike=chosen, waited_ms=1_420, is_over=True)
        self.dealt.insert(0, blow)
        return blow

    def blows(self) -> Sequence[Blow]:
        return self.dealt


class Fleet:
    """FleetApi of one set, made up; with `has_file` off there is none."""

    def __init__(self, *, has_file: bool = True) -> None:
        self._has_file = has_file
        self.done: list[tuple[str, ...]] = []
        self.refusal = ""
        self.every_h, self.runs = 0, list[BackupRun]()

    def plans(self) -> list[SetPlan]:
        if not self._has_file:
            raise NoFleet("No file describes a fleet.")
        nodes = tuple(
            NodePlace(
                name=f"s1{name}",
                host=f"{name}1",
                data_centre=name,
                city="shenzhen",
                address="127.0.0.1",
                port=21_000,
                keeps_journal=name == "c",
            )
            for name in "abc"
        )
        weak = ("set s1 has 3 of 3 votes in city shenzhen: losing it stops the set",)
        return [
            SetPlan(
                name="s1",
                profile="lan",
                cells=(1,),
                nodes=nodes,
                witness="w",
                weaknesses=weak,
                backup_every_h=self.every_h,
                backups_keep=7,
            )
        ]

    def status(self, name: str, *, wait_s: int = 10) -> SetStatus:
        nodes = (SYNCED, DOWN, replace(SYNCED, name="s1c", state="Donor/Desynced"))
        return SetStatus(name=name, nodes=nodes)

    def _note(self, *what: str) -> NodeStatus:
        if self.refusal:
            raise SetRefused(self.refusal)
        self.done.append(what)
        return SYNCED

    def start(self, name: str) -> SetStatus:
        self._note("start", name)
        return self.status(name)

    def start_node(self, name: str, node: str) -> NodeStatus:
        return self._note("start_node", name, node)

    def stop_node(self, name: str, node: str) -> NodeStatus:
        return self._note("stop_node", name, node)

    def restart_node(self, name: str, node: str) -> NodeStatus:
        return self._note("restart_node", name, node)

    def replace_node(self, name: str, node: str) -> NodeStatus:
        return self._note("replace_node", name, node)

    def configure(self, name: str, options: Mapping[str, str | int | bool]) -> list[str]:
        return []

    def back_up(self, name: str, *, by: str = "") -> FullBackup:
        self._note("back_up", name, by)
        return self.backups(name)[0]

    def back_up_due(self) -> list[BackupRun]:
        return []

    def backup_runs(self, name: str, *, limit: int = 20) -> list[BackupRun]:
        return self.runs

    def backups(self, name: str) -> list[FullBackup]:
        return [
            FullBackup(
                id="20261130T152700123456Z",
                set=name,
                node="s1c",
                chain="c",
                at=Place(number=1, byte=4),
                taken_us=NOW_US,
                version="10.11.19",
                size_bytes=12 << 20,
                sha256="ab" * 32,
            )
        ]

    def drill(self, name: str) -> DrillReport:
        self._note("drill", name)
        return DrillReport(
            set=name, backup="b1", table_count=9, row_count=1_234, differences=(), seconds=31
        )


class Doctor:
    """DoctorApi, made up: one action waits, until it is answered."""

    def __init__(self, actions: Sequence[Action] = (PENDING, DONE)) -> None:
        self._actions = list(actions)
        self.answers: list[tuple[UUID, str, str]] = []

    def findings(self, *, closed: bool = False, limit: int = 100) -> Sequence[Noted]:
        if not self._actions:
            return ()
        closed_us = NOW_US + 9_000_000 if closed else 0
        return [Noted(finding=FINDING, opened_us=NOW_US, closed_us=closed_us)]

    def actions(self, *, state: str = "", limit: int = 100) -> Sequence[Action]:
        return self._actions

    def approve(self, action_id: UUID, *, by: str) -> Action:
        self.answers.append((action_id, "approve", by))
        return PENDING

    def reject(self, action_id: UUID, *, by: str) -> Action:
        self.answers.append((action_id, "reject", by))
        return PENDING


class Hosting:
    """As much of HostingApi as the page asks for."""

    def __init__(self, count: int = 4) -> None:
        self._count = count

    def databases(self, *, limit: int = 200) -> list[HostedDatabase]:
        return [
            HostedDatabase(
                name=f"shop{n}",
                set_name="s1",
                owner="the web shop",
                state=HostedState(n),
                quota_mb=1_024,
                connections_max=20,
                size_bytes=700 << 20,
                created_us=NOW_US,
                measured_us=NOW_US,
            )
            for n in range(self._count)
        ]

    def measure(self) -> list[HostedDatabase]:
        return []


@pytest.fixture
def clock() -> FixedClock:
    """Return a clock that stands at the installation's moment until the story moves it."""
    return FixedClock(NOW_US * 1_000)
