"""A decision engine in memory, for demos and tests: it decides by rules, and misbehaves on demand.

Where no engine is bound, `RuleDecisions` of the lending centre answers by the tenant's rule sets.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

from yunjin.kernel.errors import Outage, Unknown
from yunjin.platforms.capability.api.decisions import Decision, Outcome, Question, Reason
from yunjin.platforms.capability.domain.decisions import PRESET, decided


def by_the_preset(asked: Question) -> Decision:
    """Decide by the rules there are from the start."""
    return decided(PRESET, asked)


@dataclass
class FakeDecisions:
    """An engine that answers at once.

    Parameters
    ----------
    choose : its answer to a question.
    down_for : so many questions find it down.
    loses_answers : so many questions are decided, and the answer is lost.
    forgets : it decides anew where a question comes again, in place of its first answer.
    lies : it approves all of what it should look at, of an impossible amount, without a reason.
    """

    choose: Callable[[Question], Decision] = by_the_preset
    down_for: int = 0
    loses_answers: int = 0
    forgets: bool = False
    lies: bool = False
    asked: list[Question] = field(default_factory=list)
    _answers: dict[UUID, Decision] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def decide(self, command_id: UUID, asked: Question) -> Decision:
        """Answer a question. Raises: Outage, Unknown."""
        with self._lock:
            if self.down_for:
                self.down_for -= 1
                raise Outage("The decision engine is down.")
            self.asked.append(asked)
            if self.forgets or command_id not in self._answers:
                self._answers[command_id] = LIE if self.lies else self.choose(asked)
            if self.loses_answers:
                self.loses_answers -= 1
                raise Unknown("The decision engine's answer was lost.")
            return self._answers[command_id]


LIE = Decision(outcome=Outcome.APPROVE, limit_minor=-1, rate_ppm=-1, decided_by="liar")


def declining(code: str) -> Callable[[Question], Decision]:
    """Return a choice that declines everything, with a reason."""
    reasons = (Reason(code=code),)

    def choose(asked: Question) -> Decision:
        return Decision(outcome=Outcome.DECLINE, reasons=reasons, decided_by=asked.rule_set)

    return choose
