"""Overlays 叠加: what a tenant, a business or a scenario has of its own.

A point is open where a centre or a business says so (`Point`): a step, a parameter, a form's
fields, a product. An overlay puts something there for a coordinate (tenant, business, scenario),
and what is overlaid is not edited. Of those that replace, the one with the narrower coordinate
applies; two of which neither is narrower are refused when the second comes.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Protocol
from uuid import UUID

from yunjin.platforms.capability.api.centres import Centre, Point, Slo, command, query
from yunjin.platforms.capability.api.tasks import FormField
from yunjin.platforms.capability.events.overlays import OverlayPut, OverlayWithdrawn

OVERLAYS_MAX: Final = 10_000  # of a tenant
VALUE_MAX: Final = 1_000


class How(StrEnum):
    """What an overlay does at its point."""

    REPLACE = "replace"  # a parameter, a product, a step
    BEFORE = "before"  # a step
    AFTER = "after"  # a step
    ADD = "add"  # a field; one of the same name is replaced


class Verdict(StrEnum):
    """Whether an overlay applies somewhere, and why."""

    APPLIES = "applies"
    NARROWER = "narrower"  # it does not: a narrower one applies
    ELSEWHERE = "elsewhere"  # it does not: it is of another tenant, business or scenario


@dataclass(frozen=True, slots=True, kw_only=True)
class Coordinate:
    """Where somebody stands, or what an overlay is for; "": whichever."""

    tenant: str = ""
    business: str = ""
    scenario: str = ""

    def parts(self) -> tuple[str, str, str]:
        """Return its three parts."""
        return self.tenant, self.business, self.scenario


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlay:
    """What stands at a point, for a coordinate.

    Parameters
    ----------
    name : its own; put again, it takes the place of what had the name.
    point : "<centre or business>/<point>", such as "cash-loan/amount-most".
    value : a parameter or product; of a step the name of one that is registered.
    adds : a form's field.
    note : why it is there.
    """

    name: str
    point: str
    at: Coordinate = field(default_factory=Coordinate)
    how: How = How.REPLACE
    value: str = ""
    adds: FormField | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenPoint:
    """A point that is open. owner: code of the centre or business."""

    owner: str
    point: Point

    @property
    def name(self) -> str:
        """How overlays call it."""
        return f"{self.owner}/{self.point.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """An overlay of a point, and whether it applies where one stands.

    narrower : the name of the overlay that applies in its stead.
    is_coded : it came with the code, and goes with it.
    """

    overlay: Overlay
    verdict: Verdict
    narrower: str = ""
    is_coded: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Laid:
    """What stands at a point where one stands.

    value : of a parameter or product.  fields : of a form, added.
    before, instead, after : names of steps; instead: "" where the step is as it was.
    """

    point: OpenPoint
    value: str = ""
    fields: tuple[FormField, ...] = ()
    before: tuple[str, ...] = ()
    instead: str = ""
    after: tuple[str, ...] = ()
    layers: tuple[Layer, ...] = ()


class OverlaysApi(Protocol):
    """Overlays: put, withdrawn, and what they come to at a coordinate.

    The tenant of a coordinate that is asked for is always one's own.
    """

    @command(undone_by="withdraw")
    def put(self, command_id: UUID, overlay: Overlay) -> Overlay:
        """Put an overlay, or another under its name.

        Raises: OverlayRefused (no such point or step, a value the point does not take, a name that
        came with the code), OverlaysConflict (names the other and what would part them).
        """

    @command(undone_by="put")
    def withdraw(self, command_id: UUID, name: str) -> Overlay:
        """Take an overlay away; what is under way keeps it. Raises: OverlayNotFound."""

    @query
    def overlays(self) -> list[Overlay]:
        """Return all overlays there are, by point and name."""

    @query
    def points(self) -> list[OpenPoint]:
        """Return all points that are open, by owner."""

    @query
    def steps(self) -> list[str]:
        """Return the names of the steps that an overlay may put at a point."""

    @query
    def laid(self, business: str = "", scenario: str = "") -> list[Laid]:
        """Return what stands at every point, and which overlay applies there and why."""

    @query
    def at(self, points: Sequence[str], business: str = "", scenario: str = "") -> list[Laid]:
        """Return what stands at some points, in their order. Raises: OverlayRefused."""


OVERLAYS: Final = Centre(
    code="overlay",
    words=("叠加中心", "Overlays"),
    purpose=(
        "按（租户、业务、场景）在扩展点上叠加步骤、参数、表单项和产品，不改动预置；登记时发现冲突。",
        "Steps, parameters, form fields and products of a tenant, business or scenario at points "
        "left open; what is preset stays, and conflicts are found when an overlay is put.",
    ),
    bian=("Product Design", "Service Product Management"),
    door=OverlaysApi,
    events=(OverlayPut, OverlayWithdrawn),
    slo=Slo(p99_ms=50),
)
