"""The saga of a batch: hold here, deliver there, end here; from its beginning as often as it takes.

No step asks what was done before: each is sent again under the same ids, and the ledgers answer
`exists` where it was. So a crash between any two steps needs no care, and neither does another
process that does the same at the same time.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final, NamedTuple
from uuid import UUID

import numpy as np
import pyarrow as pa

from yunjin.foundation.ledger.api import (
    CROSSED,
    CellPort,
    CrossingOutcome,
    LedgerApi,
    TransferStatus,
)
from yunjin.foundation.ledger.domain import clearing as rules
from yunjin.foundation.ledger.domain.clearing import UNTOLD, Crossings, LegIds
from yunjin.foundation.ledger.errors import AccountMoved
from yunjin.foundation.ledger.service.clearing.peers import Peer
from yunjin.foundation.ledger.service.clearing.shelf import Batch, Shelf, left_of
from yunjin.kernel.errors import Outage, Problem, Unknown

Pause = Callable[[int, bool], int]  # tries, whether no retry is likely to help → µs until the next
_TURNS: Final = 4  # of asking anew who has a payee, before the batch waits
_DIFFERS: Final = TransferStatus.EXISTS_WITH_DIFFERENT_USER_DATA_32


class Answer(NamedTuple):
    """What became of a batch, in columns."""

    outcome: Any  # uint8[n], CrossingOutcome
    status: Any  # uint8[n], TransferStatus
    timestamp: Any  # int64[n], ns

    @classmethod
    def in_doubt(cls, count: int) -> "Answer":
        """Return the answer of which nothing is known yet."""
        outcome = np.full(count, CrossingOutcome.IN_DOUBT, np.uint8)
        return cls(outcome, np.zeros(count, np.uint8), np.zeros(count, np.int64))

    def rows(self, which: Any) -> "Answer":
        """Return some of the rows."""
        return Answer(*(column[which] for column in self))

    def arrow(self) -> pa.RecordBatch:
        """Return the answer as CROSSED."""
        return pa.RecordBatch.from_arrays([pa.array(x) for x in self], schema=CROSSED)


class Saga:
    """Takes batches to their end. Safe for threads.

    Parameters
    ----------
    here : the ledger of this cell.
    pause : how long a batch waits after so many tries.
    """

    def __init__(self, here: LedgerApi, shelf: Shelf, *, pause: Pause) -> None:
        self._here, self._shelf, self._pause = here, shelf, pause

    def run(self, batch: Batch, peer: Peer) -> Answer:
        """Take a batch that is on the shelf as far as it goes.

        Returns: what became of each; what is in doubt stays on the shelf.
        Raises: Problem, what it could not go on for; the batch was put off until later.
        """
        try:
            return self._run(batch, peer)
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
            if isinstance(error, Problem):
                reason = f"{error.code}: {error.detail}"
            self.put_off(batch, reason)
            raise

    def put_off(self, batch: Batch, reason: str) -> None:
        """Leave a batch until later. Raises: Outage, Unknown."""
        self._shelf.put_off(self._later(batch, reason))

    def _later(self, batch: Batch, reason: str) -> Batch:
        due_us = self._shelf.now_us() + self._pause(batch.tries, batch.is_stuck)
        return replace(batch, tries=batch.tries + 1, due_us=due_us, reason=reason)

    def _run(self, batch: Batch, peer: Peer) -> Answer:
        columns = batch.columns
        peer.ready(self._here, np.unique(columns.ledger).tolist())
        ids = rules.leg_ids(columns.id_hi, columns.id_lo, known_as=peer.sides.known_as)
        columns = self._hold(columns, ids, peer)
        columns, why = self._deliver(columns, ids, peer)
        if ((columns.there != 0) & (columns.there != UNTOLD)).any():
            # The other ledger says why once only; after a crash it would say `id_already_failed`.
            self._shelf.tell(replace(batch, columns=columns))
        answer = self._end(columns, ids, batch.tries, why)
        left = answer.outcome == CrossingOutcome.IN_DOUBT
        if left.any():
            stuck = replace(batch, columns=columns, is_stuck=True)
            later = self._later(stuck, _words(answer.status[left]))
            self._shelf.tell(left_of(later, left))
        else:
            self._shelf.end([batch.batch_id])
        return answer

    def _hold(self, columns: Crossings, ids: LegIds, peer: Peer) -> Crossings:
        asked = np.flatnonzero(columns.held == UNTOLD)
        if not len(asked):
            return columns
        held = columns.held.copy()
        if peer.is_own_home:  # before a split it may have been a plain transfer, of the same id
            status, _ = _posted_or_moved(self._here, rules.plain(columns.rows(asked)))
            held[asked] = np.where(rules.IS_MOVED[status], UNTOLD, status)
            asked = asked[rules.IS_MOVED[status]]
        if len(asked):
            legs = rules.holds(columns.rows(asked), ids.rows(asked), peer.sides)
            status, _ = _posted_or_moved(self._here, legs)
            held[asked] = np.where(rules.IS_DONE[status], 0, status)
        return columns._replace(held=held)

    def _deliver(self, columns: Crossings, ids: LegIds, peer: Peer) -> tuple[Crossings, Any]:
        """Deliver what is held; returns why some cannot be told done or refused, too."""
        why = np.zeros(len(columns.id_hi), np.uint8)
        asked = np.flatnonzero((columns.held == 0) & (columns.there == UNTOLD))
        if not len(asked):
            return columns, why
        status = self._delivered(columns.rows(asked), ids.rows(asked), peer)
        there, foreign = columns.there.copy(), rules.IS_FOREIGN[status]
        known = np.where(rules.IS_DONE[status], 0, status)
        there[asked] = np.where(foreign, UNTOLD, known)
        why[asked[foreign]] = status[foreign]
        return columns._replace(there=there), why

    def _delivered(self, columns: Crossings, ids: LegIds, peer: Peer) -> Any:
        """Deliver to whichever cell has each payee; return the statuses (uint8[n]).

        Raises: Outage where nobody knows yet who has a payee that a split moved.
        """
        status = np.full(len(columns.id_hi), TransferStatus.CREDIT_ACCOUNT_MOVED, np.uint8)
        for _ in range(_TURNS):
            left = np.flatnonzero(rules.IS_MOVED[status])
            if not len(left):
                return status
            for port, places in peer.routed(columns.credit_account_id[left]):
                rows = left[places]
                part = columns.rows(rows)
                peer.ready_at(self._here, port, np.unique(part.ledger).tolist())
                try:
                    with peer.asked():
                        status[rows] = self._brought(port, part, ids.rows(rows), peer)
                except Outage:
                    peer.learn()  # another process may write that cell when it is tried again
                    raise
            if rules.IS_MOVED[status].any():
                peer.learn()
        raise Outage("A split moved some payees, and nobody told yet who has them.")

    @staticmethod
    def _brought(port: CellPort, part: Crossings, ids: LegIds, peer: Peer) -> Any:
        """Deliver to one cell, and see that what it refused stays refused."""
        status, _ = _posted(port, rules.deliveries(part, ids, peer.sides))
        late = rules.may_come_late(status)
        if late.any():
            legs = rules.seals(part.rows(late), ids.rows(late), peer.sides)
            sealed, _ = _posted(port, legs)
            if not rules.IS_REFUSED[sealed].all():
                raise Unknown("expected refused deliveries to stay refused, was otherwise")
        return status

    def _end(self, columns: Crossings, ids: LegIds, tries: int, why: Any) -> Answer:
        answer = Answer.in_doubt(len(columns.id_hi))
        refused = (columns.held != 0) & (columns.held != UNTOLD)
        answer.outcome[refused] = CrossingOutcome.REFUSED_HERE
        answer.status[:] = np.where(refused, columns.held, why)
        before = np.flatnonzero(rules.IS_DONE[columns.held] & refused)
        if len(before):  # one cell did it all, before it was split
            answer.outcome[before], answer.status[before] = CrossingOutcome.POSTED, 0
            some = columns.rows(before)
            _, answer.timestamp[before] = _posted(self._here, rules.plain(some))
        asked = np.flatnonzero((columns.held == 0) & (columns.there != UNTOLD))
        if not len(asked):
            return answer
        part, part_ids = columns.rows(asked), ids.rows(asked)
        status, timestamp = _posted(self._here, rules.endings(part, part_ids))
        is_void = part.there != 0
        again = np.flatnonzero(~is_void & rules.IS_FOR_NOW[status])
        if tries and len(again):  # an earlier try used the id up while an account was closed
            some = part.rows(again)
            other = rules.leg_ids(some.id_hi, some.id_lo, known_as=0, attempt=tries)
            base = part_ids.rows(again)
            legs = base._replace(ending_hi=other.ending_hi, ending_lo=other.ending_lo)
            status[again], timestamp[again] = _posted(self._here, rules.endings(some, legs))
        ended = np.where(is_void, rules.IS_VOIDED[status], rules.IS_POSTED[status])
        reasons = part.there.copy()
        before = np.flatnonzero(is_void & (status == _DIFFERS))
        if len(before):
            reasons[before] = self._reasons(part_ids.rows(before), reasons[before])
        outcome = np.where(is_void, CrossingOutcome.REFUSED_THERE, CrossingOutcome.POSTED)
        answer.outcome[asked] = np.where(ended, outcome, CrossingOutcome.IN_DOUBT)
        answer.status[asked] = np.where(ended, reasons, status)
        answer.timestamp[asked] = np.where(ended, timestamp, 0)
        return answer

    def _reasons(self, ids: LegIds, otherwise: Any) -> Any:
        """Return the reasons that holds were voided for in the first place."""
        wanted = uuids(ids.ending_hi, ids.ending_lo)
        found = self._here.transfers(wanted)
        pairs = zip(found["id_hi"].to_pylist(), found["id_lo"].to_pylist(), strict=True)
        reasons = dict(zip(pairs, found["user_data_32"].to_pylist(), strict=True))
        keys = zip(ids.ending_hi.tolist(), ids.ending_lo.tolist(), strict=True)
        first = [
            reasons.get(key, fallback)
            for key, fallback in zip(keys, otherwise.tolist(), strict=True)
        ]
        return np.array(first, np.uint8)


def uuids(hi: Any, lo: Any) -> list[UUID]:
    """Return two columns as ids, for a few."""
    return [UUID(int=high << 64 | low) for high, low in zip(hi.tolist(), lo.tolist(), strict=True)]


def _posted(port: CellPort, legs: pa.RecordBatch) -> tuple[Any, Any]:
    """Post legs; return statuses (uint8[n]) and timestamps (int64[n])."""
    answer = port.post_transfers(legs)
    if answer.num_rows != legs.num_rows:
        raise Unknown(f"expected {legs.num_rows} answers to a batch, was {answer.num_rows}")
    return np.array(answer["status"].to_numpy()), np.array(answer["timestamp"].to_numpy())


def _posted_or_moved(port: CellPort, legs: pa.RecordBatch) -> tuple[Any, Any]:
    """Post legs; where all payers are in another cell of the home, their statuses say so."""
    try:
        return _posted(port, legs)
    except AccountMoved:
        status = np.full(legs.num_rows, TransferStatus.DEBIT_ACCOUNT_MOVED, np.uint8)
        return status, np.zeros(legs.num_rows, np.int64)


def _words(status: Any) -> str:
    """Say what keeps crossings in doubt."""
    counts = np.bincount(status, minlength=256)
    known = [
        f"{TransferStatus(int(at)).name.lower()} ×{counts[at]}" for at in np.flatnonzero(counts)
    ]
    return ", ".join(known)
