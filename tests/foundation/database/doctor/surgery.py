"""A doctor whose eyes and hands the test is, and the database that it keeps its record in."""

import threading
from dataclasses import dataclass, field

from tests.foundation.database.doctor.ward import PLAN, dead, well
from yunjin.chassis.persistence import Database, RetryLimits, RoomDatabase, open_engine
from yunjin.foundation.database import migrations
from yunjin.foundation.database.api.doctor import Action, ActionState, Finding, Remedy
from yunjin.foundation.database.domain.doctor.history import Limits
from yunjin.foundation.database.domain.doctor.observation import (
    Observation,
    Round,
    Sight,
)
from yunjin.foundation.database.domain.doctor.policy import Policy
from yunjin.foundation.database.service.database import DatabaseService
from yunjin.foundation.database.service.doctor.record import Record
from yunjin.foundation.database.service.doctor.rounds import EVERYTHING, SetDoctor
from yunjin.kernel.clock import Clock, FixedClock, SystemClock
from yunjin.kernel.errors import Problem

WELL = tuple(well(node.name) for node in PLAN.nodes)
N3_DEAD = (well("n1", size=2), well("n2", size=2), dead("n3"))
CLOCK_OFF = (WELL[0], WELL[1], well("n3", clock_offset_ms=60_000))


@dataclass
class Surgery:
    """A doctor whose eyes and hands the test is."""

    record: Record
    policy: Policy = field(default_factory=Policy)
    clock: FixedClock = field(default_factory=lambda: FixedClock(1_800_000_000_000_000_000))
    seen: tuple[Observation, ...] = WELL
    sights: dict[str, Sight] | None = None
    late_ms: int = 0
    done: list[tuple[Remedy | None, str]] = field(default_factory=list)
    fails: Problem | None = None  # what each remedy ends with
    name: str = "doctor-1"
    hold: threading.Event | None = None

    def __post_init__(self) -> None:
        self.doctor = SetDoctor(
            PLAN,
            look=self.look,
            apply=self.apply,
            record=self.record,
            policy=self.policy,
            limits=Limits(),
            clock=self.clock,
            name=self.name,
        )

    def look(self) -> Round:
        return Round(
            at_ms=self.clock.monotonic_ns() // 1_000_000,
            observations=self.seen,
            late_ms=self.late_ms,
            sights=self.sights,
            witness="w",
        )

    def apply(self, finding: Finding) -> str:
        if self.hold is not None:
            assert self.hold.wait(10)
        self.done.append((finding.remedy, finding.node))
        if self.fails is not None:
            raise self.fails
        return "in step at 1000"

    def rounds(
        self, *seen: Observation, times: int = 3, may: frozenset[Remedy] = EVERYTHING
    ) -> None:
        """Look a few times, a second apart; what is begun is waited for where nothing holds it."""
        if seen:
            self.seen = seen
        for _ in range(times):
            self.clock.advance(1)
            self.doctor.round(may=may)
            if self.hold is None:
                self.doctor.wait(10)

    def actions(self) -> list[tuple[str, ActionState]]:
        return [(one.finding.code, one.state) for one in self.record.actions("s1")]

    def newest(self) -> Action:
        return self.record.actions("s1")[-1]


def room_of(url: str, clock: Clock | None = None) -> RoomDatabase:
    clock = clock or SystemClock()
    database = Database(open_engine(url), clock=clock, limits=RetryLimits(tries=2, total_ms=200))
    service = DatabaseService(database, tenant="demo", clock=clock, prober="test")
    found: RoomDatabase = service.open(
        "database", source="/foundation/database", migrations=migrations
    )
    return found


def asked(record: Record) -> Surgery:
    surgery = Surgery(record)
    surgery.rounds()
    surgery.rounds(*CLOCK_OFF)
    assert surgery.actions() == [("clock-off", ActionState.PENDING)]
    return surgery
