"""Paying a loan out: limit, agreement, money; each part can be done again, and taken back.

The money goes from the loan through the bank's clearing slot to the borrower's agreement; or, to
another bank, through an agreement of the bank's own that a payment is made from.
"""

from typing import Any, Final
from uuid import UUID

from yunjin.chassis.persistence import SqlUnitOfWork
from yunjin.foundation.banking.api.agreements import Agreement, AgreementsApi, Opening
from yunjin.foundation.banking.api.slots import Slot
from yunjin.platforms.capability.api.lending import Application, ApplicationState, Offer
from yunjin.platforms.capability.api.limits import HoldState, LimitsApi
from yunjin.platforms.capability.api.payments import (
    ENDS,
    NewPayment,
    Payment,
    PaymentsApi,
    PaymentState,
)
from yunjin.platforms.capability.domain.lending import SHORTENS, owed_minor, terms_of
from yunjin.platforms.capability.domain.payments import leg
from yunjin.platforms.capability.errors.lending import DisbursalRefused, PaymentOnItsWay
from yunjin.platforms.capability.events.lending import LoanPaidOut
from yunjin.platforms.capability.service.lending.book import Book, expect
from yunjin.platforms.capability.service.lending.entries import post
from yunjin.platforms.capability.service.lending.shapes import Shapes
from yunjin.platforms.capability.store import lending as store

S: Final = ApplicationState
OWN_PARTY: Final = "bank"  # whose the agreement is that loans go to other banks through
OWN_PRODUCT: Final = "current-account"


class Disbursing:
    """What the flow of a disbursal asks for; each part may come twice."""

    def __init__(
        self,
        book: Book,
        agreements: AgreementsApi,
        limits: LimitsApi,
        payments: PaymentsApi,
        shapes: Shapes,
    ) -> None:
        self._book, self._agreements, self._limits = book, agreements, limits
        self._payments, self._shapes = payments, shapes

    # begin and end -------------------------------------------------------------------------------

    def begin(self, work: SqlUnitOfWork, application_id: str) -> str:
        """Let nobody withdraw the application any more. A step."""
        one = self._book.locked(work, UUID(application_id))
        expect(one, S.ACCEPTED, S.UNDONE)
        self._book.move(work, one, S.PAYING, detail="")
        return one.state.value

    def undone(self, work: SqlUnitOfWork, _: str, application_id: str) -> None:
        """Keep that nothing is left of a disbursal. A step, the last one that is undone."""
        one = self._book.locked(work, UUID(application_id))
        text = f"{one.detail} {one.agreement_id or ''}".strip()
        none: dict[str, Any] = {"agreement_id": 0, "hold_id": None, "payment_id": None}
        self._book.move(work, one, S.UNDONE, text=text, **none)

    def failed(self, work: SqlUnitOfWork, application_id: str, why: str) -> None:
        """Keep why a disbursal is taken back. A step."""
        one = self._book.locked(work, UUID(application_id))
        if one.state is S.PAYING:
            self._book.put(work, one, detail=why[:200])

    def finish(self, work: SqlUnitOfWork, application_id: str) -> str:
        """Keep that the money is where it should be, and tell. A step."""
        one = self._book.locked(work, UUID(application_id))
        offer = _offer(one)
        self._book.move(work, one, S.ACTIVE, text=str(one.agreement_id))
        work.outbox.add(
            LoanPaidOut(
                application_id=application_id,
                agreement_id=str(one.agreement_id),
                party_id=one.asked.party_id,
                currency=one.asked.currency,
                amount_minor=offer.amount_minor,
            )
        )
        return str(one.agreement_id)

    # the limit -----------------------------------------------------------------------------------

    def hold_limit(self, command_id: UUID, application_id: str) -> str:
        """Hold the loan's part of its limit; return the hold's id, "" without a limit. A call."""
        one = self._book.found(UUID(application_id))
        if one.asked.limit_id is None:
            return ""
        self._limits.reserve(
            command_id, one.asked.limit_id, _offer(one).amount_minor, f"loan:{application_id}"
        )
        self._book.set(one.application_id, hold_id=command_id)
        return str(command_id)

    def use_limit(self, command_id: UUID, hold: str) -> None:
        """Use what is held. A call; `free_limit` takes it back too."""
        if hold:
            self._limits.confirm(command_id, UUID(hold))

    def free_limit(self, command_id: UUID, hold: str, _: str) -> None:
        """Give back what was held or used. A call that undoes."""
        if not hold:
            return
        found = self._limits.hold(UUID(hold))
        if found.state is HoldState.HELD:
            self._limits.cancel(command_id, found.hold_id)
        left = found.used_minor - found.restored_minor
        if found.state is HoldState.CONFIRMED and left:
            self._limits.restore(command_id, found.hold_id, left)

    # the loan ------------------------------------------------------------------------------------

    def open_loan(self, command_id: UUID, application_id: str) -> str:
        """Open the loan's agreement under the offer's terms; return its id. A call."""
        one = self._book.found(UUID(application_id))
        shape = self._shapes.of(one.asked.product)
        opening = Opening(
            product=one.asked.product,
            party_id=one.asked.party_id,
            terms=terms_of(shape, _offer(one), one.asked.terms),
            template=one.asked.template,
        )
        [agreement_id] = self._agreements.open(command_id, [opening])
        self._book.set(one.application_id, agreement_id=agreement_id)
        return str(agreement_id)

    def close_loan(self, command_id: UUID, loan: str, application_id: str) -> None:
        """Pay a loan back with the money it paid out, and close it. A call that undoes.

        What interest has grown since is the bank's to bear: nobody had the money.
        """
        agreement_id = int(loan)
        one = self._book.found(UUID(application_id))
        shape = self._shapes.of(one.asked.product)
        found = self._agreements.agreement(agreement_id)
        if found.status == "closed":
            return
        paid_out = _offer(one).amount_minor if shape.is_paid_out else 0
        if "surplus" in found.terms:
            self._agreements.change(leg(command_id, "surplus"), agreement_id, SHORTENS)
        self._give_back(command_id, found, paid_out)
        self._agreements.close(leg(command_id, "close"), agreement_id)

    def _give_back(self, command_id: UUID, loan: Agreement, paid_out: int) -> None:
        """Pay off a loan: interest first, so that the principal's money ends it."""
        interest = owed_minor(loan) - paid_out
        parts: tuple[tuple[str, int, int], ...] = (
            ("interest", interest, int(Slot.INTEREST_INCOME)),
            ("principal", paid_out, int(Slot.CLEARING)),
        )
        for word, amount, against in parts:
            if amount > 0 and owed_minor(self._agreements.agreement(loan.agreement_id)):
                entry_id = leg(command_id, f"{word} {amount}")
                posted = post(
                    self._agreements, entry_id, loan.agreement_id, amount, against=against
                )
                if not posted.is_booked:
                    raise DisbursalRefused(f"The loan takes no money back: {posted.words}.")

    # the money -----------------------------------------------------------------------------------

    def pay_out(self, command_id: UUID, application_id: str, loan: str) -> str:
        """Move the money to the borrower's agreement, or to the bank's own. A call.

        Returns the agreement that has it now.
        """
        one = self._book.found(UUID(application_id))
        to = one.asked.payout.agreement_id or self._own_account(one.asked.currency)
        shape, amount = self._shapes.of(one.asked.product), _offer(one).amount_minor
        posted = post(
            self._agreements,
            leg(command_id, "pay"),
            to,
            amount,
            counter=0 if shape.is_paid_out else int(loan),
            reference=one.application_id,
        )
        if not posted.is_booked:
            raise DisbursalRefused(
                f"The money cannot go there: {posted.words}.",
                result=posted.status.name.lower(),
                reason=posted.reason,
            )
        return str(to)

    def take_back(self, command_id: UUID, to: str, application_id: str, loan: str) -> None:
        """Take the money back from where it went. A call that undoes.

        Raises: DisbursalRefused (it is no longer there): a person has to look.
        """
        one = self._book.found(UUID(application_id))
        shape, amount = self._shapes.of(one.asked.product), _offer(one).amount_minor
        counter = 0 if shape.is_paid_out else int(loan)
        posted = post(
            self._agreements,
            leg(command_id, "back"),
            int(to),
            -amount,
            counter=counter,
            reference=one.application_id,
        )
        if not posted.is_booked:
            raise DisbursalRefused(f"The money cannot be taken back: {posted.words}.")

    def send(self, command_id: UUID, application_id: str, own: str) -> str:
        """Order the payment to another bank; return its id, "" where none is needed. A call."""
        one = self._book.found(UUID(application_id))
        to = one.asked.payout
        if to.agreement_id:
            return ""
        order = NewPayment(
            payment_id=leg(command_id, "payment"),
            agreement_id=int(own),
            amount_minor=_offer(one).amount_minor,
            currency=one.asked.currency,
            creditor_name=to.name,
            creditor_account=to.account,
            creditor_agent=to.agent,
            channel=to.channel,
            end_to_end_id=one.application_id.hex,
        )
        self._payments.pay(command_id, order)
        self._book.set(one.application_id, payment_id=order.payment_id)
        return str(order.payment_id)

    def recall(self, command_id: UUID, payment: str, *_: str) -> None:
        """Wait until a payment has come to nothing, stopped where it waits. A call that undoes.

        Raises: PaymentOnItsWay, DisbursalRefused (the money has left): a person has to look.
        """
        if not payment:
            return
        found = self._payments.payment(UUID(payment))
        if found.state is PaymentState.WAITING:
            found = self._payments.cancel(command_id, found.payment_id)
        if self._ended(found).state is PaymentState.SETTLED:
            raise DisbursalRefused("The money has left the bank.", payment_id=payment)

    def arrived(self, _: UUID, payment: str) -> None:
        """Wait until a payment has ended. A call.

        Raises: PaymentOnItsWay, DisbursalRefused (it came to nothing).
        """
        if payment:
            found = self._ended(self._payments.payment(UUID(payment)))
            if found.state is not PaymentState.SETTLED:
                raise DisbursalRefused(
                    f"The payment was {found.state}: {found.reason} {found.detail}".strip(),
                    payment_id=payment,
                )

    def _ended(self, payment: Payment) -> Payment:
        if payment.state not in ENDS:
            raise PaymentOnItsWay(
                "The payment has not ended yet.", payment_id=str(payment.payment_id)
            )
        return payment

    def _own_account(self, currency: str) -> int:
        """Return the bank's own agreement in a currency, opened with the first loan of it."""
        known = self._book.room.read(lambda connection: store.account(connection, currency))
        if known:
            return known
        opening = Opening(product=OWN_PRODUCT, party_id=OWN_PARTY, note="loans to other banks")
        own_id = leg(UUID(int=0), f"lending account {currency}")
        [made] = self._agreements.open(own_id, [opening])
        if self._agreements.agreement(made).currency != currency:
            raise DisbursalRefused(f"No account of {currency} is there to pay loans from.")
        self._book.room.run(lambda work: store.put_account(work.connection, currency, made))
        return made


def _offer(one: Application) -> Offer:
    if one.offer is None:
        raise DisbursalRefused("expected an offer, was none")
    return one.offer
