"""What slows a set down: a node that holds the others up, a write that hangs, locks."""

from collections.abc import Iterator
from typing import Any, Final

from yunjin.foundation.database.api.doctor import Finding, Remedy, Severity
from yunjin.foundation.database.domain.doctor.case import Case
from yunjin.foundation.database.domain.doctor.observation import Life, Observation, Round

SLOW: Final = "node-slow"  # the code of a node that the doctor desynced
EVICTED: Final = "node-never-catches-up"
_STATEMENT_LENGTH: Final = 200
_PPM_PERCENT: Final = 10_000


def diagnose(case: Case) -> Iterator[Finding]:
    """Yield what slows the set down."""
    if not case.serving:
        return
    yield from _blockers(case)
    yield from _stuck(case)
    yield from _flow_control(case)
    for one in case.serving:
        if case.fenced_for(one.node) == SLOW:
            yield from _desynced(case, one)


def _blockers(case: Case) -> Iterator[Finding]:
    for one in case.serving:
        for each in one.blockers:
            if each.waiters and each.waited_s >= case.limits.blocked_s:
                yield case.finding(
                    "transaction-blocks",
                    Severity.CRITICAL,
                    node=one.node,
                    subject=str(each.thread),
                    remedy=Remedy.KILL,
                    is_dangerous=True,
                    thread=each.thread,
                    age_s=each.age_s,
                    waiters=each.waiters,
                    waited_s=each.waited_s,
                    statement=each.statement[:_STATEMENT_LENGTH],
                )


def _stuck(case: Case) -> Iterator[Finding]:
    writer = case.serving[0]
    if case.held(writer.node, lambda seen: seen.answers and seen.write_us < 0, case.limits.stuck_s):
        zh, en = _why_stuck(case, writer)
        yield case.finding(
            "commit-stuck",
            Severity.CRITICAL,
            node=writer.node,
            stuck_s=case.limits.stuck_s,
            why_zh=zh,
            why_en=en,
        )


def _why_stuck(case: Case, writer: Observation) -> tuple[str, str]:
    silent = [one.node for one in case.wanted if not one.answers]
    if silent and case.size > len(case.serving):
        names = ", ".join(silent)
        return (
            f"{names} 没有应答，其他节点正在等它确认",
            f"{names} does not answer and the others wait for it",
        )
    if writer.is_read_only:
        return "该节点只读", "the node is read-only"
    if writer.paused_ppm > case.limits.paused_ppm_max:
        percent = writer.paused_ppm // _PPM_PERCENT
        return f"流控暂停 {percent}%", f"flow control holds it up {percent} % of the time"
    return "原因不明", "for no reason that is seen"


def _flow_control(case: Case) -> Iterator[Finding]:
    """Over the last seconds: how long was the set held up, and by whom."""
    if not case.held_round(lambda _: True, case.limits.slow_s):
        return
    since = case.now.at_ms - case.limits.slow_s * 1_000
    window = [each for each in case.history.rounds if each.at_ms > since]
    paused = sum(_paused(each) for each in window) // len(window)
    if paused <= case.limits.paused_ppm_max:
        return
    # who asks for a pause is heard once, also where it lasts: then it is who applies nothing
    slow = max(
        (one for one in case.serving if not one.is_desynced and _holds_up(window, one)),
        key=lambda one: (_stands_still(window, one), _sent(window, one.node)),
        default=None,
    )
    if slow is None:
        return
    figures: dict[str, Any] = {"paused_percent": paused // _PPM_PERCENT, "queue": slow.queue}
    if slow is case.serving[0]:
        yield case.finding("writer-slow", Severity.WARNING, node=slow.node, **figures)
    elif not case.has_spare(slow.node):
        return
    elif _stands_still(window, slow):
        yield case.finding(
            "node-stalled",
            Severity.CRITICAL,
            node=slow.node,
            remedy=Remedy.RESTART,
            is_dangerous=True,
            slow_s=case.limits.slow_s,
            **figures,
        )
    elif not _stands_still(window[-case.limits.rounds_min :], slow):
        # one that does not move at all could not even be taken out of flow control
        yield case.finding(SLOW, Severity.WARNING, node=slow.node, remedy=Remedy.DESYNC, **figures)


def _holds_up(window: list[Round], one: Observation) -> bool:
    return _sent(window, one.node) > 0 or _stands_still(window, one)


def _stands_still(window: list[Round], slow: Observation) -> bool:
    """Return whether a node applied nothing all the while, though it has something to apply."""
    return slow.queue > 0 and len({each.of(slow.node).seqno for each in window}) == 1


def _paused(seen: Round) -> int:
    return max((one.paused_ppm for one in seen.observations if one.is_serving), default=0)


def _sent(window: list[Round], node: str) -> int:
    return sum(each.of(node).pauses_sent for each in window)


def _desynced(case: Case, one: Observation) -> Iterator[Finding]:
    if one.queue >= case.limits.queue_max and case.has_spare(one.node):
        yield case.finding(
            EVICTED,
            Severity.CRITICAL,
            node=one.node,
            remedy=Remedy.FENCE,
            is_dangerous=True,
            queue=one.queue,
        )
    elif case.held(one.node, lambda seen: seen.answers and seen.queue <= case.limits.queue_low):
        yield case.finding(
            "node-caught-up", Severity.NOTE, node=one.node, remedy=Remedy.RESYNC, queue=one.queue
        )


def rested(case: Case) -> Iterator[Finding]:
    """Yield the nodes that were stopped for being slow long enough ago."""
    for node, fence in case.history.fences.items():
        waited_ms = case.now.at_ms - fence.at_ms
        is_over = fence.code == EVICTED and waited_ms >= case.limits.rest_s * 1_000
        if is_over and case.now.of(node).life is Life.GONE:
            yield case.finding(
                "node-rested",
                Severity.NOTE,
                node=node,
                remedy=Remedy.BRING_BACK,
                minutes=waited_ms // 60_000,
            )
