"""ClearingApi: takes crossings, drives their sagas, and goes on with what a crash left behind.

Whoever has the cell's lease drives its batches; a process that lost it can hold and end nothing, so
two that drive the same batch do no harm.
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as Late
from contextlib import contextmanager, suppress
from typing import Any, Final
from uuid import UUID

import numpy as np
import pyarrow as pa
import structlog

from yunjin.foundation.ledger.api import (
    CROSSINGS_IN_DOUBT,
    TRANSFERS_REQUIRED,
    CellPort,
    ClearingLine,
    CrossingOutcome,
    InDoubt,
    LedgerApi,
    PeerState,
    Resolved,
)
from yunjin.foundation.ledger.errors import CrossingNotFound, TooManyInDoubt
from yunjin.foundation.ledger.service.clearing import adopting, asking, proof
from yunjin.foundation.ledger.service.clearing.gate import Gate
from yunjin.foundation.ledger.service.clearing.lanes import Lane, Part, Request, merged, tell
from yunjin.foundation.ledger.service.clearing.metering import Meter
from yunjin.foundation.ledger.service.clearing.peers import Peer
from yunjin.foundation.ledger.service.clearing.reading import by_peer, columns_of
from yunjin.foundation.ledger.service.clearing.saga import Answer, Saga
from yunjin.foundation.ledger.service.clearing.settings import ClearingSettings
from yunjin.foundation.ledger.service.clearing.shelf import Batch, Shelf
from yunjin.kernel.clock import Clock
from yunjin.kernel.errors import Malformed, Outage, Problem, Unknown
from yunjin.kernel.ids import uuid7
from yunjin.kernel.page import LIMIT_MAX
from yunjin.kernel.shares import Share

_log: Final = structlog.get_logger()
_GRACE_US: Final = 60_000_000  # of a batch under way, before somebody else may look after it
_IDLE_S: Final = 0.25
_PAUSE_S_MAX: Final = 5.0
_CLOSE_S: Final = 10
_STUCK_LONGER: Final = 720  # than the longest pause: an hour instead of 5 s
_FOREVER_US: Final = 2**62
_NOTHING: Final = pa.RecordBatch.from_pylist([], schema=pa.schema(TRANSFERS_REQUIRED.items()))


class ClearingService:
    """The clearing of one cell. Safe for threads.

    Without `start` nothing happens by itself: `turn` does what is due, for tests and tools.
    """

    def __init__(
        self,
        here: LedgerApi,
        shelf: Shelf,
        peers: Mapping[int, Peer],
        *,
        cell: int,
        clock: Clock,
        settings: ClearingSettings,
        meter: Meter,
        share: Callable[[], Share] | None = None,
        own_home: Peer | None = None,
    ) -> None:
        """share: tells what the cell has of its home.  own_home: the other cells of that home."""
        self._here, self._shelf, self._peers = here, shelf, dict(peers)
        self._clock, self._settings, self._meter = clock, settings, meter
        self._share, self._own_home = share or (lambda: Share(cell)), own_home
        self._gate = Gate(shelf)
        self.holding_back = self._gate.holding_back
        self._saga = Saga(here, shelf, pause=self._pause_us)
        self._lanes = {number: self._lane(peer) for number, peer in self._peers.items()}
        self._waiting: dict[UUID, tuple[int, list[Part]]] = {}  # peers and callers of batches
        self._running: set[UUID] = set()
        self._lock, self._stop = threading.Lock(), threading.Event()
        self._thread: threading.Thread | None = None
        self._leads, self._epoch = True, 0

    # crossing -----------------------------------------------------------------------------------

    def submit(self, crossings: pa.RecordBatch) -> "Future[pa.RecordBatch]":
        """Queue a batch (CrossingPort)."""
        columns, named = columns_of(crossings, self._settings.batch_rows_max)
        if not self._leads:
            self._here.post_transfers(_NOTHING)  # whoever does not write the cell says who does
        share = self._share()
        moved = columns.debit_account_id[share.lacks(columns.debit_account_id)]
        if len(moved):
            self._here.accounts(moved[:1].tolist())  # says where they are now
        if share.depth:
            self._meet_own_home()
        cut = list(by_peer(columns, named, share, self._peers))
        for peer, rows in cut:
            self._check_takes(peer)
            peer.ready(self._here, np.unique(columns.ledger[rows]).tolist())
        request = Request(crossings.num_rows, len(cut))
        self._gate.take(columns, request.future)
        if not cut:
            request.future.set_result(request.answer.arrow())
        for peer, rows in cut:
            try:
                self._lanes[peer.sides.peer].put(Part(request, rows, columns.rows(rows)))
            except Outage as problem:
                if rows is cut[0][1]:
                    request.failed(problem)
                    raise
                request.failed(Unknown(f"some crossings were queued, then: {problem.detail}"))
        return request.future

    def cross(self, crossings: pa.RecordBatch, *, wait_ms: int = 10_000) -> pa.RecordBatch:
        """Move money to accounts of other cells; wait for the end of it for a while."""
        future = self.submit(crossings)
        try:
            return future.result(wait_ms / 1_000)
        except Late:
            return Answer.in_doubt(crossings.num_rows).arrow()

    def _meet_own_home(self) -> None:
        """Clear with the other cells of our home, once there are any."""
        peer = self._own_home
        with self._lock:
            if peer is None or (number := peer.sides.peer) in self._peers:
                return
            lane = self._lane(peer)
            self._lanes, self._peers = {**self._lanes, number: lane}, {**self._peers, number: peer}
        if self._thread is not None:
            lane.start(self._settings.streams)

    def _check_takes(self, peer: Peer) -> None:
        with self._lock:
            waiting = sum(number == peer.sides.peer for number, _ in self._waiting.values())
        if waiting >= self._settings.batches_in_doubt_max:
            raise TooManyInDoubt(
                f"expected at most {self._settings.batches_in_doubt_max} batches in doubt, was "
                f"{waiting}; {peer.name}: {peer.trouble or 'answers'}",
                peer=peer.sides.peer,
            )

    def _lane(self, peer: Peer) -> Lane:
        return Lane(
            lambda parts: self._cross(peer, parts),
            name=peer.name,
            batch_rows_max=self._settings.batch_rows_max,
            rows_waiting_max=self._settings.rows_waiting_max,
        )

    def _cross(self, peer: Peer, parts: list[Part]) -> None:
        """Take what was gathered from callers through the saga."""
        now_us = self._shelf.now_us()
        batch = Batch(
            batch_id=uuid7(self._clock),
            peer=peer.sides.peer,
            columns=merged(parts),
            at_us=now_us,
            due_us=now_us + _GRACE_US,
        )
        with self._alone(batch.batch_id), self._meter.crossing(peer.name) as told:
            try:
                self._shelf.keep(batch)
            except Exception as error:  # Outage: nothing was done; Unknown: it may yet be
                for part in parts:
                    part.request.failed(error)
                return
            with self._lock:
                self._waiting[batch.batch_id] = batch.peer, parts
            answer = self._tried(batch, peer)
            if answer is not None:
                told(answer)

    def _tried(self, batch: Batch, peer: Peer) -> Answer | None:
        """Try a batch; tell its callers where it came to an answer. Raises nothing."""
        try:
            answer = self._saga.run(batch, peer)
        except (Outage, Unknown) as problem:
            _log.warning("clearing.put_off", peer=peer.name, code=problem.code, why=problem.detail)
            return None
        except Exception as error:  # seen by people in the log; the batch stays
            _log.error("clearing.failed", peer=peer.name, exc_info=error)
            return None
        with self._lock:
            _, parts = self._waiting.pop(batch.batch_id, (0, []))
        if parts:  # those whose batch is taken up again after a crash are gone, or ask by their ids
            tell(parts, answer)
        return answer

    @contextmanager
    def _alone(self, batch_id: UUID) -> Iterator[bool]:
        """Hold a batch for a block; yields whether nobody else has it."""
        with self._lock:
            is_free = batch_id not in self._running
            self._running.add(batch_id)
        try:
            yield is_free
        finally:
            if is_free:
                with self._lock:
                    self._running.discard(batch_id)

    # going on -----------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin to take crossings, and to go on with those of an earlier life; returns at once."""
        for lane in self._lanes.values():
            lane.start(self._settings.streams)
        self._thread = threading.Thread(target=self._run, name="clearing", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop. What is in doubt stays on the shelf; its callers are told that they must ask."""
        self._stop.set()
        lost = Unknown("the clearing was closed before the end of these crossings was known")
        threads = [] if self._thread is None else [self._thread]
        for lane in self._lanes.values():
            for part in lane.close():
                part.request.failed(Outage("the clearing was closed; nothing was done"))
            threads += lane.threads
        until_ns = self._clock.monotonic_ns() + _CLOSE_S * 1_000_000_000
        for thread in threads:  # a peer that is silent holds the closing up once, not every thread
            thread.join(max(0, until_ns - self._clock.monotonic_ns()) / 1_000_000_000)
        for _, parts in list(self._waiting.values()):
            for part in parts:
                part.request.failed(lost)
        for port in [port for peer in self._peers.values() for port in peer.ports()]:
            hang_up: Callable[[], None] | None = getattr(port, "close", None)
            if hang_up is not None:
                hang_up()

    def turn(self) -> bool:
        """Do all that waits or is due, in this thread; return whether anything was."""
        acted = [lane.turn() for lane in self._lanes.values()]
        return any(acted) or self._go_on(self._shelf.now_us()).tried > 0

    def beat(self) -> None:
        """Go on with what is due where this process writes the cell; else let go of all."""
        state = self._here.state()
        self._leads = state.is_writer
        if self._share().depth:
            self._meet_own_home()
        if state.is_writer:
            # With a new epoch all are due: whoever drove them has lost the cell.
            is_new, self._epoch = state.epoch != self._epoch, state.epoch
            self._go_on(_FOREVER_US if is_new else self._shelf.now_us())
            return
        with self._lock:  # whoever writes the cell now goes on with them
            gone = [self._waiting.pop(x)[1] for x in set(self._waiting) - self._running]
        for part in (part for parts in gone for part in parts):
            part.request.failed(Unknown("another process writes the cell now; ask it by the ids"))

    def _run(self) -> None:
        pause_s = _IDLE_S
        while not self._stop.is_set():
            try:
                self.beat()
                pause_s = _IDLE_S
            except Exception as error:  # the database or the cell is away: the next turn may do
                _log.warning("clearing.turn_failed", why=f"{type(error).__name__}: {error}")
                pause_s = min(2 * pause_s, _PAUSE_S_MAX)
            self._stop.wait(pause_s)

    def _go_on(self, until_us: int) -> Resolved:
        """Try every batch that is due; a peer that does not answer is asked once only."""
        silent: set[int] = set()
        tried = finished = 0
        due = self._shelf.due(until_us)
        for batch_id, number in due:
            if self._stop.is_set():
                break
            if number in silent:
                continue
            outcome = self._retry(batch_id)
            if outcome is None:
                continue
            tried += 1
            finished += outcome
            peer = self._peers.get(number)
            if peer is None or (not outcome and peer.trouble):
                silent.add(number)
        return Resolved(tried=tried, finished=finished, left=len(due) - finished)

    def _retry(self, batch_id: UUID) -> bool | None:
        """Try a batch of the shelf; None where it is under way or gone, else whether it ended."""
        with self._alone(batch_id) as is_ours:
            batch = self._shelf.find(batch_id) if is_ours else None
            if batch is None:
                return None
            peer = self._peers.get(batch.peer)
            if peer is None:
                self._saga.put_off(batch, f"no peer {batch.peer} in ledger.clearing.peers")
                return False
            with self._meter.crossing(peer.name) as told:
                answer = self._tried(batch, peer)
                if answer is None:
                    return False
                told(answer)
            return not (answer.outcome == CrossingOutcome.IN_DOUBT).any()

    def _pause_us(self, tries: int, is_stuck: bool) -> int:
        first, longest = self._settings.retry_ms_first, self._settings.retry_ms_max
        longest *= _STUCK_LONGER if is_stuck else 1
        return min(first << min(tries, 30), longest) * 1_000

    # asking -------------------------------------------------------------------------------------

    def outcomes(self, ids: list[UUID]) -> pa.RecordBatch:
        """Tell what became of crossings, by the caller's ids."""
        return asking.outcomes(self._here, ids)

    def in_doubt(self, *, older_than_s: int = 0, limit: int = 50) -> list[InDoubt]:
        """Return the batches that have not come to their end, the oldest first."""
        if not 1 <= limit <= LIMIT_MAX:
            raise Malformed(f"expected a limit of 1 to {LIMIT_MAX}, was {limit}")
        until_us = self._shelf.now_us() - older_than_s * 1_000_000
        return [asking.in_doubt(batch) for batch in self._shelf.oldest(until_us, limit)]

    def crossings(self, batch_id: UUID) -> pa.RecordBatch:
        """Return the transfers of a batch in doubt."""
        batch = self._found(batch_id)
        columns = batch.columns._replace(held=batch.columns.there)  # the last column: the status
        arrays = [pa.array(column) for column in columns[:-1]]
        return pa.RecordBatch.from_arrays(arrays, schema=CROSSINGS_IN_DOUBT)

    def _found(self, batch_id: UUID) -> Batch:
        batch = self._shelf.find(batch_id)
        if batch is None:
            raise CrossingNotFound("This batch has come to its end.", batch_id=str(batch_id))
        return batch

    def resolve(self, batch_id: UUID | None = None) -> Resolved:
        """Ask again now, for one batch or all of them."""
        if batch_id is None:
            return self._go_on(_FOREVER_US)
        self._found(batch_id)
        outcome = self._retry(batch_id)
        finished = int(bool(outcome))
        return Resolved(tried=int(outcome is not None), finished=finished, left=1 - finished)

    def adopt(self) -> int:
        """Take up holds of crossings that no batch in doubt knows of."""
        count, now_us = 0, self._shelf.now_us()
        export: Any = self._here  # ExportPort: of the near twin, which `here` always is
        for number, columns in adopting.orphans(self._here, export, self._shelf).items():
            rows, step = len(columns.id_hi), self._settings.batch_rows_max
            for start in range(0, rows, step):
                part = columns.rows(slice(start, start + step))
                identity = uuid7(self._clock)
                self._shelf.keep(
                    Batch(batch_id=identity, peer=number, columns=part, at_us=now_us, due_us=now_us)
                )
            count += rows
        return count

    def peers(self) -> list[PeerState]:
        """Return the other cells and banks, by number."""
        totals = self._shelf.totals()
        found = []
        for number, peer in self._peers.items():
            batches, rows, at_us = totals.get(number, (0, 0, 0))
            found.append(
                PeerState(
                    number=number,
                    name=peer.name,
                    address=peer.address,
                    batch_count=batches,
                    row_count=rows,
                    oldest_at_us=at_us,
                    trouble=peer.trouble,
                )
            )
        return found

    def reconcile(self) -> list[ClearingLine]:
        """Hold both cells' clearing accounts against each other."""
        if self._share().depth:
            self._meet_own_home()
        ledgers, ours = self._here.ledgers(), list[CellPort]([self._here])
        for peer in self._peers.values():
            peer.learn()
            ours += peer.ports() if peer.is_own_home else []
        found = []
        for peer in self._peers.values():
            here = ours[:1] if peer.is_own_home else ours
            found += proof.lines(here, peer, ledgers, peer.ports())
        return found

    def families(self) -> Iterable[Any]:
        """Yield what Prometheus scrapes."""
        states: list[PeerState] = []
        with suppress(Problem):  # a scrape while the database is away
            states = self.peers()
        return self._meter.families(states, self._shelf.now_us())
