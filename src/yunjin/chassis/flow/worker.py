"""The thread that works a room's flows, from start to close."""

import threading
from collections.abc import Callable
from typing import Final

import structlog

from yunjin.chassis.flow.desk import Flows
from yunjin.chassis.flow.engine import Engine
from yunjin.kernel.errors import Outage, Unknown

_log: Final = structlog.get_logger()
_JOIN_S: Final = 30
_PAUSE_MS_FIRST: Final = 20
_PAUSE_MS_MAX: Final = 2_000


class FlowWorker:
    """Runs an engine in a thread of its own; a room's wiring hands its start and close on.

    Parameters
    ----------
    stands_by : tells whether another process does the room's work now, and so works its flows.
    """

    def __init__(
        self, flows: Flows, *, holder: str, stands_by: Callable[[], bool] = lambda: False
    ) -> None:
        self._flows, self._engine = flows, Engine(flows, holder=holder)
        self._stands_by = stands_by
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._beat_ns = 0  # when the last turn began

    def start(self) -> None:
        """Begin; returns at once."""
        name = f"{self._flows.room.room}-flows"
        self._beat_ns = self._flows.room.clock.monotonic_ns()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End; the turn that runs is finished."""
        self._stop.set()
        self._flows.bell.set()
        if self._thread is not None:
            self._thread.join(_JOIN_S)

    def probe(self) -> str:
        """Say why the flows are not worked, "" where they are, here or by another process.

        Flows that are parked wait for a person, not for us: they are told by the metrics.
        """
        room, thread = self._flows.room, self._thread
        if thread is None:
            return "the worker of the flows was not started"
        if not thread.is_alive():
            return "the worker of the flows has ended"
        silent_s = (room.clock.monotonic_ns() - self._beat_ns) // 1_000_000_000
        is_stalled = silent_s > self._flows.limits.stall_s
        return f"no turn of the flows has ended for {silent_s} s" if is_stalled else ""

    def _run(self) -> None:
        idle_s, pause_ms = self._flows.limits.idle_ms / 1_000, _PAUSE_MS_FIRST
        while not self._stop.is_set():
            self._beat_ns = self._flows.room.clock.monotonic_ns()
            try:
                if self._stands_by():
                    self._engine.leave()
                    self._stop.wait(idle_s)
                elif not self._engine.turn() and not self._stop.is_set():
                    self._flows.bell.wait(idle_s)
                pause_ms = _PAUSE_MS_FIRST
                continue
            except (Outage, Unknown) as problem:
                _log.warning("flows.put_off", code=problem.code, room=self._flows.room.room)
            except Exception:
                # A flow's trouble parks the flow; this is the engine's own, and must be seen.
                _log.exception("flows.failed", room=self._flows.room.room)
            self._stop.wait(pause_ms / 1_000)
            pause_ms = min(2 * pause_ms, _PAUSE_MS_MAX)
        self._engine.close()
