"""Nodes that are dead, hung, cut off or too far behind, while the others serve."""

from collections.abc import Iterator
from typing import Any, Final

from yunjin.foundation.database.api.doctor import Finding, Remedy, Severity
from yunjin.foundation.database.domain.doctor.case import Case, has_none
from yunjin.foundation.database.domain.doctor.observation import Life, Observation

STARTS_MAX: Final = 2  # failed starts in a row, then the data are suspected
INCONSISTENT: Final = "Inconsistent"  # wsrep_local_state_comment of a node voted out
_WAYS: Final = {
    True: ("重新启动即可增量追上（IST）", "a restart at its recovered position catches up (IST)"),
    False: ("重新启动", "it is started at its recovered position"),
}
_SIGHTS: Final = {
    "open": ("监听正常", "listening"),
    "refused": ("主机在、端口无人监听", "not listening, on a host that answers"),
    "silent": ("同样没有应答", "silent too"),
    "": ("未知", "not asked"),
}


def diagnose(case: Case) -> Iterator[Finding]:
    """Yield what is wrong with single nodes; without a majority, only which are dead."""
    for node in case.plan.nodes:
        one = case.now.of(node.name)
        if one in case.wanted:
            continue
        if one.has_no_data:
            yield case.finding("node-without-data", Severity.NOTE, node=one.node)
        else:
            yield case.finding("node-stopped", Severity.NOTE, node=one.node, seqno=one.saved_seqno)
    if not case.serving:
        yield from _dead_too(case)
        return
    for one in case.wanted:
        if case.fenced_for(one.node) and not one.answers:
            continue  # the doctor stopped it
        if one.answers:
            yield from _answering(case, one)
        elif one.life is Life.GONE:
            yield from _dead(case, one)
        elif one.life is Life.UNKNOWN:
            yield from _out_of_sight(case, one)
        else:
            yield from _silent(case, one)


def _dead_too(case: Case) -> Iterator[Finding]:
    """To start a node never makes a second majority; where nobody answers, all are started."""
    if not any(one.answers for one in case.wanted) or not case.held_round(has_none):
        return
    for one in case.wanted:
        failed = case.history.failed_starts.get(one.node, 0)
        if one.life is Life.GONE and failed < STARTS_MAX and case.held(one.node, _is_gone):
            yield case.finding(
                "node-dead-too", Severity.CRITICAL, node=one.node, remedy=Remedy.RESTART
            )


def _is_gone(seen: Observation) -> bool:
    return seen.life is Life.GONE


def _dead(case: Case, one: Observation) -> Iterator[Finding]:
    if not case.held(one.node, _is_gone):
        return
    failed = case.history.failed_starts.get(one.node, 0)
    seen_at = case.history.seqno_seen.get(one.node, -1)
    seqno = one.saved_seqno if one.saved_seqno >= 0 else seen_at
    figures: dict[str, Any] = {"seqno": seqno, "cached_from": case.cached_from}
    if failed >= STARTS_MAX:
        yield case.finding(
            "node-wont-start",
            Severity.CRITICAL,
            node=one.node,
            remedy=Remedy.REBUILD,
            is_dangerous=True,
            times=failed,
            copies=len(case.serving),
        )
    elif 0 <= seqno < case.cached_from - 1:
        yield case.finding(
            "node-behind",
            Severity.CRITICAL,
            node=one.node,
            remedy=Remedy.REBUILD,
            **figures,
        )
    else:
        zh, en = _WAYS[seqno >= 0 and case.cached_from >= 0]
        yield case.finding(
            "node-dead",
            Severity.CRITICAL,
            node=one.node,
            remedy=Remedy.RESTART,
            size=len(case.serving),
            way_zh=zh,
            way_en=en,
            **figures,
        )


def _silent(case: Case, one: Observation) -> Iterator[Finding]:
    """A process that is there and does not answer: hung, starting, or only slow."""
    if not case.held(one.node, _is_silent):
        return
    is_out = not case.is_counted(one)
    if is_out and case.has_answered(one) and case.held(one.node, _is_silent, case.limits.hung_s):
        yield case.finding(
            "node-hung",
            Severity.CRITICAL,
            node=one.node,
            remedy=Remedy.RESTART,
            is_dangerous=True,
            life=one.life.value,
            hung_s=case.limits.hung_s,
            size=len(case.serving),
        )
    elif not case.has_answered(one):
        yield case.finding("node-starting", Severity.NOTE, node=one.node, age_s=one.age_s)
    elif not is_out:
        yield case.finding("node-silent", Severity.WARNING, node=one.node, size=case.size)


def _is_silent(seen: Observation) -> bool:
    return not seen.answers and seen.life in (Life.RUNS, Life.HELD)


def _out_of_sight(case: Case, one: Observation) -> Iterator[Finding]:
    if case.held(one.node, lambda seen: not seen.answers and seen.life is Life.UNKNOWN):
        sight = case.now.sights.get(one.node) if case.now.sights is not None else None
        zh, en = _SIGHTS[sight.value if sight else ""]
        yield case.finding(
            "node-out-of-sight", Severity.CRITICAL, node=one.node, sight_zh=zh, sight_en=en
        )


def _answering(case: Case, one: Observation) -> Iterator[Finding]:
    if one.state == INCONSISTENT:
        if case.held(one.node, lambda seen: seen.state == INCONSISTENT):
            yield case.finding(
                "node-inconsistent",
                Severity.CRITICAL,
                node=one.node,
                remedy=Remedy.REBUILD,
                is_dangerous=True,
                state=one.state,
                copies=len(case.serving),
            )
        return
    if one.has_left:
        if case.held(one.node, lambda seen: seen.has_left, case.limits.stuck_s):
            yield case.finding("node-left", Severity.CRITICAL, node=one.node, remedy=Remedy.RESTART)
        return
    if not one.is_primary:
        if case.held(one.node, lambda seen: seen.answers and not seen.is_primary):
            yield case.finding("node-cut-off", Severity.WARNING, node=one.node)
        return
    if one.is_desynced or not case.held(one.node, lambda seen: not seen.is_synced):
        return
    most = max(other.seqno for other in case.serving)
    behind = most - max(one.seqno, 0)
    yield case.finding("node-joining", Severity.NOTE, node=one.node, state=one.state, behind=behind)
