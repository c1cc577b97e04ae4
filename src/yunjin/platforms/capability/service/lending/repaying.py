"""Money back: a repayment is one entry; what follows from it is worked out from what is owed then.

A repayment that comes through no command (a transfer to the loan, a standing order) is seen by the
day's look, which follows in the same way.
"""

from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

import msgspec

from yunjin.chassis.persistence import SqlUnitOfWork
from yunjin.foundation.banking.api.agreements import Agreement, EntryStatus
from yunjin.foundation.banking.api.statements import StatementsApi
from yunjin.foundation.banking.errors import NoSchedule
from yunjin.kernel.errors import IdempotencyConflict, Refusal
from yunjin.platforms.capability.api.lending import (
    Application,
    ApplicationState,
    RepayKind,
    Repayment,
)
from yunjin.platforms.capability.api.limits import HoldState, LimitsApi
from yunjin.platforms.capability.domain.lending import (
    SURPLUS,
    due_minor,
    is_repaid,
    owed_minor,
    principal_minor,
)
from yunjin.platforms.capability.domain.payments import leg
from yunjin.platforms.capability.errors.lending import ApplicationRefused, RepaymentRefused
from yunjin.platforms.capability.events.lending import LoanRepaid
from yunjin.platforms.capability.service.lending.book import expect
from yunjin.platforms.capability.service.lending.deciding import Deciding
from yunjin.platforms.capability.service.lending.entries import Posted, post
from yunjin.platforms.capability.service.values import check_amount, check_text

S: Final = ApplicationState
_TRIES: Final = 5  # at giving a limit back beside others


class Repaying(Deciding):
    """A part of `LendingService`: repayments, and what follows from what is owed."""

    _limits: LimitsApi
    _statements: StatementsApi | None
    _heeds: Callable[[Agreement, UUID | None], Any] | None

    def repay(
        self,
        command_id: UUID,
        application_id: UUID,
        amount_minor: int = 0,
        *,
        kind: RepayKind = RepayKind.DUE,
        from_agreement_id: int = 0,
        by: str = "",
    ) -> Repayment:
        """Take money for a loan. Raises: as LendingApi says."""
        check_amount(amount_minor, least=0 if kind is RepayKind.SETTLE else 1)
        check_text("name", by, most=64)
        one = self._book.found(application_id)
        amount = self._planned(command_id, one, amount_minor, kind, from_agreement_id, by)
        loan = self._agreements.agreement(one.agreement_id)
        surplus = {"surplus": SURPLUS[kind]}
        if loan.status == "open" and surplus["surplus"] != loan.terms.get(
            "surplus", surplus["surplus"]
        ):
            self._agreements.change(leg(command_id, "surplus"), one.agreement_id, surplus, by=by)
        posted = self._posted(command_id, one, amount, from_agreement_id)
        if not posted.is_booked:
            raise RepaymentRefused(
                f"The money was not taken: {posted.words}.",
                result=posted.status.name.lower(),
                reason=posted.reason,
            )
        after = self.follow(application_id)
        if is_repaid(after) and from_agreement_id:
            after = self._hand_back(command_id, after, from_agreement_id)
        answer = self._told(command_id, self._repayment(one, amount, kind, after), by)
        if self._heeds is not None:
            self._heeds(after, application_id)
        return answer

    def _planned(
        self,
        command_id: UUID,
        one: Application,
        amount_minor: int,
        kind: RepayKind,
        source: int,
        by: str,
    ) -> int:
        """Return how much is taken; it stays the same however often it is asked for."""
        amount = amount_minor
        if kind is RepayKind.SETTLE and one.state is S.ACTIVE:
            amount = self._payoff(one.agreement_id)
            if amount_minor and amount > amount_minor:
                what = f"expected at least the {amount} that are owed, was {amount_minor}"
                raise RepaymentRefused(what, result="more-is-owed", reason="", owed_minor=amount)

        def body(work: SqlUnitOfWork) -> dict[str, Any]:
            now = self._book.locked(work, one.application_id)
            expect(now, S.ACTIVE)
            if amount < 1:
                raise ApplicationRefused("expected that something is owed", why="nothing is owed")
            return {"amount_minor": amount}

        request = ["lending.repay", str(one.application_id), amount_minor, kind.value, source, by]
        return int(self._book.room.command(command_id, request, body)["amount_minor"])

    def _payoff(self, agreement_id: int) -> int:
        """Return what settles a loan today."""
        if self._statements is not None:
            try:
                return self._statements.payoff(agreement_id, self._today()).total_minor
            except NoSchedule:  # it has no dates: what is owed is what its accounts say
                pass
        return owed_minor(self._agreements.agreement(agreement_id))

    def _posted(self, command_id: UUID, one: Application, amount: int, source: int) -> Posted:
        """Post the entry: from an agreement to the loan, or from clearing."""
        entry_id = leg(command_id, "repay")
        if source:
            return post(
                self._agreements,
                entry_id,
                source,
                -amount,
                counter=one.agreement_id,
                reference=one.application_id,
            )
        return post(
            self._agreements, entry_id, one.agreement_id, amount, reference=one.application_id
        )

    def _hand_back(self, command_id: UUID, loan: Agreement, source: int) -> Agreement:
        """Give back what was paid in beyond a debt that is paid."""
        rest = loan.balances.get("paid_in", 0)
        if rest and loan.status == "open":
            entry_id = leg(command_id, "rest")
            posted = post(self._agreements, entry_id, source, rest, counter=loan.agreement_id)
            if posted.status is EntryStatus.BOOKED:
                return self._agreements.agreement(loan.agreement_id)
        return loan

    def _told(self, command_id: UUID, done: Repayment, by: str) -> Repayment:
        """Tell of a repayment once; return the first answer."""

        def body(work: SqlUnitOfWork) -> Any:
            self._book.locked(work, done.application_id)
            text = f"{done.amount_minor} {done.kind}"
            self._book.note(work, done.application_id, "repaid", by=by, text=text)
            work.outbox.add(
                LoanRepaid(
                    application_id=str(done.application_id),
                    agreement_id=str(done.agreement_id),
                    amount_minor=done.amount_minor,
                    kind=done.kind.value,
                    is_settled=done.is_settled,
                )
            )
            return msgspec.to_builtins(done)

        request = ["lending.repaid", str(done.application_id)]
        answer = self._book.room.command(leg(command_id, "told"), request, body)
        return msgspec.convert(answer, Repayment)

    def _repayment(
        self, one: Application, amount: int, kind: RepayKind, loan: Agreement
    ) -> Repayment:
        restored = 0
        if one.hold_id is not None:
            restored = self._limits.hold(one.hold_id).restored_minor
        return Repayment(
            application_id=one.application_id,
            agreement_id=one.agreement_id,
            amount_minor=amount,
            kind=kind,
            owed_minor=owed_minor(loan),
            due_minor=due_minor(loan),
            is_settled=is_repaid(loan),
            restored_minor=restored,
        )

    # what follows ---------------------------------------------------------------------------------

    def follow(self, application_id: UUID) -> Agreement:
        """Bring limit and application to what the loan is now; return the loan.

        Whoever calls it, and however often: it goes by what is owed, not by what was paid.
        """
        one = self._book.found(application_id)
        loan = self._agreements.agreement(one.agreement_id)
        is_over = is_repaid(loan) and (loan.status == "closed" or "amount" in loan.terms)
        if one.hold_id is not None:
            is_line = "amount" not in loan.terms  # what is drawn again needs the limit again
            left = one.offer.amount_minor if is_line and one.offer else principal_minor(loan)
            self._give_back(one.hold_id, 0 if is_over else left)
        if is_over and one.state is S.ACTIVE:
            self._book.room.run(lambda work: self._settled(work, application_id))
        return loan

    def _settled(self, work: SqlUnitOfWork, application_id: UUID) -> None:
        one = self._book.locked(work, application_id)
        if one.state is S.ACTIVE:
            self._book.move(work, one, S.SETTLED)

    def _give_back(self, hold_id: UUID, principal: int) -> None:
        """Give a limit back what is no longer owed.

        The command's id is made of what had come back before it: of two who see the same, one acts.
        """
        for _ in range(_TRIES):
            hold = self._limits.hold(hold_id)
            more = hold.used_minor - hold.restored_minor - principal
            if hold.state is not HoldState.CONFIRMED or more <= 0:
                return
            try:
                self._limits.restore(leg(hold_id, f"restore {hold.restored_minor}"), hold_id, more)
            except IdempotencyConflict:  # another saw another sum: look again
                continue
            except Refusal:
                return
