"""Whether a set has its majority, and how it may have it again without losing anything.

A commit is acknowledged once every member of the majority has received it, and it is durable on
the writing node. So a survivor that has run on since then, and was a member, has all of it, in
memory at least. One that was started again has only what its own disk kept: the dead may have
more.
"""

from collections.abc import Iterator, Sequence
from functools import partial

from yunjin.foundation.database.api.doctor import Finding, Remedy, Severity
from yunjin.foundation.database.domain.doctor.case import Case, has_none
from yunjin.foundation.database.domain.doctor.observation import Life, Observation, Round, Sight
from yunjin.foundation.database.domain.positions import View


def diagnose(case: Case) -> Iterator[Finding]:
    """Yield what is wrong with the majority."""
    if case.has_majority:
        yield from _two_majorities(case)
        yield from _arbitrator(case)
        return
    if not case.wanted or not case.held_round(has_none):
        return
    left = [one for one in case.wanted if one.answers]
    gone = [one for one in case.wanted if one.life is Life.GONE]
    if left:
        yield _lost(case, left)
    elif all(_is_starting(case, one) for one in case.wanted):
        yield _starting(case, case.wanted)
    elif 2 * len(gone) > len(case.plan.nodes) or len(gone) == len(case.wanted):
        yield case.finding("set-down", Severity.CRITICAL, remedy=Remedy.START_ALL, count=len(gone))
    else:
        yield _unproven(case, case.wanted)


def _two_majorities(case: Case) -> Iterator[Finding]:
    """Two groups that each take themselves for the majority tell other histories or sizes."""
    parts: dict[tuple[str, int], list[str]] = {}
    for one in case.serving:
        parts.setdefault((one.history, one.size), []).append(one.node)
    total = sum(size for _, size in parts)
    # a group that is changing tells two sizes for a moment: together no more than all votes
    is_split = len({history for history, _ in parts}) > 1 or total > case.plan.votes
    if len(parts) > 1 and is_split and case.held_round(_is_parted, case.limits.stuck_s):
        said = " | ".join(", ".join(names) for names in parts.values())
        yield case.finding("two-majorities", Severity.CRITICAL, parts=said)


def _arbitrator(case: Case) -> Iterator[Finding]:
    """All nodes are there, and the majority counts nobody beside them."""
    if case.arbitrators and case.held_round(partial(_lacks_one, len(case.plan.nodes)), 5):
        yield case.finding(
            "witness-gone",
            Severity.WARNING,
            subject="witness",
            remedy=Remedy.RESTART,
            size=case.size,
        )


def _lacks_one(nodes: int, seen: Round) -> bool:
    serving = [one for one in seen.observations if one.is_serving]
    return len(serving) == nodes and all(one.size == nodes for one in serving)


def _is_parted(seen: Round) -> bool:
    return len({(one.history, one.size) for one in seen.observations if one.is_serving}) > 1


def _lost(case: Case, left: Sequence[Observation]) -> Finding:
    """No majority, and somebody answers: may the set go on from there?"""
    best = max(left, key=lambda one: one.seqno)
    everybody = [case.now.of(node.name) for node in case.plan.nodes]
    lost = [one for one in everybody if not one.answers]  # also who left in order: it may be ahead
    if not lost:
        return _split(case, best, len(left))
    doubtful = [one for one in lost if not case.held_round(partial(_is_dead, one.node))]
    if doubtful and all(_is_starting(case, one) for one in doubtful):
        return _starting(case, doubtful)
    if doubtful:
        return _unproven(case, doubtful)
    why = " ".join(_ahead(case, best, one) for one in lost).strip()
    names = ", ".join(one.node for one in lost)
    if why:
        return case.finding("quorum-behind", Severity.CRITICAL, node=best.node, why=why, lost=names)
    return case.finding(
        "quorum-lost",
        Severity.CRITICAL,
        node=best.node,
        remedy=Remedy.BOOTSTRAP,
        is_dangerous=True,
        lost=names,
        by=case.now.witness,
        seqno=best.seqno,
    )


def _split(case: Case, best: Observation, count: int) -> Finding:
    """Every node answers: the most advanced has all; Galera gets its time to mend it alone."""
    is_left_alone = not case.held_round(has_none, case.limits.left_alone_s)
    return case.finding(
        "quorum-split",
        Severity.CRITICAL,
        node=best.node,
        remedy=None if is_left_alone else Remedy.BOOTSTRAP,
        count=count,
        seqno=best.seqno,
    )


def _is_dead(node: str, seen: Round) -> bool:
    """Two look from two places: its own host has no such process, the witness no open port."""
    sight = (seen.sights or {}).get(node, Sight.SILENT)
    return seen.of(node).life is Life.GONE and sight is Sight.REFUSED


def _is_starting(case: Case, one: Observation) -> bool:
    return one.life is Life.RUNS and not case.has_answered(one)


def _starting(case: Case, lost: Sequence[Observation]) -> Finding:
    names = ", ".join(one.node for one in lost)
    return case.finding("set-starting", Severity.WARNING, nodes=names)


def _unproven(case: Case, lost: Sequence[Observation]) -> Finding:
    sights = case.now.sights
    said = [
        f"{one.node}: {one.life.value}/{sights.get(one.node, Sight.SILENT).value}"
        if sights is not None
        else f"{one.node}: {one.life.value}"
        for one in lost
    ]
    names = ", ".join(one.node for one in lost)
    return case.finding("quorum-unproven", Severity.CRITICAL, lost=names, why=", ".join(said))


def _ahead(case: Case, best: Observation, lost: Observation) -> str:
    """Return why a dead node may have what the survivor lacks; "" where it cannot."""
    if best.seqno < case.history.seqno_high:
        return f"{best.node} {best.seqno} < {case.history.seqno_high}"
    if lost.saved_seqno >= 0:
        is_ahead = lost.saved_seqno > best.seqno
        return f"{lost.node} {lost.saved_seqno} > {best.seqno}" if is_ahead else ""
    if not _ran_on(case, best):
        return f"{best.node} pid {best.pid}, {lost.node} seqno ?"
    if lost.last_view is None or best.last_view is None:
        return f"{lost.node} view ?"
    theirs, ours = _number(lost.last_view), _number(best.last_view)
    if theirs > ours:
        return f"{lost.node} view {theirs} > {ours}"
    is_member = theirs < ours or best.wire_id in lost.last_view.members
    return "" if is_member else f"{best.node} not in view {theirs}"


def _number(view: View) -> int:
    """Return the number of a view, which grows with each change of the group."""
    return int(view.number.rpartition(":")[2])


def _ran_on(case: Case, one: Observation) -> bool:
    """Return whether a survivor was in a majority before, as the process that it is now."""
    return case.history.served.get(one.node) == one.pid
