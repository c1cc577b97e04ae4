"""The demo of a cluster as a whole: it comes up, is struck by every kind of fault, and goes on.

Goal: nothing that was answered is lost, service comes back after each blow, all is repaired and
stopped in order. Method: real nodes and processes on this machine, in a short folder in memory; a
guard ends whatever a killed test would leave.
"""

import json
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.galera import guarded
from yunjin.app.bootstrap import opened_stage
from yunjin.app.cluster.stage import SET, Stage, missing_programs
from yunjin.app.commands.cluster import chosen
from yunjin.app.settings import Settings
from yunjin.foundation.database.api.topology import Picture, Role, TopologyApi

pytestmark = [pytest.mark.galera, pytest.mark.slow]
WITHIN_S = 180
MORE = 2_000  # transfers answered after a blow, so that service goes on is no accident
BLOWS = (
    "writer-kill",
    "writer-pause",
    "node-kill:s1a",
    "node-pause:s1b",
    "centre-off:c",
    "set-kill",
)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """Return a short folder for the demo."""
    if missing := missing_programs():
        pytest.skip(f"needs Galera: apt-get install galera-4 mariadb-backup socat ({missing})")
    with guarded() as sets:
        yield sets.folder


def until(is_so: Callable[[], bool], what: str) -> None:
    """Wait until something is so."""
    end = time.monotonic() + WITHIN_S
    while not is_so():
        assert time.monotonic() < end, f"not within {WITHIN_S} s: {what}"
        threading.Event().wait(0.2)


def is_whole(picture: Picture) -> bool:
    """Whether every node is in step, one process writes and all others stand by."""
    nodes = [node for centre in picture.centres for node in centre.nodes]
    roles = sorted(cell.role for centre in picture.centres for cell in centre.cells)
    expected = sorted([Role.WRITES, Role.STANDS_BY, Role.STANDS_BY])
    return all(node.status.is_synced for node in nodes) and roles == expected


def booked(stage: Stage) -> int:
    """Return how many transfers the writing process has in its books."""
    writer = stage._processes.writer()
    assert writer is not None
    with urllib.request.urlopen(f"http://127.0.0.1:{writer.port}/v1/cell", timeout=10) as answer:
        said: dict[str, Any] = json.load(answer)
    return int(said["transfer_count"])


def has_answered(stage: Stage, count: int) -> bool:
    """Whether customers got so many answers."""
    return stage.answered > count


def runs(pid: int) -> bool:
    """Whether a process is there, and more than a number that nobody took back yet."""
    try:
        return bool(Path(f"/proc/{pid}/cmdline").read_bytes())
    except OSError:
        return False


def test_service_goes_on_whatever_is_struck_and_nothing_is_lost(folder: Path) -> None:
    told: list[str] = []
    stage = Stage(folder / "demo", told.append)
    pids: list[int] = []
    try:
        stage.open()
        with opened_stage(chosen(Settings(), folder / "demo"), stage) as bank:
            topology = bank.door(TopologyApi)
            for blow in BLOWS:
                until(lambda: is_whole(topology.picture()), f"whole before {blow}")
                goal = stage.answered + MORE
                topology.strike(blow)
                until(partial(has_answered, stage, goal), f"answers after {blow}")
            until(lambda: is_whole(topology.picture()), "whole at the end")
            until(lambda: all(one.is_over for one in topology.blows()), "the blows are over")
            assert [one.strike.id for one in topology.blows()] == list(reversed(BLOWS))
            assert not any(beat.failed for beat in topology.beats())
            assert stage._customers is not None
            stage._customers.close()  # nobody waits for an answer any more
            assert booked(stage) == stage.answered
            pids = [cell.pid for cell in stage.cells()]
            pids += [node.pid() for node in stage.fleet.nodes(SET)]
    finally:
        stage.close()
    assert len(pids) == 6
    assert not any(runs(pid) for pid in pids)
    assert [words for words in told if words.endswith("stops")] == [
        f"{SET}: {name} stops" for name in ("s1c", "s1b", "s1a")
    ]


def test_a_demo_that_was_killed_is_taken_over_and_goes_on(folder: Path) -> None:
    first = Stage(folder / "demo", lambda words: None)
    first.open()
    answered = booked(first)
    first._processes._over.set()  # as kill -9 would: nobody tends, nobody stops
    assert first._customers is not None
    first._customers.close()
    first._owned.close()
    told: list[str] = []
    second = Stage(folder / "demo", told.append)
    try:
        second.open()
        until(lambda: second.answered > MORE, "answers")
        assert booked(second) >= answered + MORE
    finally:
        second.close()
        for place in first._processes.places:
            if place.process is not None:
                place.process.wait(30)
    assert any("still run, of a demo that was killed: taken over" in words for words in told)
    assert sum("still ran, of a demo that was killed: ended" in words for words in told) == 3


def test_an_interrupt_while_it_comes_up_stops_what_was_started(folder: Path) -> None:
    def interrupted(words: str) -> None:
        if "processes of the cell, one a node" in words:
            raise KeyboardInterrupt

    stage = Stage(folder / "demo", interrupted)
    with pytest.raises(KeyboardInterrupt):
        stage.open()
    assert all(node.pid() for node in stage.fleet.nodes(SET))
    stage.close()
    assert not any(node.pid() for node in stage.fleet.nodes(SET))
