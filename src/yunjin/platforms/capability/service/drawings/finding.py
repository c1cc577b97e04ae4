"""Flows of drawings, found by name and version where the engine asks for them."""

import threading
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any, Final

from yunjin.chassis.flow import Definition, Flow
from yunjin.chassis.flow.problems import Parked
from yunjin.chassis.persistence import RoomDatabase
from yunjin.platforms.capability.adapters.spiff import Plan
from yunjin.platforms.capability.api.drawings import FLOW
from yunjin.platforms.capability.domain.bpmn.picture import chart
from yunjin.platforms.capability.domain.bpmn.reading import read
from yunjin.platforms.capability.errors.drawings import BpmnNotInstalled
from yunjin.platforms.capability.service.drawings.running import Ground, running
from yunjin.platforms.capability.store import drawings as store

PLANS_MAX: Final = 200  # that are kept in memory


class DrawnFlows:
    """Drawings as the flows of a Registry: `Elsewhere`. Safe for threads.

    A version never changes, so what was read once is kept.
    """

    def __init__(self, room: RoomDatabase, ground: Ground) -> None:
        self._room, self.ground = room, ground
        self._kept: OrderedDict[tuple[str, int], Definition] = OrderedDict()
        self._turn = threading.Lock()

    def names(self) -> Sequence[str]:
        """Return the names of those that may be started, sorted. Raises: Outage."""
        return [f"{FLOW}{code}" for code in self._room.read(store.codes)]

    def newest(self, name: str) -> Definition | None:
        """Return what a new flow of this name runs, if it is one of these. Raises: Outage."""
        if not name.startswith(FLOW):
            return None
        code = name.removeprefix(FLOW)
        found = self._room.read(lambda connection: store.one(connection, code, 0))
        if found is None or found.is_retired:
            return None
        return self._made(name, code, found.version)

    def of(self, name: str, version: int) -> Definition | None:
        """Return what a flow started under this version runs. Raises: Outage, Parked."""
        if not name.startswith(FLOW):
            return None
        return self._made(name, name.removeprefix(FLOW), version)

    def _made(self, name: str, code: str, version: int) -> Definition | None:
        with self._turn:
            found = self._kept.get((code, version))
        if found is not None:
            return found
        text = self._room.read(lambda connection: store.body(connection, code, version))
        if text is None:
            return None
        try:
            model = read(text)
            plan = Plan(model)
        except BpmnNotInstalled as missing:
            raise Parked("BpmnNotInstalled", missing.detail) from None
        made = Definition(name, version, self._function(plan), drawn=lambda: chart(model))
        with self._turn:
            self._kept[code, version] = made
            while len(self._kept) > PLANS_MAX:
                self._kept.popitem(last=False)
        return made

    def _function(self, plan: Plan) -> Any:
        def drawn(inputs: dict[str, Any]) -> Flow:
            return running(self.ground, plan, inputs)

        return drawn
