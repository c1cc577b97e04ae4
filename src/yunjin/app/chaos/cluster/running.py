"""Schedules, one after the other, over one town; each judged by itself."""

import shutil
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from yunjin.app.chaos.cluster.history import judge
from yunjin.app.chaos.cluster.nemesis import LOAD_S, schedule
from yunjin.app.chaos.cluster.net import Net
from yunjin.app.chaos.cluster.people import ACCOUNTS, People
from yunjin.app.chaos.cluster.town import Town

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
    seeds: Iterable[int], *, tell: Callable[[str], None] = lambda words: None, number: int = 77
) -> ClusterReport:
    """Run the schedules of some seeds; a seed alone replays its schedule.

    number : the second octet of the networks' addresses, so that two can run at once.

    Raises: NoNamespaces, and what the fleet raises.
    """
    report, home = ClusterReport(), Path(tempfile.mkdtemp(prefix=_PREFIX))
    try:
        with Net(f"yj{number}", number).up() as net, Town(home, net).open() as town:
            town.heal()
            for seed in seeds:
                _one(town, seed, report, tell)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    return report


def _one(town: Town, seed: int, report: ClusterReport, tell: Callable[[str], None]) -> None:
    planned = schedule(seed)
    people = People(town.addresses(), seed)
    people.open()
    before = town.struck
    people.begin()
    started = time.monotonic()
    for one in planned:
        time.sleep(max(0.0, started + one.at_s - time.monotonic()))
        town.strike(one)
    time.sleep(max(0.0, started + LOAD_S - time.monotonic()))
    town.heal()
    people.end()
    kept, end = people.outcome()
    wrong = judge(people.history, kept, end, ACCOUNTS)
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
