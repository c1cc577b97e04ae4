"""Clearing: money between cells, and between banks, over clearing accounts.

A transfer whose payee lives in another cell is a *crossing*. In the payer's cell the amount is held
against the clearing account of the other cell; there it is posted from the clearing account of ours
to the payee; then the hold is posted, or voided where the other cell refused for good.
"""

from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, Protocol
from uuid import UUID

import pyarrow as pa

from yunjin.foundation.ledger.api.columns import TRANSFERS_REQUIRED
from yunjin.foundation.ledger.api.door import Ledger

CLEARING_CODE: Final = 3_001  # 清算资金往来 of China's chart of accounts
CROSSINGS_REQUIRED: Final = TRANSFERS_REQUIRED
CROSSINGS_OPTIONAL: Final = {
    "user_data_32": pa.uint32(),
    "peer": pa.uint16(),  # 0: the cell that the payee's account id names
}


class CrossingOutcome(IntEnum):
    """What became of a crossing."""

    POSTED = 0  # the payee has the money, and the payer no longer
    REFUSED_HERE = 1  # the payer's cell refused the hold: nothing moved anywhere
    REFUSED_THERE = 2  # the payee's cell refused for good: the hold was voided
    IN_DOUBT = 3  # held; it is not known here yet what happened there, and goes on by itself
    NOT_HELD = 4  # of a question by id: no hold is known; send it again under its id


CROSSED: Final = pa.schema(
    [
        ("outcome", pa.uint8()),  # CrossingOutcome
        ("status", pa.uint8()),  # TransferStatus: why it was refused, or is stuck; 0 where neither
        ("timestamp", pa.int64()),  # ns, when the hold was posted or voided here; 0 before
    ]
)
CROSSINGS_IN_DOUBT: Final = pa.schema(
    [*TRANSFERS_REQUIRED.items(), ("user_data_32", pa.uint32()), ("status", pa.uint8())]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerState:
    """Another cell, or another bank, that money goes to and comes from."""

    number: int  # what it is called here; of a cell of ours, the cell's number
    name: str
    address: str
    batch_count: int  # in doubt
    row_count: int  # crossings in those batches
    oldest_at_us: int  # since when the oldest is in doubt; 0 where none is
    trouble: str  # what its last call ended in; empty after one that went well


@dataclass(frozen=True, slots=True, kw_only=True)
class InDoubt:
    """A batch of crossings that has not come to its end."""

    batch_id: UUID
    peer: int
    row_count: int
    amounts_minor: Mapping[int, int]  # by ledger
    at_us: int  # since when
    due_us: int  # when it is tried again
    tries: int
    is_stuck: bool  # an answer that no retry will change: a person has to look
    reason: str  # what the last try ended in; empty while it is under way


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """What a round of asking came to, in batches."""

    tried: int
    finished: int
    left: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearingLine:
    """One peer and one ledger: both cells' clearing accounts side by side. Unit: minor.

    `*_held`, `*_settled` are of the payer's cell, `*_delivered` of the payee's.
    """

    peer: int
    ledger: int
    currency: str
    out_held: int
    out_settled: int
    out_delivered: int
    in_held: int
    in_settled: int
    in_delivered: int
    net_here: int  # credits less debits of the peer's clearing account here
    net_there: int  # the same of ours there
    findings: tuple[str, ...]  # what cannot be, in sentences

    @property
    def is_at_rest(self) -> bool:
        """Whether nothing is under way either way."""
        return not (self.out_held or self.in_held)

    @property
    def difference_minor(self) -> int:
        """What the two accounts do not cancel out; 0 at rest, else at most what is held."""
        return self.net_here + self.net_there


class CellPort(Protocol):
    """What is asked of the other cell; any LedgerApi will do, near or far.

    Every method may raise Outage (nothing done) and, where it writes, Unknown.
    """

    def ledgers(self) -> list[Ledger]:
        """Return the declared units."""

    def open_accounts(self, accounts: pa.RecordBatch) -> pa.RecordBatch:
        """Open accounts. Returns: RESULTS."""

    def post_transfers(self, transfers: pa.RecordBatch) -> pa.RecordBatch:
        """Post transfers, durable on return. Returns: RESULTS."""

    def accounts(self, account_ids: list[int]) -> pa.RecordBatch:
        """Look accounts up. Returns: ACCOUNTS, the found ones."""


class CrossingPort(Protocol):
    """For a way in that reads the next batch while the last one is on its way."""

    def submit(self, crossings: pa.RecordBatch) -> "Future[pa.RecordBatch]":
        """Queue a batch; the future's result is what became of it, CROSSED, when all is known.

        Raises: BatchRefused, Overloaded, TooManyInDoubt, Outage at once; Outage and Unknown from
        the future.
        """


class ClearingApi(Protocol):
    """Money to other cells, exactly once in effect; clearing accounts net to zero at rest."""

    def cross(self, crossings: pa.RecordBatch, *, wait_ms: int = 10_000) -> pa.RecordBatch:
        """Move money to accounts of other cells (CROSSINGS_REQUIRED + _OPTIONAL columns).

        The same id again acts once, whoever sends it. What is not known after `wait_ms` is told
        as IN_DOUBT and goes on. Returns: CROSSED, one row a crossing in order.
        Raises: BatchRefused, Overloaded, TooManyInDoubt, Outage (nothing was done), Unknown.
        """

    def outcomes(self, ids: list[UUID]) -> pa.RecordBatch:
        """Tell what became of crossings, by the caller's ids. Returns: CROSSED, in order."""

    def in_doubt(self, *, older_than_s: int = 0, limit: int = 50) -> list[InDoubt]:
        """Return the batches that have not come to their end, the oldest first.

        Raises: Malformed (limit).
        """

    def crossings(self, batch_id: UUID) -> pa.RecordBatch:
        """Return the transfers of a batch in doubt, with what the other cell said of each.

        Returns: CROSSINGS_IN_DOUBT; its status is 0 where it was delivered, 255 where that is not
        known, else the TransferStatus of the other cell's refusal.

        Raises: CrossingNotFound where it has come to its end.
        """

    def resolve(self, batch_id: UUID | None = None) -> Resolved:
        """Ask again now, for one batch or all of them, however long they would wait.

        The other cell is asked under the ids of before, so that its answer is what it did; nothing
        is ever guessed. Raises: CrossingNotFound.
        """

    def adopt(self) -> int:
        """Take up holds of crossings that no batch in doubt knows of; return how many.

        They are there where the room's tables were restored to an earlier time than the journal.
        Reads the whole journal. Raises: Outage.
        """

    def peers(self) -> list[PeerState]:
        """Return the other cells and banks, by number."""

    def reconcile(self) -> list[ClearingLine]:
        """Hold both cells' clearing accounts against each other, while work goes on.

        Raises: Outage where a peer cannot be read.
        """
