"""Business days over HTTP: what they came to, their proof, closing them."""

import datetime as dt
from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import Field

from yunjin.foundation.banking.api.days import DayReport, DaysApi
from yunjin.foundation.banking.routes.values import Answer, Exact, Form, Limit


class CloseForm(Form):
    """Up to and with which day to close; null: the open one.

    wait_s: answer 202 after so many seconds with what there is then; null: when it is done.
    """

    until: dt.date | None = None
    wait_s: Annotated[int, Field(ge=0, le=3_600)] | None = None


class ProofOut(Answer):
    """A slot of the general ledger beside the accounts that make it up: debits less credits."""

    slot: str
    branch: str
    currency: str
    subledger_minor: Exact
    ledger_minor: Exact
    difference_minor: Exact


class SumOut(Answer):
    """What a day came to in a currency."""

    currency: str
    accrued_minor: Exact
    provision_minor: Exact


class StepOut(Answer):
    """How far a step of a close is, in pages of agreements. name: close or open."""

    name: str
    done: int
    total: int


class DayOut(Answer):
    """A business day. status: open, closing, closed, opening or unproven."""

    date: dt.date
    status: str
    agreements: int
    transfers: int
    sums: list[SumOut]
    waiting: int
    seconds: float
    steps: list[StepOut]


class Days:
    """The days' addresses."""

    def __init__(self, days: DaysApi) -> None:
        self._days = days

    def days(self, limit: Limit = 31) -> list[DayOut]:
        """Return business days, newest first."""
        return [_out(one) for one in self._days.days(limit=limit)]

    def day(self, date: dt.date) -> DayOut:
        """Return a business day."""
        return _out(self._days.day(date))

    def day_proof(self, date: dt.date) -> list[ProofOut]:
        """Return a day's proof: each slot of the general ledger beside its accounts."""
        return [ProofOut.model_validate(one) for one in self._days.day(date).proof]

    def close_day(self, form: CloseForm, answer: Response) -> DayOut:
        """Close the open business day, or every day up to one; answered when it is done.

        A durable flow does it, also where nobody waits: 202 says that it goes on, `GET` of the
        day's address how far it is. Where the answer is lost, ask again with `until`.
        """
        report = self._days.close(form.until, wait_s=form.wait_s)
        if report.status != "closed":
            answer.status_code = 202
            answer.headers["Location"] = f"/v1/days/{report.date}"
        return _out(report)


def router(days: DaysApi) -> APIRouter:
    """Return the router of business days."""
    made, to = APIRouter(prefix="/days", tags=["days"]), Days(days)
    made.get("")(to.days)
    made.post("/close", responses={202: {"model": DayOut}})(to.close_day)
    made.get("/{date}")(to.day)
    made.get("/{date}/proof")(to.day_proof)
    return made


def _out(one: DayReport) -> DayOut:
    return DayOut.model_validate(one)
