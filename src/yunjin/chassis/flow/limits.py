"""How much flows may hold, carry and do at once: every limit has a number."""

import dataclasses
from dataclasses import dataclass

from yunjin.kernel import check


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowLimits:
    """Bounds of one room's flows; all at least 1, `callers` at least 0."""

    flows_a_commit: int = 256  # flows that share a transaction
    steps_a_commit: int = 4_000
    steps_in_a_row: int = 64  # of one flow, before the others have their turn
    commit_ms: int = 50  # no step begins later in a transaction: others wait for its lock
    bytes_a_commit: int = 2_000_000  # of answers; engines bound a transaction
    live_max: int = 10_000  # generators in memory
    fan_out_max: int = 10_000  # parts of a gather
    answer_bytes_max: int = 65_536  # of an answer, of arguments, of a signal's payload
    callers: int = 4  # threads for calls; 0: calls run in the engine's own
    idle_ms: int = 100  # pause between looks for what others started
    lease_s: int = 15  # after which another process takes over

    def __post_init__(self) -> None:
        for each in dataclasses.fields(self):
            value, least = getattr(self, each.name), 0 if each.name == "callers" else 1
            check.that(value >= least, f"expected {each.name} ≥ {least}, was {value}")
