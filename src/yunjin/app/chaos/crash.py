"""Rounds of death: a child under load is killed or loses its power; then the ledger is questioned.

A round is one of four kinds, in turn: `kill`, kill -9 from outside at a random moment; `call`,
kill -9 from inside around a write, sync or truncation, every index once before any comes twice;
`power`, the same, and then everything since the last syncs is dropped, torn or reordered;
`opening`, a life without checkpoints, then one or two that die while they open, replay what is
there and write checkpoint after checkpoint; half of these lose their power too.
"""

import random
import shutil
import signal
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from yunjin.app.chaos.checking import Wrongs
from yunjin.app.chaos.child import Acknowledged, Ended, Order, Ready, Refused, Sabotage, Word
from yunjin.app.chaos.child import main as serve_child
from yunjin.app.chaos.load import Load
from yunjin.app.chaos.nursery import nursery
from yunjin.app.chaos.reopening import forget_index, question
from yunjin.chassis.persistence.faulty_disk import Manner, cut, read_trace
from yunjin.kernel.clock import SystemClock
from yunjin.kernel.errors import Bug

Kind = Literal["kill", "call", "power", "opening"]
KINDS: Final[tuple[Kind, ...]] = ("kill", "call", "power", "opening")
_SELDOM: Final = 1 << 20  # transfers between checkpoints: none in a life
_OFTEN: Final = (10, 20, 40, 80, 160, 320)  # while opening; another choice ends elsewhere
PHASES: Final = ("before", "torn", "after")
_ENDS: Final[tuple[tuple[Kind, Manner | None], ...]] = (("call", "keep"), ("power", None))
_PATIENCE_S: Final = 60


@dataclass(slots=True, kw_only=True)
class CrashReport:
    """What came of all rounds."""

    seed: int
    rounds: int = 0
    faults_fired: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    acknowledged: int = 0  # batches
    wrongs: Wrongs = field(default_factory=Wrongs)
    seconds: int = 0

    def document(self) -> dict[str, Any]:
        """Return the report as one flat JSON object."""
        wrongs = asdict(self.wrongs)
        said = wrongs.pop("said")
        head = {"rounds": self.rounds, "faults_fired": self.faults_fired, **wrongs}
        rest = {"faults": dict(self.faults), "acknowledged_batches": self.acknowledged}
        return {**head, **rest, "seed": self.seed, "seconds": self.seconds, "said": said}

    @property
    def has_passed(self) -> bool:
        """Whether faults fired and no promise was broken."""
        return self.faults_fired > 0 and self.wrongs.total == 0


@dataclass(slots=True)
class _Life:
    """One run of a child: what it told, how it ended."""

    acknowledged: list[Acknowledged]
    calls: dict[str, int]
    was_killed: bool
    opening: dict[str, int] = field(default_factory=dict)  # calls until it was open
    refusal: str = ""  # why it could not open or go on


class CrashHarness:
    """Run rounds; same seed, same loads and same choices.

    Parameters
    ----------
    batch_count : batches a child sends before it closes in peace.
    sabotage : breaks the ledger or the disk on purpose; the report must then be bad.
    kinds : what happens in a round, in turn.
    """

    def __init__(
        self,
        *,
        seed: int,
        batch_count: int = 24,
        sabotage: Sabotage = "",
        kinds: Sequence[Kind] = KINDS,
    ) -> None:
        self._seed, self._batches, self._sabotage = seed, batch_count, sabotage
        self._kinds = kinds
        self._chance = random.Random(seed)
        self._clock = SystemClock()
        self._nursery = nursery()
        self._points: list[tuple[str, int]] = []
        self._opening_points: list[tuple[str, int]] = []
        self._upcoming: list[tuple[str, int]] = []

    def run(self, rounds: int, *, tell: Callable[[CrashReport], None] | None = None) -> CrashReport:
        """Run rounds; `tell` hears of the report after each."""
        report, began = CrashReport(seed=self._seed), self._clock.monotonic_ns()
        with tempfile.TemporaryDirectory(prefix="yunjin-chaos-") as folder:
            self._calibrate(Path(folder) / "calibration")
            for number in range(rounds):
                self._round(Path(folder) / f"round-{number}", number, report)
                report.rounds += 1
                report.seconds = (self._clock.monotonic_ns() - began) // 1_000_000_000
                if tell is not None:
                    tell(report)
        return report

    def sweep(self, *, step: int = 1) -> CrashReport:
        """Let one child live to its end, then let it have died after every change of its trace.

        After each `step`-th change the ledger is questioned twice: as kill -9 leaves it (all that
        was written is there) and as a power cut does (what was not synced may be gone).
        """
        report, began = CrashReport(seed=self._seed), self._clock.monotonic_ns()
        with tempfile.TemporaryDirectory(prefix="yunjin-chaos-") as name:
            folder, load = Path(name), self._load(0)
            order = self._order(folder, load, None)
            self._live_in_peace(order)
            records, home = list(read_trace(Path(order.trace))), Path(order.home)
            for end in range(0, len(records) + 1, step):
                for kind, manner in _ENDS:
                    into = folder / f"{end}-{kind}"
                    seed = self._chance.getrandbits(32)
                    notes = cut(records[:end], home, into, seed=seed, manner=manner)
                    acknowledged = [_acknowledged(note) for note in notes]
                    found = question(into, load, self._batches, acknowledged)
                    report.wrongs.take(found, f"after change {end} of {len(records)} ({kind})")
                    report.faults[kind] += 1
                    report.faults_fired += 1
                    report.acknowledged += len(acknowledged)
                    shutil.rmtree(into)
                report.rounds += 1
        report.seconds = (self._clock.monotonic_ns() - began) // 1_000_000_000
        return report

    def _live_in_peace(self, order: Order) -> _Life:
        life = self._live(order)
        if life.was_killed or not life.calls:
            raise Bug(f"expected a child to come to its end, was {life.refusal or 'killed'}")
        return life

    def _calibrate(self, folder: Path) -> None:
        """Let one child live to the end, so the calls at which others may die are known."""
        life = self._live_in_peace(self._order(folder / "life", self._load(0), None))
        self._points = _points(life.calls)
        if "opening" in self._kinds:
            self._unwritten_life(folder / "opening", self._load(0))
            order = self._order(folder / "opening", self._load(0), None)
            order = msgspec.structs.replace(order, checkpoint_transfers=min(_OFTEN))
            self._opening_points = _points(self._live_in_peace(order).opening)

    def _round(self, folder: Path, number: int, report: CrashReport) -> None:
        kind, load = self._kinds[number % len(self._kinds)], self._load(number + 1)
        if kind == "opening":
            self._opening_round(folder, load, number, report)
            return
        acknowledged: list[Acknowledged] = []
        for generation in range(1 + (self._chance.random() < 0.25)):  # some die twice
            trace = folder / f"trace-{generation}"
            order = self._order(folder, load, None if kind == "kill" else self._next_point())
            order = msgspec.structs.replace(order, trace=str(trace))
            stop_after = self._chance.randrange(self._batches) if kind == "kill" else None
            life = self._live(order, kill_after=stop_after)
            if kind == "power" and life.was_killed:
                life.acknowledged = self._cut(folder, trace)
            acknowledged += self._told(life, kind, number, report)
        report.acknowledged += len(acknowledged)
        found = self._question(folder, load, acknowledged)
        report.wrongs.take(found, f"round {number} ({kind})")

    def _opening_round(self, folder: Path, load: Load, number: int, report: CrashReport) -> None:
        """Kill a life that made no checkpoint, then those that make them while they open."""
        acknowledged = self._told(self._unwritten_life(folder, load), "opening", number, report)
        for generation in range(1 + (self._chance.random() < 0.5)):
            trace = folder / f"trace-{generation}"
            order = self._order(folder, load, self._chance.choice(self._opening_points))
            order = msgspec.structs.replace(
                order,
                trace=str(trace),
                checkpoint_transfers=self._chance.choice(_OFTEN),
                batch_count=0,
            )
            life = self._live(order)
            if self._chance.random() < 0.5 and life.was_killed:
                self._cut(folder, trace)
            self._told(life, "opening", number, report)
        report.acknowledged += len(acknowledged)
        found = self._question(folder, load, acknowledged)
        report.wrongs.take(found, f"round {number} (opening)")

    def _unwritten_life(self, folder: Path, load: Load) -> _Life:
        """Let a child live without a checkpoint and die after its last acknowledgement but some."""
        order = self._order(folder, load, None)
        order = msgspec.structs.replace(order, checkpoint_transfers=_SELDOM)
        return self._live(order, kill_after=self._batches - self._chance.randrange(1, 4))

    def _told(
        self, life: _Life, kind: Kind, number: int, report: CrashReport
    ) -> list[Acknowledged]:
        """Count what became of a life; return what it had acknowledged."""
        report.faults[kind] += life.was_killed
        report.faults_fired += life.was_killed
        report.wrongs.add("unsound", bool(life.refusal), f"round {number}: {life.refusal}")
        return life.acknowledged

    def _cut(self, folder: Path, trace: Path) -> list[Acknowledged]:
        """Cut the power where the child died; return what was acknowledged until then."""
        home = folder / "home"
        notes = cut(read_trace(trace), home, home, seed=self._chance.getrandbits(32))
        return [_acknowledged(note) for note in notes]

    def _question(self, folder: Path, load: Load, acknowledged: list[Acknowledged]) -> Wrongs:
        """Question what is left; what is derived may be gone at any time."""
        if self._chance.random() < 0.25:
            forget_index(folder / "home")
        return question(folder / "home", load, self._batches, acknowledged)

    # children

    def _load(self, number: int) -> Load:
        start_ms = self._clock.now_ns() // 1_000_000
        return Load(seed=self._seed * 1_000_003 + number, start_ms=start_ms)

    def _order(self, folder: Path, load: Load, point: tuple[str, int] | None) -> Order:
        home = folder / "home"
        home.mkdir(parents=True, exist_ok=True)
        phase = self._chance.choice(PHASES)
        return Order(
            home=str(home),
            trace=str(folder / "trace"),
            seed=load.seed,
            start_ms=load.start_ms,
            batch_count=self._batches,
            kill_at=(*point, phase) if point else None,
            sabotage=self._sabotage,
        )

    def _next_point(self) -> tuple[str, int]:
        """Return the next call to die at: all of them in a random order, then again."""
        if not self._upcoming:
            self._upcoming = self._chance.sample(self._points, len(self._points))
        return self._upcoming.pop()

    def _live(self, order: Order, *, kill_after: int | None = None) -> _Life:
        """Run a child to its end; kill it a moment after so many acknowledgements, if asked."""
        hears, says = self._nursery.Pipe(duplex=False)
        child = self._nursery.Process(target=serve_child, args=(order, says))
        child.start()
        says.close()  # then the child's is the last one, and its death ends the pipe
        life = _Life([], {}, was_killed=False)
        for word in _words(hears, child):
            match word:
                case Ready(calls=calls):
                    life.opening = calls
                case Acknowledged():
                    life.acknowledged.append(word)
                case Ended(calls=calls):
                    life.calls = calls
                case Refused(why=why):
                    life.refusal = why
            if kill_after is not None and len(life.acknowledged) >= kill_after:
                child.join(self._chance.random() * 0.003)
                child.kill()
                kill_after = None
        child.join()
        life.was_killed = child.exitcode == -signal.SIGKILL
        if child.exitcode not in (0, -signal.SIGKILL):
            raise Bug(f"expected a child to end or to be killed, was {child.exitcode}")
        return life


def _points(calls: dict[str, int]) -> list[tuple[str, int]]:
    """Return the calls at which a child may die."""
    return [
        (call, n + 1) for call in ("write", "sync", "truncate") for n in range(calls.get(call, 0))
    ]


def _acknowledged(note: bytes) -> Acknowledged:
    return msgspec.json.decode(note, type=Acknowledged)


def _words(hears: "Connection[bytes, bytes]", child: BaseProcess) -> Iterator[Word]:
    """Yield the words of a child; one that a kill has torn is no acknowledgement."""
    with hears:
        while True:
            if not hears.poll(_PATIENCE_S):
                child.kill()
                raise Bug(f"expected a word from a child within {_PATIENCE_S} s, was none")
            try:
                said = hears.recv_bytes()
            except (EOFError, OSError):
                return
            yield msgspec.json.decode(said, type=Word)
