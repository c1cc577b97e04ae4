"""Business days over HTTP: what they came to, their proof, closing them."""

import datetime as dt

from fastapi import APIRouter

from yunjin.foundation.banking.api.days import DayReport, DaysApi
from yunjin.foundation.banking.routes.values import Answer, Exact, Form, Limit


class CloseForm(Form):
    """Up to and with which day to close; null: the open one."""

    until: dt.date | None = None


class ProofOut(Answer):
    """A slot of the general ledger beside the accounts that make it up: debits less credits."""

    slot: str
    branch: str
    currency: str
    subledger_minor: Exact
    ledger_minor: Exact
    difference_minor: Exact


class DayOut(Answer):
    """A business day. status: open, closing, closed or unproven."""

    date: dt.date
    status: str
    agreements: int
    transfers: int
    accrued_minor: Exact
    provision_minor: Exact
    waiting: int
    seconds: float


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

    def proof(self, date: dt.date) -> list[ProofOut]:
        """Return a day's proof: each slot of the general ledger beside its accounts."""
        return [ProofOut.model_validate(one) for one in self._days.day(date).proof]

    def close_day(self, form: CloseForm) -> DayOut:
        """Close the open business day, or every day up to one; answered when it is done.

        Where the answer is lost, ask again with `until`: it goes on where it was.
        """
        return _out(self._days.close(form.until))


def router(days: DaysApi) -> APIRouter:
    """Return the router of business days."""
    made, to = APIRouter(prefix="/days", tags=["days"]), Days(days)
    made.get("")(to.days)
    made.post("/close")(to.close_day)
    made.get("/{date}")(to.day)
    made.get("/{date}/proof")(to.proof)
    return made


def _out(one: DayReport) -> DayOut:
    return DayOut.model_validate(one)
