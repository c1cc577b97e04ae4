"""The processes of the demo's cell: one a data centre, started again a moment after they died."""

import json
import os
import signal
import subprocess
import threading
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any, Final

from yunjin.app.cluster.starting import BRISK, start
from yunjin.foundation.database.api.topology import CellSeen, Role

CELL: Final = 1
_LOOK_S: Final = 1.0
_STOP_S: Final = 20


@dataclass(slots=True)
class Place:
    """Where a process of the cell lives."""

    name: str
    data_centre: str
    folder: Path
    port: int
    flight_port: int
    url: str  # of the set, the node of its own data centre first
    process: "subprocess.Popen[bytes] | None" = None
    died_at: float = 0.0
    has_answered: bool = False  # since it was started

    @property
    def address(self) -> str:
        """Where it is reached with batches."""
        return f"grpc://127.0.0.1:{self.flight_port}"

    @property
    def pid_file(self) -> Path:
        """Where its process is written down, for who comes after this demo."""
        return self.folder / "pid"

    @property
    def is_alive(self) -> bool:
        """Whether its process runs."""
        return self.process is not None and self.process.poll() is None


class Processes:
    """Starts the cell's processes, and starts them again.

    again_s : a dead process stays dead so long, so that people see who took over.
    """

    def __init__(self, places: list[Place], *, again_s: float = 3.0) -> None:
        self.places, self._again_s = places, again_s
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._tend, name="cells", daemon=True)

    def start(self) -> None:
        """Start all, and tend them until `close`."""
        for place in self.places:
            self._start(place)
        self._thread.start()

    def end_strays(self) -> list[str]:
        """End what a demo that was killed left running; return the names of those places."""
        found = [(place, pid) for place in self.places if (pid := _stray(place))]
        for _, pid in found:
            os.kill(pid, signal.SIGCONT)
            os.kill(pid, signal.SIGKILL)  # the journal is on the set: nothing is lost
        return [place.name for place, _ in found]

    def seen(self) -> list[CellSeen]:
        """Return how each is, as it says itself; all are asked at once."""
        with ThreadPoolExecutor(max(1, len(self.places))) as pool:
            return list(pool.map(_seen, self.places))

    def writer(self) -> Place | None:
        """Return the place whose process writes, None where nobody knows."""
        seen = zip(self.places, self.seen(), strict=True)
        return next((place for place, one in seen if one.role is Role.WRITES), None)

    def signal(self, place: Place, how: signal.Signals) -> None:
        """Send a signal to a place's process, if it lives."""
        if place.is_alive and place.process is not None:
            place.process.send_signal(how)

    def close(self) -> None:
        """Stop all, in order."""
        self._over.set()
        if self._thread.is_alive():
            self._thread.join()
        for place in self.places:
            self.signal(place, signal.SIGCONT)
            self.signal(place, signal.SIGTERM)
        for place in self.places:
            if place.process is None:
                continue
            try:
                place.process.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                place.process.kill()
                place.process.wait()
            place.pid_file.unlink(missing_ok=True)

    def _start(self, place: Place) -> None:
        place.process = start(
            ["cell"],
            place.folder,
            url=place.url,
            port=place.port,
            flight_port=place.flight_port,
            ledger={**BRISK, "cell": CELL},
            log=place.folder / "log",
            is_apart=True,  # Ctrl+C is for the demo, which stops them in order
        )
        place.pid_file.write_text(str(place.process.pid))

    def _tend(self) -> None:
        while not self._over.wait(_LOOK_S / 4):
            for place in self.places:
                if place.is_alive:
                    place.died_at = 0.0
                elif not place.died_at:
                    place.died_at = time.monotonic()
                elif time.monotonic() - place.died_at > self._again_s:
                    self._start(place)


def _seen(place: Place) -> CellSeen:
    """Return how a place's process is; one that does not answer soon is silent."""
    pid = place.process.pid if place.process is not None and place.is_alive else 0
    said = _state(place) if pid else None
    epoch = int(said["epoch"]) if said and said["is_writer"] else 0
    place.has_answered = bool(pid) and (place.has_answered or said is not None)
    role = Role.WRITES if epoch else Role.STANDS_BY
    if not pid:
        role = Role.DOWN
    elif not said:
        role = Role.SILENT if place.has_answered else Role.STARTS
    return CellSeen(
        cell=CELL,
        name=place.name,
        data_centre=place.data_centre,
        place=place.address.removeprefix("grpc://"),
        role=role,
        epoch=epoch,
        sequence=int(said["head"]["sequence"]) if said else 0,
        pid=pid,
    )


def _state(place: Place) -> dict[str, Any] | None:
    """Return what a process says of the cell, None where it says nothing."""
    try:
        address = f"http://127.0.0.1:{place.port}/v1/cell"
        with urllib.request.urlopen(address, timeout=_LOOK_S) as answer:
            said: dict[str, Any] = json.load(answer)
            return said
    except (OSError, ValueError, HTTPException):
        return None


def _stray(place: Place) -> int:
    """Return the process id of a place that runs already, 0 where none does."""
    try:
        pid = int(place.pid_file.read_text())
        environment = Path(f"/proc/{pid}/environ").read_bytes()
    except (OSError, ValueError):
        return 0
    return pid if f"YUNJIN_HOME={place.folder}".encode() in environment.split(b"\0") else 0
