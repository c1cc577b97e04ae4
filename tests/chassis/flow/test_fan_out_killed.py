"""Goal: kill -9 in the middle of a fan-out loses no item and does none twice.

Method: a child process works three fan-outs of every kind of item; it is killed while it is at it,
again and again, until one comes to the end. Each item writes a line under its own key (a second
time the key would be taken: the item would be counted as failed); a call writes to a room of its
own under its command's id, where the same id with another item would be seen.
"""

import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.chassis.flow.fan_out_killed import CALLED, FLOWS, ITEMS, LIMITS
from tests.chassis.flow.shop import opened
from yunjin.chassis.flow import State
from yunjin.kernel.clock import FixedClock, SystemClock
from yunjin.kernel.ids import uuid7

ROOT = Path(__file__).parents[3]
KILLS_MIN = 4
FAILED = ITEMS // 100


@pytest.mark.slow
def test_a_fan_out_that_is_killed_again_and_again_comes_to_the_same(database_url: str) -> None:
    shop = opened(database_url, *FLOWS, limits=LIMITS, clock=FixedClock(SystemClock().now_ns()))
    with shop.room.database.engine.begin() as connection:
        CALLED.create(connection)
    ids = {kind: uuid7(SystemClock()) for kind in ("step", "call", "child")}
    for kind, flow_id in ids.items():
        shop.flows.start(flow_id, "all", kind)
    kills, lines = 0, 6
    while _work(database_url, lines):
        kills, lines = kills + 1, lines + 4
    assert kills >= KILLS_MIN
    for flow_id in ids.values():
        ended = shop.flows.state(flow_id)
        counts = {"total": ITEMS, "done": ITEMS - FAILED, "failed": FAILED, "number": 1}
        assert (ended.state, ended.outcome) == (State.DONE, counts)
        codes = {one.problem["code"] for one in shop.flows.failed_items(flow_id, 1)}
        assert codes == {"shop/sold-out"}
    places = [place for place in shop.log() if not place.startswith("undo")]
    of_steps = [place for place in places if place.startswith("step")]
    of_children = [place for place in places if place.startswith("child")]
    assert len(of_steps) == len(set(of_steps)) == ITEMS - FAILED
    assert len(of_children) == len(set(of_children)) == ITEMS - FAILED
    query = sa.select(CALLED.c.item)
    called = shop.room.read(lambda connection: connection.execute(query).scalars().all())
    assert len(called) == len(set(called)) == ITEMS - FAILED
    steps = sa.select(sa.func.count()).select_from(shop.flows.tables.steps)
    kept = shop.room.read(lambda connection: connection.execute(steps).scalar_one())
    assert kept == len(ids) + FAILED  # the fan-outs' own rows, and those of children that failed
    shop.close()


def _work(url: str, lines: int) -> bool:
    """Let a process work until it has said so many lines, kill it; return whether it was killed."""
    words = [sys.executable, "-m", "tests.chassis.flow.fan_out_killed", url]
    child = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    said = 0
    for line in child.stdout:
        said += line.strip().isdigit() and line.strip() != "0"
        if said >= lines:
            child.kill()
            break
    child.stdout.close()
    code = child.wait(timeout=120)
    assert code in (0, -9)
    return code == -9


@pytest.mark.slow
def test_of_a_hundred_thousand_items_the_journal_is_one_row(database_url: str) -> None:
    shop = opened(database_url, *FLOWS, limits=LIMITS.model_copy(update={"items_a_turn": 2_000}))
    ended = shop.ran("many", 100_000)
    assert ended.outcome == {"total": 100_000, "done": 99_000, "failed": 1_000, "number": 1}
    assert len(shop.flows.history(ended.flow_id)) == 1
    last = shop.flows.failed_items(ended.flow_id, 1, after=99_800)
    assert [one.place for one in last] == [99_899, 99_999]
    shop.close()
