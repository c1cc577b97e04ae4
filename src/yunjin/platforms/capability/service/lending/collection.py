"""The collection centre's door, and what a look at a loan makes of its case."""

import datetime as dt
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

import structlog

from yunjin.chassis.persistence import SqlUnitOfWork
from yunjin.foundation.banking.api.agreements import Agreement, AgreementsApi
from yunjin.foundation.banking.api.statements import StatementQuery, StatementsApi
from yunjin.kernel.errors import Malformed, Refusal
from yunjin.kernel.ids import uuid7
from yunjin.platforms.capability.api.collection import (
    STAGES,
    Case,
    Promise,
    PromiseState,
    Stage,
)
from yunjin.platforms.capability.api.tasks import Link, NewTask, TasksApi
from yunjin.platforms.capability.domain.lending import due_minor, is_loan, stage_of, stages_of
from yunjin.platforms.capability.domain.payments import leg
from yunjin.platforms.capability.errors.lending import CollectionRefused
from yunjin.platforms.capability.events.lending import CollectionMoved, PromiseMoved
from yunjin.platforms.capability.service.lending.book import Book
from yunjin.platforms.capability.service.lending.case_lists import CaseLists, nothing
from yunjin.platforms.capability.service.lending.overlaid import Overlaid
from yunjin.platforms.capability.service.values import check_amount, check_text
from yunjin.platforms.capability.store import collection as store
from yunjin.platforms.capability.store import lending

_log: Final = structlog.get_logger()
DEEDS: Final = ("call", "visit", "letter", "message", "other")
QUEUE: Final = "collection"
PROMISE_DAYS_MAX: Final = 90
_TEXT_MAX: Final = 1_000
_CURED: Final = "cured"
_TITLES: Final = {
    Stage.CALL: "电话催收 Call the debtor",
    Stage.VISIT: "上门催收 Visit the debtor",
    Stage.LEGAL: "法律催收 Legal steps",
}


class CollectionService(CaseLists):
    """Cases over a room's tables.

    Parameters
    ----------
    book : of applications; its timeline is that of cases too.
    statements : tells what was paid in; None: a promise is kept by nothing but a cure.
    """

    def __init__(
        self,
        book: Book,
        agreements: AgreementsApi,
        tasks: TasksApi,
        *,
        statements: StatementsApi | None,
        overlaid: Overlaid,
        today: Callable[[], dt.date],
        cursor_key: bytes,
    ) -> None:
        super().__init__(book.room, cursor_key=cursor_key)
        self._book, self._agreements = book, agreements
        self._tasks, self._statements, self._overlaid = tasks, statements, overlaid
        self._today = today

    # deeds ----------------------------------------------------------------------------------------

    def open(self, command_id: UUID, agreement_id: int, note: str = "", *, by: str = "") -> Case:
        """Open a case for a loan. Raises: as CollectionApi says."""
        _check_said(note, by)
        loan = self._agreements.agreement(agreement_id)
        if loan.status != "open" or not is_loan(loan):
            raise CollectionRefused("expected an open loan, was none", why="it is no open loan")

        def body(work: SqlUnitOfWork) -> dict[str, Any]:
            one = store.open_of(work.connection, agreement_id)
            if one is None:
                one = self._opened(work, command_id, loan, by=by, text=note)
            return {"case_id": one.case_id}

        request = ["collection.open", agreement_id, note, by]
        answer = self._room.command(command_id, request, body)
        return self._with_task(UUID(answer["case_id"]))

    def note(self, command_id: UUID, case_id: UUID, what: str, text: str, *, by: str) -> Case:
        """Keep what was done. Raises: as CollectionApi says."""
        _check_said(text, by, least=1)
        if what not in DEEDS:
            raise Malformed(f"expected one of {', '.join(DEEDS)}, was {what[:20]!r}")

        def act(work: SqlUnitOfWork, one: Case) -> None:
            self._book.note(work, one.case_id, what, by=by, text=text)

        return self._change(command_id, ["collection.note", what, text, by], case_id, act)

    def promise(
        self, command_id: UUID, case_id: UUID, amount_minor: int, day: dt.date, *, by: str
    ) -> Promise:
        """Keep a promise to pay. Raises: as CollectionApi says."""
        check_amount(amount_minor)
        _check_said("", by, least=0)

        def act(work: SqlUnitOfWork, one: Case) -> None:
            today = self._today()
            if not 0 <= (day - today).days <= PROMISE_DAYS_MAX:
                what = f"expected a day within {PROMISE_DAYS_MAX} days, was {day}"
                raise CollectionRefused(what, why="the day is over or far")
            if _open_promise(store.promises_of(work.connection, case_id)) is not None:
                raise CollectionRefused("expected no open promise", why="another promise is open")
            made = Promise(
                promise_id=command_id,
                case_id=case_id,
                amount_minor=amount_minor,
                day=day,
                made=today,
                state=PromiseState.OPEN,
                by=by,
            )
            store.put_promise(work.connection, made)
            self._promised(work, made, PromiseState.OPEN, by)

        request = ["collection.promise", amount_minor, day.isoformat(), by]
        self._change(command_id, request, case_id, act)
        return self.found_promise(command_id)

    def cancel_promise(self, command_id: UUID, promise_id: UUID, *, by: str = "") -> Promise:
        """Let a promise no longer count. Raises: as CollectionApi says."""
        found = self.found_promise(promise_id)

        def act(work: SqlUnitOfWork, one: Case) -> None:
            now = store.promise(work.connection, promise_id)
            if now is None or now.state is not PromiseState.OPEN:
                raise CollectionRefused("expected an open promise", why="the promise has ended")
            store.set_promise(work.connection, promise_id, PromiseState.CANCELLED)
            self._promised(work, now, PromiseState.CANCELLED, by)

        request = ["collection.cancel_promise", str(promise_id), by]
        self._change(command_id, request, found.case_id, act)
        return self.found_promise(promise_id)

    def close(self, command_id: UUID, case_id: UUID, why: str, *, by: str) -> Case:
        """Close a case. Raises: as CollectionApi says."""
        check_text("reason", why, least=1, most=200)
        _check_said("", by)

        def act(work: SqlUnitOfWork, one: Case) -> None:
            self._closed(work, one, why, by)

        self._change(command_id, ["collection.close", why, by], case_id, act)
        return self._with_task(case_id)

    def _change(
        self,
        command_id: UUID,
        request: list[Any],
        case_id: UUID,
        act: Callable[[SqlUnitOfWork, Case], None],
    ) -> Case:
        def body(work: SqlUnitOfWork) -> dict[str, Any]:
            one = store.locked(work.connection, case_id)
            if one is None:
                raise nothing(case_id)
            if one.is_closed:
                raise CollectionRefused("expected an open case", why="the case is closed")
            act(work, one)
            return {"case_id": case_id}

        self._room.command(command_id, [*request, str(case_id)], body)
        return self.case(case_id)

    # a look at a loan -----------------------------------------------------------------------------

    def look(self, loan: Agreement, application_id: UUID | None = None) -> Case | None:
        """Bring the case of a loan to what the loan is now; return it, None where there is none.

        Whoever calls it, and however often: a case is opened, goes on, and closes as cured.
        """
        is_overdue = loan.status == "open" and loan.days_overdue > 0 and due_minor(loan) > 0

        def body(work: SqlUnitOfWork) -> UUID | None:
            one = store.open_of(work.connection, loan.agreement_id)
            if one is None:
                if not is_overdue or loan.days_overdue < self._stages()[0][0]:
                    return None
                if store.was_closed(work.connection, loan.agreement_id, self._today()):
                    return None  # a person knows why; the next day's look sees
                case_id = uuid7(self._room.clock)
                return self._opened(work, case_id, loan, application_id=application_id).case_id
            if is_overdue:
                self._goes_on(work, one, loan)
            elif one.days_overdue or loan.status != "open":
                self._closed(work, one, _CURED, "")
            return one.case_id

        found = self._room.run(body)
        return None if found is None else self._with_task(found)

    def _opened(
        self,
        work: SqlUnitOfWork,
        case_id: UUID,
        loan: Agreement,
        *,
        application_id: UUID | None = None,
        by: str = "",
        text: str = "",
    ) -> Case:
        if application_id is None:
            known = lending.of_agreement(work.connection, loan.agreement_id)
            application_id = None if known is None else known.application_id
        today = self._today()
        made = Case(
            case_id=case_id,
            agreement_id=loan.agreement_id,
            application_id=application_id,
            party_id=loan.party_id,
            currency=loan.currency,
            stage=stage_of(loan.days_overdue, self._stages()),
            days_overdue=loan.days_overdue,
            due_minor=due_minor(loan),
            opened=today,
            seen=today,
            closed=None,
            why="",
        )
        store.put(work.connection, made)
        self._tell(work, made, "opened", by, text)
        return made

    def _goes_on(self, work: SqlUnitOfWork, one: Case, loan: Agreement) -> None:
        promise = _open_promise(store.promises_of(work.connection, one.case_id))
        if promise is not None and self._today() > promise.day:
            kept = self._paid(loan, promise) >= promise.amount_minor
            state = PromiseState.KEPT if kept else PromiseState.BROKEN
            store.set_promise(work.connection, promise.promise_id, state)
            self._promised(work, promise, state, "")
            promise = None
        stage = one.stage if promise else stage_of(loan.days_overdue, self._stages())
        after = replace(
            one,
            stage=stage,
            days_overdue=loan.days_overdue,
            due_minor=due_minor(loan),
            seen=self._today(),
        )
        store.keep(work.connection, after)
        if stage is not one.stage:
            self._tell(work, after, stage.value, "", f"{loan.days_overdue} d")

    def _paid(self, loan: Agreement, promise: Promise) -> int:
        """Return what came in for a loan in the days of a promise."""
        if self._statements is None or "paid_in" not in loan.balances:
            return 0
        query = StatementQuery(
            agreement_id=loan.agreement_id,
            start=promise.made,
            end=promise.day,
            account="paid_in",
        )
        return self._statements.statement(query).credit_minor

    def _closed(self, work: SqlUnitOfWork, one: Case, why: str, by: str) -> None:
        today = self._today()
        is_cured = why == _CURED and not by
        promise = _open_promise(store.promises_of(work.connection, one.case_id))
        if promise is not None:
            state = PromiseState.KEPT if is_cured else PromiseState.CANCELLED
            store.set_promise(work.connection, promise.promise_id, state)
            self._promised(work, promise, state, by)
        after = replace(one, closed=today, seen=today, why=why)
        if is_cured:
            after = replace(after, days_overdue=0, due_minor=0)
        store.keep(work.connection, after)
        self._tell(work, after, "closed", by, why)

    def _with_task(self, case_id: UUID) -> Case:
        """Let a case have the task of its stage and no other; return the case.

        It goes by what is kept, so that whoever died before it is made good by the next look.
        """
        one = self.case(case_id)
        title = "" if one.is_closed else _TITLES.get(one.stage, "")
        wanted = leg(case_id, f"task {one.stage}") if title else None
        had = self._room.read(lambda connection: store.task_of(connection, case_id))
        if wanted == had:
            return one
        if wanted is not None:
            links = [Link(kind="party", id=one.party_id)]
            links += [Link(kind="agreement", id=str(one.agreement_id))]
            note = f"{one.due_minor} {one.currency}, {one.days_overdue} d"
            task = NewTask(queue=QUEUE, title=title, note=note, links=tuple(links))
            self._tasks.open(wanted, task)
        if had is not None:
            with suppress(Refusal):  # it has ended
                self._tasks.withdraw(leg(had, "withdraw"), had, "The case has gone on.")
        self._room.run(lambda work: store.keep_task(work.connection, case_id, wanted))
        return one

    def _stages(self) -> tuple[tuple[int, Stage], ...]:
        text = self._overlaid.parameter("stages")
        try:
            return stages_of(text) if text else STAGES
        except Malformed as malformed:  # a word of a person must not stop the day
            _log.warning("collection.stages_unread", why=malformed.detail)
            return STAGES

    def _tell(self, work: SqlUnitOfWork, one: Case, what: str, by: str, text: str) -> None:
        self._book.note(work, one.case_id, what, by=by, text=text)
        work.outbox.add(
            CollectionMoved(
                case_id=str(one.case_id),
                agreement_id=str(one.agreement_id),
                state="closed" if one.is_closed else "open",
                stage=one.stage.value,
                days_overdue=one.days_overdue,
                due_minor=one.due_minor,
            )
        )

    def _promised(
        self, work: SqlUnitOfWork, promise: Promise, state: PromiseState, by: str
    ) -> None:
        text = f"{promise.amount_minor} {promise.day}"
        self._book.note(work, promise.case_id, f"promise.{state}", by=by, text=text)
        work.outbox.add(
            PromiseMoved(
                case_id=str(promise.case_id),
                promise_id=str(promise.promise_id),
                state=state.value,
                amount_minor=promise.amount_minor,
                day=promise.day.isoformat(),
            )
        )


def _open_promise(found: list[Promise]) -> Promise | None:
    return next((one for one in found if one.state is PromiseState.OPEN), None)


def _check_said(text: str, by: str, *, least: int = 0) -> None:
    check_text("text", text, most=_TEXT_MAX, least=least)
    check_text("name", by, most=64)
