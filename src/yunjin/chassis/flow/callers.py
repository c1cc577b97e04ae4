"""Calls to other rooms: made with no transaction open, side by side, under the step's id."""

import threading
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final
from uuid import UUID

from yunjin.chassis.flow.intents import Call
from yunjin.chassis.flow.metering import Meter
from yunjin.chassis.flow.seats import Answered, Place
from yunjin.chassis.flow.values import step_id
from yunjin.kernel import tenant

_HANDED_OVER_MAX: Final = 32  # calls that a thread makes one after the other


class Callers:
    """Threads that make calls, and what came of them until it is journalled.

    Parameters
    ----------
    threads : 0: a call is made by whoever sends it.
    bell : rung when an answer is there.
    meter : told how long calls take.
    """

    def __init__(
        self, room_tenant: str, *, threads: int, bell: threading.Event, meter: Meter
    ) -> None:
        self._tenant, self._bell, self._meter = room_tenant, bell, meter
        self._threads = threads
        self._pool = ThreadPoolExecutor(threads, "flow-call") if threads else None
        self._landed: deque[tuple[Place, object, Answered]] = deque()
        self._flying: dict[Place, object] = {}
        self.arrived: dict[Place, Answered] = {}

    def send(self, flow_id: UUID, number: int, intent: Call) -> None:
        """Make a call; its answer is among `arrived` after a later `land`."""
        place, ticket = (flow_id, number), object()
        self._flying[place] = ticket
        if self._pool is None:
            self._make(place, ticket, intent)
        else:
            self._pool.submit(self._make, place, ticket, intent)

    def send_all(self, flow_id: UUID, calls: Sequence[tuple[int, Call]]) -> None:
        """Make many calls, a part of them in each thread: light ones pay for one hand-over."""
        tickets = [((flow_id, number), object(), intent) for number, intent in calls]
        self._flying |= {place: ticket for place, ticket, _ in tickets}
        if self._pool is None:
            self._make_all(tickets)
            return
        size = max(1, min(_HANDED_OVER_MAX, len(tickets) // self._threads))
        for at in range(0, len(tickets), size):
            self._pool.submit(self._make_all, tickets[at : at + size])

    def _make_all(self, tickets: Sequence[tuple[Place, object, Call]]) -> None:
        for place, ticket, intent in tickets:
            self._make(place, ticket, intent)

    def land(self) -> Iterator[UUID]:
        """Take in what came back; yield the flows it is for. What nobody waits for is dropped."""
        while self._landed:
            place, ticket, answered = self._landed.popleft()
            if self._flying.get(place) is ticket:
                del self._flying[place]
                self.arrived[place] = answered
                yield place[0]

    def is_flying(self) -> bool:
        """Return whether any call is on its way."""
        return bool(self._flying)

    def forget(self) -> None:
        """Drop all: the flows are another engine's now."""
        self._flying.clear()
        self.arrived.clear()

    def forget_flow(self, flow_id: UUID) -> None:
        """Drop what a flow does not wait for any more."""
        for places in (self._flying, self.arrived):
            for place in [place for place in places if place[0] == flow_id]:
                del places[place]

    def close(self) -> None:
        """Wait for the calls that run; those that do not yet are left out."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def _make(self, place: Place, ticket: object, intent: Call) -> None:
        try:
            with tenant.entered(self._tenant), self._meter.calling(intent.name):
                answer = intent.act(step_id(*place), *intent.args)
            came = Answered(answer)
        except Exception as error:
            came = Answered(error=error)
        self._landed.append((place, ticket, came))
        self._bell.set()
