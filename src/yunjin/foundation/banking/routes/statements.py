"""Statements and other papers over HTTP: as JSON, as CSV, as PDF."""

import datetime as dt
from collections.abc import Iterator
from contextvars import Context, copy_context
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Header, Path, Query, Response
from fastapi.responses import StreamingResponse
from pydantic import Field

from yunjin.chassis.transport.values import At
from yunjin.chassis.transport.values import Form as Question
from yunjin.foundation.banking.api.statements import (
    Form,
    Kind,
    Lang,
    PaperOrder,
    PapersPort,
    Seal,
    StatementQuery,
    StatementsApi,
)
from yunjin.foundation.banking.routes.statement_schemas import (
    BalancesOut,
    CostOut,
    InterestOut,
    PayoffOut,
    ScheduleOut,
    StatementOut,
    VerificationOut,
)

AgreementId = Annotated[int, Path(ge=1, le=2**63 - 1)]
Accept = Annotated[str, Header(description="application/json, text/csv or application/pdf.")]
_MEDIA: Final = {Form.CSV: "text/csv", Form.PDF: "application/pdf"}
_FILES: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "The paper, as the format asked for.",
        "content": {
            kind: {"schema": {"type": "string", "format": "binary"}} for kind in _MEDIA.values()
        },
    }
}


class Written(Question):
    """How a paper is wanted; `format` wins over the Accept header."""

    lang: Lang = Lang.ZH
    format: Literal["json", "csv", "pdf"] | None = None
    bom: bool = Field(True, description="CSV: the byte-order mark that Excel looks for.")

    def form(self, accept: str) -> Form | None:
        """Return what to write, None for JSON."""
        if self.format is not None:
            return None if self.format == "json" else Form(self.format)
        wanted = [one.partition(";")[0].strip().lower() for one in accept.split(",")]
        return next((form for form, media in _MEDIA.items() if media in wanted), None)


class Period(Written):
    """Which business dates."""

    start: dt.date
    end: dt.date = Field(description="The last day.")


class OfAccount(Period):
    """Which account of the agreement, and which business dates."""

    account: str = Field("", max_length=64, description="Its name; empty: the main one.")


class SealQuestion(Question):
    """A statement's period and what stands on it."""

    start: dt.date
    end: dt.date = Field(description="The last day.")
    account: str = Field("", max_length=64)
    digest: str = Field(pattern="^[0-9a-f]{64}$")
    journal_sequence: int = Field(ge=0, le=2**53 - 1)
    journal_hash: str = Field(pattern="^([0-9a-f]{64})?$")


class OnDate(Written):
    """For which business date."""

    date: dt.date


class AsOf(Written):
    """As of the evening of which business date; now if none is said."""

    date: dt.date | None = None


class BalanceQuestion(Question):
    """At the close of a business date, or at an instant; now if neither is said."""

    date: dt.date | None = None
    at: At | None = None


class Statements:
    """The addresses."""

    def __init__(self, statements: StatementsApi, papers: PapersPort) -> None:
        self._statements, self._papers = statements, papers

    def add_to(self, router: APIRouter) -> None:
        """Add the addresses to a router."""
        under = "/agreements/{agreement_id}"
        get = router.get
        get(f"{under}/statement", responses=_FILES, response_model=StatementOut)(self.statement)
        get(f"{under}/statement/verification")(self.statement_verification)
        get(f"{under}/balances")(self.agreement_balances)
        get(f"{under}/interest", responses=_FILES, response_model=InterestOut)(self.interest)
        get(f"{under}/schedule", responses=_FILES, response_model=ScheduleOut)(self.schedule)
        get(f"{under}/payoff", responses=_FILES, response_model=PayoffOut)(self.payoff)
        get(f"{under}/cost", responses=_FILES, response_model=CostOut)(self.cost)

    def statement(
        self,
        agreement_id: AgreementId,
        query: Annotated[OfAccount, Query()],
        accept: Accept = "",
    ) -> Any:
        """Return an account's statement over a period. CSV takes any number of lines."""
        form = query.form(accept)
        if form:
            return self._file(Kind.STATEMENT, agreement_id, query, form)
        found = self._statements.statement(
            StatementQuery(
                agreement_id=agreement_id,
                start=query.start,
                end=query.end,
                account=query.account,
            ),
            lang=query.lang,
        )
        return StatementOut.of(found)

    def statement_verification(
        self, agreement_id: AgreementId, query: Annotated[SealQuestion, Query()]
    ) -> VerificationOut:
        """Hold the digest and the journal row of a statement against the ledger."""
        found = self._statements.verify(
            StatementQuery(
                agreement_id=agreement_id,
                start=query.start,
                end=query.end,
                account=query.account,
            ),
            Seal(
                digest=query.digest,
                journal_sequence=query.journal_sequence,
                journal_hash=query.journal_hash,
            ),
        )
        return VerificationOut.model_validate(found)

    def agreement_balances(
        self, agreement_id: AgreementId, query: Annotated[BalanceQuestion, Query()]
    ) -> BalancesOut:
        """Return the balances of an agreement's accounts at a time."""
        found = self._statements.balances(agreement_id, date=query.date, timestamp=query.at)
        return BalancesOut.model_validate(found)

    def interest(
        self, agreement_id: AgreementId, query: Annotated[Period, Query()], accept: Accept = ""
    ) -> Any:
        """Return the interest certificate of a period."""
        form = query.form(accept)
        if form:
            return self._file(Kind.INTEREST, agreement_id, query, form)
        found = self._statements.interest(agreement_id, start=query.start, end=query.end)
        return InterestOut.model_validate(found)

    def schedule(
        self, agreement_id: AgreementId, query: Annotated[AsOf, Query()], accept: Accept = ""
    ) -> Any:
        """Return a loan's schedule: what fell due and what will, as of a business date."""
        form = query.form(accept)
        if form:
            return self._file(Kind.SCHEDULE, agreement_id, query, form)
        return ScheduleOut.model_validate(self._statements.schedule(agreement_id, date=query.date))

    def payoff(
        self, agreement_id: AgreementId, query: Annotated[OnDate, Query()], accept: Accept = ""
    ) -> Any:
        """Return what settles a loan in full on a date."""
        form = query.form(accept)
        if form:
            return self._file(Kind.PAYOFF, agreement_id, query, form)
        return PayoffOut.model_validate(self._statements.payoff(agreement_id, query.date))

    def cost(
        self, agreement_id: AgreementId, query: Annotated[Written, Query()], accept: Accept = ""
    ) -> Any:
        """Return what a loan costs a year."""
        form = query.form(accept)
        if form:
            return self._file(Kind.COST, agreement_id, query, form)
        return CostOut.model_validate(self._statements.cost(agreement_id))

    def _file(self, kind: Kind, agreement_id: int, query: Written, form: Form) -> Response:
        start, end = getattr(query, "start", None), getattr(query, "end", None)
        order = PaperOrder(
            kind=kind,
            form=form,
            agreement_id=agreement_id,
            lang=query.lang,
            start=getattr(query, "date", start),
            end=end,
            account=getattr(query, "account", ""),
            has_mark=query.bom,
        )
        parts = self._papers.write(order)
        name = f"{kind}-{agreement_id}.{form}"
        media = _MEDIA[form] + ("; charset=utf-8" if form is Form.CSV else "")
        heads = {"content-disposition": f'attachment; filename="{name}"', "vary": "accept"}
        return StreamingResponse(
            _in_context(parts, copy_context()), media_type=media, headers=heads
        )


def _in_context(parts: Iterator[bytes], context: Context) -> Iterator[bytes]:
    """Yield parts on behalf of this tenant: worker threads take turns, each in its own context."""
    while (part := context.run(next, parts, None)) is not None:
        yield part


def router(statements: StatementsApi, papers: PapersPort) -> APIRouter:
    """Return the router of statements."""
    made = APIRouter(tags=["statements"])
    Statements(statements, papers).add_to(made)
    return made
