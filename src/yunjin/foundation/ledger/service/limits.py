"""What a cell's writer is held to."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What the writer is held to."""

    rows_waiting_max: int
    rows_a_commit_max: int
    lease_ns: int
    checkpoint_transfers: int
    verify_at_open: bool = False
    stands_by: bool = False  # follow the cell's writer, and take over when it is gone
    is_alone: bool = False  # refuse a folder that another process has open, who may lead or follow
    reads_behind: bool = False  # answer readers also while another process may have written since
    follow_ms: int = 100  # between two looks at what the writer wrote
