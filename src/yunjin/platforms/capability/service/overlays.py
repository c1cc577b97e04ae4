"""The centre of overlays: what is put, what it comes to where one stands."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import msgspec

from yunjin.chassis.persistence import RoomDatabase, SqlUnitOfWork, instant_us
from yunjin.kernel.errors import Bug
from yunjin.platforms.capability.api.overlays import (
    OVERLAYS_MAX,
    Coordinate,
    Laid,
    OpenPoint,
    Overlay,
)
from yunjin.platforms.capability.domain import overlays as rules
from yunjin.platforms.capability.errors.overlays import OverlayNotFound, OverlayRefused
from yunjin.platforms.capability.events.overlays import OverlayPut, OverlayWithdrawn
from yunjin.platforms.capability.service.values import NOTE_MAX, check_code, check_text
from yunjin.platforms.capability.store import overlays as store

_NAME_MAX: Final = 80
_CODE_MAX: Final = 40


class OverlayService:
    """Overlays of a tenant: those that came with the code, and those that were put.

    Parameters
    ----------
    points : all that are open.
    steps : names of the steps that may be put at a point.
    coded : overlays that came with the code, of any tenant.

    Raises: Bug where the coded ones do not fit or clash.
    """

    def __init__(
        self,
        room: RoomDatabase,
        *,
        points: Sequence[OpenPoint],
        steps: Sequence[str] = (),
        coded: Sequence[Overlay] = (),
    ) -> None:
        self._room, self._steps, self._coded = room, sorted(steps), tuple(coded)
        self._points = {one.name: one for one in points}
        self._coded_names = frozenset(one.name for one in coded)
        if len(self._points) < len(points) or len(self._coded_names) < len(self._coded):
            raise Bug("expected each point and each overlay once, was one twice")
        for one in self._coded:
            rules.check(one, self._point(one.point), self._steps)
            rules.check_alone(one, self._coded)

    def put(self, command_id: UUID, overlay: Overlay) -> Overlay:
        """Put an overlay. Raises: as OverlaysApi says."""
        self._check(overlay)

        def body(work: SqlUnitOfWork) -> dict[str, Any]:
            store.lock(work.connection)
            others = [*self._coded, *store.every(work.connection)]
            if len(others) >= OVERLAYS_MAX:
                raise OverlayRefused(f"expected at most {OVERLAYS_MAX} overlays", why="too many")
            rules.check_alone(overlay, others)
            store.put(work.connection, overlay, instant_us(self._room.clock.now_ns()))
            work.outbox.add(
                OverlayPut(
                    name=overlay.name,
                    point=overlay.point,
                    tenant=overlay.at.tenant,
                    business=overlay.at.business,
                    scenario=overlay.at.scenario,
                    how=overlay.how.value,
                    value=overlay.value if overlay.adds is None else overlay.adds.name,
                    note=overlay.note,
                )
            )
            return {"name": overlay.name}

        self._room.command(command_id, ["overlay.put", msgspec.to_builtins(overlay)], body)
        return overlay

    def withdraw(self, command_id: UUID, name: str) -> Overlay:
        """Take an overlay away. Raises: as OverlaysApi says."""

        def body(work: SqlUnitOfWork) -> dict[str, Any]:
            store.lock(work.connection)
            found = store.one(work.connection, name)
            if found is None:
                raise OverlayNotFound(
                    "There is no overlay of this name, or it came with the code.", name=name[:80]
                )
            store.drop(work.connection, name)
            work.outbox.add(OverlayWithdrawn(name=name, point=found.point))
            answer: dict[str, Any] = msgspec.to_builtins(found)
            return answer

        kept = self._room.command(command_id, ["overlay.withdraw", name], body)
        return msgspec.convert(kept, Overlay)

    def overlays(self) -> list[Overlay]:
        """Return all overlays there are, by point and name."""
        return sorted(self._all(), key=lambda one: (one.point, one.name))

    def points(self) -> list[OpenPoint]:
        """Return all points that are open, by owner."""
        return list(self._points.values())

    def steps(self) -> list[str]:
        """Return the names of the steps that an overlay may put at a point."""
        return list(self._steps)

    def laid(self, business: str = "", scenario: str = "") -> list[Laid]:
        """Return what stands at every point, and why."""
        return self.at(list(self._points), business, scenario)

    def at(self, points: Sequence[str], business: str = "", scenario: str = "") -> list[Laid]:
        """Return what stands at some points, in their order. Raises: OverlayRefused."""
        here = Coordinate(tenant=self._room.tenant, business=business, scenario=scenario)
        by_point: dict[str, list[Overlay]] = {}
        for one in self._all():
            by_point.setdefault(one.point, []).append(one)
        return [
            rules.laid(self._point(name), by_point.get(name, ()), here, self._coded_names)
            for name in points
        ]

    def _all(self) -> list[Overlay]:
        return [*self._coded, *self._room.read(store.every)]

    def _point(self, name: str) -> OpenPoint:
        found = self._points.get(name)
        if found is None:
            why = "a point that is open"
            raise OverlayRefused(f"expected {why}, was {name[:120]!r}", point=name[:120], why=why)
        return found

    def _check(self, overlay: Overlay) -> None:
        check_code("name", overlay.name, least=1, most=_NAME_MAX)
        for part in overlay.at.parts():
            check_code("coordinate", part, most=_CODE_MAX)
        check_text("note", overlay.note, most=NOTE_MAX)
        if overlay.name in self._coded_names:
            why = "a name that no overlay of the code has"
            raise OverlayRefused(f"expected {why}", overlay=overlay.name, why=why)
        if overlay.at.tenant not in ("", self._room.tenant):
            why = "one's own tenant, or none"
            raise OverlayRefused(f"expected {why}", overlay=overlay.name, why=why)
        rules.check(overlay, self._point(overlay.point), self._steps)
