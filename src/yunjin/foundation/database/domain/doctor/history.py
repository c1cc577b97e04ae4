"""What the doctor remembers: the last rounds, and whether something has held for long enough.

A conclusion rests on several rounds in a row. Rounds in which the doctor itself stood still are
not counted where they rest on silence, and a gap between two rounds ends every row: after a pause
it begins anew.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from yunjin.foundation.database.domain.doctor.observation import Life, Round

ROUNDS_KEPT: Final = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """From when on something is a finding. Times in seconds or as the name says."""

    interval_ms: int = 1_000  # between two rounds
    late_ms_max: int = 1_000  # a round later than this is not trusted
    gap_ms_max: int = 10_000  # a longer pause between rounds ends every row
    rounds_min: int = 3  # in a row, before the doctor acts on something
    hung_s: int = 8  # a process that is there and does not answer
    stuck_s: int = 5  # a write that does not come back
    paused_ppm_max: int = 100_000  # of the time, by flow control
    slow_s: int = 10
    rest_s: int = 300  # a node stopped for being too slow comes back after
    starting_s: int = 600  # a process that never answered may take so long to start
    left_alone_s: int = 20  # what Galera mends by itself within
    queue_low: int = 16  # a desynced node below this has caught up
    queue_max: int = 50_000  # a desynced node beyond this never will
    disk_free_stop: int = 256 << 20  # bytes; and never less than the share below
    disk_free_stop_ppm: int = 20_000
    disk_free_low_ppm: int = 100_000
    disk_free_back_times: int = 2  # brought back at so many times what it was fenced for
    disk_free_back: int = 1_100 << 20  # and never with less than a node needs to be started
    disk_full_in_days: int = 30
    fsync_us_max: int = 1_000_000
    tls_days_min: int = 30  # of a certificate
    tls_days_bad: int = 7
    clock_ms_warn: int = 500
    clock_ms_max: int = 5_000
    blocked_s: int = 60  # others wait so long for one transaction
    cell_silent_s: int = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Fence:
    """Why a node is kept from work, by the doctor itself."""

    code: str  # of the finding
    at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """The trusted rounds, newest last, and what must outlast them."""

    rounds: tuple[Round, ...] = ()
    seqno_high: int = -1  # the highest seen in a majority
    seqno_seen: Mapping[str, int] = field(default_factory=dict)  # of each node, the last
    answered: Mapping[str, int] = field(default_factory=dict)  # node → the process that did last
    served: Mapping[str, int] = field(default_factory=dict)  # node → the same, in a majority
    fences: Mapping[str, Fence] = field(default_factory=dict)
    failed_starts: Mapping[str, int] = field(default_factory=dict)  # of each node, in a row

    @property
    def now(self) -> Round:
        """Return the newest round."""
        return self.rounds[-1]

    def has_held(self, holds: Callable[[Round], bool], limits: Limits, seconds: int = 0) -> bool:
        """Return whether something has held for so long in every round up to now.

        It takes `rounds_min` rounds in a row too, and no gap between them.
        """
        count, first_ms, next_ms = 0, self.now.at_ms, self.now.at_ms
        for each in reversed(self.rounds):
            if next_ms - each.at_ms > limits.gap_ms_max or not holds(each):
                break
            count, first_ms, next_ms = count + 1, each.at_ms, each.at_ms
        return count >= limits.rounds_min and self.now.at_ms - first_ms >= seconds * 1_000


def is_trusted(seen: Round, limits: Limits) -> bool:
    """Return whether a round says something about the nodes, not only about the doctor.

    What a late one waited for in vain proves nothing. What was answered stands however late it was
    heard, and a process that is gone is gone.
    """
    is_told = all(one.answers or one.life is Life.GONE for one in seen.observations)
    return is_told or seen.late_ms <= limits.late_ms_max


def remember(history: History, seen: Round, limits: Limits) -> History:
    """Return the history with a round added; one that is not trusted is left out."""
    if not is_trusted(seen, limits):
        return history
    told = {one.node: one.seqno for one in seen.observations if one.seqno >= 0}
    primary = [one.seqno for one in seen.observations if one.is_serving]
    served = {one.node: one.pid for one in seen.observations if one.is_serving}
    answered = {one.node: one.pid for one in seen.observations if one.answers}
    return replace(
        history,
        rounds=(*history.rounds[-ROUNDS_KEPT + 1 :], seen),
        seqno_high=max(history.seqno_high, *primary, -1),
        seqno_seen={**history.seqno_seen, **told},
        answered={**history.answered, **answered},
        served={**history.served, **served},
        failed_starts={k: v for k, v in history.failed_starts.items() if k not in served},
    )
