"""From what was seen to what is wrong: one pure function over all rules."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from yunjin.foundation.database.api.doctor import Finding, Remedy, Severity
from yunjin.foundation.database.domain.doctor import majority, nodes, pace, resources
from yunjin.foundation.database.domain.doctor.case import Case
from yunjin.foundation.database.domain.doctor.history import History, Limits, is_trusted
from yunjin.foundation.database.domain.doctor.observation import Life, Round, Sight
from yunjin.foundation.database.domain.topology import DatabaseSet

# Findings that say that the doctor itself is the one who does not see.
BLIND: Final = frozenset({"observer-blind", "observer-cut-off", "observer-late"})
_ON_A_SOUND_DISK: Final = frozenset({Remedy.RESTART, Remedy.REBUILD, Remedy.BRING_BACK})


def diagnose(
    seen: Round, history: History, plan: DatabaseSet, limits: Limits
) -> tuple[Finding, ...]:
    """Return what is wrong with a set, the worst first.

    Parameters
    ----------
    seen : the newest round.
    history : what is remembered, this round already in it where it can be trusted.
    """
    if not is_trusted(seen, limits) or not history.rounds:
        case = Case(plan, History(rounds=(seen,)), limits)
        return (case.finding("observer-late", Severity.NOTE, late_ms=seen.late_ms),)
    case = Case(plan, history, limits)
    blind = tuple(_blind(case))
    if blind:
        return blind
    found = [
        *majority.diagnose(case),
        *nodes.diagnose(case),
        *pace.diagnose(case),
        *pace.rested(case),
        *resources.diagnose(case),
    ]
    bad = {one.node for one in found if one.code in resources.BAD_DISK}
    kept = [one for one in found if not (one.node in bad and one.remedy in _ON_A_SOUND_DISK)]
    resting = [one.node for one in case.now.observations if one.is_resting]
    if resting:
        kept = [replace(one, remedy=None) for one in kept]
        kept.append(case.finding("set-resting", Severity.NOTE, nodes=", ".join(resting)))
    return tuple(sorted(kept, key=lambda one: -one.severity))


def _blind(case: Case) -> Iterator[Finding]:
    """Nothing at all is reached, neither servers nor hosts: it is the doctor that is cut off."""
    if any(one.answers or one.life is not Life.UNKNOWN for one in case.now.observations):
        return
    sights = case.now.sights
    listening = sum(sight is Sight.OPEN for sight in (sights or {}).values())
    if listening:
        yield case.finding("observer-cut-off", Severity.WARNING, seen=listening)
    elif sights is None or all(sight is Sight.SILENT for sight in sights.values()):
        yield case.finding("observer-blind", Severity.CRITICAL)
