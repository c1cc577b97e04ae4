"""Whether a remedy is applied by itself, put before a person, or waits."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from yunjin.foundation.database.api.doctor import Finding, Remedy

# What takes a node away for a while: one of these at a time, and only where the others suffice.
_WHOLE: Final = frozenset({Remedy.BOOTSTRAP, Remedy.START_ALL})  # alone, and before all others
_TAKES_AWAY: Final = frozenset({Remedy.REBUILD, Remedy.FENCE, Remedy.DESYNC})
# A node joins after the other: one that has just joined may lack what the next one asks it for.
_JOINS: Final = frozenset({Remedy.RESTART, Remedy.REBUILD, Remedy.BRING_BACK})


class Mode(Enum):
    """What becomes of a remedy."""

    AUTOMATIC = "automatic"
    ASK = "ask"
    WAIT = "wait"  # another is under way; the next round looks again


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of a remedy, and why, for the record."""

    mode: Mode
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What the doctor may do by itself.

    asks : remedies that a person is asked about, always.
    times_max : how often the same remedy is applied to the same node within `window_s`; what does
        not help so often is a person's matter (a node that flaps).
    """

    asks: frozenset[Remedy] = frozenset({Remedy.SET_CLOCK})
    asks_when_dangerous: bool = False
    times_max: int = 3
    window_s: int = 1_800

    def decide(
        self, finding: Finding, *, done: Sequence["Done"], under_way: Sequence[Finding], at_ms: int
    ) -> Decision:
        """Return what becomes of a finding's remedy.

        Parameters
        ----------
        done : what was done to the set lately, whatever came of it.
        under_way : findings whose remedy is being applied to the set now.
        """
        remedy = finding.remedy
        if remedy in self.asks:
            return Decision(Mode.ASK, f"{remedy.value} is set to ask")
        if self.asks_when_dangerous and finding.is_dangerous:
            return Decision(Mode.ASK, "dangerous remedies are set to ask")
        if remedy is Remedy.REBUILD and finding.figures.get("copies") == 1:
            return Decision(Mode.ASK, "only one other copy of the data is left")
        since_ms = at_ms - self.window_s * 1_000
        times = sum(
            one.remedy is remedy and one.node == finding.node and one.at_ms > since_ms
            for one in done
        )
        if times >= self.times_max:
            return Decision(
                Mode.ASK, f"{times} times within {self.window_s} s: it does not help by itself"
            )
        busy = [one for one in under_way if _excludes(one, finding)]
        if busy:
            return Decision(Mode.WAIT, f"{busy[0].code} {busy[0].node} is under way".strip())
        return Decision(Mode.AUTOMATIC, "allowed by policy")


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """A remedy that was applied, for counting."""

    remedy: Remedy
    node: str
    at_ms: int


def _excludes(one: Finding, other: Finding) -> bool:
    """Return whether two remedies may not run at once."""
    if one.node == other.node or _WHOLE & {one.remedy, other.remedy}:
        return True
    if one.remedy in _JOINS and other.remedy in _JOINS:
        return True
    return bool(_TAKES_AWAY & {one.remedy, other.remedy})
