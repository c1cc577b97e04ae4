"""The catalogue of centres over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Path

from yunjin.chassis.transport.values import Answer
from yunjin.platforms.capability.api.centres import CentresApi

CentreCode = Annotated[str, Path(max_length=40)]


class ParameterOut(Answer):
    """An argument. default: "" where one must be given."""

    name: str
    type: str
    default: str


class OperationOut(Answer):
    """A command or a query. undone_by, lasts: what takes a command back, or why nothing does."""

    name: str
    summary: str
    is_command: bool
    parameters: list[ParameterOut]
    answer: str
    refusals: list[str]
    undone_by: str
    lasts: str


class PointOut(Answer):
    """An extension point. kind: step, parameter, field or product. words: Chinese, English."""

    name: str
    kind: str
    words: tuple[str, str]


class CentreOut(Answer):
    """A centre. bian: its service domains. p99_ms, available_ppm: what it is held to."""

    code: str
    name_zh: str
    name_en: str
    purpose_zh: str
    purpose_en: str
    bian: list[str]
    operations: list[OperationOut]
    events: list[str]
    p99_ms: int
    available_ppm: int
    points: list[PointOut]


class CatalogueRoutes:
    """The addresses of the catalogue."""

    def __init__(self, centres: CentresApi) -> None:
        self._centres = centres

    def centres(self) -> list[CentreOut]:
        """Return every centre."""
        return [CentreOut.model_validate(one) for one in self._centres.centres()]

    def centre(self, code: CentreCode) -> CentreOut:
        """Return one centre."""
        return CentreOut.model_validate(self._centres.centre(code))


def router(centres: CentresApi) -> APIRouter:
    """Return the router of the catalogue."""
    made, to = APIRouter(prefix="/centres", tags=["centres"]), CatalogueRoutes(centres)
    made.get("")(to.centres)
    made.get("/{code}")(to.centre)
    return made
