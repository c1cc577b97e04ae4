"""The DBOS peer: the same function as its workflow and step, on SQLite, in a venv of its own.

DBOS is no dependency of ours: pip brings it into a temporary venv for the run, by the index that
pip is set to use. Two ways are measured, one workflow after the other and all started at once, and
the better one counts. Elsewhere, on a quiet 2-core machine, DBOS 3.4 reached about 600 steps a
CPU-second; a run far below that is not fair.
"""

import json
import subprocess
import sys
import venv
from pathlib import Path
from typing import NamedTuple

REACHED_ELSEWHERE = 600
_SCRIPT = """
import importlib.metadata, json, sys, time
from dbos import DBOS

url, flows, steps = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
DBOS(config={"name": "bench", "system_database_url": url, "log_level": "ERROR",
             "run_admin_server": False})

@DBOS.step()
def add(value):
    return value + 1

@DBOS.workflow()
def counting(value):
    for _ in range(steps):
        value = add(value)
    return value

def one_by_one():
    for value in range(flows):
        assert counting(value) == value + steps

def at_once():
    handles = [DBOS.start_workflow(counting, value) for value in range(flows)]
    for value, handle in enumerate(handles):
        assert handle.get_result() == value + steps

DBOS.launch()
counting(0)
paces = []
for way in (one_by_one, at_once):
    began = time.process_time()
    way()
    paces.append(flows * steps / (time.process_time() - began))
DBOS.destroy()
print(json.dumps({"version": importlib.metadata.version("dbos"), "paces": paces}))
"""


class Peer(NamedTuple):
    """How fast DBOS went."""

    version: str
    steps_per_cpu_s: float


def run(home: Path, *, flows: int, steps: int) -> Peer | None:
    """Measure DBOS; None where it cannot be installed."""
    place = home / "dbos"
    venv.create(place / "venv", with_pip=True)
    python = place / "venv" / "bin" / "python"
    brought = subprocess.run(
        [python, "-m", "pip", "install", "-q", "dbos"], capture_output=True, text=True, check=False
    )
    if brought.returncode:
        print(brought.stderr[-500:], file=sys.stderr)
        return None
    script = place / "peer.py"
    script.write_text(_SCRIPT)
    words = [python, script, f"sqlite:///{place / 'dbos.db'}", str(flows), str(steps)]
    done = subprocess.run(words, capture_output=True, text=True, check=False, cwd=place)
    if done.returncode:
        raise RuntimeError(f"expected DBOS to run, was: {done.stderr[-2_000:]}")
    said = json.loads(done.stdout.splitlines()[-1])
    return Peer(said["version"], max(said["paces"]))
