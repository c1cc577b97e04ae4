"""Disks, clocks, copies that differ, and cells whose writer is silent."""

from collections.abc import Iterator
from functools import partial
from statistics import median_low
from typing import Any, Final

from yunjin.foundation.database.api.doctor import Finding, Remedy, Severity
from yunjin.foundation.database.domain.doctor.case import Case
from yunjin.foundation.database.domain.doctor.nodes import STARTS_MAX
from yunjin.foundation.database.domain.doctor.observation import CellSight, Observation, Round

_FULL: Final = frozenset({"disk-full", "disk-full-needed"})
_FAILED: Final = "disk-failed"
BAD_DISK: Final = _FULL | {_FAILED}
_MILLION: Final = 1_000_000
_MB: Final = 1 << 20


def diagnose(case: Case) -> Iterator[Finding]:
    """Yield what is wrong with disks, clocks, copies and cells."""
    for one in case.wanted:
        yield from _disk(case, one)
        if one.tls_days is not None and one.tls_days < case.limits.tls_days_min:
            is_near = one.tls_days < case.limits.tls_days_bad
            severity = Severity.CRITICAL if is_near else Severity.WARNING
            yield case.finding("tls-expires", severity, node=one.node, days=one.tls_days)
    yield from _clocks(case)
    yield from _copies(case)
    for cell in case.now.cells:
        yield from _cell(case, cell)
    for late in case.now.late_copies:
        is_bad = late.hours >= 2 * late.every_h
        yield case.finding(
            "backup-missed",
            Severity.CRITICAL if is_bad else Severity.WARNING,
            hours=late.hours,
            every_h=late.every_h,
            why_zh=late.why or "没有进程执行",
            why_en=late.why or "no process did it",
        )
    for each in case.now.outlooks:
        if each.days <= case.limits.disk_full_in_days:
            yield case.finding(
                "disk-will-fill",
                Severity.WARNING,
                node=each.node,
                days=each.days,
                on=each.on,
                per_day_mb=each.per_day // _MB,
            )


def stop_below(case: Case, one: Observation) -> int:
    """Return the free bytes below which a node is stopped."""
    share = one.disk_total * case.limits.disk_free_stop_ppm // _MILLION
    return max(case.limits.disk_free_stop, share)


def _disk(case: Case, one: Observation) -> Iterator[Finding]:
    if one.disk_total <= 0:
        return
    fenced = case.fenced_for(one.node)
    if fenced == _FAILED or case.held(one.node, lambda seen: bool(seen.disk_fault)):
        yield from _failed(case, one, is_fenced=fenced == _FAILED)
        return
    stop, low = stop_below(case, one), one.disk_total * case.limits.disk_free_low_ppm // _MILLION
    figures: dict[str, Any] = {"free_mb": one.disk_free // _MB, "total_mb": one.disk_total // _MB}
    if fenced in _FULL:
        enough = max(stop * case.limits.disk_free_back_times, case.limits.disk_free_back)
        if one.disk_free >= enough:
            yield case.finding(
                "disk-has-room",
                Severity.NOTE,
                node=one.node,
                remedy=Remedy.BRING_BACK,
                free_mb=figures["free_mb"],
            )
        else:
            yield case.finding("disk-low", Severity.CRITICAL, node=one.node, **figures)
    elif case.held(one.node, lambda seen: 0 <= seen.disk_free < stop):
        can_go = not one.answers or case.has_spare(one.node)
        yield case.finding(
            "disk-full" if can_go else "disk-full-needed",
            Severity.CRITICAL,
            node=one.node,
            remedy=Remedy.FENCE if can_go else Remedy.READ_ONLY,
            **figures,
        )
    elif 0 <= one.disk_free < low:
        yield case.finding("disk-low", Severity.WARNING, node=one.node, **figures)
    if case.held(one.node, lambda seen: seen.fsync_us > case.limits.fsync_us_max):
        fsync_ms = one.fsync_us // 1_000
        yield case.finding("disk-slow", Severity.WARNING, node=one.node, fsync_ms=fsync_ms)


def _failed(case: Case, one: Observation, *, is_fenced: bool) -> Iterator[Finding]:
    """A disk that has room and takes no writes: a server on it ends badly, sooner or later."""
    if is_fenced and case.held(one.node, lambda seen: seen.fsync_us >= 0):
        failed = case.history.failed_starts.get(one.node, 0)
        if failed >= STARTS_MAX:  # what was not synced is lost: as after a power cut, or worse
            yield case.finding(
                "node-wont-start",
                Severity.CRITICAL,
                node=one.node,
                remedy=Remedy.REBUILD,
                is_dangerous=True,
                times=failed,
                copies=len(case.serving),
            )
        else:
            yield case.finding(
                "disk-mended", Severity.NOTE, node=one.node, remedy=Remedy.BRING_BACK
            )
    elif not is_fenced or one.disk_fault:
        can_go = not is_fenced and (not one.answers or case.has_spare(one.node))
        yield case.finding(
            _FAILED,
            Severity.CRITICAL,
            node=one.node,
            remedy=Remedy.FENCE if can_go else None,
            fault=one.disk_fault,
        )


def _clocks(case: Case) -> Iterator[Finding]:
    for one in case.wanted:
        said: dict[str, Any] = {
            "offset_ms": _offset(case.now, one.node),
            "error_ms": one.clock_error_ms,
        }
        if case.held_round(partial(_is_off, one.node, case.limits.clock_ms_max)):
            yield case.finding(
                "clock-off",
                Severity.CRITICAL,
                node=one.node,
                remedy=Remedy.SET_CLOCK,
                is_dangerous=True,
                **said,
            )
        elif case.held_round(partial(_is_off, one.node, case.limits.clock_ms_warn)):
            yield case.finding("clock-drifts", Severity.WARNING, node=one.node, **said)


def _offset(seen: Round, node: str) -> int:
    """Against the middle of all clocks, the doctor's among them: no single one moves it far."""
    told = [one.clock_offset_ms for one in seen.observations if one.clock_error_ms >= 0]
    return seen.of(node).clock_offset_ms - median_low([0, *told])


def _is_off(node: str, limit_ms: int, seen: Round) -> bool:
    one = seen.of(node)
    return one.clock_error_ms >= 0 and abs(_offset(seen, node)) - one.clock_error_ms > limit_ms


def _copies(case: Case) -> Iterator[Finding]:
    for each in case.now.divergences:
        said: dict[str, Any] = {"table": each.table, "chunk": each.chunk}
        if len(each.odd) == 1 and case.has_spare(each.odd[0]):
            yield case.finding(
                "replica-diverged",
                Severity.CRITICAL,
                node=each.odd[0],
                remedy=Remedy.REBUILD,
                is_dangerous=True,
                **said,
            )
        else:
            yield case.finding(
                "replica-diverged-undecided", Severity.CRITICAL, subject=each.table, **said
            )


def _cell(case: Case, cell: CellSight) -> Iterator[Finding]:
    silent_s = case.limits.cell_silent_s
    if cell.is_alive or not case.held_round(lambda seen: _is_silent(seen, cell.cell), silent_s):
        return
    if cell.has_standby:
        yield case.finding(
            "cell-silent",
            Severity.CRITICAL,
            subject=str(cell.cell),
            remedy=Remedy.TAKE_OVER,
            cell=cell.cell,
            silent_s=silent_s,
            why=cell.why,
        )
    else:
        yield case.finding(
            "cell-silent-alone",
            Severity.CRITICAL,
            subject=str(cell.cell),
            cell=cell.cell,
            why=cell.why,
        )


def _is_silent(seen: Round, cell: int) -> bool:
    return any(each.cell == cell and not each.is_alive for each in seen.cells)
