"""The database room's work in the background: every room's events are told, old rows deleted."""

import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

import structlog

from yunjin.chassis.events import Bus
from yunjin.chassis.persistence import Lease, Relay, RelayLimits, RoomDatabase, Subscribers
from yunjin.foundation.database.api.fleet import FleetApi
from yunjin.foundation.database.api.hosting import HostingApi
from yunjin.kernel.errors import Outage, Problem, Unknown

_log: Final = structlog.get_logger()
_PRUNE_EVERY_S: Final = 3_600
_JOIN_S: Final = 30


class Tending:
    """Tends the open rooms from `start` to `close`: a thread each to tell events, one to prune.

    Parameters
    ----------
    rooms : asked once, at the start, when every room is open.
    holder : this process's name in leases.
    bus : where events go, and whence they come; without one they stay in the process.
    """

    def __init__(
        self,
        rooms: Callable[[], Sequence[RoomDatabase]],
        subscribers: Subscribers,
        *,
        holder: str,
        limits: RelayLimits,
        keep_days: int,
        bus: Bus | None = None,
    ) -> None:
        self._rooms, self._subscribers, self._holder = rooms, subscribers, holder
        self._limits, self._keep_days, self._bus = limits, keep_days, bus
        self._stop = threading.Event()
        self._tended: Sequence[RoomDatabase] = ()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Begin; returns at once."""
        self._tended = [room for room in self._rooms() if not self._is_bus(room)]
        for room in self._tended:
            teller = self._subscribers if self._bus is None else self._bus.telling(room)
            relay = Relay(room, teller, holder=self._holder, limits=self._limits)
            self._begin(f"{room.room}-relay", partial(relay.run, self._stop))
        if self._bus is not None:
            self._bus.listen(self._subscribers, holder=self._holder, limits=self._limits)
            for origin, hearing in self._bus.hearings.items():
                self._begin(f"{origin}-hearing", partial(hearing.run, self._stop))
        self._begin("prune", self._prune_hourly)

    def close(self) -> None:
        """End; the pass that runs is finished."""
        self._stop.set()
        for room in self._tended:
            room.told.set()
        for thread in self._threads:
            thread.join(_JOIN_S)
        if self._bus is not None:
            self._bus.close()

    def prune(self) -> int:
        """Delete what is past its time where the lease is ours; return the number of rows."""
        total = 0
        for room in self._tended:
            lease = Lease(room, name="prune", holder=self._holder, seconds=_PRUNE_EVERY_S)
            if lease.hold():
                days = self._keep_days
                total += room.prune(answer_days=days, told_days=days)
        return total + (0 if self._bus is None else self._bus.prune())

    def _is_bus(self, room: RoomDatabase) -> bool:
        """Whether these are the bus's own tables: they keep others' events, and tell none."""
        return self._bus is not None and room is self._bus.room

    def _begin(self, name: str, job: Callable[[], object]) -> None:
        thread = threading.Thread(target=job, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _prune_hourly(self) -> None:
        while not self._stop.wait(_PRUNE_EVERY_S):
            try:
                row_count = self.prune()
            except (Outage, Unknown) as problem:
                _log.warning("rooms.prune_put_off", code=problem.code)
            else:
                _log.info("rooms.pruned", row_count=row_count)


class BackingUp:
    """Has the copies made that the fleet's file plans, from `start` to `close`."""

    def __init__(self, fleet: FleetApi, *, every_s: int = 30) -> None:
        self._fleet, self._every_s = fleet, every_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="fleet-backups", daemon=True)

    def start(self) -> None:
        """Begin; returns at once."""
        self._thread.start()

    def close(self) -> None:
        """End; a copy under way is given up with the process, and said so on record."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(_JOIN_S)

    def _run(self) -> None:
        while not self._stop.wait(self._every_s):
            try:
                self._fleet.back_up_due()
            except Problem as problem:
                _log.warning("fleet.backups_put_off", code=problem.code, why=problem.detail)


class Measuring:
    """Looks at the quotas of hosted databases from `start` to `close`, where there are any."""

    def __init__(self, hosting: HostingApi, *, every_s: int) -> None:
        self._hosting, self._every_s = hosting, every_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="hosted-quotas", daemon=True)

    def start(self) -> None:
        """Begin; returns at once."""
        self._thread.start()

    def close(self) -> None:
        """End; the look that runs is finished."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(_JOIN_S)

    def _run(self) -> None:
        while not self._stop.wait(self._every_s):
            try:
                for moved in self._hosting.measure():
                    _log.warning("hosted.moved", name=moved.name, state=moved.state.name.lower())
            except Problem as problem:
                _log.warning("hosted.not_measured", code=problem.code)
