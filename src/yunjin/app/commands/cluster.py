"""`yunjin demo --cluster`: data centres on this machine, and a page on which things die."""

import json
import signal
import sys
import time
from typing import TYPE_CHECKING, Any, Final

from yunjin.app.fleet_example import Shape

if TYPE_CHECKING:
    from yunjin.app.settings import Settings

CLUSTER_HOME: Final = "demo-cluster"
_TIMES_MAX: Final = 100  # people like to kill things


def demo_cluster(settings: "Settings", shape: Shape, *, once: bool, as_json: bool) -> None:
    """Bring the cluster up, serve its page, and stop all in order at the end.

    Each shape but the usual one has a folder of its own.

    Raises: NoPrograms, and what a fleet raises.
    """
    from yunjin.app.asgi import serve
    from yunjin.app.bootstrap import opened_stage
    from yunjin.app.cluster.stage import Stage

    started = time.monotonic()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # from the first process on
    own = "" if shape is Shape.CENTRES else f"-{shape}"
    home = settings.home / f"{CLUSTER_HOME}{own}"
    stage = Stage(home.absolute(), _say, shape)
    try:
        stage.open()
        facts = _facts(stage, time.monotonic() - started)
        _say(
            f"up after {facts['seconds']} s: {facts['nodes']} nodes, {facts['processes']} processes"
        )
        if as_json:
            print(json.dumps(facts))
        if once:
            return
        with opened_stage(chosen(settings, home), stage) as bank:
            _say("The page is /console/topology: kill what you like, and watch service go on.")
            serve(bank)
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # impatience would leave processes behind
        stage.close()


def chosen(settings: "Settings", home: Any) -> "Settings":
    """Return settings of the process that serves the page, and keeps a doctor."""
    doctor = settings.database.doctor.model_copy(update={"is_on": True, "times_max": _TIMES_MAX})
    database = settings.database.model_copy(update={"url": "", "doctor": doctor})
    return settings.model_copy(update={"home": home, "database": database})


def _facts(stage: Any, seconds: float) -> dict[str, Any]:
    cells = stage.cells()
    return {
        "seconds": round(seconds, 1),
        "nodes": sum(bool(node.pid()) for node in stage.fleet.nodes("s1")),
        "processes": sum(bool(cell.pid) for cell in cells),
        "writers": sum(cell.epoch > 0 for cell in cells),
    }


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)
