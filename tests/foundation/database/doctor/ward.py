"""A set as a doctor sees it, told round by round: what the tests of diagnosis are written in."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from yunjin.foundation.database.api.doctor import Finding, Remedy
from yunjin.foundation.database.domain.doctor.diagnosis import diagnose
from yunjin.foundation.database.domain.doctor.history import Fence, History, Limits, remember
from yunjin.foundation.database.domain.doctor.observation import Life, Observation, Round, Sight
from yunjin.foundation.database.domain.positions import View
from yunjin.foundation.database.domain.topology import DatabaseSet, Node

HISTORY = "11111111-1111-1111-1111-111111111111"
MB = 1 << 20
PLAN = DatabaseSet(
    name="s1",
    nodes=tuple(Node(name=f"n{i}", host=f"h{i}", port=3306 + i) for i in (1, 2, 3)),
)
VIEW = View(number="0dae1307:12", members=frozenset({"w-n1", "w-n2", "w-n3"}))


def well(node: str, **facts: Any) -> Observation:
    """A node that is well."""
    plain = Observation(
        node=node,
        life=Life.RUNS,
        pid=int(node[1:]) * 100,
        age_s=3_600,
        last_view=VIEW,
        disk_free=50_000 * MB,
        disk_total=100_000 * MB,
        fsync_us=900,
        answers=True,
        state="Synced",
        is_primary=True,
        is_ready=True,
        size=3,
        history=HISTORY,
        wire_id=f"w-{node}",
        seqno=1_000,
        cached_from=500,
        write_us=2_000,
        read_us=300,
        clock_error_ms=2,
    )
    return replace(plain, **facts)


def dead(node: str, **facts: Any) -> Observation:
    """A node whose process is gone after a crash."""
    return replace(
        Observation(node=node, life=Life.GONE, saved_history=HISTORY, last_view=VIEW), **facts
    )


def unseen(node: str) -> Observation:
    """A node that nothing is known of: neither its host nor its server answers."""
    return Observation(node=node, why="timed out")


@dataclass
class Ward:
    """Rounds of a set, a second apart."""

    plan: DatabaseSet = PLAN
    limits: Limits = field(default_factory=Limits)
    history: History = field(default_factory=History)
    at_ms: int = 1_000_000
    found: tuple[Finding, ...] = ()

    def see(
        self,
        *nodes: Observation,
        times: int = 1,
        sights: Mapping[str, Sight] | None = None,
        **facts: Any,
    ) -> "Ward":
        """Look at the set; nodes that are not named are well."""
        named = {one.node: one for one in nodes}
        seen = tuple(named.get(one.name) or well(one.name) for one in self.plan.nodes)
        for _ in range(times):
            self.at_ms += self.limits.interval_ms
            look = Round(at_ms=self.at_ms, observations=seen, sights=sights, witness="w", **facts)
            self.history = remember(self.history, look, self.limits)
            self.found = diagnose(look, self.history, self.plan, self.limits)
        return self

    def later(self, seconds: int) -> "Ward":
        """Let time pass in which nobody looks."""
        self.at_ms += seconds * 1_000
        return self

    def fence(self, node: str, code: str) -> "Ward":
        """Keep a node from work, as the doctor does."""
        fences = {**self.history.fences, node: Fence(code=code, at_ms=self.at_ms)}
        self.history = replace(self.history, fences=fences)
        return self

    def codes(self) -> list[str]:
        """Return the codes of what was found."""
        return [one.code for one in self.found]

    def one(self, code: str) -> Finding:
        """Return the finding of a code; there is one."""
        [found] = [one for one in self.found if one.code == code]
        return found

    def remedies(self) -> list[tuple[Remedy, str]]:
        """Return what the doctor would do, and where."""
        return [(one.remedy, one.node) for one in self.found if one.remedy is not None]
