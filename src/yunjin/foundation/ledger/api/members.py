"""Who serves which cell, and where each is reached: the map from an account to an address.

An account's id carries its cell; a cell has one process that writes and others that stand by.
"""

from dataclasses import dataclass
from typing import Final, Protocol

from yunjin.kernel.shares import Share

FOR_EVER_NS: Final = 2**62  # when a signpost was last heard of: it is never forgotten


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A process that serves a cell."""

    cell: int
    holder: str  # host:process:token, its name in leases
    http: str  # http://HOST:PORT, "" where it did not say
    flight: str  # grpc://HOST:PORT
    sequence: int  # of the journal, as far as it has read or written
    seen_at_ns: int  # when it was last heard of
    epoch: int  # of its lease; 0 for one that stands by
    version: str = ""  # its release; "" where it does not tell
    form: int = 0  # of the journal, the newest that it can read; 0 where it does not tell
    share: Share | None = (
        None  # of its home's accounts; None where it does not tell: all of its own
    )

    @property
    def serves(self) -> Share:
        """Which accounts the cell has."""
        return self.share or Share(self.cell)

    @property
    def writes(self) -> bool:
        """Whether it holds the cell's lease."""
        return self.epoch > 0

    @property
    def is_signpost(self) -> bool:
        """Whether it is no process of this set but tells where the cell has moved to."""
        return self.seen_at_ns >= FOR_EVER_NS


class MembersApi(Protocol):
    """What any process of any cell can be asked."""

    def members(self) -> list[Member]:
        """Return the processes of all cells known here, those that write a cell first.

        Raises: Outage where the set does not answer.
        """

    def hand_over(self, epoch: int, to: str = "") -> Member:
        """Pass the lease of an epoch to another process of the cell; return who has it then.

        What waits is served first. Asked again, or of an epoch that is over, nothing changes.

        to: its name in leases; else whoever has read furthest.
        Raises: NobodyFollows; NotLeading where another process has to be asked.
        """
