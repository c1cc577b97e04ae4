"""A look as a business day begins: what is due is taken, limits and cases follow the loans."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final
from uuid import UUID

from yunjin.chassis.persistence import SqlUnitOfWork
from yunjin.foundation.banking.api.agreements import AgreementsApi
from yunjin.kernel.errors import Refusal
from yunjin.platforms.capability.api.lending import (
    QUEUE,
    Application,
    ApplicationState,
    RepayKind,
)
from yunjin.platforms.capability.api.payments import PaymentsApi, PaymentState
from yunjin.platforms.capability.api.tasks import Link, NewTask, Priority, TasksApi
from yunjin.platforms.capability.domain.lending import due_minor
from yunjin.platforms.capability.domain.payments import leg
from yunjin.platforms.capability.service.lending.collection import CollectionService
from yunjin.platforms.capability.service.lending.service import LendingService
from yunjin.platforms.capability.store import collection as cases
from yunjin.platforms.capability.store import lending as store

_PROGRAM: Final = "lending"


class Looking:
    """What the flow of a business day asks for; each part may come twice."""

    def __init__(
        self,
        lending: LendingService,
        collection: CollectionService,
        agreements: AgreementsApi,
        payments: PaymentsApi,
        tasks: TasksApi,
    ) -> None:
        self._lending, self._collection, self._agreements = lending, collection, agreements
        self._payments, self._tasks = payments, tasks

    def loans(self, work: SqlUnitOfWork, after: Any, limit: int) -> Sequence[str]:
        """Return the next applications whose loan is owed."""
        behind = None if after is None else UUID(after)
        found = store.in_state_after(work.connection, ApplicationState.ACTIVE, behind, limit)
        return [str(one) for one in found]

    def offers(self, work: SqlUnitOfWork, after: Any, limit: int) -> Sequence[str]:
        """Return the next applications whose offer waits."""
        behind = None if after is None else UUID(after)
        found = store.in_state_after(work.connection, ApplicationState.APPROVED, behind, limit)
        return [str(one) for one in found]

    def cases(self, work: SqlUnitOfWork, after: Any, limit: int) -> Sequence[str]:
        """Return the next open cases of loans that came of no application."""
        behind = None if after is None else UUID(after)
        return [str(one) for one in cases.alone_after(work.connection, behind, limit)]

    def look_at_loan(self, command_id: UUID, application_id: str) -> None:
        """Take what is due, let the limit and the case follow. A call."""
        one = self._lending.application(UUID(application_id))
        if one.state is not ApplicationState.ACTIVE:
            return
        if one.asked.repay_agreement_id:
            self._take_due(command_id, one)
        loan = self._lending.follow(one.application_id)
        self._collection.look(loan, one.application_id)
        if one.payment_id is not None:
            self._see_payment(one, one.payment_id)

    def look_at_offer(self, command_id: UUID, application_id: str) -> None:
        """Let an offer end whose last day is over. A call."""
        with suppress(Refusal):
            self._lending.lapse(command_id, UUID(application_id))

    def look_at_case(self, _: UUID, case_id: str) -> None:
        """Let a case follow its loan. A call."""
        one = self._collection.case(UUID(case_id))
        self._collection.look(self._agreements.agreement(one.agreement_id))

    def _take_due(self, command_id: UUID, one: Application) -> None:
        """Take what is due from the agreement that was named 代扣, as far as it has it."""
        due = due_minor(self._agreements.agreement(one.agreement_id))
        if not due:
            return
        with suppress(Refusal):  # closed, empty, asleep: the borrower is asked
            source = one.asked.repay_agreement_id
            amount = min(due, self._agreements.agreement(source).available_minor)
            if amount > 0:
                self._lending.repay(
                    leg(command_id, "due"),
                    one.application_id,
                    amount,
                    kind=RepayKind.DUE,
                    from_agreement_id=source,
                    by=_PROGRAM,
                )

    def _see_payment(self, one: Application, payment_id: UUID) -> None:
        """Leave a loan to a person whose money came back from the other bank."""
        if self._payments.payment(payment_id).state is PaymentState.RETURNED:
            task = NewTask(
                queue=QUEUE,
                title="放款被退回 A loan's money came back",
                note="The money is on the bank's own account: pay it out again, or end the loan.",
                links=(
                    Link(kind="application", id=str(one.application_id)),
                    Link(kind="payment", id=str(payment_id)),
                ),
                priority=Priority.HIGH,
            )
            self._tasks.open(leg(payment_id, "returned"), task)
