"""The doctor of a fleet: a thread a set, and one that keeps the right to act and the record."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Final

import structlog

from yunjin.chassis.persistence import Lease, RoomDatabase
from yunjin.foundation.database.api.doctor import Finding, Remedy
from yunjin.foundation.database.service.doctor.record import Record
from yunjin.foundation.database.service.doctor.rounds import EVERYTHING, SetDoctor
from yunjin.kernel.clock import Clock
from yunjin.kernel.errors import Outage, Unknown

LEASE_S: Final = 20
HASTE: Final = 4
BRINGS_BACK: Final = frozenset(
    {Remedy.RESTART, Remedy.START_ALL, Remedy.BOOTSTRAP, Remedy.BRING_BACK}
)
_log: Final = structlog.get_logger()
Tell = Callable[[str, Sequence[Finding]], None]  # hears each round: the set, what is wrong


class Standing:
    """What this doctor may do: everything, if it is the one of several that holds the lease.

    The lease is in the database, which may be the patient. While the database cannot be asked
    nobody else can take the lease either; whoever was not told that another holds it may then
    bring back what is down, which does no harm where two do it: a node that runs is not started
    again, and one that has a majority not bootstrapped.
    """

    def __init__(self, room: RoomDatabase | None, record: Record, *, holder: str) -> None:
        self._record = record
        self._lease = (
            Lease(room, name="doctor", holder=holder, seconds=LEASE_S) if room is not None else None
        )
        self._is_others = False
        self.may: frozenset[Remedy] = frozenset()

    def renew(self) -> bool:
        """Take or keep the lease, share the record; return whether this doctor now takes over."""
        is_new = self.may != EVERYTHING
        if self._lease is None:
            self.may = EVERYTHING
            return False
        try:
            is_ours = self._lease.hold()
            if is_ours and is_new:
                self._record.take_over()
            self._record.share()
        except (Outage, Unknown):
            self.may = frozenset() if self._is_others else BRINGS_BACK
            return False
        self._is_others = not is_ours
        self.may = EVERYTHING if is_ours else frozenset()
        return is_ours and is_new

    def release(self) -> None:
        """Let another doctor act at once."""
        if self._lease is not None:
            try:
                self._record.share()
                self._lease.release()
            except (Outage, Unknown) as problem:
                _log.info("doctor.lease_left_to_run_out", code=problem.code)


class Doctor:
    """Looks after sets until it is closed."""

    def __init__(
        self,
        sets: Sequence[SetDoctor],
        standing: Standing,
        *,
        interval_ms: int,
        clock: Clock,
        tell: Tell = lambda name, found: None,
    ) -> None:
        self._sets, self._standing, self._interval_ms = sets, standing, interval_ms
        self._clock, self._tell = clock, tell
        self._stop, self._threads = threading.Event(), list[threading.Thread]()

    def start(self) -> None:
        """Begin; returns at once."""
        self._begin("doctor-standing", self._stand)
        for one in self._sets:
            self._begin(f"doctor-{one.set_name}", partial(self._tend, one))

    def close(self) -> None:
        """End after the round that runs; what is under way is waited for."""
        self._stop.set()
        for thread in self._threads:
            thread.join()
        for one in self._sets:
            one.wait()
        self._standing.release()

    def _begin(self, name: str, job: Callable[[], None]) -> None:
        thread = threading.Thread(target=job, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _stand(self) -> None:
        while True:
            with _going_on("doctor.standing_failed"):
                if self._standing.renew():
                    for one in self._sets:
                        one.recall()
            if self._stop.wait(self._interval_ms / 1_000):
                return

    def _tend(self, one: SetDoctor) -> None:
        while True:
            started_ns = self._clock.monotonic_ns()
            with _going_on("doctor.round_failed"):
                found = one.round(may=self._standing.may)
                self._tell(one.set_name, found)
            # where a node is not as it should be, the next looks come sooner: they decide
            due_ms = self._interval_ms // (HASTE if one.is_uneasy else 1)
            took_ms = (self._clock.monotonic_ns() - started_ns) // 1_000_000
            if self._stop.wait(max(due_ms - took_ms, 50) / 1_000):
                return


@contextmanager
def _going_on(event: str) -> Iterator[None]:
    """Let one failure be told of and not end the watch: the next round may do better."""
    try:
        yield
    except Exception as error:
        _log.error(event, error=f"{type(error).__name__}: {error}"[:500])
