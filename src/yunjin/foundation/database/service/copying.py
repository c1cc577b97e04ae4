"""Copies of whole sets, by the timer of the fleet's file or on demand, each on record."""

import os
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

import structlog
from prometheus_client.core import GaugeMetricFamily, Metric

from yunjin.chassis.persistence import Lease, RoomDatabase, instant_us
from yunjin.foundation.database.adapters.streams import Moved
from yunjin.foundation.database.api.fleet import BackupRun, FullBackup, RunState
from yunjin.foundation.database.domain.backups import Copies, hours_missed, is_due
from yunjin.foundation.database.domain.doctor.observation import LateCopy
from yunjin.foundation.database.domain.topology import DatabaseSet, Topology
from yunjin.foundation.database.service.backups import Backups
from yunjin.foundation.database.store import backups as store
from yunjin.kernel.clock import Clock
from yunjin.kernel.errors import Outage, Problem, Unknown
from yunjin.kernel.ids import uuid7

_LEASE_S: Final = 300
_TIMER: Final = "timer of"
_WENT_AWAY: Final = "its process went away meanwhile"
_log: Final = structlog.get_logger()


class Copying:
    """Makes copies and keeps the record of them.

    Parameters
    ----------
    topology, copies : read anew for each turn, from the fleet's file.
    rows : where the record is; None: it is not kept.
    keep : how many copies of a set stay for which the file does not say.
    process : this process's name.
    """

    def __init__(
        self,
        topology: Callable[[], Topology],
        copies: Callable[[], Backups],
        *,
        rows: RoomDatabase | None,
        clock: Clock,
        keep: int,
        process: str,
    ) -> None:
        self._topology, self._copies, self._rows = topology, copies, rows
        self._clock, self._keep, self._process = clock, keep, process
        self._lease = (
            Lease(rows, name="backups", holder=process, seconds=_LEASE_S) if rows else None
        )

    def take(self, name: str, *, by: str, moved: Moved = lambda count: None) -> FullBackup:
        """Copy a set, and remove the copies beyond the number that is kept.

        The record may be out of reach: a copy is worth more.
        Raises: NodeRefused, RestoreRefused, HostUnreachable.
        """
        one, copies = self._topology().set_of(name), self._copies()
        run = BackupRun(
            run_id=uuid7(self._clock),
            set=name,
            by=by,
            state=RunState.RUNNING,
            began_us=self._now_us(),
        )
        self._note(run)
        try:
            made = copies.take(name, moved=moved)
            copies.prune(name, keep=one.backups.keep if one.backups else self._keep)
        except Problem as problem:
            self._note(self._ended(run, RunState.FAILED, outcome=problem.detail))
            raise
        done = self._ended(run, RunState.DONE, backup=made.id, size_bytes=made.size_bytes)
        self._note(done)
        return made

    def take_due(self) -> list[BackupRun]:
        """Copy the sets whose time has come, and their journals; one process at a time does it.

        Returns what came of each. Raises: Outage.
        """
        planned = [one for one in self._topology().sets if one.backups is not None]
        if self._rows is None or self._lease is None or not planned or not self._lease.hold():
            return []
        for left in self._rows.read(lambda c: store.running(c, _TIMER)):
            self._note(self._ended(left, RunState.FAILED, outcome=_WENT_AWAY))
        came: list[BackupRun] = []
        for one in planned:
            came += self._turn(one, self._rows, self._lease)
        return came

    def _turn(self, one: DatabaseSet, rows: RoomDatabase, lease: Lease) -> Iterator[BackupRun]:
        plan = one.backups
        last = rows.read(lambda c: store.last(c, one.name))
        if plan is None:
            return
        if is_due(
            every_h=plan.every_h,
            began_us=last.began_us,
            failed_us=last.failed_us,
            now_us=self._now_us(),
        ):
            try:
                self.take(one.name, by=f"{_TIMER} {self._process}", moved=lambda _: _kept(lease))
            except Problem as problem:
                _log.warning("fleet.backup_failed", set=one.name, why=problem.detail)
            [run] = rows.read(lambda c: store.read(c, one.name, 1))
            yield run
        elif plan.journal_min:
            self._keep_journal(one.name, plan)

    def _keep_journal(self, name: str, plan: Copies) -> None:
        copies = self._copies()
        kept_us = max((file.closed_us for file in copies.shelf(name).journal()), default=0)
        if self._now_us() - kept_us >= plan.journal_min * 60_000_000:
            try:
                copies.keep_journal(name)
            except Problem as problem:
                _log.warning("fleet.journal_not_kept", set=name, why=problem.detail)

    def runs(self, name: str, *, limit: int) -> list[BackupRun]:
        """Return the record of a set's copies, newest first. Raises: Outage."""
        if self._rows is None:
            return []
        return self._rows.read(lambda c: store.read(c, name, limit))

    def _ended(
        self,
        run: BackupRun,
        state: RunState,
        *,
        backup: str = "",
        size_bytes: int = 0,
        outcome: str = "",
    ) -> BackupRun:
        return replace(
            run,
            state=state,
            ended_us=self._now_us(),
            backup=backup,
            size_bytes=size_bytes,
            outcome=outcome,
        )

    def _note(self, run: BackupRun) -> None:
        _log.info(
            "fleet.backup",
            set=run.set,
            by=run.by,
            state=run.state.value,
            backup=run.backup,
            outcome=run.outcome,
        )
        if self._rows is None:
            return
        try:
            self._rows.run(lambda work: store.save(work.connection, run))
        except (Outage, Unknown) as problem:
            _log.warning("fleet.backup_not_on_record", set=run.set, code=problem.code)

    def _now_us(self) -> int:
        return instant_us(self._clock.now_ns())


def process_name() -> str:
    """Return this process's name, for leases and the record."""
    host = socket.gethostname().encode("ascii", "replace").decode()[:40]
    return f"{host}-{os.getpid()}"


def _kept(lease: Lease) -> None:
    """Keep the lease while bytes come in; a set that holds it may be the one that is copied."""
    try:
        lease.hold()
    except (Outage, Unknown) as problem:
        _log.info("fleet.backup_lease_unsure", code=problem.code)


class CopyWatch:
    """Sees for the doctor whether copies of a set are made as planned."""

    def __init__(self, one: DatabaseSet, rows: RoomDatabase, clock: Clock) -> None:
        self._set, self._rows, self._clock = one, rows, clock
        self._since_us = instant_us(clock.now_ns())

    def late(self) -> tuple[LateCopy, ...]:
        """Return how long a copy is missing, nothing while that is as planned. Raises: Outage."""
        plan = self._set.backups
        if plan is None:
            return ()
        last = self._rows.read(lambda c: store.last(c, self._set.name))
        hours = hours_missed(
            every_h=plan.every_h,
            began_us=last.began_us,
            since_us=self._since_us,
            now_us=instant_us(self._clock.now_ns()),
        )
        return (LateCopy(hours=hours, every_h=plan.every_h, why=last.why),) if hours else ()


def families(rows: RoomDatabase) -> Iterator[Metric]:
    """Yield when each set was copied last. Raises: Outage."""
    taken = GaugeMetricFamily(
        "database_backup_taken_seconds",
        "When the newest copy of a set began, seconds since 1970.",
        labels=["set"],
    )
    for name, began_us in rows.read(store.taken):
        taken.add_metric([name], began_us / 1_000_000)
    yield taken
