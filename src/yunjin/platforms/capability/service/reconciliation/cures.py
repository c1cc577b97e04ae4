"""What is done about a difference, through the commands of the centres and of the core."""

from collections.abc import Callable, Mapping
from typing import Any, Final
from uuid import UUID

import pyarrow as pa

from yunjin.foundation.banking.api.agreements import AgreementsApi
from yunjin.foundation.banking.api.general_ledger import (
    GeneralLedgerApi,
    ManualEntry,
    ManualLine,
)
from yunjin.foundation.banking.api.slots import Slot
from yunjin.platforms.capability.api.payments import Payment, PaymentState
from yunjin.platforms.capability.api.reconciliation import Cure, Difference, DifferenceKind
from yunjin.platforms.capability.domain.payments import BOOKED, leg
from yunjin.platforms.capability.errors.clearing import CureRefused
from yunjin.platforms.capability.service.payments.answers import Answers
from yunjin.platforms.capability.service.payments.entries import columns_of
from yunjin.platforms.capability.service.payments.messages import Said
from yunjin.platforms.capability.service.payments.waves import Waves

K: Final = DifferenceKind
S: Final = PaymentState
_PASSIVE: Final = (Cure.NONE, Cure.WAIT, Cure.CLAIM)


class Cures:
    """Does what a person decided; each may come twice and acts once.

    Parameters
    ----------
    ledger : for what is booked between the bank's own accounts; None: SUSPEND and FEE are refused.
    today : the business date.
    """

    def __init__(
        self,
        agreements: AgreementsApi,
        answers: Answers,
        waves: Waves,
        ledger: GeneralLedgerApi | None,
        *,
        payment: Callable[[UUID], Payment],
        today: Callable[[], Any],
    ) -> None:
        self._agreements, self._answers, self._waves = agreements, answers, waves
        self._ledger, self._payment, self._today = ledger, payment, today

    def act(self, one: Difference, cure: Cure, *, reason: str, by: str, agreement_id: int) -> None:
        """Do it. Raises: CureRefused, Outage, Unknown."""
        if cure in _PASSIVE:
            return
        acts: Mapping[Cure, Callable[[], None]] = {
            Cure.RESEND: lambda: self._resend(one),
            Cure.FOLLOW: lambda: self._follow(one),
            Cure.RETURN: lambda: self._return(one),
            Cure.BOOK: lambda: self._book(one, agreement_id),
            Cure.SUSPEND: lambda: self._between(one, Slot.SUSPENSE, reason, by),
            Cure.FEE: lambda: self._between(one, Slot.FEE_EXPENSE, reason, by),
        }
        acts[cure]()

    def _resend(self, one: Difference) -> None:
        payment = self._of(one)
        if payment.is_incoming or payment.state not in (S.SENT, S.SETTLED):
            raise _unfit(one, f"the payment is {payment.state}, nothing of it can be sent again")
        self._waves.send_message(one.channel, payment.wave_id)

    def _follow(self, one: Difference) -> None:
        if one.kind is K.RETURNED:
            self._return(one)
            return
        payment = self._of(one)
        word = "settled" if one.theirs_minor else "rejected"
        wanted = S.SETTLED if one.theirs_minor else S.REJECTED
        if payment.state not in (S.HELD, S.SENT, wanted):
            raise _unfit(one, f"the payment is {payment.state}, it cannot become {wanted}")
        self._say(one, payment, word, wanted)

    def _return(self, one: Difference) -> None:
        payment = self._of(one)
        if payment.is_incoming or payment.state not in (S.SETTLED, S.RETURNED):
            raise _unfit(one, f"the payment is {payment.state}, it cannot come back")
        self._say(one, payment, "returned", S.RETURNED)

    def _say(self, one: Difference, payment: Payment, word: str, wanted: PaymentState) -> None:
        """Act as if the channel had said it in a message."""
        if payment.state is wanted:
            return
        said = Said(
            payment_id=payment.payment_id,
            message_id=payment.wave_id.hex,
            word=word,
            reason="NARR",
            detail="reconciliation",
        )
        self._answers.hear(one.channel, [said], word)
        now = self._of(one)
        if now.state is not wanted:
            raise _unfit(one, f"the payment is {now.state}: {now.detail}")

    def _book(self, one: Difference, agreement_id: int) -> None:
        if not agreement_id:
            raise _unfit(one, "expected an agreement to book it to, was none")
        own = leg(one.difference_id, "book").int
        ids = (
            pa.array([own >> 64], pa.uint64()).to_numpy(),
            pa.array([own & 2**64 - 1], pa.uint64()).to_numpy(),
        )
        entries = columns_of(ids, [agreement_id], [_gap(one)], against=int(Slot.CLEARING))
        [answer] = self._agreements.post(entries).to_pylist()
        if answer["status"] not in BOOKED:
            raise _unfit(one, f"the core refused it: {answer['reason'] or answer['status']}")

    def _between(self, one: Difference, slot: Slot, reason: str, by: str) -> None:
        """Book the difference between the clearing account and another one of the bank's."""
        if self._ledger is None:
            raise _unfit(one, "there is no general ledger to book it to")
        codes = {
            name: account.code for account in self._ledger.accounts() for name in account.slots
        }
        names = {Slot.CLEARING: "clearing", Slot.SUSPENSE: "suspense"}
        clearing = codes.get(names[Slot.CLEARING]) or codes.get(Slot.CLEARING.name)
        other = codes.get(slot.name.lower()) or codes.get(slot.name)
        if clearing is None or other is None:
            raise _unfit(one, f"no account of the chart has the slots CLEARING and {slot.name}")
        gap = _gap(one)
        debit, credit = (clearing, other) if gap > 0 else (other, clearing)
        self._ledger.enter(
            ManualEntry(
                command_id=leg(one.difference_id, "entry"),
                date=self._today(),
                lines=(
                    ManualLine(account=debit, currency=one.currency, debit_minor=abs(gap)),
                    ManualLine(account=credit, currency=one.currency, credit_minor=abs(gap)),
                ),
                reason=reason,
                by=by,
                reference=one.reference[:40],
            )
        )

    def _of(self, one: Difference) -> Payment:
        if one.payment_id is None:
            raise _unfit(one, "there is no payment of ours behind it")
        return self._payment(one.payment_id)


def _gap(one: Difference) -> int:
    gap = one.theirs_minor - one.ours_minor
    if not gap:
        raise _unfit(one, "nothing is missing: both amounts are the same")
    return gap


def _unfit(one: Difference, why: str) -> CureRefused:
    return CureRefused(
        f"This does not settle it: {why}.", difference_id=str(one.difference_id), kind=one.kind
    )
