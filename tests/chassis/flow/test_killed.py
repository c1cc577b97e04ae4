"""Goal: kill -9 at any point loses no step and doubles none.

Method: a child process works some hundred flows; it is killed while it is at it, anywhere, again
and again, until one comes to the end. Then every flow has written its five lines, once each (a
second time the key would be taken and the flow would have failed).
"""

import subprocess
import sys
from collections import Counter
from pathlib import Path

import sqlalchemy as sa

from tests.chassis.flow.killed import FLOWS, LIMITS, LINES
from tests.chassis.flow.shop import LOG, opened
from yunjin.chassis.flow import Start, State
from yunjin.kernel.clock import FixedClock, SystemClock
from yunjin.kernel.ids import uuid7

ROOT = Path(__file__).parents[3]
FLOW_COUNT = 300
KILLS_MIN = 5


def test_a_process_killed_again_and_again_loses_and_doubles_nothing(database_url: str) -> None:
    shop = opened(database_url, *FLOWS, limits=LIMITS, clock=FixedClock(SystemClock().now_ns()))
    ids = [uuid7(SystemClock()) for _ in range(FLOW_COUNT)]
    shop.flows.start_all([Start(flow_id=one, flow="work", args=(1,)) for one in ids])
    kills, lines = 0, 9
    while _work(database_url, lines):
        kills, lines = kills + 1, lines + 7
    assert kills >= KILLS_MIN
    states = Counter(shop.flows.state(one).state for one in ids)
    assert states == {State.DONE: FLOW_COUNT}
    assert shop.flows.state(ids[0]).outcome == ["first", "leaf", "last"]
    query = sa.select(LOG.c.place)
    places = shop.room.read(lambda connection: connection.execute(query).scalars().all())
    assert len(places) == len(set(places)) == LINES * FLOW_COUNT == shop.told()
    shop.close()


def _work(url: str, lines: int) -> bool:
    """Let a process work until it has said so many lines, kill it; return whether it was killed."""
    words = [sys.executable, "-m", "tests.chassis.flow.killed", url]
    child = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    said = 0
    for line in child.stdout:
        said += line.strip() not in ("", "0") and line.strip().isdigit()
        if said >= lines:
            child.kill()
            break
    child.stdout.close()
    code = child.wait(timeout=60)
    assert code in (0, -9)
    return code == -9
