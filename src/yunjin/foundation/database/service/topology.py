"""The picture of an installation, put together from the fleet, the doctor and the cells."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from yunjin.chassis.persistence import instant_us
from yunjin.foundation.database.api.doctor import Action, DoctorApi, Noted
from yunjin.foundation.database.api.fleet import FleetApi, NodeStatus, SetPlan
from yunjin.foundation.database.api.topology import (
    Beat,
    Blow,
    CellSeen,
    Centre,
    NodeSeen,
    Picture,
    Role,
    StagePort,
    Strike,
)
from yunjin.foundation.database.errors import NoFleet
from yunjin.kernel.clock import Clock
from yunjin.kernel.errors import NotFound, Problem

_SHOWN: Final = 20
_PATIENCE_S: Final = 2  # for a node: a picture of now, not of when the last one answered


class TopologyService:
    """The near implementation of TopologyApi.

    stage : what is known of cells and customers; None: nothing.
    """

    def __init__(
        self, fleet: FleetApi, doctor: DoctorApi, clock: Clock, stage: StagePort | None = None
    ) -> None:
        self._fleet, self._doctor, self._clock, self._stage = fleet, doctor, clock, stage

    def picture(self) -> Picture:
        trouble: list[str] = []
        nodes = self._nodes(trouble)
        cells = self._placed(self._cells(trouble), nodes)
        centres = dict(nodes)
        for cell in cells:
            centres.setdefault(cell.data_centre, ("", []))
        seen = tuple(
            Centre(
                name=name,
                city=city,
                nodes=tuple(inside),
                cells=tuple(cell for cell in cells if cell.data_centre == name),
            )
            for name, (city, inside) in centres.items()
        )
        every = [node for centre in seen for node in centre.nodes]
        is_serving = any(node.status.is_synced for node in every) or not every
        if cells:
            is_serving = is_serving and any(cell.role is Role.WRITES for cell in cells)
        findings, actions = self._record(trouble)
        return Picture(
            at_us=instant_us(self._clock.now_ns()),
            centres=seen,
            findings=findings,
            actions=actions,
            is_serving=is_serving,
            trouble=" ".join(trouble),
        )

    def beats(self, after_us: int = -1) -> Sequence[Beat]:
        return self._stage.beats(after_us) if self._stage is not None else ()

    def strikes(self) -> Sequence[Strike]:
        return self._stage.strikes() if self._stage is not None else ()

    def strike(self, strike_id: str) -> Blow:
        if self._stage is None:
            raise NotFound("Faults are made in a demonstration only.", strike_id=strike_id[:60])
        return self._stage.strike(strike_id)

    def blows(self) -> Sequence[Blow]:
        return self._stage.blows() if self._stage is not None else ()

    def _nodes(self, trouble: list[str]) -> dict[str, tuple[str, list[NodeSeen]]]:
        """Return the nodes by their data centre, with its city."""
        found: dict[str, tuple[str, list[NodeSeen]]] = {}
        try:
            for plan in self._fleet.plans():
                for node in self._of_set(plan):
                    city = next(x.city for x in plan.nodes if x.name == node.name)
                    found.setdefault(node.data_centre, (city, []))[1].append(node)
        except NoFleet:
            return found
        except Problem as problem:
            trouble.append(problem.detail)
        return found

    def _of_set(self, plan: SetPlan) -> list[NodeSeen]:
        seen = {
            status.name: status
            for status in self._fleet.status(plan.name, wait_s=_PATIENCE_S).nodes
        }
        return [
            NodeSeen(
                set_name=plan.name,
                name=node.name,
                data_centre=node.data_centre,
                place=f"{node.address}:{node.port}",
                status=seen.get(node.name, NodeStatus(name=node.name, pid=0)),
            )
            for node in plan.nodes
        ]

    def _cells(self, trouble: list[str]) -> list[CellSeen]:
        if self._stage is None:
            return []
        try:
            return list(self._stage.cells())
        except Problem as problem:
            trouble.append(problem.detail)
            return []

    def _placed(
        self, cells: list[CellSeen], nodes: dict[str, tuple[str, list[NodeSeen]]]
    ) -> list[CellSeen]:
        """Put cells into the data centres; a single process without a fleet needs no picture."""
        if not nodes and len(cells) < 2:
            return []
        homes = {_host(node.place): name for name, (_, each) in nodes.items() for node in each}
        return [
            replace(cell, data_centre=cell.data_centre or homes.get(at, at))
            for cell in cells
            for at in [_host(cell.place)]
        ]

    def _record(self, trouble: list[str]) -> tuple[tuple[Noted, ...], tuple[Action, ...]]:
        try:
            return (
                tuple(self._doctor.findings(limit=_SHOWN)),
                tuple(self._doctor.actions(limit=_SHOWN)),
            )
        except Problem as problem:
            trouble.append(problem.detail)
            return (), ()


def _host(place: str) -> str:
    return place.rpartition(":")[0] or place
