"""Schedules, one after the other, over one town; each judged by itself."""

import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from yunjin.app.chaos.cluster.cable import Line
from yunjin.app.chaos.cluster.history import judge
from yunjin.app.chaos.cluster.nemesis import LOAD_S, Planned, schedule
from yunjin.app.chaos.cluster.net import Net
from yunjin.app.chaos.cluster.people import ACCOUNTS, People
from yunjin.app.chaos.cluster.town import ONE_CITY, Shape, Town

LINE: Final = Line(delay_ms=8, jitter_ms=1)  # 32 ms there and back: Shenzhen and Shanghai
_AFTER_S: Final = 2.0  # a long fault's end is lived through too
_PREFIX: Final = "yj-"  # short: a socket's path has 107 bytes


@dataclass(slots=True)
class ClusterReport:
    """What came of the schedules."""

    schedules: int = 0
    faults_fired: int = 0
    transfers: int = 0
    readings: int = 0
    unknown: int = 0  # transfers whose sender never heard
    wrong: dict[int, list[str]] = field(default_factory=dict)  # by seed

    @property
    def has_passed(self) -> bool:
        """Whether every history can have been so, and something was struck."""
        return not self.wrong and self.faults_fired > 0

    def document(self) -> dict[str, Any]:
        """Return it for people and programs."""
        return asdict(self)


def run(
    seeds: Iterable[int],
    *,
    tell: Callable[[str], None] = lambda words: None,
    number: int = 77,
    shape: Shape = ONE_CITY,
) -> ClusterReport:
    """Run the schedules of some seeds; a seed alone replays its schedule of the same shape.

    number : the second octet of the networks' addresses, so that two can run at once.

    Raises: NoNamespaces, and what the fleet raises.
    """
    report = ClusterReport()
    line = LINE if shape.witness else None
    with opened(Net(f"yj{number}", number, centres=shape.centres, line=line), shape) as town:
        for seed in seeds:
            strike_and_judge(town, seed, schedule(seed, shape.centres), report, tell)
    return report


@contextmanager
def opened(net: Net, shape: Shape = ONE_CITY) -> Iterator[Town]:
    """Have a town of a shape for a block. Raises: NoNamespaces, and what the fleet raises."""
    home = Path(tempfile.mkdtemp(prefix=_PREFIX))
    try:
        with net.up(), Town(home, net, shape).open() as town:
            town.heal()
            yield town
    finally:
        shutil.rmtree(home, ignore_errors=True)


def strike_and_judge(
    town: Town,
    seed: int,
    planned: Sequence[Planned],
    report: ClusterReport,
    tell: Callable[[str], None],
) -> None:
    """Let people do business while the town is struck, mend it, and judge what they saw.

    seed : of what they do.
    """
    people = People(town.addresses(), seed)
    people.open()
    before = town.struck
    people.begin()
    started = time.monotonic()
    for one in planned:
        time.sleep(max(0.0, started + one.at_s - time.monotonic()))
        town.strike(one)
    end = max([LOAD_S, *(one.at_s + one.lasts_s + _AFTER_S for one in planned if one.lasts_s > 3)])
    time.sleep(max(0.0, started + end - time.monotonic()))
    town.heal()
    people.end()
    kept, balances = people.outcome()
    wrong = judge(people.history, kept, balances, ACCOUNTS)
    report.schedules += 1
    report.faults_fired += town.struck - before
    report.transfers += len(kept)
    report.readings += len(people.history.readings)
    report.unknown += sum(len(x.rows) for x in people.history.posts if x.created is None)
    if wrong:
        report.wrong[seed] = wrong
    faults = "; ".join(map(str, planned))
    tell(f"seed {seed}: {faults}: {len(kept)} transfers, {len(wrong)} wrongs")
    for what in wrong:
        tell(f"  {what}")
