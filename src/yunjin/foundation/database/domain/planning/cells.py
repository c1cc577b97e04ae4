"""Cells on one machine, batch by batch: gather, apply, commit, answer; or all of them recovering.

A cell's process has one interpreter lock: whoever hands batches in, the thread that applies them
and the one that commits take turns. All processes share the cores and the disk. While a commit is
on its way more is applied; the next commit takes all of it (group commit). A copy on another node
answers after its journey and its own sync; the commit waits for as many as it must.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from yunjin.foundation.database.domain.planning.costs import Costs
from yunjin.foundation.database.domain.planning.engine import Act, Queue, Shared, Simulation
from yunjin.kernel import check

ROWS_A_COMMIT: Final = 65_520
_DRAWS: Final = 4_096


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What is asked of cells on one machine, each cell alike.

    Either `per_second` batches that fall due at random, or `in_flight` of them at all times.
    """

    cells: int
    batch_rows: int
    seconds: float
    per_second: float = 0.0
    in_flight: int = 0
    logic_cpu_s: float = 0.0  # of a batch, before it is handed in: products' rules
    warm_up_s: float = 0.5  # not looked at
    waiting_max: int = 100_000  # batches; more are refused
    dead_cells: int = 0  # the writers of so many are dead
    dead_from_s: float = 0.0  # from then on
    dead_s: float = 0.0  # for so long; what falls due meanwhile waits
    copies_s: tuple[float, ...] = ()  # journeys there and back to the other nodes of the set
    copies_needed: int = 0  # how many of them a commit waits for


@dataclass(slots=True)
class Seen:
    """What came of it. Latencies count from the moment a batch fell due, s."""

    offered: int = 0
    answered: int = 0
    refused: int = 0
    left: int = 0  # still on their way at the end
    rows: int = 0  # answered after the warm-up
    seconds: float = 0.0
    commits: int = 0
    busy_cores: float = 0.0
    waiting_max: int = 0  # batches, of one cell
    drained_s: float = 0.0  # when the last batch that fell due before the revival was answered
    latencies_s: list[float] = field(default_factory=list)

    @property
    def transfers_per_s(self) -> float:
        """Answered transfers a second."""
        return self.rows / self.seconds

    def percentile_s(self, rank: float) -> float:
        """Return a percentile of the latencies; no answer at all is infinitely late."""
        return np.percentile(self.latencies_s, rank).item() if self.latencies_s else np.inf


class _Machine:
    def __init__(self, costs: Costs, load: Load, cores: int, seed: int) -> None:
        self.simulation = Simulation()
        self.cores = Shared(self.simulation, paces(costs, cores))
        self.disk = Shared(self.simulation, costs.disk_paces)
        self.load, self.costs, self.seen = load, costs, Seen()
        self.chance = np.random.default_rng(seed)
        cpu_s, wait_s = costs.samples(load.batch_rows)
        self.cpu_s, self.wait_s = cpu_s.tolist(), wait_s.tolist()
        self.caller_s = costs.caller_cpu_s + load.logic_cpu_s
        self.draws = self._draw()
        self.gaps, self.chances = self._gaps(), self._chances()

    def _draw(self) -> Iterator[int]:
        while True:
            yield from self.chance.integers(0, len(self.cpu_s), _DRAWS).tolist()

    def _chances(self) -> Iterator[float]:
        while True:
            yield from self.chance.random(_DRAWS).tolist()

    def _gaps(self) -> Iterator[float]:
        while True:
            yield from self.chance.exponential(1.0, _DRAWS).tolist()


def paces(costs: Costs, cores: int) -> list[float]:
    """Return the pace of each of k that want a core on a machine with so many cores.

    What crowding costs was measured by how many there are a core.
    """
    measured = costs.core_paces
    crowd = np.arange(1, len(measured) + 1) / costs.cores
    fair = np.minimum(1, costs.cores / np.arange(1, len(measured) + 1))
    lost = np.array(measured) / fair
    wanted = np.arange(1, max(cores * 8, 16) + 1)
    found = np.minimum(1, cores / wanted) * np.interp(wanted / cores, crowd, lost)
    return list(found.tolist())


class _Cell:
    def __init__(self, machine: _Machine, *, dies: bool) -> None:
        self._dies = dies
        self._machine, self._now = machine, machine.simulation
        self._interpreter = Queue(machine.simulation)
        self._waiting: deque[float] = deque()
        self._ready: list[float] = []  # applied, not in a commit yet
        self._commit_cpu_s = self._commit_wait_s = 0.0  # of what is ready
        self._is_applying = self._is_committing = False

    def fall_due(self) -> None:
        """One batch, and the next one after a while."""
        self.hand_in()
        rate = self._machine.load.per_second
        self._now.after(next(self._machine.gaps) / rate, self.fall_due)

    def hand_in(self) -> None:
        self._machine.seen.offered += 1
        self._interpreter.take(self._hand_in, self._now.now)

    def _hand_in(self, due: float) -> None:
        self._machine.cores.work(self._machine.caller_s, self._handed_in, due)

    def _handed_in(self, due: float) -> None:
        seen = self._machine.seen
        if len(self._waiting) < self._machine.load.waiting_max:
            self._waiting.append(due)
            seen.waiting_max = max(seen.waiting_max, len(self._waiting))
        else:
            seen.refused += 1
        if self._waiting and not self._is_applying:
            self._is_applying = True
            is_eager = next(self._machine.chances) < self._machine.costs.eager_share
            self._write(self._interpreter.take_next if is_eager else self._interpreter.take)
        self._interpreter.give_back()

    def _write(self, take: Act) -> None:
        """Take what waits as soon as the writer lives and has the interpreter."""
        load = self._machine.load
        revived = load.dead_from_s + load.dead_s
        if self._dies and load.dead_from_s <= self._now.now < revived:
            self._now.at(revived, take, self._apply)
        else:
            take(self._apply)

    def _apply(self) -> None:
        machine = self._machine
        most = max(1, ROWS_A_COMMIT // machine.load.batch_rows)
        taken = [self._waiting.popleft() for _ in range(min(most, len(self._waiting)))]
        cpu_s = wait_s = 0.0
        for _ in taken:
            place = next(machine.draws)
            cpu_s += machine.cpu_s[place]
            wait_s += machine.wait_s[place]
        apply_s = max(0.0, cpu_s * machine.costs.apply_share)
        machine.cores.work(apply_s, self._applied, taken, cpu_s - apply_s, wait_s)

    def _applied(self, taken: list[float], cpu_s: float, wait_s: float) -> None:
        self._interpreter.give_back()
        self._ready += taken
        self._commit_cpu_s += cpu_s
        self._commit_wait_s += wait_s
        if not self._is_committing:
            self._is_committing = True
            self._interpreter.take(self._commit)
        self._is_applying = bool(self._waiting)
        if self._waiting:
            self._write(self._interpreter.take)

    def _commit(self) -> None:
        """Take all that is ready; the interpreter is held for the CPU and not for the wait."""
        machine, taken = self._machine, self._ready
        cpu_s = max(0.0, machine.costs.commit_cpu_s + self._commit_cpu_s)
        wait_s = max(0.0, machine.costs.commit_wait_s + self._commit_wait_s)
        self._ready, self._commit_cpu_s, self._commit_wait_s = [], 0.0, 0.0
        machine.cores.work(cpu_s, self._written, taken, wait_s)

    def _written(self, taken: list[float], wait_s: float) -> None:
        self._interpreter.give_back()
        millions = len(taken) * self._machine.load.batch_rows / 1e6
        self._machine.cores.work(millions * self._machine.costs.beside_cpu_s_per_million, _nothing)
        self._machine.disk.work(wait_s, self._committed, taken, self._now.now)

    def _committed(self, taken: list[float], since: float) -> None:
        """It is durable here; wait for the copies."""
        load = self._machine.load
        if load.copies_needed:
            ends = sorted(since + away + self._synced_s(taken) for away in load.copies_s)
            self._now.at(max(self._now.now, ends[load.copies_needed - 1]), self._answer, taken)
        else:
            self._answer(taken)

    def _synced_s(self, taken: list[float]) -> float:
        """Return how long a copy takes to write a commit, from when it has it."""
        machine = self._machine
        own: float = sum(machine.wait_s[next(machine.draws)] for _ in taken)
        return max(0.0, machine.costs.commit_wait_s + own)

    def _answer(self, taken: list[float]) -> None:
        seen, load, now = self._machine.seen, self._machine.load, self._now.now
        seen.answered += len(taken)
        if now > load.warm_up_s:
            seen.commits += 1
            seen.rows += len(taken) * load.batch_rows
            seen.latencies_s += [now - due for due in taken]
        if self._dies and taken[0] < load.dead_from_s + load.dead_s:
            seen.drained_s = now
        self._is_committing = bool(self._ready)
        if self._ready:
            self._interpreter.take(self._commit)
        if load.in_flight:
            for _ in taken:
                self.hand_in()


def _nothing() -> None:
    """What nobody waits for is done."""


def run_cells(costs: Costs, load: Load, *, cores: int, seed: int) -> Seen:
    """Simulate cells on one machine under a load.

    Every batch that was offered was answered, refused, or is still on its way at the end.
    """
    check.that(bool(load.per_second) != bool(load.in_flight), "expected one kind of load")
    machine = _Machine(costs, load, cores, seed)
    for cell in [_Cell(machine, dies=place < load.dead_cells) for place in range(load.cells)]:
        for _ in range(load.in_flight):
            cell.hand_in()
        if load.per_second:
            machine.simulation.after(next(machine.gaps) / load.per_second, cell.fall_due)
    end = load.warm_up_s + load.seconds
    machine.simulation.run(end)
    seen = machine.seen
    seen.seconds = load.seconds
    seen.left = seen.offered - seen.answered - seen.refused
    seen.busy_cores = machine.cores.busy_s / end
    return seen


def recovery_s(costs: Costs, *, cells: int, transfers: int, cores: int, accounts: int = 0) -> float:
    """Return how long cells on one machine take, started at once, until the last one answers.

    transfers: in the journal of each, after its last checkpoint. accounts: of each, in that.
    """
    simulation = Simulation()
    shared, disk = Shared(simulation, paces(costs, cores)), Shared(simulation, costs.disk_paces)
    millions = transfers / 1e6
    cpu_s = costs.start_cpu_s + millions * costs.replay_cpu_s_per_million
    cpu_s += accounts / 1e6 * costs.load_s_per_million
    crowd = min(1.0, max(0.0, (cells / cores - 1) / 3))  # as it was measured: four a core
    cpu_s *= 1 + (costs.start_crowding - 1) * crowd
    wait_s = costs.start_wait_s + millions * costs.replay_wait_s_per_million
    for _ in range(cells):
        shared.work(cpu_s, disk.work, wait_s, _nothing)
    simulation.run()
    return simulation.now
