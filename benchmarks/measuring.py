"""What a benchmark measures with: wall time, CPU-seconds of process trees, facts of the machine.

The machine is shared and its wall time swings, so CPU-seconds stand beside every figure.
"""

import importlib.metadata
import os
import platform
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).parents[1]
PACKAGES = ("apsw", "msgspec", "numba", "numpy", "pyarrow", "starlette", "uvicorn", "uvloop")
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Measured:
    """One timed stretch."""

    seconds: float = 0.0
    cpu_s: dict[str, float] = field(default_factory=dict)  # by the name of the process tree

    def per_second(self, count: int) -> float:
        """Return how many a second."""
        return count / self.seconds

    def per_million(self, count: int, name: str) -> float:
        """Return CPU-seconds a million."""
        return self.cpu_s[name] / count * 1e6


@contextmanager
def measured(**trees: int) -> Iterator[Measured]:
    """Measure a block: wall seconds, and the CPU-seconds of process trees by their root's pid."""
    result = Measured()
    before = {name: tree_cpu_s(pid) for name, pid in trees.items()}
    start = time.perf_counter()
    yield result
    result.seconds = time.perf_counter() - start
    result.cpu_s = {name: tree_cpu_s(pid) - before[name] for name, pid in trees.items()}


def tree_cpu_s(root: int) -> float:
    """Return the CPU-seconds of a process, its threads, and its children, dead ones too."""
    parents: dict[int, tuple[int, int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except (FileNotFoundError, ProcessLookupError):
                continue  # it ended meanwhile; its parent counts it
            parents[int(entry.name)] = int(fields[1]), sum(map(int, fields[11:15]))
    inside, grew = {root}, True
    while grew:
        more = {pid for pid, (parent, _) in parents.items() if parent in inside} - inside
        inside |= more
        grew = bool(more)
    return sum(parents[pid][1] for pid in inside if pid in parents) / _TICKS


def rss_peak_mb(pid: int) -> int:
    """Return the most memory a process has held, MiB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) // 1024
    return 0


def middle(values: list[float]) -> float:
    """Return the median of repeated measurements."""
    return median(values)


def machine() -> dict[str, Any]:
    """Return what the figures depend on: machine, versions, commit."""
    processor = platform.processor() or platform.machine()
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            processor = line.partition(":")[2].strip()
            break
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**30
    return {
        "processor": processor,
        "cores": os.cpu_count(),
        "memory_gib": memory,
        "kernel": platform.release(),
        "python": platform.python_version(),
        **{name: importlib.metadata.version(name) for name in PACKAGES},
        "commit": commit(),
        "load_before": round(os.getloadavg()[0], 2),
    }


def commit() -> str:
    """Return the commit measured, with a plus where files differ from it."""
    asked = ["git", "-C", str(ROOT), "rev-parse", "--short=12", "HEAD"]
    head = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
    asked = ["git", "-C", str(ROOT), "status", "--porcelain", "src", "benchmarks/*.py"]
    changed = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
    return f"{head or 'unknown'}{'+' if changed else ''}"


@contextmanager
def steal_watched(into: dict[str, Any]) -> Iterator[None]:
    """Note what part of the CPU time other machines on this host took meanwhile."""
    before = _cpu_times()
    yield
    spent = [after - earlier for after, earlier in zip(_cpu_times(), before, strict=True)]
    into["steal_percent"] = round(100 * spent[7] / max(1, sum(spent)), 1)


def _cpu_times() -> list[int]:
    return [int(one) for one in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
