"""Whatever the bus does, every event takes effect once and in the order of its subject.

Method: random histories over a stream in memory that answers late, stores and says no, forgets its
end, its middle or all of itself, sends twice, out of order or not at all; both sides crash between
any two steps. What holds is looked at when the faults are over.
"""

from collections.abc import Sequence
from pathlib import Path
from random import Random
from uuid import UUID

import pytest

from tests.chassis.events.places import Place, place, tell_all, waiting
from yunjin.chassis.events.problems import BusUnreachable
from yunjin.chassis.events.stream import Heard, Message, StreamState
from yunjin.kernel.errors import Outage

NOBODY = "nats://127.0.0.1:1"  # the bus of these places is the stream in memory


class Faulty:
    """A stream in memory with all the faults of a network and a disk, while `chance` is there."""

    def __init__(self, chance: Random) -> None:
        self.prefix = "yunjin.demo.shop"
        self.chance: Random | None = chance
        self.life = 0
        self.last = 0
        self.stored: dict[int, tuple[int, Message]] = {}  # by position: life, message

    def fails(self, one_in: int = 6) -> bool:
        return self.chance is not None and self.chance.randrange(one_in) == 0

    def state(self) -> StreamState | None:
        self._may_be_away()
        if not self.life:
            return None
        first = min(self.stored, default=self.last + 1)
        holes = bool(self.stored) and len(self.stored) != self.last - first + 1
        return StreamState(life=self.life, first=first, last=self.last, has_holes=holes)

    def create(self, life: int) -> None:
        self._may_be_away()
        self.life, self.last, self.stored = life, 0, {}

    def delete(self) -> None:
        self._may_be_away()
        self.life, self.last, self.stored = 0, 0, {}

    def publish(self, messages: Sequence[Message], *, after: int, life: int) -> int:
        self._may_be_away()
        acknowledged = None
        for number, message in enumerate(messages):
            if self.last != after + number or not self.life or self.fails(12):
                acknowledged = number if acknowledged is None else acknowledged
                break
            self.last += 1
            self.stored[self.last] = (life, message)
            if acknowledged is None and self.fails(12):
                acknowledged = number  # its answer is lost, and so are the next ones'
        count = len(messages) if acknowledged is None else acknowledged
        if not count:
            raise BusUnreachable("No answer.")
        return count

    def ids(self, first: int, last: int) -> list[UUID]:
        self._may_be_away()
        return [self.stored[position][1].event_id for position in range(first, last + 1)]

    def size_max(self) -> int:
        return 1 << 20

    def reader(self, first: int) -> "FaultyReader":
        self._may_be_away()
        return FaultyReader(self, first)

    def lose(self, how: str) -> None:
        """Forget something that was acknowledged."""
        if how == "all":
            self.life, self.last, self.stored = 0, 0, {}
        elif self.stored and how == "end":
            del self.stored[max(self.stored)]
            self.last = max(self.stored, default=0)
        elif len(self.stored) > 2 and how == "middle":
            del self.stored[sorted(self.stored)[len(self.stored) // 2]]

    def _may_be_away(self) -> None:
        if self.fails():
            raise BusUnreachable("Away.")


class FaultyReader:
    """Reads on from a position: what it brings may be short of some, doubled, or mixed up."""

    def __init__(self, stream: Faulty, first: int) -> None:
        self.stream, self.next = stream, first

    def read(self, count: int, *, wait_ms: int) -> list[Heard]:
        stream = self.stream
        stream._may_be_away()
        positions = [at for at in sorted(stream.stored) if at >= self.next][:count]
        if positions:
            self.next = positions[-1] + 1
        if stream.chance is not None:
            positions = [at for at in positions if not stream.fails()]
            positions += [at for at in positions if stream.fails()]
            if stream.fails(3):
                stream.chance.shuffle(positions)
        return [self._heard(at) for at in positions]

    def close(self) -> None:
        self.stream._may_be_away()

    def _heard(self, position: int) -> Heard:
        life, message = self.stream.stored[position]
        return Heard(sequence=position, life=life, behind=0, body=message.body)


def steps(here: Place, there: Place, stream: Faulty, history: list[str]) -> None:
    """Do what a history says; a crash of a side is a new relay or hearing."""
    relay, hearing = here.relay(stream, events_a_pass=3), there.hearing(stream, events_a_pass=3)
    for step in history:
        kind, _, what = step.partition(" ")
        if kind == "sell":
            here.sell(what)
        elif kind == "lose":
            stream.lose(what)
        elif step == "tell":
            quietly(relay.deliver)
        elif step == "hear":
            quietly(lambda hearing=hearing: hearing.hear(wait_ms=0))
        elif step == "act":
            hearing.relay.deliver()
        elif step == "restart":
            relay, hearing = (
                here.relay(stream, events_a_pass=3),
                there.hearing(stream, events_a_pass=3),
            )


def quietly(step: object) -> None:
    try:
        step()
    except Outage:
        return


def settle(here: Place, there: Place, stream: Faulty) -> None:
    """The faults are over: tell and hear until all is quiet."""
    stream.chance = None
    tell_all(here.relay(stream))
    hearing = there.hearing(stream)
    for _ in range(40):
        quietly(lambda: hearing.hear(wait_ms=0))
        while hearing.relay.deliver().delivered:
            pass


SELL = ["sell a", "sell b"] * 4
WORK = ["tell", "tell", "hear", "hear", "hear", "act"] * 2
TROUBLE = ["restart", "lose end", "lose middle", "lose all"]
QUICK = 4


def lived(seed: int, folder: Path) -> tuple[dict[str, list[int]], dict[str, list[int]]]:
    """Live through the history of a seed; return what took effect and what was to, by subject."""
    chance = Random(seed)
    history = [chance.choice([*SELL, *WORK, *TROUBLE]) for _ in range(120)]
    here = place(f"sqlite:///{folder / 'here.db'}", NOBODY)
    there = place(f"sqlite:///{folder / 'there.db'}", NOBODY)
    try:
        stream = Faulty(chance)
        steps(here, there, stream, history)
        settle(here, there, stream)
        assert waiting(here.shop) == 0
        wanted = {item: list(range(1, history.count(f"sell {item}") + 1)) for item in "ab"}
        return {item: there.book.of(item) for item in wanted}, wanted
    finally:
        here.close()
        there.close()


@pytest.mark.parametrize("seed", range(QUICK))
def test_whatever_fails_each_event_takes_effect_once_and_in_order(
    seed: int, tmp_path: Path
) -> None:
    took_effect, wanted = lived(seed, tmp_path)
    assert took_effect == wanted


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(QUICK, 200))
def test_whatever_fails_in_many_histories_too(seed: int, tmp_path: Path) -> None:
    took_effect, wanted = lived(seed, tmp_path)
    assert took_effect == wanted
