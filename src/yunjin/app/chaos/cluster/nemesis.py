"""What fails when: a schedule that follows from its seed alone."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from yunjin.app.chaos.cluster.net import CENTRES

LOAD_S: Final = 6.0  # how long customers are at it
_FIRST_S, _LAST_S = 0.5, 4.0  # when faults begin


class Fault(StrEnum):
    """Something that fails."""

    CELL_KILL = "cell-kill"  # the process that writes
    CELL_SLEEP = "cell-sleep"  # SIGSTOP, later SIGCONT
    CELL_CLOCK = "cell-clock"  # the writing process's wall clock jumps
    STANDBY_KILL = "standby-kill"
    NODE_KILL = "node-kill"  # a node of the set
    NODE_SLEEP = "node-sleep"
    CENTRE_ALONE = "centre-alone"  # a data centre is cut off from the others
    ONE_WAY = "one-way"  # packets from one to another get lost, not back
    LOSS = "loss"  # a tenth of the packets into a data centre
    DELAY = "delay"  # a data centre's line gets long; only where lines have a length
    SET_KILL = "set-kill"  # all nodes


_WEIGHTS: Final = {
    Fault.CELL_KILL: 4,
    Fault.CELL_SLEEP: 4,
    Fault.CELL_CLOCK: 2,
    Fault.STANDBY_KILL: 1,
    Fault.NODE_KILL: 4,
    Fault.NODE_SLEEP: 3,
    Fault.CENTRE_ALONE: 4,
    Fault.ONE_WAY: 3,
    Fault.LOSS: 2,
    Fault.SET_KILL: 1,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A fault, when it begins, and how long it lasts where it ends by itself."""

    fault: Fault
    at_s: float
    lasts_s: float
    centre: str
    other: str
    jump_s: int  # of a clock

    def __str__(self) -> str:
        return f"{self.at_s:.1f} s {self.fault} {self.centre}{self.other} for {self.lasts_s:.1f} s"


def schedule(seed: int, centres: Sequence[str] = CENTRES) -> list[Planned]:
    """Return one to three faults of these data centres, in the order of their beginning."""
    chance = random.Random(seed)
    count = chance.choice((1, 1, 2, 2, 3))
    kinds = chance.choices(list(_WEIGHTS), weights=list(_WEIGHTS.values()), k=count)
    planned = []
    for kind in kinds:
        centre, other = chance.sample(centres, 2)
        planned.append(
            Planned(
                fault=kind,
                at_s=chance.uniform(_FIRST_S, _LAST_S),
                lasts_s=chance.uniform(0.5, 3.0),
                centre=centre,
                other=other if kind is Fault.ONE_WAY else "",
                jump_s=chance.choice((-7_200, -5, 5, 86_400)),
            )
        )
    return sorted(planned, key=lambda one: one.at_s)
