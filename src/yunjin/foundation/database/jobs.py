"""The database room's work in the background: every room's events are told, old rows deleted."""

import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

import structlog

from yunjin.chassis.persistence import Lease, Relay, RelayLimits, RoomDatabase, Subscribers
from yunjin.kernel.errors import Outage, Unknown

_log: Final = structlog.get_logger()
_PRUNE_EVERY_S: Final = 3_600
_JOIN_S: Final = 30


class Tending:
    """Tends the open rooms from `start` to `close`: a thread each to tell events, one to prune.

    Parameters
    ----------
    rooms : asked once, at the start, when every room is open.
    holder : this process's name in leases.
    """

    def __init__(
        self,
        rooms: Callable[[], Sequence[RoomDatabase]],
        subscribers: Subscribers,
        *,
        holder: str,
        limits: RelayLimits,
        keep_days: int,
    ) -> None:
        self._rooms, self._subscribers, self._holder = rooms, subscribers, holder
        self._limits, self._keep_days = limits, keep_days
        self._stop = threading.Event()
        self._tended: Sequence[RoomDatabase] = ()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Begin; returns at once."""
        self._tended = self._rooms()
        for room in self._tended:
            relay = Relay(room, self._subscribers, holder=self._holder, limits=self._limits)
            self._begin(f"{room.room}-relay", partial(relay.run, self._stop))
        self._begin("prune", self._prune_hourly)

    def close(self) -> None:
        """End; the pass that runs is finished."""
        self._stop.set()
        for room in self._tended:
            room.told.set()
        for thread in self._threads:
            thread.join(_JOIN_S)

    def prune(self) -> int:
        """Delete what is past its time where the lease is ours; return the number of rows."""
        total = 0
        for room in self._tended:
            lease = Lease(room, name="prune", holder=self._holder, seconds=_PRUNE_EVERY_S)
            if lease.hold():
                days = self._keep_days
                total += room.prune(answer_days=days, told_days=days)
        return total

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
