"""Overlays: what a point takes, which of two is narrower, what they come to."""

from collections.abc import Iterable, Sequence
from typing import Final

from yunjin.platforms.capability.api.overlays import (
    VALUE_MAX,
    Coordinate,
    How,
    Laid,
    Layer,
    OpenPoint,
    Overlay,
    Verdict,
)
from yunjin.platforms.capability.api.tasks import FormField
from yunjin.platforms.capability.domain.tasks import check_form
from yunjin.platforms.capability.errors.overlays import OverlayRefused, OverlaysConflict

_WAYS: Final = {
    "parameter": (How.REPLACE,),
    "product": (How.REPLACE,),
    "step": (How.REPLACE, How.BEFORE, How.AFTER),
    "field": (How.ADD,),
}
_PARTS: Final = ("tenant", "business", "scenario")


def check(overlay: Overlay, point: OpenPoint, steps: Iterable[str]) -> None:
    """Raises: OverlayRefused where the point does not take the overlay."""
    kind, ways = point.point.kind, _WAYS[point.point.kind]
    if overlay.how not in ways:
        raise _refused(overlay, f"one of {', '.join(ways)} at a {kind}, was {overlay.how.value}")
    if (overlay.adds is not None) != (kind == "field"):
        raise _refused(overlay, "a field at a point for fields, and nowhere else")
    if overlay.adds is not None:
        check_form([overlay.adds])
    elif kind == "step":
        if overlay.value not in steps:
            raise _refused(overlay, f"a step that is registered, was {overlay.value[:80]!r}")
    else:
        _check_value(overlay, point)


def _check_value(overlay: Overlay, point: OpenPoint) -> None:
    value, of = overlay.value, point.point
    if not 0 < len(value) <= VALUE_MAX:
        raise _refused(overlay, f"a value of 1 to {VALUE_MAX} characters")
    if of.choices and value not in of.choices:
        raise _refused(overlay, f"one of {', '.join(of.choices)}, was {value[:80]!r}")
    if of.least is None and of.most is None:
        return
    digits = value.removeprefix("-")
    is_number = digits.isascii() and digits.isdigit() and len(digits) <= 18
    least, most = of.least, of.most
    if (
        not is_number
        or (least is not None and int(value) < least)
        or (most is not None and int(value) > most)
    ):
        bounds = f"{'…' if least is None else least} to {'…' if most is None else most}"
        raise _refused(overlay, f"a whole number of {bounds}, was {value[:80]!r}")


def _refused(overlay: Overlay, expected: str) -> OverlayRefused:
    return OverlayRefused(f"expected {expected}", overlay=overlay.name, why=expected)


def check_alone(overlay: Overlay, others: Iterable[Overlay]) -> None:
    """Raises: OverlaysConflict where another stands there and neither is narrower."""
    for other in others:
        if other.name != overlay.name and _clash(overlay, other):
            cure = _cure(overlay.at, other.at)
            raise OverlaysConflict(
                f"Overlay {other.name} stands at {overlay.point}, and neither is narrower: {cure}",
                point=overlay.point,
                other=other.name,
                cure=cure,
            )


def _clash(one: Overlay, other: Overlay) -> bool:
    if one.point != other.point or not _is_same_place(one, other):
        return False
    meet = all(a == b or not a or not b for a, b in _pairs(one.at, other.at))
    return meet and not (_is_narrower(one.at, other.at) or _is_narrower(other.at, one.at))


def _is_same_place(one: Overlay, other: Overlay) -> bool:
    """Whether both want to be the one thing that stands there."""
    if one.adds is not None and other.adds is not None:
        return one.adds.name == other.adds.name
    return one.how is How.REPLACE and other.how is How.REPLACE


def _pairs(one: Coordinate, other: Coordinate) -> Iterable[tuple[str, str]]:
    return zip(one.parts(), other.parts(), strict=True)


def _is_narrower(one: Coordinate, other: Coordinate) -> bool:
    return one != other and all(a == b or not b for a, b in _pairs(one, other))


def _cure(one: Coordinate, other: Coordinate) -> str:
    if one == other:
        return "withdraw one of them"
    loose = [
        part for part, (a, b) in zip(_PARTS, _pairs(one, other), strict=True) if bool(a) != bool(b)
    ]
    return f"name the {' and the '.join(loose)} in one of them, or withdraw one"


def is_at(overlay: Overlay, at: Coordinate) -> bool:
    """Return whether an overlay is for where one stands."""
    return all(not a or a == b for a, b in _pairs(overlay.at, at))


def laid(
    point: OpenPoint, overlays: Sequence[Overlay], at: Coordinate, coded: frozenset[str]
) -> Laid:
    """Return what stands at a point where one stands; overlays: of this point, no two clash."""
    here = sorted(
        (one for one in overlays if is_at(one, at)),
        key=lambda one: (sum(map(bool, one.at.parts())), one.name),
    )
    winner: dict[str, Overlay] = {}  # what stands at a place, by place
    for one in here:
        winner[_place(one)] = one
    instead = winner.get(How.REPLACE.value)
    layers = [
        _layer(one, winner[_place(one)] if one in here else None, one.name in coded)
        for one in overlays
    ]
    is_step = point.point.kind == "step"
    value = point.point.default if instead is None else instead.value
    return Laid(
        point=point,
        value="" if is_step else value,
        fields=_fields(winner.values()),
        before=tuple(one.value for one in here if one.how is How.BEFORE),
        instead=instead.value if is_step and instead is not None else "",
        after=tuple(one.value for one in here if one.how is How.AFTER),
        layers=tuple(layers),
    )


def _place(one: Overlay) -> str:
    """Return what names the place an overlay takes, which is its own where many may stand."""
    if one.adds is not None:
        return f"field {one.adds.name}"
    return one.how.value if one.how is How.REPLACE else f"{one.how.value} {one.name}"


def _fields(winners: Iterable[Overlay]) -> tuple[FormField, ...]:
    return tuple(one.adds for one in winners if one.adds is not None)


def _layer(one: Overlay, winner: Overlay | None, is_coded: bool) -> Layer:
    if winner is None:
        return Layer(overlay=one, verdict=Verdict.ELSEWHERE, is_coded=is_coded)
    if winner is one:
        return Layer(overlay=one, verdict=Verdict.APPLIES, is_coded=is_coded)
    return Layer(overlay=one, verdict=Verdict.NARROWER, narrower=winner.name, is_coded=is_coded)


def form_with(form: Sequence[FormField], added: Sequence[FormField]) -> tuple[FormField, ...]:
    """Return a form with fields added, or replaced where they have a name of the form."""
    by_name = {one.name: one for one in added}
    own = tuple(by_name.pop(one.name, one) for one in form)
    return (*own, *by_name.values())
