"""Splitting a cell: half of its blocks of accounts go on in another cell of the same home."""

from dataclasses import dataclass
from typing import Final, Protocol

from yunjin.foundation.ledger.api.members import Member

WAIT_S_MAX: Final = 20  # of one request: whoever asks has to ask again


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitState:
    """How far a split has come."""

    cell: int
    into: int
    is_done: bool
    row_count: int  # of the journal, that the new half has by now
    rows_left: int  # to copy yet
    says: str  # what is waited for; "" once it is done
    pause_ms: int  # how long nothing was answered; 0 where it was done before
    writer: Member | None  # who has the new half


class SplitApi(Protocol):
    """What the process that writes a cell can be asked."""

    def split(self, epoch: int, into: int, *, to: str = "", wait_s: float = 10.0) -> SplitState:
        """Split the cell, or go on with a split that was begun; asked again, it is done once.

        epoch: of this process's lease.  into: the number of the new cell.
        to: the holder that gets it; else whoever follows it and has read furthest.
        wait_s: how long this may take before it tells how far it has come.

        Raises: SplitRefused; SplitWaits where transfers under way are between both halves;
            NotLeading where another process has to be asked; Outage while another request does
            the same. The cell is then as it was.
        """

    def give_up(self, epoch: int, into: int) -> None:
        """Delete what was copied for a split that was not done.

        Raises: SplitRefused; NotLeading where another process has to be asked.
        """
