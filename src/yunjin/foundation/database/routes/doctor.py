"""The doctor over HTTP: what is wrong with the fleet, what was done, what waits for a person."""

from typing import Annotated, Final, Literal
from uuid import UUID

from fastapi import APIRouter
from pydantic import Field

from yunjin.chassis.transport.values import Answer, Form, Instant, Limit
from yunjin.foundation.database.api.doctor import Action, DoctorApi, Finding, Noted

_NS: Final = 1_000  # a microsecond
State = Literal["pending", "approved", "rejected", "withdrawn", "running", "done", "failed"]


class AnswerForm(Form):
    """Who says yes or no."""

    by: Annotated[str, Field(min_length=1, max_length=64)]


class FindingOut(Answer):
    """Something that is wrong, in words, with its figures.

    severity: note, warning or critical. node: empty for the whole set. subject: what else tells
    it apart (a connection, a table, a cell). remedy: what can be done about it; null: nothing.
    is_dangerous: the remedy may lose something where the finding is wrong.
    """

    code: str
    set_name: str
    node: str
    subject: str
    severity: str
    zh: str
    en: str
    figures: dict[str, str | int]
    remedy: str | None
    is_dangerous: bool


class NotedOut(Answer):
    """A finding, since when it stands, and until when it did; null: it stands."""

    finding: FindingOut
    opened_at: Instant
    closed_at: Instant | None


class ActionOut(Answer):
    """A remedy that was proposed or done.

    decision: why it was done by itself, or why somebody is asked. doctor: which one acts.
    took_ms: until it was done. outcome: what came of it.
    """

    action_id: UUID
    finding: FindingOut
    state: State
    decision: str
    doctor: str
    approver: str
    at: Instant
    ended_at: Instant | None
    took_ms: int
    outcome: str


class Consulting:
    """The doctor's addresses."""

    def __init__(self, doctor: DoctorApi) -> None:
        self._doctor = doctor

    def doctor_findings(self, closed: bool = False, limit: Limit = 100) -> list[NotedOut]:
        """Return the findings that stand, worst first; or with `closed` the past ones."""
        return [_noted(one) for one in self._doctor.findings(closed=closed, limit=limit)]

    def doctor_actions(self, state: State | None = None, limit: Limit = 100) -> list[ActionOut]:
        """Return what was proposed and done, newest first."""
        return [_action(one) for one in self._doctor.actions(state=state or "", limit=limit)]

    def approve_action(self, action_id: UUID, form: AnswerForm) -> ActionOut:
        """Allow a pending action; it is done in the next round, where it is still called for."""
        return _action(self._doctor.approve(action_id, by=form.by))

    def reject_action(self, action_id: UUID, form: AnswerForm) -> ActionOut:
        """Refuse a pending action; it is not proposed again while the finding stands."""
        return _action(self._doctor.reject(action_id, by=form.by))


def doctor_router(doctor: DoctorApi) -> APIRouter:
    """Return the router of the doctor."""
    made, to = APIRouter(prefix="/fleet/doctor", tags=["fleet"]), Consulting(doctor)
    made.get("/findings")(to.doctor_findings)
    made.get("/actions")(to.doctor_actions)
    made.post("/actions/{action_id}/approval")(to.approve_action)
    made.post("/actions/{action_id}/rejection")(to.reject_action)
    return made


def _finding(one: Finding) -> FindingOut:
    same = {name: getattr(one, name) for name in FindingOut.model_fields}
    remedy = one.remedy.value if one.remedy else None
    return FindingOut.model_validate(
        {**same, "severity": one.severity.name.lower(), "remedy": remedy}
    )


def _noted(one: Noted) -> NotedOut:
    return NotedOut(
        finding=_finding(one.finding),
        opened_at=one.opened_us * _NS,
        closed_at=_ended(one.closed_us),
    )


def _action(one: Action) -> ActionOut:
    return ActionOut(
        action_id=one.action_id,
        finding=_finding(one.finding),
        state=one.state.value,
        decision=one.decision,
        doctor=one.doctor,
        approver=one.approver,
        at=one.at_us * _NS,
        ended_at=_ended(one.ended_us),
        took_ms=one.took_ms,
        outcome=one.outcome,
    )


def _ended(at_us: int) -> int | None:
    return at_us * _NS or None
