"""How every benchmark is called: `python -m benchmarks.NAME [--json] [--quick] [--record]`."""

import argparse
import datetime as dt
import json
import sys
from collections.abc import Callable
from typing import Any

from benchmarks.measuring import ROOT, machine, steal_watched
from yunjin.chassis.transport.logs import configure_logs
from yunjin.kernel.clock import SystemClock

RESULTS = ROOT / "benchmarks" / "results"


def run(name: str, benchmark: Callable[[bool], dict[str, Any]]) -> None:
    """Run a benchmark, print its figures, keep them where asked.

    Parameters
    ----------
    benchmark : takes whether to be quick (small, for trying it out), returns the figures.
    """
    parser = argparse.ArgumentParser(prog=f"yunjin bench {name}")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--quick", action="store_true", help="small: to try it, not to quote it")
    parser.add_argument("--record", action="store_true", help="keep it in benchmarks/results")
    chosen = parser.parse_args()
    configure_logs(SystemClock(), level="warning")  # to stderr: stdout is for the figures
    facts = machine()
    with steal_watched(facts):
        figures = {key: rounded(value) for key, value in benchmark(chosen.quick).items()}
    document = {**figures, "quick": chosen.quick, "machine": facts}
    if chosen.record:
        today = dt.datetime.now(dt.UTC).date().isoformat()
        RESULTS.mkdir(exist_ok=True)
        path = RESULTS / f"{name}-{today}.json"
        path.write_text(json.dumps(document, indent=2) + "\n")
        say(f"kept in {path.relative_to(ROOT)}")
    if chosen.json:
        print(json.dumps(document))
        return
    for key, value in figures.items():
        print(f"{key:<34}{value:>16,}" if isinstance(value, int | float) else f"{key:<34}{value}")


def say(words: str) -> None:
    """Tell the person who waits what is going on."""
    print(f"· {words}", file=sys.stderr, flush=True)


def rounded(value: Any) -> Any:
    """Drop digits that mean nothing."""
    if isinstance(value, float):
        return round(value) if abs(value) >= 1_000 else float(f"{value:.4g}")
    return value
