"""One set's case: what was seen, what is remembered, and from when on something is a finding."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from yunjin.foundation.database.api.doctor import Finding, Remedy, Severity
from yunjin.foundation.database.domain.doctor.history import History, Limits
from yunjin.foundation.database.domain.doctor.observation import Life, Observation, Round
from yunjin.foundation.database.domain.doctor.words import WORDS
from yunjin.foundation.database.domain.topology import DatabaseSet


@dataclass(frozen=True)
class Case:
    """What the rules look at."""

    plan: DatabaseSet
    history: History
    limits: Limits

    @cached_property
    def now(self) -> Round:
        """The newest trusted round."""
        return self.history.now

    @cached_property
    def wanted(self) -> tuple[Observation, ...]:
        """The nodes that are meant to run, in the order of the plan.

        Who stopped a node in order meant it, and one without data was never made, or is about to
        be. What the doctor stopped itself, or failed to start, it answers for.
        """
        ours = {*self.history.fences, *self.history.failed_starts}
        seen = [self.now.of(node.name) for node in self.plan.nodes]
        return tuple(
            one for one in seen if one.node in ours or not (one.was_stopped or one.has_no_data)
        )

    @cached_property
    def serving(self) -> tuple[Observation, ...]:
        """The nodes in a majority that take statements; the first takes the writes."""
        return tuple(one for one in self.wanted if one.is_serving)

    @cached_property
    def has_majority(self) -> bool:
        """Whether some node says that it is in a majority."""
        return any(one.answers and one.is_primary for one in self.wanted)

    @cached_property
    def arbitrators(self) -> int:
        """How many have a vote and no data: none or one."""
        return self.plan.votes - len(self.plan.nodes)

    @cached_property
    def size(self) -> int:
        """How many members the majority counts, an arbitrator among them."""
        return max((one.size for one in self.serving), default=0)

    @cached_property
    def cached_from(self) -> int:
        """The oldest write set that some node can hand to another; -1: not known."""
        known = [one.cached_from for one in self.serving if one.cached_from >= 0]
        return min(known, default=-1)

    def held(self, node: str, holds: Callable[[Observation], bool], seconds: int = 0) -> bool:
        """Return whether something has held of a node for so long, in every round up to now."""
        return self.history.has_held(lambda each: holds(each.of(node)), self.limits, seconds)

    def held_round(self, holds: Callable[[Round], bool], seconds: int = 0) -> bool:
        """Return the same of whole rounds."""
        return self.history.has_held(holds, self.limits, seconds)

    def fenced_for(self, node: str) -> str:
        """Return the code of the finding that the doctor keeps a node from work for, or ""."""
        fence = self.history.fences.get(node)
        return fence.code if fence else ""

    def has_answered(self, one: Observation) -> bool:
        """Return whether a process is past its start: it answered once, or had time enough."""
        answered = self.history.answered.get(one.node) == one.pid
        return answered or one.age_s > self.limits.starting_s or one.life is Life.HELD

    def is_counted(self, node: Observation) -> bool:
        """Return whether the majority still counts a node that does not answer.

        It counts more members than answer; who else does not answer may be the one it counts.
        """
        return self.size > len(self.serving) + self.arbitrators

    def has_spare(self, without: str) -> bool:
        """Return whether a majority of all votes stays when a node leaves."""
        stays = sum(one.is_synced and one.node != without for one in self.wanted)
        return stays > 0 and 2 * (stays + self.arbitrators) > self.plan.votes

    def finding(
        self,
        code: str,
        severity: Severity,
        *,
        node: str = "",
        subject: str = "",
        remedy: Remedy | None = None,
        is_dangerous: bool = False,
        **figures: Any,
    ) -> Finding:
        """Return a finding with its figures put into words."""
        told = {"set": self.plan.name, "node": node, **figures}
        zh, en = WORDS[code]
        return Finding(
            code=code,
            set_name=self.plan.name,
            node=node,
            subject=subject,
            severity=severity,
            zh=zh.format_map(told),
            en=en.format_map(told),
            figures=figures,
            remedy=remedy,
            is_dangerous=is_dangerous,
        )


def has_none(seen: Round) -> bool:
    """Return whether no node of a round says that it is in a majority."""
    return not any(one.answers and one.is_primary for one in seen.observations)
