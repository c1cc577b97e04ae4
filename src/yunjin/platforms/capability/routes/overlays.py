"""Overlays over HTTP: the points that are open, what stands there and why."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import Field

from yunjin.chassis.transport.values import Answer, Command, Form, Key, facts_of, id_of
from yunjin.platforms.capability.api.overlays import (
    VALUE_MAX,
    Coordinate,
    How,
    Overlay,
    OverlaysApi,
    Verdict,
)
from yunjin.platforms.capability.routes.tasks import FieldForm, FieldOut, field_of
from yunjin.platforms.capability.routes.values import Note

OverlayName = Annotated[str, Field(min_length=1, max_length=80, pattern="^[!-~]+$")]
Part = Annotated[str, Field(max_length=40, pattern="^[!-~]*$")]
PartQuery = Annotated[str, Query(max_length=40, pattern="^[!-~]*$")]


class CoordinateForm(Form):
    """What an overlay is for; "": whichever."""

    tenant: Part = ""
    business: Part = ""
    scenario: Part = ""


class OverlayForm(Command):
    """An overlay to put; value: of a parameter, a product, or the name of a step."""

    point: Annotated[str, Field(min_length=3, max_length=120, pattern="^[!-~]+$")]
    at: CoordinateForm = CoordinateForm()
    how: How = How.REPLACE
    value: Annotated[str, Field(max_length=VALUE_MAX)] = ""
    adds: FieldForm | None = None
    note: Note = ""


class CoordinateOut(Answer):
    """What an overlay is for; "": whichever."""

    tenant: str
    business: str
    scenario: str


class OverlayOut(Answer):
    """An overlay."""

    name: str
    point: str
    at: CoordinateOut
    how: How
    value: str
    adds: FieldOut | None
    note: str


class LayerOut(Answer):
    """An overlay of a point, and whether it applies. narrower: what applies in its stead."""

    overlay: OverlayOut
    verdict: Verdict
    narrower: str
    is_coded: bool


class PointOut(Answer):
    """A point that is left open."""

    name: str
    kind: str
    words: tuple[str, str]
    default: str
    least: int | None
    most: int | None
    choices: list[str]


class OpenPointOut(Answer):
    """A point that is open. owner: code of the centre or business."""

    owner: str
    name: str
    point: PointOut


class LaidOut(Answer):
    """What stands at a point, and which overlay applies there and why."""

    point: OpenPointOut
    value: str
    fields: list[FieldOut]
    before: list[str]
    instead: str
    after: list[str]
    layers: list[LayerOut]


def overlay_of(name: str, form: OverlayForm) -> Overlay:
    """Return what is to be put."""
    adds = None if form.adds is None else field_of(form.adds)
    facts = facts_of(form) | {"at": Coordinate(**form.at.model_dump()), "adds": adds}
    return Overlay(name=name, **facts)


def router(overlays: OverlaysApi) -> APIRouter:
    """Return the addresses of the centre."""
    routes = APIRouter(tags=["overlays"])

    @routes.get("/overlays", summary="All overlays there are")
    def all_overlays() -> list[OverlayOut]:
        return [OverlayOut.model_validate(one) for one in overlays.overlays()]

    @routes.put("/overlays/{name}", summary="Put an overlay, or another under its name")
    def put_overlay(name: OverlayName, form: OverlayForm, key: Key = None) -> OverlayOut:
        made = overlays.put(id_of(form, key), overlay_of(name, form))
        return OverlayOut.model_validate(made)

    @routes.delete("/overlays/{name}", summary="Take an overlay away")
    def withdraw_overlay(
        name: OverlayName, key: Key = None, command_id: UUID | None = None
    ) -> OverlayOut:
        return OverlayOut.model_validate(overlays.withdraw(id_of(None, key or command_id), name))

    @routes.get("/overlay_points", summary="What stands at every point that is open, and why")
    def overlay_points(business: PartQuery = "", scenario: PartQuery = "") -> list[LaidOut]:
        return [LaidOut.model_validate(one) for one in overlays.laid(business, scenario)]

    @routes.get("/overlay_steps", summary="The steps that an overlay may put at a point")
    def overlay_steps() -> list[str]:
        return overlays.steps()

    return routes
