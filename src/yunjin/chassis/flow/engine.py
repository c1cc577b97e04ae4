"""The engine: brings a room's flows forward, many in one transaction, as the only one that does.

What it holds in memory may be dropped at any moment: flows are found again by their rows and made
again from their journals. Starting, recovering from a crash and taking over from another process
are the same path.
"""

from collections import OrderedDict, deque
from contextlib import suppress
from typing import Final
from uuid import UUID

import structlog

from yunjin.chassis.flow.callers import Callers
from yunjin.chassis.flow.collector import COLLECTOR
from yunjin.chassis.flow.desk import Flows
from yunjin.chassis.flow.intents import Call, Child
from yunjin.chassis.flow.problems import Fenced, Parked
from yunjin.chassis.flow.run import Run, Slot
from yunjin.chassis.flow.seats import Interrupted, Place, Seat
from yunjin.chassis.flow.step_work import StepWork
from yunjin.chassis.flow.tables import State
from yunjin.chassis.flow.turn import Turn
from yunjin.chassis.persistence import Lease, instant_us
from yunjin.kernel import tenant
from yunjin.kernel.errors import Outage, Problem, Unknown
from yunjin.kernel.ids import uuid7

_log: Final = structlog.get_logger()
_PAGE_MIN: Final = 64  # rows a look reads at once
_BATCH_MIN: Final = 8
_HOLDER_LENGTH: Final = 27  # beside a UUID, in the 64 characters of a lease's holder


class Engine:
    """Works the flows of one room of one tenant. One thread calls it.

    Parameters
    ----------
    holder : this process's name in the lease; the engine adds an id of its own.
    """

    def __init__(self, flows: Flows, *, holder: str) -> None:
        self._flows, self._room, self._limits = flows, flows.room, flows.limits
        own = f"{holder[:_HOLDER_LENGTH]}-{uuid7(self._room.clock)}"
        self._lease = Lease(self._room, name="flows", holder=own, seconds=self._limits.lease_s)
        self._epoch: int | None = None
        self._callers = Callers(
            self._room.tenant,
            threads=self._limits.callers,
            bell=self._flows.bell,
            meter=self._flows.meter,
        )
        self._hands: set[UUID] = set()  # flows that run: ready, or with a call on its way
        self._ready: deque[UUID] = deque()
        self._found: deque[UUID] = deque()  # ready too, and not in memory yet
        self._alone: deque[UUID] = deque()  # flows of a turn that failed: one a turn
        self._live: OrderedDict[UUID, Run] = OrderedDict()
        self._doomed: dict[Place, Problem] = {}
        self._size = self._limits.flows_a_commit  # flows of the next turn
        self._looked_ns = 0
        self._looked_to: tuple[int, UUID] | None = (
            None  # where a look goes on, None: from the start
        )
        self._is_more = True  # there may be flows to fetch that nobody rings for
        self.steps = 0  # done and saved, calls too

    def turn(self) -> int:
        """Bring some flows forward in one transaction; return how many. 0: nothing to do now.

        Raises: Outage, Unknown (nothing is lost: the next turn goes on from the journal), and what
        a database refuses for good.
        """
        if not self._is_ours():
            return 0
        for flow_id in self._callers.land():
            if flow_id in self._hands:
                self._ready.append(flow_id)
        self._fetch()
        batch = self._batch()
        if not batch:
            return 0
        try:
            self._play(batch)
        except Fenced:
            self._lose()
        except Interrupted as interrupted:
            self._doomed[interrupted.place] = interrupted.problem
            self._drop(batch)
        except (Outage, Unknown):
            self._drop(batch)
            raise
        except Exception as error:
            self._single_out(batch, error)
        return len(batch)

    def drain(self) -> int:
        """Take turns until none is due; return how many flows moved, each turn counted."""
        total = 0
        while moved := self.turn():
            total += moved
        return total

    def is_calling(self) -> bool:
        """Return whether a call to another room is on its way."""
        return self._callers.is_flying()

    def close(self) -> None:
        """Stop: calls that run are waited for, the lease is given back."""
        self._callers.close()
        self._forget()
        _log.debug("flows.closed", room=self._room.room, epoch=self._epoch)
        with suppress(Outage, Unknown):  # the lease then ends by itself
            self._lease.release()

    def _is_ours(self) -> bool:
        """Hold the lease; on taking it, count the epoch up, which fences whoever had it."""
        if not self._lease.hold():
            self._lose()
            return False
        if self._epoch is None:
            journal = self._flows.journal
            self._epoch = self._room.run(lambda work: journal.take_over(work.connection))
            _log.debug("flows.taken_over", room=self._room.room, epoch=self._epoch)
        return True

    def leave(self) -> None:
        """Let another engine work the flows, if this one does: what is in memory here is void."""
        if self._epoch is not None:
            self._epoch = None
            self._forget()
            self._lease.release()

    def _lose(self) -> None:
        """Leave the flows to another engine that has them."""
        if self._epoch is not None:
            _log.warning("flows.lost", room=self._room.room, epoch=self._epoch)
        self.leave()

    def _forget(self) -> None:
        for run in self._live.values():
            run.close()
        for held in (self._hands, self._ready, self._found, self._alone, self._live, self._doomed):
            held.clear()
        self._callers.forget()
        self._looked_to, self._is_more = None, True

    def _fetch(self) -> None:
        """Look for flows that run or whose time has come, a page a turn, where there is room.

        A look that was begun goes on page by page until it has seen all, so that flows late in
        the order have their turn beside those that run for long.
        """
        limits, clock = self._limits, self._room.clock
        space = limits.live_max - len(self._hands)
        is_time = clock.monotonic_ns() - self._looked_ns >= limits.idle_ms * 1_000_000
        is_idle = not (self._ready or self._found or self._callers.is_flying())
        is_asked = self._is_more or is_time or is_idle or self._flows.bell.is_set()
        is_full = len(self._found) >= self._size  # a turn has enough of them
        if self._alone or space <= 0 or is_full or not is_asked:
            return
        self._flows.bell.clear()
        self._looked_ns = clock.monotonic_ns()
        journal, now_us, after = self._flows.journal, instant_us(clock.now_ns()), self._looked_to
        page = max(_PAGE_MIN, 2 * limits.flows_a_commit)
        running, waiting = self._room.read(
            lambda connection: (
                journal.due(connection, State.RUNNING, now_us, limit=page, after=after),
                journal.due(connection, State.WAITING, now_us, limit=page),
            )
        )
        found = [one for _, one in (*waiting, *running) if one not in self._hands]
        self._hands.update(found[:space])
        self._found.extend(found[:space])
        # What found no room is seen by the next look, from the start.
        is_seen = len(running) < page or len(found) > space
        self._looked_to = None if is_seen else running[-1]
        self._is_more = not is_seen or len(waiting) == page

    def _batch(self) -> list[UUID]:
        if self._alone:
            return [self._alone.popleft()]
        # Those that were found come first, so that a recovery is not held up by those that run
        # on; these keep a part, so that a flood of new ones does not hold them up either.
        size = self._size
        batch: dict[UUID, None] = {}
        for queue, end in (
            (self._found, max(1, size * 7 // 8)),
            (self._ready, size),
            (self._found, size),
        ):
            while queue and len(batch) < end:
                batch[queue.popleft()] = None
        return list(batch)

    def _play(self, batch: list[UUID]) -> None:
        room, flows = self._room, self._flows
        with (
            flows.meter.turning(),
            COLLECTOR.held_off(),
            tenant.entered(room.tenant),
            StepWork(room) as work,
        ):
            flows.journal.check_epoch(work.connection, self._epoch or 0)
            turn = Turn(
                work,
                flows.journal,
                flows.registry,
                clock=room.clock,
                limits=self._limits,
                flavour=room.database.flavour,
                arrived=self._callers.arrived,
                doomed=self._doomed,
            )
            seats = turn.play(batch, self._live)
        self.steps += turn.steps
        flows.meter.done(turn.steps)
        with flows.moved:
            flows.turns += 1
            flows.moved.notify_all()
        for place in turn.used:
            self._callers.arrived.pop(place, None)
        for place in [place for place in self._doomed if place[0] in batch]:
            del self._doomed[place]
        seated = {seat.row.flow_id for seat in seats}
        for flow_id in batch:
            if flow_id not in seated:  # it is gone, or not due any more
                self._put_down(flow_id)
        for seat in seats:
            self._settle(seat)
        self._make_room()
        served = sum(seat.is_served for seat in seats)
        fits = 2 * served if served == len(seats) else served  # as many as a commit has time for
        self._size = min(self._limits.flows_a_commit, max(_BATCH_MIN, fits))

    def _settle(self, seat: Seat) -> None:
        """After the commit: keep in memory what runs, send calls, drop what rests."""
        flow_id, run = seat.row.flow_id, seat.run
        if run is not None and seat.state is State.RUNNING:
            self._live[flow_id] = run
            self._live.move_to_end(flow_id)
            self._hands.add(flow_id)
            for slot in seat.calls:
                if isinstance(slot.intent, Call):
                    self._callers.send(flow_id, slot.number, slot.intent)
            if seat.flights:
                self._callers.send_all(flow_id, seat.flights)
            if not seat.is_served:
                self._found.appendleft(flow_id)  # it was made already: no others before it
            elif not any(slot.is_flying for slot in run.slots):
                self._ready.append(flow_id)
            return
        if seat.state.is_end and seat.row.parent_id is not None:
            self._is_more = True  # its parent was woken
        if seat.parked is not None:
            self._tell_parked(flow_id, seat.row.name, seat.parked)
        elif seat.state.is_end:
            self._tell_ended(seat)
        is_kept = run is not None and seat.state is State.WAITING and _waits_for_children(run)
        if run is not None and is_kept:
            self._live[flow_id] = run
            self._hands.discard(flow_id)
        else:
            self._put_down(flow_id)
        if run is not None and any(_is_of_children(slot) for slot in run.slots):
            self._is_more = True  # its children were started

    def _put_down(self, flow_id: UUID) -> None:
        self._hands.discard(flow_id)
        run = self._live.pop(flow_id, None)
        if run is not None:
            run.close()
        if self._callers.arrived or self._callers.is_flying():
            self._callers.forget_flow(flow_id)

    def _make_room(self) -> None:
        """Drop the flows that rested longest, beyond what may be in memory."""
        excess = len(self._live) - self._limits.live_max
        if excess <= 0:
            return
        for flow_id in [one for one in self._live if one not in self._hands][:excess]:
            self._live.pop(flow_id).close()

    def _drop(self, batch: list[UUID]) -> None:
        """The turn was rolled back: the flows' generators are ahead of their journals."""
        for flow_id in batch:
            run = self._live.pop(flow_id, None)
            if run is not None:
                run.close()
            self._ready.append(flow_id)

    def _single_out(self, batch: list[UUID], error: Exception) -> None:
        """What cannot be saved must not hold up others: each alone, and the culprit is parked."""
        self._drop(batch)
        for _ in batch:
            self._ready.pop()
        if len(batch) > 1:
            self._alone.extend(batch)
            return
        reason = error.detail if isinstance(error, Problem) else str(error)
        parked = Parked(type(error).__name__, reason, step="(saving)")
        self._flows.park(batch[0], parked)
        self._put_down(batch[0])
        self._tell_parked(batch[0], "", parked)

    def _tell_ended(self, seat: Seat) -> None:
        self._flows.meter.ended(seat.row.name, seat.state)
        ending = seat.run.ending if seat.run is not None else None
        if seat.state is State.DONE or ending is None:
            return
        # A rule that said no is business as usual. What it was about stays in the table: it may
        # name a person.
        is_refused = ending.outcome.get("status", 500) < 500
        tell = _log.debug if is_refused else _log.warning
        tell(
            "flow.ended",
            room=self._room.room,
            flow=seat.row.name,
            flow_id=str(seat.row.flow_id),
            state=seat.state.name.lower(),
            code=ending.outcome["code"],
        )

    def _tell_parked(self, flow_id: UUID, name: str, parked: Parked) -> None:
        self._flows.meter.ended(name, State.PARKED)
        # The reason stays in the table: it may name a person.
        _log.warning(
            "flow.parked",
            room=self._room.room,
            flow=name,
            flow_id=str(flow_id),
            kind=parked.kind,
            step=parked.step,
            number=parked.number,
        )


def _waits_for_children(run: Run) -> bool:
    return any(_is_of_children(slot) and not slot.is_settled for slot in run.slots)


def _is_of_children(slot: Slot) -> bool:
    return isinstance(slot.intent, Child) or (slot.fan is not None and bool(slot.fan.children))
