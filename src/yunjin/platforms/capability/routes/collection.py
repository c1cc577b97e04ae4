"""Collection over HTTP: cases of overdue loans, promises to pay."""

import datetime as dt
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import Field

from yunjin.chassis.transport.values import (
    INT64_MAX,
    Answer,
    Command,
    Digits,
    Exact,
    Int63,
    Key,
    id_of,
)
from yunjin.platforms.capability.api.collection import (
    Case,
    CollectionApi,
    Promise,
    PromiseState,
    Stage,
)
from yunjin.platforms.capability.routes.lending_values import EntryOut, Named, Person
from yunjin.platforms.capability.routes.values import Amount, Code, Cursor, Limit, Note


class CaseForm(Command):
    """A case to open for a loan."""

    agreement_id: Int63
    note: Note = ""
    by: Person = ""


class SaidForm(Command):
    """What was done about a case: "call", "visit", "letter", "message" or "other"."""

    what: Annotated[str, Field(max_length=24)]
    text: Annotated[str, Field(min_length=1, max_length=1_000)]
    by: Named


class PromiseForm(Command):
    """A promise to pay so much by the end of a business day."""

    amount_minor: Amount
    day: dt.date
    by: Named


class CancelForm(Command):
    """Who lets a promise no longer count."""

    by: Person = ""


class CloseForm(Command):
    """Why a case is closed."""

    why: Annotated[str, Field(min_length=1, max_length=200)]
    by: Named


class CaseOut(Answer):
    """A case as of the last look at its loan."""

    case_id: UUID
    agreement_id: Digits
    application_id: UUID | None
    party_id: str
    currency: str
    stage: Stage
    days_overdue: int
    due_minor: Exact
    opened: dt.date
    seen: dt.date
    closed: dt.date | None
    why: str


class CasesOut(Answer):
    """A page of cases."""

    items: list[CaseOut]
    next_cursor: str | None


class PromiseOut(Answer):
    """A promise to pay, and what became of it."""

    promise_id: UUID
    case_id: UUID
    amount_minor: Exact
    day: dt.date
    made: dt.date
    state: PromiseState
    by: str


class CollectionRoutes:
    """The addresses of collection."""

    def __init__(self, collection: CollectionApi) -> None:
        self._collection = collection

    def cases(
        self,
        stage: Stage | None = None,
        party_id: Code = "",
        agreement_id: Annotated[int, Query(ge=0, le=INT64_MAX)] = 0,
        closed: bool = False,
        limit: Limit = 50,
        cursor: Cursor = None,
    ) -> CasesOut:
        """Return cases, newest first."""
        found = self._collection.cases(
            stage=stage,
            party_id=party_id,
            agreement_id=agreement_id,
            is_closed=closed,
            limit=limit,
            cursor=cursor,
        )
        return CasesOut.model_validate(found)

    def open_case(self, form: CaseForm, key: Key = None) -> CaseOut:
        """Open a case for a loan; the one that is open stays."""
        made = self._collection.open(id_of(form, key), form.agreement_id, form.note, by=form.by)
        return _out(made)

    def counts(self) -> dict[str, int]:
        """Return how many open cases there are in each stage."""
        return self._collection.counts()

    def case(self, case_id: UUID) -> CaseOut:
        """Return a case."""
        return _out(self._collection.case(case_id))

    def timeline(self, case_id: UUID) -> list[EntryOut]:
        """Return what was done about a case, in its order."""
        return [EntryOut.model_validate(one) for one in self._collection.timeline(case_id)]

    def promises(self, case_id: UUID) -> list[PromiseOut]:
        """Return the promises of a case, newest first."""
        return [PromiseOut.model_validate(one) for one in self._collection.promises(case_id)]

    def note(self, case_id: UUID, form: SaidForm, key: Key = None) -> CaseOut:
        """Keep what was done about a case."""
        made = self._collection.note(id_of(form, key), case_id, form.what, form.text, by=form.by)
        return _out(made)

    def promise(self, case_id: UUID, form: PromiseForm, key: Key = None) -> PromiseOut:
        """Keep a promise to pay."""
        made = self._collection.promise(
            id_of(form, key), case_id, form.amount_minor, form.day, by=form.by
        )
        return _promise(made)

    def cancel_promise(self, promise_id: UUID, form: CancelForm, key: Key = None) -> PromiseOut:
        """Let a promise no longer count."""
        return _promise(self._collection.cancel_promise(id_of(form, key), promise_id, by=form.by))

    def close_case(self, case_id: UUID, form: CloseForm, key: Key = None) -> CaseOut:
        """Close a case."""
        return _out(self._collection.close(id_of(form, key), case_id, form.why, by=form.by))


def router(collection: CollectionApi) -> APIRouter:
    """Return the router of collection."""
    made, to = APIRouter(tags=["collection"]), CollectionRoutes(collection)
    all_cases, one = "/lending/cases", "/lending/cases/{case_id}"
    made.get(all_cases, operation_id="collection_cases")(to.cases)
    made.post(all_cases, status_code=201, operation_id="open_collection_case")(to.open_case)
    made.get(f"{all_cases}/counts", operation_id="collection_counts")(to.counts)
    made.get(one, operation_id="collection_case")(to.case)
    made.get(f"{one}/timeline", operation_id="collection_timeline")(to.timeline)
    made.get(f"{one}/promises", operation_id="collection_promises")(to.promises)
    made.post(f"{one}/notes", status_code=201, operation_id="note_collection")(to.note)
    made.post(f"{one}/promises", status_code=201, operation_id="promise_to_pay")(to.promise)
    made.post(f"{one}/close", operation_id="close_collection_case")(to.close_case)
    made.post("/lending/promises/{promise_id}/cancel", operation_id="cancel_promise_to_pay")(
        to.cancel_promise
    )
    return made


def _out(one: Case) -> CaseOut:
    return CaseOut.model_validate(one)


def _promise(one: Promise) -> PromiseOut:
    return PromiseOut.model_validate(one)
