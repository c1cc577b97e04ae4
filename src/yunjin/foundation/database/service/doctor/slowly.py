"""The doctor's slow work on a set: copies compared chunk by chunk, growth measured and foreseen."""

import datetime as dt
import threading
from collections.abc import Callable, Iterator
from typing import Final

import structlog

from yunjin.chassis.persistence import RoomDatabase, SqlUnitOfWork
from yunjin.foundation.database.adapters.doctor.copies import Comparison, Report
from yunjin.foundation.database.domain.doctor.forecast import Forecast, forecast
from yunjin.foundation.database.domain.doctor.observation import Observation, Outlook
from yunjin.foundation.database.service.fleet import Fleet
from yunjin.foundation.database.store import doctor as store
from yunjin.kernel.clock import Clock, instant
from yunjin.kernel.errors import Problem

DISK_USED: Final = "disk_used"
DATA: Final = "data_bytes"  # of all databases, as the engine counts them
_HOUR_NS: Final = 3_600_000_000_000
_SAMPLES_KEPT_HOURS: Final = 400 * 24
_TREND_HOURS: Final = 60 * 24
_LOOK_EVERY_S: Final = 60
_SIZES: Final = "SELECT COALESCE(SUM(data_length + index_length), 0) FROM information_schema.tables"
_log: Final = structlog.get_logger()


class Growth:
    """Samples of what grows in a set, an hour apart, and when it will be too much."""

    def __init__(self, fleet: Fleet, set_name: str, room: RoomDatabase, clock: Clock) -> None:
        self._fleet, self._set, self._room, self._clock = fleet, set_name, room, clock

    def sample(self, seen: tuple[Observation, ...]) -> None:
        """Save this hour's figures. Raises: Outage, Unknown."""
        hour = self._clock.now_ns() // _HOUR_NS
        found = [
            (one.node, DISK_USED, one.disk_total - one.disk_free)
            for one in seen
            if one.disk_total > 0
        ]
        serving = [one.node for one in seen if one.is_synced]
        if serving:
            [[size]] = self._fleet.node(self._set, serving[-1]).ask(f"{_SIZES};")
            found.append(("", DATA, int(size)))
        before = hour - _SAMPLES_KEPT_HOURS

        def save(work: SqlUnitOfWork) -> None:
            for node, metric, value in found:
                store.save_sample(
                    work.connection,
                    set_name=self._set,
                    node=node,
                    metric=metric,
                    hour=hour,
                    value=value,
                )
            store.forget_samples(work.connection, set_name=self._set, before_hour=before)

        self._room.run(save)

    def disks(self, totals: dict[str, int]) -> Iterator[tuple[str, Forecast]]:
        """Yield each node's disk and when it will be full, where that can be said.

        Parameters
        ----------
        totals : node → bytes of its disk.

        Raises: Outage.
        """
        since = self._clock.now_ns() // _HOUR_NS - _TREND_HOURS
        found = self._room.read(
            lambda c: store.read_samples(c, set_name=self._set, since_hour=since)
        )
        for (node, metric), points in sorted(found.items()):
            if metric == DISK_USED and totals.get(node, 0) > 0:
                seen = forecast(points, totals[node])
                if seen is not None:
                    yield node, seen

    def outlooks(self, seen: tuple[Observation, ...]) -> tuple[Outlook, ...]:
        """Return which disks will be full, and when. Raises: Outage."""
        totals = {one.node: one.disk_total for one in seen}
        today = instant(self._clock.now_ns()).date()
        return tuple(
            Outlook(
                node=node,
                days=one.days,
                on=str(today + dt.timedelta(days=one.days)),
                per_day=one.per_day,
            )
            for node, one in self.disks(totals)
            if one.days is not None
        )


class Slowly:
    """One thread that compares and measures, never in haste.

    Parameters
    ----------
    newest : returns what the last round saw.
    tell : hears which chunks differ, and which disks fill.
    watch : looks, every minute, at what else is to be seen now and then. Raises: Outage.
    is_ours : whether this doctor is the one that acts; the others need not look too.
    compare_every_s : from the end of one pass over all tables to the next; 0: never.
    """

    def __init__(
        self,
        fleet: Fleet,
        set_name: str,
        *,
        growth: Growth | None,
        newest: Callable[[], tuple[Observation, ...]],
        compared: Callable[[Report], None],
        foreseen: Callable[[tuple[Outlook, ...]], None],
        watch: Callable[[], None],
        is_ours: Callable[[], bool],
        clock: Clock,
        compare_every_s: int,
    ) -> None:
        self._fleet, self._set, self._growth = fleet, set_name, growth
        self._newest, self._compared, self._foreseen = newest, compared, foreseen
        self._is_ours, self._clock, self._compare_every_s = is_ours, clock, compare_every_s
        self._watch, self._stop = watch, threading.Event()
        self._hour, self._compared_ns, self._looked_ns = -1, 0, 0
        self._thread = threading.Thread(
            target=self._run, name=f"doctor-slowly-{set_name}", daemon=True
        )

    def start(self) -> None:
        """Begin; returns at once."""
        self._thread.start()

    def close(self) -> None:
        """End; the chunk that is read is finished."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def compare(self) -> Report | None:
        """Compare all tables once; None where fewer than two nodes are in step.

        Raises: SqlFailed, HostUnreachable.
        """
        names = [one.node for one in self._newest() if one.is_synced]
        if len(names) < 2:
            return None
        nodes = [self._fleet.node(self._set, name) for name in names]
        comparison = Comparison(nodes, pause=self._pause)
        for _ in comparison.steps():
            if self._stop.is_set():
                return None
            self._pause(200)
            self._look_now_and_then()  # a pass over large tables takes hours
        return comparison.report

    def _pause(self, pause_ms: int) -> None:
        """Rest between two questions; ten times as long where the set is held up."""
        seen = self._newest()
        is_held_up = any(one.paused_ppm > 10_000 or one.queue > 100 for one in seen)
        self._stop.wait(pause_ms * (10 if is_held_up else 1) / 1_000)

    def _run(self) -> None:
        while not self._stop.wait(_LOOK_EVERY_S):
            if not self._is_ours():
                continue
            try:
                self._look_now_and_then()
                self._compare_now_and_then()
            except Problem as problem:
                _log.info("doctor.slow_work_put_off", set=self._set, code=problem.code)

    def _look_now_and_then(self) -> None:
        now_ns = self._clock.monotonic_ns()
        if now_ns - self._looked_ns >= _LOOK_EVERY_S * 1_000_000_000 or not self._looked_ns:
            self._looked_ns = now_ns
            self._measure()
            self._watch()

    def _measure(self) -> None:
        hour = self._clock.now_ns() // _HOUR_NS
        if self._growth is not None and hour != self._hour:
            seen = self._newest()
            self._growth.sample(seen)
            self._foreseen(self._growth.outlooks(seen))
            self._hour = hour

    def _compare_now_and_then(self) -> None:
        now_ns = self._clock.monotonic_ns()
        is_due = now_ns - self._compared_ns >= self._compare_every_s * 1_000_000_000
        if self._compare_every_s and (is_due or not self._compared_ns):
            report = self.compare()
            if report is not None:
                self._compared(report)
                self._compared_ns = self._clock.monotonic_ns()
