"""Replacing an old core over HTTP: runs, findings, cells and what becomes of them."""

import datetime as dt
from collections.abc import Callable
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import Field

from yunjin.chassis.transport.values import Answer, Command, Exact, Key, facts_of, id_of
from yunjin.platforms.capability.api.takeover import (
    Cause,
    CellLine,
    CellState,
    FindingKind,
    RunState,
    TakeoverApi,
)
from yunjin.platforms.capability.routes.values import Cursor, Limit, Note

Source = Annotated[str, Field(min_length=1, max_length=100)]
Person = Annotated[str, Field(max_length=100)]
_STEPS: Final = {
    "freeze": "Say that the old core takes nothing more for a cell.",
    "thaw": "Let the old core work on with a frozen cell.",
    "load": "Bring a frozen cell over; sent again it goes on.",
    "live": "Let us work with a proven cell.",
    "forward": "Bring a cell that fell back over again.",
}
Kind = Annotated[str, Query(max_length=40, pattern="^[a-z_]*$")]


class CheckForm(Command):
    """A delivery to check: its folder, in the folder of deliveries."""

    source: Source
    by: Person = ""


class StepForm(Command):
    """A step of a cell, and who takes it."""

    by: Person = ""


class BackForm(Command):
    """Falling back, by whom and why."""

    by: Person = ""
    why: Note = ""


class CompareForm(Command):
    """An evening of the old core: its folder, and the day."""

    source: Source
    date: dt.date
    by: Person = ""


class RunOut(Answer):
    """A delivery, checked."""

    run_id: UUID
    source: str
    name: str
    state: RunState
    as_of: dt.date
    customers: int
    agreements: int
    movements: int
    lines: int
    refused: int
    findings: dict[str, int]
    at: dt.datetime
    by: str


class RunsOut(Answer):
    """A page of runs."""

    items: list[RunOut]
    next_cursor: str | None


class FindingOut(Answer):
    """What is wrong, and where; row 0: the whole file."""

    kind: FindingKind
    file: str
    row: int
    key: str
    reason: str
    is_refusing: bool


class FindingsOut(Answer):
    """A page of findings."""

    items: list[FindingOut]
    next_cursor: str | None


class CellOut(Answer):
    """A cell as it stands now."""

    run_id: UUID
    cell: str
    state: CellState
    agreements: int
    loaded: int
    loads: int
    changed: dt.datetime
    by: str


class TotalOut(Answer):
    """A line of a proof, before and after."""

    currency: str
    product: str
    line: str
    agreements: int
    theirs_minor: Exact
    ours_minor: Exact
    difference_minor: Exact


class ProofOut(Answer):
    """A cell's totals, before and after."""

    run_id: UUID
    cell: str
    totals: list[TotalOut]
    wrong: list[str]
    trial_minor: Exact
    holds: bool


class ComparedOut(Answer):
    """A day of the parallel run."""

    run_id: UUID
    date: dt.date
    figures: int
    differences: int
    beyond: int
    causes: dict[str, int]
    difference_minor: Exact
    at: dt.datetime


class DifferenceOut(Answer):
    """A figure on which the cores differ, in 10⁻⁸ minor units."""

    key: str
    figure: str
    theirs_e8: Exact
    ours_e8: Exact
    cause: Cause
    is_beyond: bool


class DifferencesOut(Answer):
    """A page of differences."""

    items: list[DifferenceOut]
    next_cursor: str | None


class DeltaOut(Answer):
    """What happened in a cell since it came over. files: their sizes, bytes."""

    run_id: UUID
    cell: str
    movements: int
    agreements: int
    files: dict[str, int]
    wrong: list[str]


class OriginOut(Answer):
    """Where an agreement comes from."""

    agreement_id: Exact
    run_id: UUID
    cell: str
    key: str


class OldMovementOut(Answer):
    """A movement of the time before us."""

    date: dt.date
    reference: str
    amount_minor: Exact
    text: str


class TakeoverRoutes:
    """The addresses of replacing an old core."""

    def __init__(self, takeover: TakeoverApi) -> None:
        self._takeover = takeover

    def check(self, form: CheckForm, key: Key = None) -> RunOut:
        """Read a delivery and check every line; the run's id is the command's."""
        return RunOut.model_validate(self._takeover.check(id_of(form, key), **facts_of(form)))

    def runs(self, limit: Limit = 50, cursor: Cursor = None) -> RunsOut:
        """Return runs, newest first."""
        return RunsOut.model_validate(self._takeover.runs(limit=limit, cursor=cursor))

    def run(self, run_id: UUID) -> RunOut:
        """Return a run."""
        return RunOut.model_validate(self._takeover.run(run_id))

    def findings(
        self, run_id: UUID, kind: Kind = "", limit: Limit = 50, cursor: Cursor = None
    ) -> FindingsOut:
        """Return what was found, by file and row."""
        found = self._takeover.findings(run_id, kind=kind, limit=limit, cursor=cursor)
        return FindingsOut.model_validate(found)

    def cells(self, run_id: UUID) -> list[CellOut]:
        """Return a run's cells."""
        return [CellOut.model_validate(one) for one in self._takeover.cells(run_id)]

    def prove(self, run_id: UUID, cell: str, form: StepForm, key: Key = None) -> ProofOut:
        """Hold a cell against the old core's balances."""
        found = self._takeover.prove(id_of(form, key), run_id, cell, by=form.by)
        return ProofOut.model_validate(found)

    def proof(self, run_id: UUID, cell: str) -> ProofOut | None:
        """Return a cell's newest proof; null before the first."""
        found = self._takeover.proof(run_id, cell)
        return None if found is None else ProofOut.model_validate(found)

    def fall_back(self, run_id: UUID, cell: str, form: BackForm, key: Key = None) -> CellOut:
        """Give a cell back."""
        found = self._takeover.fall_back(id_of(form, key), run_id, cell, by=form.by, why=form.why)
        return CellOut.model_validate(found)

    def compare(self, run_id: UUID, form: CompareForm, key: Key = None) -> ComparedOut:
        """Hold the old core's end of a day beside ours."""
        facts = facts_of(form)
        return ComparedOut.model_validate(self._takeover.compare(id_of(form, key), run_id, **facts))

    def compared(self, run_id: UUID) -> list[ComparedOut]:
        """Return the days of the parallel run, oldest first."""
        return [ComparedOut.model_validate(one) for one in self._takeover.compared(run_id)]

    def differences(
        self, run_id: UUID, date: dt.date, limit: Limit = 50, cursor: Cursor = None
    ) -> DifferencesOut:
        """Return a day's differences."""
        found = self._takeover.differences(run_id, date, limit=limit, cursor=cursor)
        return DifferencesOut.model_validate(found)

    def delta(self, run_id: UUID, cell: str) -> DeltaOut:
        """Return what happened in a cell since it came over."""
        found = self._takeover.delta(run_id, cell)
        sizes = {name: len(body) for name, body in found.files.items()}
        return DeltaOut(
            run_id=run_id,
            cell=cell,
            movements=found.movements,
            agreements=found.agreements,
            files=sizes,
            wrong=list(found.wrong),
        )

    def delta_file(self, run_id: UUID, cell: str, name: str) -> Response:
        """Return a file of a delta, as the old core reads it."""
        files = self._takeover.delta(run_id, cell).files
        body = files.get(name)
        if body is None:
            return Response(status_code=404)
        return Response(body, media_type="application/octet-stream")

    def origin(self, agreement_id: int) -> OriginOut:
        """Return where an agreement comes from."""
        return OriginOut.model_validate(self._takeover.origin(agreement_id))

    def history(self, agreement_id: int) -> list[OldMovementOut]:
        """Return an agreement's movements of before, oldest first."""
        found = self._takeover.history(agreement_id)
        return [OldMovementOut.model_validate(one) for one in found]


def router(takeover: TakeoverApi) -> APIRouter:
    """Return the router of replacing an old core."""
    made, to = APIRouter(prefix="/takeover", tags=["takeover"]), TakeoverRoutes(takeover)
    cell = "/runs/{run_id}/cells/{cell}"
    made.post("/runs", status_code=201, operation_id="takeover_check")(to.check)
    made.get("/runs", operation_id="takeover_runs")(to.runs)
    made.get("/runs/{run_id}", operation_id="takeover_run")(to.run)
    made.get("/runs/{run_id}/findings", operation_id="takeover_findings")(to.findings)
    made.get("/runs/{run_id}/cells", operation_id="takeover_cells")(to.cells)
    steps = {
        "freeze": takeover.freeze,
        "thaw": takeover.thaw,
        "load": takeover.load,
        "live": takeover.go_live,
        "forward": takeover.forward,
    }
    for word, act in steps.items():
        made.post(f"{cell}/{word}", operation_id=f"takeover_{word}")(_step(word, act))
    made.post(f"{cell}/prove", operation_id="takeover_prove")(to.prove)
    made.get(f"{cell}/proof", operation_id="takeover_proof")(to.proof)
    made.post(f"{cell}/fall_back", operation_id="takeover_fall_back")(to.fall_back)
    made.get(f"{cell}/delta", operation_id="takeover_delta")(to.delta)
    files = f"{cell}/delta/{{name}}"
    made.get(files, operation_id="takeover_delta_file", response_class=Response)(to.delta_file)
    evenings = "/runs/{run_id}/evenings"
    made.post(evenings, operation_id="takeover_compare")(to.compare)
    made.get(evenings, operation_id="takeover_evenings")(to.compared)
    made.get(f"{evenings}/{{date}}", operation_id="takeover_differences")(to.differences)
    made.get("/agreements/{agreement_id}", operation_id="takeover_origin")(to.origin)
    history = "/agreements/{agreement_id}/history"
    made.get(history, operation_id="takeover_history")(to.history)
    return made


def _step(word: str, act: Callable[..., CellLine]) -> Callable[..., CellOut]:
    def step(run_id: UUID, cell: str, form: StepForm, key: Key = None) -> CellOut:
        return CellOut.model_validate(act(id_of(form, key), run_id, cell, by=form.by))

    step.__doc__ = _STEPS[word]
    return step
