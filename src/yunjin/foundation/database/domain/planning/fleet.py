"""Years of a fleet, event by event: hosts and data centres that fail, are cut off, are upgraded.

Every host, cell and set is there by itself; their load is not, it is counted by the batch in
`cells.py`. A cell is down while its writer is (detection and take-over), while its set has no
quorum, and while the set finds out that another node died (Galera's commits wait for that).
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from yunjin.foundation.database.domain.planning.costs import Costs
from yunjin.foundation.database.domain.planning.engine import Simulation
from yunjin.foundation.database.domain.planning.scenario import Scenario

YEAR_S: Final = 365 * 86_400.0
_HAND_OVER_S: Final = 0.2  # a planned change of writer: the standby has all, nobody is to be found
_PATIENCE_S: Final = 600.0  # between two looks whether a set is whole again
_DRAWS: Final = 4_096


@dataclass(slots=True)
class Years:
    """What befell a fleet."""

    years: float
    cells: int
    events: int = 0
    down_s: Counter[str] = field(default_factory=Counter)  # summed over cells, by cause
    outages: Counter[str] = field(default_factory=Counter)  # of cells, by cause
    longest_s: float = 0.0

    @property
    def minutes_a_year(self) -> float:
        """Minutes a year in which a customer finds the bank shut, on average."""
        return sum(self.down_s.values()) / self.cells / self.years / 60

    def minutes_by_cause(self) -> dict[str, float]:
        """Return the same by cause."""
        return {why: self.down_s[why] / self.cells / self.years / 60 for why in sorted(self.down_s)}


class _Cell:
    """A cell, the hosts of its set, and until when it is known to be down."""

    __slots__ = ("alive", "down_until", "hosts", "lost_at", "writer")

    def __init__(self, hosts: list[int]) -> None:
        self.hosts, self.writer, self.alive = hosts, hosts[0], len(hosts)
        self.down_until = 0.0
        self.lost_at = -1.0  # since when there has been no quorum


class _Fleet:
    def __init__(self, costs: Costs, scenario: Scenario, hosts: int, seed: int) -> None:
        self.now, self.costs, self.scenario = Simulation(), costs, scenario
        self._chance = np.random.default_rng(seed)
        self.gaps = self._exponential()
        centres = len(scenario.centres)
        self.centre_of = [host % centres for host in range(hosts)]
        self.hosts_of = [list(range(at, hosts, centres)) for at in range(centres)]
        self.dead = [0] * hosts  # for how many reasons a host is dead or out of reach
        self.cells = [_Cell(self._placed(cell)) for cell in range(scenario.cells)]
        self.cells_on: list[list[_Cell]] = [[] for _ in range(hosts)]
        for cell in self.cells:
            for host in cell.hosts:
                self.cells_on[host].append(cell)
        self.years = Years(years=0, cells=scenario.cells)

    def _exponential(self) -> Iterator[float]:
        while True:
            yield from self._chance.exponential(1.0, _DRAWS).tolist()

    def _placed(self, cell: int) -> list[int]:
        """Return hosts of a set, no two the same: round the centres, spread inside each."""
        chosen: list[int] = []
        for turn, centre in enumerate(self.scenario.placed(cell)):
            inside = self.hosts_of[centre]
            step = (cell // len(self.scenario.running) + turn) % len(inside)
            free = [one for one in inside[step:] + inside[:step] if one not in chosen]
            chosen.append(free[0])
        return chosen

    # what happens ---------------------------------------------------------------------------------

    def plan(self, years: float) -> None:
        """Foresee the first fault of everything, and all upgrades."""
        faults = self.scenario.faults
        for host in range(len(self.dead)):
            self.now.after(next(self.gaps) * faults.host_years * YEAR_S, self.host_dies, host)
        for centre in range(len(self.hosts_of)):
            for mean, act in (
                (faults.centre_years, self.centre_dies),
                (faults.cut_years, self.cut),
            ):
                if len(self.hosts_of) > 1 or act == self.centre_dies:
                    self.now.after(next(self.gaps) * mean * YEAR_S, act, centre)
        waves = int(years * faults.upgrades_a_year)
        for wave in range(waves):
            self.now.at((wave + 0.5) / faults.upgrades_a_year * YEAR_S, self.upgrade, 0, 0)

    def host_dies(self, host: int) -> None:
        faults = self.scenario.faults
        back_s = faults.host_hours * 3_600
        self.away([host], back_s, "host")
        again = back_s + next(self.gaps) * faults.host_years * YEAR_S
        self.now.after(again, self.host_dies, host)

    def centre_dies(self, centre: int) -> None:
        faults = self.scenario.faults
        self.away(self.hosts_of[centre], faults.centre_hours * 3_600, "centre")
        again = next(self.gaps) * faults.centre_years * YEAR_S
        self.now.after(faults.centre_hours * 3_600 + again, self.centre_dies, centre)

    def cut(self, centre: int) -> None:
        faults = self.scenario.faults
        self.away(self.hosts_of[centre], faults.cut_minutes * 60, "cut")
        again = next(self.gaps) * faults.cut_years * YEAR_S
        self.now.after(faults.cut_minutes * 60 + again, self.cut, centre)

    def upgrade(self, centre: int, place: int) -> None:
        """One host, then the next one of its centre, then the next centre.

        The dead are passed over; a host whose sets lack a node is left until they have it back.
        """
        if place == len(self.hosts_of[centre]):
            centre, place = centre + 1, 0
        if centre == len(self.hosts_of):
            return
        host = self.hosts_of[centre][place]
        if self.dead[host]:
            self.now.after(0, self.upgrade, centre, place + 1)
            return
        if any(cell.alive < len(cell.hosts) for cell in self.cells_on[host]):
            self.now.after(_PATIENCE_S, self.upgrade, centre, place)
            return
        lasts = self.scenario.faults.upgrade_minutes * 60
        self.away([host], lasts, "upgrade")
        self.now.after(lasts, self.upgrade, centre, place + 1)

    # what follows ---------------------------------------------------------------------------------

    def away(self, hosts: list[int], for_s: float, cause: str) -> None:
        """Have hosts die together and come back together."""
        touched = []
        for host in hosts:
            self.dead[host] += 1
            if self.dead[host] == 1:
                for cell in self.cells_on[host]:
                    cell.alive -= 1
                    touched.append(cell)
        for cell in touched:
            self._bear(cell, cause)
        self.now.after(for_s, self.back, hosts, cause)

    def _bear(self, cell: _Cell, cause: str) -> None:
        costs = self.costs
        if cell.alive < self.scenario.quorum:
            if cell.lost_at < 0:
                cell.lost_at = self.now.now
                self.years.outages[f"{cause}, no quorum"] += 1
        elif self.dead[cell.writer]:
            cell.writer = next(host for host in cell.hosts if not self.dead[host])
            is_planned = cause == "upgrade"
            down_s = _HAND_OVER_S if is_planned else costs.detect_s + costs.take_over_s
            self._down(cell, down_s, cause)
        elif cause != "upgrade" and self.scenario.commit == "all":
            self._down(cell, costs.detect_s, f"{cause}, commits wait")

    def _down(self, cell: _Cell, for_s: float, cause: str) -> None:
        """Count what is new of an outage that begins now."""
        until = self.now.now + for_s
        new_s = until - max(self.now.now, cell.down_until)
        if new_s > 0:
            cell.down_until = until
            self._count(new_s, cause)
            self.years.outages[cause] += 1

    def _count(self, seconds: float, cause: str) -> None:
        self.years.down_s[cause] += seconds  # type: ignore[assignment]
        self.years.longest_s = max(self.years.longest_s, seconds)

    def back(self, hosts: list[int], cause: str) -> None:
        for host in hosts:
            self.dead[host] -= 1
            if self.dead[host]:
                continue
            for cell in self.cells_on[host]:
                cell.alive += 1
                if cell.lost_at >= 0 and cell.alive >= self.scenario.quorum:
                    self._revive(cell, f"{cause}, no quorum")

    def _revive(self, cell: _Cell, cause: str) -> None:
        since, cell.lost_at = max(cell.lost_at, cell.down_until), -1.0
        if self.dead[cell.writer]:
            cell.writer = next(host for host in cell.hosts if not self.dead[host])
        until = self.now.now + self.costs.detect_s + self.costs.take_over_s
        cell.down_until = until
        self._count(until - since, cause)

    def end(self, years: float) -> Years:
        """Count what is still down and return it all."""
        for cell in self.cells:
            if cell.lost_at >= 0:
                since = max(cell.lost_at, cell.down_until)
                self._count(max(0.0, self.now.now - since), "no quorum to the end")
        self.years.years, self.years.events = years, self.now.happened
        return self.years


def run_years(costs: Costs, scenario: Scenario, *, hosts: int, years: float, seed: int) -> Years:
    """Simulate years of a fleet of so many cell hosts.

    A loss of quorum counts under what ended it. Outages that overlap count once.
    """
    fleet = _Fleet(costs, scenario, hosts, seed)
    fleet.plan(years)
    fleet.now.run(years * YEAR_S)
    return fleet.end(years)
