"""Businesses over HTTP: what there is, the forms that start a case, the cases."""

import datetime as dt
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import Field

from yunjin.chassis.transport.values import Answer, Command, Key, id_of
from yunjin.platforms.capability.api.businesses import BusinessesApi, CaseState
from yunjin.platforms.capability.api.tasks import FIELDS_MAX, FieldValue
from yunjin.platforms.capability.routes.tasks import FieldOut, ValueForm
from yunjin.platforms.capability.routes.values import Code, Cursor, Limit

Part = Annotated[str, Field(max_length=40, pattern="^[!-~]*$")]
PartQuery = Annotated[str, Query(max_length=40, pattern="^[!-~]*$")]


class CaseForm(Command):
    """A case to start; its id is the command's. values: of the deed's form, as text."""

    deed: Part
    scenario: Part = ""
    party_id: Code = ""
    values: Annotated[tuple[ValueForm, ...], Field(max_length=FIELDS_MAX)] = ()


class ScenarioOut(Answer):
    """Where or how a business is met. words: Chinese, English."""

    code: str
    words: tuple[str, str]


class BusinessOut(Answer):
    """A business. lines: that its module adds."""

    code: str
    words: tuple[str, str]
    purpose: tuple[str, str]
    uses: list[str]
    deeds: list[str]
    scenarios: list[ScenarioOut]
    lines: int


class DeedOut(Answer):
    """What is filled in to start a case, with what overlays add."""

    code: str
    words: tuple[str, str]
    form: list[FieldOut]
    of_party: bool


class CaseOut(Answer):
    """A case as it stands now; its flow has its id."""

    case_id: UUID
    business: str
    deed: str
    scenario: str
    party_id: str
    values: dict[str, Any]
    laid: dict[str, Any]
    state: CaseState
    reason: str
    detail: str
    outcome: dict[str, Any]
    at: dt.datetime
    changed_at: dt.datetime


class CasesOut(Answer):
    """A page of cases, newest first."""

    items: list[CaseOut]
    next_cursor: str | None


def router(businesses: BusinessesApi) -> APIRouter:
    """Return the addresses of businesses."""
    routes = APIRouter(tags=["businesses"])

    @routes.get("/businesses", summary="The businesses there are")
    def all_businesses() -> list[BusinessOut]:
        return [BusinessOut.model_validate(one) for one in businesses.businesses()]

    @routes.get("/businesses/{business}/forms/{deed}", summary="What starts a case")
    def business_form(business: Part, deed: Part, scenario: PartQuery = "") -> DeedOut:
        return DeedOut.model_validate(businesses.form(business, deed, scenario))

    @routes.post("/businesses/{business}/cases", summary="Start a case", status_code=202)
    def start_case(business: Part, form: CaseForm, key: Key = None) -> CaseOut:
        values = [FieldValue(name=one.name, value=one.value) for one in form.values]
        made = businesses.start(
            id_of(form, key),
            business,
            form.deed,
            values,
            scenario=form.scenario,
            party_id=form.party_id,
        )
        return CaseOut.model_validate(made)

    @routes.get("/cases", summary="Cases, newest first")
    def all_cases(
        business: PartQuery = "",
        party_id: Code = "",
        state: CaseState | None = None,
        limit: Limit = 50,
        cursor: Cursor = None,
    ) -> CasesOut:
        found = businesses.cases(
            business=business, party_id=party_id, state=state, limit=limit, cursor=cursor
        )
        return CasesOut.model_validate(found)

    @routes.get("/cases/{case_id}", summary="A case")
    def one_case(case_id: UUID) -> CaseOut:
        return CaseOut.model_validate(businesses.case(case_id))

    return routes
