"""Start cells as processes, give them all the same order, kill them."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from yunjin.kernel.errors import Outage

STEADY: Final = 524_288  # transfers between checkpoints: often enough to be steady within seconds
RARELY: Final = 4_194_304  # as it is shipped: no checkpoint comes in between


@dataclass
class Cells:
    """Processes of a cell each; they do the same thing at the same time."""

    processes: list["subprocess.Popen[str]"]

    def all_do(self, what: str, **arguments: Any) -> list[dict[str, Any]]:
        """Give an order to all, then wait for all. Raises: Outage where one ended."""
        for one in self.processes:
            if one.stdin is not None:
                one.stdin.write(json.dumps({"do": what, **arguments}) + "\n")
                one.stdin.flush()
        return [_heard(one) for one in self.processes]

    def kill(self) -> None:
        """End them with SIGKILL."""
        for one in self.processes:
            one.kill()
        for one in self.processes:
            one.wait()
            for pipe in (one.stdin, one.stdout):
                if pipe is not None:
                    pipe.close()


def _heard(one: "subprocess.Popen[str]") -> dict[str, Any]:
    line = one.stdout.readline() if one.stdout is not None else ""
    if not line:
        raise Outage("A cell's process ended before it answered; what it said stands above.")
    heard: dict[str, Any] = json.loads(line)
    return heard


@dataclass(frozen=True)
class Start:
    """How long cells took from the start of their processes to a durable answer."""

    seconds: float  # until the last one
    cpu_s: float  # of one, on average
    opened_s: float  # of that, until the journal was read, once code was loaded
    opened_cpu_s: float
    transfers: int  # of one


@contextmanager
def cells(
    home: Path, count: int, *, checkpoint_transfers: int = STEADY
) -> Iterator[tuple[Cells, Start]]:
    """Run cells 1 to `count`, each in a folder of its own; they are killed at the end."""
    began = time.perf_counter()
    numbers = range(1, count + 1)
    started = Cells([_process(home / str(each), each, checkpoint_transfers) for each in numbers])
    try:
        heard = [_heard(one) for one in started.processes]
        seconds = time.perf_counter() - began
        cpu_s, opened_s, opened_cpu_s = (
            sum(one[name] for one in heard) / count
            for name in ("cpu_s", "opened_s", "opened_cpu_s")
        )
        start = Start(seconds, cpu_s, opened_s, opened_cpu_s, heard[0]["transfers"])
        yield started, start
    finally:
        started.kill()


def _process(home: Path, cell: int, checkpoint_transfers: int) -> "subprocess.Popen[str]":
    home.mkdir(parents=True, exist_ok=True)
    told = str(home), str(cell), str(checkpoint_transfers)
    words = [sys.executable, "-m", "yunjin.app.planning.child", *told]
    return subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
