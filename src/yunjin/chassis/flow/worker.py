"""The thread that works a room's flows, from start to close."""

import threading
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
    """Runs an engine in a thread of its own; a room's wiring hands its start and close on."""

    def __init__(self, flows: Flows, *, holder: str) -> None:
        self._flows, self._engine = flows, Engine(flows, holder=holder)
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin; returns at once."""
        name = f"{self._flows.room.room}-flows"
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End; the turn that runs is finished."""
        self._stop.set()
        self._flows.bell.set()
        if self._thread is not None:
            self._thread.join(_JOIN_S)

    def _run(self) -> None:
        idle_s, pause_ms = self._flows.limits.idle_ms / 1_000, _PAUSE_MS_FIRST
        while not self._stop.is_set():
            try:
                if not self._engine.turn() and not self._stop.is_set():
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
