"""How much flows may hold, carry and do at once: every limit has a number, and may be set."""

from pydantic import BaseModel, ConfigDict, Field


class FlowLimits(BaseModel):
    """Bounds of one room's flows; the room's Settings hold it, as `flows`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    flows_a_commit: int = Field(
        512, ge=1, le=65_536, description="flows that share a transaction at most"
    )
    steps_a_commit: int = Field(
        4_000, ge=1, le=1_000_000, description="steps that share a transaction at most"
    )
    steps_in_a_row: int = Field(
        64, ge=1, le=100_000, description="steps of one flow before others have their turn"
    )
    commit_ms: int = Field(
        50,
        ge=1,
        le=60_000,
        description="no step begins later in a transaction, ms: others wait for its lock",
    )
    bytes_a_commit: int = Field(
        2_000_000,
        ge=1,
        le=64_000_000,
        description="answers that share a transaction, bytes; engines bound it",
    )
    live_max: int = Field(10_000, ge=1, le=10_000_000, description="running flows in memory")
    fan_out_max: int = Field(10_000, ge=1, le=1_000_000, description="parts of one gather")
    width_max: int = Field(
        4_096, ge=1, le=100_000, description="items of one fan-out on their way at once"
    )
    items_a_turn: int = Field(
        1_000, ge=1, le=100_000, description="items of a fan-out before others have their turn"
    )
    answer_bytes_max: int = Field(
        65_536,
        ge=1,
        le=4_000_000,
        description="bytes of an answer, of arguments, of a signal's payload",
    )
    callers: int = Field(
        4, ge=0, le=256, description="threads for calls; 0: calls run in the engine's own"
    )
    idle_ms: int = Field(
        100, ge=1, le=60_000, description="pause between looks for what others started, ms"
    )
    lease_s: int = Field(
        15, ge=1, le=3_600, description="seconds after which another process takes over"
    )
    stall_s: int = Field(
        60, ge=1, le=86_400, description="seconds without the end of a turn: not ready"
    )
